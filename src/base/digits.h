/* Digits of numbers, eight at a time, for writers that put many of them behind each other: into a place that
 * has eight bytes more than the number takes; what stands behind the number is not defined. */
#pragma once
#include "base/def.h"
#include <endian.h>
#include <string.h>

enum { DIGITS_I64 = 20 + 8 }; /* room that any number needs */

/* The digits of v < 100,000,000 as numbers 0 to 9, the first in the lowest byte (after Khuong, "How to print
 * integers really fast", 2017: halves, then pairs, then digits, side by side in one word). */
static inline u64 digits_eight(u32 v)
{
    u64 half = v / 10000 | (u64)(v % 10000) << 32;
    u64 hundreds = (half * 10486 >> 20) & 0x0000007f0000007fu;
    u64 pairs = hundreds | (half - 100 * hundreds) << 16;
    u64 tens = (pairs * 103 >> 10) & 0x000f000f000f000fu;
    return tens | (pairs - 10 * tens) << 8;
}
static inline char *digits_put(char *to, u64 digits, unsigned n)
{
    u64 text = htole64(digits | 0x3030303030303030u);
    memcpy(to, &text, sizeof text);
    return to + n;
}

/* v < 100,000,000: all eight digits; without zeros in front; a fraction of six digits without zeros at its
 * end, v > 0. Each returns the end. */
static inline char *digits_all(char *to, u32 v) { return digits_put(to, digits_eight(v), 8); }
static inline char *digits_lead(char *to, u32 v)
{
    u64 d = digits_eight(v);
    unsigned zeros = (unsigned)__builtin_ctzll(d | (u64)1 << 56) / 8;
    return digits_put(to, d >> 8 * zeros, 8 - zeros);
}
static inline char *digits_fraction(char *to, u32 v)
{
    u64 d = digits_eight(v) >> 16;
    return digits_put(to, d, 8 - (unsigned)__builtin_clzll(d) / 8);
}

static inline char *digits_i64(char *to, i64 v)
{
    u64 u = v < 0 ? 0 - (u64)v : (u64)v, high = u / 100000000;
    if (v < 0) *to++ = '-';
    if (!high) return digits_lead(to, (u32)u);
    if (high < 100000000) to = digits_lead(to, (u32)high);
    else to = digits_all(digits_lead(to, (u32)(high / 100000000)), (u32)(high % 100000000));
    return digits_all(to, (u32)(u % 100000000));
}
