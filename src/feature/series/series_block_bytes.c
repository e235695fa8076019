/* Bytes made small: by an entropy coder (range asymmetric numeral systems: Duda 2013; four interleaved
 * states, 16 bits at a time, as in Giesen's rans_word), which comes within a percent of what noise needs, by
 * zstd, which also sees repetition, or not at all. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"
#include <zstd.h>

enum how { AS_IS, ZSTD, RANS };
enum { PROB_BITS = 12, PROB = 1 << PROB_BITS, LOW = 1 << 16, STATES = 4, LEVEL = 3, TASTE = 2048 };

struct table {
    unsigned first, last; /* symbols that occur lie between */
    u16 freq[256], start[256];
};

/* Frequencies that sum up to PROB, none of those that occur 0. */
static void table_of(const u8 *p, size_t n, struct table *t)
{
    u32 count[256] = { 0 }, sum = 0, most = 0;
    for (size_t i = 0; i < n; i++) count[p[i]]++;
    *t = (struct table){ .first = 255 };
    for (unsigned s = 0; s < 256; s++) {
        if (!count[s]) continue;
        t->first = MIN(t->first, s);
        t->last = s;
        if (count[s] > count[most]) most = s;
        t->freq[s] = (u16)MAX(1, ((u64)count[s] * PROB + n / 2) / n);
        sum += t->freq[s];
    }
    /* Rounding is made good where it is felt least: by the most frequent, then by whoever has enough. */
    if (sum < PROB) t->freq[most] = (u16)(t->freq[most] + PROB - sum);
    for (unsigned s = most; sum > PROB; s = (s + 1) & 255) {
        u32 cut = MIN(sum - PROB, t->freq[s] / 4u);
        t->freq[s] = (u16)(t->freq[s] - cut);
        sum -= cut;
    }
    for (unsigned s = 1; s < 256; s++) t->start[s] = (u16)(t->start[s - 1] + t->freq[s - 1]);
}

static u8 *put_table(u8 *to, const struct table *t)
{
    i64 freq[256];
    unsigned n = t->last - t->first + 1, width = 0;
    for (unsigned i = 0; i < n; i++) {
        freq[i] = t->freq[t->first + i];
        width = MAX(width, bits_of((u64)freq[i]));
    }
    to = put_u8(to, t->first);
    to = put_u8(to, n - 1);
    to = put_u8(to, width);
    return put_bits(to, freq, n, 0, width);
}

static u8 *rans_put(u8 *to, const u8 *p, size_t n)
{
    SCRATCH u16 words[BLOCK_POINTS_MAX];
    struct table t;
    u32 state[STATES] = { LOW, LOW, LOW, LOW };
    size_t w = LEN(words);
    table_of(p, n, &t);
    for (size_t i = n; i-- > 0;) {
        u32 x = state[i % STATES], f = t.freq[p[i]];
        if ((u64)x >= (u64)f << (32 - PROB_BITS)) {
            words[--w] = (u16)x;
            x >>= 16;
        }
        state[i % STATES] = (x / f << PROB_BITS) + x % f + t.start[p[i]];
    }
    to = put_table(to, &t);
    to = put_varint(to, LEN(words) - w);
    for (size_t i = 0; i < STATES; i++) to = put_u32(to, state[i]);
    for (; w < LEN(words); w++) {
        u16 v = htole16(words[w]);
        to = mempcpy(to, &v, sizeof v);
    }
    return to;
}

/* One entry a slot: the symbol in bits 0-7, its frequency less one in 8-19, the slot's place in it in 20-31.
 */
static bool get_slots(struct in *in, u32 *slot)
{
    i64 freq[256];
    unsigned first = get_u8(in), n = get_u8(in) + 1, width = get_u8(in), at = 0;
    if (first + n > 256 || width > PROB_BITS + 1) in->bad = true;
    if (in->bad) return false;
    get_bits(in, freq, n, 0, width);
    for (unsigned i = 0; i < n; i++) {
        if (freq[i] > PROB - (i64)at) {
            in->bad = true;
            return false;
        }
        u32 entry = (first + i) | ((u32)freq[i] - 1) << 8;
        for (u32 k = 0; k < (u32)freq[i]; k++) slot[at + k] = entry + (k << 20);
        at += (u32)freq[i];
    }
    if (at != PROB) in->bad = true;
    return !in->bad;
}

