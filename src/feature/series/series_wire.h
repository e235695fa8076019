/* The shapes of the API of series. */
#pragma once
#include "feature/series/series_api.h"
#include "feature/series/series_thin.h"
#include "net/route.h"

enum { SERIES_MOST_POINTS = 100000, SERIES_MOST_BUCKETS = 10000, SERIES_MOST_ROWS = 1000 };

struct series_window {
    str from, to;
};
/* Any form that time_moment() knows; errors name the field. */
err_t series_time(struct op *, const char *field, str text, i64 *out) MUST_USE;
err_t series_range_of(struct op *, const struct series_window *, struct series_range *) MUST_USE;

struct series_points_in {
    i64 id, limit;
    int thin;
    struct series_window at;
};
struct series_buckets_in {
    i64 id, n;
    struct series_window at;
};
extern const struct desc series_points_in_desc, series_buckets_in_desc;

struct series_points {
    i64 id;
    int kind;
    i64 from, to;
    json_raw points; /* [[t, value], ...] */
    str next, damage;
    bool thinned;
};
/* Fills points and next. */
err_t series_points_json(struct op *, struct series_range, i64 limit, struct series_points *out) MUST_USE;
json_raw series_buckets_json(struct arena *, const struct series_bucket *, size_t n);
/* Fills points and thinned. */
err_t series_thin_json(struct op *, struct series_range, const struct series_points_in *,
                       struct series_points *out) MUST_USE;
/* Refuses what cannot be thinned. */
err_t series_thin_check(struct op *, const struct series_points_in *, const struct series_info *) MUST_USE;
/* The other answers of /points and /buckets (series_frames.c). */
extern const struct http_raw series_points_frames, series_buckets_frames;
