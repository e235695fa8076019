#include "feature/series/series_test.h"
#include "feature/series/series_thin.h"
#include "net/frame.h"

/* The same written without sharing arrays, and by areas of whole triangles. */
static size_t naive_lttb(struct arena *a, const i64 *t, const double *v, size_t n, size_t most, i64 *out)
{
    size_t kept = 1, at = 0;
    out[0] = t[0];
    for (size_t k = 0; k + 2 < most; k++) {
        size_t from = 1 + k * (n - 2) / (most - 2), to = 1 + (k + 1) * (n - 2) / (most - 2);
        size_t after = k + 3 < most ? 1 + (k + 2) * (n - 2) / (most - 2) : n, best = from;
        long double mt = 0, mv = 0, most_area = -1;
        for (size_t i = to; i < after; i++)
            mt += (long double)t[i] / (after - to), mv += (long double)v[i] / (after - to);
        for (size_t i = from; i < to; i++) {
            long double area = fabsl((mt - t[at]) * (v[i] - v[at]) - (t[i] - t[at]) * (mv - v[at]));
            if (area > most_area * (1 + 1e-12L) + 1e-9L) most_area = area, best = i;
        }
        at = best;
        out[kept++] = t[at];
    }
    (void)a;
    out[kept++] = t[n - 1];
    return kept;
}

TEST(series_thin_triangles)
{
    struct random random = { 7 };
    for (size_t n = 3; n < 400; n += 7) {
        i64 *t = NEWN(op->arena, i64, n), *want = NEWN(op->arena, i64, n);
        double *v = NEWN(op->arena, double, n);
        for (size_t i = 0; i < n; i++) {
            t[i] = (i ? t[i - 1] : 0) + 1 + (i64)random_below(&random, 1000);
            v[i] = (double)random_below(&random, 100000);
        }
        size_t most = 3 + random_below(&random, n), m = n;
        if (most < n) m = naive_lttb(op->arena, t, v, n, most, want);
        else memcpy(want, t, n * sizeof *t);
        assert_int_equal(thin_lttb(t, v, n, most), m);
        assert_true(m <= MAX(most, n < most ? n : most));
        assert_memory_equal(t, want, m * sizeof *t);
    }
}

static void check_points(struct op *op, const struct model *all, const struct series_points_of *x,
                         size_t most)
{
    size_t at = 0;
    if (x->n > most) test_fail(__FILE__, __LINE__, "%zu points instead of %zu", x->n, most);
    for (size_t i = 0; i < x->n; i++) {
        while (at < all->n && all->t[at] < x->t[i]) at++;
        if (at == all->n || all->t[at] != x->t[i] || all->v[at] != x->v[i])
            test_fail(__FILE__, __LINE__, "point %zu is none of the series", i);
        if (i) assert_true(x->t[i] > x->t[i - 1]);
    }
    (void)op;
}

static double largest_of(const double *v, size_t n)
{
    double max = -INFINITY;
    for (size_t i = 0; i < n; i++) max = MAX(max, v[i]);
    return max;
}

WORLD(series_thin)
{
    struct person ann = world_person(w, "ann");
    i64 id = one_series(op, ann.id, "wave", SERIES_F64), next;
    struct model all = { 0 };
    struct random random = { 3 };
    struct series_points_of x;
    enum { N = 5000 };
    i64 *t = NEWN(op->arena, i64, N);
    double *v = NEWN(op->arena, double, N);
    for (u32 i = 0; i < N; i++) {
        t[i] = 1000000 + (i64)i * 1000 + (i64)random_below(&random, 900);
        v[i] = i == 1234 ? 1e6 : sin(i / 100.0) * 100 + (double)random_below(&random, 10);
        model_put(&all, op->arena, t[i], v[i]);
    }
    put(op, id, t, v, N);
    struct series_range r = { .id = id, .from = 0, .to = 10000000 };
    for (int how = THIN_MINMAX; how <= THIN_LTTB; how++)
        for (size_t most = THIN_LEAST; most < 6000; most = most * 3 + 1) {
            bool thinned;
            assert_ok(op, series_thin(op, r, (enum series_thinning)how, most, &x, &thinned));
            assert_int_equal(thinned, most < N);
            check_points(op, &all, &x, most);
            if (thinned ? how == THIN_LTTB && most > 5 && x.n != most : x.n != N)
                test_fail(__FILE__, __LINE__, "%zu points of %zu", x.n, most);
            if (how != THIN_LTTB || most > 100) assert_true(largest_of(x.v, x.n) == 1e6);
        }
    assert_ok(op, series_gather(op, r, 10, &x, &next));
    assert_int_equal(x.n, 10);
    assert_int_equal(next, t[10]);
    assert_ok(op, series_gather(op, r, N, &x, &next));
    assert_true(x.n == N && next == INT64_MIN);
    r.from = 9000000;
    bool thinned;
    assert_ok(op, series_thin(op, r, THIN_LTTB, 100, &x, &thinned));
    assert_true(!x.n && !thinned);
}

