/* CSV (RFC 4180): a head with the columns' names, then a point a line. `name` and `value` must be there;
 * `time` (microseconds or RFC 3339; empty: now) and `unit` may; every other column is a label, none where it
 * is empty. A value is a number, true, false, nothing (a gap) or a text. */
#include "base/number.h"
#include "net/points.h"
#include <math.h>

enum { COLUMNS = POINTS_MAX_LABELS + 4 };
enum column { C_NAME, C_VALUE, C_TIME, C_UNIT, C_LABEL };

struct reader {
    struct op *op;
    struct points *b;
    const char *p, *end;
    u32 line;
    u32 n;
    enum column is[COLUMNS];
    str title[COLUMNS];
};

static err_t wrong(struct reader *r, const char *column, const char *why)
{
    str field = arena_printf(r->op->arena, *column ? "line %u, %s" : "line %u", r->line, column);
    return op_fail(r->op, ERR_INVALID, HERE, field, "%s", why);
}

/* A field in quotes, without them; a quote within is written twice. */
static bool quoted(struct reader *r, str *out)
{
    const char *from = ++r->p;
    bool twice = false;
    for (;; r->p++) {
        if (r->p == r->end) return false;
        r->line += *r->p == '\n';
        if (*r->p != '"') continue;
        if (r->end - r->p < 2 || r->p[1] != '"') break;
        twice = true;
        r->p++;
    }
    *out = str_sub(from, r->p++);
    if (!twice) return true;
    char *to = arena_alloc_raw(r->op->arena, out->n);
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        to[n++] = out->p[i];
        i += out->p[i] == '"';
    }
    *out = (str){ to, n };
    return true;
}

/* The next field and what follows it: ',' or '\n' (also at the end). */
static bool next_field(struct reader *r, str *out, char *then)
{
    if (r->p < r->end && *r->p == '"') {
        if (!quoted(r, out)) return false;
    } else {
        const char *from = r->p;
        while (r->p < r->end && *r->p != ',' && *r->p != '\n' && *r->p != '"') r->p++;
        *out = str_sub(from, r->p);
        if (out->n && out->p[out->n - 1] == '\r') out->n--;
    }
    if (r->p < r->end && *r->p == '\r') r->p++;
    *then = r->p < r->end ? *r->p++ : '\n';
    return *then == ',' || *then == '\n';
}

static err_t read_head(struct reader *r)
{
    static const str names[] = {
        [C_NAME] = S("name"), [C_VALUE] = S("value"), [C_TIME] = S("time"), [C_UNIT] = S("unit")
    };
    unsigned seen = 0;
    for (char then = ','; then == ','; r->n++) {
        str title;
        enum column is = C_LABEL;
        if (r->n == COLUMNS) return wrong(r, "", "more than 32 labels");
        if (!next_field(r, &title, &then)) return wrong(r, "", "malformed quotes");
        for (size_t i = 0; i < LEN(names); i++)
            if (str_eq_fold(title, names[i])) is = (enum column)i;
        if (is != C_LABEL && seen & 1u << is) return wrong(r, names[is].p, "is given twice");
        seen |= 1u << is;
        r->is[r->n] = is;
        r->title[r->n] = title;
    }
    if (!(seen & 1u << C_NAME) || !(seen & 1u << C_VALUE))
        return wrong(r, "", "the first line must name the columns, 'name' and 'value' among them");
    return OK;
}

static bool read_value(str s, struct points_series *to, double *out)
{
    const char *end = s.p + s.n;
    to->kind = POINTS_F64;
    *out = NAN;
    if (!s.n) return true;
    if (number_f64(s.p, end, NUMBER_LOOSE, out) == end) return true;
    if (str_is(s, "true") || str_is(s, "false")) {
        *out = s.p[0] == 't';
        return true;
    }
    to->kind = POINTS_TEXT;
    return s.n <= POINTS_MAX_TEXT && str_utf8_ok(s) && !memchr(s.p, 0, s.n);
}

static err_t keep(struct reader *r, struct points_series *s, i64 t, double v, str text)
{
    struct points *b = r->b;
    const char *member, *why = points_series_fault(s, &member);
    bool made;
    if (why) return wrong(r, member, why);
    if (!points_sort_labels(s->labels, s->nlabels)) return wrong(r, "labels", "a label is given twice");
    if (points_full(b))
        return fail(r->op, ERR_LIMIT, "more than %u points in a request", b->max ? b->max : POINTS_MAX);
    u32 at = points_find_series(b, s, &made);
    struct points_series *to = &b->series[at];
    if (made) {
        to->labels = arena_alloc_raw(r->op->arena, s->nlabels * sizeof *s->labels + 1);
        memcpy(to->labels, s->labels, s->nlabels * sizeof *s->labels);
    }
    if (s->kind == POINTS_F64) {
        points_add_f64(b, to, t, v);
        return OK;
    }
    points_room(b, to);
    to->t[to->n] = t;
    to->s[to->n++] = text;
    b->total++;
    return OK;
}

static bool read_time(struct reader *r, str s, i64 *t)
{
    time_us parsed;
    *t = r->b->now_us;
    if (!s.n || str_to_i64(s, t)) return true;
    if (!time_parse(s, &parsed)) return false;
    *t = parsed.us;
    return true;
}

static err_t read_row(struct reader *r)
{
    struct points_label label[COLUMNS];
    struct points_series s = { .labels = label };
    str value = S(""), time = S("");
    u32 i = 0;
    for (char then = ','; then == ','; i++) {
        str f;
        if (!next_field(r, &f, &then)) return wrong(r, "", "malformed quotes");
        if (i == r->n) return wrong(r, "", "more fields than the first line has columns");
        switch (r->is[i]) {
        case C_NAME: s.name = f; break;
        case C_VALUE: value = f; break;
        case C_TIME: time = f; break;
        case C_UNIT: s.unit = f; break;
        case C_LABEL:
            if (f.n) label[s.nlabels++] = (struct points_label){ r->title[i], f };
        }
    }
    if (i < r->n) return wrong(r, "", "fewer fields than the first line has columns");
    double v;
    i64 t;
    if (!read_time(r, time, &t)) return wrong(r, "time", "must be microseconds or RFC 3339");
    if (!read_value(value, &s, &v)) return wrong(r, "value", "a text over 4096 bytes or not UTF-8");
    return keep(r, &s, t, v, value);
}

err_t points_read_csv(struct op *op, struct points *b, str body)
{
    struct reader *r = NEW(op->arena, struct reader);
    if (str_starts(body, S("\xef\xbb\xbf"))) body = str_skip(body, 3); /* spreadsheets begin with a BOM */
    *r = (struct reader){ .op = op, .b = b, .p = body.p, .end = body.p + body.n, .line = 1 };
    TRY(read_head(r));
    while (r->p < r->end) {
        r->line++;
        if (*r->p == '\n' || (*r->p == '\r' && r->end - r->p > 1 && r->p[1] == '\n')) {
            r->p += *r->p == '\r' ? 2 : 1;
            continue;
        }
        TRY(read_row(r));
    }
    return OK;
}
