/* The functions over ranges, for the table in promql_func.c. Private to promql. */
#pragma once
struct pq_window;
double over_rate(const struct pq_window *);
double over_increase(const struct pq_window *);
double over_delta(const struct pq_window *);
double over_irate(const struct pq_window *);
double over_idelta(const struct pq_window *);
double over_changes(const struct pq_window *);
double over_resets(const struct pq_window *);
double over_sum(const struct pq_window *);
double over_avg(const struct pq_window *);
double over_count(const struct pq_window *);
double over_last(const struct pq_window *);
double over_first(const struct pq_window *);
double over_present(const struct pq_window *);
double over_min(const struct pq_window *);
double over_max(const struct pq_window *);
double over_stdvar(const struct pq_window *);
double over_stddev(const struct pq_window *);
double over_quantile(const struct pq_window *);
double over_deriv(const struct pq_window *);
double over_predict(const struct pq_window *);
