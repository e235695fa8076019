#include "feature/feature.h"
#include "feature/series/series.h"
#include "feature/unit/unit_rules.h"
#include "tests/unit/world.h"

#define U "/api/spark/units"

static struct person owner(struct world *w, str *unit)
{
    struct person ann = world_person(w, "ann");
    *unit = world_unit(w, &ann, "u");
    return ann;
}
static struct said post(struct world *w, const struct person *who, str unit, const char *body)
{
    return say(w, who->token, POST, arena_printf(w->op->arena, U "/%.*s/telemetry", STR(unit)).p, body);
}
static struct said get(struct world *w, const struct person *who, str unit, const char *what)
{
    return say(w, who->token, GET, arena_printf(w->op->arena, U "/%.*s/%s", STR(unit), what).p, NULL);
}
static i64 count(struct world *w, const struct said *s, const char *list)
{
    i64 n = 0;
    if (s->status != 200) test_fail(__FILE__, __LINE__, "%d %.*s", s->status, STR(s->body));
    while (said_at(w, s, arena_printf(w->op->arena, "%s.%lld", list, (long long)n).p).p) n++;
    return n;
}

WORLD(telemetry_is_stored_and_asked)
{
    str u;
    struct person ann = owner(w, &u);
    struct said s = post(w, &ann, u,
                         "{\"telemetry_type\":\"log\",\"level\":\"info\",\"message\":\"Application "
                         "started\",\"data\":{\"version\":\"1.0.0\",\"custom_field\":\"value\"}}");
    assert_said(s, 201);
    assert_at(w, s, "accepted", "1");
    s = post(
        w, &ann, u,
        "[{\"telemetry_type\":\"log\",\"level\":\"error\",\"message\":\"Disk 100% "
        "full\",\"timestamp\":\"2026-01-01T00:00:01Z\"},"
        "{\"telemetry_type\":\"log\",\"level\":\"debug\",\"message\":\"tick_tock\",\"timestamp\":\"2026-01-"
        "01T00:00:02Z\"},"
        "{\"telemetry_type\":\"metric\",\"data\":{\"cpu\":12.5},\"timestamp\":\"2026-01-01T00:00:03Z\"},"
        "{\"telemetry_type\":\"metric\",\"data\":{\"cpu\":13},\"timestamp\":\"2026-01-01T00:00:04+00:00\"},"
        "{\"telemetry_type\":\"event\",\"message\":\"Обработка\",\"timestamp\":\"2026-01-01T00:00:05Z\"},"
        "{\"telemetry_type\":\"error\",\"level\":\"fatal\",\"message\":\"gone\",\"timestamp\":\"2026-01-"
        "01T00:00:06Z\"}]");
    assert_at(w, s, "accepted", "6");
    s = get(w, &ann, u, "telemetry");
    assert_int_equal(count(w, &s, "telemetry"), 7);
    assert_at(w, s, "telemetry.0.message", "Application started");
    assert_at(w, s, "telemetry.0.level", "info");
    s = get(w, &ann, u, "telemetry?order=asc");
    assert_at(w, s, "telemetry.0.message", "Disk 100% full");
    assert_at(w, s, "telemetry.0.timestamp", "2026-01-01T00:00:01.000000Z");
    static const struct {
        const char *what, *list;
        i64 n;
    } cases[] = {
        { "telemetry?type=metric", "telemetry", 2 },
        { "telemetry?level=debug", "telemetry", 4 },
        { "telemetry?level=info", "telemetry", 3 },
        { "telemetry?level=error", "telemetry", 2 },
        { "telemetry?level=fatal", "telemetry", 1 },
        { "telemetry?q=DISK", "telemetry", 1 },
        { "telemetry?q=100%25", "telemetry", 1 },
        { "telemetry?q=%25", "telemetry", 1 },
        { "telemetry?q=k_t", "telemetry", 1 },
        { "telemetry?q=n_", "telemetry", 0 },
        { "telemetry?q=%D0%B1%D1%80%D0%B0", "telemetry", 1 },
        { "telemetry?from=2026-01-01T00:00:03Z&to=2026-01-01T00:00:05Z", "telemetry", 2 },
        { "logs", "logs", 3 },
        { "logs?limit=2", "logs", 2 },
        { "logs?level=warn", "logs", 1 },
        { "metrics", "metrics", 2 },
        { "metrics?from=2026-01-01T00:00:04Z", "metrics", 1 },
        { "metrics?from=&to=", "metrics", -1 },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        s = get(w, &ann, u, cases[i].what);
        if (cases[i].n < 0) assert_said(s, 400);
        else if (count(w, &s, cases[i].list) != cases[i].n)
            test_fail(__FILE__, __LINE__, "%s: %.*s", cases[i].what, STR(s.body));
    }
    s = get(w, &ann, u, "metrics");
    assert_at(w, s, "metrics.0.data.cpu", "12.5");
}

