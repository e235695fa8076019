/* The shapes of the API of series. */
#pragma once
#include "feature/series/series_api.h"

enum { SERIES_MOST_POINTS = 100000, SERIES_MOST_BUCKETS = 10000, SERIES_MOST_ROWS = 1000 };

struct series_window {
    str from, to;
};
/* Microseconds, RFC 3339, or "now-1h"; errors name the field. */
err_t series_time(struct op *, const char *field, str text, i64 *out) MUST_USE;
err_t series_range_of(struct op *, const struct series_window *, struct series_range *) MUST_USE;

struct series_points {
    i64 id;
    int kind;
    i64 from, to;
    json_raw points; /* [[t, value], ...] */
    str next, damage;
};
/* Fills points and next. */
err_t series_points_json(struct op *, struct series_range, i64 limit, struct series_points *out) MUST_USE;
json_raw series_buckets_json(struct arena *, const struct series_bucket *, size_t n);
void series_put_value(struct buf *, const struct series_run *, u32 i);
