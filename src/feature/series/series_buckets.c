/* Aggregates of a range: what the rows of whole blocks tell, and the points of the others. */
#include "feature/series/series_impl.h"
#include <math.h>

struct sum {
    i64 from, width;
    size_t n;
    struct series_bucket *out;
};

/* Adds what lies later than all that is in the bucket. */
static void join(struct series_bucket *b, const struct series_bucket *x)
{
    if (!x->count) return;
    if (!b->count) {
        i64 t = b->t;
        *b = *x;
        b->t = t;
        return;
    }
    if (x->min < b->min) {
        b->min = x->min;
        b->t_min = x->t_min;
    }
    if (x->max > b->max) {
        b->max = x->max;
        b->t_max = x->t_max;
    }
    b->count += x->count;
    b->sum += x->sum;
    b->last = x->last;
    b->t_last = x->t_last;
}

static double number_at(const struct series_run *r, u32 i)
{
    return r->kind == SERIES_I64 ? (double)r->i[i] : r->f[i];
}

/* Points [at, end) of a run. */
static struct series_bucket of_points(const struct series_run *r, u32 at, u32 end)
{
    struct series_bucket b = { 0 };
    while (at < end && isnan(number_at(r, at))) at++;
    if (at == end) return b;
    u32 low = at, high = at, last = at;
    double min = number_at(r, at), max = min, sum = 0;
    for (u32 i = at; i < end; i++) {
        double v = number_at(r, i);
        if (isnan(v)) continue;
        if (v < min) min = v, low = i;
        if (v > max) max = v, high = i;
        sum += v;
        b.count++;
        last = i;
    }
    b.first = number_at(r, at);
    b.last = number_at(r, last);
    b.min = min;
    b.max = max;
    b.sum = sum;
    b.t_first = r->t[at];
    b.t_last = r->t[last];
    b.t_min = r->t[low];
    b.t_max = r->t[high];
    return b;
}

static bool add_run(void *ctx, const struct series_run *r)
{
    struct sum *s = ctx;
    if (r->kind == SERIES_TEXT) return false;
    for (u32 at = 0; at < r->n;) {
        size_t k = (size_t)((r->t[at] - s->from) / s->width);
        i64 end = s->from + (i64)(k + 1) * s->width;
        u32 to = at;
        if (r->t[r->n - 1] < end) to = r->n;
        while (to < r->n && r->t[to] < end) to++;
        struct series_bucket b = of_points(r, at, to);
        join(&s->out[k], &b);
        at = to;
    }
    return true;
}

static void add_block(void *ctx, const struct block_stats *b)
{
    struct sum *s = ctx;
    struct series_bucket x = { .count = b->numbers,
                               .min = b->min,
                               .max = b->max,
                               .sum = b->sum,
                               .first = b->first,
                               .last = b->last,
                               .t_min = b->t_min,
                               .t_max = b->t_max,
                               .t_first = b->t_first,
                               .t_last = b->t_last };
    join(&s->out[(b->t_first - s->from) / s->width], &x);
}

err_t series_buckets(struct op *op, struct series_range r, size_t n, struct series_bucket *out)
{
    r.from = MAX(r.from, SERIES_T_MIN);
    r.to = MIN(r.to, SERIES_T_MAX);
    if (r.from >= r.to || !n) return fail_field(op, "to", "must be later than from");
    i64 width = (r.to - r.from + (i64)n - 1) / (i64)n;
    struct sum s = { r.from, width, n, out };
    for (size_t i = 0; i < n; i++) out[i] = (struct series_bucket){ .t = r.from + (i64)i * width };
    return series_walk(op, r, width, &(struct series_out){ add_run, add_block, &s });
}