WORLD(telemetry_pages_without_gap_or_twin)
{
    str u;
    struct person ann = owner(w, &u);
    for (int i = 0; i < 3; i++) /* nine records, three of each time */
        assert_said(post(w, &ann, u,
                         "[{\"telemetry_type\":\"log\",\"timestamp\":\"2026-01-01T00:00:01Z\"},{\"telemetry_"
                         "type\":\"log\",\"timestamp\":\"2026-01-01T00:00:02Z\"},"
                         "{\"telemetry_type\":\"log\",\"timestamp\":\"2026-01-01T00:00:03Z\"}]"),
                    201);
    for (int order = 0; order < 2; order++) {
        const char *way = order ? "asc" : "desc";
        struct said s = get(w, &ann, u, arena_printf(op->arena, "telemetry?limit=2&order=%s", way).p);
        i64 n = 0, sum = 0, id;
        for (;;) {
            i64 here = count(w, &s, "telemetry");
            for (i64 i = 0; i < here; i++) {
                assert_true(str_to_i64(said_at(w, &s, i ? "telemetry.1.id" : "telemetry.0.id"), &id));
                sum += id;
            }
            n += here;
            str next = said_at(w, &s, "next_cursor");
            if (str_is(next, "null")) break;
            s = get(w, &ann, u,
                    arena_printf(op->arena, "telemetry?limit=2&order=%s&cursor=%.*s", way, STR(next)).p);
        }
        assert_int_equal(n, 9);
        assert_int_equal(sum, 45);
    }
}

WORLD(telemetry_refuses)
{
    str u;
    struct person ann = owner(w, &u);
    static const char *const bad[][2] = {
        { "", "" },
        { "[]", "" },
        { "{}", "telemetry_type" },
        { "5", "" },
        { "{\"telemetry_type\":\"noise\"}", "telemetry_type" },
        { "{\"telemetry_type\":null}", "telemetry_type" },
        { "{\"telemetry_type\":\"log\",\"level\":\"loud\"}", "level" },
        { "{\"telemetry_type\":\"log\",\"message\":5}", "message" },
        { "{\"telemetry_type\":\"log\",\"timestamp\":\"yesterday\"}", "timestamp" },
        { "{\"telemetry_type\":\"log\",\"unit_id\":\"0190a4c8-7c6c-7a51-8d2f-0123456789ab\"}", "unit_id" },
        { "[{\"telemetry_type\":\"log\"},{\"telemetry_type\":\"x\"}]", "[1].telemetry_type" },
        { "{\"telemetry_type\":\"log\",\"data\":{\"a\":}}", "" },
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct said s = post(w, &ann, u, bad[i][0]);
        if (s.status != 400) test_fail(__FILE__, __LINE__, "%s: %d %.*s", bad[i][0], s.status, STR(s.body));
        if (*bad[i][1] && !str_ends(said_at(w, &s, "field"), str_of(bad[i][1])))
            test_fail(__FILE__, __LINE__, "%s: %.*s", bad[i][0], STR(s.body));
    }
    struct said s = get(w, &ann, u, "telemetry");
    assert_at(w, s, "telemetry", "[]"); /* of a batch with one bad record nothing is stored */
    static const char *const asked[][2] = {
        { "telemetry?limit=0", "limit" },
        { "telemetry?limit=1001", "limit" },
        { "telemetry?type=x", "type" },
        { "telemetry?level=x", "level" },
        { "telemetry?cursor=x", "cursor" },
        { "telemetry?from=x", "from" },
        { "telemetry?order=up", "order" },
        { "telemetry?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to" },
        { "logs?limit=x", "limit" }
    };
    for (size_t i = 0; i < LEN(asked); i++) assert_refused(w, get(w, &ann, u, asked[i][0]), 400, asked[i][1]);
}

