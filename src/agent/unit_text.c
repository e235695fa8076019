#include "agent/unit_text.h"

static const struct {
    const char *word;
    int level;
} words[] = {
    { "debug", LEVEL_DEBUG },    { "trace", LEVEL_DEBUG }, { "info", LEVEL_INFO },
    { "notice", LEVEL_INFO },    { "warn", LEVEL_WARN },   { "warning", LEVEL_WARN },
    { "error", LEVEL_ERROR },    { "err", LEVEL_ERROR },   { "fatal", LEVEL_FATAL },
    { "critical", LEVEL_FATAL }, { "panic", LEVEL_FATAL }, { "crit", LEVEL_FATAL },
    { "severe", LEVEL_ERROR },   { "dbg", LEVEL_DEBUG },   { "emerg", LEVEL_FATAL },
    { "alert", LEVEL_FATAL },
};

static int level_of_word(str w)
{
    for (size_t i = 0; i < LEN(words); i++)
        if (str_eq_fold(w, str_of(words[i].word))) return words[i].level;
    return LEVEL_NONE;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* The first word among the first ones of the line that names a level, as loggers write it: in capitals or
 * brackets, or followed by a colon. "an error occurred" is prose. */
static int level_in_text(str s)
{
    enum { LOOK_AT = 80 };
    s = str_head(s, LOOK_AT);
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && is_letter(s.p[i])) i++;
        if (i == from) {
            i++;
            continue;
        }
        str w = { s.p + from, i - from };
        bool capitals = true;
        for (size_t k = 0; k < w.n; k++) capitals &= w.p[k] >= 'A' && w.p[k] <= 'Z';
        char before = from ? s.p[from - 1] : 0, after = i < s.n ? s.p[i] : 0;
        bool marked = (capitals && w.n > 2) || before == '[' || before == '<' || after == ':' || after == ']';
        int level = marked ? level_of_word(w) : LEVEL_NONE;
        if (level) return level;
    }
    return LEVEL_NONE;
}

/* pino and bunyan write 10, 20, ... 60. */
static int level_of_number(i64 n)
{
    return n >= 60   ? LEVEL_FATAL
           : n >= 50 ? LEVEL_ERROR
           : n >= 40 ? LEVEL_WARN
           : n >= 30 ? LEVEL_INFO
                     : LEVEL_DEBUG;
}

static bool is_any(str s, const char *const *names)
{
    for (; *names; names++)
        if (str_is(s, *names)) return true;
    return false;
}

static bool read_member(struct json *j, str key, struct telemetry *out)
{
    static const char *const levels[] = { "level", "severity", "lvl", "levelname", "log.level", NULL };
    static const char *const texts[] = { "message", "msg", "text", "event", NULL };
    static const char *const times[] = { "timestamp", "time", "ts", "@timestamp", NULL };
    enum json_kind kind = json_peek(j);
    str s;
    i64 n;
    if (kind == JSON_STRING && is_any(key, levels)) {
        if (!json_str(j, &s)) return false;
        out->level = level_of_word(s);
    } else if (kind == JSON_NUMBER && is_any(key, levels)) {
        if (!json_i64(j, &n)) return false;
        out->level = level_of_number(n);
    } else if (kind == JSON_STRING && is_any(key, texts) && !out->message.p) {
        return json_str(j, &out->message);
    } else if (kind == JSON_STRING && is_any(key, times)) {
        time_us t;
        if (!json_str(j, &s)) return false;
        if (time_parse(s, &t)) out->timestamp = t;
    } else {
        return json_skip(j);
    }
    return true;
}

static bool json_line(struct arena *arena, str line, struct telemetry *out)
{
    str key, text = str_trim(line);
    if (text.n < 2 || text.p[0] != '{' || text.p[text.n - 1] != '}' || text.n > WIRE_MAX_DATA) return false;
    if (str_find(text, S("\\u0000"), &(size_t){ 0 })) return false; /* databases cannot hold it */
    struct telemetry t = *out;
    struct json j = json_reader(arena, text);
    if (!json_object(&j)) return false;
    t.message = (str){ 0 };
    while (json_key(&j, &key))
        if (!read_member(&j, key, &t)) return false;
    if (!json_end(&j)) return false;
    t.data = (json_raw){ text };
    if (!t.message.p) t.message = S("");
    *out = t;
    return true;
}

