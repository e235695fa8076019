#include "feature/series/series_test.h"

static i64 owner(struct world *w) { return world_person(w, "ann").id; }

WORLD(series_resolve_finds_and_makes)
{
    struct series_label ab[] = { { S("a"), S("1") }, { S("b"), S("x\"y") } },
                        ba[] = { { S("b"), S("x\"y") }, { S("a"), S("1") } };
    i64 own = owner(w), ids[3], later[3];
    struct series_spec s[3] = { { .owner_id = own, .name = S("temp"), .labels = ab, .nlabels = 2 },
                                { .owner_id = own, .name = S("temp"), .labels = ba, .nlabels = 2 },
                                { .owner_id = own, .name = S("temp"), .labels = ab, .nlabels = 1 } };
    assert_ok(op, series_resolve(op, s, 3, ids));
    assert_int_equal(ids[0], ids[1]);
    assert_int_not_equal(ids[0], ids[2]);
    assert_ok(op, db_flush(op));
    s[0].unit = S("degC");
    assert_ok(op, series_resolve(op, s, 3, later));
    assert_memory_equal(ids, later, sizeof ids);
    assert_ok(op, db_flush(op));
    struct series_info info;
    assert_ok(op, series_get(op, ids[0], &info));
    assert_str(info.name, S("temp"));
    assert_str(info.unit, S("degC"));
    assert_str(info.labels.s, S("{\"a\":\"1\",\"b\":\"x\\\"y\"}"));
    again(op);
    assert_ok(op, series_resolve(op, s, 3, later));
    assert_memory_equal(ids, later, sizeof ids);
    s[0].kind = SERIES_TEXT;
    assert_err(op, ERR_CONFLICT, series_resolve(op, s, 1, later));
    s[0] = (struct series_spec){ .owner_id = own, .name = S("") };
    assert_err(op, ERR_INVALID, series_resolve(op, s, 1, later));
    struct series_label twice[] = { { S("a"), S("1") }, { S("a"), S("2") } };
    s[0] = (struct series_spec){ .owner_id = own, .name = S("x"), .labels = twice, .nlabels = 2 };
    assert_err(op, ERR_INVALID, series_resolve(op, s, 1, later));
}

WORLD(series_resolve_of_many_at_once)
{
    enum { N = 500 };
    struct series_spec s[N];
    struct series_label l[N];
    i64 ids[N], later[N], own = owner(w);
    for (size_t i = 0; i < N; i++) {
        l[i] = (struct series_label){ S("n"), arena_printf(op->arena, "%zu", i % 400) };
        s[i] = (struct series_spec){ .owner_id = own, .name = S("many"), .labels = &l[i], .nlabels = 1 };
    }
    assert_ok(op, series_resolve(op, s, N, ids));
    assert_ok(op, db_flush(op));
    assert_ok(op, series_resolve(op, s, N, later));
    assert_memory_equal(ids, later, sizeof ids);
    for (size_t i = 1; i < 400; i++) assert_int_not_equal(ids[i], ids[i - 1]);
    assert_int_equal(ids[0], ids[400]);
}

WORLD(series_find_by_matchers)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    i64 project = world_project(w, "p", &ann), ids[4];
    struct series_label a[] = { { S("dev"), S("d1") } }, b[] = { { S("dev"), S("d2") } };
    struct series_spec s[4] = {
        { .owner_id = ann.id, .name = S("cpu"), .labels = a, .nlabels = 1 },
        { .owner_id = ann.id, .project_id = project, .name = S("cpu"), .labels = b, .nlabels = 1 },
        { .owner_id = ann.id, .project_id = project, .name = S("mem"), .labels = b, .nlabels = 1 },
        { .owner_id = bob.id, .name = S("cpu") }
    };
    assert_ok(op, series_resolve(op, s, 4, ids));
    assert_ok(op, db_flush(op));
    static const struct {
        struct series_match m[2];
        size_t n;
        unsigned found; /* bits */
    } row[] = {
        { { { 0 } }, 0, 15 },
        { { { MATCH_EQUAL, { 0 }, { "cpu", 3 } } }, 1, 11 },
        { { { MATCH_NOT_EQUAL, { 0 }, { "cpu", 3 } } }, 1, 4 },
        { { { MATCH_EQUAL, { "dev", 3 }, { "d2", 2 } } }, 1, 6 },
        { { { MATCH_EQUAL, { "dev", 3 }, { "", 0 } } }, 1, 8 },
        { { { MATCH_REGEX, { "dev", 3 }, { "d.", 2 } } }, 1, 7 },
        { { { MATCH_REGEX, { "dev", 3 }, { "d", 1 } } }, 1, 0 },
        { { { MATCH_NOT_REGEX, { "dev", 3 }, { "d1|d2", 5 } } }, 1, 8 },
        { { { MATCH_REGEX, { 0 }, { "c.*|m.*", 7 } }, { MATCH_EQUAL, { "dev", 3 }, { "d2", 2 } } }, 2, 6 },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        series_list list;
        struct series_query q = { .match = row[i].m, .nmatch = row[i].n, .limit = 10 };
        unsigned found = 0;
        assert_ok(op, series_find(op, &q, &list));
        for (size_t k = 0; k < list.n; k++)
            for (size_t j = 0; j < 4; j++) found |= list.item[k].id == ids[j] ? 1u << j : 0;
        if (found != row[i].found || list.n != (size_t)__builtin_popcount(row[i].found))
            test_fail(__FILE__, __LINE__, "row %zu: found %x, want %x", i, found, row[i].found);
    }
    struct series_match bad = { MATCH_REGEX, { 0 }, S("(") };
    series_list list;
    assert_err(op, ERR_INVALID,
               series_find(op, &(struct series_query){ .match = &bad, .nmatch = 1, .limit = 1 }, &list));
    struct principal as_bob = { .kind = WHO_USER, .user_id = bob.id };
    op->who = &as_bob;
    assert_ok(op, series_find(op, &(struct series_query){ .limit = 10 }, &list));
    assert_int_equal(list.n, 1);
    assert_int_equal(list.item[0].id, ids[3]);
    struct series_info info;
    assert_err(op, ERR_NOT_FOUND, series_for(op, ids[1], SERIES_SEE, &info));
    op->who = &principal_system;
    world_member(w, project, &bob, "viewer");
    op->who = &as_bob;
    assert_ok(op, series_for(op, ids[1], SERIES_SEE, &info));
    assert_err(op, ERR_FORBIDDEN, series_for(op, ids[1], SERIES_CHANGE, &info));
    op->who = &principal_system;
}

