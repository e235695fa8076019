#include "feature/promql/promql_eval.h"
#include "base/json.h"
#include "feature/promql/promql_func.h"
#include <math.h>

static const i64 lookback_us = SEC(300);

double pq_absent(void)
{
    u64 bits = 0x7ff0000000000002;
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

bool pq_is_absent(double d)
{
    u64 bits;
    memcpy(&bits, &d, sizeof bits);
    return bits == 0x7ff0000000000002 || bits == 0x7ff8000000000002; /* also once arithmetic has quieted it */
}

err_t pq_value_new(struct pq_eval *e, enum pq_type type, size_t rows, struct pq_grid g, struct pq_value *out)
{
    if (rows > PQ_ROWS_MAX) return fail_field(e->op, "query", "has more than %d series", PQ_ROWS_MAX);
    e->cells += rows * g.n;
    if (e->cells > PQ_CELLS_MAX)
        return fail_field(e->op, "query", "makes too many values: use a longer step or fewer series");
    if (op_late(e->op)) return fail(e->op, ERR_TIMEOUT, "the query takes too long");
    *out = (struct pq_value){ .type = type, .n = rows, .row = NEWN(e->op->arena, struct pq_row, rows + 1) };
    double *cells = arena_alloc_raw(e->op->arena, (rows * g.n + 1) * sizeof *cells);
    for (size_t i = 0; i < rows; i++) out->row[i].v = cells + i * g.n;
    for (size_t i = 0; i < rows * g.n; i++) cells[i] = pq_absent();
    return OK;
}

void pq_done(struct pq_eval *e)
{
    mem_free(e->t);
    mem_free(e->v);
    e->t = NULL;
    e->v = NULL;
    e->cap = e->npoints = 0;
}

/* Points. */

static void need(struct pq_eval *e, size_t n)
{
    if (e->npoints + n <= e->cap) return;
    e->cap = MAX(e->cap * 2, e->npoints + n);
    e->t = mem_resize(e->t, e->cap * sizeof *e->t);
    e->v = mem_resize(e->v, e->cap * sizeof *e->v);
}

static bool take(void *ctx, const struct series_run *run)
{
    struct pq_eval *e = ctx;
    if (run->kind == SERIES_TEXT) return false;
    need(e, run->n);
    memcpy(e->t + e->npoints, run->t, run->n * sizeof *e->t);
    for (size_t i = 0; i < run->n; i++)
        e->v[e->npoints + i] = run->kind == SERIES_F64 ? run->f[i] : (double)run->i[i];
    e->npoints += run->n;
    e->samples += run->n;
    return e->samples <= PQ_SAMPLES_MAX;
}

static err_t load(struct pq_eval *e, i64 id, i64 from, i64 to)
{
    e->npoints = 0;
    TRY(series_scan(e->op, (struct series_range){ id, from, to }, take, e));
    if (e->samples > PQ_SAMPLES_MAX)
        return fail_field(e->op, "query", "reads more than %d samples", PQ_SAMPLES_MAX);
    return op_late(e->op) ? fail(e->op, ERR_TIMEOUT, "the query takes too long") : OK;
}

err_t pq_row_labels(struct op *op, const struct series_info *s, struct pq_row *r)
{
    struct json j = json_reader(op->arena, s->labels.s.n ? s->labels.s : S("{}"));
    struct pq_label *l = NEWN(op->arena, struct pq_label, SERIES_MAX_LABELS + 1);
    str key, value;
    if (json_object(&j))
        while (r->nlabels < SERIES_MAX_LABELS && json_key(&j, &key) && json_str(&j, &value))
            l[r->nlabels++] = (struct pq_label){ str_copy(op->arena, key), str_copy(op->arena, value) };
    r->label = l;
    if (j.error) return fail(op, ERR_INTERNAL, "labels of series %lld", (long long)s->id);
    pq_label_set(op, r, S("__name__"), s->name);
    return OK;
}

static err_t find(struct pq_eval *e, const struct pq_node *n, series_list *out)
{
    struct series_query q = {
        .match = n->match, .nmatch = n->nmatch, .project_id = e->project_id, .limit = PQ_ROWS_MAX + 1
    };
    TRY(series_find(e->op, &q, out));
    if (out->n > PQ_ROWS_MAX) return fail_field(e->op, "query", "has more than %d series", PQ_ROWS_MAX);
    return OK;
}

/* Where the samples of a node lie: the grid moved by offset and @. fixed: @, the same for all steps. */
static struct pq_grid moved(const struct pq_eval *e, const struct pq_node *n, struct pq_grid g, bool *fixed)
{
    i64 at[] = { [AT_NONE] = g.start,
                 [AT_TIME] = n->at_us,
                 [AT_START] = e->outer.start,
                 [AT_END] = pq_time(e->outer, e->outer.n - 1) };
    *fixed = n->at_kind != AT_NONE;
    return (struct pq_grid){ at[n->at_kind] - n->offset_us, *fixed ? 0 : g.step, g.n };
}

static void fill_instants(struct pq_eval *e, struct pq_grid at, bool times, double *v)
{
    size_t i = 0;
    for (size_t s = 0; s < at.n; s++) {
        i64 t = pq_time(at, s);
        while (i < e->npoints && e->t[i] <= t) i++;
        if (!i || e->t[i - 1] <= t - lookback_us || pq_is_absent(e->v[i - 1])) continue;
        v[s] = times ? (double)e->t[i - 1] / 1e6 : e->v[i - 1];
    }
}

static bool is_empty(const struct pq_row *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!pq_is_absent(r->v[i])) return false;
    return true;
}

