#include "feature/unit/unit_rules.h"
#include "tests/unit/world.h"

#define P "/api/spark/packages"
#define U "/api/spark/units"

static str create(struct world *w, const struct person *who, const char *more)
{
    str body = arena_printf(w->op->arena,
                            "{\"name\":\"sipd-instance-1\",\"package_name\":\"sipd\",\"device_name\":"
                            "\"macbook-pro.local\",\"device_os\":\"macos\"%s}",
                            more);
    struct said s = say_raw(w, who->token, POST, S(U), S("application/json"), body);
    assert_said(s, 201);
    assert_at(w, s, "status", "starting");
    return said_at(w, &s, "unit_id");
}
static struct said to(struct world *w, const struct person *who, enum method m, str unit, const char *what,
                      const char *body)
{
    return say(w, who->token, m, arena_printf(w->op->arena, U "/%.*s%s", STR(unit), what).p, body);
}
static struct said set(struct world *w, const struct person *who, str unit, const char *status)
{
    return to(w, who, PUT, unit, "/status", arena_printf(w->op->arena, "{\"status\":\"%s\"}", status).p);
}

WORLD(unit_lives)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, "");
    struct said s = to(w, &ann, PUT, u, "/status", "{\"status\":\"running\",\"pid\":12345,\"port\":8080}");
    assert_said(s, 200);
    assert_at(w, s, "pid", "12345");
    assert_at(w, s, "port", "8080");
    assert_at(w, s, "package_name", "sipd");
    assert_at(w, s, "version", "1.0.0");
    assert_true(!str_is(said_at(w, &s, "started_at"), "null"));
    assert_true(!str_is(said_at(w, &s, "last_heartbeat"), "null"));
    assert_at(w, s, "stopped_at", "null");
    s = to(w, &ann, POST, u, "/heartbeat", NULL);
    assert_said(s, 200);
    assert_at(w, s, "commands", "[]");
    assert_at(w, s, "heartbeat_s", "30");
    s = to(w, &ann, PUT, u, "/status", "{\"status\":\"failed\",\"exit_code\":3,\"reason\":\"exit 3\"}");
    assert_at(w, s, "exit_code", "3");
    assert_at(w, s, "pid", "null");
    assert_true(!str_is(said_at(w, &s, "stopped_at"), "null"));
    s = say(w, ann.token, GET, U "?status=failed&package=sipd", NULL);
    assert_at(w, s, "units.0.reason", "exit 3");
    s = say(w, ann.token, GET, U "?status=running", NULL);
    assert_at(w, s, "units", "[]");
    assert_said(to(w, &ann, DELETE, u, "", NULL), 204);
    assert_said(to(w, &ann, GET, u, "", NULL), 404);
    s = say(w, ann.token, GET, U, NULL);
    assert_at(w, s, "units", "[]");
}

WORLD(unit_needs_an_installed_package)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    world_install(w, &ann, &ann);
    static const char body[] = "{\"name\":\"x\",\"package_name\":\"sipd\"}";
    assert_said(say(w, (str){ 0 }, POST, U, body), 401);
    assert_said(say(w, bob.token, POST, U, body), 409);
    assert_said(say(w, bob.token, POST, U, "{\"name\":\"x\",\"package_name\":\"none\"}"), 404);
    static const char *const bad[][2] = {
        { "{\"package_name\":\"sipd\"}", "name" },
        { "{\"name\":\"x\"}", "package_name" },
        { "{\"name\":\" \",\"package_name\":\"sipd\"}", "name" },
        { "{\"name\":\"x\",\"package_name\":\"sipd\",\"unit_id\":\"7\"}", "unit_id" },
        { "{\"name\":\"x\",\"package_name\":\"sipd\",\"status\":\"running\"}", "status" },
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(w, say(w, ann.token, POST, U, bad[i][0]), 400, bad[i][1]);
    const char *nowhere = "{\"name\":\"x\",\"package_name\":\"sipd\",\"project_id\":99}";
    assert_refused(w, say(w, ann.token, POST, U, nowhere), 404, "project_id");
    assert_said(
        say(w, ann.token, POST, U, "{\"name\":\"x\",\"package_name\":\"sipd\",\"version\":\"9.0.0\"}"), 404);
}

