#include "feature/series/series_thin.h"
#include <math.h>

const char *const series_thinnings[] = { "", "minmax", "m4", "lttb", NULL };

/* ---- points as they are ---- */

struct gathering {
    struct arena *arena;
    struct series_points_of *out;
    size_t room, most;
    i64 next;
};

static void grow(struct gathering *g, size_t n)
{
    if (g->out->n + n <= g->room) return;
    g->room = MAX(g->room * 2, g->out->n + n);
    i64 *t = arena_alloc_raw(g->arena, g->room * sizeof *t);
    double *v = arena_alloc_raw(g->arena, g->room * sizeof *v);
    if (g->out->n) {
        memcpy(t, g->out->t, g->out->n * sizeof *t);
        memcpy(v, g->out->v, g->out->n * sizeof *v);
    }
    g->out->t = t;
    g->out->v = v;
}

static bool gather(void *ctx, const struct series_run *r)
{
    struct gathering *g = ctx;
    u32 n = (u32)MIN(r->n, g->most - g->out->n);
    grow(g, n);
    for (u32 i = 0; i < n; i++) {
        g->out->t[g->out->n] = r->t[i];
        g->out->v[g->out->n++] = r->kind == SERIES_F64 ? r->f[i] : (double)r->i[i];
    }
    if (n < r->n) g->next = r->t[n];
    return n == r->n;
}

err_t series_gather(struct op *op, struct series_range r, size_t most, struct series_points_of *out,
                    i64 *next)
{
    struct gathering g = { .arena = op->arena, .out = out, .most = most, .next = INT64_MIN };
    *out = (struct series_points_of){ 0 };
    TRY(series_scan(op, r, gather, &g));
    *next = g.next;
    return OK;
}

/* ---- by buckets ---- */

static void add(struct series_points_of *out, i64 t, double v)
{
    if (out->n && out->t[out->n - 1] == t) return;
    out->t[out->n] = t;
    out->v[out->n++] = v;
}

/* Roll-ups tell the times of their rows, in which the extremes may come before the first. */
static void add_bucket(struct series_points_of *out, const struct series_bucket *b, bool ends)
{
    bool down = b->t_max < b->t_min;
    i64 early = down ? b->t_max : b->t_min, late = down ? b->t_min : b->t_max;
    if (ends && b->t_first < early) add(out, b->t_first, b->first);
    add(out, early, down ? b->max : b->min);
    add(out, late, down ? b->min : b->max);
    if (ends && b->t_last > late) add(out, b->t_last, b->last);
}

static err_t select_points(struct op *op, struct series_range r, size_t n, bool ends,
                           struct series_points_of *out, i64 *count)
{
    struct series_bucket *b = NEWN(op->arena, struct series_bucket, n);
    TRY(series_buckets(op, r, n, b));
    *count = 0;
    out->n = 0;
    out->t = NEWN(op->arena, i64, 4 * n);
    out->v = NEWN(op->arena, double, 4 * n);
    for (size_t i = 0; i < n; i++) {
        *count += b[i].count;
        if (b[i].count) add_bucket(out, &b[i], ends);
    }
    return OK;
}

/* ---- largest triangles ---- */

/* Of points [from, to) the one that makes the largest triangle with a and the mean of those behind them. */
static size_t largest(const i64 *t, const double *v, size_t from, size_t to, size_t a, size_t after)
{
    double mean_t = 0, mean_v = 0, most = -1;
    for (size_t i = to; i < after; i++) {
        mean_t += (double)(t[i] - t[a]);
        mean_v += v[i];
    }
    mean_t /= (double)(after - to);
    mean_v /= (double)(after - to);
    size_t best = from;
    for (size_t i = from; i < to; i++) {
        double area = fabs(mean_t * (v[i] - v[a]) - (double)(t[i] - t[a]) * (mean_v - v[a]));
        if (area <= most) continue;
        most = area;
        best = i;
    }
    return best;
}

/* In place: what is kept never stands behind where it was read. */
size_t thin_lttb(i64 *t, double *v, size_t n, size_t most)
{
    if (n <= most) return n;
    size_t kept = 1, a = 0, spans = most - 2;
    for (size_t k = 0; k < spans; k++) {
        size_t from = 1 + k * (n - 2) / spans, to = 1 + (k + 1) * (n - 2) / spans;
        size_t after = k + 1 < spans ? 1 + (k + 2) * (n - 2) / spans : n;
        a = largest(t, v, from, to, a, after);
        t[kept] = t[a];
        v[kept++] = v[a];
    }
    t[kept] = t[n - 1];
    v[kept++] = v[n - 1];
    return kept;
}

/* Buckets over the whole range would be wasted where most of it is empty. */
static err_t select_lttb(struct op *op, struct series_range r, size_t most, struct series_points_of *out,
                         i64 *count)
{
    TRY(select_points(op, r, 2 * most, false, out, count));
    if (!out->n) return OK;
    struct series_range near = r;
    near.from = out->t[0];
    near.to = out->t[out->n - 1] + 1;
    if (near.to - near.from < (r.to - r.from) / 2) TRY(select_points(op, near, 2 * most, false, out, count));
    out->n = thin_lttb(out->t, out->v, out->n, most);
    return OK;
}

static size_t numbers(const struct series_points_of *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++) n += !isnan(x->v[i]);
    return n;
}

err_t series_thin(struct op *op, struct series_range r, enum series_thinning how, size_t most,
                  struct series_points_of *out, bool *thinned)
{
    struct series_points_of all;
    i64 count = 0, next;
    r.from = MAX(r.from, SERIES_T_MIN);
    r.to = MIN(r.to, SERIES_T_MAX);
    if (how == THIN_LTTB) TRY(select_lttb(op, r, most, out, &count));
    else TRY(select_points(op, r, most / (how == THIN_M4 ? 4 : 2), how == THIN_M4, out, &count));
    *thinned = true;
    if (count > (i64)most) return OK;
    TRY(series_gather(op, r, most, &all, &next));
    /* Where points are past their retention the roll-ups know of more than there are. */
    if (next != INT64_MIN || (i64)numbers(&all) < count) return OK;
    *out = all;
    *thinned = false;
    return OK;
}
