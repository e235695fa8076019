/* The JSON of POST /api/v1/telemetry:
 *     {"series":[{"name":"...","labels":{...},"unit":"...","points":[[t,value],...]},...]}
 *     {"name":"...","labels":{...},"t":...,"v":...}     one point; or an array of such objects, or of series
 * t: microseconds, or RFC 3339; absent: now. v: a number, true or false, text, null for a gap (NaN). "kind"
 * ("f64", "i64", "text") says what a series is made as; else its first value does.
 *
 * Points are read by a loop of their own, which knows nothing but numbers, commas and brackets, with or
 * without white space; the rest goes through the strict reader of base/json.h. */
#include "base/json.h"
#include "base/number.h"
#include "net/points.h"
#include <math.h>

struct value {
    bool given;
    int kind;
    double f;
    i64 i;
    str s;
};
struct item { /* one object, while it is read */
    struct points_series s;
    bool has_kind, has_points, has_t;
    i64 t;
    struct value v;
};
struct reader {
    struct op *op;
    struct points *b;
    struct json j;
    i64 at;     /* of the list's object; -1: the one object */
    bool batch; /* the list is "series" */
    u32 hint;   /* points of the series before: room for the next one's */
};

static const char *const kinds[] = {
    [POINTS_F64] = "f64", [POINTS_I64] = "i64", [POINTS_TEXT] = "text", NULL
};

/* ---- faults ---- */

static str place(struct reader *r, const char *member)
{
    struct arena *a = r->op->arena;
    if (r->at < 0) return str_of(member);
    if (!*member) return arena_printf(a, "%s[%lld]", r->batch ? "series" : "", (long long)r->at);
    return arena_printf(a, "%s[%lld].%s", r->batch ? "series" : "", (long long)r->at, member);
}

static err_t wrong(struct reader *r, const char *member, const char *why)
{
    return op_fail(r->op, ERR_INVALID, HERE, place(r, member), "%s", why);
}

/* What the reader of JSON says, or our own words when it is content. */
static err_t malformed(struct reader *r, const char *member, const char *why)
{
    if (!r->j.error) return wrong(r, member, why);
    return op_fail(r->op, ERR_INVALID, HERE, place(r, member), "%.*s",
                   STR(json_error_text(&r->j, r->op->arena)));
}

static err_t wrong_point(struct reader *r, u32 i, int column, const char *why)
{
    char member[64];
    snprintf(member, sizeof member, column < 0 ? "points[%u]" : "points[%u][%d]", i, column);
    return malformed(r, member, why);
}

/* ---- values ---- */

static bool read_time(struct json *j, i64 *t)
{
    str text;
    time_us parsed;
    if (json_peek(j) != JSON_STRING) return json_i64(j, t);
    if (!json_str(j, &text)) return false;
    if (!time_parse(text, &parsed)) return json_fail(j, "a time must be microseconds or RFC 3339");
    *t = parsed.us;
    return true;
}

static bool read_text(struct json *j, str *out)
{
    if (!json_str(j, out)) return false;
    if (out->n > POINTS_MAX_TEXT) return json_fail(j, "a text of more than 4096 bytes");
    return !out->n || !memchr(out->p, 0, out->n) || json_fail(j, "a text with U+0000");
}

/* Any value as a double: what a series that is not text takes. */
static bool read_f64(struct json *j, double *out)
{
    bool truth;
    switch (json_peek(j)) {
    case JSON_NULL: *out = NAN; return json_null(j);
    case JSON_BOOL:
        if (!json_bool(j, &truth)) return false;
        *out = truth;
        return true;
    default: return json_number(j, out);
    }
}

static bool read_i64(struct json *j, i64 *out)
{
    bool truth;
    if (json_peek(j) != JSON_BOOL) return json_i64(j, out);
    if (!json_bool(j, &truth)) return false;
    *out = truth;
    return true;
}

static void add(struct points *b, struct points_series *s, i64 t, const struct value *v)
{
    points_room(b, s);
    s->t[s->n] = t;
    if (s->kind == POINTS_TEXT) s->s[s->n++] = v->s;
    else if (s->kind == POINTS_I64) s->i[s->n++] = v->i;
    else s->f[s->n++] = v->f;
    b->total++;
}

static bool read_value(struct json *j, int kind, struct value *v)
{
    v->given = true;
    v->kind = kind;
    if (kind == POINTS_TEXT) return read_text(j, &v->s);
    return kind == POINTS_I64 ? read_i64(j, &v->i) : read_f64(j, &v->f);
}

/* ---- points ---- */

static inline const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
    return p;
}

