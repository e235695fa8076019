/* Digests and keyed digests (OpenSSL's). */
#pragma once
#include "base/arena.h"

typedef struct sha256 {
    u8 b[32];
} sha256;

struct hasher;                             /* a running SHA-256 */
struct hasher *hasher_new(struct arena *); /* released with the arena */
void hasher_add(struct hasher *, const void *p, size_t n);
sha256 hasher_end(struct hasher *); /* then it starts anew */

sha256 sha256_of(str bytes);
str sha256_text(struct arena *, sha256); /* 64 lower-case hex characters */
sha256 hmac_sha256(str key, str msg);
bool same_bytes(const void *a, const void *b, size_t n); /* constant time */
