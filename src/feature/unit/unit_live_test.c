#include "feature/unit/unit_live.h"
#include "tests/unit/world.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define U "/api/spark/units"

static struct person owner(struct world *w, str *unit)
{
    struct person ann = world_person(w, "ann");
    *unit = world_unit(w, &ann, "web");
    return ann;
}
static void log_line(struct world *w, const struct person *who, str unit, const char *body)
{
    assert_said(say(w, who->token, POST, arena_printf(w->op->arena, U "/%.*s/telemetry", STR(unit)).p, body),
                201);
}

/* A follower over a socket of its own. */
struct stream {
    struct world *w;
    int fd;
    struct buf got;
    size_t at; /* read so far */
};
static struct stream follow(struct world *w, str token, str path, const char *accept)
{
    struct stream s = { w, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), BUF(w->op->arena), 0 };
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((u16)w->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval t = { .tv_sec = test_patience_us() / SEC(1) };
    setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    assert_int_equal(connect(s.fd, (const void *)&a, sizeof a), 0);
    str text = arena_printf(
        w->op->arena, "GET %.*s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nAuthorization: Bearer %.*s\r\n\r\n",
        STR(path), accept, STR(token));
    assert_int_equal(send(s.fd, text.p, text.n, MSG_NOSIGNAL), (ssize_t)text.n);
    return s;
}
/* What comes up to and with `end`. */
static str until(struct stream *s, const char *end)
{
    for (size_t at;;) {
        str rest = str_skip(buf_str(&s->got), s->at);
        if (str_find(rest, str_of(end), &at)) {
            s->at += at + strlen(end);
            return str_head(rest, at + strlen(end));
        }
        char *room = buf_room(&s->got, 65536);
        ssize_t n = recv(s->fd, room, 65536, 0);
        if (n <= 0) test_fail(__FILE__, __LINE__, "no '%s' in %.*s", end, STR(buf_str(&s->got)));
        buf_grew(&s->got, (size_t)n);
    }
}
static bool has(str s, const char *what)
{
    size_t at;
    return str_find(s, str_of(what), &at);
}

WORLD(unit_live_log_is_followed)
{
    str u;
    struct person ann = owner(w, &u);
    log_line(w, &ann, u,
             "[{\"telemetry_type\":\"log\",\"level\":\"info\",\"message\":\"one\"},"
             "{\"telemetry_type\":\"log\",\"level\":\"info\",\"message\":\"two\"},"
             "{\"telemetry_type\":\"metric\",\"data\":{\"x\":1}}]");
    str path = arena_printf(op->arena, U "/%.*s/logs?follow=1&limit=1", STR(u));
    struct stream s = follow(w, ann.token, path, "*/*");
    assert_true(has(until(&s, "\r\n\r\n"), "Content-Type: text/event-stream"));
    str first = until(&s, "\n\n");
    assert_true(str_starts(first, S("data: {")) && has(first, "\"message\":\"two\""));
    i64 best = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        i64 from = time_mono_us();
        log_line(w, &ann, u,
                 arena_printf(op->arena, "{\"telemetry_type\":\"log\",\"message\":\"new %d\"}", i).p);
        str got = until(&s, "\n\n");
        best = MIN(best, time_mono_us() - from);
        if (!has(got, arena_printf(op->arena, "\"message\":\"new %d\"", i).p))
            test_fail(__FILE__, __LINE__, "%.*s", STR(got));
    }
    assert_true(best < SEC(1));
    log_line(w, &ann, u,
             "[{\"telemetry_type\":\"error\",\"message\":\"not a "
             "log\"},{\"telemetry_type\":\"log\",\"message\":\"last\"}]");
    assert_true(has(until(&s, "\n\n"), "\"message\":\"last\""));
    close(s.fd);
}

WORLD(unit_live_log_is_narrowed)
{
    str u;
    struct person ann = owner(w, &u);
    log_line(w, &ann, u, "{\"telemetry_type\":\"log\",\"level\":\"error\",\"message\":\"old TROUBLE\"}");
    struct stream s =
        follow(w, ann.token,
               arena_printf(op->arena, U "/%.*s/logs?follow=1&level=warn&q=%%D0%%91%%D0%%95%%D0%%94%%D0%%90",
                            STR(u)),
               "application/x-ndjson");
    until(&s, "\r\n\r\n");
    log_line(w, &ann, u,
             "[{\"telemetry_type\":\"log\",\"level\":\"error\",\"message\":\"calm\"},"
             "{\"telemetry_type\":\"log\",\"level\":\"info\",\"message\":\"беда\"},"
             "{\"telemetry_type\":\"log\",\"level\":\"fatal\",\"message\":\"Пришла Беда\"}]");
    str line = until(&s, "\n");
    assert_true(has(line, "Пришла Беда") && str_starts(line, S("{")));
    close(s.fd);
    struct person bob = world_person(w, "bob");
    struct stream other =
        follow(w, bob.token, arena_printf(op->arena, U "/%.*s/logs?follow=1", STR(u)), "*/*");
    assert_true(has(until(&other, "\r\n\r\n"), " 404 "));
    close(other.fd);
    assert_said(
        say(w, ann.token, GET, arena_printf(op->arena, U "/%.*s/logs?follow=1&cursor=1-1", STR(u)).p, NULL),
        400);
}

