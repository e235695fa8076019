/* Fewer points that look the same, for charts. Doubles only: whole numbers become doubles. */
#pragma once
#include "feature/series/series.h"

enum series_thinning {
    THIN_NONE,
    THIN_MINMAX, /* the least and the largest point of each of most/2 equal spans of time */
    THIN_M4,     /* first, least, largest, last of each of most/4 (Jugel et al., VLDB 2014) */
    THIN_LTTB, /* largest triangles (Steinarsson 2013) of a min-max selection (Van Der Donckt et al. 2023) */
};
extern const char *const series_thinnings[]; /* "", "minmax", "m4", "lttb", NULL */
enum { THIN_LEAST = 4, THIN_MOST = 20000 };

struct series_points_of {
    i64 *t;
    double *v;
    size_t n;
};
/* At most `most` points of the range, in time order, each of them one that is stored; all of them where they
 * are not more. most: THIN_LEAST to THIN_MOST. *thinned: some are left out. */
err_t series_thin(struct op *, struct series_range, enum series_thinning, size_t most,
                  struct series_points_of *out, bool *thinned) MUST_USE;
/* The points of a range as they are, `most` at most; *next: time of the first that did not fit, INT64_MIN:
 * all did. */
err_t series_gather(struct op *, struct series_range, size_t most, struct series_points_of *out,
                    i64 *next) MUST_USE;
/* Pure: n points in time order to at most `most`, at least 3, in place. */
size_t thin_lttb(i64 *t, double *v, size_t n, size_t most);
