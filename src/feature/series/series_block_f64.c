/* Columns of doubles, by trial: as integers of which they are quotients by a power of ten, with those that
 * are not beside; as their bits, which as integers lie close when the numbers do; by XOR; as they are. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"
#include "feature/series/series_block_kernel.h"

/* The first byte: form of the integers in bits 0-2, exponent in bits 3-6, exceptions in bit 7. The exponent
 * 15 says that it is no decimal: with bit 7 clear, bits as integers; with bit 7 set, one of the two below. */
enum {
    EXPONENT_SHIFT = 3,
    EXPONENT_MAX = 14,
    EXPONENT_NONE = 15,
    EXCEPTIONS = 0x80,
    FIRST_BITS = EXPONENT_NONE << EXPONENT_SHIFT,
    FIRST_XOR = EXCEPTIONS | FIRST_BITS,
    FIRST_RAW,
    SAMPLE = 32
};
static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14 };

static u64 bits(double x)
{
    u64 b;
    memcpy(&b, &x, sizeof b);
    return b;
}

/* The least exponent from e on that has x; EXPONENT_NONE: there is none. */
static unsigned exponent_of(double x, unsigned e)
{
    for (; e <= EXPONENT_MAX; e++)
        if (kernel_scale_one(x, tens[e]) != KERNEL_MISS) return e;
    return EXPONENT_NONE;
}

/* The least exponent that has all of a sample, but for a few. */
static unsigned guess(const double *x, size_t n)
{
    unsigned e = 0, tried = 0, missed = 0;
    for (size_t some = MIN(n, SAMPLE); tried < some; tried++) {
        double v = x[tried * n / some];
        unsigned need = exponent_of(v, e);
        if (need != EXPONENT_NONE) e = need;
        else if (++missed > 3 && missed * 2 > tried) return EXPONENT_NONE;
    }
    return missed * 3 > tried ? EXPONENT_NONE : e;
}

/* The exponent that those need which missed e, when so many did that it pays; else e. */
static unsigned raise(const double *x, const i64 *m, size_t n, unsigned e, size_t missed)
{
    unsigned most = e;
    size_t found = 0, seen = 0;
    if (missed * 24 < n) return e;
    for (size_t i = 0; i < n && seen < SAMPLE; i++) {
        if (m[i] != KERNEL_MISS) continue;
        unsigned need = exponent_of(x[i], e);
        seen++;
        if (need == EXPONENT_NONE) continue;
        found++;
        most = MAX(most, need);
    }
    return found * 4 > seen ? most : e;
}

static u8 *put_exceptions(u8 *to, const double *x, const i64 *m, size_t n, size_t missed)
{
    size_t next = 0;
    to = put_varint(to, missed);
    for (size_t i = 0; i < n; i++) {
        if (m[i] != KERNEL_MISS) continue;
        to = put_varint(to, i - next);
        to = put_u64(to, bits(x[i]));
        next = i + 1;
    }
    return to;
}

/* What stands in an exception's place costs least when it continues its neighbours. */
static void fill(i64 *m, size_t n)
{
    i64 last = 0;
    for (size_t i = 0; i < n && !last; i++)
        if (m[i] != KERNEL_MISS) last = m[i];
    for (size_t i = 0; i < n; i++) m[i] = m[i] == KERNEL_MISS ? last : (last = m[i]);
}

/* NULL: too few are decimals. */
static u8 *decimals_put(u8 *to, const double *x, size_t n, enum block_effort effort, i64 *m)
{
    SCRATCH u8 beside[BLOCK_POINTS_MAX / 4 * (8 + 3) + VARINT_BYTES];
    unsigned e = guess(x, n);
    if (e == EXPONENT_NONE) return NULL;
    size_t missed = kernels()->scale(x, n, tens[e], m);
    if (missed) {
        unsigned higher = raise(x, m, n, e, missed);
        if (higher != e) missed = kernels()->scale(x, n, tens[e = higher], m);
    }
    if (missed > n / 4) return NULL;
    u8 *end = beside;
    if (missed) {
        end = put_exceptions(beside, x, m, n, missed);
        fill(m, n);
    }
    to = ints_put(to, e << EXPONENT_SHIFT | (missed ? EXCEPTIONS : 0), m, n, effort);
    return mempcpy(to, beside, (size_t)(end - beside));
}

