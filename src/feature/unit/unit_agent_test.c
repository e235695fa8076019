/* The agents' socket over a real connection: what an agent says, and what it hears. */
#include "feature/account/account.h"
#include "feature/unit/unit_rules.h"
#include "tests/unit/world.h"
#include <poll.h>

#define U     "/api/spark/units"
#define AGENT "0190a4c8-7c6c-7a51-8d2f-00000000000a"
#define EPOCH "0190a4c8-7c6c-7a51-8d2f-0000000000e1"
#define UNIT  "0190a4c8-7c6c-7a51-8d2f-0000000000b1"

struct line {
    struct world *w;
    struct wsc *ws;
    str heard[8]; /* in the operation's arena, oldest first */
    size_t n;
};

static void on_message(void *ctx, bool text UNUSED, str data)
{
    struct line *l = ctx;
    if (l->n == LEN(l->heard)) test_fail(__FILE__, __LINE__, "too many messages");
    l->heard[l->n++] = str_copy(l->w->op->arena, data);
}

static struct line dial(struct world *w, const struct person *who)
{
    struct line l = { .w = w };
    struct client_options o = { .base_url = arena_printf(w->op->arena, "http://127.0.0.1:%d", w->port),
                                .token = who->token,
                                .timeout_us = test_patience_us() };
    assert_ok(w->op, wsc_open(w->op, &o, S("/api/spark/agent"), &l.ws));
    return l;
}

static void tell(struct line *l, const char *json)
{
    assert_ok(l->w->op, wsc_send(l->ws, l->w->op, true, str_of(json)));
}

/* The next message of that type; others that come before it are dropped. Absent: the server has closed. */
static str hear(struct line *l, const char *type)
{
    i64 until = test_deadline();
    str want = arena_printf(l->w->op->arena, "\"type\":\"%s\"", type);
    bool open = true;
    while (time_mono_us() < until) {
        for (size_t i = 0; i < l->n; i++) {
            if (!str_find(l->heard[i], want, &(size_t){ 0 })) continue;
            str got = l->heard[i];
            l->n -= i + 1;
            memmove(l->heard, l->heard + i + 1, l->n * sizeof *l->heard);
            return got;
        }
        if (!open) return (str){ 0 };
        struct pollfd p = { wsc_fd(l->ws), POLLIN, 0 };
        if (poll(&p, 1, 1000) > 0 && wsc_service(l->ws, l->w->op, on_message, l)) {
            op_clear(l->w->op);
            open = false;
        }
    }
    test_fail(__FILE__, __LINE__, "no %s", type);
    return (str){ 0 };
}

static void hang_up(struct line *l) { wsc_free(l->ws); }

static str part(struct line *l, str message, const char *path)
{
    return said_at(l->w, &(struct said){ 200, message }, path);
}

#define HELLO(units) \
    "{\"type\":\"hello\",\"agent_id\":\"" AGENT "\",\"epoch\":\"" EPOCH \
    "\",\"host\":\"box\",\"os\":\"linux\",\"units\":[" units "]}"
#define RUNNING(at) \
    "{\"unit_id\":\"" UNIT "\",\"name\":\"sipd-1\",\"package_name\":\"sipd\",\"status\":\"running\"," \
    "\"pid\":77,\"at\":\"" at "\"}"
#define LOG(text) \
    "{\"telemetry\":{\"unit_id\":\"" UNIT "\",\"telemetry_type\":\"log\",\"message\":\"" text \
    "\",\"timestamp\":\"2026-01-01T00:00:01Z\"}}"
#define REPORT(seq, records) \
    "{\"type\":\"report\",\"epoch\":\"" EPOCH "\",\"seq\":" #seq ",\"records\":[" records "]}"

static struct person owner(struct world *w)
{
    struct person ann = world_person(w, "ann");
    world_install(w, &ann, &ann);
    return ann;
}

static i64 records(struct world *w)
{
    i64 n;
    assert_ok(w->op, db_flush(w->op));
    assert_ok(w->op, db_i64(w->op, &n, "SELECT count(*) FROM log_lines"));
    return n;
}

