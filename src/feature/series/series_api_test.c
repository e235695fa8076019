#include "feature/series/series_test.h"
#include "feature/series/series_wire.h"

TEST(series_times_of_queries)
{
    i64 t, now = time_now().us;
    assert_ok(op, series_time(op, "from", S("-5"), &t));
    assert_int_equal(t, -5);
    assert_ok(op, series_time(op, "from", S("1970-01-01T00:00:01+00:00"), &t));
    assert_int_equal(t, 1000000);
    assert_ok(op, series_time(op, "from", S("now-2h"), &t));
    assert_in_range(t, now - SEC(7200), now - SEC(7190));
    assert_ok(op, series_time(op, "from", S("now"), &t));
    static const char *const bad[] = {
        "", "now-", "nowish", "now-1x", "yesterday", "99999999999999999999", "9223372036854775807"
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_err(op, ERR_INVALID, series_time(op, "from", str_of(bad[i]), &t));
}

WORLD(series_api)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    str token = world_token(w, ann.id, 0, "series:read series:write"),
        other = world_token(w, bob.id, 0, "series:read");
    struct series_label l[] = { { S("dev"), S("d 1") } };
    struct series_spec s[2] = {
        { .owner_id = ann.id, .name = S("temp"), .unit = S("degC"), .labels = l, .nlabels = 1 },
        { .owner_id = ann.id, .name = S("state"), .kind = SERIES_TEXT }
    };
    i64 id[2], t[] = { 1000000, 2000000, 3000000, 9000000 };
    double v[] = { 1.5, NAN, -2, 24.57 };
    str words[] = { S("on"), S("o\"ff") };
    assert_ok(op, series_resolve(op, s, 2, id));
    put(op, id[0], t, v, 4);
    struct series_run r = { .id = id[1], .n = 2, .kind = SERIES_TEXT, .t = t, .s = words };
    assert_ok(op, series_append(op, &r, 1));
    assert_ok(op, db_flush(op));
    struct said a = say(w, token, GET, "/api/v1/series?name=temp&label.dev=d%201", NULL);
    assert_said(a, 200);
    assert_at(w, a, "items.0.labels.dev", "d 1");
    assert_at(w, a, "items.0.unit", "degC");
    assert_at(w, a, "next_cursor", "null");
    a = say(w, token, GET, "/api/v1/series?limit=1", NULL);
    str next = said_at(w, &a, "next_cursor");
    a = say(w, token, GET, arena_printf(op->arena, "/api/v1/series?limit=1&cursor=%.*s", STR(next)).p, NULL);
    assert_at(w, a, "items.0.name", "state");
    a = say(w, other, GET, "/api/v1/series", NULL);
    assert_at(w, a, "items", "[]");
    assert_refused(w, say(w, token, GET, "/api/v1/series?labels.dev=1", NULL), 400, "labels.dev");
    const char *at = arena_printf(op->arena, "/api/v1/series/%lld", (long long)id[0]).p;
#define AT_SERIES(rest) arena_printf(op->arena, "%s" rest, at).p
    a = say(w, token, GET, AT_SERIES("/points?from=0&to=1970-01-01T00:00:09Z"), NULL);
    assert_said(a, 200);
    assert_at(w, a, "points", "[[1000000,1.5],[2000000,null],[3000000,-2]]");
    a = say(w, token, GET, AT_SERIES("/points?from=0&to=10000000&limit=3"), NULL);
    assert_at(w, a, "next_from", "9000000");
    a = say(w, token, GET, AT_SERIES("/buckets?from=0&to=9000000&n=3"), NULL);
    assert_at(w, a, "width", "3000000");
    assert_at(w, a, "buckets.0.count", "1");
    assert_at(w, a, "buckets.0.avg", "1.5");
    assert_at(w, a, "buckets.1.t_last", "3000000");
    assert_at(w, a, "buckets.2.min", "null");
    a = say(w, token, GET,
            arena_printf(op->arena, "/api/v1/series/%lld/points?from=0&to=10000000", (long long)id[1]).p,
            NULL);
    assert_at(w, a, "points", "[[1000000,\"on\"],[2000000,\"o\\\"ff\"]]");
    assert_refused(w, say(w, token, GET, AT_SERIES("/points?from=soon"), NULL), 400, "from");
    assert_refused(w, say(w, token, GET, AT_SERIES("/points?from=5&to=5"), NULL), 400, "to");
    assert_refused(w, say(w, token, GET, AT_SERIES("/buckets?from=0&to=5&n=0"), NULL), 400, "n");
    assert_said(say(w, other, GET, AT_SERIES(""), NULL), 404);
    assert_said(say(w, other, DELETE, AT_SERIES(""), NULL), 403);
    assert_said(say(w, token, DELETE, AT_SERIES(""), NULL), 204);
    assert_said(say(w, token, GET, AT_SERIES("/points"), NULL), 404);
}
