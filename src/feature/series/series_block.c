/* The frame of a block: version and kind, number of points, the column of times, the column of values,
 * checksum. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"

enum { FORMAT = 1, CRC_BYTES = 4, HEAD_BYTES = 1 + VARINT_BYTES };

const char *const block_faults[] = { "", "the block is cut off",
                                     "the block's checksum does not match its bytes",
                                     "the block is of a version that this program does not know",
                                     "the block's columns contradict themselves" };

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

static size_t text_bytes(const struct series_run *r)
{
    size_t n = 0;
    for (u32 i = 0; i < r->n; i++) n += r->s[i].n + VARINT_BYTES;
    return n;
}

static u8 *write_values(u8 *to, const struct series_run *r)
{
    if (r->kind != SERIES_TEXT) {
        for (u32 i = 0; i < r->n; i++) to = put_u64(to, (u64)r->i[i]);
        return to;
    }
    for (u32 i = 0; i < r->n; i++) {
        to = put_varint(to, r->s[i].n);
        to = mempcpy(to, r->s[i].p, r->s[i].n);
    }
    return to;
}

void block_write(struct buf *out, const struct series_run *r, enum block_effort effort)
{
    (void)effort;
    if (!r->n || r->n > BLOCK_POINTS_MAX) bug("a block of %u points", r->n);
    size_t values = r->kind == SERIES_TEXT ? text_bytes(r) : (size_t)r->n * 8;
    u8 *from = (u8 *)buf_room(out, HEAD_BYTES + (size_t)r->n * 8 + values + CRC_BYTES), *to = from;
    to = put_u8(to, FORMAT << 4 | (unsigned)r->kind);
    to = put_varint(to, r->n);
    for (u32 i = 0; i < r->n; i++) to = put_u64(to, (u64)r->t[i]);
    to = write_values(to, r);
    to = put_u32(to, block_crc(from, (size_t)(to - from)));
    buf_grew(out, (size_t)(to - from));
}

static void read_text(struct in *in, u32 n, struct arena *a, struct block_points *to)
{
    const u8 *begin = in->p;
    char *copy = arena_alloc_raw(a, in_left(in) + 1);
    to->text = (str){ copy, in_left(in) };
    memcpy(copy, begin, in_left(in));
    for (u32 i = 0; i < n && !in->bad; i++) {
        size_t len = get_varint(in);
        const u8 *p = len > SERIES_MAX_TEXT ? NULL : get_bytes(in, len);
        if (!p) in->bad = true;
        else to->s[i] = (str){ copy + (p - begin), len };
    }
}

static void read_columns(struct in *in, int kind, u32 n, struct arena *a, struct block_points *to)
{
    for (u32 i = 0; i < n; i++) to->t[i] = (i64)get_u64(in);
    for (u32 i = 1; i < n; i++)
        if (to->t[i] <= to->t[i - 1]) in->bad = true;
    if (kind == SERIES_TEXT) read_text(in, n, a, to);
    else
        for (u32 i = 0; i < n; i++) to->i[i] = (i64)get_u64(in);
    if (in_left(in)) in->bad = true;
}

enum block_fault block_read(str bytes, struct arena *a, struct block_points *to, struct series_run *run)
{
    const u8 *p = (const u8 *)bytes.p;
    if (bytes.n < 2 + CRC_BYTES) return BLOCK_CUT;
    if (*p >> 4 != FORMAT) return BLOCK_VERSION;
    size_t body = bytes.n - CRC_BYTES;
    if (load_u32(p + body) != block_crc(p, body)) return BLOCK_CHECKSUM;
    struct in in = { p + 1, p + body, false };
    int kind = *p & 15;
    u64 n = get_varint(&in);
    if (in.bad || kind > SERIES_TEXT || !n || n > BLOCK_POINTS_MAX) return BLOCK_BAD;
    read_columns(&in, kind, (u32)n, a, to);
    if (in.bad) return BLOCK_BAD;
    *run = (struct series_run){ .n = (u32)n, .kind = kind, .t = to->t };
    if (kind == SERIES_TEXT) run->s = to->s;
    else run->i = to->i;
    return BLOCK_GOOD;
}
