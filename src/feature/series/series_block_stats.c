#include "feature/series/series_block_impl.h"

static void add(struct block_stats *s, i64 t, double v)
{
    if (v != v) return;
    if (!s->numbers++) {
        s->min = s->max = s->first = v;
        s->t_min = s->t_max = t;
    }
    if (v < s->min) {
        s->min = v;
        s->t_min = t;
    }
    if (v > s->max) {
        s->max = v;
        s->t_max = t;
    }
    s->sum += v;
    s->last = v;
}

void block_stats(const struct series_run *r, struct block_stats *out)
{
    *out = (struct block_stats){ .count = r->n };
    if (!r->n) return;
    out->t_first = r->t[0];
    out->t_last = r->t[r->n - 1];
    for (u32 i = 0; r->kind == SERIES_F64 && i < r->n; i++) add(out, r->t[i], r->f[i]);
    for (u32 i = 0; r->kind == SERIES_I64 && i < r->n; i++) add(out, r->t[i], (double)r->i[i]);
}
