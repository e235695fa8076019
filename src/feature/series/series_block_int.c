/* Columns of integers. What is packed are residuals: the numbers themselves, their differences, the
 * differences of those, or what is left of them above a straight line; whichever needs the fewest bits, in
 * groups with a least number and a width of their own. A few residuals that would spoil a group's width stand
 * beside it. */
#include "feature/series/series_block_impl.h"
#include "feature/series/series_block_kernel.h"

enum {
    GROUP = 1024,
    TRIAL = 2048,      /* points by which a long column is judged when time matters */
    PATCH_LEAST = 128, /* points from which on looking for spoilers pays */
    SAMPLE = 32,
    PATCHED = 0x80 /* in the byte of the width */
};
enum order { ORDER_PLAIN, ORDER_DELTA, ORDER_DELTA2, ORDER_LINE, ORDERS };
enum form { FORM_LINE = INTS_LINE, FORM_PACK, FORM_CODED = FORM_PACK + ORDERS, FORM_RAW, FORM_PARTS };

struct group {
    i64 base;
    unsigned width;
    size_t patches;
    u64 bits; /* about what it takes */
};

/* The number of residuals of an order, and how many numbers stand before them. */
static size_t seeds(enum order o) { return o == ORDER_DELTA ? 1 : o == ORDER_DELTA2 ? 2 : 0; }

static i64 minus(i64 a, i64 b) { return (i64)((u64)a - (u64)b); }
static i64 plus(i64 a, i64 b) { return (i64)((u64)a + (u64)b); }

static i64 line_step(const i64 *v, size_t n) { return n > 1 ? minus(v[n - 1], v[0]) / (i64)(n - 1) : 0; }

static void residuals(enum order o, const i64 *v, size_t n, i64 step, i64 *r)
{
    u64 at = (u64)v[0];
    switch (o) {
    case ORDER_PLAIN: memcpy(r, v, n * sizeof *v); return;
    case ORDER_DELTA: kernels()->delta(v, n - 1, r); return;
    case ORDER_DELTA2:
        for (size_t i = 2; i < n; i++) r[i - 2] = minus(minus(v[i], v[i - 1]), minus(v[i - 1], v[i - 2]));
        return;
    default:
        for (size_t i = 0; i < n; i++, at += (u64)step) r[i] = (i64)((u64)v[i] - at);
    }
}

static i64 middle_of_3(i64 a, i64 b, i64 c) { return MAX(MIN(a, b), MIN(MAX(a, b), c)); }

/* Near the median: the middle of three middles of three. */
static i64 middle_of(const i64 *r, size_t n)
{
    i64 m[3];
    for (size_t i = 0; i < 3; i++)
        m[i] =
            middle_of_3(r[(3 * i) * (n - 1) / 8], r[(3 * i + 1) * (n - 1) / 8], r[(3 * i + 2) * (n - 1) / 8]);
    return middle_of_3(m[0], m[1], m[2]);
}

static u64 span_of(unsigned width) { return width ? ~(u64)0 >> (64 - width) : 0; }
static u64 patch_bits(unsigned width) { return 8 * (3 + width / 7); }

/* Leaves out what lies far from the middle, if that makes the group smaller. */
static void try_patches(const i64 *r, size_t n, struct group *g)
{
    u32 far[65] = { 0 }, out = 0, near = 0;
    i64 middle = middle_of(r, n), min = INT64_MAX, max = INT64_MIN;
    for (size_t i = 0; i < SAMPLE; i++)
        near += bits_of(zigzag(minus(r[i * (n - 1) / (SAMPLE - 1)], middle))) + 3 <= g->width;
    if (near < SAMPLE * 3 / 4) return;
    for (size_t i = 0; i < n; i++) far[bits_of(zigzag(minus(r[i], middle)))]++;
    unsigned best = g->width;
    u64 least = g->bits;
    for (unsigned width = 64; width-- > 0;) {
        out += far[width + 1];
        u64 bits = n * width + out * patch_bits(g->width);
        if (bits >= least) continue;
        best = width;
        least = bits;
    }
    if (best >= g->width) return;
    for (size_t i = 0; i < n; i++) {
        if (bits_of(zigzag(minus(r[i], middle))) > best) continue;
        min = MIN(min, r[i]);
        max = MAX(max, r[i]);
    }
    unsigned width = bits_of((u64)max - (u64)min);
    size_t patches = kernels()->outside(r, n, min, span_of(width));
    *g = (struct group){ min, width, patches, n * width + patches * patch_bits(g->width) };
}

