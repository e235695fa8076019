/* Binary frames of points (docs/live-protocol.md), for the live channel and for answers to who asks for
 * FRAME_MEDIA_TYPE: little-endian, columnar, 40 bytes of head, every column padded to 8 bytes; frames may
 * follow one another. The page's twin is web/src/live/frame.ts; both read tests/golden/live. Everything here
 * is pure. */
#pragma once
#include "base/buf.h"

#define FRAME_MEDIA_TYPE "application/vnd.netbit.frame"
enum { FRAME_VERSION = 1, FRAME_HEAD = 40, FRAME_COLUMNS = 7 };
enum frame_kind {
    FRAME_APPEND = 1,
    FRAME_SNAPSHOT,
    FRAME_BUCKETS, /* min, max and, where there are four, first, last; NaN: nothing in the bucket */
    FRAME_SPARK,
    FRAME_LINES,
    FRAME_GAP, /* no columns; rows: how many points are missing, 0: unknown */
};
enum frame_flag {
    FRAME_REGULAR = 1 << 0,  /* row i is at t0 + i * dt: no time column */
    FRAME_BACKFILL = 1 << 1, /* rows are older than some that went before */
    FRAME_LAST = 1 << 2,     /* the last of a snapshot */
    FRAME_DEFLATE = 1 << 3,  /* reserved: neither written nor read in version 1 */
};
enum frame_type { FRAME_F32 = 1, FRAME_F64, FRAME_I16, FRAME_I32, FRAME_U8, FRAME_U32 };

struct frame {
    int kind;
    unsigned flags;
    u32 chan, seq, rows;
    i64 t0;    /* microseconds since 1970, of row 0 */
    double dt; /* microseconds a row if REGULAR, else 0 */
    int ncol;  /* with the column of times, which is f64, microseconds from t0 */
    u8 type[FRAME_COLUMNS];
    const void *col[FRAME_COLUMNS]; /* rows values each, not aligned when read */
};
/* Fill a frame whose rows are known: its times, which need no column when their steps are equal, then columns
 * of values, each in the narrowest type that holds them exactly. What is made of them lives in the arena. */
void frame_add_times(struct arena *, struct frame *, const i64 *t);
void frame_add_values(struct arena *, struct frame *, const double *v);
size_t frame_size(const struct frame *);
void frame_write(struct buf *, const struct frame *); /* the caller's frame is sound */
/* The first frame of bytes; *used is its length. Columns view the bytes. False: malformed or cut off. */
bool frame_read(str bytes, struct frame *out, size_t *used);
double frame_value(const struct frame *, int col, u32 row);
extern const char *const frame_kinds[], *const frame_types[]; /* by number, "" at 0, NULL at the end */
