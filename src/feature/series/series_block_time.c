/* The column of times: integers in the coarsest unit that has them all, rising strictly. */
#include "feature/series/series_block_impl.h"

enum { UNIT_SHIFT = 3, MS = 1000, SECOND = 1000000 };
static const i64 units[] = { 1, MS, SECOND };

/* Inlined with a constant: a division by what is only known when it runs costs ten times as much. */
static inline __attribute__((always_inline)) bool coarser(i64 unit, const i64 *t, size_t n, i64 *out)
{
    if (t[n - 1] % unit) return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = t[i] / unit;
        if (out[i] * unit != t[i]) return false;
    }
    return true;
}

u8 *times_put(u8 *to, const i64 *t, size_t n, enum block_effort effort)
{
    SCRATCH i64 coarse[BLOCK_POINTS_MAX];
    if (ints_line(t, n)) {
        i64 step = n > 1 ? (i64)((u64)t[1] - (u64)t[0]) : 0;
        unsigned unit = t[0] % MS || step % MS ? 0 : t[0] % SECOND || step % SECOND ? 1 : 2;
        return ints_put_line(to, unit << UNIT_SHIFT, t[0] / units[unit], step / units[unit], n);
    }
    if (coarser(SECOND, t, n, coarse)) return ints_put(to, 2 << UNIT_SHIFT, coarse, n, effort);
    if (coarser(MS, t, n, coarse)) return ints_put(to, 1 << UNIT_SHIFT, coarse, n, effort);
    return ints_put(to, 0, t, n, effort);
}

static void rise(struct in *in, const i64 *t, size_t n)
{
    bool falls = false;
    for (size_t i = 1; i < n; i++) falls |= t[i] <= t[i - 1];
    if (falls) in->bad = true;
}

/* A steady clock, without going over all of it twice. */
static void get_line(struct in *in, i64 unit, i64 *t, size_t n)
{
    i64 first = get_signed(in), step = n > 1 ? get_signed(in) : 1, last;
    if (step <= 0 || __builtin_mul_overflow(first, unit, &first) ||
        __builtin_mul_overflow(step, unit, &step) || __builtin_mul_overflow(step, (i64)n - 1, &last) ||
        __builtin_add_overflow(last, first, &last))
        in->bad = true;
    u64 at = (u64)first;
    for (size_t i = 0; !in->bad && i < n; i++, at += (u64)step) t[i] = (i64)at;
}

void times_get(struct in *in, i64 *t, size_t n, struct arena *a)
{
    unsigned first = get_u8(in), unit = first >> UNIT_SHIFT;
    if (unit >= LEN(units)) in->bad = true;
    if (in->bad) return;
    if ((first & INTS_FORM) == INTS_LINE) {
        get_line(in, units[unit], t, n);
        return;
    }
    ints_get(in, first, t, n, a);
    if (in->bad) return;
    for (size_t i = 0; unit && i < n; i++) t[i] = (i64)((u64)t[i] * (u64)units[unit]);
    rise(in, t, n);
}