static struct group group_of(const i64 *r, size_t n)
{
    i64 min, max;
    kernels()->range(r, n, &min, &max);
    unsigned width = bits_of((u64)max - (u64)min);
    struct group g = { min, width, 0, n * width };
    if (width > 1 && n >= PATCH_LEAST) try_patches(r, n, &g);
    return g;
}

/* About the bits of an order; *rising: whether all of its residuals are above 0. */
static u64 cost_of(enum order o, const i64 *v, size_t n, i64 *r, bool *rising)
{
    u64 bits = 24 * seeds(o);
    *rising = n > seeds(o);
    if (n <= seeds(o)) return 0;
    residuals(o, v, n, o == ORDER_LINE ? line_step(v, n) : 0, r);
    n -= seeds(o);
    for (size_t i = 0; i < n; i += GROUP) {
        struct group g = group_of(r + i, MIN(n - i, GROUP));
        bits += 24 + g.bits;
        *rising &= g.base > 0;
    }
    return bits;
}

/* Bits of those orders that are not far behind the best on a part of a long column; the others need not be
 * tried on the whole. */
static unsigned promising(const i64 *v, size_t n, i64 *r)
{
    u64 cost[ORDERS], least = UINT64_MAX;
    unsigned some = 0;
    bool any;
    if (n <= 4 * TRIAL) return ~0u;
    for (enum order o = 0; o < ORDERS; o++) {
        cost[o] = cost_of(o, v + n / 2, TRIAL, r, &any);
        least = MIN(least, cost[o]);
    }
    for (enum order o = 0; o < ORDERS; o++) some |= (unsigned)(cost[o] <= least + least / 4) << o;
    return some;
}

static enum order best_order(const i64 *v, size_t n, enum block_effort effort, i64 *r, u64 *bits)
{
    bool thorough = effort == BLOCK_SMALL, rising = false, any;
    size_t some = thorough ? n : MIN(n, TRIAL);
    unsigned try = thorough ? promising(v, n, r) : ~0u;
    enum order best = ORDER_DELTA;
    u64 least = try & 1u << best ? cost_of(best, v, some, r, &rising) : UINT64_MAX;
    for (enum order o = 0; o < ORDERS; o++) {
        /* What rises all the time gains nothing as it is; what does not seldom follows a line. Curvature is
         * for those who have time. */
        if (o == ORDER_DELTA || !(try & 1u << o)) continue;
        if (!thorough && o != (rising ? ORDER_LINE : ORDER_PLAIN)) continue;
        u64 cost = cost_of(o, v, some, r, &any);
        if (cost >= least) continue;
        best = o;
        least = cost;
    }
    *bits = least;
    return best;
}

bool ints_line(const i64 *v, size_t n)
{
    for (size_t i = 2; i < n; i++)
        if (minus(v[i], v[i - 1]) != minus(v[1], v[0])) return false;
    return true;
}

u8 *ints_put_line(u8 *to, unsigned flags, i64 first, i64 step, size_t n)
{
    to = put_u8(to, flags | FORM_LINE);
    to = put_signed(to, first);
    return n > 1 ? put_signed(to, step) : to;
}

static u8 *put_seeds(u8 *to, enum order o, const i64 *v, i64 step)
{
    if (o != ORDER_PLAIN) to = put_signed(to, v[0]);
    if (o == ORDER_DELTA2) to = put_signed(to, minus(v[1], v[0]));
    if (o == ORDER_LINE) to = put_signed(to, step);
    return to;
}

static u8 *put_patches(u8 *to, const i64 *r, size_t n, struct group g)
{
    size_t next = 0;
    if (!g.patches) return to;
    to = put_varint(to, g.patches);
    for (size_t i = 0; i < n; i++) {
        if ((u64)r[i] - (u64)g.base <= span_of(g.width)) continue;
        to = put_varint(to, i - next);
        to = put_signed(to, minus(r[i], g.base));
        next = i + 1;
    }
    return to;
}

static u8 *put_group_head(u8 *to, struct group g)
{
    to = put_signed(to, g.base);
    return put_u8(to, g.width | (g.patches ? PATCHED : 0));
}