WORLD(series_append_and_scan)
{
    i64 id = one_series(op, owner(w), "x", SERIES_F64);
    i64 t[] = { 50, 10, 30, 10 };
    double v[] = { 5, 1, 3, 1.5 };
    struct model m = { 0 };
    put(op, id, t, v, 4);
    for (size_t i = 0; i < 4; i++) model_put(&m, op->arena, t[i], v[i]);
    assert_same(op, id, &m, INT64_MIN, INT64_MAX);
    i64 t2[] = { -5, 30, 60 };
    double v2[] = { NAN, -0.0, INFINITY };
    put(op, id, t2, v2, 3);
    for (size_t i = 0; i < 3; i++) model_put(&m, op->arena, t2[i], v2[i]);
    for (int round = 0; round < 2; round++) {
        assert_same(op, id, &m, INT64_MIN, INT64_MAX);
        assert_same(op, id, &m, 10, 50);
        assert_same(op, id, &m, 11, 51);
        assert_buckets(op, id, &m, -10, 71, 7);
        assert_buckets(op, id, &m, 10, 30, 1);
        again(op);
    }
    struct series_point p;
    assert_ok(op, series_last(op, id, &p));
    assert_int_equal(p.t, 60);
    assert_true(isinf(p.f));
    i64 far[] = { SERIES_T_MAX + 1 };
    struct series_run r = { id, 1, SERIES_F64, far, { v } };
    assert_err(op, ERR_INVALID, series_append(op, &r, 1));
}

struct words {
    struct arena *a;
    str text;
};
static bool join(void *ctx, const struct series_run *r)
{
    struct words *w = ctx;
    for (u32 i = 0; i < r->n; i++)
        w->text = arena_printf(w->a, "%.*s%lld=%.*s;", STR(w->text), (long long)r->t[i], STR(r->s[i]));
    return true;
}

WORLD(series_of_texts)
{
    i64 id = one_series(op, owner(w), "state", SERIES_TEXT);
    i64 t[] = { 3, 1, 2 }, t2[] = { 2, 9 };
    str v[] = { S("c"), S(""), S("b") }, v2[] = { S("B"), S("z") };
    struct series_run r = { .id = id, .n = 3, .kind = SERIES_TEXT, .t = t, .s = v },
                      r2 = { .id = id, .n = 2, .kind = SERIES_TEXT, .t = t2, .s = v2 };
    assert_ok(op, series_append(op, &r, 1));
    assert_ok(op, series_append(op, &r2, 1));
    assert_ok(op, db_flush(op));
    struct words words = { op->arena, S("") };
    assert_ok(op, series_scan(op, (struct series_range){ id, 0, 100 }, join, &words));
    assert_str(words.text, S("1=;2=B;3=c;9=z;"));
    struct series_point p;
    assert_ok(op, series_last(op, id, &p));
    assert_str(p.s, S("z"));
    struct series_bucket b[2];
    assert_ok(op, series_buckets(op, (struct series_range){ id, 0, 100 }, 2, b));
    assert_int_equal(b[0].count + b[1].count, 0);
}

/* What is rolled back is never seen. */
WORLD(series_append_in_a_transaction)
{
    i64 id = one_series(op, owner(w), "x", SERIES_F64), t[] = { 1 };
    double v[] = { 1 };
    struct series_run r = { id, 1, SERIES_F64, t, { v } };
    struct model none = { 0 };
    {
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(op, db_begin(op, &tx));
        assert_ok(op, series_append(op, &r, 1));
    }
    assert_ok(op, db_flush(op));
    assert_same(op, id, &none, INT64_MIN, INT64_MAX);
    again(op);
    assert_same(op, id, &none, INT64_MIN, INT64_MAX);
    assert_int_equal(tail_state().rows, 0);
}
