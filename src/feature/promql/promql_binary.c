/* Operators: scalars with scalars, vectors with scalars, and vectors with vectors by matching labels. */
#include "feature/promql/promql_eval.h"
#include "feature/promql/promql_groups.h"
#include <math.h>

static bool compares(enum pq_operator o) { return o >= OP_EQ && o <= OP_GE; }

static bool holds(enum pq_operator o, double a, double b)
{
    switch (o) {
    case OP_EQ: return a == b;
    case OP_NE: return a != b;
    case OP_LT: return a < b;
    case OP_LE: return a <= b;
    case OP_GT: return a > b;
    default: return a >= b;
    }
}

static double arithmetic(enum pq_operator o, double a, double b)
{
    switch (o) {
    case OP_ADD: return a + b;
    case OP_SUB: return a - b;
    case OP_MUL: return a * b;
    case OP_DIV: return a / b;
    case OP_MOD: return fmod(a, b);
    case OP_ATAN2: return atan2(a, b);
    default: return pow(a, b);
    }
}

/* One step. `keep` is what a comparison that holds lets through. */
static double apply(const struct pq_node *n, double a, double b, double keep)
{
    if (pq_is_absent(a) || pq_is_absent(b)) return pq_absent();
    if (!compares(n->oper)) return arithmetic(n->oper, a, b);
    bool yes = holds(n->oper, a, b);
    if (n->as_bool) return yes;
    return yes ? keep : pq_absent();
}

/* A filter keeps the metric's name, what computes loses it. */
static bool keeps_name(const struct pq_node *n) { return compares(n->oper) && !n->as_bool; }

static void with_scalar(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *v,
                        const double *scalar, bool scalar_left)
{
    for (size_t r = 0; r < v->n; r++) {
        double *x = v->row[r].v;
        for (size_t s = 0; s < g.n; s++)
            x[s] = scalar_left ? apply(n, scalar[s], x[s], x[s]) : apply(n, x[s], scalar[s], x[s]);
        if (v->type == PQ_VECTOR && !keeps_name(n)) pq_label_drop(e->op, &v->row[r], S("__name__"));
    }
}

/* Vectors. */

struct pair {
    struct pq_value left, right;
    struct groups groups; /* of the rows of `many` and `one` together, by what is matched on */
    const size_t *left_group, *right_group;
};

static err_t both(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pair *p)
{
    TRY(pq_run(e, n->arg[0], g, &p->left));
    TRY(pq_run(e, n->arg[1], g, &p->right));
    groups_begin(e->op, &p->groups, p->left.n + p->right.n);
    p->left_group = groups_add(&p->groups, &p->left, n->grouped && n->listed, &n->names);
    p->right_group = groups_add(&p->groups, &p->right, n->grouped && n->listed, &n->names);
    return OK;
}

/* and, or, unless: by whether the other side has any value at the step. */
static err_t sets(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct pair p;
    TRY(both(e, n, g, &p));
    bool is_or = n->oper == OP_OR;
    const struct pq_value *asked = is_or ? &p.left : &p.right;
    const size_t *asked_group = is_or ? p.left_group : p.right_group;
    bool *there = NEWN(e->op->arena, bool, p.groups.n *g.n + 1);
    for (size_t r = 0; r < asked->n; r++)
        for (size_t s = 0; s < g.n; s++) there[asked_group[r] * g.n + s] |= !pq_is_absent(asked->row[r].v[s]);
    struct pq_value *cut = is_or ? &p.right : &p.left;
    const size_t *cut_group = is_or ? p.right_group : p.left_group;
    for (size_t r = 0; r < cut->n; r++)
        for (size_t s = 0; s < g.n; s++)
            if (there[cut_group[r] * g.n + s] != (n->oper == OP_AND)) cut->row[r].v[s] = pq_absent();
    TRY(pq_value_new(e, PQ_VECTOR, is_or ? p.left.n + p.right.n : p.left.n, (struct pq_grid){ 0 }, out));
    memcpy(out->row, p.left.row, p.left.n * sizeof *out->row);
    if (is_or) memcpy(out->row + p.left.n, p.right.row, p.right.n * sizeof *out->row);
    return OK;
}

