#include "base/enc.h"
#include "feature/promql/promql_ast.h"
#include "feature/series/series.h"
#include "tests/unit/test.h"
#include "tests/unit/world.h"

enum { POINTS = 60 };
static const i64 begin_us = SEC(1700000000);

/* v(i) = first + i * step, one a 10 s. */
struct line {
    const char *name, *job;
    double first, step;
};
static void put(struct op *op, i64 owner, const struct line *l)
{
    struct series_label label = { S("job"), str_of(l->job) };
    struct series_spec spec = { .owner_id = owner, .name = str_of(l->name), .labels = &label, .nlabels = 1 };
    i64 id, t[POINTS];
    double v[POINTS];
    for (int i = 0; i < POINTS; i++) {
        t[i] = begin_us + i * SEC(10);
        v[i] = l->first + i * l->step;
    }
    assert_ok(op, series_resolve(op, &spec, 1, &id));
    struct series_run run = { .id = id, .n = POINTS, .kind = SERIES_F64, .t = t, .f = v };
    assert_ok(op, series_append(op, &run, 1));
    assert_ok(op, db_flush(op));
}

static struct said query(struct world *w, str token, const char *q, const char *more)
{
    str path = arena_printf(w->op->arena, "/prometheus/api/v1/query%s&query=%.*s", more,
                            STR(percent_encode(w->op->arena, str_of(q))));
    return say(w, token, GET, path.p, NULL);
}

/* The last point is at begin + 590 s. */
#define NOW "?time=1700000595"

WORLD(promql_answers)
{
    static const struct {
        const char *query, *path, *want;
    } rows[] = {
        { "up", "data.result.0.value.1", "1" },
        { "up", "data.result.0.metric.__name__", "up" },
        { "up{job=\"b\"} or nothing", "data.result.0.metric.job", "b" },
        { "sum(up)", "data.result.0.value.1", "3" },
        { "count by (job) (up)", "data.result.1.value.1", "1" },
        { "total", "data.result.0.value.1", "295" },
        { "rate(total[1m])", "data.result.0.value.1", "0.5" },
        { "increase(total{job=\"a\"}[100s])", "data.result.0.value.1", "50" },
        { "max_over_time(total[5m]) - min_over_time(total[5m])", "data.result.0.value.1", "145" },
        { "total offset 100s", "data.result.0.value.1", "245" },
        { "total @ 1700000000", "data.result.0.value.1", "0" },
        { "total > bool 100", "data.result.0.value.1", "1" },
        { "2 ^ 10", "data.result.1", "1024" },
        { "2 ^ 10", "data.resultType", "scalar" },
        { "\"x\"", "data.result.1", "x" },
        { "1 / 0", "data.result.1", "+Inf" },
        { "absent(none{job=\"q\"})", "data.result.0.metric.job", "q" },
        { "total[25s]", "data.result.0.values.1.1", "295" },
        { "total[25s]", "data.resultType", "matrix" },
        { "up * on (job) total", "data.result.0.value.1", "295" },
        { "topk(1, up * on (job) group_left () up)", "data.result.0.value.1", "4" },
        { "label_replace(total, \"x\", \"<$1>\", \"job\", \"(.*)\")", "data.result.0.metric.x", "<a>" },
        { "count_values(\"v\", up)", "data.result.1.metric.v", "2" },
        { "{\"up\", job=\"a\"}", "data.result.0.value.1", "1" },
    };
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    put(op, ann.id, &(struct line){ "up", "a", 1, 0 });
    put(op, ann.id, &(struct line){ "up", "b", 2, 0 });
    put(op, ann.id, &(struct line){ "total", "a", 0, 5 });
    for (size_t i = 0; i < LEN(rows); i++) {
        struct said s = query(w, ann.token, rows[i].query, NOW);
        assert_said(s, 200);
        str got = said_at(w, &s, rows[i].path);
        if (!str_is(got, rows[i].want))
            test_fail(__FILE__, __LINE__, "%s: %s is %.*s, want %s\n%.*s", rows[i].query, rows[i].path,
                      STR(got), rows[i].want, STR(s.body));
    }
    struct said s = query(w, bob.token, "up", NOW);
    assert_said(s, 200);
    assert_true(!said_at(w, &s, "data.result.0").p); /* Ann's are her own */
    assert_said(query(w, (str){ 0 }, "up", NOW), 401);
}

WORLD(promql_ranges_lists_and_errors)
{
    struct person ann = world_person(w, "ann");
    put(op, ann.id, &(struct line){ "total", "a", 0, 5 });
    struct said s = query(w, ann.token, "total", "_range?start=1700000000&end=1700001200&step=300");
    assert_said(s, 200);
    assert_at(w, s, "data.result.0.values.1.1", "150");
    assert_at(w, s, "data.result.0.values.2.1", "295"); /* within five minutes of the last point */
    assert_true(!said_at(w, &s, "data.result.0.values.3").p);
    s = say(w, ann.token, GET, "/prometheus/api/v1/labels", NULL);
    assert_said(s, 200);
    assert_at(w, s, "data.0", "__name__");
    assert_at(w, s, "data.1", "job");
    s = say(w, ann.token, GET, "/prometheus/api/v1/label/__name__/values", NULL);
    assert_at(w, s, "data.0", "total");
    s = say(w, ann.token, GET, "/prometheus/api/v1/series?match[]=total&match[]=%7Bjob%3D%22a%22%7D", NULL);
    assert_at(w, s, "data.0.__name__", "total");
    s = query(w, ann.token, "rate(total)", NOW);
    assert_said(s, 400);
    assert_at(w, s, "status", "error");
    assert_at(w, s, "errorType", "bad_data");
    assert_said(query(w, ann.token, "total", "_range?start=1700000000&end=1700001200&step=0"), 400);
    assert_said(query(w, ann.token, "total", "_range?start=1700000000&end=1600000000&step=1"), 400);
    assert_said(query(w, ann.token, "total", "_range?start=0&end=1700001200&step=1"), 400);
    assert_said(query(w, ann.token, "total", "_range?end=1700001200&step=1"), 400);
    s = say_raw(w, ann.token, POST, S("/prometheus/api/v1/query"), S("application/x-www-form-urlencoded"),
                S("query=1%2B1&time=5"));
    assert_said(s, 200);
    assert_at(w, s, "data.result.1", "2");
}

/* a + b + c leans to the left: each operator is a level for whoever walks the tree. */
TEST(promql_operators_of_a_query_are_limited)
{
    for (int more = 0; more < 2; more++) {
        struct buf b = BUF(op->arena);
        struct pq_node *tree;
        buf_char(&b, '1');
        for (int i = 0; i < PQ_OPERATORS + more; i++) buf_put(&b, S("+1"));
        assert_int_equal(pq_parse(op, buf_str(&b), &tree), more ? ERR_INVALID : OK);
    }
    assert_str(op->err.field, S("query"));
    op_clear(op);
}
