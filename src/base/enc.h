/* Hex, base64 and percent encodings. Decoders are strict: no blanks, no foreign characters, no half bytes. */
#pragma once
#include "base/arena.h"

void hex_encode(const u8 *p, size_t n, char *out); /* writes 2n lower-case characters, no NUL */
str hex_text(struct arena *, const u8 *p, size_t n);
bool hex_decode(str s, u8 *out) MUST_USE; /* writes s.n / 2 bytes; either case */

str base64_text(struct arena *, str bytes);                   /* RFC 4648, padded */
str base64url_text(struct arena *, str bytes);                /* RFC 4648 section 5, no padding */
bool base64_decode(struct arena *, str s, str *out) MUST_USE; /* padded */
bool base64url_decode(struct arena *, str s, str *out) MUST_USE;
str base32_text(struct arena *, str bytes);                   /* RFC 4648, no padding (TOTP secrets) */
bool base32_decode(struct arena *, str s, str *out) MUST_USE; /* either case, padding optional */

bool percent_decode(struct arena *, str s, bool plus_is_blank,
                    str *out) MUST_USE;    /* false: bad escape or a NUL byte */
str percent_encode(struct arena *, str s); /* all but unreserved characters (RFC 3986) */
