/* Aggregates of a range: what roll-ups and the rows of whole blocks tell, and the points of the others. */
#include "feature/series/series_rollup.h"

struct sum {
    i64 from, width;
    size_t n;
    struct series_bucket *out;
};

/* How many of rising times are before `end`: in ever larger steps, then in halves. */
static u32 before(const i64 *t, u32 n, i64 end)
{
    u32 low = 0;
    for (u32 step = 8; low + step < n && t[low + step] < end; step *= 2) low += step;
    for (u32 high = n; low < high;) {
        u32 mid = low + (high - low) / 2;
        if (t[mid] < end) low = mid + 1;
        else high = mid;
    }
    return low;
}

static bool add_run(void *ctx, const struct series_run *r)
{
    struct sum *s = ctx;
    if (r->kind == SERIES_TEXT) return false;
    for (u32 at = 0; at < r->n;) {
        size_t k = (size_t)((r->t[at] - s->from) / s->width);
        i64 end = s->from + (i64)(k + 1) * s->width;
        u32 to = at + before(r->t + at, r->n - at, end);
        struct series_bucket b = bucket_of(r, at, to);
        bucket_join(&s->out[k], &b);
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
    bucket_join(&s->out[(b->t_first - s->from) / s->width], &x);
}

err_t series_buckets(struct op *op, struct series_range r, size_t n, struct series_bucket *out)
{
    r.from = MAX(r.from, SERIES_T_MIN);
    r.to = MIN(r.to, SERIES_T_MAX);
    if (r.from >= r.to || !n) return fail_field(op, "to", "must be later than from");
    i64 width = (r.to - r.from + (i64)n - 1) / (i64)n;
    struct sum s = { r.from, width, n, out };
    for (size_t i = 0; i < n; i++) out[i] = (struct series_bucket){ .t = r.from + (i64)i * width };
    TRY(rollup_buckets(op, r, width, out));
    return series_walk(op, r, width, &(struct series_out){ add_run, add_block, &s });
}