/* Topics of rows: one's own, a project's, one unit's; and of events. */
WORLD(unit_live_rows_and_events)
{
    str u;
    struct person ann = owner(w, &u), bob = world_person(w, "bob");
    i64 project = world_project(w, "team", &ann);
    world_member(w, project, &bob, "viewer");
    struct stream own = follow(
                      w, ann.token,
                      arena_printf(op->arena, "/api/v1/live/follow?topic=units/user/%lld", (long long)ann.id),
                      "*/*"),
                  state = follow(w, ann.token,
                                 arena_printf(op->arena, "/api/v1/live/follow?topic=unit/%.*s/state", STR(u)),
                                 "*/*"),
                  events = follow(
                      w, ann.token,
                      arena_printf(op->arena, "/api/v1/live/follow?topic=unit/%.*s/events", STR(u)), "*/*"),
                  team = follow(w, bob.token,
                                arena_printf(op->arena, "/api/v1/live/follow?topic=units/project/%lld",
                                             (long long)project),
                                "*/*"),
                  strange = follow(
                      w, bob.token,
                      arena_printf(op->arena, "/api/v1/live/follow?topic=units/user/%lld", (long long)ann.id),
                      "*/*");
    until(&own, "\r\n\r\n"), until(&state, "\r\n\r\n"), until(&events, "\r\n\r\n"), until(&team, "\r\n\r\n");
    assert_true(has(until(&strange, "\r\n\r\n"), " 403 "));
    assert_true(has(until(&state, "\n\n"), "event: snap"));
    assert_said(say(w, ann.token, PUT, arena_printf(op->arena, U "/%.*s/status", STR(u)).p,
                    "{\"status\":\"running\"}"),
                200);
    assert_true(has(until(&own, "\n\n"), "\"status\":\"running\""));
    assert_true(has(until(&state, "\n\n"), "\"status\":\"running\""));
    log_line(w, &ann, u,
             "[{\"telemetry_type\":\"log\",\"message\":\"no "
             "event\"},{\"telemetry_type\":\"event\",\"message\":\"trained\"}]");
    assert_true(has(until(&events, "\n\n"), "\"message\":\"trained\""));
    struct said s =
        say_raw(w, ann.token, POST, S(U), S("application/json"),
                arena_printf(op->arena, "{\"name\":\"second\",\"package_name\":\"sipd\",\"project_id\":%lld}",
                             (long long)project));
    assert_said(s, 201);
    assert_true(has(until(&team, "\n\n"), "\"name\":\"second\""));
    assert_true(has(until(&own, "\n\n"), "\"name\":\"second\""));
    assert_said(
        say(w, ann.token, DELETE, arena_printf(op->arena, U "/%.*s", STR(said_at(w, &s, "unit_id"))).p, NULL),
        204);
    assert_true(has(until(&team, "\n\n"), "\"desired\":\"removed\""));
    close(own.fd), close(state.fd), close(events.fd), close(team.fd), close(strange.fd);
}

/* Who administers the node follows everybody's, and nobody else does. */
WORLD(unit_live_all_rows_are_for_administrators)
{
    str u;
    struct person ann = owner(w, &u), root = world_admin(w, "root");
    struct stream all = follow(w, root.token, S("/api/v1/live/follow?topic=units/all"), "*/*"),
                  strange = follow(w, ann.token, S("/api/v1/live/follow?topic=units/all"), "*/*");
    until(&all, "\r\n\r\n");
    assert_true(has(until(&strange, "\r\n\r\n"), " 403 "));
    assert_said(say(w, ann.token, PUT, arena_printf(op->arena, U "/%.*s/status", STR(u)).p,
                    "{\"status\":\"running\"}"),
                200);
    assert_true(has(until(&all, "\n\n"), "\"owner\":\"ann\""));
    close(all.fd), close(strange.fd);
}
