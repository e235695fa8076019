/* Roll-ups: what is left of points past their retention. A row holds the aggregates of all points of one
 * minute, or hour, that have been rolled up; each point is in exactly one row, or still a point. A row is a
 * struct series_bucket whose t is a multiple of the width. */
#pragma once
#include "feature/series/series_impl.h"

enum { ROLLUP_ROWS = 4096 /* of a block */ };
#define ROLLUP_MINUTE SEC(60)
#define ROLLUP_HOUR   SEC(3600)

typedef LIST(struct series_bucket) rollup_rows;
/* Adds x to b, whichever is earlier; b's t stays. */
void bucket_join(struct series_bucket *b, const struct series_bucket *x);
/* Aggregates of a run of numbers, NaN left out. */
struct series_bucket bucket_of(const struct series_run *, u32 from, u32 to);

/* Rows in rising order of t as bytes, at most ROLLUP_ROWS; in the arena. */
str rollup_write(struct arena *, const struct series_bucket *, size_t n);
bool rollup_read(str bytes, struct arena *, rollup_rows *); /* false: damaged */
/* Puts runs of points, or rows of a finer width, into rows of this width, behind those that are there. */
struct rolling {
    struct arena *arena;
    i64 width;
    rollup_rows rows;
    size_t cap;
};
void rolling_run(struct rolling *, const struct series_run *);
void rolling_row(struct rolling *, const struct series_bucket *);
/* Adds the roll-ups of a range to buckets of that width. */
err_t rollup_buckets(struct op *, struct series_range, i64 width, struct series_bucket *out) MUST_USE;
/* Rolls up and deletes what is past its retention at that time. */
err_t series_retain(struct op *, time_us now) MUST_USE;
err_t series_retain_job(struct op *) MUST_USE;
