/* Randomness from the kernel (getrandom), buffered per thread; fit for keys and tokens. */
#pragma once
#include "base/arena.h"

/* UUID, RFC 9562. Stored as 16 bytes, written as 36 lower-case characters. */
typedef struct uuid {
    u8 b[16];
} uuid;
enum { UUID_TEXT = 37 };

void rand_bytes(void *out, size_t n);
u64 rand_u64(void);
u64 rand_below(u64 n);                      /* uniform in [0, n) */
uuid uuid_new(void);                        /* version 7: sorts by time of making */
bool uuid_parse(str s, uuid *out) MUST_USE; /* 36 characters, either case */
str uuid_text(uuid u, char out[static UUID_TEXT]);
static inline bool uuid_eq(uuid a, uuid b) { return !memcmp(a.b, b.b, sizeof a.b); }
static inline bool uuid_is_nil(uuid u) { return uuid_eq(u, (uuid){ 0 }); }
/* n characters of [0-9a-zA-Z], 5.95 bits each. */
str rand_text(struct arena *, size_t n);
