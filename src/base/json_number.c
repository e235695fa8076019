/* Numbers, exactly. Decimals of up to 19 digits with exponents of up to 27 (nearly all there are) are
 * converted both ways with 128-bit integers: the value is D * 5^k * 2^k, 5^27 fits 64 bits, so product and
 * quotient are exact up to one remainder, and one rounding is left. The rest goes through the C library. */
#include "base/digits.h"
#include "base/json.h"
#include "base/number.h"
#include <math.h>

typedef unsigned __int128 u128;

static const u64 fives[] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625u,
    30517578125u,
    152587890625u,
    762939453125u,
    3814697265625u,
    19073486328125u,
    95367431640625u,
    476837158203125u,
    2384185791015625u,
    11920928955078125u,
    59604644775390625u,
    298023223876953125u,
    1490116119384765625u,
    7450580596923828125u,
};
const double number_tens[23] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { EXACT_EXP = LEN(fives) - 1 };

struct number {
    str text;
    u64 digits; /* the first 19 significant ones */
    int exp;    /* value = digits * 10^exp */
    bool minus;
    bool lost; /* digits other than 0 were dropped */
};

static bool digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static const char *take_digits(const char *p, const char *end, bool fraction, struct number *n)
{
    for (; digit(p, end); p++) {
        if (n->digits < 1000000000000000000u) {
            n->digits = n->digits * 10 + (u64)(*p - '0');
            n->exp -= fraction;
        } else {
            n->lost |= *p != '0';
            n->exp += !fraction;
        }
    }
    return p;
}

static const char *take_exponent(const char *p, const char *end, struct number *n)
{
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (!digit(p, end)) return NULL;
    int e = 0;
    for (; digit(p, end); p++) e = MIN(e * 10 + (*p - '0'), 100000);
    n->exp += minus ? -e : e;
    return p;
}

static bool lex(struct json *j, struct number *n)
{
    *n = (struct number){ 0 };
    if (json_peek(j) != JSON_NUMBER) return json_fail(j, "a number must stand here");
    const char *p = j->p, *end = j->end - p > JSON_NUMBER_MAX ? p + JSON_NUMBER_MAX : j->end;
    n->minus = *p == '-';
    p += n->minus;
    if (!digit(p, end)) return json_fail(j, "malformed number");
    p = *p == '0' ? p + 1 : take_digits(p, end, false, n);
    if (p < end && *p == '.') {
        if (!digit(++p, end)) return json_fail(j, "malformed number");
        p = take_digits(p, end, true, n);
    }
    if (p < end && (*p | 0x20) == 'e' && !(p = take_exponent(p + 1, end, n)))
        return json_fail(j, "malformed number");
    if (p == end && end < j->end) return json_fail(j, "number of too many digits");
    n->text = str_sub(j->p, p);
    return true;
}

/* q * 2^bin, plus less than one unit of q when sticky; q has 64 bits or more then. */
static double round_to_double(u128 q, int bin, bool sticky)
{
    u64 high = (u64)(q >> 64);
    if (high) {
        int drop = 64 - __builtin_clzll(high);
        sticky |= (q & (((u128)1 << drop) - 1)) != 0;
        q >>= drop;
        bin += drop;
    }
    u64 r = (u64)q;
    int drop = 11 - __builtin_clzll(r);
    if (drop > 0) {
        u64 half = (u64)1 << (drop - 1), rest = r & (2 * half - 1);
        r >>= drop;
        bin += drop;
        if (rest > half || (rest == half && (sticky || (r & 1)))) r++;
    }
    return ldexp((double)r, bin);
}

double number_exact(u64 d, int exp)
{
    if (d < (u64)1 << 53 && exp >= -22 && exp <= 22)
        return exp < 0 ? (double)d / number_tens[-exp] : (double)d * number_tens[exp];
    if (exp >= 0) return round_to_double((u128)d * fives[exp], exp, false);
    int up = 64 + __builtin_clzll(d);
    u128 n = (u128)d << up, q = n / fives[-exp];
    return round_to_double(q, exp - up, q * fives[-exp] != n);
}

static double by_library(str text)
{
    char z[JSON_NUMBER_MAX + 1];
    memcpy(z, text.p, text.n);
    z[text.n] = 0;
    return strtod(z, NULL); /* the process never leaves the C locale of numbers */
}

