/* A log on disk: the bare bytes as they came in NAME.log, and beside it NAME.idx, marks that say when, from
 * which stream and as which line number the bytes from some offset on came. A mark is written when the stream
 * changes or 10 ms have passed, before the bytes that it describes, so capturing costs two system calls a
 * batch, not work a line. Full files become NAME.<n>.log and .idx, n rising; the oldest are removed.
 *
 * Offsets and line numbers run on through rotation, restarts of the unit and of the machine. One writer (the
 * unit's shim), any number of readers. */
#pragma once
#include "base/op.h"

enum { MARK_EVERY_US = 10000, MARK_HEAD = 1 /* first mark of a file: its offset is the file's beginning */ };
struct log_mark {
    u64 offset;  /* of the first byte it speaks of, since the log began */
    u64 line;    /* newlines before that byte */
    i64 time_us; /* wall clock */
    u32 segment; /* number of the file */
    u16 stream, flags;
};
static_assert(sizeof(struct log_mark) == 32, "stored");

struct capture {
    int dir;
    const char *name;
    int log, idx;
    i64 rotate, keep;
    u32 segment;
    u64 base, offset, line; /* logical: of this file's beginning, of its end, newlines before the end */
    i64 marked_us;
    u16 stream;
    bool cut;       /* the last byte written was no newline */
    u64 lost_bytes; /* could not be written (disk full) since the last success */
    u64 lost_lines;
};
/* Goes on where the log ended; mends what a crash in the middle of a rotation left. */
err_t capture_open(struct op *, int dir, const char *name, i64 rotate, i64 keep,
                   struct capture *out) MUST_USE;
void capture_close(struct capture *);
/* False: the bytes could not be written and are counted as lost. */
bool capture_write(struct capture *, u16 stream, str bytes);
u64 count_lines(const char *p, size_t n);

enum { SEGMENT_NAME = 64 };
/* "out.log", "out.17.idx"; segment 0: the one being written. */
void segment_name(char out[static SEGMENT_NAME], const char *name, u32 segment, const char *suffix);
/* Numbers of the full files that exist, rising. */
size_t segment_list(int dir, const char *name, u32 *out, size_t cap);
bool segment_head(int dir, const char *name, u32 segment, struct log_mark *out);
