/* Bit packing and variable-length integers. */
#include "feature/series/series_block_impl.h"

u64 get_varint(struct in *in)
{
    u64 v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned b = get_u8(in);
        if (shift == 63 && b > 1) break;
        v |= (u64)(b & 0x7f) << shift;
        if (b & 0x80) continue;
        if (!b && shift) break;
        return v;
    }
    in->bad = true;
    return 0;
}

u8 *put_bits(u8 *to, const i64 *v, size_t n, u64 base, unsigned width)
{
    u64 acc = 0;
    unsigned fill = 0; /* bits in acc, below 64 */
    if (!width) return to;
    u64 mask = ~(u64)0 >> (64 - width);
    for (size_t i = 0; i < n; i++) {
        u64 z = ((u64)v[i] - base) & mask;
        acc |= z << fill;
        fill += width;
        if (fill < 64) continue;
        to = put_u64(to, acc);
        fill -= 64;
        acc = fill ? z >> (width - fill) : 0;
    }
    for (; fill; fill -= MIN(fill, 8), acc >>= 8) *to++ = (u8)acc;
    return to;
}

static u64 one(const u8 *p, size_t bit, u64 mask)
{
    const u8 *at = p + bit / 8;
    unsigned shift = bit % 8;
    u64 v = load_u64(at) >> shift;
    if (shift) v |= (u64)at[8] << (64 - shift);
    return v & mask;
}

/* Numbers whose nine bytes are all there. */
static size_t bulk(const u8 *p, size_t bytes, i64 *v, size_t n, u64 base, unsigned width)
{
    u64 mask = ~(u64)0 >> (64 - width);
    size_t safe = bytes < 9 ? 0 : MIN(n, ((bytes - 9) * 8 + 7) / width + 1);
    size_t bit = 0;
    if (width <= 57)
        for (size_t i = 0; i < safe; i++, bit += width)
            v[i] = (i64)((load_u64(p + bit / 8) >> bit % 8 & mask) + base);
    else
        for (size_t i = 0; i < safe; i++, bit += width) v[i] = (i64)(one(p, bit, mask) + base);
    return safe;
}

void get_bits(struct in *in, i64 *v, size_t n, u64 base, unsigned width)
{
    u8 last[32] = { 0 };
    if (width > 64) in->bad = true;
    size_t bytes = bits_bytes(n, width), there = in_left(in), done;
    const u8 *p = get_bytes(in, bytes);
    if (!p || !width) {
        for (size_t i = 0; i < n; i++) v[i] = (i64)base;
        return;
    }
    /* What stands behind the column may be read, too: it is masked out. */
    done = bulk(p, there, v, n, base, width);
    while (done < n) {
        size_t from = done * width / 8;
        memcpy(last, p + from, MIN(bytes - from, 16));
        u64 mask = ~(u64)0 >> (64 - width);
        v[done] = (i64)(one(last, done * width % 8, mask) + base);
        done++;
    }
}
