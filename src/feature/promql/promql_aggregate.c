/* Aggregations: rows grouped by labels, put together step by step. */
#include "base/buf.h"
#include "base/json.h"
#include "feature/promql/promql_func.h"
#include "feature/promql/promql_groups.h"
#include <math.h>

void groups_begin(struct op *op, struct groups *g, size_t most)
{
    *g = (struct groups){ .op = op, .slots = 16 };
    while (g->slots < most * 2) g->slots *= 2;
    g->slot = NEWN(op->arena, struct group_slot, g->slots);
    g->row = NEWN(op->arena, struct pq_row, most + 1);
}

static size_t group_of(struct groups *g, const struct pq_row *labels)
{
    str signature = pq_signature(g->op, labels);
    size_t i = str_hash(signature) & (g->slots - 1);
    while (g->slot[i].number && !str_eq(g->slot[i].signature, signature)) i = (i + 1) & (g->slots - 1);
    if (!g->slot[i].number) {
        g->slot[i] = (struct group_slot){ signature, g->n + 1 };
        g->row[g->n++] = *labels;
    }
    return g->slot[i].number - 1;
}

const size_t *groups_add(struct groups *g, const struct pq_value *v, bool listed, const pq_names *names)
{
    size_t *number = NEWN(g->op->arena, size_t, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        struct pq_row kept = { 0 };
        pq_label_keep(g->op, &v->row[i], listed, names, &kept);
        number[i] = group_of(g, &kept);
    }
    return number;
}

struct work {
    struct pq_eval *e;
    const struct pq_node *n;
    struct pq_grid g;
    struct pq_value in;
    struct groups groups;
    size_t *first, *order;   /* rows of group k: order[first[k]] up to order[first[k + 1]] */
    const double *parameter; /* a step */
};

/* The values of one group at one step. */
struct cell {
    double *v;
    size_t *row;
    size_t n;
};

static void gather(const struct work *w, size_t group, size_t step, struct cell *c)
{
    c->n = 0;
    for (size_t i = w->first[group]; i < w->first[group + 1]; i++) {
        size_t r = w->order[i];
        double v = w->in.row[r].v[step];
        if (pq_is_absent(v)) continue;
        c->row[c->n] = r;
        c->v[c->n++] = v;
    }
}

static double reduce(const struct work *w, struct cell *c, size_t step)
{
    double sum = 0, low = c->v[0], high = c->v[0], mean = 0, squares = 0;
    for (size_t i = 0; i < c->n; i++) {
        double v = c->v[i], d = v - mean;
        sum += v;
        if (v < low || isnan(low)) low = v;
        if (v > high || isnan(high)) high = v;
        mean += d / (double)(i + 1);
        squares += d * (v - mean);
    }
    double n = (double)c->n;
    switch (w->n->aggregate) {
    case AGG_SUM: return sum;
    case AGG_AVG: return sum / n;
    case AGG_MIN: return low;
    case AGG_MAX: return high;
    case AGG_COUNT: return n;
    case AGG_STDDEV: return sqrt(squares / n);
    case AGG_STDVAR: return squares / n;
    case AGG_QUANTILE: return pq_quantile(w->parameter[step], c->v, c->n);
    default: return 1;
    }
}

static err_t reduced(struct work *w, struct cell *c, struct pq_value *out)
{
    TRY(pq_value_new(w->e, PQ_VECTOR, w->groups.n, w->g, out));
    for (size_t k = 0; k < w->groups.n; k++) {
        out->row[k].label = w->groups.row[k].label;
        out->row[k].nlabels = w->groups.row[k].nlabels;
        for (size_t s = 0; s < w->g.n; s++) {
            gather(w, k, s, c);
            if (c->n) out->row[k].v[s] = reduce(w, c, s);
        }
    }
    return OK;
}

/* topk and bottomk keep whole rows, at the steps where they belong to the best. */
static bool better(const struct work *w, double a, double b)
{
    if (isnan(b)) return !isnan(a);
    return w->n->aggregate == AGG_TOPK ? a > b : a < b;
}

