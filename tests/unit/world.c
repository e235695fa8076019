#include "tests/unit/world.h"
#include "base/fs.h"
#include "feature/account/account.h"
#include "feature/alert/alert.h"
#include "feature/channel/channel.h"
#include "feature/feature.h"
#include "feature/ingest/ingest.h"
#include "feature/log/log.h"
#include "feature/package/package.h"
#include "feature/promql/promql.h"
#include "feature/series/series.h"
#include "feature/unit/unit.h"
#include "net/http.h"
#include "port/blob/blob.h"
#include "port/config.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct feature *const parts[] = { &channel_feature, &account_feature, &admin_feature,
                                               &project_feature, &audit_feature,   &package_feature,
                                               &log_feature,     &series_feature,  &unit_feature,
                                               &alert_feature,   &promql_feature,  &ingest_feature };

static void start(struct world *w, struct ports *ports)
{
    struct op *op = w->op;
    const struct route *routes[LEN(parts)];
    size_t n[LEN(parts)];
    for (size_t i = 0; i < LEN(parts); i++) {
        routes[i] = parts[i]->routes;
        n[i] = parts[i]->nroutes;
    }
    struct http_options o = { .listen = S("127.0.0.1:0"),
                              .io_threads = 1,
                              .workers = 2,
                              .ports = ports,
                              .authenticate = account_authenticate,
                              .cookie = account_cookie(),
                              .authenticate_cookie = account_authenticate_cookie,
                              .when_durable = db_when_durable };
    assert_ok(op, http_start(op, &o, routes, n, LEN(n), &w->http));
    w->port = http_port(w->http);
    struct client_options c = { .base_url = arena_printf(op->arena, "http://127.0.0.1:%d", w->port),
                                .timeout_us = test_patience_us() };
    assert_ok(op, client_new(op, &c, &w->client));
}

static void migrate(struct op *op)
{
    for (size_t i = 0; i < LEN(parts); i++) {
        i64 applied;
        if (parts[i]->nmigrations)
            assert_ok(op, migrate_up(op, parts[i]->migrations, *parts[i]->nmigrations, &applied));
    }
    channel_know_features(parts, LEN(parts));
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i]->start) assert_ok(op, parts[i]->start(op));
}

static world_body *body_now;
static void run(struct op *op)
{
    static struct config config;
    struct world w = { .op = op };
    struct ports *ports = (struct ports *)(uintptr_t)op->ports;
    config =
        (struct config){ .registration = S("open"), .telemetry_keep = S("30d"), .audit_keep = S("365d") };
    ports->config = &config;
    assert_ok(op, blob_open(op, arena_printf(op->arena, "dir:%s/blobs", test_dir()), &ports->blob));
    op->who = &principal_system;
    migrate(op);
    assert_ok(op, db_flush(op));
    db_set_hook(ports->db, account_audit);
    start(&w, ports);
    body_now(&w, op);
    client_free(w.client);
    http_stop(w.http, SEC(2));
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i]->stop) parts[i]->stop();
    blob_close(ports->blob);
    op->who = &principal_nobody;
}

void world_sqlite(struct op *op, world_body *body)
{
    body_now = body;
    db_test_sqlite(op, run);
}
void world_postgres(struct op *op, world_body *body)
{
    body_now = body;
    db_test_postgres(op, run);
}

str world_token(struct world *w, i64 user_id, i64 project_id, const char *scopes)
{
    str secret;
    struct account_token token = { user_id, project_id, S("test"), str_of(scopes), { 0 } };
    OTHER_OP(o, w->op);
    assert_ok(o, account_token_new(o, &token, &secret));
    assert_ok(o, db_flush(o));
    return str_copy(w->op->arena, secret);
}

struct person world_person(struct world *w, const char *login)
{
    struct person p = { .login = str_of(login) };
    OTHER_OP(o, w->op);
    assert_ok(o, account_user_ensure(o, p.login, p.login, &p.id));
    assert_ok(o, db_flush(o));
    p.token = world_token(w, p.id, 0,
                          "user package:read package:write unit:read unit:write telemetry:write series:read "
                          "series:write project");
    return p;
}

struct person world_admin(struct world *w, const char *login)
{
    struct person p = world_person(w, login);
    OTHER_OP(o, w->op);
    assert_ok(o, db_exec(o, "UPDATE users SET role = 'admin' WHERE id = ?", A(p.id)));
    assert_ok(o, db_flush(o));
    p.token = world_token(w, p.id, 0, "user unit:read unit:write admin");
    return p;
}