static u8 *put_packed(u8 *to, unsigned flags, enum order o, const i64 *v, size_t n, i64 step, i64 *r)
{
    to = put_u8(to, flags | (FORM_PACK + o));
    to = put_seeds(to, o, v, step);
    residuals(o, v, n, step, r);
    n -= seeds(o);
    for (size_t i = 0; i < n; i += GROUP) {
        size_t some = MIN(n - i, GROUP);
        struct group g = group_of(r + i, some);
        to = put_group_head(to, g);
        to = put_bits(to, r + i, some, (u64)g.base, g.width);
        to = put_patches(to, r + i, some, g);
    }
    return to;
}

/* Residuals of which the upper eight bits are for an entropy coder, and what is below as it is. */
static unsigned low_of(unsigned width) { return width > 8 ? width - 8 : 0; }

static void top_of(const i64 *r, size_t n, const struct group *g, u8 *top)
{
    unsigned low = low_of(g->width);
    for (size_t i = 0; i < n; i++) {
        u64 z = (u64)r[i] - (u64)g->base;
        top[i] = z > span_of(g->width) ? 0 : (u8)(z >> low);
    }
}

/* What stands before the entropy coder's bytes, and before the low bits. */
static u8 *put_coded_head(u8 *to, enum form form, unsigned flags, enum order o, const i64 *v, i64 step)
{
    to = put_u8(to, flags | form);
    to = put_u8(to, o);
    return put_seeds(to, o, v, step);
}

static u8 *put_coded(u8 *to, unsigned flags, enum order o, const i64 *v, size_t n, i64 step, i64 *r)
{
    SCRATCH u8 top[BLOCK_POINTS_MAX];
    residuals(o, v, n, step, r);
    size_t count = n - seeds(o);
    struct group g = group_of(r, count);
    if (!g.width) return NULL;
    to = put_coded_head(to, FORM_CODED, flags, o, v, step);
    to = put_group_head(to, g);
    top_of(r, count, &g, top);
    to = put_bits(to, r, count, (u64)g.base, low_of(g.width));
    to = bytes_put(to, top, count);
    return put_patches(to, r, count, g);
}

/* Where a part begins: the number before it, and the step to that, as far as its order needs them. */
struct head {
    i64 first, step;
};
static struct head head_at(enum order o, const i64 *v, size_t i)
{
    struct head h = { 0 };
    if (seeds(o)) h.first = v[i - 1];
    if (seeds(o) == 2) h.step = minus(v[i - 1], v[i - 2]);
    return h;
}

static u8 *put_heads(u8 *to, enum order o, const i64 *v, size_t count)
{
    struct head last = head_at(o, v, seeds(o));
    for (size_t at = PART; at < count && seeds(o); at += PART) {
        struct head h = head_at(o, v, seeds(o) + at);
        to = put_signed(to, minus(h.first, last.first));
        if (seeds(o) == 2) to = put_signed(to, minus(h.step, last.step));
        last = h;
    }
    return to;
}

/* Coded in parts. NULL: it is too short for it, or another way promises more. */
static u8 *put_parts(u8 *to, unsigned flags, enum order o, const i64 *v, size_t n, i64 step, i64 *r)
{
    SCRATCH u8 top[BLOCK_POINTS_MAX];
    size_t count = n - seeds(o);
    if (count <= PART) return NULL;
    residuals(o, v, n, step, r);
    struct group g = group_of(r, count);
    if (!g.width) return NULL;
    to = put_coded_head(to, FORM_PARTS, flags, o, v, step);
    to = put_heads(to, o, v, count);
    to = put_group_head(to, g);
    top_of(r, count, &g, top);
    to = put_bits(to, r, count, (u64)g.base, low_of(g.width));
    to = parts_put(to, top, count);
    return to ? put_patches(to, r, count, g) : NULL;
}

static u8 *put_raw(u8 *to, unsigned flags, const i64 *v, size_t n)
{
    to = put_u8(to, flags | FORM_RAW);
    for (size_t i = 0; i < n; i++) to = put_u64(to, (u64)v[i]);
    return to;
}