static void keep_best(const struct work *w, struct cell *c, size_t step, struct pq_value *out)
{
    double k = w->parameter[step];
    size_t most = k >= 1 ? (size_t)MIN(k, (double)c->n) : 0;
    for (size_t i = 0; i < most; i++) {
        size_t best = i;
        for (size_t j = i + 1; j < c->n; j++)
            if (better(w, c->v[j], c->v[best])) best = j;
        double v = c->v[best];
        size_t row = c->row[best];
        c->v[best] = c->v[i];
        c->row[best] = c->row[i];
        out->row[row].v[step] = v;
    }
}

static err_t best(struct work *w, struct cell *c, struct pq_value *out)
{
    TRY(pq_value_new(w->e, PQ_VECTOR, w->in.n, w->g, out));
    for (size_t r = 0; r < w->in.n; r++) {
        out->row[r].label = w->in.row[r].label;
        out->row[r].nlabels = w->in.row[r].nlabels;
    }
    for (size_t k = 0; k < w->groups.n; k++)
        for (size_t s = 0; s < w->g.n; s++) {
            gather(w, k, s, c);
            keep_best(w, c, s, out);
        }
    return OK;
}

/* count_values("label", v): a row for each value, named by the label. */
static err_t count_values(struct work *w, struct cell *c, struct pq_value *out)
{
    struct op *op = w->e->op;
    size_t most = MIN(w->in.n * w->g.n, (size_t)PQ_ROWS_MAX);
    struct groups values;
    groups_begin(op, &values, most);
    TRY(pq_value_new(w->e, PQ_VECTOR, most, w->g, out));
    for (size_t k = 0; k < w->groups.n; k++)
        for (size_t s = 0; s < w->g.n; s++) {
            gather(w, k, s, c);
            for (size_t i = 0; i < c->n; i++) {
                struct buf text = BUF(op->arena);
                json_put_f64(&text, c->v[i]);
                struct pq_row labels = w->groups.row[k];
                pq_label_set(op, &labels, w->n->arg[0]->text, isfinite(c->v[i]) ? buf_str(&text) : S("NaN"));
                if (values.n == most) return fail_field(op, "query", "count_values makes too many series");
                size_t at = group_of(&values, &labels);
                double *cell = &out->row[at].v[s];
                *cell = pq_is_absent(*cell) ? 1 : *cell + 1;
            }
        }
    out->n = values.n;
    for (size_t i = 0; i < values.n; i++) {
        out->row[i].label = values.row[i].label;
        out->row[i].nlabels = values.row[i].nlabels;
    }
    return OK;
}

/* Rows sorted by group, by counting. */
static void sort_rows(struct work *w, const size_t *group)
{
    size_t n = w->groups.n;
    w->first = NEWN(w->e->op->arena, size_t, n + 2);
    w->order = NEWN(w->e->op->arena, size_t, w->in.n + 1);
    for (size_t r = 0; r < w->in.n; r++) w->first[group[r] + 2]++;
    for (size_t k = 2; k < n + 2; k++) w->first[k] += w->first[k - 1];
    for (size_t r = 0; r < w->in.n; r++) w->order[w->first[group[r] + 1]++] = r;
}

err_t pq_aggregate(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct work w = { .e = e, .n = n, .g = g };
    struct pq_value parameter = { 0 };
    if (n->nargs == 2 && n->aggregate != AGG_COUNT_VALUES) {
        TRY(pq_run(e, n->arg[0], g, &parameter));
        w.parameter = parameter.row[0].v;
    }
    TRY(pq_run(e, n->arg[n->nargs - 1], g, &w.in));
    groups_begin(e->op, &w.groups, w.in.n);
    static const pq_names none = { 0 };
    sort_rows(&w, groups_add(&w.groups, &w.in, !n->grouped || n->listed, n->grouped ? &n->names : &none));
    struct cell c = { NEWN(e->op->arena, double, w.in.n + 1), NEWN(e->op->arena, size_t, w.in.n + 1), 0 };
    if (n->aggregate == AGG_COUNT_VALUES) return count_values(&w, &c, out);
    return n->aggregate == AGG_TOPK || n->aggregate == AGG_BOTTOMK ? best(&w, &c, out) : reduced(&w, &c, out);
}
