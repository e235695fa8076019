/* What the files json*.c share. */
#pragma once
#include "base/json.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "zero bits are counted from the low end");

typedef i8 sixteen __attribute__((vector_size(16)));

/* First byte that is a quote, a backslash, a control character or not ASCII; sixteen at a time. */
static inline const char *json_plain_end(const char *p, const char *end)
{
    while (end - p >= 16) {
        sixteen x;
        u64 hit[2];
        memcpy(&x, p, 16);
        sixteen m = (x < 0x20) | (x == '"') | (x == '\\'); /* bytes from 0x80 are negative */
        memcpy(hit, &m, 16);
        if (hit[0]) return p + (__builtin_ctzll(hit[0]) >> 3);
        if (hit[1]) return p + 8 + (__builtin_ctzll(hit[1]) >> 3);
        p += 16;
    }
    while (p < end && (i8)*p >= 0x20 && *p != '"' && *p != '\\') p++;
    return p;
}
