/* A naive model of a series for tests: a sorted array of points, the last written wins. */
#pragma once
#include "base/rand.h"
#include "feature/series/series_impl.h"
#include "tests/unit/world.h"
#include <math.h>

struct model {
    size_t n, cap;
    i64 *t;
    double *v;
};
void model_put(struct model *, struct arena *, i64 t, double v);
/* All that a range holds, by series_scan. */
struct seen {
    struct arena *a;
    struct model m;
    bool ordered;
};
bool see_points(void *seen, const struct series_run *);
struct model scan_all(struct op *, i64 id, i64 from, i64 to);
void assert_same(struct op *, i64 id, const struct model *, i64 from, i64 to);
void assert_buckets(struct op *, i64 id, const struct model *, i64 from, i64 to, size_t n);
struct random { /* of tests: the same everywhere */
    u64 state;
};
u64 random_below(struct random *, u64 n);
i64 one_series(struct op *, i64 owner, const char *name, int kind);
void put(struct op *, i64 id, const i64 *t, const double *v, u32 n); /* durable when it returns */
/* As after a start: all that is in memory is forgotten and read anew. */
void again(struct op *);
