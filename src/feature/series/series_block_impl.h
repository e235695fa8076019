/* Inside of the block codec: the bytes of a column, written upwards from a pointer with enough room behind
 * it, and read through a cursor that knows its end. A read past the end sets `bad` and gives zeros from there
 * on, so that a reader checks once. docs/series-format.md says what each byte means. */
#pragma once
#include "feature/series/series_block.h"
#include <endian.h>

u32 block_crc(const u8 *p, size_t n); /* CRC-32C (Castagnoli), the one of iSCSI and ext4 */
u32 block_crc_portable(const u8 *p, size_t n);

/* A large local array that is written before it is read: clearing it would cost more than a short block. */
#define SCRATCH __attribute__((uninitialized))

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
static inline u8 *put_signed(u8 *to, i64 v) { return put_varint(to, zigzag(v)); }
/* What a number needs: 0 for 0, 64 for -1. */
static inline unsigned bits_of(u64 v) { return v ? 64 - (unsigned)__builtin_clzll(v) : 0; }

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
    u8 version;
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
static inline i64 get_signed(struct in *in) { return unzigzag(get_varint(in)); }

/* n numbers of `width` bits (0-64) one behind the other, the lowest bit first; (n * width + 7) / 8 bytes, the
 * last one filled up with zeros. `base` is taken off when writing, added when reading (both wrap around);
 * bits above the width are dropped. */
u8 *put_bits(u8 *to, const i64 *v, size_t n, u64 base, unsigned width);
void get_bits(struct in *, i64 *v, size_t n, u64 base, unsigned width);
static inline size_t bits_bytes(size_t n, unsigned width) { return (n * width + 7) / 8; }

/* Columns of n points, n not 0. What they write, in each of their trials, is never longer than
 * COLUMN_BYTES(n): they need room for as many as the numbers below say. */
#define COLUMN_BYTES(n) (10 * (size_t)(n) + 256)
enum { INTS_TRIALS = 2, DOUBLES_TRIALS = 3 };

/* Numbers from..to of a column are wanted: what else is written to the array is not defined. */
struct span {
    size_t from, to;
};
/* What rests is coded in parts of so many residuals, each of which can be read without those before it. */
enum { PART = 4096, PARTS_MAX = (BLOCK_POINTS_MAX + PART - 1) / PART };

/* Integers. The first byte is the form in its low three bits and the caller's `flags` above. */
enum { INTS_FORM = 7, INTS_LINE = 0 };
u8 *ints_put(u8 *to, unsigned flags, const i64 *v, size_t n, enum block_effort);
u8 *ints_put_line(u8 *to, unsigned flags, i64 first, i64 step, size_t n);
bool ints_line(const i64 *v, size_t n); /* equal steps */
void ints_get(struct in *, unsigned first, i64 *v, size_t n, struct span, struct arena *);
/* Times: fails unless they rise. Tells which of them lie in [from, last]; others need not be written. */
struct times_wanted {
    i64 from, last;
};
u8 *times_put(u8 *to, const i64 *t, size_t n, enum block_effort);
struct span times_get(struct in *, i64 *t, size_t n, struct times_wanted, struct arena *);
u8 *doubles_put(u8 *to, const double *x, size_t n, enum block_effort);
void doubles_get(struct in *, double *x, size_t n, struct span, struct arena *);
u8 *xor_put(u8 *to, const double *x, size_t n);
void xor_get(struct in *, double *x, size_t n);
/* Texts: the room is what texts_room() says. */
size_t texts_room(const str *s, size_t n);
u8 *texts_put(u8 *to, const str *s, size_t n, enum block_effort);
str texts_get(struct in *, str *s, size_t n, struct arena *); /* all of them, one behind the other */

/* n bytes, at most BLOCK_POINTS_MAX, by what is smallest: an entropy coder of our own, zstd, or as they are.
 * At most n + 1 bytes. */
u8 *bytes_put(u8 *to, const u8 *p, size_t n);
const u8 *bytes_get(struct in *, size_t n, struct arena *); /* NULL: bad */
/* The same in parts of PART bytes; NULL: another way promises more. parts_get() writes those parts that hold
 * bytes from..to. */
u8 *parts_put(u8 *to, const u8 *p, size_t n);
bool parts_get(struct in *, size_t n, struct span, u8 *out);
size_t zstd_room(size_t n);
size_t zstd_make(void *to, size_t room, const void *p, size_t n);    /* how long it has become */
void *zstd_open(struct in *, size_t size, size_t n, struct arena *); /* NULL: bad */
