/* What the API of series says: its inputs, and the JSON of points and buckets,
 * written without a tree. */
#include "feature/series/series_wire.h"
#include "base/digits.h"
#include <math.h>

#define TIMES_DOC "RFC 3339, a date, now, -1h, or microseconds since 1970."
#define D         struct series_points_in
static const struct field series_points_in_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The series." },
    { F_SKIP(at) },
    { F_AS("from", at.from), .flags = QUERY, .max = 40, .def = "now-1h", .doc = "First time; " TIMES_DOC },
    { F_AS("to", at.to), .flags = QUERY, .max = 40, .def = "now", .doc = "Time behind the last; " TIMES_DOC },
    { F(limit), .flags = QUERY, .min = 1, .max = SERIES_MOST_POINTS, .def = "10000",
      .doc = "Points at most; with thin 4 to 20000." },
    { F_ENUM(thin, series_thinnings), .flags = QUERY | NULLABLE,
      .doc = "Too many points for the limit: those of the range that look like all of them, by minmax (exact "
             "extremes), "
             "m4 (first, least, largest, last of each span) or lttb (largest triangles)." },
};
#undef D
DESC(series_points_in);

#define D struct series_buckets_in
static const struct field series_buckets_in_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The series." },
    { F_SKIP(at) },
    { F_AS("from", at.from), .flags = QUERY, .max = 40, .def = "now-1h", .doc = "First time; " TIMES_DOC },
    { F_AS("to", at.to), .flags = QUERY, .max = 40, .def = "now", .doc = "Time behind the last; " TIMES_DOC },
    { F(n), .flags = QUERY, .min = 1, .max = SERIES_MOST_BUCKETS, .def = "500",
      .doc = "Buckets of equal width." },
};
#undef D
DESC(series_buckets_in);

err_t series_time(struct op *op, const char *field, str text, i64 *out)
{
    time_us t;
    if (!time_moment(text, time_now(), &t))
        return fail_field(op, field,
                          "must be a time: 2026-11-20T16:14:00Z, a date, now, -1h, or microseconds");
    if (t.us < SERIES_T_MIN || t.us > SERIES_T_MAX)
        return fail_field(op, field, "is out of the range of times");
    *out = t.us;
    return OK;
}

err_t series_range_of(struct op *op, const struct series_window *w, struct series_range *r)
{
    TRY(series_time(op, "from", w->from, &r->from));
    TRY(series_time(op, "to", w->to, &r->to));
    return r->from < r->to ? OK : fail_field(op, "to", "must be later than from");
}

struct pouring {
    struct buf b;
    i64 left, next; /* next: time of the first point that did not fit */
    bool more;
};

/* Pairs of numbers straight into the text, which has room for them. */
static void pour_numbers(struct buf *b, const struct series_run *r, u32 n)
{
    enum { PAIR = DIGITS_I64 + JSON_F64_ROOM + 4, ABOUT = 30 /* of a time and a measured value */ };
    static_assert((int)DIGITS_I64 <= (int)JSON_F64_ROOM, "an integer fits where a double does");
    buf_room(b, (size_t)n * ABOUT + PAIR);
    for (u32 i = 0; i < n; i++) {
        char *from = buf_room(b, PAIR), *p = from;
        *p++ = b->n ? ',' : '[';
        *p++ = '[';
        p = digits_i64(p, r->t[i]);
        *p++ = ',';
        p = r->kind == SERIES_F64 ? json_f64_text(p, r->f[i]) : digits_i64(p, r->i[i]);
        *p++ = ']';
        buf_grew(b, (size_t)(p - from));
    }
}

static void pour_texts(struct buf *b, const struct series_run *r, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        buf_char(b, b->n ? ',' : '[');
        buf_char(b, '[');
        buf_i64(b, r->t[i]);
        buf_char(b, ',');
        json_put_str(b, r->s[i]);
        buf_char(b, ']');
    }
}

static bool pour(void *ctx, const struct series_run *r)
{
    struct pouring *p = ctx;
    u32 n = (u32)MIN((i64)r->n, p->left);
    if (r->kind == SERIES_TEXT) pour_texts(&p->b, r, n);
    else pour_numbers(&p->b, r, n);
    p->left -= n;
    if (n == r->n) return true;
    p->next = r->t[n];
    p->more = true;
    return false;
}

err_t series_points_json(struct op *op, struct series_range r, i64 limit, struct series_points *out)
{
    struct pouring p = { .b = BUF(op->arena), .left = limit };
    TRY(series_scan(op, r, pour, &p));
    buf_put(&p.b, p.b.n ? S("]") : S("[]"));
    out->points.s = buf_str(&p.b);
    if (p.more) out->next = arena_printf(op->arena, "%lld", (long long)p.next);
    return OK;
}

err_t series_thin_check(struct op *op, const struct series_points_in *in, const struct series_info *info)
{
    if (!in->thin) return OK;
    if (info->kind == SERIES_TEXT) return fail_field(op, "thin", "is for numbers, this series has texts");
    if (in->limit < THIN_LEAST || in->limit > THIN_MOST)
        return fail_field(op, "limit", "must be %d to %d with thin", THIN_LEAST, THIN_MOST);
    return OK;
}

err_t series_thin_json(struct op *op, struct series_range r, const struct series_points_in *in,
                       struct series_points *out)
{
    struct series_points_of x;
    struct pouring p = { .b = BUF(op->arena), .left = in->limit };
    TRY(series_thin(op, r, (enum series_thinning)in->thin, (size_t)in->limit, &x, &out->thinned));
    struct series_run run = { .n = (u32)x.n, .kind = SERIES_F64, .t = x.t, .f = x.v };
    pour(&p, &run);
    buf_put(&p.b, p.b.n ? S("]") : S("[]"));
    out->points.s = buf_str(&p.b);
    return OK;
}

static void put_bucket(struct buf *b, const struct series_bucket *x)
{
    const struct {
        const char *name;
        i64 v;
    } times[] = {
        { ",\"t_min\":", x->t_min },
        { ",\"t_max\":", x->t_max },
        { ",\"t_first\":", x->t_first },
        { ",\"t_last\":", x->t_last },
    };
    const struct {
        const char *name;
        double v;
    } values[] = {
        { ",\"min\":", x->min }, { ",\"max\":", x->max },     { ",\"avg\":", x->sum / (double)x->count },
        { ",\"sum\":", x->sum }, { ",\"first\":", x->first }, { ",\"last\":", x->last },
    };
    for (size_t i = 0; i < LEN(values); i++) {
        buf_z(b, values[i].name);
        if (x->count) json_put_f64(b, values[i].v);
        else buf_put(b, S("null"));
    }
    for (size_t i = 0; i < LEN(times); i++) {
        buf_z(b, times[i].name);
        if (x->count) buf_i64(b, times[i].v);
        else buf_put(b, S("null"));
    }
}

json_raw series_buckets_json(struct arena *a, const struct series_bucket *x, size_t n)
{
    struct buf b = BUF(a);
    for (size_t i = 0; i < n; i++) {
        buf_put(&b, i ? S(",{\"t\":") : S("[{\"t\":"));
        buf_i64(&b, x[i].t);
        buf_put(&b, S(",\"count\":"));
        buf_i64(&b, x[i].count);
        put_bucket(&b, &x[i]);
        buf_char(&b, '}');
    }
    buf_put(&b, n ? S("]") : S("[]"));
    return (json_raw){ buf_str(&b) };
}
