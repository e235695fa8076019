#include "feature/promql/promql_func.h"
#include "base/buf.h"
#include "feature/promql/promql_groups.h"
#include "feature/promql/promql_over.h"
#include <math.h>
#include <regex.h>
#include <time.h>

/* Of each value. */

static double map_abs(double v, const double *a UNUSED, size_t n UNUSED) { return fabs(v); }
static double map_ceil(double v, const double *a UNUSED, size_t n UNUSED) { return ceil(v); }
static double map_floor(double v, const double *a UNUSED, size_t n UNUSED) { return floor(v); }
static double map_sqrt(double v, const double *a UNUSED, size_t n UNUSED) { return sqrt(v); }
static double map_exp(double v, const double *a UNUSED, size_t n UNUSED) { return exp(v); }
static double map_ln(double v, const double *a UNUSED, size_t n UNUSED) { return log(v); }
static double map_log2(double v, const double *a UNUSED, size_t n UNUSED) { return log2(v); }
static double map_log10(double v, const double *a UNUSED, size_t n UNUSED) { return log10(v); }
static double map_deg(double v, const double *a UNUSED, size_t n UNUSED) { return v * 180 / M_PI; }
static double map_rad(double v, const double *a UNUSED, size_t n UNUSED) { return v * M_PI / 180; }
static double map_sin(double v, const double *a UNUSED, size_t n UNUSED) { return sin(v); }
static double map_cos(double v, const double *a UNUSED, size_t n UNUSED) { return cos(v); }
static double map_tan(double v, const double *a UNUSED, size_t n UNUSED) { return tan(v); }
static double map_sgn(double v, const double *a UNUSED, size_t n UNUSED)
{
    return v > 0 ? 1 : v < 0 ? -1 : v;
}
static double map_round(double v, const double *a, size_t n)
{
    double to = n ? 1 / a[0] : 1; /* inverse, so that round(0.5, 0.1) is exact */
    return floor(v * to + 0.5) / to;
}
static double map_clamp(double v, const double *a, size_t n UNUSED)
{
    return a[0] > a[1] ? pq_absent() : isnan(v) ? v : MAX(a[0], MIN(a[1], v));
}
static double map_clamp_min(double v, const double *a, size_t n UNUSED)
{
    return isnan(v) ? v : MAX(a[0], v);
}
static double map_clamp_max(double v, const double *a, size_t n UNUSED)
{
    return isnan(v) ? v : MIN(a[0], v);
}

static struct tm utc(double v)
{
    time_t t = (time_t)v;
    struct tm out = { 0 };
    gmtime_r(&t, &out);
    return out;
}
static double map_minute(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_min; }
static double map_hour(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_hour; }
static double map_day_of_week(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_wday; }
static double map_day_of_month(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_mday; }
static double map_month(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_mon + 1; }
static double map_year(double v, const double *a UNUSED, size_t n UNUSED) { return utc(v).tm_year + 1900; }

/* Of everything. */

static err_t whole_time(struct pq_eval *e, const struct pq_node *n UNUSED, struct pq_grid g,
                        struct pq_value *out)
{
    TRY(pq_value_new(e, PQ_SCALAR, 1, g, out));
    for (size_t s = 0; s < g.n; s++) out->row[0].v[s] = (double)pq_time(g, s) / 1e6;
    return OK;
}

static err_t whole_vector(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    TRY(pq_run(e, n->arg[0], g, out));
    out->type = PQ_VECTOR;
    return OK;
}

static err_t whole_scalar(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct pq_value v;
    TRY(pq_run(e, n->arg[0], g, &v));
    TRY(pq_value_new(e, PQ_SCALAR, 1, g, out));
    for (size_t s = 0; s < g.n; s++) {
        size_t there = 0;
        for (size_t r = 0; r < v.n; r++)
            if (!pq_is_absent(v.row[r].v[s]) && !there++) out->row[0].v[s] = v.row[r].v[s];
        if (there != 1) out->row[0].v[s] = (double)NAN;
    }
    return OK;
}

