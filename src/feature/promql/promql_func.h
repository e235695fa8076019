/* The functions of the language, one table. Private to promql. */
#pragma once
#include "feature/promql/promql_eval.h"

/* The samples of one range, (from, to], in microseconds; n may be 0. */
struct pq_window {
    const i64 *t;
    const double *v;
    size_t n;
    i64 from, to;
    double arg; /* the function's scalar argument at this step */
};
struct pq_func {
    const char *name;
    enum pq_type gives;
    size_t least, most; /* arguments */
    enum pq_type arg[3];
    /* One of: over a range, of each value, or of everything. */
    double (*over)(const struct pq_window *);
    double (*map)(double v, const double *arg, size_t n);
    err_t (*whole)(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *);
    bool keeps_name;
};
const struct pq_func *pq_func_find(str name); /* NULL: there is none */
/* Linear interpolation between the sorted values, as Prometheus does it. Sorts v. */
double pq_quantile(double q, double *v, size_t n);