/* Coded is tried first: what packing would take is known well enough to see that it is not worth doing. */
static u8 *put_smallest(u8 *to, unsigned flags, enum order o, const i64 *v, size_t n, u64 packed_bits, i64 *r)
{
    i64 step = o == ORDER_LINE ? line_step(v, n) : 0;
    u8 *coded = put_parts(to, flags, o, v, n, step, r);
    if (!coded) coded = put_coded(to, flags, o, v, n, step, r);
    if (!coded) return put_packed(to, flags, o, v, n, step, r);
    if ((u64)(coded - to) * 8 < packed_bits - packed_bits / 32) return coded;
    u8 *end = put_packed(coded, flags, o, v, n, step, r);
    if (end - coded >= coded - to) return coded;
    size_t size = (size_t)(end - coded);
    memmove(to, coded, size);
    return to + size;
}

u8 *ints_put(u8 *to, unsigned flags, const i64 *v, size_t n, enum block_effort effort)
{
    SCRATCH i64 r[BLOCK_POINTS_MAX];
    u64 bits;
    if (ints_line(v, n)) return ints_put_line(to, flags, v[0], n > 1 ? minus(v[1], v[0]) : 0, n);
    enum order o = best_order(v, n, effort, r, &bits);
    u8 *end = effort == BLOCK_SMALL
                  ? put_smallest(to, flags, o, v, n, bits, r)
                  : put_packed(to, flags, o, v, n, o == ORDER_LINE ? line_step(v, n) : 0, r);
    return (size_t)(end - to) > 8 * n ? put_raw(to, flags, v, n) : end;
}

static void get_patches(struct in *in, i64 *r, size_t n, i64 base)
{
    u64 count = get_varint(in);
    size_t at = 0;
    if (!count || count > n) in->bad = true;
    for (; count && !in->bad; count--) {
        u64 gap = get_varint(in);
        i64 v = get_signed(in);
        if (gap >= n - at) {
            in->bad = true;
            return;
        }
        at += gap;
        r[at++] = plus(base, v);
    }
}

static void get_group(struct in *in, i64 *r, size_t n)
{
    i64 base = get_signed(in);
    unsigned width = get_u8(in);
    get_bits(in, r, n, (u64)base, width & ~PATCHED);
    if (width & PATCHED) get_patches(in, r, n, base);
}

/* The seeds of an order; the residuals belong behind them. */
static struct head get_seeds(struct in *in, enum order o)
{
    struct head h = { 0 };
    if (o != ORDER_PLAIN) h.first = get_signed(in);
    if (o == ORDER_DELTA2 || o == ORDER_LINE) h.step = get_signed(in);
    return h;
}

static void undo(enum order o, struct head *h, i64 *r, size_t n)
{
    u64 at = (u64)h->first, step = (u64)h->step;
    switch (o) {
    case ORDER_PLAIN: return;
    case ORDER_DELTA:
        for (size_t i = 0; i < n; i++) r[i] = (i64)(at += (u64)r[i]);
        break;
    case ORDER_DELTA2:
        for (size_t i = 0; i < n; i++) r[i] = (i64)(at += step += (u64)r[i]);
        break;
    default:
        for (size_t i = 0; i < n; i++, at += step) r[i] = (i64)((u64)r[i] + at);
    }
    *h = (struct head){ (i64)at, (i64)step };
}

/* Writes the numbers that the seeds alone tell; how many. */
static size_t put_back(enum order o, struct head *h, i64 *v)
{
    if (seeds(o)) v[0] = h->first;
    if (seeds(o) == 2) v[1] = h->first = plus(h->first, h->step);
    return seeds(o);
}

static void get_packed(struct in *in, enum order o, i64 *v, size_t n)
{
    struct head h = get_seeds(in, o);
    if (n <= seeds(o)) in->bad = true;
    if (in->bad) return;
    for (size_t i = put_back(o, &h, v), some; i < n && !in->bad; i += some) {
        some = MIN(n - i, GROUP);
        get_group(in, v + i, some);
        undo(o, &h, v + i, some);
    }
}

static void join_bits(struct in *in, i64 *r, const u8 *top, size_t n, i64 base, unsigned low)
{
    if (low) get_bits(in, r, n, (u64)base, low);
    if (low)
        for (size_t i = 0; i < n; i++) r[i] = (i64)((u64)r[i] + ((u64)top[i] << low));
    else
        for (size_t i = 0; i < n; i++) r[i] = (i64)((u64)base + top[i]);
}