WORLD(unit_id_may_be_chosen)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    world_install(w, &ann, &ann);
    world_install(w, &ann, &bob);
    const char *more = ",\"unit_id\":\"0190A4C8-7c6c-7a51-8d2f-0123456789ab\"";
    str u = create(w, &ann, more);
    assert_str(u, S("0190a4c8-7c6c-7a51-8d2f-0123456789ab"));
    assert_str(create(w, &ann, more), u); /* its answer was lost, it is asked again */
    str body = arena_printf(op->arena, "{\"name\":\"sipd-instance-1\",\"package_name\":\"sipd\"%s}", more);
    assert_said(say_raw(w, bob.token, POST, S(U), S("application/json"), body), 409);
}

WORLD(unit_status_follows_the_table)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    for (int from = 0; from <= UNIT_PAUSED; from++)
        for (int next = 0; next <= UNIT_PAUSED; next++) {
            bool may = unit_status_may((unsigned)from, (unsigned)next);
            str u = create(w, &ann, "");
            if (from) assert_said(set(w, &ann, u, unit_statuses[from]), 200);
            struct said s = set(w, &ann, u, unit_statuses[next]);
            assert_int_equal(s.status, may ? 200 : 409);
            if (!may && !str_find(s.body,
                                  arena_printf(op->arena, "a %s unit cannot become %s", unit_statuses[from],
                                               unit_statuses[next]),
                                  &(size_t){ 0 }))
                test_fail(__FILE__, __LINE__, "%.*s", STR(s.body));
        }
    assert_false(unit_status_may(UNIT_STOPPED, UNIT_RUNNING));
    assert_true(unit_status_may(UNIT_FAILED, UNIT_RUNNING));
    str u = create(w, &ann, "");
    assert_refused(w, set(w, &ann, u, "dead"), 400, "status");
    assert_refused(w, to(w, &ann, PUT, u, "/status", "{}"), 400, "status");
    assert_refused(w, to(w, &ann, PUT, u, "/status", "{\"status\":\"running\",\"port\":70000}"), 400, "port");
}

WORLD(unit_is_its_owners)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob"), eva = world_person(w, "eva"),
                  tom = world_person(w, "tom");
    i64 project = world_project(w, "lab", &ann);
    world_member(w, project, &eva, "editor");
    world_member(w, project, &tom, "viewer");
    world_install(w, &ann, &ann);
    str mine = create(w, &ann, ""),
        ours = create(w, &ann, arena_printf(op->arena, ",\"project_id\":%lld", (long long)project).p);
    static const struct {
        enum method method;
        const char *what, *body;
    } calls[] = { { GET, "", NULL },
                  { PUT, "/status", "{\"status\":\"running\"}" },
                  { POST, "/heartbeat", NULL },
                  { POST, "/stop", NULL },
                  { POST, "/restart", NULL },
                  { POST, "/token", NULL },
                  { POST, "/telemetry", "{\"telemetry_type\":\"log\"}" },
                  { GET, "/telemetry", NULL },
                  { GET, "/logs", NULL },
                  { GET, "/metrics", NULL },
                  { DELETE, "", NULL } };
    for (size_t i = 0; i < LEN(calls); i++) {
        assert_said(to(w, &bob, calls[i].method, mine, calls[i].what, calls[i].body), 404);
        assert_said(to(w, &eva, calls[i].method, mine, calls[i].what, calls[i].body), 404);
        assert_said(to(w, &bob, calls[i].method, ours, calls[i].what, calls[i].body), 404);
        struct said s = to(w, &tom, calls[i].method, ours, calls[i].what, calls[i].body);
        assert_int_equal(s.status, calls[i].method == GET ? 200 : 403);
    }
    struct said s = say(w, tom.token, GET, U, NULL);
    assert_at(w, s, "units.0.owner", "ann");
    assert_true(!said_at(w, &s, "units.1").p);
    s = say(w, bob.token, GET, U, NULL);
    assert_at(w, s, "units", "[]");
    assert_said(to(w, &eva, POST, ours, "/stop", NULL), 200);
    assert_said(to(w, &eva, DELETE, ours, "", NULL), 204);
    str reader = world_token(w, ann.id, 0, "unit:read");
    assert_said(say(w, reader, GET, U, NULL), 200);
    assert_said(say(w, reader, POST, U, "{\"name\":\"x\",\"package_name\":\"sipd\"}"), 403);
    assert_said(say(w, ann.token, GET, U "/not-a-uuid", NULL), 400);
    assert_said(say(w, ann.token, GET, U "/0190a4c8-7c6c-7a51-8d2f-0123456789ab", NULL), 404);
}

