#include "base/hash.h"
#include "feature/account/account.h"
#include "feature/alert/alert_rules.h"
#include "feature/series/series.h"
#include "port/config.h"
#include "tests/unit/world.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define U        "/api/spark/units"
#define RULES    "/api/v1/alert-rules"
#define CHANNELS "/api/v1/alert-channels"
#define ALERTS   "/api/v1/alerts"

/* ---- a receiver of webhooks ---- */

struct receiver {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock;
    int answers[8]; /* statuses to give, then 200 */
    int n;
    char got[8][8192];
};

static size_t content_length(str head)
{
    size_t at;
    i64 n = 0;
    str rest, value;
    if (!str_find(head, S("Content-Length: "), &at)) return 0;
    rest = str_skip(head, at + 16);
    (void)str_cut(rest, '\r', &value, &rest);
    return str_to_i64(value, &n) ? (size_t)n : 0;
}
static void read_request(int fd, char *to, size_t room)
{
    size_t n = 0, at;
    while (n + 1 < room) {
        ssize_t got = recv(fd, to + n, room - 1 - n, 0);
        if (got <= 0) return;
        n += (size_t)got;
        to[n] = 0;
        if (str_find((str){ to, n }, S("\r\n\r\n"), &at) && n >= at + 4 + content_length((str){ to, n }))
            return;
    }
}
static void *receive(void *arg)
{
    struct receiver *r = arg;
    for (int fd; (fd = accept(r->fd, NULL, NULL)) >= 0; close(fd)) {
        char answer[128];
        pthread_mutex_lock(&r->lock);
        int i = r->n++ % 8, status = r->answers[i] ? r->answers[i] : 200;
        read_request(fd, r->got[i], sizeof r->got[i]);
        int n = snprintf(answer, sizeof answer,
                         "HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
        if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) < 0) r->n = -1;
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}
static void receiver_start(struct receiver *r)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_mutex_init(&r->lock, NULL);
    assert_int_equal(bind(r->fd, (const void *)&a, sizeof a), 0);
    assert_int_equal(listen(r->fd, 16), 0);
    assert_int_equal(getsockname(r->fd, (void *)&a, &n), 0);
    r->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}
static void receiver_stop(struct receiver *r)
{
    shutdown(r->fd, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->fd);
}

/* ---- the world ---- */

static struct config *settings(struct op *op) { return (struct config *)(uintptr_t)op->ports->config; }

static struct person owner(struct world *w, str *unit)
{
    struct person ann = world_person(w, "ann");
    ann.token = world_token(
        w, ann.id, 0, "user package:read package:write unit:read unit:write alert:read alert:write project");
    *unit = world_unit(w, &ann, "web");
    return ann;
}
static void set(struct world *w, const struct person *who, str unit, const char *body)
{
    assert_said(say(w, who->token, PUT, arena_printf(w->op->arena, U "/%.*s/status", STR(unit)).p, body),
                200);
}
static void job(struct world *w, err_t (*run)(struct op *))
{
    OTHER_OP(o, w->op);
    assert_ok(o, run(o));
    assert_ok(o, db_flush(o));
}
static i64 ask(struct world *w, const char *what)
{
    i64 n = -1;
    OTHER_OP(o, w->op);
    if (*what == 's')
        assert_ok(o, db_i64(o, &n, "SELECT count(*) FROM alert_outbox WHERE sent_at IS NOT NULL"));
    if (*what == 'o') assert_ok(o, db_i64(o, &n, "SELECT count(*) FROM alert_outbox"));
    if (*what == 'f')
        assert_ok(o, db_i64(o, &n, "SELECT count(*) FROM alert_outbox WHERE failed_at IS NOT NULL"));
    return n;
}
static void be_due(struct world *w)
{
    OTHER_OP(o, w->op);
    assert_ok(o, db_exec(o, "UPDATE alert_outbox SET next_at = ?", A(((time_us){ 1 }))));
    assert_ok(o, db_flush(o));
}
static str hook(struct world *w, const struct person *who, const struct receiver *r, const char *kind,
                const char *more)
{
    str body =
        arena_printf(w->op->arena, "{\"name\":\"c\",\"kind\":\"%s\",\"url\":\"http://127.0.0.1:%d/hook\"%s}",
                     kind, r->port, more);
    struct said s = say_raw(w, who->token, POST, S(CHANNELS), S("application/json"), body);
    assert_said(s, 201);
    assert_at(w, s, "has_secret", "true");
    size_t at;
    assert_false(str_find(s.body, S("127.0.0.1"), &at));
    assert_false(str_find(s.body, S("the key"), &at));
    return said_at(w, &s, "id");
}

