/* Reads a captured log (capture.h) from any offset, across its files, while it is being written. Holds no
 * memory but the caller's buffer; cheap to open, so whoever reads now and then keeps only the offset. */
#pragma once
#include "agent/capture.h"
#include "agent/logread.h"

enum { READER_BYTES = 65536, READER_MARKS = 64 };
struct log_reader {
    int dir; /* of the log files; the caller's */
    const char *name;
    int log, idx;
    u32 segment;
    bool current; /* reads the file that is still written to */
    u64 base;     /* offset at which this file begins */
    u64 offset;   /* of the next byte that was not given out */
    u64 line;     /* newlines before it */
    char *buf;    /* READER_BYTES */
    size_t at, n;
    struct log_mark mark, ahead[READER_MARKS];
    size_t ahead_at, ahead_n;
    u64 marks; /* read so far */
};
/* At `offset`, which must be a line's beginning, or where the oldest file begins if that is later (then .line
 * tells how many lines are gone). False: there is no log. */
bool reader_open(struct log_reader *, int dir, const char *name, char buf[static READER_BYTES], u64 offset);
bool reader_open_last(struct log_reader *, int dir, const char *name, char buf[static READER_BYTES],
                      i64 lines);
void reader_close(struct log_reader *);
/* On to what was written at `from_us` or later (to 10 ms), or to the end. */
void reader_skip(struct log_reader *, i64 from_us);
/* The next whole line; with `rest`, also what stands at the end without its newline. False: no more now. */
bool reader_next(struct log_reader *, bool rest, struct log_line *out);