/* Turns the bits of doubles into integers of the same order, and back. */
static i64 ordered(i64 b, unsigned shift) { return b ^ (i64)((u64)(b >> 63) >> 1 >> shift); }

static u8 *bits_put(u8 *to, const double *x, size_t n, enum block_effort effort, i64 *m)
{
    u64 any = 0;
    for (size_t i = 0; i < n; i++) any |= bits(x[i]);
    unsigned shift = any ? (unsigned)__builtin_ctzll(any) : 0;
    for (size_t i = 0; i < n; i++) m[i] = ordered((i64)bits(x[i]) >> shift, shift);
    u8 *first = to++;
    *to = (u8)shift;
    u8 *end = ints_put(first + 1, 0, m, n, effort);
    *first = (u8)(FIRST_BITS | (first[1] & 7));
    first[1] = (u8)shift;
    return end;
}

static u8 *raw_put(u8 *to, const double *x, size_t n)
{
    to = put_u8(to, FIRST_RAW);
    for (size_t i = 0; i < n; i++) to = put_u64(to, bits(x[i]));
    return to;
}

static u8 *smaller(u8 *to, u8 *end, u8 *again)
{
    if (again - end >= end - to) return end;
    size_t size = (size_t)(again - end);
    memmove(to, end, size);
    return to + size;
}

u8 *doubles_put(u8 *to, const double *x, size_t n, enum block_effort effort)
{
    SCRATCH i64 m[BLOCK_POINTS_MAX];
    u8 *end = decimals_put(to, x, n, effort, m);
    /* Decimals that fit in half the space are not worth more trials. */
    if (end && (effort == BLOCK_FAST || (size_t)(end - to) < 2 * n)) return end;
    end = end ? smaller(to, end, bits_put(end, x, n, effort, m)) : bits_put(to, x, n, effort, m);
    end = smaller(to, end, xor_put(put_u8(end, FIRST_XOR), x, n));
    return (size_t)(end - to) > 8 * n ? raw_put(to, x, n) : end;
}

static void get_exceptions(struct in *in, double *x, size_t n)
{
    u64 count = get_varint(in);
    size_t at = 0;
    if (!count || count > n) in->bad = true;
    for (; count && !in->bad; count--) {
        u64 gap = get_varint(in), b = get_u64(in);
        if (gap >= n - at) {
            in->bad = true;
            return;
        }
        at += gap;
        memcpy(x + at++, &b, sizeof b);
    }
}

void doubles_get(struct in *in, double *x, size_t n, struct span want, struct arena *a)
{
    unsigned first = get_u8(in), e = first >> EXPONENT_SHIFT & 15;
    i64 *m = (i64 *)x;
    const u8 *p;
    if (e != EXPONENT_NONE) {
        ints_get(in, first, m, n, want, a);
        if (in->bad) return;
        kernels()->unscale(m + want.from, want.to - want.from, tens[e], x + want.from);
        if (first & EXCEPTIONS) get_exceptions(in, x, n);
    } else if (!(first & EXCEPTIONS)) {
        unsigned shift = get_u8(in);
        if (shift > 63) in->bad = true;
        else ints_get(in, first, m, n, want, a);
        for (size_t i = want.from; !in->bad && i < want.to; i++)
            m[i] = (i64)((u64)ordered(m[i], shift) << shift);
    } else if (first == FIRST_XOR) {
        xor_get(in, x, n);
    } else if (first == FIRST_RAW) {
        p = get_bytes(in, n * 8);
        for (size_t i = 0; p && i < n; i++) m[i] = (i64)load_u64(p + 8 * i);
    } else {
        in->bad = true;
    }
}