i64 world_project(struct world *w, const char *name, const struct person *owner)
{
    i64 id;
    OTHER_OP(o, w->op);
    assert_ok(o, db_i64(o, &id,
                        "INSERT INTO projects (name, display_name, created_by, created_at, updated_at) "
                        "VALUES (?, ?, ?, ?, ?) RETURNING id",
                        A(str_of(name)), A(str_of(name)), A(owner->id), A(time_now()), A(time_now())));
    assert_ok(o, db_flush(o));
    world_member(w, id, owner, "owner");
    return id;
}

void world_member(struct world *w, i64 project_id, const struct person *p, const char *role)
{
    OTHER_OP(o, w->op);
    assert_ok(
        o, db_exec(o, "INSERT INTO project_members (project_id, user_id, role, added_at) VALUES (?, ?, ?, ?)",
                   A(project_id), A(p->id), A(str_of(role)), A(time_now())));
    assert_ok(o, db_flush(o));
}

#define PACKAGES "/api/spark/packages"

void world_install(struct world *w, const struct person *author, const struct person *user)
{
    struct said s = say(w, author->token, POST, PACKAGES, "{\"name\":\"sipd\",\"display_name\":\"SIPD\"}");
    if (s.status == 201)
        assert_said(say(w, author->token, POST, PACKAGES "/sipd/versions",
                        "{\"version\":\"1.0.0\",\"download_url\":\"https://x.io/a.tgz\"}"),
                    201);
    assert_said(
        say(w, user->token, POST, PACKAGES "/install", "{\"package_name\":\"sipd\",\"version\":null}"), 200);
}

str world_unit(struct world *w, const struct person *p, const char *name)
{
    world_install(w, p, p);
    struct said s =
        say(w, p->token, POST, "/api/spark/units",
            arena_printf(w->op->arena, "{\"name\":\"%s\",\"package_name\":\"sipd\",\"device_name\":\"box\"}",
                         name)
                .p);
    assert_said(s, 201);
    return said_at(w, &s, "unit_id");
}

struct said say_raw(struct world *w, str token, enum method method, str path, str content_type, str body)
{
    struct said s;
    client_set_token(w->client, token);
    assert_ok(w->op, client_raw(w->client, w->op, method, path, content_type, body, &s.status, &s.body));
    return s;
}

struct said say(struct world *w, str token, enum method method, const char *path, const char *json)
{
    return say_raw(w, token, method, str_of(path), json ? S("application/json") : (str){ 0 }, str_of(json));
}

static int dial(const struct world *w)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((u16)w->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

struct said say_plain(struct world *w, const struct raw *r, str *head)
{
    struct arena *a = w->op->arena;
    struct buf b = BUF(a);
    AUTO(fd) int fd = dial(w);
    size_t at, n = r->send_only ? r->send_only : r->body.n;
    str request = arena_printf(
        a, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%.*s%s%sContent-Length: %zu\r\n\r\n",
        r->method, r->path, r->token.n ? "Authorization: Bearer " : "", STR(r->token),
        r->token.n ? "\r\n" : "", r->headers ? r->headers : "", r->body.n);
    assert_true(fs_write_all(fd, request) && fs_write_all(fd, str_head(r->body, n)));
    if (r->send_only) return (struct said){ 0 };
    for (ssize_t got = 1; got > 0;) {
        got = read(fd, buf_room(&b, 65536), 65536);
        if (got > 0) buf_grew(&b, (size_t)got);
    }
    str all = buf_str(&b);
    if (!str_find(all, S("\r\n\r\n"), &at)) test_fail(__FILE__, __LINE__, "no answer: %.*s", STR(all));
    if (head) *head = str_head(all, at);
    i64 status;
    assert_true(str_to_i64(str_head(str_skip(all, 9), 3), &status));
    return (struct said){ (int)status, str_skip(all, at + 4) };
}

static bool step(struct json *j, str name)
{
    i64 index;
    str key;
    if (json_peek(j) == JSON_OBJECT && json_object(j)) {
        while (json_key(j, &key)) {
            if (str_eq(key, name)) return true;
            json_skip(j);
        }
    } else if (json_peek(j) == JSON_ARRAY && str_to_i64(name, &index) && json_array(j)) {
        for (; json_next(j); index--) {
            if (!index) return true;
            json_skip(j);
        }
    }
    return false;
}

str said_at(struct world *w, const struct said *s, const char *path)
{
    struct json j = json_reader(w->op->arena, s->body);
    str value;
    for (str rest = str_of(path), name; str_next(&rest, '.', &name);)
        if (!step(&j, name)) return (str){ 0 };
    if (json_peek(&j) == JSON_STRING) return json_str(&j, &value) ? value : (str){ 0 };
    return json_raw_value(&j, &value) ? value : (str){ 0 };
}
