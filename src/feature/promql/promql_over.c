/* Functions over ranges. rate(), increase() and delta() extrapolate to the range's ends the way Prometheus
 * does (promql/functions.go, extrapolatedRate), so that dashboards show the same figures. */
#include "feature/promql/promql_over.h"
#include "feature/promql/promql_func.h"
#include <math.h>

static double seconds(i64 us) { return (double)us / 1e6; }

/* How far a sample series is taken to reach beyond its first or last sample. */
static double reach(double gap, double average) { return gap >= average * 1.1 ? average / 2 : gap; }

static double extrapolated(const struct pq_window *w, bool counter, bool per_second)
{
    if (w->n < 2) return pq_absent();
    double result = w->v[w->n - 1] - w->v[0];
    for (size_t i = 1; counter && i < w->n; i++)
        if (w->v[i] < w->v[i - 1]) result += w->v[i - 1];
    double sampled = seconds(w->t[w->n - 1] - w->t[0]), average = sampled / (double)(w->n - 1);
    double before = reach(seconds(w->t[0] - w->from), average),
           after = reach(seconds(w->to - w->t[w->n - 1]), average);
    /* A counter cannot have been below zero. */
    if (counter && result > 0 && w->v[0] >= 0) before = MIN(before, sampled * (w->v[0] / result));
    double factor = (sampled + before + after) / sampled;
    return result * (per_second ? factor / seconds(w->to - w->from) : factor);
}

double over_rate(const struct pq_window *w) { return extrapolated(w, true, true); }
double over_increase(const struct pq_window *w) { return extrapolated(w, true, false); }
double over_delta(const struct pq_window *w) { return extrapolated(w, false, false); }

static double last_two(const struct pq_window *w, bool counter, bool per_second)
{
    if (w->n < 2) return pq_absent();
    double a = w->v[w->n - 2], b = w->v[w->n - 1], d = counter && b < a ? b : b - a;
    double s = seconds(w->t[w->n - 1] - w->t[w->n - 2]);
    return per_second ? d / s : d;
}
double over_irate(const struct pq_window *w) { return last_two(w, true, true); }
double over_idelta(const struct pq_window *w) { return last_two(w, false, false); }

double over_changes(const struct pq_window *w)
{
    double n = 0;
    for (size_t i = 1; i < w->n; i++) n += w->v[i] != w->v[i - 1] && !(isnan(w->v[i]) && isnan(w->v[i - 1]));
    return w->n ? n : pq_absent();
}
double over_resets(const struct pq_window *w)
{
    double n = 0;
    for (size_t i = 1; i < w->n; i++) n += w->v[i] < w->v[i - 1];
    return w->n ? n : pq_absent();
}

double over_sum(const struct pq_window *w)
{
    double sum = 0, lost = 0; /* Neumaier's summation */
    for (size_t i = 0; i < w->n; i++) {
        double t = sum + w->v[i];
        lost += fabs(sum) >= fabs(w->v[i]) ? (sum - t) + w->v[i] : (w->v[i] - t) + sum;
        sum = t;
    }
    if (!w->n) return pq_absent();
    return isfinite(lost) ? sum + lost : sum;
}
double over_avg(const struct pq_window *w) { return w->n ? over_sum(w) / (double)w->n : pq_absent(); }
double over_count(const struct pq_window *w) { return w->n ? (double)w->n : pq_absent(); }
double over_last(const struct pq_window *w) { return w->n ? w->v[w->n - 1] : pq_absent(); }
double over_first(const struct pq_window *w) { return w->n ? w->v[0] : pq_absent(); }
double over_present(const struct pq_window *w) { return w->n ? 1 : pq_absent(); }

double over_min(const struct pq_window *w)
{
    double m = w->n ? w->v[0] : pq_absent();
    for (size_t i = 1; i < w->n; i++)
        if (w->v[i] < m || isnan(m)) m = w->v[i];
    return m;
}
double over_max(const struct pq_window *w)
{
    double m = w->n ? w->v[0] : pq_absent();
    for (size_t i = 1; i < w->n; i++)
        if (w->v[i] > m || isnan(m)) m = w->v[i];
    return m;
}

double over_stdvar(const struct pq_window *w)
{
    double mean = 0, squares = 0; /* Welford's algorithm */
    for (size_t i = 0; i < w->n; i++) {
        double d = w->v[i] - mean;
        mean += d / (double)(i + 1);
        squares += d * (w->v[i] - mean);
    }
    return w->n ? squares / (double)w->n : pq_absent();
}
double over_stddev(const struct pq_window *w) { return w->n ? sqrt(over_stdvar(w)) : pq_absent(); }

double over_quantile(const struct pq_window *w)
{
    if (!w->n) return pq_absent();
    double *sorted = mem_alloc(w->n * sizeof *sorted);
    memcpy(sorted, w->v, w->n * sizeof *sorted);
    double q = pq_quantile(w->arg, sorted, w->n);
    mem_free(sorted);
    return q;
}

/* Least squares; times relative to `zero`. */
static bool fit(const struct pq_window *w, i64 zero, double *slope, double *intercept)
{
    double n = 0, x = 0, y = 0, xy = 0, xx = 0;
    for (size_t i = 0; i < w->n; i++) {
        double t = seconds(w->t[i] - zero);
        n++, x += t, y += w->v[i], xy += t * w->v[i], xx += t * t;
    }
    if (w->n < 2) return false;
    *slope = (xy - x * y / n) / (xx - x * x / n);
    *intercept = y / n - *slope * x / n;
    return true;
}
double over_deriv(const struct pq_window *w)
{
    double slope, intercept;
    return fit(w, w->n ? w->t[0] : 0, &slope, &intercept) ? slope : pq_absent();
}
double over_predict(const struct pq_window *w)
{
    double slope, intercept;
    return fit(w, w->to, &slope, &intercept) ? slope * w->arg + intercept : pq_absent();
}
