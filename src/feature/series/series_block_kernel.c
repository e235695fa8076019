#include "feature/series/series_block_kernel.h"
#include <math.h>

#define INLINE static inline __attribute__((always_inline))
typedef double f64x4 __attribute__((vector_size(32), aligned(8), may_alias));
typedef i64 i64x4 __attribute__((vector_size(32), aligned(8), may_alias));
typedef u64 u64x4 __attribute__((vector_size(32), aligned(8), may_alias));
#define ALL(v) \
    { \
        (v), (v), (v), (v) \
    }

INLINE size_t scale_loop(const double *x, size_t n, double ten, i64 *m)
{
    const f64x4 tens = ALL(ten), round = ALL(KERNEL_ROUND), low = ALL(-KERNEL_MAX), high = ALL(KERNEL_MAX);
    const i64x4 round_bits = ALL(KERNEL_ROUND_BITS), miss = ALL(KERNEL_MISS);
    i64x4 good = ALL(0);
    size_t i = 0, missed = 0;
    for (; i + 4 <= n; i += 4) {
        f64x4 v = *(const f64x4 *)(x + i), s = v * tens, sum = s + round, back = (sum - round) / tens;
        i64x4 ok = ((i64x4)back == (i64x4)v) & (s > low) & (s < high);
        *(i64x4 *)(m + i) = (((i64x4)sum - round_bits) & ok) | (miss & ~ok);
        good -= ok;
    }
    missed = i - (size_t)(good[0] + good[1] + good[2] + good[3]);
    for (; i < n; i++) {
        m[i] = kernel_scale_one(x[i], ten);
        missed += m[i] == KERNEL_MISS;
    }
    return missed;
}

INLINE double unscale_one(i64 m, double ten)
{
    u64 bits = (u64)m + KERNEL_ROUND_BITS;
    double sum;
    memcpy(&sum, &bits, 8);
    return (sum - KERNEL_ROUND) / ten;
}

INLINE void unscale_loop(const i64 *m, size_t n, double ten, double *x)
{
    const f64x4 tens = ALL(ten), round = ALL(KERNEL_ROUND);
    const u64x4 round_bits = ALL(KERNEL_ROUND_BITS);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        *(f64x4 *)(x + i) = ((f64x4)(*(const u64x4 *)(m + i) + round_bits) - round) / tens;
    for (; i < n; i++) x[i] = unscale_one(m[i], ten);
}

INLINE void range_loop(const i64 *v, size_t n, i64 *min, i64 *max)
{
    i64x4 lo = ALL(v[0]), hi = ALL(v[0]);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        i64x4 x = *(const i64x4 *)(v + i), less = x<lo, more = x> hi;
        lo = (x & less) | (lo & ~less);
        hi = (x & more) | (hi & ~more);
    }
    *min = lo[0];
    *max = hi[0];
    for (int k = 1; k < 4; k++) {
        *min = MIN(*min, lo[k]);
        *max = MAX(*max, hi[k]);
    }
    for (; i < n; i++) {
        *min = MIN(*min, v[i]);
        *max = MAX(*max, v[i]);
    }
}

INLINE size_t outside_loop(const i64 *v, size_t n, i64 from, u64 span)
{
    const u64x4 base = ALL((u64)from), most = ALL(span);
    i64x4 out = ALL(0);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) out -= (i64x4)(*(const u64x4 *)(v + i) - base > most);
    size_t count = (size_t)(out[0] + out[1] + out[2] + out[3]);
    for (; i < n; i++) count += (u64)v[i] - (u64)from > span;
    return count;
}

INLINE void delta_loop(const i64 *v, size_t n, i64 *d)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) *(u64x4 *)(d + i) = *(const u64x4 *)(v + i + 1) - *(const u64x4 *)(v + i);
    for (; i < n; i++) d[i] = (i64)((u64)v[i + 1] - (u64)v[i]);
}

/* Four partial sums, then their sum: the same order everywhere, so that the same points give the same bits.
 */
INLINE void stats_loop(const double *x, size_t n, struct kernel_stats *out)
{
    f64x4 lo = ALL(INFINITY), hi = ALL(-INFINITY), sum = ALL(0);
    i64x4 count = ALL(0);
    for (size_t i = 0; i < n; i += 4) {
        f64x4 v = ALL(NAN);
        if (i + 4 <= n) v = *(const f64x4 *)(x + i);
        else
            for (size_t k = 0; i + k < n; k++) v[k] = x[i + k];
        i64x4 number = v == v, less = v<lo, more = v> hi;
        lo = (f64x4)(((i64x4)v & less) | ((i64x4)lo & ~less));
        hi = (f64x4)(((i64x4)v & more) | ((i64x4)hi & ~more));
        sum += (f64x4)((i64x4)v & number);
        count -= number;
    }
    *out = (struct kernel_stats){ count[0] + count[1] + count[2] + count[3], lo[0], hi[0],
                                  (sum[0] + sum[1]) + (sum[2] + sum[3]) };
    for (int k = 1; k < 4; k++) {
        if (lo[k] < out->min) out->min = lo[k];
        if (hi[k] > out->max) out->max = hi[k];
    }
}

INLINE size_t find_loop(const double *x, size_t n, double v)
{
    const f64x4 all = ALL(v);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        i64x4 same = (*(const f64x4 *)(x + i) == all) | (*(const f64x4 *)(x + i + 4) == all);
        if (same[0] | same[1] | same[2] | same[3]) break;
    }
    while (i < n && x[i] != v) i++;
    return i;
}

#define KERNELS(suffix, how) \
    how static size_t scale_##suffix(const double *x, size_t n, double ten, i64 *m) \
    { \
        return scale_loop(x, n, ten, m); \
    } \
    how static void unscale_##suffix(const i64 *m, size_t n, double ten, double *x) \
    { \
        unscale_loop(m, n, ten, x); \
    } \
    how static void range_##suffix(const i64 *v, size_t n, i64 *min, i64 *max) \
    { \
        range_loop(v, n, min, max); \
    } \
    how static size_t outside_##suffix(const i64 *v, size_t n, i64 from, u64 span) \
    { \
        return outside_loop(v, n, from, span); \
    } \
    how static void delta_##suffix(const i64 *v, size_t n, i64 *d) { delta_loop(v, n, d); } \
    how static void stats_##suffix(const double *x, size_t n, struct kernel_stats *out) \
    { \
        stats_loop(x, n, out); \
    } \
    how static size_t find_##suffix(const double *x, size_t n, double v) { return find_loop(x, n, v); } \
    const struct kernels kernels_##suffix = { scale_##suffix,   unscale_##suffix, range_##suffix, \
                                              outside_##suffix, delta_##suffix,   stats_##suffix, \
                                              find_##suffix };

KERNELS(portable, )
#ifdef __x86_64__
extern const struct kernels kernels_avx2;
KERNELS(avx2, __attribute__((target("avx2"))))
const struct kernels *kernels(void)
{
    return __builtin_cpu_supports("avx2") ? &kernels_avx2 : &kernels_portable;
}
#else
const struct kernels *kernels(void) { return &kernels_portable; }
#endif
