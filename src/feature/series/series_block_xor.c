/* Doubles by XOR with the one before (Pelkonen et al., VLDB 2015), as a stream of bits, the lowest first: 0
 * the same again; 1 0 the bits of the window before; 1 1, leading zeros (6), bits less one (6), a new window.
 */
#include "feature/series/series_block_impl.h"

struct sink {
    u8 *to;
    u64 acc;
    unsigned fill;
};

static void put(struct sink *s, u64 v, unsigned width)
{
    s->acc |= v << s->fill;
    s->fill += width;
    if (s->fill < 64) return;
    s->to = put_u64(s->to, s->acc);
    s->fill -= 64;
    s->acc = s->fill ? v >> (width - s->fill) : 0;
}

u8 *xor_put(u8 *to, const double *x, size_t n)
{
    struct sink s = { .to = to };
    unsigned lead = 64, trail = 64; /* no window yet */
    u64 before = 0;
    for (size_t i = 0; i < n; i++) {
        u64 b, diff;
        memcpy(&b, x + i, sizeof b);
        diff = b ^ before;
        before = b;
        if (!diff) {
            put(&s, 0, 1);
            continue;
        }
        unsigned l = (unsigned)__builtin_clzll(diff), t = (unsigned)__builtin_ctzll(diff);
        /* A new window costs twelve bits: the old one is kept while it wastes less. */
        if (lead + trail < 64 && l >= lead && t >= trail && l + t <= lead + trail + 12) {
            put(&s, 1, 2);
        } else {
            lead = l;
            trail = t;
            put(&s, 3 | (u64)lead << 2 | (u64)(63 - lead - trail) << 8, 14);
        }
        put(&s, diff >> trail, 64 - lead - trail);
    }
    for (; s.fill; s.fill -= MIN(s.fill, 8), s.acc >>= 8) *s.to++ = (u8)s.acc;
    return s.to;
}

struct source {
    const u8 *p;
    size_t bit, end;
    bool bad;
};

static u64 take(struct source *s, unsigned width)
{
    size_t at = s->bit / 8, bytes = s->end / 8;
    unsigned shift = s->bit % 8;
    u64 v = 0;
    if (width > s->end - s->bit) {
        s->bad = true;
        return 0;
    }
    s->bit += width;
    if (at + 9 <= bytes) {
        v = load_u64(s->p + at) >> shift;
        if (shift) v |= (u64)s->p[at + 8] << (64 - shift);
    } else {
        for (size_t i = 0; i < 9 && at + i < bytes; i++) {
            u64 b = s->p[at + i];
            v |= 8 * i >= shift ? (8 * i - shift < 64 ? b << (8 * i - shift) : 0) : b >> shift;
        }
    }
    return width == 64 ? v : v & (((u64)1 << width) - 1);
}

void xor_get(struct in *in, double *x, size_t n)
{
    struct source s = { in->p, 0, in_left(in) * 8, in->bad };
    unsigned width = 0, trail = 0;
    u64 b = 0;
    for (size_t i = 0; i < n && !s.bad; i++) {
        if (take(&s, 1)) {
            if (take(&s, 1)) {
                unsigned lead = (unsigned)take(&s, 6);
                width = (unsigned)take(&s, 6) + 1;
                if (lead + width > 64) s.bad = true;
                trail = 64 - lead - width;
            }
            if (!width) s.bad = true;
            if (s.bad) break;
            b ^= take(&s, width) << trail;
        }
        memcpy(x + i, &b, sizeof b);
    }
    if (s.bad) in->bad = true;
    else in->p += (s.bit + 7) / 8;
}