WORLD(alert_of_a_failed_unit)
{
    struct receiver r = { .answers = { 500, 200 } };
    str u;
    struct person ann = owner(w, &u);
    settings(op)->alert_private_urls = true;
    receiver_start(&r);
    hook(w, &ann, &r, "webhook", ",\"secret\":\"the key\",\"language\":\"ru\"");
    job(w, alert_evaluate_job); /* makes the builtin rules */
    struct said s = say(w, ann.token, GET, RULES, NULL);
    assert_at(w, s, "rules.0.kind", "unit_failed");
    assert_at(w, s, "rules.2.kind", "unit_cpu");
    assert_at(w, s, "rules.2.builtin", "true");
    assert_at(w, s, "rules.0.name", "Unit failed");
    assert_at(w, s, "rules.0.name_ru", "Сбой юнита");
    str rule = said_at(w, &s, "rules.0.id");
    assert_said(say(w, ann.token, DELETE, arena_printf(op->arena, RULES "/%.*s", STR(rule)).p, NULL), 409);
    set(w, &ann, u, "{\"status\":\"failed\",\"reason\":\"exit 3\"}");
    for (int i = 0; i < 3; i++) job(w, alert_evaluate_job); /* told once */
    s = say(w, ann.token, GET, ALERTS, NULL);
    assert_at(w, s, "alerts.0.state", "firing");
    assert_at(w, s, "alerts.0.note", "exit 3");
    assert_at(w, s, "alerts.0.labels.host", "box");
    assert_at(w, s, "next_cursor", "null");
    assert_int_equal(ask(w, "outbox"), 1);
    job(w, alert_deliver_job);
    assert_int_equal(ask(w, "sent"), 0); /* the receiver had a bad moment */
    job(w, alert_deliver_job);
    assert_int_equal(r.n, 1); /* not due yet */
    be_due(w);
    job(w, alert_deliver_job);
    assert_int_equal(ask(w, "sent"), 1);
    be_due(w);
    job(w, alert_deliver_job);
    assert_int_equal(r.n, 2); /* and never again */
    set(w, &ann, u, "{\"status\":\"starting\"}");
    job(w, alert_evaluate_job);
    job(w, alert_deliver_job);
    assert_int_equal(r.n, 3);
    receiver_stop(&r);
    size_t at;
    assert_true(str_find(str_of(r.got[1]), S("\r\nNetbit-Event: firing\r\n"), &at));
    assert_true(str_find(str_of(r.got[1]), S("Юнит web не работает"), &at));
    assert_true(str_find(str_of(r.got[1]), S("Правило: Сбой юнита"), &at));
    assert_true(str_find(str_of(r.got[2]), S("\"resolved\""), &at));
    assert_true(str_find(str_of(r.got[2]), S("Снято: "), &at));
    s = say(w, ann.token, GET, ALERTS "?state=resolved", NULL);
    assert_at(w, s, "alerts.0.state", "resolved");
    s = say(w, ann.token, GET, ALERTS, NULL);
    assert_at(w, s, "alerts", "[]");
    settings(op)->alert_private_urls = false;
}

/* Of a builtin rule only its maker's name is known in Russian. */
WORLD(alert_builtin_names_in_two_languages)
{
    str u;
    struct person ann = owner(w, &u);
    job(w, alert_evaluate_job);
    struct said s = say(w, ann.token, GET, RULES, NULL);
    assert_at(w, s, "rules.2.name_ru", "Процессор: долго больше 80 %");
    const char *path = arena_printf(op->arena, RULES "/%.*s", STR(said_at(w, &s, "rules.2.id"))).p;
    s = say(w, ann.token, PUT, path,
            "{\"name\":\"CPU over 80 % for "
            "long\",\"kind\":\"unit_cpu\",\"severity\":\"warning\",\"threshold\":70}");
    assert_at(w, s, "name_ru", "Процессор: долго больше 80 %");
    s = say(w, ann.token, PUT, path,
            "{\"name\":\"Busy\",\"kind\":\"unit_cpu\",\"severity\":\"warning\",\"threshold\":70}");
    assert_at(w, s, "name_ru", "null");
    s = say(w, ann.token, GET, path, NULL);
    assert_at(w, s, "name", "Busy");
    assert_at(w, s, "name_ru", "null");
}

