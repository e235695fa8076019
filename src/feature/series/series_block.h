/* A block: the points of one series over a time, compressed without loss (docs/series-format.md). Private to
 * series. Pure functions: no database, no operation, safe on all threads.
 *
 * Layout: version and kind, number of points, column of times, column of values, CRC-32C. The forms of the
 * columns are chosen by trial: integers as residuals bit-packed (a steady clock costs nothing); doubles that
 * were decimals as scaled integers (the ALP family: Afroozeh, Kuffo, Boncz, SIGMOD 2024), else their bits as
 * integers, XOR (Gorilla: Pelkonen et al., VLDB 2015) or raw; texts by zstd. NaN with its payload, infinities
 * and -0.0 come back bit for bit. A block that rests may have its residuals entropy coded (docs/adr/0080).
 *
 * block_write() and block_stats() take up to a megabyte of stack. */
#pragma once
#include "base/arena.h"
#include "feature/series/series.h"

enum { BLOCK_POINTS = 8192, /* of a full block */ BLOCK_POINTS_MAX = 32768 };

/* What a block's row tells without reading the block. NaN is in count, not in the rest. */
struct block_stats {
    i64 t_first, t_last;
    i64 count, numbers; /* points; those that are numbers */
    double min, max, sum, first, last;
    i64 t_min, t_max;
};

enum block_effort {
    BLOCK_FAST /* tail: no entropy coding */,
    BLOCK_SMALL /* sealed: smallest of all trials */
};
/* Appends the block to *out, which has no limit. The run is sorted by strictly rising time, n <=
 * BLOCK_POINTS_MAX. */
void block_write(struct buf *out, const struct series_run *, enum block_effort);
void block_stats(const struct series_run *, struct block_stats *);

/* Room for one block's points; reused from block to block. */
struct block_points {
    i64 t[BLOCK_POINTS_MAX];
    union {
        double f[BLOCK_POINTS_MAX];
        i64 i[BLOCK_POINTS_MAX];
        str s[BLOCK_POINTS_MAX]; /* into `text` */
    };
    str text;
};
enum block_fault { BLOCK_GOOD, BLOCK_CUT, BLOCK_CHECKSUM, BLOCK_VERSION, BLOCK_BAD };
extern const char *const block_faults[]; /* what to tell people */
/* Reads any bytes safely; they are one whole block and nothing else. Texts are in the arena, as is what zstd
 * needs. On a fault *run is untouched. */
enum block_fault block_read(str bytes, struct arena *, struct block_points *, struct series_run *run);
/* Only the points of [from, before), which may be none. Of a large block that rests only the parts that hold
 * them are decoded; all of its bytes are checked nevertheless. */
enum block_fault block_read_range(str bytes, i64 from, i64 before, struct arena *, struct block_points *,
                                  struct series_run *run);