/* `[t,v]` of plain numbers at p; NULL: something else, for the slow way to judge. */
static inline const char *quick_point(const char *p, const char *end, i64 *t, double *v)
{
    if (p == end || *p != '[') return NULL;
    p = blanks(p + 1, end);
    const char *digits = p;
    p = number_i64(p, end, t);
    if (!p || *digits == '0' || *digits == '-') return NULL; /* how JSON writes those is the slow way's */
    p = blanks(p, end);
    if (p == end || *p != ',') return NULL;
    p = number_f64(blanks(p + 1, end), end, NUMBER_JSON, v);
    if (!p) return NULL;
    p = blanks(p, end);
    return p < end && *p == ']' ? p + 1 : NULL;
}

/* As many as come in a row, each followed by a comma or the array's end; returns how far it came. */
static const char *quick_points(struct points *b, struct points_series *s, const char *p, const char *end,
                                u32 max)
{
    i64 t = 0;
    double v = 0;
    while (b->total < max) {
        const char *q = quick_point(p, end, &t, &v);
        if (!q) break;
        q = blanks(q, end);
        if (q == end || *q != ',') break;
        points_add_f64(b, s, t, v);
        p = blanks(q + 1, end);
    }
    return p;
}

static err_t slow_point(struct reader *r, struct points_series *s)
{
    struct json *j = &r->j;
    struct value v = { 0 };
    i64 t = 0;
    if (!json_array(j)) return wrong_point(r, s->n, -1, "must be [time, value]");
    if (!json_next(j)) return wrong_point(r, s->n, -1, "must be [time, value]");
    if (!read_time(j, &t)) return wrong_point(r, s->n, 0, "must be a time");
    if (!json_next(j)) return wrong_point(r, s->n, -1, "must be [time, value]");
    if (s->kind == POINTS_KINDS) s->kind = json_peek(j) == JSON_STRING ? POINTS_TEXT : POINTS_F64;
    if (!read_value(j, s->kind, &v)) return wrong_point(r, s->n, 1, "must be a value");
    if (json_next(j)) return wrong_point(r, s->n, -1, "must be [time, value]");
    if (j->error) return wrong_point(r, s->n, -1, "must be [time, value]");
    add(r->b, s, t, &v);
    return OK;
}

static err_t read_points(struct reader *r, struct points_series *s)
{
    struct json *j = &r->j;
    struct points *b = r->b;
    u32 max = b->max ? b->max : POINTS_MAX;
    if (!json_array(j)) return malformed(r, "points", "must be an array of [time, value]");
    while (json_next(j)) {
        if (s->kind == POINTS_F64 || s->kind == POINTS_KINDS) {
            j->p = blanks(j->p, j->end);
            const char *from = j->p;
            int kind = s->kind;
            s->kind = POINTS_F64;
            if (!s->cap) points_reserve(b, s, MAX(r->hint, 16));
            j->p = quick_points(b, s, from, j->end, max);
            if (!s->n) { /* of another kind, perhaps, with columns of another width */
                s->kind = kind;
                s->cap = 0;
            }
        }
        if (b->total >= max)
            return op_fail(r->op, ERR_LIMIT, HERE, place(r, "points"), "more than %u points in a request",
                           max);
        TRY(slow_point(r, s));
    }
    r->hint = s->n;
    return j->error ? malformed(r, "points", "") : OK;
}

/* ---- members ---- */

static err_t read_labels(struct reader *r, struct item *it)
{
    struct points_label label[POINTS_MAX_LABELS];
    struct json *j = &r->j;
    u32 n = 0;
    str name;
    if (json_peek(j) != JSON_OBJECT) return malformed(r, "labels", "must be an object of texts");
    for (json_object(j); json_key(j, &name); n++) {
        if (n == POINTS_MAX_LABELS) return wrong(r, "labels", "more than 32 labels");
        label[n].name = name;
        if (!json_str(j, &label[n].value)) return malformed(r, "labels", "");
    }
    if (j->error) return malformed(r, "labels", "");
    if (!points_sort_labels(label, n)) return wrong(r, "labels", "a label is given twice");
    it->s.nlabels = n;
    it->s.labels = arena_alloc_raw(r->op->arena, n * sizeof *label + 1);
    memcpy(it->s.labels, label, n * sizeof *label);
    return OK;
}

static err_t read_kind(struct reader *r, struct item *it)
{
    str text;
    if (!json_str(&r->j, &text)) return malformed(r, "kind", "");
    if (it->has_points || it->v.given) return wrong(r, "kind", "must stand before the points");
    for (int k = 0; kinds[k]; k++)
        if (str_is(text, kinds[k])) {
            it->s.kind = k;
            return OK;
        }
    return wrong(r, "kind", "must be f64, i64 or text");
}