/* The receiver can tell by its own means that the letter is ours. */
WORLD(alert_webhooks_are_signed)
{
    struct receiver r = { 0 };
    str u;
    struct person ann = owner(w, &u);
    settings(op)->alert_private_urls = true;
    receiver_start(&r);
    str id = hook(w, &ann, &r, "webhook", ",\"secret\":\"the key\"");
    struct said s = say(w, ann.token, POST, arena_printf(op->arena, CHANNELS "/%.*s/test", STR(id)).p, NULL);
    assert_at(w, s, "delivered", "true");
    receiver_stop(&r);
    str got = str_of(r.got[0]), head, body, t, mac;
    size_t at;
    assert_true(str_find(got, S("\r\n\r\n"), &at));
    head = str_head(got, at);
    body = str_skip(got, at + 4);
    assert_true(str_find(head, S("Netbit-Signature: t="), &at));
    assert_true(str_cut(str_skip(head, at + 20), ',', &t, &mac));
    mac = str_head(str_skip(mac, 7), 64);
    assert_str(mac, sha256_text(op->arena, hmac_sha256(S("the key"), arena_printf(op->arena, "%.*s.%.*s",
                                                                                  STR(t), STR(body)))));
    settings(op)->alert_private_urls = false;
}

WORLD(alert_kinds_of_channels)
{
    struct receiver r = { 0 };
    str u;
    size_t at;
    struct person ann = owner(w, &u);
    settings(op)->alert_private_urls = true;
    receiver_start(&r);
    static const char *const kinds[] = { "slack", "teams", "telegram" };
    for (size_t i = 0; i < LEN(kinds); i++) {
        str id = hook(w, &ann, &r, kinds[i],
                      i == 2 ? ",\"secret\":\"12:the key\",\"target\":\"-100\",\"language\":\"ru\"" : "");
        struct said s =
            say(w, ann.token, POST, arena_printf(op->arena, CHANNELS "/%.*s/test", STR(id)).p, NULL);
        assert_at(w, s, "delivered", "true");
    }
    receiver_stop(&r);
    assert_true(str_find(str_of(r.got[0]), S("\r\n\r\n{\"text\":\"Test: Netbit\\n"), &at));
    assert_true(str_find(str_of(r.got[1]), S("\"type\":\"AdaptiveCard\""), &at));
    assert_true(str_starts(str_of(r.got[2]), S("POST /hook/bot12%3Athe%20key/sendMessage HTTP/1.1")));
    assert_true(str_find(str_of(r.got[2]), S("{\"chat_id\":\"-100\",\"text\":\"Проверка: Netbit\\n"), &at));
    struct said s =
        say(w, ann.token, POST, CHANNELS, "{\"name\":\"m\",\"kind\":\"email\",\"target\":\"a@b.org\"}");
    assert_said(s, 201);
    s = say(w, ann.token, POST, arena_printf(op->arena, CHANNELS "/%.*s/test", STR(said_at(w, &s, "id"))).p,
            NULL);
    assert_at(w, s, "delivered", "false"); /* no mail server is set */
    settings(op)->alert_private_urls = false;
}

WORLD(alert_private_addresses_are_refused)
{
    str u;
    struct person ann = owner(w, &u);
    static const char *const urls[] = { "http://127.0.0.1:1/x",
                                        "http://localhost/x",
                                        "http://[::1]/",
                                        "http://10.0.0.1/",
                                        "http://169.254.169.254/",
                                        "ftp://8.8.8.8/",
                                        "x" };
    for (size_t i = 0; i < LEN(urls); i++)
        assert_refused(
            w,
            say(w, ann.token, POST, CHANNELS,
                arena_printf(op->arena, "{\"name\":\"c\",\"kind\":\"webhook\",\"url\":\"%s\"}", urls[i]).p),
            400, "url");
    /* one that came in while it was allowed is refused when it is used */
    struct receiver r = { 0 };
    receiver_start(&r);
    settings(op)->alert_private_urls = true;
    str id = hook(w, &ann, &r, "webhook", "");
    settings(op)->alert_private_urls = false;
    struct said s = say(w, ann.token, POST, arena_printf(op->arena, CHANNELS "/%.*s/test", STR(id)).p, NULL);
    assert_at(w, s, "delivered", "false");
    receiver_stop(&r);
    assert_int_equal(r.n, 0);
}