/* Colours are for terminals, U+0000 is for nobody. */
static str clean(struct arena *arena, str s)
{
    if (!memchr(s.p, 0, s.n) && !memchr(s.p, '\033', s.n)) return s;
    char *p = arena_alloc_raw(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\033' && i + 1 < s.n && s.p[i + 1] == '[') {
            for (i += 2; i < s.n && (s.p[i] < '@' || s.p[i] > '~'); i++) continue;
        } else {
            p[n++] = s.p[i] ? s.p[i] : ' ';
        }
    }
    return (str){ p, n };
}

void unit_log_line(struct arena *arena, const struct log_line *line, struct telemetry *out)
{
    str text = line->text.n ? clean(arena, line->text) : S("");
    *out = (struct telemetry){ .telemetry_type = TELEMETRY_LOG, .message = text, .timestamp = line->time };
    if (!json_line(arena, text, out)) out->level = level_in_text(text);
    if (!out->level) out->level = line->stream == STREAM_ERR ? LEVEL_WARN : LEVEL_INFO;
}

/* ---- the line protocol ---- */

static bool put_labels(struct buf *b, str labels)
{
    bool any = false;
    for (str rest = labels, one, key, value; str_next(&rest, ',', &one);) {
        if (!str_cut(one, '=', &key, &value) || !key.n || !value.n) return false;
        buf_put(b, any ? S(",") : S("\"labels\":{"));
        json_put_str(b, key);
        buf_char(b, ':');
        json_put_str(b, value);
        any = true;
    }
    if (any) buf_char(b, '}');
    return true;
}

/* "1.5", "3i", "true": numbers all. */
static bool to_number(str s, double *out)
{
    if (str_is(s, "true") || str_is(s, "t")) return *out = 1, true;
    if (str_is(s, "false") || str_is(s, "f")) return *out = 0, true;
    if (s.n > 1 && (s.p[s.n - 1] == 'i' || s.p[s.n - 1] == 'u')) s.n--;
    return str_to_f64(s, out);
}

/* The field `value` is the series of the metric's name itself; others are name.field. */
static bool put_fields(struct buf *b, str name, str fields)
{
    bool any = false;
    for (str rest = fields, one, key, value; str_next(&rest, ',', &one);) {
        double v;
        if (!str_cut(one, '=', &key, &value) || !key.n || !to_number(value, &v)) return false;
        if (b->n > 1) buf_char(b, ',');
        struct buf full = BUF(b->arena);
        buf_put(&full, name);
        if (!str_is(key, "value")) buf_printf(&full, ".%.*s", STR(key));
        json_put_str(b, buf_str(&full));
        buf_char(b, ':');
        json_put_f64(b, v);
        any = true;
    }
    return any;
}

err_t unit_metric_line(struct op *op, str line, time_us received, struct telemetry *out)
{
    str head, rest, fields, stamp, name, labels = { 0 };
    i64 ns;
    line = str_trim(clean(op->arena, line));
    *out = (struct telemetry){ .telemetry_type = TELEMETRY_METRIC, .timestamp = received };
    if (str_starts(line, S("event "))) {
        out->telemetry_type = TELEMETRY_EVENT;
        out->level = LEVEL_INFO;
        out->message = str_trim(str_skip(line, 6));
        return out->message.n ? OK : fail(op, ERR_INVALID, "an event without a text");
    }
    if (!str_cut(line, ' ', &head, &rest)) return fail(op, ERR_INVALID, "no fields behind the name");
    if (!str_cut(str_trim(rest), ' ', &fields, &stamp)) stamp = (str){ 0 };
    if (!str_cut(head, ',', &name, &labels)) labels = (str){ 0 };
    if (!name.n || name.n > 200) return fail(op, ERR_INVALID, "no name");
    stamp = str_trim(stamp);
    if (stamp.n && (!str_to_i64(stamp, &ns) || ns <= 0))
        return fail(op, ERR_INVALID, "the time is no number of nanoseconds");
    if (stamp.n) out->timestamp.us = ns / 1000;
    struct buf b = BUF(op->arena);
    buf_char(&b, '{');
    if (!put_labels(&b, labels)) return fail(op, ERR_INVALID, "a label without a value");
    if (!put_fields(&b, name, fields)) return fail(op, ERR_INVALID, "a field that is no number");
    buf_char(&b, '}');
    out->message = name;
    out->data = (json_raw){ buf_str(&b) };
    return OK;
}