static void get_coded(struct in *in, i64 *v, size_t n, struct arena *a)
{
    enum order o = get_u8(in);
    if (o >= ORDERS || n <= seeds(o)) in->bad = true;
    if (in->bad) return;
    struct head h = get_seeds(in, o);
    i64 base = get_signed(in), *r = v + put_back(o, &h, v);
    size_t count = n - seeds(o);
    unsigned width = get_u8(in), low = low_of(width & ~PATCHED);
    if (low > 56) in->bad = true;
    const u8 *bits = get_bytes(in, bits_bytes(count, low)), *top = bits ? bytes_get(in, count, a) : NULL;
    if (!top) return;
    struct in part = { bits, in->end, false, 0 };
    join_bits(&part, r, top, count, base, low);
    if (width & PATCHED) get_patches(in, r, count, base);
    undo(o, &h, r, count);
}

/* Parts that hold numbers which are wanted; the others' residuals are left as they are. */
static void undo_parts(enum order o, const struct head *head, i64 *r, size_t count, struct span want)
{
    for (size_t k = 0; k * PART < count; k++) {
        size_t at = k * PART, some = MIN(count - at, (size_t)PART);
        struct head h = head[k];
        if (at + some <= want.from || at >= want.to) continue;
        undo(o, &h, r + at, some);
    }
}

static void get_heads(struct in *in, enum order o, struct head *h, size_t count)
{
    for (size_t k = 1; k * PART < count; k++) {
        h[k] = h[k - 1];
        if (o == ORDER_LINE) h[k].first = (i64)((u64)h[k].first + PART * (u64)h[k].step);
        if (!seeds(o)) continue;
        h[k].first = plus(h[k].first, get_signed(in));
        if (seeds(o) == 2) h[k].step = plus(h[k].step, get_signed(in));
    }
}

static void get_parts(struct in *in, i64 *v, size_t n, struct span want)
{
    SCRATCH u8 top[BLOCK_POINTS_MAX];
    struct head head[PARTS_MAX];
    enum order o = get_u8(in);
    if (in->version < 2 || o >= ORDERS || n <= seeds(o) || n > BLOCK_POINTS_MAX) in->bad = true;
    if (in->bad) return;
    head[0] = get_seeds(in, o);
    i64 *r = v + put_back(o, &head[0], v);
    size_t count = n - seeds(o);
    get_heads(in, o, head, count);
    i64 base = get_signed(in);
    unsigned width = get_u8(in), low = low_of(width & ~PATCHED);
    if (low > 56) in->bad = true;
    /* What the residuals of the wanted numbers are, and the parts that hold them. */
    struct span s = { want.from > seeds(o) ? want.from - seeds(o) : 0,
                      want.to > seeds(o) ? want.to - seeds(o) : 0 };
    size_t first = s.from / PART * PART, last = MIN(count, (s.to + PART - 1) / PART * PART);
    const u8 *bits = get_bytes(in, bits_bytes(count, low));
    if (!bits || !parts_get(in, count, s, top)) return;
    if (first < last) {
        struct in part = { bits + first * low / 8, in->end, false, 0 };
        join_bits(&part, r + first, top + first, last - first, base, low);
    }
    if (width & PATCHED) get_patches(in, r, count, base);
    undo_parts(o, head, r, count, s);
}

static void get_line(struct in *in, i64 *v, size_t n)
{
    u64 at = (u64)get_signed(in), step = n > 1 ? (u64)get_signed(in) : 0;
    for (size_t i = 0; i < n; i++, at += step) v[i] = (i64)at;
}

void ints_get(struct in *in, unsigned first, i64 *v, size_t n, struct span want, struct arena *a)
{
    unsigned form = first & INTS_FORM;
    const u8 *p;
    switch (form) {
    case FORM_LINE: get_line(in, v, n); return;
    case FORM_CODED: get_coded(in, v, n, a); return;
    case FORM_RAW:
        p = get_bytes(in, n * 8);
        for (size_t i = 0; p && i < n; i++) v[i] = (i64)load_u64(p + i * 8);
        return;
    case FORM_PARTS: get_parts(in, v, n, want); return;
    default: get_packed(in, form - FORM_PACK, v, n);
    }
}