WORLD(unit_agent_reports_are_stored_once)
{
    struct person ann = owner(w);
    struct line l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:00Z")));
    assert_true(!part(&l, hear(&l, "welcome"), "seq").p);     /* it has none yet */
    struct said s = say(w, ann.token, GET, U "/" UNIT, NULL); /* made here: the package is installed */
    assert_at(w, s, "status", "running");
    assert_at(w, s, "pid", "77");
    assert_at(w, s, "device_name", "box");
    tell(&l, REPORT(1, LOG("one") "," LOG("two")));
    assert_str(part(&l, hear(&l, "ack"), "seq"), S("1"));
    tell(&l, REPORT(1, LOG("one") "," LOG("two"))); /* its answer was lost */
    assert_str(part(&l, hear(&l, "ack"), "seq"), S("1"));
    assert_int_equal(records(w), 2);
    hang_up(&l);
    l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:02Z")));
    assert_str(part(&l, hear(&l, "welcome"), "seq"), S("1"));
    tell(&l, REPORT(1, LOG("one")));
    tell(&l, REPORT(2, LOG("three")));
    assert_str(part(&l, hear(&l, "ack"), "seq"), S("1"));
    assert_str(part(&l, hear(&l, "ack"), "seq"), S("2"));
    assert_int_equal(records(w), 3);
    tell(&l, REPORT(4, LOG("a gap")));
    assert_true(str_find(hear(&l, "error"), S("must be 3"), &(size_t){ 0 }));
    assert_true(!hear(&l, "ack").p); /* closed */
    assert_int_equal(records(w), 3);
    hang_up(&l);
}

WORLD(unit_agent_history_never_overwrites_the_present)
{
    struct person ann = owner(w);
    struct line l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:05Z")));
    (void)hear(&l, "welcome");
    tell(&l,
         REPORT(1, "{\"unit\":{\"unit_id\":\"" UNIT "\",\"status\":\"failed\",\"reason\":\"exit 1\",\"at\":"
                   "\"2026-01-01T00:00:01Z\"}}"));
    assert_str(part(&l, hear(&l, "ack"), "seq"), S("1"));
    struct said s = say(w, ann.token, GET, U "/" UNIT, NULL);
    assert_at(w, s, "status", "running");
    s = say(w, ann.token, GET, U "/" UNIT "/telemetry?type=event", NULL); /* but it has happened */
    assert_at(w, s, "telemetry.0.data.status", "failed");
    hang_up(&l);
}

WORLD(unit_agent_gets_commands_until_they_are_done)
{
    struct person ann = owner(w);
    struct line l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:00Z")));
    (void)hear(&l, "welcome");
    assert_said(say(w, ann.token, POST, U "/" UNIT "/stop", NULL), 200);
    str command = hear(&l, "command");
    assert_str(part(&l, command, "action"), S("stop"));
    hang_up(&l); /* before it could act */
    l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:01Z")));
    (void)hear(&l, "welcome");
    str again = hear(&l, "command");
    assert_str(part(&l, again, "id"), part(&l, command, "id"));
    assert_ok(op, db_exec(op, "UPDATE spark_remote_units SET command_at = ?",
                          A((time_us){ time_now().us - SEC(60) })));
    assert_ok(op, db_flush(op));
    for (int i = 0; i < 10; i++) assert_ok(op, unit_push_job(op)); /* the turn of what is old comes, too */
    assert_str(part(&l, hear(&l, "command"), "id"), part(&l, command, "id"));
    tell(&l, arena_printf(op->arena, "{\"type\":\"done\",\"id\":\"%.*s\",\"ok\":false,\"error\":\"stuck\"}",
                          STR(part(&l, command, "id")))
                 .p);
    tell(&l, REPORT(1, "")); /* acknowledged after the message before it */
    (void)hear(&l, "ack");
    struct said s = say(w, ann.token, GET, U "/" UNIT, NULL);
    assert_at(w, s, "command_error", "stuck");
    assert_at(w, s, "command_id", "null");
    assert_said(say(w, ann.token, DELETE, U "/" UNIT, NULL), 204);
    command = hear(&l, "command");
    while (!str_is(part(&l, command, "action"), "remove")) command = hear(&l, "command");
    tell(&l, arena_printf(op->arena, "{\"type\":\"done\",\"id\":\"%.*s\",\"ok\":true}",
                          STR(part(&l, command, "id")))
                 .p);
    tell(&l, REPORT(2, LOG("of a unit that is gone")));
    (void)hear(&l, "ack");
    assert_ok(op, db_flush(op));
    assert_ok(op, unit_purge_job(op));
    i64 left;
    assert_ok(op, db_i64(op, &left, "SELECT count(*) FROM spark_remote_units"));
    assert_int_equal(left, 0);
    assert_int_equal(records(w), 0);
    hang_up(&l);
}

WORLD(unit_agent_without_a_unit_ends_it)
{
    struct person ann = owner(w);
    struct line l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:00Z")));
    (void)hear(&l, "welcome");
    hang_up(&l);
    l = dial(w, &ann);
    tell(&l, HELLO(""));
    (void)hear(&l, "welcome");
    struct said s = say(w, ann.token, GET, U "/" UNIT, NULL);
    assert_at(w, s, "status", "failed");
    assert_at(w, s, "reason", "unknown to its agent");
    hang_up(&l);
}