WORLD(alert_silence_and_acknowledge)
{
    struct receiver r = { 0 };
    str u;
    struct person ann = owner(w, &u);
    settings(op)->alert_private_urls = true;
    receiver_start(&r);
    hook(w, &ann, &r, "webhook", "");
    str body = arena_printf(
        op->arena,
        "{\"labels\":{\"unit\":\"web\"},\"until\":\"2100-01-01T00:00:00Z\",\"reason\":\"upkeep\"}");
    struct said s = say_raw(w, ann.token, POST, S("/api/v1/alert-silences"), S("application/json"), body);
    assert_said(s, 201);
    str silence = said_at(w, &s, "id");
    set(w, &ann, u, "{\"status\":\"failed\"}");
    job(w, alert_evaluate_job);
    assert_int_equal(ask(w, "outbox"), 0);
    s = say(w, ann.token, GET, ALERTS, NULL);
    assert_at(w, s, "alerts.0.state", "firing");
    assert_at(w, s, "alerts.0.silenced_until", "2100-01-01T00:00:00.000000Z");
    str id = said_at(w, &s, "alerts.0.id");
    s = say(w, ann.token, POST, arena_printf(op->arena, ALERTS "/%.*s/acknowledge", STR(id)).p, NULL);
    assert_at(w, s, "acknowledged_by", "ann");
    assert_said(say(w, ann.token, DELETE,
                    arena_printf(op->arena, "/api/v1/alert-silences/%.*s", STR(silence)).p, NULL),
                204);
    job(w, alert_evaluate_job); /* it still fires: now it is told */
    assert_int_equal(ask(w, "outbox"), 1);
    s = say(w, ann.token, POST, arena_printf(op->arena, ALERTS "/%.*s/silence", STR(id)).p,
            "{\"for_s\":3600}");
    assert_said(s, 200);
    assert_true(!str_is(said_at(w, &s, "silenced_until"), "null"));
    receiver_stop(&r);
    settings(op)->alert_private_urls = false;
}

WORLD(alert_is_seen_by_those_who_may)
{
    str u;
    struct person ann = owner(w, &u), bob = world_person(w, "bob");
    bob.token = world_token(w, bob.id, 0, "user alert:read alert:write");
    set(w, &ann, u, "{\"status\":\"failed\"}");
    job(w, alert_evaluate_job);
    struct said s = say(w, ann.token, GET, ALERTS, NULL);
    str id = said_at(w, &s, "alerts.0.id"), rule = said_at(w, &s, "alerts.0.rule_id");
    s = say(w, bob.token, GET, ALERTS "?state=all", NULL);
    assert_at(w, s, "alerts", "[]");
    assert_said(say(w, bob.token, GET, arena_printf(op->arena, ALERTS "/%.*s", STR(id)).p, NULL), 404);
    assert_said(say(w, bob.token, POST, arena_printf(op->arena, ALERTS "/%.*s/acknowledge", STR(id)).p, NULL),
                404);
    assert_said(say(w, bob.token, GET, arena_printf(op->arena, RULES "/%.*s", STR(rule)).p, NULL), 404);
    i64 project = world_project(w, "team", &ann);
    world_member(w, project, &bob, "viewer");
    s = say_raw(
        w, ann.token, POST, S(RULES), S("application/json"),
        arena_printf(
            op->arena,
            "{\"name\":\"hot\",\"kind\":\"above\",\"series\":\"temp\",\"threshold\":30,\"project_id\":%lld}",
            (long long)project));
    assert_said(s, 201);
    rule = said_at(w, &s, "id");
    assert_said(say(w, bob.token, GET, arena_printf(op->arena, RULES "/%.*s", STR(rule)).p, NULL), 200);
    assert_said(say(w, bob.token, DELETE, arena_printf(op->arena, RULES "/%.*s", STR(rule)).p, NULL), 403);
    s = say_raw(w, bob.token, POST, S(CHANNELS), S("application/json"),
                arena_printf(op->arena,
                             "{\"name\":\"x\",\"kind\":\"email\",\"target\":\"a@b.c\",\"project_id\":%lld}",
                             (long long)project));
    assert_said(s, 403);
    assert_refused(w, say(w, ann.token, POST, RULES, "{\"name\":\"hot\",\"kind\":\"above\"}"), 400, "series");
    assert_refused(w,
                   say(w, ann.token, POST, RULES, "{\"name\":\"x\",\"kind\":\"unit_cpu\",\"channels\":[99]}"),
                   400, "channels");
    assert_refused(w,
                   say(w, ann.token, POST, RULES, "{\"name\":\"x\",\"kind\":\"unit_cpu\",\"hysteresis\":-1}"),
                   400, "hysteresis");
    assert_refused(w,
                   say(w, ann.token, POST, "/api/v1/alert-silences", "{\"until\":\"2001-01-01T00:00:00Z\"}"),
                   400, "until");
}

