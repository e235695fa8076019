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
    assert_ok(op, series_last(op, &id, 1, &p));
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
    assert_ok(op, series_last(op, &id, 1, &p));
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

/* What the blocks' rows tell must be what is in them; they must not overlap. */
static void check_blocks(struct op *op, i64 id)
{
    block_rows rows;
    struct block_after first = { .t_first = INT64_MIN, .limit = 100000 };
    struct block_points *room = NEW(op->arena, struct block_points);
    i64 before = INT64_MIN;
    assert_ok(op, block_sql_range(op, (struct series_range){ id, INT64_MIN, INT64_MAX }, &first, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct series_run run;
        struct block_stats s;
        assert_int_equal(block_read(rows.item[i].data, op->arena, room, &run), BLOCK_GOOD);
        block_stats(&run, &s);
        const struct block_stats *r = &rows.item[i].s;
        assert_true(r->t_first > before);
        before = r->t_last;
        assert_int_equal(r->count, run.n);
        assert_int_equal(r->t_first, run.t[0]);
        assert_int_equal(r->t_last, run.t[run.n - 1]);
        assert_int_equal(r->numbers, s.numbers);
        assert_true(!s.numbers || (r->min == s.min && r->max == s.max && r->last == s.last));
    }
}

static void merge(struct op *op)
{
    assert_ok(op, series_merge(op, true));
    assert_ok(op, db_flush(op));
    i64 rows;
    assert_ok(op, db_i64(op, &rows, "SELECT COUNT(*) FROM series_tail WHERE id > ?", A(0)));
    assert_int_equal(rows, 0);
    assert_int_equal(tail_state().rows, 0);
    assert_int_equal(tail_state().bytes, 0);
}

WORLD(series_merge_of_a_steady_series)
{
    enum { BATCH = 500, BATCHES = 100 };
    i64 id = one_series(op, owner(w), "x", SERIES_F64), t[BATCH];
    struct model m = { 0 };
    double v[BATCH];
    for (i64 k = 0; k < BATCHES; k++) {
        for (i64 i = 0; i < BATCH; i++) {
            t[i] = (k * BATCH + i) * 1000;
            v[i] = (double)(t[i] % 7919) / 100;
            model_put(&m, op->arena, t[i], v[i]);
        }
        put(op, id, t, v, BATCH);
        if (k % 9 == 8) merge(op);
    }
    merge(op);
    check_blocks(op, id);
    assert_same(op, id, &m, INT64_MIN, INT64_MAX);
    assert_buckets(op, id, &m, 0, BATCH * BATCHES * 1000, 3);
    assert_buckets(op, id, &m, -777777, 44444444, 101);
    i64 blocks;
    assert_ok(op, db_i64(op, &blocks, "SELECT COUNT(*) FROM series_blocks WHERE series_id = ?", A(id)));
    assert_in_range(blocks, 4, 7);
}

/* The job's own merge, as often as it takes. */
static bool merged(struct op *op)
{
    OTHER_OP(o, op);
    assert_ok(o, series_merge(o, false));
    assert_ok(o, db_flush(o));
    return !tail_state().rows;
}

WORLD(series_merge_gives_way_to_points_that_come)
{
    i64 id = one_series(op, owner(w), "x", SERIES_F64), *t = NEWN(op->arena, i64, SERIES_FULL);
    double *v = NEWN(op->arena, double, SERIES_FULL);
    for (i64 i = 0; i < SERIES_FULL; i++) t[i] = i * 1000;
    i64 began = time_mono_us();
    put(op, id, t, v, SERIES_FULL);
    bool at_once = merged(op);
    assert_true(!at_once || time_mono_us() - began >= SERIES_CALM_US);
    WAIT_FOR(merged(op)); /* none come any more */
    for (int i = 0; i < SERIES_HELD_ROWS; i++) {
        struct series_run r = { id, 1, SERIES_F64, &t[i], { v } };
        assert_ok(op, series_append(op, &r, 1));
    }
    assert_ok(op, db_flush(op));
    assert_true(merged(op)); /* too many to wait */
    assert_int_equal(scan_all(op, id, INT64_MIN, INT64_MAX).n, SERIES_FULL);
}

/* Batches of every kind of disorder, merges and restarts in between, against the model. */
static void random_rounds(struct world *w, struct op *op, u64 seed)
{
    enum { MOST = 3000, SPAN = 60000 };
    i64 id = one_series(op, owner(w), "x", SERIES_F64), now = 0;
    i64 *t = NEWN(op->arena, i64, MOST);
    double *v = NEWN(op->arena, double, MOST);
    struct model m = { 0 };
    struct random rnd = { seed };
    for (int round = 0; round < 60; round++) {
        u32 n = 1 + (u32)random_below(&rnd, random_below(&rnd, 3) ? 50 : MOST);
        u64 how = random_below(&rnd, 5);
        for (u32 i = 0; i < n; i++) {
            now += how < 3;
            t[i] = how < 3    ? now
                   : how == 3 ? (i64)random_below(&rnd, SPAN)
                              : now - (i64)random_below(&rnd, 500);
            v[i] = random_below(&rnd, 50) ? (double)random_below(&rnd, 100000) / 8 : NAN;
            model_put(&m, op->arena, t[i], v[i]);
        }
        put(op, id, t, v, n);
        if (!random_below(&rnd, 4)) merge(op);
        if (!random_below(&rnd, 10)) again(op);
        i64 from = (i64)random_below(&rnd, SPAN), to = from + 1 + (i64)random_below(&rnd, SPAN);
        assert_same(op, id, &m, from, to);
        assert_buckets(op, id, &m, from, to, 1 + random_below(&rnd, 40));
    }
    assert_same(op, id, &m, INT64_MIN, INT64_MAX);
    merge(op);
    check_blocks(op, id);
    assert_same(op, id, &m, INT64_MIN, INT64_MAX);
    assert_buckets(op, id, &m, -10, SPAN * 2, 17);
}

WORLD(series_random_operations) { random_rounds(w, op, 7); }
WORLD(series_random_operations_again) { random_rounds(w, op, 12345); }

/* A damaged block is told of, and the rest is there. */
WORLD(series_with_a_damaged_block)
{
    enum { N = 3 * SERIES_FULL };
    i64 id = one_series(op, owner(w), "x", SERIES_F64), *t = NEWN(op->arena, i64, N);
    double *v = NEWN(op->arena, double, N);
    struct model m = { 0 };
    for (i64 i = 0; i < N; i++) {
        t[i] = i * 1000000;
        v[i] = (double)i / 4;
        if (i < SERIES_FULL || i >= 2 * SERIES_FULL) model_put(&m, op->arena, t[i], v[i]);
    }
    put(op, id, t, v, N);
    merge(op);
    block_rows rows;
    struct block_after first = { .t_first = INT64_MIN, .limit = 100 };
    struct series_range all = { id, INT64_MIN, INT64_MAX };
    assert_ok(op, block_sql_range(op, all, &first, &rows));
    assert_int_equal(rows.n, 3);
    str bad = str_copy(op->arena, rows.item[1].data);
    ((char *)(uintptr_t)bad.p)[bad.n / 2] ^= 1;
    assert_ok(
        op, db_exec(op, "UPDATE series_blocks SET data = ? WHERE id = ?", A_BYTES(bad), A(rows.item[1].id)));
    assert_ok(op, db_flush(op));
    struct seen s = { .a = op->arena };
    assert_int_equal(series_scan(op, all, see_points, &s), ERR_INTERNAL);
    str want = arena_printf(op->arena,
                            "series %lld: the block of 32768 points from 1970-01-01T09:06:08.000000Z to "
                            "1970-01-01T18:12:15.000000Z is damaged: ",
                            (long long)id);
    if (!str_starts(op->err.msg, want)) test_fail(__FILE__, __LINE__, "%.*s", STR(op->err.msg));
    op_clear(op);
    for (int round = 0; round < 2; round++) {
        struct series_damage d = { 0 };
        s = (struct seen){ .a = op->arena };
        all.damage = &d;
        assert_ok(op, series_scan(op, all, see_points, &s));
        assert_int_equal(d.blocks, 1);
        assert_int_equal(d.points, SERIES_FULL);
        assert_int_equal(d.from, t[SERIES_FULL]);
        assert_int_equal(s.m.n, m.n);
        assert_memory_equal(s.m.t, m.t, m.n * sizeof *m.t);
        assert_memory_equal(s.m.v, m.v, m.n * sizeof *m.v);
        /* Points that come late into the damaged time are kept beside it. */
        i64 late[] = { t[SERIES_FULL + 10] + 5, t[SERIES_FULL + 99] };
        double lv[] = { 1, 2 };
        put(op, id, late, lv, 2);
        merge(op);
        for (size_t i = 0; i < 2; i++) model_put(&m, op->arena, late[i], lv[i]);
    }
}

WORLD(series_deleted)
{
    i64 own = owner(w), a = one_series(op, own, "a", SERIES_F64), b = one_series(op, own, "b", SERIES_F64);
    i64 t[] = { 1, 2, 3 };
    double v[] = { 1, 2, 3 };
    struct model m = { 0 };
    for (size_t i = 0; i < 3; i++) model_put(&m, op->arena, t[i], v[i]);
    put(op, a, t, v, 3);
    put(op, b, t, v, 3);
    merge(op);
    put(op, a, t, v, 3);
    assert_ok(op, series_delete(op, &a, 1));
    assert_ok(op, db_flush(op));
    struct series_info info;
    assert_err(op, ERR_NOT_FOUND, series_get(op, a, &info));
    merge(op); /* what was on its way is dropped */
    i64 rows;
    assert_ok(op, db_i64(op, &rows, "SELECT COUNT(*) FROM series_blocks WHERE series_id = ?", A(a)));
    assert_int_equal(rows, 0);
    assert_same(op, b, &m, INT64_MIN, INT64_MAX);
    assert_int_not_equal(one_series(op, own, "a", SERIES_F64), a);
}

/* Of two that have read the same generation, one is refused. */
WORLD(series_generation_moves_once)
{
    i64 id = one_series(op, owner(w), "x", SERIES_F64), t[] = { 1 };
    double v[] = { 1 };
    put(op, id, t, v, 1);
    bool moved;
    i64 generation;
    assert_ok(op, state_sql_get(op, &generation));
    assert_ok(op, state_sql_move(op, generation + 1, &moved));
    assert_false(moved);
    assert_ok(op, state_sql_move(op, generation, &moved));
    assert_true(moved);
    merge(op);
}

/* Rows of the tail that another node has written, and those that it has merged. */
static void other_nodes(struct world *w, struct op *op)
{
    i64 id = one_series(op, owner(w), "x", SERIES_F64), t[] = { 1, 2, 3 }, row[2];
    double v[] = { 1, 2, 3 }, v2[] = { 10, 20, 30 };
    struct model m = { 0 }, none = { 0 };
    struct series_run r = { id, 3, SERIES_F64, t, { v } }, r2 = { id, 2, SERIES_F64, t, { v2 } };
    OTHER_OP(other, op);
    /* The later id is there first. */
    assert_ok(other, db_i64(other, &row[0], "SELECT nextval(pg_get_serial_sequence('series_tail', 'id')) + ?",
                            A(0)));
    assert_ok(other, tail_sql_insert(other, tail_write(other->arena, &r2, 1), &row[1]));
    assert_same(op, id, &none, 100, 200);
    for (size_t i = 0; i < 2; i++) model_put(&m, op->arena, t[i], v2[i]);
    assert_same(op, id, &m, 0, 100);
    assert_ok(other, db_exec(other, "INSERT INTO series_tail (id, data) VALUES (?, ?)", A(row[0]),
                             A_BYTES(tail_write(other->arena, &r, 1))));
    model_put(&m, op->arena, 3, 3); /* of equal times the row with the higher id counts */
    assert_same(op, id, &m, 0, 100);
    assert_ok(other, tail_sql_delete(other, row, 2));
    assert_same(op, id, &none, 0, 100);
    assert_int_equal(tail_state().rows, 0);
}
TEST(series_other_nodes_postgres) { world_postgres(op, other_nodes); }

/* Whatever bytes a row has, reading it stays within them; a changed directory is noticed. */
TEST(series_batch_bytes)
{
    enum { N = 300 };
    i64 t[N];
    double v[N];
    for (i64 i = 0; i < N; i++) {
        t[i] = i * 1000 - 5000;
        v[i] = (double)i / 4;
    }
    struct series_run run[] = { { 7, N, SERIES_F64, t, { v } },
                                { 3, 1, SERIES_F64, t, { v } },
                                { 7, 2, SERIES_F64, t, { v } } };
    str bytes = tail_write(op->arena, run, LEN(run));
    struct tail_row *row = tail_row_read(1, bytes);
    assert_non_null(row);
    assert_int_equal(row->n, 3);
    assert_int_equal(row->points, N + 3);
    assert_int_equal(row->piece[1].series, 3);
    assert_int_equal(row->piece[2].t_last, t[1]);
    size_t directory = row->piece[0].at;
    tail_row_drop(row);
    for (size_t n = 0; n < bytes.n; n++)
        assert_null(tail_row_read(1, str_copy(op->arena, str_head(bytes, n))));
    for (size_t at = 0; at < bytes.n; at++) {
        str bad = str_copy(op->arena, bytes);
        ((char *)(uintptr_t)bad.p)[at] ^= 1;
        row = tail_row_read(1, bad);
        assert_true((row == NULL) == (at < directory)); /* blocks have checksums of their own */
        if (row) tail_row_drop(row);
    }
}
