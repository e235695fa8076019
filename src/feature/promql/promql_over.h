/* The functions over ranges, for the table in promql_func.c. Private to promql. */
#pragma once
struct pq_window;
#define PQ_OVER(X) \
    X(rate) \
    X(increase) \
    X(delta) \
    X(irate) \
    X(idelta) X(changes) X(resets) X(sum) X(avg) X(count) X(last) X(first) X(present) X(min) X(max) \
        X(stdvar) X(stddev) X(quantile) X(deriv) X(predict)
#define X(name) double over_##name(const struct pq_window *);
PQ_OVER(X)
#undef X