/* 1 where the argument has nothing; labelled by the selector's equalities. */
static err_t absence(struct pq_eval *e, const struct pq_node *arg, const struct pq_value *v, struct pq_grid g,
                     struct pq_value *out)
{
    TRY(pq_value_new(e, PQ_VECTOR, 1, g, out));
    for (size_t i = 0; arg->kind == PQ_SELECTOR && i < arg->nmatch; i++)
        if (arg->match[i].op == MATCH_EQUAL && arg->match[i].label.n)
            pq_label_set(e->op, &out->row[0], arg->match[i].label, arg->match[i].value);
    bool any = false;
    for (size_t s = 0; s < g.n; s++) {
        bool there = false;
        for (size_t r = 0; r < v->n; r++) there |= !pq_is_absent(v->row[r].v[s]);
        if (!there) out->row[0].v[s] = 1;
        any |= !there;
    }
    out->n = any;
    return OK;
}

static err_t whole_absent(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct pq_value v;
    TRY(pq_run(e, n->arg[0], g, &v));
    return absence(e, n->arg[0], &v, g, out);
}

static err_t whole_absent_over_time(struct pq_eval *e, const struct pq_node *n, struct pq_grid g,
                                    struct pq_value *out)
{
    struct pq_node present = *n;
    struct pq_value v;
    present.func = pq_func_find(S("present_over_time"));
    TRY(pq_over(e, &present, g, &v));
    return absence(e, n->arg[0], &v, g, out);
}

static err_t whole_timestamp(struct pq_eval *e, const struct pq_node *n, struct pq_grid g,
                             struct pq_value *out)
{
    TRY(pq_timestamps(e, n->arg[0], g, out));
    for (size_t r = 0; r < out->n; r++) pq_label_drop(e->op, &out->row[r], S("__name__"));
    return OK;
}

/* Sorting is for instant queries: by the value at the last step. */
struct sorted {
    size_t last;
    bool down;
};
static int by_value(const void *a, const void *b, void *arg)
{
    const struct sorted *s = arg;
    double x = ((const struct pq_row *)a)->v[s->last], y = ((const struct pq_row *)b)->v[s->last];
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    int up = (x > y) - (x < y);
    return s->down ? -up : up;
}
static err_t whole_sort(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct sorted how = { g.n - 1, str_is(str_of(n->func->name), "sort_desc") };
    TRY(pq_run(e, n->arg[0], g, out));
    qsort_r(out->row, out->n, sizeof *out->row, by_value, &how);
    return OK;
}

/* histogram_quantile: buckets of cumulative counts by their label le. */

struct bucket {
    double le, count;
};
static int by_le(const void *a, const void *b)
{
    double x = ((const struct bucket *)a)->le, y = ((const struct bucket *)b)->le;
    return (x > y) - (x < y);
}

static double bucket_quantile(double q, struct bucket *b, size_t n)
{
    if (isnan(q)) return (double)NAN;
    if (q < 0) return (double)-INFINITY;
    if (q > 1) return (double)INFINITY;
    qsort(b, n, sizeof *b, by_le);
    if (n < 2 || !isinf(b[n - 1].le)) return (double)NAN;
    for (size_t i = 1; i < n; i++) b[i].count = MAX(b[i].count, b[i - 1].count);
    double total = b[n - 1].count, rank = q * total;
    if (!(total > 0)) return (double)NAN;
    size_t i = 0;
    while (i < n - 1 && b[i].count < rank) i++;
    if (i == n - 1) return b[n - 2].le;
    if (!i && b[0].le <= 0) return b[0].le;
    double start = i ? b[i - 1].le : 0, below = i ? b[i - 1].count : 0, here = b[i].count - below;
    return start + (b[i].le - start) * (here > 0 ? (rank - below) / here : 0);
}

static bool le_of(const struct pq_row *r, double *out)
{
    str le = pq_label_get(r, S("le"));
    *out = (double)INFINITY;
    return str_is(le, "+Inf") || str_is(le, "Inf") || str_to_f64(le, out);
}