static inline u32 step(u32 x, const u32 *slot, u8 *out)
{
    u32 s = slot[x & (PROB - 1)];
    *out = (u8)s;
    return ((s >> 8 & (PROB - 1)) + 1) * (x >> PROB_BITS) + (s >> 20);
}
static inline u32 refill(u32 x, const u8 **p)
{
    u16 v;
    memcpy(&v, *p, sizeof v);
    u32 low = x < LOW; /* as arithmetic: a branch on noise is guessed wrong too often */
    *p += 2 * low;
    return x << 16 * low | (le16toh(v) & -low);
}

static const u8 *rans_get(struct in *in, size_t n, struct arena *a)
{
    SCRATCH u32 slot[PROB];
    u32 x[STATES];
    u8 *out = arena_alloc_raw(a, n);
    if (!get_slots(in, slot)) return NULL;
    u64 words = get_varint(in);
    const u8 *states = get_bytes(in, STATES * 4), *p = words > n ? NULL : get_bytes(in, words * 2),
             *end = in->p;
    if (!p || !states) {
        in->bad = true;
        return NULL;
    }
    for (size_t k = 0; k < STATES; k++) x[k] = load_u32(states + 4 * k);
    size_t i = 0;
    for (; i + STATES <= n && p + 2 * STATES <= end; i += STATES)
        for (size_t k = 0; k < STATES; k++) x[k] = refill(step(x[k], slot, out + i + k), &p);
    for (; i < n; i++) {
        u32 v = step(x[i % STATES], slot, out + i);
        if (v < LOW && p + 2 > end) break;
        x[i % STATES] = v < LOW ? refill(v, &p) : v;
    }
    if (i == n && p == end) return out;
    in->bad = true;
    return NULL;
}

size_t zstd_room(size_t n) { return ZSTD_compressBound(n); }

size_t zstd_make(void *to, size_t room, const void *p, size_t n)
{
    size_t size = ZSTD_compress(to, room, p, n, LEVEL);
    if (ZSTD_isError(size)) bug("zstd: %s", ZSTD_getErrorName(size));
    return size;
}

void *zstd_open(struct in *in, size_t size, size_t n, struct arena *a)
{
    const u8 *p = get_bytes(in, size);
    if (!p || ZSTD_getFrameContentSize(p, size) != n) {
        in->bad = true;
        return NULL;
    }
    void *out = arena_alloc_raw(a, n);
    if (ZSTD_decompress(out, n, p, size) == n) return out;
    in->bad = true;
    return NULL;
}

u8 *bytes_put(u8 *to, const u8 *p, size_t n)
{
    SCRATCH u8 coded[2 * BLOCK_POINTS_MAX + 1024], frame[ZSTD_COMPRESSBOUND(BLOCK_POINTS_MAX)];
    size_t coded_n = (size_t)(rans_put(coded, p, n) - coded), some = MIN(n, TASTE);
    size_t frame_n = zstd_make(frame, sizeof frame, p, some);
    /* zstd gets all of it when its part looks better than the same part of the other. */
    if (frame_n * n >= coded_n * some) frame_n = n;
    else if (some < n) frame_n = zstd_make(frame, sizeof frame, p, n);
    if (MIN(coded_n, frame_n) >= n) return mempcpy(put_u8(to, AS_IS), p, n);
    if (coded_n <= frame_n) return mempcpy(put_u8(to, RANS), coded, coded_n);
    to = put_varint(put_u8(to, ZSTD), frame_n);
    return mempcpy(to, frame, frame_n);
}

const u8 *bytes_get(struct in *in, size_t n, struct arena *a)
{
    switch (get_u8(in)) {
    case AS_IS: return get_bytes(in, n);
    case ZSTD: return zstd_open(in, get_varint(in), n, a);
    case RANS: return rans_get(in, n, a);
    default: in->bad = true; return NULL;
    }
}
