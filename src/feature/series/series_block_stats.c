#include "base/log.h"
#include "feature/series/series_block_impl.h"
#include "feature/series/series_block_kernel.h"

static void of_doubles(const double *x, const i64 *t, size_t n, struct block_stats *out)
{
    struct kernel_stats k;
    kernels()->stats(x, n, &k);
    if (!(out->numbers = k.numbers)) return;
    size_t first = 0, last = n - 1;
    while (x[first] != x[first]) first++;
    while (x[last] != x[last]) last--;
    out->min = k.min;
    out->max = k.max;
    out->sum = k.sum;
    out->first = x[first];
    out->last = x[last];
    out->t_min = t[kernels()->find(x, n, k.min)];
    out->t_max = t[kernels()->find(x, n, k.max)];
}

void block_stats(const struct series_run *r, struct block_stats *out)
{
    SCRATCH double x[BLOCK_POINTS_MAX];
    *out = (struct block_stats){ .count = r->n };
    if (!r->n) return;
    if (r->n > BLOCK_POINTS_MAX) bug("a block of %u points", r->n);
    out->t_first = r->t[0];
    out->t_last = r->t[r->n - 1];
    if (r->kind == SERIES_F64) of_doubles(r->f, r->t, r->n, out);
    if (r->kind != SERIES_I64) return;
    for (u32 i = 0; i < r->n; i++) x[i] = (double)r->i[i];
    of_doubles(x, r->t, r->n, out);
}