static err_t whole_histogram_quantile(struct pq_eval *e, const struct pq_node *n, struct pq_grid g,
                                      struct pq_value *out)
{
    static str le[] = { { "le", 2 } };
    static const pq_names without = { le, 1 };
    struct pq_value q, v;
    TRY(pq_run(e, n->arg[0], g, &q));
    TRY(pq_run(e, n->arg[1], g, &v));
    struct groups groups;
    groups_begin(e->op, &groups, v.n);
    const size_t *group = groups_add(&groups, &v, false, &without);
    TRY(pq_value_new(e, PQ_VECTOR, groups.n, g, out));
    struct bucket *b = NEWN(e->op->arena, struct bucket, v.n + 1);
    for (size_t k = 0; k < groups.n; k++) {
        out->row[k].label = groups.row[k].label;
        out->row[k].nlabels = groups.row[k].nlabels;
        for (size_t s = 0; s < g.n; s++) {
            size_t nb = 0;
            double bound;
            for (size_t r = 0; r < v.n; r++)
                if (group[r] == k && !pq_is_absent(v.row[r].v[s]) && le_of(&v.row[r], &bound))
                    b[nb++] = (struct bucket){ bound, v.row[r].v[s] };
            if (nb) out->row[k].v[s] = bucket_quantile(q.row[0].v[s], b, nb);
        }
    }
    return OK;
}

/* "$1-$2" with what a pattern matched. */
static str expand(struct op *op, str replacement, str source, const regmatch_t *m, size_t n)
{
    struct buf b = BUF(op->arena);
    for (size_t i = 0; i < replacement.n; i++) {
        bool braces = i + 1 < replacement.n && replacement.p[i + 1] == '{';
        size_t d = i + 1 + braces;
        bool is_group = replacement.p[i] == '$' && d < replacement.n && replacement.p[d] >= '0' &&
                        replacement.p[d] <= '9';
        if (!is_group) {
            buf_char(&b, replacement.p[i]);
            continue;
        }
        size_t k = (size_t)(replacement.p[d] - '0');
        if (k < n && m[k].rm_so >= 0) buf_put(&b, str_sub(source.p + m[k].rm_so, source.p + m[k].rm_eo));
        i = d + (braces && d + 1 < replacement.n && replacement.p[d + 1] == '}');
    }
    return buf_str(&b);
}

/* label_replace(v, dst, replacement, src, regex) */
static err_t whole_label_replace(struct pq_eval *e, const struct pq_node *n, struct pq_grid g,
                                 struct pq_value *out)
{
    struct op *op = e->op;
    regex_t re;
    str pattern = arena_printf(op->arena, "^(%.*s)$", STR(n->arg[4]->text));
    if (regcomp(&re, pattern.p, REG_EXTENDED))
        return fail_field(op, "query", "label_replace has a bad pattern");
    err_t err = pq_run(e, n->arg[0], g, out);
    for (size_t r = 0; !err && r < out->n; r++) {
        regmatch_t m[11]; /* the whole in our own parentheses, then up to nine groups */
        str source = str_copy(op->arena, pq_label_get(&out->row[r], n->arg[3]->text));
        if (regexec(&re, source.p, LEN(m), m, 0)) continue;
        str value = expand(op, n->arg[2]->text, source, m + 1, LEN(m) - 1);
        pq_label_set(op, &out->row[r], n->arg[1]->text, value);
    }
    regfree(&re);
    return err;
}

/* label_join(v, dst, separator, src...) */
static err_t whole_label_join(struct pq_eval *e, const struct pq_node *n, struct pq_grid g,
                              struct pq_value *out)
{
    TRY(pq_run(e, n->arg[0], g, out));
    for (size_t r = 0; r < out->n; r++) {
        struct buf b = BUF(e->op->arena);
        for (size_t i = 3; i < n->nargs; i++) {
            if (i > 3) buf_put(&b, n->arg[2]->text);
            buf_put(&b, pq_label_get(&out->row[r], n->arg[i]->text));
        }
        pq_label_set(e->op, &out->row[r], n->arg[1]->text, buf_str(&b));
    }
    return OK;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y)) return isnan(y) - isnan(x); /* NaN first */
    return (x > y) - (x < y);
}

double pq_quantile(double q, double *v, size_t n)
{
    if (!n || isnan(q)) return (double)NAN;
    if (q < 0) return (double)-INFINITY;
    if (q > 1) return (double)INFINITY;
    qsort(v, n, sizeof *v, by_number);
    double rank = q * (double)(n - 1);
    size_t low = (size_t)floor(rank), high = MIN(low + 1, n - 1);
    double part = rank - floor(rank);
    return v[low] * (1 - part) + v[high] * part;
}