WORLD(unit_agent_is_one_persons)
{
    struct person ann = owner(w), bob = world_person(w, "bob");
    struct line l = dial(w, &ann), other = dial(w, &bob);
    tell(&l, REPORT(1, ""));
    assert_true(str_find(hear(&l, "error"), S("hello"), &(size_t){ 0 }));
    hang_up(&l);
    l = dial(w, &ann);
    tell(&l, HELLO(RUNNING("2026-01-01T00:00:00Z")));
    (void)hear(&l, "welcome");
    tell(&other, HELLO(""));
    assert_true(str_find(hear(&other, "error"), S("another user's"), &(size_t){ 0 }));
    hang_up(&other);
    other = dial(w, &bob); /* an agent of his own that speaks for her unit */
    tell(&other,
         "{\"type\":\"hello\",\"agent_id\":\"0190a4c8-7c6c-7a51-8d2f-00000000000c\",\"epoch\":\"" EPOCH
         "\",\"host\":\"x\",\"os\":\"linux\",\"units\":[{\"unit_id\":\"" UNIT "\",\"status\":\"failed\"}]}");
    (void)hear(&other, "welcome");
    tell(&other, REPORT(1, LOG("not his")));
    (void)hear(&other, "ack");
    struct said s = say(w, ann.token, GET, U "/" UNIT, NULL);
    assert_at(w, s, "status", "running");
    assert_int_equal(records(w), 0);
    hang_up(&other);
    struct line second = dial(w, &ann); /* the same agent again: the network has lost the first connection */
    tell(&second, HELLO(RUNNING("2026-01-01T00:00:01Z")));
    (void)hear(&second, "welcome");
    assert_true(!hear(&l, "welcome").p);
    hang_up(&l);
    hang_up(&second);
}

WORLD(unit_agent_of_a_person_who_left_is_sent_away)
{
    struct person ann = owner(w);
    struct line l = dial(w, &ann);
    tell(&l, HELLO(""));
    (void)hear(&l, "welcome");
    assert_ok(op, db_exec(op, "DELETE FROM spark_agents"));
    assert_ok(op, db_flush(op));
    tell(&l, "{\"type\":\"beat\",\"units\":[]}");
    assert_true(str_find(hear(&l, "error"), S("has left"), &(size_t){ 0 }));
    assert_true(!hear(&l, "ack").p);
    hang_up(&l);
}

WORLD(unit_agents_of_everybody_are_for_administrators)
{
    struct person ann = owner(w), bob = world_person(w, "bob"), root = world_admin(w, "root");
    struct line l = dial(w, &ann);
    tell(&l, HELLO(""));
    (void)hear(&l, "welcome");
    struct said s = say(w, root.token, GET, "/api/spark/agents", NULL);
    assert_at(w, s, "agents.0.host", "box");
    assert_at(w, s, "agents.0.owner", "ann");
    s = say(w, bob.token, GET, "/api/spark/agents", NULL);
    assert_at(w, s, "agents", "[]");
    hang_up(&l);
}

WORLD(unit_agent_is_sent_away_with_its_token)
{
    struct person ann = owner(w), program = { 0 };
    struct account_token token = { .user_id = ann.id, .name = S("agent"), .scopes = S("unit:write") };
    assert_ok(op, account_token_new(op, &token, &program.token));
    assert_ok(op, db_flush(op));
    struct line l = dial(w, &program), late = dial(w, &program), kept = dial(w, &ann);
    tell(&l, HELLO(""));
    (void)hear(&l, "welcome");
    tell(&kept, "{\"type\":\"hello\",\"agent_id\":\"0190a4c8-7c6c-7a51-8d2f-00000000000c\",\"epoch\":\"" EPOCH
                "\",\"host\":\"x\",\"os\":\"linux\",\"units\":[]}");
    (void)hear(&kept, "welcome");
    assert_ok(op, unit_push_job(op));
    tell(&l, REPORT(1, ""));
    assert_true(hear(&l, "ack").p); /* nothing was revoked */
    assert_ok(op, account_token_drop(op, ann.id, S("agent")));
    assert_ok(op, db_flush(op));
    assert_ok(op, unit_push_job(op));
    assert_true(!hear(&l, "ack").p);
    tell(&late, HELLO(""));
    assert_true(str_find(hear(&late, "error"), S("not valid"), &(size_t){ 0 }));
    tell(&kept, REPORT(1, ""));
    assert_true(hear(&kept, "ack").p);
    hang_up(&l);
    hang_up(&late);
    hang_up(&kept);
}
