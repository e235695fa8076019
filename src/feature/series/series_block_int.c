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
enum form { FORM_LINE = INTS_LINE, FORM_PACK, FORM_CODED = FORM_PACK + ORDERS, FORM_RAW };

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

static enum order best_order(const i64 *v, size_t n, enum block_effort effort, i64 *r)
{
    size_t some = effort == BLOCK_SMALL ? n : MIN(n, TRIAL);
    bool rising, any;
    u64 cost[ORDERS];
    enum order best = ORDER_DELTA;
    cost[best] = cost_of(best, v, some, r, &rising);
    for (enum order o = 0; o < ORDERS; o++) {
        /* What rises all the time gains nothing as it is; what does not seldom follows a line. Curvature is
         * for those who have time. */
        if (o == ORDER_DELTA) continue;
        if (effort == BLOCK_FAST && o != (rising ? ORDER_LINE : ORDER_PLAIN)) continue;
        cost[o] = cost_of(o, v, some, r, &any);
        if (cost[o] < cost[best]) best = o;
    }
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

/* The upper eight bits of the residuals by an entropy coder, what is below as it is. */
static u8 *put_coded(u8 *to, unsigned flags, enum order o, const i64 *v, size_t n, i64 step, i64 *r)
{
    SCRATCH u8 top[BLOCK_POINTS_MAX];
    residuals(o, v, n, step, r);
    size_t count = n - seeds(o);
    struct group g = group_of(r, count);
    if (!g.width) return NULL;
    unsigned low = g.width > 8 ? g.width - 8 : 0;
    to = put_u8(to, flags | FORM_CODED);
    to = put_u8(to, o);
    to = put_seeds(to, o, v, step);
    to = put_group_head(to, g);
    for (size_t i = 0; i < count; i++) {
        u64 z = (u64)r[i] - (u64)g.base;
        top[i] = z > span_of(g.width) ? 0 : (u8)(z >> low);
    }
    to = put_bits(to, r, count, (u64)g.base, low);
    to = bytes_put(to, top, count);
    return put_patches(to, r, count, g);
}

static u8 *put_raw(u8 *to, unsigned flags, const i64 *v, size_t n)
{
    to = put_u8(to, flags | FORM_RAW);
    for (size_t i = 0; i < n; i++) to = put_u64(to, (u64)v[i]);
    return to;
}

u8 *ints_put(u8 *to, unsigned flags, const i64 *v, size_t n, enum block_effort effort)
{
    SCRATCH i64 r[BLOCK_POINTS_MAX];
    if (ints_line(v, n)) return ints_put_line(to, flags, v[0], n > 1 ? minus(v[1], v[0]) : 0, n);
    enum order order = best_order(v, n, effort, r);
    i64 step = order == ORDER_LINE ? line_step(v, n) : 0;
    u8 *end = put_packed(to, flags, order, v, n, step, r);
    if (effort == BLOCK_SMALL) {
        u8 *again = put_coded(end, flags, order, v, n, step, r);
        if (again && again - end < end - to) {
            size_t size = (size_t)(again - end);
            memmove(to, end, size);
            end = to + size;
        }
    }
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
struct head {
    i64 first, step;
};
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

static void get_coded(struct in *in, i64 *v, size_t n, struct arena *a)
{
    enum order o = get_u8(in);
    if (o >= ORDERS || n <= seeds(o)) in->bad = true;
    if (in->bad) return;
    struct head h = get_seeds(in, o);
    i64 base = get_signed(in), *r = v + put_back(o, &h, v);
    size_t count = n - seeds(o);
    unsigned width = get_u8(in), low = (width & ~PATCHED) > 8 ? (width & ~PATCHED) - 8 : 0;
    if (low > 56) in->bad = true;
    if (low) get_bits(in, r, count, (u64)base, low);
    const u8 *top = bytes_get(in, count, a);
    if (!top) return;
    if (low)
        for (size_t i = 0; i < count; i++) r[i] = (i64)((u64)r[i] + ((u64)top[i] << low));
    else
        for (size_t i = 0; i < count; i++) r[i] = (i64)((u64)base + top[i]);
    if (width & PATCHED) get_patches(in, r, count, base);
    undo(o, &h, r, count);
}

static void get_line(struct in *in, i64 *v, size_t n)
{
    u64 at = (u64)get_signed(in), step = n > 1 ? (u64)get_signed(in) : 0;
    for (size_t i = 0; i < n; i++, at += step) v[i] = (i64)at;
}

void ints_get(struct in *in, unsigned first, i64 *v, size_t n, struct arena *a)
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
    case INTS_FORM: in->bad = true; return;
    default: get_packed(in, form - FORM_PACK, v, n);
    }
}
