/* Decimal numbers inside text whose grammar is somebody else's: what the readers of point protocols spend
 * their time on. The conversion is exact, the same bits as json_number(). Digits are taken eight at a time
 * where that many bytes are left; nothing past `end` is read. */
#pragma once
#include "base/str.h"

/* The forms that protocols differ in. */
enum number_form {
    NUMBER_JSON, /* RFC 8259 */
    NUMBER_LOOSE /* also 007, .5, 5. and a leading + */
};
/* Reads the number at p; returns what follows it, NULL when none stands there or no double can hold it. */
const char *number_slow(const char *p, const char *end, enum number_form, double *out) MUST_USE;
double number_exact(u64 digits, int exp); /* digits * 10^exp, digits > 0, |exp| <= 27: correctly rounded */

extern const double number_tens[23];

static inline u64 number_load(const char *p)
{
    u64 w;
    memcpy(&w, p, 8);
    return w ^ 0x3030303030303030u;
}
/* High bits of the bytes that are no digits; exact up to and including the lowest one set. */
static inline u64 number_ends(u64 t) { return ((t + 0x7676767676767676u) | t) & 0x8080808080808080u; }
/* Eight digits, the first in the lowest byte (Lemire: quickly parsing eight digits). */
static inline u64 number_eight(u64 t)
{
    t = t * 10 + (t >> 8);
    return (((t & 0x000000ff000000ffu) * 0x000f424000000064u) +
            (((t >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
           32;
}
static inline u64 number_power(unsigned n)
{
    static const u64 power[8] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
    return power[n & 7];
}

/* Digits at p into *v (modulo 2^64: the caller counts them); returns their end, NULL when fewer than eight
 * bytes are left, which the slow ways handle. */
static inline const char *number_digits(const char *p, const char *end, u64 *v)
{
    for (;;) {
        if (end - p < 8) return NULL;
        u64 t = number_load(p), ends = number_ends(t);
        if (ends) {
            unsigned n = (unsigned)__builtin_ctzll(ends) >> 3;
            if (!n) return p;
            *v = *v * number_power(n) + number_eight(t << (64 - 8 * n));
            return p + n;
        }
        *v = *v * 100000000 + number_eight(t);
        p += 8;
    }
}

/* A double. The fast way is that of Clinger (1990) for up to 15 digits, else 128-bit integers; exponents and
 * more than 19 digits take the slow one. */
static inline const char *number_f64(const char *from, const char *end, enum number_form form, double *out)
{
    const char *p = from + (from < end && *from == '-'), *digits = p;
    u64 v = 0;
    p = number_digits(p, end, &v);
    if (!p || p == digits || (form == NUMBER_JSON && *digits == '0' && p - digits > 1))
        return number_slow(from, end, form, out);
    int exp = 0;
    ptrdiff_t count = p - digits;
    if (p < end && *p == '.') {
        const char *fraction = p + 1;
        p = number_digits(fraction, end, &v);
        if (!p || p == fraction) return number_slow(from, end, form, out);
        exp = (int)(fraction - p);
        count += p - fraction;
    }
    if (count > 19 || (p < end && (*p | 0x20) == 'e')) return number_slow(from, end, form, out);
    double d = 0;
    if (v < (u64)1 << 53) d = (double)v / number_tens[-exp];
    else d = number_exact(v, exp);
    *out = *from == '-' ? -d : d;
    return p;
}

const char *number_i64_slow(const char *p, const char *end, i64 *out) MUST_USE;
/* Digits with an optional minus, no overflow; leading zeros are fine. NULL: not one. */
static inline const char *number_i64(const char *from, const char *end, i64 *out)
{
    const char *p = from + (from < end && *from == '-'), *digits = p;
    u64 v = 0;
    p = number_digits(p, end, &v);
    if (!p || p == digits || p - digits > 19 || v > INT64_MAX) return number_i64_slow(from, end, out);
    *out = *from == '-' ? -(i64)v : (i64)v;
    return p;
}
