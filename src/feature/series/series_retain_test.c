#include "feature/series/series_rollup.h"
#include "feature/series/series_test.h"

static void merge(struct op *op)
{
    assert_ok(op, series_merge(op, true));
    assert_ok(op, db_flush(op));
}

TEST(series_rollup_bytes)
{
    enum { N = 1000 };
    struct series_bucket *row = NEWN(op->arena, struct series_bucket, N);
    for (i64 i = 0; i < N; i++) {
        i64 t = (i - 10) * ROLLUP_MINUTE;
        row[i] = (struct series_bucket){ t,        i + 1, -1.5,  (double)i, 1e9 / 3, -0.0,
                                         INFINITY, t + 1, t + 2, t,         t + 59 };
    }
    str bytes = rollup_write(op->arena, row, N);
    rollup_rows back;
    assert_true(rollup_read(bytes, op->arena, &back));
    assert_int_equal(back.n, N);
    assert_memory_equal(back.item, row, N * sizeof *row);
    for (size_t cut = 0; cut < bytes.n; cut += 7)
        assert_false(rollup_read(str_head(bytes, cut), op->arena, &back));
    for (size_t at = 0; at < bytes.n; at += 11) {
        str bad = str_copy(op->arena, bytes);
        ((char *)(uintptr_t)bad.p)[at] ^= 0x10;
        rollup_read(bad, op->arena, &back); /* whatever it says, it must not read outside */
    }
}

/* Buckets of hours and more must stay what they were while points become minutes and minutes hours, with late
 * points in between. */
WORLD(series_retention_keeps_aggregates)
{
    enum { HOURS = 48, STEP_S = 7 };
    struct person ann = world_person(w, "ann");
    i64 project = world_project(w, "p", &ann), id, n = HOURS * 3600 / STEP_S, to = HOURS * ROLLUP_HOUR;
    struct series_spec s = { .owner_id = ann.id, .project_id = project, .name = S("x") };
    assert_ok(op, series_resolve(op, &s, 1, &id));
    i64 *t = NEWN(op->arena, i64, n);
    double *v = NEWN(op->arena, double, n);
    struct model m = { 0 };
    for (i64 i = 0; i < n; i++) {
        t[i] = SEC(i * STEP_S) + 123;
        v[i] = i % 97 ? (double)(i * 31 % 1009) / 8 : NAN;
        model_put(&m, op->arena, t[i], v[i]);
    }
    put(op, id, t, v, (u32)n);
    merge(op);
    assert_ok(op,
              retention_sql_set(op, &(struct retained){ project, 10 * ROLLUP_HOUR, 30 * ROLLUP_HOUR, 0 }));
    assert_ok(op, db_flush(op));
    for (i64 now = 11; now < 90; now += 13) {
        assert_ok(op, series_retain(op, (time_us){ now * ROLLUP_HOUR }));
        assert_ok(op, db_flush(op));
        assert_buckets(op, id, &m, 0, to, HOURS);
        assert_buckets(op, id, &m, 0, to, 4);
        i64 late[] = { SEC(now * 300) + 1, SEC(now * 300) + 5 };
        double lv[] = { -(double)now, 1000.0 + (double)now };
        put(op, id, late, lv, 2);
        for (size_t i = 0; i < 2; i++) model_put(&m, op->arena, late[i], lv[i]);
        assert_buckets(op, id, &m, 0, to, HOURS);
        merge(op);
    }
    i64 blocks, minutes, hours;
    assert_ok(op, series_retain(op, (time_us){ 90 * ROLLUP_HOUR }));
    assert_ok(op, db_flush(op));
    assert_ok(op, db_i64(op, &blocks, "SELECT COUNT(*) FROM series_blocks WHERE series_id = ?", A(id)));
    assert_ok(op,
              db_i64(op, &minutes, "SELECT COUNT(*) FROM series_rollups WHERE width = ?", A(ROLLUP_MINUTE)));
    assert_ok(op, db_i64(op, &hours, "SELECT COUNT(*) FROM series_rollups WHERE width = ?", A(ROLLUP_HOUR)));
    assert_int_equal(blocks, 0);
    assert_int_equal(minutes, 0);
    assert_in_range(hours, 1, 2);
    assert_buckets(op, id, &m, 0, to, HOURS);
    assert_ok(op, retention_sql_set(op, &(struct retained){ project, 1, 1, ROLLUP_HOUR }));
    assert_ok(op, db_flush(op));
    assert_ok(op, series_retain(op, (time_us){ 90 * ROLLUP_HOUR }));
    assert_ok(op, db_flush(op));
    struct model none = { 0 };
    assert_buckets(op, id, &none, 0, to, HOURS);
}

WORLD(series_retention_api)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    i64 project = world_project(w, "p", &ann);
    world_member(w, project, &bob, "viewer");
    const char *path = arena_printf(op->arena, "/api/v1/projects/%lld/retention", (long long)project).p;
    struct said a = say(w, bob.token, GET, path, NULL);
    assert_said(a, 200);
    assert_at(w, a, "raw_s", "7776000");
    assert_said(say(w, bob.token, PUT, path, "{\"raw_s\":60,\"minutes_s\":600,\"hours_s\":0}"), 403);
    a = say(w, ann.token, PUT, path, "{\"raw_s\":60,\"minutes_s\":600,\"hours_s\":0}");
    assert_said(a, 200);
    a = say(w, bob.token, GET, path, NULL);
    assert_at(w, a, "minutes_s", "600");
    assert_refused(w, say(w, ann.token, PUT, path, "{\"raw_s\":60,\"minutes_s\":59,\"hours_s\":0}"), 400,
                   "minutes_s");
    assert_refused(w, say(w, ann.token, PUT, path, "{\"raw_s\":-1,\"minutes_s\":59,\"hours_s\":0}"), 400,
                   "raw_s");
    assert_said(say(w, world_person(w, "eve").token, GET, path, NULL), 404);
}