/* What a listener has heard. */
struct hearing {
    _Atomic int firing, resolved;
};
static void heard(void *ctx, str topic UNUSED, u64 seq UNUSED, str json)
{
    struct hearing *h = ctx;
    size_t at;
    h->firing += str_find(json, S("\"state\":\"firing\""), &at);
    h->resolved += str_find(json, S("\"state\":\"resolved\""), &at);
}

WORLD(alert_changes_are_told_live)
{
    struct hearing h = { 0 };
    str u;
    struct person ann = owner(w, &u), bob = world_person(w, "bob");
    str topic = arena_printf(op->arena, "alerts/user/%lld", (long long)ann.id);
    struct channel_listener *l = channel_listen(topic, heard, &h);
    assert_non_null(l);
    set(w, &ann, u, "{\"status\":\"failed\"}");
    job(w, alert_evaluate_job);
    WAIT_FOR(h.firing); /* of an alert that changes again before that, only the latest is told */
    set(w, &ann, u, "{\"status\":\"starting\"}");
    job(w, alert_evaluate_job);
    WAIT_FOR(h.resolved);
    channel_unlisten(l);
    assert_int_equal(h.firing, 1);
    assert_int_equal(h.resolved, 1);
    bob.token = world_token(w, bob.id, 0, "user alert:read");
    struct said s =
        say(w, bob.token, GET, arena_printf(op->arena, "/api/v1/live/follow?topic=%.*s", STR(topic)).p, NULL);
    assert_int_equal(s.status, 404);
}

/* Beyond for long enough, in between, and back: the hysteresis. */
WORLD(alert_hysteresis)
{
    static const struct {
        double value;
        i64 at_s;
        int state; /* -1: none */
    } steps[] = { { 79, 0, -1 },
                  { 81, 1, ALERT_PENDING },
                  { 79, 2, -1 },
                  { 95, 3, ALERT_PENDING },
                  { 95, 12, ALERT_PENDING },
                  { 95, 13, ALERT_FIRING },
                  { 75, 14, ALERT_FIRING },
                  { 85, 15, ALERT_FIRING },
                  { 70, 16, -1 } };
    str u;
    struct person ann = owner(w, &u);
    struct said s =
        say(w, ann.token, POST, RULES,
            "{\"name\":\"hot\",\"kind\":\"unit_cpu\",\"threshold\":80,\"hysteresis\":10,\"for_s\":10}");
    assert_said(s, 201);
    i64 id;
    assert_true(str_to_i64(said_at(w, &s, "id"), &id));
    for (size_t i = 0; i < LEN(steps); i++) {
        OTHER_OP(o, op);
        struct alert_round r = { .op = o, .now = { SEC(1000000 + steps[i].at_s) } };
        struct alert_rule rule;
        bool found;
        assert_ok(o, alert_sql_rule_get(o, id, &rule, &found));
        assert_ok(o, alert_sql_active(o, &r.active));
        r.seen = NEWN(o->arena, bool, r.active.n + 1);
        struct alert_sight sight = { .key = S("unit/x"),
                                     .subject = S("x"),
                                     .value = steps[i].value,
                                     .beyond = steps[i].value > 80,
                                     .back = steps[i].value <= 70 };
        assert_ok(o, alert_see(&r, &rule, &sight));
        assert_ok(o, alert_sql_active(o, &r.active));
        if (steps[i].state < 0) assert_int_equal(r.active.n, 0);
        else if (r.active.n != 1 || r.active.item[0].state != steps[i].state)
            test_fail(__FILE__, __LINE__, "step %zu", i);
        assert_ok(o, db_flush(o));
    }
}