static err_t member_name(struct reader *r, struct item *it)
{
    return json_str(&r->j, &it->s.name) ? OK : malformed(r, "name", "");
}
static err_t member_unit(struct reader *r, struct item *it)
{
    return json_str(&r->j, &it->s.unit) ? OK : malformed(r, "unit", "");
}
static err_t member_help(struct reader *r, struct item *it)
{
    return json_str(&r->j, &it->s.help) ? OK : malformed(r, "help", "");
}
static err_t member_points(struct reader *r, struct item *it)
{
    it->has_points = true;
    return read_points(r, &it->s);
}
static err_t member_t(struct reader *r, struct item *it)
{
    it->has_t = true;
    return read_time(&r->j, &it->t) ? OK : malformed(r, "t", "");
}
static err_t member_v(struct reader *r, struct item *it)
{
    if (it->s.kind == POINTS_KINDS) it->s.kind = json_peek(&r->j) == JSON_STRING ? POINTS_TEXT : POINTS_F64;
    return read_value(&r->j, it->s.kind, &it->v) ? OK : malformed(r, "v", "");
}

static const struct member {
    str name;
    err_t (*read)(struct reader *, struct item *);
} members[] = {
    { S("name"), member_name }, { S("labels"), read_labels }, { S("unit"), member_unit },
    { S("help"), member_help }, { S("kind"), read_kind },     { S("points"), member_points },
    { S("t"), member_t },       { S("v"), member_v },
};

static err_t read_member(struct reader *r, str key, struct item *it, unsigned *given)
{
    for (size_t i = 0; i < LEN(members); i++) {
        if (!str_eq(key, members[i].name)) continue;
        if (*given & 1u << i) return wrong(r, members[i].name.p, "is given twice");
        *given |= 1u << i;
        return members[i].read(r, it);
    }
    return op_fail(r->op, ERR_INVALID, HERE, place(r, str_z(r->op->arena, str_head(key, 100))),
                   "is not known here");
}

/* ---- objects ---- */

static err_t keep(struct reader *r, struct item *it)
{
    struct points *b = r->b;
    struct points_series *s = &it->s;
    bool made;
    const char *member, *why = points_series_fault(s, &member);
    if (why) return wrong(r, member, why);
    if (it->has_points == it->v.given || (it->has_points && it->has_t))
        return wrong(r, "points", "either 'points', or 'v' with an optional 't'");
    if (s->kind == POINTS_KINDS) s->kind = POINTS_F64;
    u32 at = points_find_series(b, s, &made);
    struct points_series *into = &b->series[at];
    if (b->n > POINTS_MAX)
        return op_fail(r->op, ERR_LIMIT, HERE, place(r, ""), "more than %d series in a request", POINTS_MAX);
    if (!made) points_join(b, into, s);
    if (!into->unit.n) into->unit = s->unit;
    if (!into->help.n) into->help = s->help;
    if (!it->v.given) return OK;
    if (points_full(b))
        return op_fail(r->op, ERR_LIMIT, HERE, place(r, "v"), "more than %u points in a request",
                       b->max ? b->max : POINTS_MAX);
    add(b, into, it->has_t ? it->t : b->now_us, &it->v);
    return OK;
}

static err_t read_list(struct reader *r);

static err_t read_object(struct reader *r, bool top)
{
    struct item it = { .s.kind = POINTS_KINDS };
    unsigned given = 0;
    bool listed = false;
    str key;
    if (!json_object(&r->j)) return malformed(r, "points", "must be an object");
    while (json_key(&r->j, &key)) {
        if (top && str_eq(key, S("series"))) {
            if (given || listed) return wrong(r, "series", "must stand alone, once");
            listed = r->batch = true;
            TRY(read_list(r));
            r->at = -1;
            continue;
        }
        if (listed) return wrong(r, str_z(r->op->arena, str_head(key, 100)), "is not known here");
        TRY(read_member(r, key, &it, &given));
    }
    if (r->j.error) return malformed(r, "", "");
    return listed ? OK : keep(r, &it);
}

static err_t read_list(struct reader *r)
{
    if (!json_array(&r->j)) return malformed(r, "series", "must be an array");
    for (r->at = 0; json_next(&r->j); r->at++) TRY(read_object(r, false));
    return r->j.error ? malformed(r, "", "") : OK;
}

err_t points_read_json(struct op *op, struct points *b, str body)
{
    struct reader r = { .op = op, .b = b, .j = json_reader(op->arena, body), .at = -1 };
    switch (json_peek(&r.j)) {
    case JSON_OBJECT: TRY(read_object(&r, true)); break;
    case JSON_ARRAY: TRY(read_list(&r)); break;
    default: return fail(op, ERR_INVALID, "send an object or an array of objects");
    }
    r.at = -1;
    return json_end(&r.j) ? OK : malformed(&r, "", "more behind the end");
}
