#include "feature/feature.h"
#include "feature/series/series_test.h"

void model_put(struct model *m, struct arena *a, i64 t, double v)
{
    size_t at = m->n;
    while (at && m->t[at - 1] >= t) at--;
    if (at < m->n && m->t[at] == t) {
        m->v[at] = v;
        return;
    }
    if (m->n == m->cap) {
        struct model old = *m;
        m->cap = m->cap ? m->cap * 2 : 64;
        m->t = NEWN(a, i64, m->cap);
        m->v = NEWN(a, double, m->cap);
        for (size_t i = 0; i < m->n; i++) {
            m->t[i] = old.t[i];
            m->v[i] = old.v[i];
        }
    }
    memmove(m->t + at + 1, m->t + at, (m->n - at) * sizeof *m->t);
    memmove(m->v + at + 1, m->v + at, (m->n - at) * sizeof *m->v);
    m->t[at] = t;
    m->v[at] = v;
    m->n++;
}

bool see_points(void *ctx, const struct series_run *r)
{
    struct seen *s = ctx;
    for (u32 i = 0; i < r->n; i++) {
        if (s->m.n && r->t[i] <= s->m.t[s->m.n - 1]) s->ordered = false;
        model_put(&s->m, s->a, r->t[i], r->f[i]);
    }
    return true;
}

struct model scan_all(struct op *op, i64 id, i64 from, i64 to)
{
    struct seen s = { .a = op->arena, .ordered = true };
    assert_ok(op, series_scan(op, (struct series_range){ id, from, to }, see_points, &s));
    assert_true(s.ordered);
    return s.m;
}

void assert_same(struct op *op, i64 id, const struct model *m, i64 from, i64 to)
{
    struct model got = scan_all(op, id, from, to);
    size_t k = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->t[i] < from || m->t[i] >= to) continue;
        if (k >= got.n) test_fail(__FILE__, __LINE__, "only %zu points", k);
        if (got.t[k] != m->t[i] || memcmp(&got.v[k], &m->v[i], sizeof(double)))
            test_fail(__FILE__, __LINE__, "point %zu is (%lld, %g), want (%lld, %g)", k, (long long)got.t[k],
                      got.v[k], (long long)m->t[i], m->v[i]);
        k++;
    }
    assert_int_equal(k, got.n);
}

static struct series_bucket expect(const struct model *m, i64 from, i64 to)
{
    struct series_bucket b = { .t = from };
    for (size_t i = 0; i < m->n; i++) {
        double v = m->v[i];
        if (m->t[i] < from || m->t[i] >= to || isnan(v)) continue;
        if (!b.count || v < b.min) b.min = v, b.t_min = m->t[i];
        if (!b.count || v > b.max) b.max = v, b.t_max = m->t[i];
        if (!b.count) b.first = v, b.t_first = m->t[i];
        b.last = v;
        b.t_last = m->t[i];
        b.sum += v;
        b.count++;
    }
    return b;
}

void assert_buckets(struct op *op, i64 id, const struct model *m, i64 from, i64 to, size_t n)
{
    struct series_bucket *got = NEWN(op->arena, struct series_bucket, n);
    assert_ok(op, series_buckets(op, (struct series_range){ id, from, to }, n, got));
    i64 width = (to - from + (i64)n - 1) / (i64)n;
    for (size_t i = 0; i < n; i++) {
        i64 at = from + (i64)i * width;
        struct series_bucket b = expect(m, at, MIN(at + width, to)), *g = &got[i];
        bool same = g->t == at && g->count == b.count;
        if (same && b.count)
            same = g->min == b.min && g->max == b.max && g->first == b.first && g->last == b.last &&
                   g->t_min == b.t_min && g->t_max == b.t_max && g->t_first == b.t_first &&
                   g->t_last == b.t_last &&
                   (g->sum == b.sum || fabs(g->sum - b.sum) <= 1e-9 * fabs(b.sum) + 1e-6);
        if (!same)
            test_fail(__FILE__, __LINE__, "bucket %zu at %lld: %lld points, min %g max %g; want %lld, %g, %g",
                      i, (long long)at, (long long)g->count, g->min, g->max, (long long)b.count, b.min,
                      b.max);
    }
}

i64 one_series(struct op *op, i64 owner, const char *name, int kind)
{
    struct series_spec s = { .owner_id = owner, .name = str_of(name), .kind = kind };
    i64 id;
    assert_ok(op, series_resolve(op, &s, 1, &id));
    assert_ok(op, db_flush(op));
    return id;
}

void put(struct op *op, i64 id, const i64 *t, const double *v, u32 n)
{
    struct series_run r = { id, n, SERIES_F64, t, { v } };
    assert_ok(op, series_append(op, &r, 1));
    assert_ok(op, db_flush(op));
}

void again(struct op *op)
{
    assert_ok(op, db_flush(op));
    series_feature.stop();
    assert_ok(op, series_feature.start(op));
}

/* splitmix64 (Steele, Lea, Flood 2014) */
u64 random_below(struct random *r, u64 n)
{
    u64 z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % n;
}
