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

/* What coding a symbol takes, without a division: the quotient by its frequency is exact, because a state
 * times a frequency is far below 2^52. */
struct coder {
    u64 inverse; /* 2^52 / frequency, rounded up */
    u32 freq, start;
};

/* A word is given off or not without a branch, which noise would mislead. */
static inline u32 code(u32 x, const struct coder *c, u16 **w)
{
    u32 full = x >> (32 - PROB_BITS) >= c->freq;
    (*w)[-1] = htole16((u16)x);
    *w -= full;
    x >>= 16 * full;
    u32 q = (u32)((unsigned __int128)x * c->inverse >> 52);
    return (q << PROB_BITS) + (x - q * c->freq) + c->start;
}

struct coders {
    struct table t;
    struct coder of[256];
};
static void coders_of(const u8 *p, size_t n, struct coders *c)
{
    table_of(p, n, &c->t);
    for (unsigned s = c->t.first; s <= c->t.last; s++)
        c->of[s] = (struct coder){ ((u64)1 << 52) / MAX(c->t.freq[s], 1) + 1, c->t.freq[s], c->t.start[s] };
}

/* Takes the last bytes into states that begin with nothing, until one is full; how many bytes are left. From
 * then on every state must be one that reading can tell from those that want a word; otherwise they begin as
 * such, and say nothing for 16 bits each. */
static size_t fill_states(const struct coder *of, const u8 *p, size_t n, u32 *x)
{
    bool low = false;
    size_t i = n;
    memset(x, 0, STATES * sizeof *x);
    for (; i; i--) {
        const struct coder *c = &of[p[i - 1]];
        u32 *state = &x[(i - 1) % STATES];
        if (*state >> (32 - PROB_BITS) >= c->freq) break;
        *state = *state / c->freq * PROB + *state % c->freq + c->start;
    }
    for (size_t k = 0; k < STATES; k++) low |= x[k] < LOW;
    if (!i || !low) return i;
    for (size_t k = 0; k < STATES; k++) x[k] = LOW;
    return n;
}

/* The words of n bytes, which end at `end`, and the states that reading begins with. */
static u16 *code_all(const struct coder *of, const u8 *p, size_t n, u16 *end, u32 *x)
{
    u16 *w = end;
    size_t i = fill_states(of, p, n, x);
    for (; i % STATES; i--) x[(i - 1) % STATES] = code(x[(i - 1) % STATES], &of[p[i - 1]], &w);
    for (; i; i -= STATES)
        for (size_t k = STATES; k-- > 0;) x[k] = code(x[k], &of[p[i - STATES + k]], &w);
    return w;
}

static u8 *put_states(u8 *to, const u32 *x)
{
    for (size_t k = 0; k < STATES; k++) to = put_u32(to, x[k]);
    return to;
}

static u8 *rans_put(u8 *to, const u8 *p, size_t n)
{
    SCRATCH u16 words[BLOCK_POINTS_MAX + 1];
    SCRATCH struct coders c;
    u32 x[STATES];
    u16 *end = words + LEN(words);
    coders_of(p, n, &c);
    const u16 *w = code_all(c.of, p, n, end, x);
    to = put_table(to, &c.t);
    to = put_varint(to, (u64)(end - w));
    to = put_states(to, x);
    return mempcpy(to, w, (size_t)(end - w) * sizeof *w);
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

/* n bytes from `words` words behind their states; false: they contradict each other. */
static bool read_all(const u32 *slot, const u8 *states, size_t words, u8 *out, size_t n)
{
    u32 x[STATES];
    const u8 *p = states + STATES * 4, *end = p + 2 * words;
    for (size_t k = 0; k < STATES; k++) x[k] = load_u32(states + 4 * k);
    size_t i = 0;
    for (; i + STATES <= n && p + 2 * STATES <= end; i += STATES)
        for (size_t k = 0; k < STATES; k++) x[k] = refill(step(x[k], slot, out + i + k), &p);
    for (; i < n; i++) {
        u32 v = step(x[i % STATES], slot, out + i);
        x[i % STATES] = v < LOW && p + 2 <= end ? refill(v, &p) : v;
    }
    return p == end;
}

static const u8 *rans_get(struct in *in, size_t n, struct arena *a)
{
    SCRATCH u32 slot[PROB];
    u8 *out = arena_alloc_raw(a, n);
    if (!get_slots(in, slot)) return NULL;
    u64 words = get_varint(in);
    const u8 *states = words > n ? NULL : get_bytes(in, STATES * 4 + words * 2);
    if (states && read_all(slot, states, words, out, n)) return out;
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

/* What zstd makes of it; n: nothing that is worth it. It gets all of it when its part looks better than the
 * same part of what another way took. */
static size_t zstd_try(u8 *frame, size_t room, const u8 *p, size_t n, size_t other_n)
{
    size_t some = MIN(n, TASTE), size = zstd_make(frame, room, p, some);
    if (size * n >= other_n * some) return n;
    return some < n ? zstd_make(frame, room, p, n) : size;
}

u8 *bytes_put(u8 *to, const u8 *p, size_t n)
{
    SCRATCH u8 coded[2 * BLOCK_POINTS_MAX + 1024], frame[ZSTD_COMPRESSBOUND(BLOCK_POINTS_MAX)];
    size_t coded_n = (size_t)(rans_put(coded, p, n) - coded);
    size_t frame_n = zstd_try(frame, sizeof frame, p, n, coded_n);
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

u8 *parts_put(u8 *to, const u8 *p, size_t n)
{
    SCRATCH u16 words[PARTS_MAX * (PART + 1)];
    SCRATCH u8 frame[ZSTD_COMPRESSBOUND(BLOCK_POINTS_MAX)];
    SCRATCH struct coders c;
    u32 x[PARTS_MAX][STATES];
    size_t many[PARTS_MAX], count = (n + PART - 1) / PART;
    u8 *from = to;
    coders_of(p, n, &c);
    to = put_table(to, &c.t);
    for (size_t k = 0; k < count; k++) {
        u16 *end = words + (k + 1) * (PART + 1);
        many[k] = (size_t)(end - code_all(c.of, p + k * PART, MIN(n - k * PART, (size_t)PART), end, x[k]));
        to = put_varint(to, many[k]);
    }
    for (size_t k = 0; k < count; k++) {
        to = put_states(to, x[k]);
        to = mempcpy(to, words + (k + 1) * (PART + 1) - many[k], many[k] * sizeof *words);
    }
    size_t size = (size_t)(to - from);
    return size >= n || zstd_try(frame, sizeof frame, p, n, size) < size ? NULL : to;
}

bool parts_get(struct in *in, size_t n, struct span want, u8 *out)
{
    SCRATCH u32 slot[PROB];
    size_t many[PARTS_MAX], count = (n + PART - 1) / PART;
    if (count > PARTS_MAX) in->bad = true;
    if (in->bad || !get_slots(in, slot)) return false;
    for (size_t k = 0; k < count; k++) {
        many[k] = get_varint(in);
        if (many[k] > PART) in->bad = true;
    }
    for (size_t k = 0; k < count && !in->bad; k++) {
        size_t at = k * PART, some = MIN(n - at, (size_t)PART);
        const u8 *states = get_bytes(in, STATES * 4 + many[k] * 2);
        if (!states || at + some <= want.from || at >= want.to) continue;
        if (!read_all(slot, states, many[k], out + at, some)) in->bad = true;
    }
    return !in->bad;
}