/* Puts the labels of a result: those of the row of the many side, or those that were matched on. */
static void result_labels(struct pq_eval *e, const struct pq_node *n, const struct pq_row *many,
                          const struct pq_row *one, struct pq_row *out)
{
    out->label = many->label;
    out->nlabels = many->nlabels;
    if (!keeps_name(n)) pq_label_drop(e->op, out, S("__name__"));
    if (n->group == GROUP_NONE) {
        if (!keeps_name(n) || n->grouped) pq_label_keep(e->op, many, n->grouped && n->listed, &n->names, out);
        return;
    }
    for (size_t i = 0; i < n->include.n; i++)
        pq_label_set(e->op, out, n->include.item[i], pq_label_get(one, n->include.item[i]));
}

struct match {
    const struct pq_node *n;
    struct pq_grid g;
    const struct pq_value *many, *one;
    const size_t *many_group, *one_group;
    bool swapped; /* many is the right side */
};

static err_t ambiguous(struct pq_eval *e, const char *side)
{
    return fail_field(e->op, "query",
                      "several series on the %s side match one: use on() or ignoring() with "
                      "other labels, or group_left()",
                      side);
}

/* One row of the many side with every row of the one side that matches it: at each step at most one has a
 * value. */
static err_t match_row(struct pq_eval *e, const struct match *m, size_t r, struct pq_row *out, bool *found)
{
    const struct pq_row *many = &m->many->row[r];
    *found = false;
    for (size_t k = 0; k < m->one->n; k++) {
        const struct pq_row *one = &m->one->row[k];
        if (m->one_group[k] != m->many_group[r]) continue;
        if (!*found) result_labels(e, m->n, many, one, out);
        *found = true;
        for (size_t s = 0; s < m->g.n; s++) {
            if (pq_is_absent(one->v[s]) || pq_is_absent(many->v[s])) continue;
            if (!pq_is_absent(out->v[s])) return ambiguous(e, m->swapped ? "left" : "right");
            double a = m->swapped ? one->v[s] : many->v[s], b = m->swapped ? many->v[s] : one->v[s];
            out->v[s] = apply(m->n, a, b, a);
        }
    }
    return OK;
}

/* Without grouping, no two rows of the left side may share a match at a step. */
static err_t check_one_to_one(struct pq_eval *e, const struct match *m, size_t ngroups)
{
    if (m->n->group != GROUP_NONE) return OK;
    bool *taken = NEWN(e->op->arena, bool, ngroups * m->g.n + 1),
         *has_one = NEWN(e->op->arena, bool, ngroups + 1);
    for (size_t k = 0; k < m->one->n; k++) has_one[m->one_group[k]] = true;
    for (size_t r = 0; r < m->many->n; r++)
        for (size_t s = 0; has_one[m->many_group[r]] && s < m->g.n; s++) {
            bool *cell = &taken[m->many_group[r] * m->g.n + s], here = !pq_is_absent(m->many->row[r].v[s]);
            if (*cell && here) return ambiguous(e, "left");
            *cell |= here;
        }
    return OK;
}

static err_t vectors(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    struct pair p;
    TRY(both(e, n, g, &p));
    bool swapped = n->group == GROUP_RIGHT;
    struct match m = { n,
                       g,
                       swapped ? &p.right : &p.left,
                       swapped ? &p.left : &p.right,
                       swapped ? p.right_group : p.left_group,
                       swapped ? p.left_group : p.right_group,
                       swapped };
    TRY(check_one_to_one(e, &m, p.groups.n));
    TRY(pq_value_new(e, PQ_VECTOR, m.many->n, g, out));
    size_t kept = 0;
    for (size_t r = 0; r < m.many->n; r++) {
        bool found;
        TRY(match_row(e, &m, r, &out->row[kept], &found));
        kept += found;
    }
    out->n = kept;
    return OK;
}

err_t pq_binary(struct pq_eval *e, const struct pq_node *n, struct pq_grid g, struct pq_value *out)
{
    bool left_scalar = n->arg[0]->type == PQ_SCALAR, right_scalar = n->arg[1]->type == PQ_SCALAR;
    if (!left_scalar && !right_scalar)
        return n->oper <= OP_UNLESS ? sets(e, n, g, out) : vectors(e, n, g, out);
    struct pq_value scalar;
    TRY(pq_run(e, n->arg[left_scalar ? 1 : 0], g, out));
    TRY(pq_run(e, n->arg[left_scalar ? 0 : 1], g, &scalar));
    with_scalar(e, n, g, out, scalar.row[0].v, left_scalar);
    return OK;
}
