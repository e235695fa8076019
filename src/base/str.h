/* Text as a view: pointer and length, not NUL-terminated, never owned. A str with p == NULL is "absent" (JSON
 * null); an empty text has n == 0 and p != NULL. Everything here is pure and thread-safe. */
#pragma once
#include "base/def.h"

typedef struct str {
    const char *p;
    size_t n;
} str;

#define S(lit) ((str){ "" lit, sizeof(lit) - 1 })
#define STR(s) (int)(s).n, (s).p /* for "%.*s" */

static inline str str_of(const char *z) { return z ? (str){ z, strlen(z) } : (str){ 0 }; }
static inline str str_sub(const char *from, const char *to) { return (str){ from, (size_t)(to - from) }; }
static inline bool str_eq(str a, str b) { return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n)); }
static inline bool str_is(str a, const char *z) { return str_eq(a, str_of(z)); }
static inline str str_skip(str s, size_t n)
{
    n = MIN(n, s.n);
    return (str){ s.p + n, s.n - n };
}
static inline str str_head(str s, size_t n) { return (str){ s.p, MIN(n, s.n) }; }

bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_eq_fold(str a, str b); /* ASCII letters without case */
int str_cmp(str a, str b);      /* bytewise order */
str str_trim(str s);            /* ASCII white space off both ends */
bool str_find(str s, str what, size_t *at);
bool str_find_char(str s, char c, size_t *at);
bool str_utf8_ok(str s); /* well-formed UTF-8 (RFC 3629), no surrogates, no overlongs */
size_t utf8_len(const char *p,
                size_t n);    /* bytes of the well-formed sequence at p; 0: malformed or cut off */
size_t str_utf8_count(str s); /* code points of well-formed UTF-8 */
u64 str_hash(str s);          /* not for untrusted keys in unbounded tables */

/* Cuts s at the first `sep`: *head gets what stands before, *rest what follows. False at the end of s (then
 * head = all). */
bool str_cut(str s, char sep, str *head, str *rest);
/* Iterates over pieces: `for (str rest = s, piece; str_next(&rest, ',', &piece);)`. An absent or empty s has
 * no pieces, and a separator at its very end begins none. */
bool str_next(str *rest, char sep, str *piece);

/* Whole text as a decimal number, no blanks, no overflow; false leaves *out alone. */
bool str_to_i64(str s, i64 *out) MUST_USE;
bool str_to_f64(str s, double *out) MUST_USE; /* JSON number grammar; locale-free */
/* "512M", "1.5G", "64k", "1000": bytes. */
bool str_to_bytes(str s, i64 *out) MUST_USE;
/* "200ms", "10s", "5m", "1h", "2d", "1w": microseconds. */
bool str_to_duration(str s, i64 *us) MUST_USE;