/* Rows that have no value at any step are not part of a result. */
static void drop_empty(struct pq_value *v, size_t steps)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->n; i++)
        if (!is_empty(&v->row[i], steps)) v->row[kept++] = v->row[i];
    v->n = kept;
}

static err_t instants(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, bool times,
                      struct pq_value *out)
{
    series_list found = { 0 };
    bool fixed;
    struct pq_grid at = moved(e, n, g, &fixed);
    TRY(find(e, n, &found));
    TRY(pq_value_new(e, PQ_VECTOR, found.n, g, out));
    for (size_t i = 0; i < found.n; i++) {
        TRY(pq_row_labels(e->op, &found.item[i], &out->row[i]));
        TRY(load(e, found.item[i].id, at.start - lookback_us + 1, pq_time(at, at.n - 1) + 1));
        fill_instants(e, at, times, out->row[i].v);
    }
    drop_empty(out, g.n);
    return OK;
}

err_t pq_timestamps(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    if (n->kind == PQ_SELECTOR) return instants(e, n, g, true, out);
    TRY(pq_run(e, n, g, out));
    for (size_t i = 0; i < out->n; i++)
        for (size_t s = 0; s < g.n; s++)
            if (!pq_is_absent(out->row[i].v[s])) out->row[i].v[s] = (double)pq_time(g, s) / 1e6;
    return OK;
}

/* Ranges. */

struct over {
    const struct pq_func *func;
    const struct pq_node *range; /* selector or subquery */
    struct pq_grid at;
    const double *arg; /* a step */
};

/* The points in hand through every step's window. Stale markers have been taken out. */
static void slide(struct pq_eval *e, const struct over *o, double *v)
{
    size_t lo = 0, hi = 0;
    for (size_t s = 0; s < o->at.n; s++) {
        i64 to = pq_time(o->at, s), from = to - o->range->range_us;
        while (hi < e->npoints && e->t[hi] <= to) hi++;
        while (lo < hi && e->t[lo] <= from) lo++;
        struct pq_window w = { e->t + lo, e->v + lo, hi - lo, from, to, o->arg ? o->arg[s] : 0 };
        v[s] = o->func->over(&w);
    }
}

static void drop_stale(struct pq_eval *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->npoints; i++) {
        if (pq_is_absent(e->v[i])) continue;
        e->t[kept] = e->t[i];
        e->v[kept++] = e->v[i];
    }
    e->npoints = kept;
}

static err_t over_series(struct pq_eval *e, const struct over *o, struct pq_grid g, struct pq_value *out)
{
    series_list found = { 0 };
    TRY(find(e, o->range, &found));
    TRY(pq_value_new(e, PQ_VECTOR, found.n, g, out));
    for (size_t i = 0; i < found.n; i++) {
        TRY(pq_row_labels(e->op, &found.item[i], &out->row[i]));
        TRY(load(e, found.item[i].id, o->at.start - o->range->range_us + 1, pq_time(o->at, o->at.n - 1) + 1));
        drop_stale(e);
        slide(e, o, out->row[i].v);
    }
    return OK;
}