/* clang-format off */
#define OVER(word, fn)  { word, PQ_VECTOR, 1, 1, { PQ_MATRIX }, .over = over_##fn }
#define OVER_TIME(fn)   OVER(#fn "_over_time", fn)
#define MAP(fn)         { #fn, PQ_VECTOR, 1, 1, { PQ_VECTOR }, .map = map_##fn }
static const struct pq_func funcs[] = {
    OVER("rate", rate), OVER("increase", increase), OVER("delta", delta), OVER("irate", irate), OVER("idelta", idelta),
    OVER("changes", changes), OVER("resets", resets), OVER("deriv", deriv),
    OVER_TIME(sum), OVER_TIME(avg), OVER_TIME(count), OVER_TIME(present), OVER_TIME(min), OVER_TIME(max),
    OVER_TIME(stdvar), OVER_TIME(stddev),
    { "last_over_time", PQ_VECTOR, 1, 1, { PQ_MATRIX }, .over = over_last, .keeps_name = true },
    { "first_over_time", PQ_VECTOR, 1, 1, { PQ_MATRIX }, .over = over_first, .keeps_name = true },
    { "quantile_over_time", PQ_VECTOR, 2, 2, { PQ_SCALAR, PQ_MATRIX, PQ_NONE }, .over = over_quantile },
    { "predict_linear", PQ_VECTOR, 2, 2, { PQ_MATRIX, PQ_SCALAR, PQ_NONE }, .over = over_predict },
    MAP(abs), MAP(ceil), MAP(floor), MAP(sqrt), MAP(exp), MAP(ln), MAP(log2), MAP(log10), MAP(sgn), MAP(deg), MAP(rad),
    MAP(sin), MAP(cos), MAP(tan), MAP(minute), MAP(hour), MAP(day_of_week), MAP(day_of_month), MAP(month), MAP(year),
    { "round", PQ_VECTOR, 1, 2, { PQ_VECTOR, PQ_SCALAR, PQ_NONE }, .map = map_round },
    { "clamp", PQ_VECTOR, 3, 3, { PQ_VECTOR, PQ_SCALAR, PQ_SCALAR }, .map = map_clamp },
    { "clamp_min", PQ_VECTOR, 2, 2, { PQ_VECTOR, PQ_SCALAR, PQ_NONE }, .map = map_clamp_min },
    { "clamp_max", PQ_VECTOR, 2, 2, { PQ_VECTOR, PQ_SCALAR, PQ_NONE }, .map = map_clamp_max },
    { "time", PQ_SCALAR, 0, 0, { PQ_NONE }, .whole = whole_time },
    { "vector", PQ_VECTOR, 1, 1, { PQ_SCALAR }, .whole = whole_vector },
    { "scalar", PQ_SCALAR, 1, 1, { PQ_VECTOR }, .whole = whole_scalar },
    { "absent", PQ_VECTOR, 1, 1, { PQ_VECTOR }, .whole = whole_absent },
    { "absent_over_time", PQ_VECTOR, 1, 1, { PQ_MATRIX }, .whole = whole_absent_over_time },
    { "timestamp", PQ_VECTOR, 1, 1, { PQ_VECTOR }, .whole = whole_timestamp },
    { "sort", PQ_VECTOR, 1, 1, { PQ_VECTOR }, .whole = whole_sort },
    { "sort_desc", PQ_VECTOR, 1, 1, { PQ_VECTOR }, .whole = whole_sort },
    { "histogram_quantile", PQ_VECTOR, 2, 2, { PQ_SCALAR, PQ_VECTOR, PQ_NONE }, .whole = whole_histogram_quantile },
    { "label_replace", PQ_VECTOR, 5, 5, { PQ_VECTOR, PQ_STRING, PQ_STRING }, .whole = whole_label_replace },
    { "label_join", PQ_VECTOR, 3, PQ_ARGS, { PQ_VECTOR, PQ_STRING, PQ_STRING }, .whole = whole_label_join },
};
/* clang-format on */

const struct pq_func *pq_func_find(str name)
{
    for (size_t i = 0; i < LEN(funcs); i++)
        if (str_is(name, funcs[i].name)) return &funcs[i];
    return NULL;
}
