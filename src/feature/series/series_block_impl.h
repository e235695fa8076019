/* Inside of the block codec: the bytes of a column, written upwards from a pointer with enough room behind
 * it, and read through a cursor that knows its end. A read past the end sets `bad` and gives zeros from there
 * on, so that a reader checks once. docs/series-format.md says what each byte means. */
#pragma once
#include "feature/series/series_block.h"
#include <endian.h>

u32 block_crc(const u8 *p, size_t n); /* CRC-32C (Castagnoli), the one of iSCSI and ext4 */
u32 block_crc_portable(const u8 *p, size_t n);

static inline u8 *put_u8(u8 *to, unsigned v)
{
    *to = (u8)v;
    return to + 1;
}
static inline u8 *put_u32(u8 *to, u32 v)
{
    v = htole32(v);
    return mempcpy(to, &v, sizeof v);
}
static inline u8 *put_u64(u8 *to, u64 v)
{
    v = htole64(v);
    return mempcpy(to, &v, sizeof v);
}
/* LEB128: seven bits a byte, the lowest first. At most VARINT_BYTES. */
enum { VARINT_BYTES = 10 };
static inline u8 *put_varint(u8 *to, u64 v)
{
    for (; v >= 0x80; v >>= 7) *to++ = (u8)(v | 0x80);
    *to++ = (u8)v;
    return to;
}
/* Small numbers of either sign become small unsigned ones: 0, -1, 1, -2 ... */
static inline u64 zigzag(i64 v) { return (u64)v << 1 ^ (u64)(v >> 63); }
static inline i64 unzigzag(u64 v) { return (i64)(v >> 1) ^ -(i64)(v & 1); }

static inline u32 load_u32(const void *p)
{
    u32 v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}
static inline u64 load_u64(const void *p)
{
    u64 v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

struct in {
    const u8 *p, *end;
    bool bad;
};
static inline size_t in_left(const struct in *in) { return (size_t)(in->end - in->p); }
/* n bytes at once, or NULL and bad. */
static inline const u8 *get_bytes(struct in *in, size_t n)
{
    if (in->bad || in_left(in) < n) {
        in->bad = true;
        return NULL;
    }
    const u8 *p = in->p;
    in->p += n;
    return p;
}
static inline unsigned get_u8(struct in *in)
{
    const u8 *p = get_bytes(in, 1);
    return p ? *p : 0;
}
static inline u64 get_u64(struct in *in)
{
    const u8 *p = get_bytes(in, 8);
    return p ? load_u64(p) : 0;
}
u64 get_varint(struct in *); /* bad, too, when it does not fit 64 bits or could be shorter */
