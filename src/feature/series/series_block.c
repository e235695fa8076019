/* The frame of a block: version and kind, number of points, the column of times, the column of values,
 * checksum. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"

enum { FORMAT = 1, FORMAT_SMALL = 3, CRC_BYTES = 4, HEAD_BYTES = 1 + VARINT_BYTES };

const char *const block_faults[] = { "", "the block is cut off",
                                     "the block's checksum does not match its bytes",
                                     "the block is of a version that this program does not know",
                                     "the block's columns contradict themselves" };

void block_write(struct buf *out, const struct series_run *r, enum block_effort effort)
{
    if (!r->n || r->n > BLOCK_POINTS_MAX) bug("a block of %u points", r->n);
    size_t values = r->kind == SERIES_TEXT ? texts_room(r->s, r->n) : DOUBLES_TRIALS * COLUMN_BYTES(r->n);
    u8 *from = (u8 *)buf_room(out, HEAD_BYTES + INTS_TRIALS * COLUMN_BYTES(r->n) + values + CRC_BYTES),
       *to = from;
    unsigned version = effort == BLOCK_SMALL ? FORMAT_SMALL : FORMAT;
    to = put_u8(to, version << 4 | (unsigned)r->kind);
    to = put_varint(to, r->n);
    to = times_put(to, r->t, r->n, effort);
    if (r->kind == SERIES_F64) to = doubles_put(to, r->f, r->n, effort);
    else if (r->kind == SERIES_I64) to = ints_put(to, 0, r->i, r->n, effort);
    else to = texts_put(to, r->s, r->n, effort);
    to = put_u32(to, block_crc(from, (size_t)(to - from)));
    buf_grew(out, (size_t)(to - from));
}

/* Points of these times, at their places in *to. */
static struct span read_columns(struct in *in, int kind, u32 n, struct times_wanted w, struct arena *a,
                                struct block_points *to)
{
    struct span s = times_get(in, to->t, n, w, a);
    if (in->bad) return s;
    if (kind == SERIES_F64) {
        doubles_get(in, to->f, n, s, a);
    } else if (kind == SERIES_I64) {
        unsigned first = get_u8(in);
        if (first > 7) in->bad = true;
        ints_get(in, first, to->i, n, s, a);
    } else {
        to->text = texts_get(in, to->s, n, a);
    }
    if (in_left(in)) in->bad = true;
    return s;
}

static enum block_fault read_block(str bytes, struct times_wanted w, struct arena *a, struct block_points *to,
                                   struct series_run *run)
{
    const u8 *p = (const u8 *)bytes.p;
    if (bytes.n < 2 + CRC_BYTES) return BLOCK_CUT;
    if (*p >> 4 < FORMAT || *p >> 4 > FORMAT_SMALL) return BLOCK_VERSION;
    size_t body = bytes.n - CRC_BYTES;
    if (load_u32(p + body) != block_crc(p, body)) return BLOCK_CHECKSUM;
    struct in in = { p + 1, p + body, false, *p >> 4 };
    int kind = *p & 15;
    u64 n = get_varint(&in);
    if (in.bad || kind > SERIES_TEXT || !n || n > BLOCK_POINTS_MAX) return BLOCK_BAD;
    struct span s = read_columns(&in, kind, (u32)n, w, a, to);
    if (in.bad) return BLOCK_BAD;
    *run = (struct series_run){ .n = (u32)(s.to - s.from), .kind = kind, .t = to->t + s.from };
    if (kind == SERIES_TEXT) run->s = to->s + s.from;
    else run->i = to->i + s.from;
    return BLOCK_GOOD;
}

enum block_fault block_read(str bytes, struct arena *a, struct block_points *to, struct series_run *run)
{
    return read_block(bytes, (struct times_wanted){ INT64_MIN, INT64_MAX }, a, to, run);
}

enum block_fault block_read_range(str bytes, i64 from, i64 before, struct arena *a, struct block_points *to,
                                  struct series_run *run)
{
    return read_block(bytes, (struct times_wanted){ from, before > INT64_MIN ? before - 1 : before }, a, to,
                      run);
}
