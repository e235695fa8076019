/* A whole small node for tests of features: database, blobs, HTTP on a free port, people with tokens.
 * WORLD(package_x) { ... } registers package_x_sqlite and package_x_postgres; the body has `w` and `op` (the
 * system's). */
#pragma once
#include "net/client.h"
#include "port/db/db_test_util.h"
#include "tests/unit/test.h"

struct world {
    struct op *op;
    struct http *http;
    struct client *client;
    int port;
};
typedef void world_body(struct world *, struct op *);
void world_sqlite(struct op *, world_body *);
void world_postgres(struct op *, world_body *);

#define WORLD(name) \
    static void world_##name(struct world *, struct op *); \
    TEST(name##_sqlite) { world_sqlite(op, world_##name); } \
    TEST(name##_postgres) { world_postgres(op, world_##name); } \
    static void world_##name(struct world *w UNUSED, struct op *op UNUSED)

/* People and projects. */
struct person {
    i64 id;
    str login, token;
};
struct person world_person(struct world *, const char *login);
struct person world_admin(struct world *, const char *login); /* one who administers the node */
str world_token(struct world *, i64 user_id, i64 project_id, const char *scopes);
i64 world_project(struct world *, const char *name, const struct person *owner);
void world_member(struct world *, i64 project_id, const struct person *, const char *role);

/* The package "sipd" 1.0.0, made by author unless it is there, installed by user. */
void world_install(struct world *, const struct person *author, const struct person *user);
/* A unit of it, installed first; its id. */
str world_unit(struct world *, const struct person *, const char *name);

/* Requests over HTTP. An absent token: nobody. */
struct said {
    int status;
    str body;
};
struct said say(struct world *, str token, enum method, const char *path, const char *json);
struct said say_raw(struct world *, str token, enum method, str path, str content_type, str body);
/* A request with headers of its own ("Name: value\r\n"...) over a connection of its own; head gets the
 * answer's. send_only: closes after that many bytes of the body, as a lost network does (0: sends all and
 * reads the answer). */
struct raw {
    str token;
    const char *method, *path, *headers;
    str body;
    size_t send_only;
};
struct said say_plain(struct world *, const struct raw *, str *head);
/* The member "a.0.b" of the answer: a string's text, else JSON; absent when there is none. */
str said_at(struct world *, const struct said *, const char *path);

#define assert_said(said_, want) \
    do { \
        struct said s_ = (said_); \
        if (s_.status != (want)) test_fail(__FILE__, __LINE__, "%d %.*s", s_.status, STR(s_.body)); \
    } while (0)
#define assert_at(w, said_, path, want) \
    do { \
        str got_ = said_at((w), &(said_), (path)); \
        if (!got_.p || !str_is(got_, (want))) \
            test_fail(__FILE__, __LINE__, "%s is '%.*s', want '%s', in %.*s", (path), STR(got_), (want), \
                      STR((said_).body)); \
    } while (0)
/* A problem document that names the field ("" : none). */
#define assert_refused(w, said_, want, field_) \
    do { \
        struct said r_ = (said_); \
        assert_said(r_, (want)); \
        if (*(field_)) assert_at((w), r_, "field", (field_)); \
    } while (0)