WORLD(unit_lists_in_pages)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    for (int i = 0; i < 5; i++) create(w, &ann, "");
    struct said s = say(w, ann.token, GET, U "?limit=2", NULL);
    i64 seen = 0;
    for (;;) {
        for (int i = 0; i < 2; i++)
            seen += said_at(w, &s, i ? "units.1.unit_id" : "units.0.unit_id").p != NULL;
        str next = said_at(w, &s, "next_cursor");
        if (str_is(next, "null")) break;
        s = say(w, ann.token, GET, arena_printf(op->arena, U "?limit=2&cursor=%.*s", STR(next)).p, NULL);
    }
    assert_int_equal(seen, 5);
    assert_refused(w, say(w, ann.token, GET, U "?cursor=x", NULL), 400, "cursor");
    assert_refused(w, say(w, ann.token, GET, U "?limit=0", NULL), 400, "limit");
    assert_refused(w, say(w, ann.token, GET, U "?status=dead", NULL), 400, "status");
}

WORLD(unit_commands_reach_plain_clients)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, "");
    assert_said(set(w, &ann, u, "running"), 200);
    struct said s = to(w, &ann, POST, u, "/stop", NULL);
    assert_said(s, 200);
    assert_at(w, s, "desired", "stopped");
    assert_at(w, s, "status", "running");
    s = to(w, &ann, POST, u, "/heartbeat", "{\"status\":\"running\",\"pid\":5}");
    assert_at(w, s, "commands.0.action", "stop");
    assert_said(set(w, &ann, u, "stopped"), 200); /* reaching the status is doing the command */
    s = to(w, &ann, POST, u, "/heartbeat", NULL);
    assert_at(w, s, "commands", "[]");
    assert_said(to(w, &ann, POST, u, "/pause", NULL), 409);
    assert_said(to(w, &ann, POST, u, "/resume", NULL), 409);
    s = to(w, &ann, POST, u, "/stop", NULL); /* it is already */
    assert_at(w, s, "command_id", "null");
    s = to(w, &ann, POST, u, "/restart", NULL);
    assert_at(w, s, "command_action", "restart");
    str id = said_at(w, &s, "command_id");
    s = to(w, &ann, POST, u, "/start", NULL); /* the newer command replaces the older one */
    s = to(w, &ann, POST, u, "/heartbeat", arena_printf(op->arena, "{\"done\":[\"%.*s\"]}", STR(id)).p);
    assert_at(w, s, "commands.0.action", "start");
    id = said_at(w, &s, "commands.0.id");
    s = to(w, &ann, POST, u, "/heartbeat",
           arena_printf(op->arena, "{\"status\":\"starting\",\"done\":[\"%.*s\"]}", STR(id)).p);
    assert_at(w, s, "commands", "[]");
    /* removing: gone for the owner at once, for good when the client has confirmed it */
    assert_said(to(w, &ann, DELETE, u, "", NULL), 204);
    assert_said(to(w, &ann, POST, u, "/telemetry", "{\"telemetry_type\":\"log\"}"), 404);
    s = to(w, &ann, POST, u, "/heartbeat", NULL);
    assert_at(w, s, "commands.0.action", "remove");
    assert_ok(op, unit_purge_job(op));
    s = to(w, &ann, POST, u, "/heartbeat",
           arena_printf(op->arena, "{\"done\":[\"%.*s\"]}", STR(said_at(w, &s, "commands.0.id"))).p);
    assert_said(s, 200);
    assert_said(to(w, &ann, POST, u, "/heartbeat", NULL), 404);
    i64 left;
    assert_ok(op, unit_purge_job(op));
    assert_ok(op, db_i64(op, &left, "SELECT count(*) FROM spark_remote_units"));
    assert_int_equal(left, 0);
}

