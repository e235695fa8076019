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

static size_t first_from(const i64 *t, size_t n, i64 from)
{
    size_t low = 0;
    while (low < n) {
        size_t mid = (low + n) / 2;
        if (t[mid] < from) low = mid + 1;
        else n = mid;
    }
    return low;
}

/* How many of n times of a line lie before `at`. */
static size_t line_before(i64 first, i64 step, size_t n, i64 at)
{
    if (at <= first) return 0;
    u64 k = ((u64)at - (u64)first - 1) / (u64)step + 1;
    return k < n ? (size_t)k : n;
}

/* A steady clock, without going over all of it. */
static struct span get_line(struct in *in, i64 unit, i64 *t, size_t n, struct times_wanted w)
{
    i64 first = get_signed(in), step = n > 1 ? get_signed(in) : 1, last;
    if (step <= 0 || __builtin_mul_overflow(first, unit, &first) ||
        __builtin_mul_overflow(step, unit, &step) || __builtin_mul_overflow(step, (i64)n - 1, &last) ||
        __builtin_add_overflow(last, first, &last))
        in->bad = true;
    if (in->bad) return (struct span){ 0 };
    struct span s = { line_before(first, step, n, w.from), n };
    if (w.last < last) s.to = MAX(s.from, line_before(first, step, n, w.last + 1));
    u64 at = (u64)first + s.from * (u64)step;
    for (size_t i = s.from; i < s.to; i++, at += (u64)step) t[i] = (i64)at;
    return s;
}

struct span times_get(struct in *in, i64 *t, size_t n, struct times_wanted w, struct arena *a)
{
    unsigned first = get_u8(in), unit = first >> UNIT_SHIFT;
    if (unit >= LEN(units)) in->bad = true;
    if (in->bad) return (struct span){ 0 };
    if ((first & INTS_FORM) == INTS_LINE) return get_line(in, units[unit], t, n, w);
    ints_get(in, first, t, n, (struct span){ 0, n }, a);
    if (in->bad) return (struct span){ 0 };
    for (size_t i = 0; unit && i < n; i++) t[i] = (i64)((u64)t[i] * (u64)units[unit]);
    rise(in, t, n);
    struct span s = { first_from(t, n, w.from), n };
    if (w.last < t[n - 1]) s.to = MAX(s.from, first_from(t, n, w.last + 1));
    return s;
}