WORLD(telemetry_is_kept_thirty_days)
{
    str u;
    struct person ann = owner(w, &u);
    i64 n;
    time_us old = { time_now().us - SEC(31 * 86400) }, young = { time_now().us - SEC(29 * 86400) };
    uuid unit;
    assert_true(uuid_parse(u, &unit));
    struct telemetry rows[] = {
        { unit, TELEMETRY_LOG, 0, S("old"), { { 0 } }, old },
        { unit, TELEMETRY_LOG, 0, S("young"), { { 0 } }, young },
        { unit, TELEMETRY_LOG, 0, S("from the future"), { { 0 } }, { time_now().us + SEC(400 * 86400) } }
    };
    assert_ok(op, telemetry_store(op, rows, LEN(rows)));
    assert_ok(op, telemetry_retention_job(op));
    assert_ok(
        op, db_i64(op, &n, "SELECT count(*) FROM log_lines WHERE text <> 'old' AND at <= ?", A(time_now())));
    assert_int_equal(n, 2);
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM log_lines"));
    assert_int_equal(n, 2);
    (void)ann;
}

/* The newest value of the series of that name and its labels. */
static double newest(struct op *op, const char *name, str *labels, i64 *n)
{
    struct series_match m = { MATCH_EQUAL, { 0 }, str_of(name) };
    struct series_query q = { .match = &m, .nmatch = 1, .limit = 10 };
    series_list list = { 0 };
    struct series_point p = { 0 };
    OTHER_OP(o, op);
    o->who = &principal_system;
    assert_ok(o, series_find(o, &q, &list));
    *n = (i64)list.n;
    if (!list.n) return 0;
    *labels = str_copy(op->arena, list.item[0].labels.s);
    assert_ok(o, series_last(o, &list.item[0].id, 1, &p));
    return p.f;
}

WORLD(telemetry_numbers_become_series)
{
    str u, labels;
    i64 n;
    size_t at;
    struct person ann = owner(w, &u);
    assert_said(
        post(w, &ann, u,
             "[{\"telemetry_type\":\"metric\",\"message\":\"process\",\"data\":{\"cpu_percent\":12.5,"
             "\"rss_bytes\":1000}},"
             "{\"telemetry_type\":\"metric\",\"message\":\"loss\",\"data\":{\"labels\":{\"phase\":\"train\","
             "\"unit\":\"forged\",\"n\":5},\"loss\":0.25,\"note\":\"text\",\"deep\":{\"x\":1}}},"
             "{\"telemetry_type\":\"log\",\"message\":\"no number\",\"data\":{\"x\":7}},"
             "{\"telemetry_type\":\"metric\",\"data\":[1]},{\"telemetry_type\":\"metric\"}]"),
        201);
    assert_true(newest(op, "unit_cpu_percent", &labels, &n) == 12.5);
    assert_int_equal(n, 1);
    assert_true(str_find(labels, u, &at) && str_find(labels, S("sipd"), &at));
    assert_true(newest(op, "unit_rss_bytes", &labels, &n) == 1000);
    assert_true(newest(op, "loss", &labels, &n) == 0.25);
    assert_true(str_find(labels, S("train"), &at));
    assert_false(str_find(labels, S("forged"), &at));
    (void)newest(op, "x", &labels, &n);
    assert_int_equal(n, 0);
    (void)newest(op, "deep", &labels, &n);
    assert_int_equal(n, 0);
    assert_said(post(w, &ann, u, "{\"telemetry_type\":\"metric\",\"data\":{\"cpu_percent\":13}}"), 201);
    assert_true(newest(op, "unit_cpu_percent", &labels, &n) == 13);
    struct said s = get(w, &ann, u, "metrics");
    assert_int_equal(count(w, &s, "metrics"), 5); /* the records stay as they were sent */
    uuid unit;
    assert_true(uuid_parse(u, &unit));
    OTHER_OP(o, op);
    o->who = &principal_system;
    assert_ok(o, telemetry_drop(o, unit));
    assert_ok(o, db_flush(o));
    (void)newest(op, "loss", &labels, &n);
    assert_int_equal(n, 0);
}

/* A series of another kind in the way: the record is stored all the same. */
WORLD(telemetry_survives_a_series_of_another_kind)
{
    str u;
    struct person ann = owner(w, &u);
    assert_said(post(w, &ann, u, "{\"telemetry_type\":\"metric\",\"data\":{\"a\":1,\"b\":2}}"), 201);
    assert_ok(op, db_exec(op, "UPDATE series SET kind = ? WHERE name = 'a'", A((int)SERIES_TEXT)));
    assert_ok(op, db_flush(op));
    series_feature.stop(); /* forgets what it knows */
    assert_ok(op, series_feature.start(op));
    assert_said(post(w, &ann, u, "{\"telemetry_type\":\"metric\",\"data\":{\"a\":1,\"b\":3}}"), 201);
    struct said s = get(w, &ann, u, "metrics");
    assert_int_equal(count(w, &s, "metrics"), 2);
}
