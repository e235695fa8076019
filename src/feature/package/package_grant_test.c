/* A private package, granted to single people and units. */
#include "tests/unit/world.h"

#define P "/api/spark/packages"

static void given(struct world *w, const struct person *ann)
{
    assert_said(
        say(w, ann->token, POST, P, "{\"name\":\"secret\",\"display_name\":\"Secret\",\"is_public\":false}"),
        201);
    assert_said(say(w, ann->token, POST, P "/secret/versions",
                    "{\"version\":\"1.0.0\",\"download_url\":\"https://example.org/a.tar.gz\"}"),
                201);
}

/* What a person may do, before and after. */
static void sees(struct world *w, const struct person *who, bool yes, const char *why)
{
    static const struct {
        enum method method;
        const char *path, *body;
    } ways[] = {
        { GET, P "/secret", NULL },
        { GET, P "/secret/stats", NULL },
        { POST, P "/install", "{\"package_name\":\"secret\",\"version\":null}" },
    };
    for (size_t i = 0; i < LEN(ways); i++) {
        struct said s = say(w, who->token, ways[i].method, ways[i].path, ways[i].body);
        if (s.status != (yes ? 200 : 404))
            test_fail(__FILE__, __LINE__, "%s: %s %s: %d", why, yes ? "sees" : "does not see", ways[i].path,
                      s.status);
    }
    struct said s = say(w, who->token, GET, P, NULL);
    assert_at(w, s, "total", yes ? "1" : "0");
    s = say(w, who->token, GET, P "/search?q=secret", NULL);
    assert_int_equal(said_at(w, &s, "packages.0.name").p != NULL, yes);
}

WORLD(package_grant_to_a_person)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob"), eve = world_person(w, "eve");
    given(w, &ann);
    sees(w, &ann, true, "the author");
    sees(w, &bob, false, "before");
    assert_said(say(w, ann.token, POST, P "/secret/grants", "{\"login\":\"BOB\"}"), 201);
    assert_said(say(w, ann.token, POST, P "/secret/grants", "{\"login\":\"bob\"}"), 201); /* once is enough */
    sees(w, &bob, true, "granted");
    sees(w, &eve, false, "somebody else");
    struct said s = say(w, ann.token, GET, P "/secret/grants", NULL);
    assert_at(w, s, "grants.0.login", "bob");
    assert_at(w, s, "grants.0.unit_id", "null");
    assert_false(said_at(w, &s, "grants.1.login").p);
    /* It shows, nothing more. */
    assert_said(say(w, bob.token, PATCH, P "/secret", "{\"description\":\"mine\"}"), 403);
    assert_said(say(w, bob.token, POST, P "/secret/versions", "{\"version\":\"2.0.0\"}"), 403);
    assert_said(say(w, bob.token, GET, P "/secret/grants", NULL), 403);
    assert_said(say(w, bob.token, POST, P "/secret/grants", "{\"login\":\"eve\"}"), 403);
    assert_said(say(w, eve.token, GET, P "/secret/grants", NULL), 404);
    assert_said(say(w, eve.token, DELETE, P "/secret/grants/users/bob", NULL), 404);
    assert_said(say(w, ann.token, DELETE, P "/secret/grants/users/bob", NULL), 204);
    assert_said(say(w, ann.token, DELETE, P "/secret/grants/users/bob", NULL), 404);
    assert_said(say(w, ann.token, DELETE, P "/secret/grants/users/nobody", NULL), 404);
    sees(w, &bob, false, "taken back");
    i64 entries;
    assert_ok(op, db_i64(op, &entries,
                         "SELECT count(*) FROM audit_log WHERE target = 'secret' AND"
                         " action IN ('package.grant', 'package.ungrant')"));
    assert_int_equal(entries, 3);
}

WORLD(package_grant_to_a_unit)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    given(w, &ann);
    assert_said(
        say(w, bob.token, POST, P, "{\"name\":\"tool\",\"display_name\":\"Tool\",\"is_public\":false}"), 201);
    assert_said(say(w, bob.token, POST, P "/tool/versions",
                    "{\"version\":\"1.0.0\",\"download_url\":\"https://example.org/b.tar.gz\"}"),
                201);
    assert_said(say(w, bob.token, POST, P "/install", "{\"package_name\":\"tool\",\"version\":null}"), 200);
    struct said s = say(w, bob.token, POST, "/api/spark/units", "{\"name\":\"u\",\"package_name\":\"tool\"}");
    assert_said(s, 201);
    str id = said_at(w, &s, "unit_id");
    const char *body = arena_printf(op->arena, "{\"unit_id\":\"%.*s\"}", STR(id)).p;
    assert_said(say(w, ann.token, POST, P "/secret/grants", body), 201);
    s = say(w, bob.token, POST, P "/install", "{\"package_name\":\"secret\",\"version\":null}");
    assert_said(s, 200);
    s = say(w, ann.token, GET, P "/secret/grants", NULL);
    assert_at(w, s, "grants.0.login", "bob");
    assert_at(w, s, "grants.0.unit_id", str_z(op->arena, id));
    /* A unit that has gone takes its grant along. */
    assert_said(say(w, bob.token, DELETE, arena_printf(op->arena, "/api/spark/units/%.*s", STR(id)).p, NULL),
                204);
    assert_said(say(w, bob.token, GET, P "/secret", NULL), 404);
    s = say(w, ann.token, GET, P "/secret/grants", NULL);
    assert_at(w, s, "grants", "[]");
    assert_refused(w, say(w, ann.token, POST, P "/secret/grants", body), 404, "unit_id");
}

WORLD(package_grant_refuses)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    given(w, &ann);
    static const struct {
        const char *body, *field;
        int status;
    } bad[] = {
        { "{}", "login", 400 },
        { "{\"login\":null}", "login", 400 },
        { "{\"login\":\"\"}", "login", 400 },
        { "{\"login\":5}", "login", 400 },
        { "{\"login\":\"nobody\"}", "login", 404 },
        { "{\"unit_id\":\"x\"}", "unit_id", 400 },
        { "{\"unit_id\":\"01a1fe60-7205-7489-ba0e-78144b963811\"}", "unit_id", 404 },
        { "{\"login\":\"bob\",\"unit_id\":\"01a1fe60-7205-7489-ba0e-78144b963811\"}", "login", 400 },
        { "{\"login\":\"bob\",\"role\":\"owner\"}", "role", 400 },
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(w, say(w, ann.token, POST, P "/secret/grants", bad[i].body), bad[i].status,
                       bad[i].field);
    assert_said(say(w, (str){ 0 }, POST, P "/secret/grants", "{\"login\":\"bob\"}"), 401);
    str reader = world_token(w, ann.id, 0, "package:read");
    assert_said(say(w, reader, POST, P "/secret/grants", "{\"login\":\"bob\"}"), 403);
    sees(w, &bob, false, "nothing was granted");
    /* A person's grant is not a project token's. */
    assert_said(say(w, ann.token, POST, P "/secret/grants", "{\"login\":\"bob\"}"), 201);
    i64 number = world_project(w, "optics", &bob);
    str token = world_token(w, bob.id, number, "package:read");
    assert_said(say(w, token, GET, P "/secret", NULL), 404);
    sees(w, &bob, true, "the person himself");
    assert_said(say(w, bob.token, DELETE, P "/secret/installation", NULL), 204);
    assert_said(say(w, ann.token, DELETE, P "/secret", NULL), 204);
}