/* The inner query runs on a grid of its own, aligned to its step; its values are then the points. */
static err_t over_subquery(struct pq_eval *e, const struct over *o, struct pq_grid g, struct pq_value *out)
{
    const struct pq_node *sub = o->range;
    i64 step = sub->step_us ? sub->step_us : g.step > 0 ? g.step : SEC(60);
    i64 from = o->at.start - sub->range_us, last = pq_time(o->at, o->at.n - 1);
    struct pq_grid inner = { (from / step + 1) * step, step, 0 };
    if (last >= inner.start) inner.n = (size_t)((last - inner.start) / step) + 1;
    if (inner.n > 10 * PQ_STEPS_MAX) return fail_field(e->op, "query", "a subquery has too many steps");
    struct pq_value v = { 0 };
    if (inner.n) TRY(pq_run(e, sub->arg[0], inner, &v));
    TRY(pq_value_new(e, PQ_VECTOR, v.n, g, out));
    for (size_t i = 0; i < v.n; i++) {
        out->row[i].label = v.row[i].label;
        out->row[i].nlabels = v.row[i].nlabels;
        e->npoints = 0;
        need(e, inner.n);
        for (size_t s = 0; s < inner.n; s++) e->t[s] = pq_time(inner, s);
        memcpy(e->v, v.row[i].v, inner.n * sizeof *e->v);
        e->npoints = inner.n;
        drop_stale(e);
        slide(e, o, out->row[i].v);
    }
    return OK;
}

static err_t scalar_of(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, const double **out)
{
    struct pq_value v;
    TRY(pq_run(e, n, g, &v));
    *out = v.row[0].v;
    return OK;
}

err_t pq_over(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct over o = { .func = n->func };
    for (size_t i = 0; i < n->nargs; i++) {
        if (n->arg[i]->type == PQ_MATRIX) o.range = n->arg[i];
        else TRY(scalar_of(e, n->arg[i], g, &o.arg));
    }
    bool fixed;
    o.at = moved(e, o.range, g, &fixed);
    TRY(o.range->kind == PQ_SUBQUERY ? over_subquery(e, &o, g, out) : over_series(e, &o, g, out));
    drop_empty(out, g.n);
    for (size_t i = 0; i < out->n && !n->func->keeps_name; i++)
        pq_label_drop(e->op, &out->row[i], S("__name__"));
    return OK;
}

/* Everything else. */

static err_t mapped(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    const double *arg[PQ_ARGS];
    for (size_t i = 1; i < n->nargs; i++) TRY(scalar_of(e, n->arg[i], g, &arg[i - 1]));
    TRY(pq_run(e, n->arg[0], g, out));
    for (size_t r = 0; r < out->n; r++) {
        double now[PQ_ARGS];
        for (size_t s = 0; s < g.n; s++) {
            for (size_t i = 1; i < n->nargs; i++) now[i - 1] = arg[i - 1][s];
            double *v = &out->row[r].v[s];
            if (!pq_is_absent(*v)) *v = n->func->map(*v, now, n->nargs - 1);
        }
        pq_label_drop(e->op, &out->row[r], S("__name__"));
    }
    return OK;
}

static err_t call(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    if (n->func->over) return pq_over(e, n, g, out);
    return n->func->map ? mapped(e, n, g, out) : n->func->whole(e, n, g, out);
}

static err_t constant(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    TRY(pq_value_new(e, n->type, n->type == PQ_SCALAR, g, out));
    out->text = n->text;
    for (size_t s = 0; s < g.n && out->n; s++) out->row[0].v[s] = n->number;
    return OK;
}

static err_t negate(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    TRY(pq_run(e, n->arg[0], g, out));
    for (size_t r = 0; r < out->n; r++) {
        for (size_t s = 0; s < g.n; s++)
            if (!pq_is_absent(out->row[r].v[s])) out->row[r].v[s] = -out->row[r].v[s];
        pq_label_drop(e->op, &out->row[r], S("__name__"));
    }
    return OK;
}

err_t pq_run(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    switch (n->kind) {
    case PQ_NUMBER:
    case PQ_TEXT: return constant(e, n, g, out);
    case PQ_SELECTOR: return instants(e, n, g, false, out);
    case PQ_CALL: return call(e, n, g, out);
    case PQ_AGGREGATE: return pq_aggregate(e, n, g, out);
    case PQ_BINARY: return pq_binary(e, n, g, out);
    case PQ_NEGATE: return negate(e, n, g, out);
    case PQ_SUBQUERY: break;
    }
    return fail_field(e->op, "query", "a range stands where a vector is wanted");
}