static void measure(struct world *w, i64 owner_id, const char *room, i64 age_s, double value)
{
    OTHER_OP(o, w->op);
    struct series_label l = { S("room"), str_of(room) };
    struct series_spec spec = { .owner_id = owner_id, .name = S("temperature"), .labels = &l, .nlabels = 1 };
    i64 id, t = time_now().us - SEC(age_s);
    assert_ok(o, series_resolve(o, &spec, 1, &id));
    struct series_run run = { .id = id, .n = 1, .t = &t, .f = &value };
    assert_ok(o, series_append(o, &run, 1));
    assert_ok(o, db_flush(o));
}
static i64 active(struct world *w, const struct person *who, const char *subject, const char *state)
{
    i64 n = 0, hits = 0;
    struct said s = say(w, who->token, GET, ALERTS "?state=all", NULL);
    for (;; n++) {
        str have = said_at(w, &s, arena_printf(w->op->arena, "alerts.%lld.subject", (long long)n).p);
        if (!have.p) return hits;
        str is = said_at(w, &s, arena_printf(w->op->arena, "alerts.%lld.state", (long long)n).p);
        hits += str_is(have, subject) && str_is(is, state);
    }
}

WORLD(alert_over_series)
{
    str u;
    struct person ann = owner(w, &u), bob = world_person(w, "bob");
    assert_said(say(w, ann.token, POST, RULES,
                    "{\"name\":\"hot\",\"kind\":\"above\",\"series\":\"temperature\",\"threshold\":30,"
                    "\"hysteresis\":2}"),
                201);
    assert_said(say(w, ann.token, POST, RULES,
                    "{\"name\":\"cold\",\"kind\":\"below\",\"series\":\"temperature\",\"labels\":{\"room\":"
                    "\"cellar\"},"
                    "\"threshold\":5}"),
                201);
    assert_said(say(w, ann.token, POST, RULES,
                    "{\"name\":\"gone\",\"kind\":\"absent\",\"series\":\"temperature\",\"for_s\":60}"),
                201);
    measure(w, ann.id, "attic", 5, 31);
    measure(w, ann.id, "cellar", 5, 4);
    measure(w, ann.id, "hall", 120, 20);
    measure(w, bob.id, "his", 5, 99);
    job(w, alert_evaluate_job);
    assert_int_equal(active(w, &ann, "temperature {room: attic}", "firing"), 1);
    assert_int_equal(active(w, &ann, "temperature {room: cellar}", "firing"), 1);
    assert_int_equal(active(w, &ann, "temperature {room: hall}", "firing"), 1);
    assert_int_equal(active(w, &ann, "temperature {room: his}", "firing"), 0);
    measure(w, ann.id, "attic", 4, 29); /* in between */
    measure(w, ann.id, "hall", 1, 20);
    job(w, alert_evaluate_job);
    assert_int_equal(active(w, &ann, "temperature {room: attic}", "firing"), 1);
    assert_int_equal(active(w, &ann, "temperature {room: hall}", "resolved"), 1);
    measure(w, ann.id, "attic", 3, 28);
    measure(w, ann.id, "cellar", 3, 5);
    job(w, alert_evaluate_job);
    assert_int_equal(active(w, &ann, "temperature {room: attic}", "resolved"), 1);
    assert_int_equal(active(w, &ann, "temperature {room: cellar}", "resolved"), 1);
}

TEST(alert_texts_in_two_languages)
{
    static const struct ports none;
    op->ports = &none;
    struct alert_label host = { S("host"), S("box") };
    for (int kind = ALERT_ABOVE; kind <= ALERT_UNIT_CPU; kind++) {
        struct alert a = { .kind = kind,
                           .rule = S("R"),
                           .subject = S("web"),
                           .value = 93.123,
                           .threshold = 80,
                           .for_s = 300,
                           .labels = { &host, 1 },
                           .started_at = { SEC(1) } };
        struct alert_text en = alert_text_of(op, LANG_EN, EVENT_FIRING, &a),
                          ru = alert_text_of(op, LANG_RU, EVENT_FIRING, &a);
        size_t at;
        assert_true(str_starts(en.title, S("Firing: ")) && str_starts(ru.title, S("Тревога: ")));
        assert_true(str_find(en.text, S("web"), &at) && str_find(ru.text, S("web"), &at));
        assert_true(str_find(en.text, S("Machine: box"), &at) && str_find(ru.text, S("Машина: box"), &at));
    }
    struct alert a = { .kind = ALERT_ABSENT, .subject = S("t"), .for_s = 7200 };
    assert_str(alert_text_of(op, LANG_RU, EVENT_RESOLVED, &a).title, S("Снято: t: нет данных дольше 2 ч"));
}