bool json_number(struct json *j, double *out)
{
    struct number n;
    if (!lex(j, &n)) return false;
    double v = 0;
    if (n.digits) {
        if (!n.lost && n.exp >= -EXACT_EXP && n.exp <= EXACT_EXP) v = number_exact(n.digits, n.exp);
        else v = fabs(by_library(n.text));
        if (!isfinite(v) || v == 0) return json_fail(j, "number out of the range of a double");
    }
    *out = n.minus ? -v : v;
    j->p += n.text.n;
    return true;
}

static bool to_integer(struct number *n, i64 *out)
{
    if (n->lost) return false;
    for (; n->exp < 0 && n->digits && n->digits % 10 == 0; n->exp++) n->digits /= 10;
    if (!n->digits) n->exp = 0;
    if (n->exp < 0) return false;
    for (; n->exp > 0; n->exp--)
        if (__builtin_mul_overflow(n->digits, 10, &n->digits)) return false;
    if (n->digits > (u64)INT64_MAX + n->minus) return false;
    *out = (i64)(n->minus ? 0 - n->digits : n->digits);
    return true;
}

bool json_i64(struct json *j, i64 *out)
{
    struct number n;
    if (!lex(j, &n)) return false;
    str text = n.text;
    if (!to_integer(&n, out)) return json_fail(j, "an integer of 64 bits must stand here");
    j->p += text.n;
    return true;
}

/* v rounded to `digits` significant decimals: v ~ *d * 10^-*k. For 1e-5 <= v < 1e16 and 15 to 17 digits: k is
 * 0 to 21 then, and v's 53 bits times 5^k fit. */
static void decimal_of(double v, int digits, u64 *d, int *k)
{
    int exp, dec = -5;
    u64 m = (u64)ldexp(frexp(v, &exp), 53);
    while (dec < 15 && v >= (dec + 1 < 0 ? 1 / number_tens[-dec - 1] : number_tens[dec + 1])) dec++;
    *k = digits - 1 - dec;
    int shift = exp - 53 + *k;
    u128 x = (u128)m * fives[*k];
    if (shift >= 0) {
        *d = (u64)(x << shift);
        return;
    }
    u128 half = (u128)1 << (-shift - 1), rest = x & (2 * half - 1);
    x >>= -shift;
    *d = (u64)x + (rest > half || (rest == half && (x & 1)));
}

static char *put_decimal(char *to, u64 d, int k)
{
    char t[40], *end = t + sizeof t, *p = end;
    for (; k > 0 && d % 10 == 0; k--) d /= 10;
    for (int i = 0; d || i <= k; i++, d /= 10) {
        if (i == k && k) *--p = '.';
        *--p = (char)('0' + d % 10);
    }
    return mempcpy(to, p, (size_t)(end - p));
}

static char *put_by_library(char *to, double v)
{
    char t[40];
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(t, sizeof t, "%.*g", digits, v);
        if (digits == 17 || strtod(t, NULL) == v) break;
    }
    return mempcpy(to, t, (size_t)n);
}

/* What has at most six decimals, as most measured values: the few digits that give it back are the shortest.
 * NULL: it has more. */
static char *put_short(char *to, double size)
{
    if (size >= 1e8) return NULL;
    u64 d = (u64)(size * 1e6 + 0.5);
    if ((double)d / 1e6 != size) return NULL;
    to = digits_lead(to, (u32)(d / 1000000));
    *to = '.';
    return digits_fraction(to + 1, (u32)(d % 1000000)); /* not 0: size is no integer */
}

char *json_f64_text(char *to, double v)
{
    if (!isfinite(v)) return mempcpy(to, "null", 4);
    double size = fabs(v);
    if (signbit(v)) *to++ = '-';
    if (size < 9007199254740992.0 && size == (double)(i64)size) return digits_i64(to, (i64)size);
    if (size < 1e-5 || size >= 9007199254740992.0) return put_by_library(to, size);
    char *end = put_short(to, size);
    if (end) return end;
    u64 d = 0;
    int k = 0;
    for (int digits = size < 1e15 ? 15 : 16; digits <= 17; digits++) { /* k >= 0 */
        decimal_of(size, digits, &d, &k);
        if (digits == 17 || number_exact(d, -k) == size) break;
    }
    return put_decimal(to, d, k);
}

void json_put_f64(struct buf *b, double v)
{
    char text[JSON_F64_ROOM];
    if (b->limit) {
        buf_put(b, str_sub(text, json_f64_text(text, v)));
        return;
    }
    char *p = buf_room(b, JSON_F64_ROOM);
    buf_grew(b, (size_t)(json_f64_text(p, v) - p));
}