WORLD(unit_is_lost_and_comes_back)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, ""), quiet = create(w, &ann, ""), gone = create(w, &ann, "");
    assert_said(set(w, &ann, u, "running"), 200);
    struct said running = to(w, &ann, GET, u, "", NULL);
    assert_said(set(w, &ann, gone, "running"), 200);
    assert_said(to(w, &ann, DELETE, gone, "", NULL), 204);
    time_us past = { time_now().us - unit_lost_us - SEC(5) };
    assert_ok(op, unit_lost_job(op));
    assert_ok(op, db_flush(op));
    struct said s = to(w, &ann, GET, u, "", NULL);
    assert_at(w, s, "status", "running");
    assert_ok(op, db_exec(op, "UPDATE spark_remote_units SET last_heartbeat = ?, created_at = ?", A(past),
                          A(past)));
    assert_ok(op, unit_lost_job(op));
    assert_ok(op, unit_purge_job(op));
    assert_ok(op, db_flush(op));
    s = to(w, &ann, GET, u, "", NULL);
    assert_at(w, s, "status", "failed");
    assert_at(w, s, "reason", "lost");
    s = to(w, &ann, GET, quiet, "", NULL);
    assert_at(w, s, "status", "failed");
    s = to(w, &ann, GET, u, "/telemetry?type=event&level=error", NULL);
    assert_at(w, s, "telemetry.0.message", "status");
    assert_at(w, s, "telemetry.0.data.reason", "lost");
    assert_true(!said_at(w, &s, "telemetry.1").p);
    assert_said(to(w, &ann, POST, gone, "/heartbeat", NULL), 404);
    assert_said(to(w, &ann, POST, u, "/heartbeat", NULL), 200);
    s = to(w, &ann, GET, u, "", NULL);
    assert_at(w, s, "status", "running");
    assert_at(w, s, "reason", "null");
    assert_str(said_at(w, &s, "started_at"),
               said_at(w, &running, "started_at")); /* it was only out of sight */
}

WORLD(unit_of_a_dead_machine_can_be_removed)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, ",\"agent_id\":\"0190a4c8-7c6c-7a51-8d2f-00000000000a\"");
    assert_said(set(w, &ann, u, "running"), 200);
    assert_said(to(w, &ann, DELETE, u, "", NULL), 204);
    i64 left;
    static const i64 silent_days[] = { 29, 31 };
    for (size_t i = 0; i < LEN(silent_days); i++) {
        time_us past = { time_now().us - SEC(silent_days[i] * 86400) };
        assert_ok(op, db_exec(op, "UPDATE spark_remote_units SET last_heartbeat = ?", A(past)));
        assert_ok(op, unit_lost_job(op));
        assert_ok(op, unit_purge_job(op));
        assert_ok(op, db_i64(op, &left, "SELECT count(*) FROM spark_remote_units"));
        assert_int_equal(left, silent_days[i] < 30);
    }
}

WORLD(unit_counts_as_active)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, "");
    create(w, &ann, "");
    struct said s = say(w, (str){ 0 }, GET, P "/sipd/stats", NULL);
    assert_at(w, s, "active_units", "2");
    assert_said(set(w, &ann, u, "stopped"), 200);
    s = say(w, (str){ 0 }, GET, P "/sipd/stats", NULL);
    assert_at(w, s, "active_units", "1");
    assert_at(w, s, "by_version.0.active_units", "1");
    assert_said(say(w, ann.token, DELETE, P "/sipd", NULL), 409);
}

WORLD(unit_token_sends_telemetry_only)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    str u = create(w, &ann, "");
    struct said s = to(w, &ann, POST, u, "/token", NULL);
    assert_said(s, 201);
    struct person program = { .token = said_at(w, &s, "token") };
    assert_said(to(w, &program, POST, u, "/telemetry", "{\"telemetry_type\":\"log\"}"), 201);
    assert_said(to(w, &program, GET, u, "", NULL), 403);
    assert_said(to(w, &ann, DELETE, u, "", NULL), 204);
    assert_said(to(w, &program, POST, u, "/telemetry", "{\"telemetry_type\":\"log\"}"), 401);
}

WORLD(unit_people_leave)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    struct buf b = BUF(op->arena);
    i64 n;
    world_install(w, &ann, &bob);
    str u = create(w, &bob, "");
    assert_said(
        to(w, &bob, POST, u, "/telemetry", "[{\"telemetry_type\":\"log\"},{\"telemetry_type\":\"log\"}]"),
        201);
    assert_ok(op, unit_export_user(op, bob.id, &b));
    assert_true(json_valid(buf_str(&b)) && str_find(buf_str(&b), u, &(size_t){ 0 }));
    assert_ok(op, unit_forget_user(op, bob.id));
    assert_ok(op, db_i64(op, &n,
                         "SELECT (SELECT count(*) FROM spark_remote_units) + (SELECT count(*) FROM "
                         "log_lines)"));
    assert_int_equal(n, 0);
}