static str header_of(struct op *op, str head, const char *name)
{
    for (str line; str_next(&head, '\n', &line);) {
        str key, value;
        if (str_cut(line, ':', &key, &value) && str_eq_fold(key, str_of(name))) return str_trim(value);
    }
    (void)op;
    return (str){ 0 };
}

static struct said ask(struct world *w, str token, str path, str *head)
{
    struct raw r = { .token = token,
                     .method = "GET",
                     .path = path.p,
                     .headers = "Accept: text/html;q=0.1, application/vnd.netbit.frame\r\n" };
    return say_plain(w, &r, head);
}

/* The bytes of both answers, as docs/live-protocol.md says them. */
WORLD(series_frames_golden)
{
    struct person ann = world_person(w, "ann");
    str token = world_token(w, ann.id, 0, "series:read"), head;
    i64 id = one_series(op, ann.id, "temp", SERIES_F64), words = one_series(op, ann.id, "words", SERIES_TEXT);
    put(op, id, (i64[]){ 1000000, 2000000, 3000000, 9000000 }, (double[]){ 1.5, NAN, -2, 0.1 }, 4);
    static const u8 points[] = {
        /* snapshot: version, kind, flags last, chan, seq, rows; t0; dt; columns, their types */
        1,
        2,
        4,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        4,
        0,
        0,
        0,
        0x40,
        0x42,
        0x0f,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        2,
        2,
        2,
        0,
        0,
        0,
        0,
        0,
        /* times from t0: 0, 1e6, 2e6, 8e6 */
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x80,
        0x84,
        0x2e,
        0x41,
        0,
        0,
        0,
        0,
        0x80,
        0x84,
        0x3e,
        0x41,
        0,
        0,
        0,
        0,
        0x80,
        0x84,
        0x5e,
        0x41,
    };
    str path = arena_printf(op->arena, "/api/v1/series/%lld/points?from=0&to=10000000", (long long)id);
    struct said a = ask(w, token, path, &head);
    assert_said(a, 200);
    assert_str(header_of(op, head, "content-type"), S(FRAME_MEDIA_TYPE));
    assert_int_equal(a.body.n, sizeof points + 4 * 8);
    assert_memory_equal(a.body.p, points, sizeof points);
    const double values[] = { 1.5, NAN, -2, 0.1 };
    assert_memory_equal(a.body.p + sizeof points, values, sizeof values);
    a = ask(w, token, arena_printf(op->arena, "%.*s&limit=3", STR(path)), &head);
    static const u8 regular[] = { 1,    2,    5,    0,    0,    0,    0, 0, 0, 0,    0, 0, 3, 0,
                                  0,    0,    0x40, 0x42, 0x0f, 0,    0, 0, 0, 0,    0, 0, 0, 0,
                                  0x80, 0x84, 0x2e, 0x41, 1,    1,    0, 0, 0, 0,    0, 0, 0, 0,
                                  0xc0, 0x3f, 0,    0,    0xc0, 0x7f, 0, 0, 0, 0xc0, 0, 0, 0, 0 };
    assert_int_equal(a.body.n, sizeof regular);
    assert_memory_equal(a.body.p, regular, sizeof regular);
    assert_str(header_of(op, head, "series-next-from"), S("9000000"));
    path = arena_printf(op->arena, "/api/v1/series/%lld/buckets?from=0&to=9000000&n=3", (long long)id);
    static const u8 buckets[] = { 1, 3, 5, 0, 0, 0, 0, 0, 0,    0,    0,    0,    3, 0, 0, 0, 0, 0, 0, 0,
                                  0, 0, 0, 0, 0, 0, 0, 0, 0x60, 0xe3, 0x46, 0x41, 4, 1, 1, 1, 1, 0, 0, 0 };
    static const float column[] = { 1.5F, -2, NAN, 0 };
    a = ask(w, token, path, &head);
    assert_int_equal(a.body.n, sizeof buckets + 4 * 16);
    assert_memory_equal(a.body.p, buckets, sizeof buckets);
    for (int c = 0; c < 4; c++)
        assert_memory_equal(a.body.p + sizeof buckets + 16 * c, column, sizeof column);
    path = arena_printf(op->arena, "/api/v1/series/%lld/points", (long long)words);
    assert_refused(w, ask(w, token, path, &head), 400, "accept");
    assert_refused(w, say(w, token, GET, arena_printf(op->arena, "%.*s?thin=lttb", STR(path)).p, NULL), 400,
                   "thin");
    path = arena_printf(op->arena, "/api/v1/series/%lld/points?from=0&to=10s", (long long)id);
    assert_refused(w, ask(w, token, path, &head), 400, "to");
    path = arena_printf(op->arena, "/api/v1/series/%lld/points?from=0&to=10000000&limit=3&thin=m4",
                        (long long)id);
    assert_refused(w, say(w, token, GET, path.p, NULL), 400, "limit");
}
