/* What the API of series says: its inputs with times in three forms, and the JSON of points and buckets,
 * written without a tree. */
#include "feature/series/series_wire.h"
#include <math.h>

/* "now", "now-90s", "now+1h". */
static bool relative(str s, i64 now_us, i64 *out)
{
    i64 us = 0;
    if (!str_starts(s, S("now"))) return false;
    str rest = str_skip(s, 3);
    bool shifted = rest.n && (rest.p[0] == '-' || rest.p[0] == '+');
    if (rest.n && (!shifted || !str_to_duration(str_skip(rest, 1), &us))) return false;
    *out = now_us + (rest.n && rest.p[0] == '-' ? -us : us);
    return true;
}

err_t series_time(struct op *op, const char *field, str text, i64 *out)
{
    time_us t;
    if (relative(text, time_now().us, out)) return OK;
    if (str_to_i64(text, out)) {
        if (*out >= SERIES_T_MIN && *out <= SERIES_T_MAX) return OK;
        return fail_field(op, field, "is out of the range of times");
    }
    if (!time_parse(text, &t))
        return fail_field(op, field, "must be microseconds since 1970, RFC 3339, or like now-1h");
    *out = t.us;
    return OK;
}

err_t series_range_of(struct op *op, const struct series_window *w, struct series_range *r)
{
    TRY(series_time(op, "from", w->from, &r->from));
    TRY(series_time(op, "to", w->to, &r->to));
    return r->from < r->to ? OK : fail_field(op, "to", "must be later than from");
}

void series_put_value(struct buf *b, const struct series_run *r, u32 i)
{
    switch (r->kind) {
    case SERIES_F64: json_put_f64(b, r->f[i]); break;
    case SERIES_I64: buf_i64(b, r->i[i]); break;
    default: json_put_str(b, r->s[i]);
    }
}

struct pouring {
    struct buf b;
    i64 left, next; /* next: time of the first point that did not fit */
    bool more;
};

enum { PAIR_BYTES = 30 }; /* of a time in microseconds and a measured value; more is made room for, too */

static bool pour(void *ctx, const struct series_run *r)
{
    struct pouring *p = ctx;
    u32 n = (u32)MIN((i64)r->n, p->left);
    struct buf *b = &p->b;
    buf_room(b, (size_t)n * PAIR_BYTES + 64);
    for (u32 i = 0; i < n; i++) {
        buf_char(b, b->n ? ',' : '[');
        buf_char(b, '[');
        buf_i64(b, r->t[i]);
        buf_char(b, ',');
        series_put_value(b, r, i);
        buf_char(b, ']');
    }
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
