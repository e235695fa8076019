#include "feature/account/account_test_util.h"

static struct principal person(const struct user *u)
{
    return (struct principal){
        .kind = WHO_USER, .user_id = u->id, .rights = role_rights(u->role), .login = u->login
    };
}

static enum project_role role_in(struct op *op, i64 project)
{
    enum project_role role;
    assert_ok(op, account_project_role(op, project, &role));
    return role;
}

static struct project make(struct op *op, const char *name, enum visibility v)
{
    struct project p;
    struct project_change c = {
        .name = str_of(name), .has_name = true, .visibility = v, .has_visibility = true
    };
    assert_ok(op, project_make(op, &c, &p));
    return p;
}

BOTH(project_roles)
{
    struct user alice = test_user(op, "alice", USER_PERSON), bob = test_user(op, "bob", USER_PERSON),
                root = test_user(op, "root", USER_ADMIN), aud = test_user(op, "aud", USER_AUDITOR);
    struct member m;
    struct project out;
    bool exists;
    REQUEST(a, op, person(&alice));
    struct project p = make(a, "optics", VISIBLE_PRIVATE);
    assert_int_equal(p.my_role, ROLE_OWNER);
    assert_str(p.display_name, S("optics"));
    assert_int_equal(role_in(a, p.id), ROLE_OWNER);
    assert_ok(a, account_project_exists(a, p.id, &exists));
    assert_true(exists);
    struct project_change c = { .name = S("OPTICS"), .has_name = true };
    REQUEST(dup, a, person(&alice));
    assert_int_equal(project_make(dup, &c, &out), ERR_CONFLICT);
    assert_str(dup->err.field, S("name"));
    op_clear(dup);

    REQUEST(b, a, person(&bob));
    assert_int_equal(role_in(b, p.id), ROLE_NONE);
    assert_err(b, ERR_NOT_FOUND, project_get(b, p.id, &out));
    assert_err(b, ERR_NOT_FOUND, project_remove(b, p.id));
    assert_err(b, ERR_NOT_FOUND, project_get(b, p.id + 1000, &out));
    assert_ok(a, project_member_set(a, p.id, S("BOB"), ROLE_VIEWER, &m));
    assert_int_equal(m.user_id, bob.id);
    REQUEST(b2, a, person(&bob));
    assert_ok(b2, project_get(b2, p.id, &out));
    assert_int_equal(out.my_role, ROLE_VIEWER);
    assert_err(b2, ERR_FORBIDDEN, project_update(b2, p.id, &c, &out));
    assert_err(b2, ERR_FORBIDDEN, project_member_set(b2, p.id, S("bob"), ROLE_OWNER, &m));
    assert_err(a, ERR_NOT_FOUND, project_member_set(a, p.id, S("nobody"), ROLE_VIEWER, &m));

    REQUEST(r, a, person(&root));
    assert_int_equal(role_in(r, p.id), ROLE_OWNER);
    assert_int_equal(role_in(r, p.id + 1000), ROLE_NONE);
    REQUEST(u, a, person(&aud));
    assert_int_equal(role_in(u, p.id), ROLE_VIEWER);
    assert_err(u, ERR_FORBIDDEN, project_update(u, p.id, &c, &out));
    REQUEST(s, a, principal_system);
    assert_int_equal(role_in(s, p.id), ROLE_OWNER);
    REQUEST(n, a, principal_nobody);
    assert_int_equal(role_in(n, p.id), ROLE_NONE);
}

BOTH(project_keeps_an_owner)
{
    struct user alice = test_user(op, "alice", USER_PERSON);
    test_user(op, "bob", USER_PERSON);
    struct member m;
    REQUEST(a, op, person(&alice));
    struct project p = make(a, "optics", VISIBLE_PRIVATE);
    assert_err(a, ERR_CONFLICT, project_member_remove(a, p.id, S("alice")));
    assert_err(a, ERR_CONFLICT, project_member_set(a, p.id, S("alice"), ROLE_EDITOR, &m));
    assert_ok(a, project_member_set(a, p.id, S("bob"), ROLE_OWNER, &m));
    assert_ok(a, project_member_remove(a, p.id, S("alice")));
    assert_int_equal(role_in(a, p.id), ROLE_NONE);
    assert_err(a, ERR_NOT_FOUND, project_member_remove(a, p.id, S("alice")));
}

BOTH(project_visibility_and_lists)
{
    struct user alice = test_user(op, "alice", USER_PERSON), bob = test_user(op, "bob", USER_PERSON);
    REQUEST(a, op, person(&alice));
    make(a, "secret", VISIBLE_PRIVATE);
    struct project node = make(a, "internal", VISIBLE_NODE);
    make(a, "open", VISIBLE_PUBLIC);
    struct {
        LIST(struct project) items;
    } l;
    struct page_in all = { .limit = 50 }, first = { .limit = 1 }, text = { .limit = 50, .text = S("INTER") },
                   wild = { .limit = 50, .text = S("%") };
    REQUEST(b, a, person(&bob));
    struct project p;
    struct member m;
    assert_ok(b, project_search(b, &all, &l.items));
    assert_int_equal(l.items.n, 2);
    assert_int_equal(l.items.item[0].my_role, ROLE_NONE);
    assert_ok(b, project_search(b, &first, &l.items));
    assert_int_equal(l.items.n, 1);
    assert_ok(b, project_search(b, &text, &l.items));
    assert_int_equal(l.items.n, 1);
    assert_ok(b, project_search(b, &wild, &l.items));
    assert_int_equal(l.items.n, 0);
    assert_ok(b, project_get(b, node.id, &p));
    assert_err(b, ERR_FORBIDDEN, project_member_set(b, node.id, S("bob"), ROLE_OWNER, &m));
    assert_err(b, ERR_FORBIDDEN, project_members(b, node.id, &l.items));
    assert_ok(a, project_search(a, &all, &l.items));
    assert_int_equal(l.items.n, 3);
}

/* What is said, with the project's number left out. */
static str refused(struct op *op, i64 id, enum project_role least, err_t want)
{
    str number = arena_printf(op->arena, "project %lld ", (long long)id);
    assert_int_equal(account_project_need(op, id, least, "project_id"), want);
    assert_str(op->err.field, S("project_id"));
    str said = op->err.msg;
    if (want == ERR_NOT_FOUND) {
        assert_true(str_starts(said, number));
        said = str_skip(said, number.n);
    }
    op_clear(op);
    return said;
}

BOTH(project_need_tells_nothing_of_what_is_not_seen)
{
    struct user alice = test_user(op, "alice", USER_PERSON), bob = test_user(op, "bob", USER_PERSON);
    struct member m;
    REQUEST(a, op, person(&alice));
    struct project secret = make(a, "secret", VISIBLE_PRIVATE), node = make(a, "internal", VISIBLE_NODE);
    assert_ok(a, account_project_need(a, secret.id, ROLE_OWNER, "project_id"));
    REQUEST(b, a, person(&bob));
    assert_str(refused(b, secret.id, ROLE_VIEWER, ERR_NOT_FOUND),
               refused(b, 999999, ROLE_VIEWER, ERR_NOT_FOUND));
    refused(b, node.id, ROLE_EDITOR, ERR_FORBIDDEN);
    struct principal token = person(&alice);
    token.project_id = node.id;
    REQUEST(t, a, token);
    assert_ok(t, account_project_need(t, node.id, ROLE_EDITOR, "project_id"));
    assert_str(refused(t, secret.id, ROLE_EDITOR, ERR_NOT_FOUND),
               refused(t, 999999, ROLE_EDITOR, ERR_NOT_FOUND));
    assert_ok(a, project_member_set(a, secret.id, S("bob"), ROLE_VIEWER, &m));
    REQUEST(b2, a, person(&bob));
    refused(b2, secret.id, ROLE_EDITOR, ERR_FORBIDDEN);
}

BOTH(access_of_entities)
{
    struct user alice = test_user(op, "alice", USER_PERSON), bob = test_user(op, "bob", USER_PERSON),
                aud = test_user(op, "aud", USER_AUDITOR), root = test_user(op, "root", USER_ADMIN);
    struct member m;
    REQUEST(a, op, person(&alice));
    struct project p = make(a, "optics", VISIBLE_PRIVATE), q = make(a, "other", VISIBLE_PRIVATE);
    assert_ok(a, project_member_set(a, p.id, S("bob"), ROLE_EDITOR, &m));
    struct principal in_p = person(&bob), in_q = person(&bob);
    in_p.kind = in_q.kind = WHO_TOKEN;
    in_p.project_id = p.id;
    in_q.project_id = q.id;
    const struct {
        struct principal who;
        enum visibility visibility;
        bool alices, in_project;
        enum project_role want;
    } t[] = {
        { principal_nobody, VISIBLE_PUBLIC, true, true, ROLE_VIEWER },
        { principal_nobody, VISIBLE_NODE, true, true, ROLE_NONE },
        { principal_nobody, VISIBLE_PRIVATE, true, true, ROLE_NONE },
        { principal_system, VISIBLE_PRIVATE, true, true, ROLE_OWNER },
        { person(&alice), VISIBLE_PRIVATE, true, false, ROLE_OWNER },
        { person(&alice), VISIBLE_PRIVATE, false, true, ROLE_OWNER },
        { person(&alice), VISIBLE_PRIVATE, false, false, ROLE_NONE },
        { person(&bob), VISIBLE_PRIVATE, true, false, ROLE_NONE },
        { person(&bob), VISIBLE_NODE, true, false, ROLE_VIEWER },
        { person(&bob), VISIBLE_PUBLIC, true, false, ROLE_VIEWER },
        { person(&bob), VISIBLE_PRIVATE, true, true, ROLE_EDITOR },
        { person(&bob), VISIBLE_PUBLIC, true, true, ROLE_EDITOR },
        { person(&aud), VISIBLE_PRIVATE, true, false, ROLE_VIEWER },
        { person(&root), VISIBLE_PRIVATE, true, false, ROLE_OWNER },
        { in_p, VISIBLE_PRIVATE, true, true, ROLE_EDITOR },
        { in_q, VISIBLE_PRIVATE, true, true, ROLE_NONE },
        { in_q, VISIBLE_PUBLIC, true, true, ROLE_VIEWER },
    };
    for (size_t i = 0; i < LEN(t); i++) {
        enum project_role got;
        struct entity e = { t[i].visibility, t[i].alices ? alice.id : 999, t[i].in_project ? p.id : 0 };
        REQUEST(r, a, t[i].who);
        assert_ok(r, account_access(r, &e, &got));
        if (got != t[i].want) test_fail(__FILE__, __LINE__, "case %zu: %d instead of %d", i, got, t[i].want);
    }
    /* A grant shows one thing to one person. */
    const struct granted thing = { .entity = "thing", .id = 7, .name = S("the thing") };
    const struct {
        struct principal who;
        struct granted of;
        enum project_role want;
    } g[] = {
        { person(&bob), thing, ROLE_VIEWER },
        { person(&bob), { "thing", 8 }, ROLE_NONE },
        { person(&bob), { "other", 7 }, ROLE_NONE },
        { person(&bob), { 0 }, ROLE_NONE },
        { person(&alice), thing, ROLE_NONE },
        { principal_nobody, thing, ROLE_NONE },
        { in_q, thing, ROLE_NONE },
        { person(&root), thing, ROLE_OWNER },
    };
    assert_ok(a, account_grant_user(a, &thing, S("bob"), &(struct grant){ 0 }));
    assert_ok(a, db_flush(a));
    for (size_t i = 0; i < LEN(g); i++) {
        enum project_role got;
        struct entity e = { VISIBLE_PRIVATE, 999, 0, g[i].of };
        REQUEST(r, a, g[i].who);
        assert_ok(r, account_access(r, &e, &got));
        if (got != g[i].want) test_fail(__FILE__, __LINE__, "grant %zu: %d instead of %d", i, got, g[i].want);
    }
}

BOTH(tokens)
{
    struct user alice = test_user(op, "alice", USER_PERSON), bob = test_user(op, "bob", USER_PERSON);
    struct token_made t;
    struct principal who;
    REQUEST(a, op, person(&alice));
    struct project p = make(a, "optics", VISIBLE_PRIVATE), q = make(a, "other", VISIBLE_PRIVATE);
    struct token_new in = { .name = S("ci"), .scopes = S("package:read package:write") };
    assert_ok(a, token_make(a, &in, &t));
    assert_ok(a, db_flush(a));
    assert_true(str_starts(t.token, S("nbp_")));
    assert_int_equal(t.token.n, 44);
    who = test_who(op, t.token);
    assert_int_equal(who.kind, WHO_TOKEN);
    assert_int_equal(who.token_id, t.id);
    assert_int_equal(who.rights, RIGHT_PUBLIC | RIGHT_PACKAGE_READ | RIGHT_PACKAGE_WRITE);
    i64 stored;
    assert_ok(a, db_i64(a, &stored, "SELECT count(*) FROM access_tokens WHERE hash = ?", A(t.token)));
    assert_int_equal(stored, 0); /* only its hash is there */

    REQUEST(child, a, who);
    assert_err(child, ERR_FORBIDDEN, token_make(child, &in, &t)); /* tokens have no children */

    in.scopes = S("package:read admin"); /* nobody gives away what they have not */
    assert_int_equal(token_make(a, &in, &t), ERR_FORBIDDEN);
    assert_str(a->err.field, S("scopes"));
    op_clear(a);
    in.scopes = S("package:read");
    in.expires_at = (time_us){ time_now().us - 1 };
    assert_err(a, ERR_INVALID, token_make(a, &in, &t));

    struct token_new project = { .name = S("lab"),
                                 .scopes = S("unit:read user project"),
                                 .project_id = p.id };
    assert_ok(a, token_make(a, &project, &t));
    assert_ok(a, db_flush(a));
    who = test_who(op, t.token);
    assert_int_equal(who.project_id, p.id);
    assert_false(who.rights & RIGHT_USER); /* a project's token is not the person */
    REQUEST(tok, a, who);
    assert_int_equal(role_in(tok, p.id), ROLE_OWNER);
    assert_int_equal(role_in(tok, q.id), ROLE_NONE);
    assert_err(tok, ERR_FORBIDDEN,
               project_make(tok, &(struct project_change){ .name = S("new"), .has_name = true }, &p));
    REQUEST(b, a, person(&bob));
    assert_err(b, ERR_NOT_FOUND, token_make(b, &project, &t));
    assert_err(b, ERR_NOT_FOUND, token_revoke(b, who.token_id)); /* another's */
    struct principal was;
    assert_ok(a, token_revoke(a, who.token_id));
    REQUEST(n, a, principal_nobody);
    assert_err(n, ERR_UNAUTHENTICATED,
               account_authenticate(n, arena_printf(op->arena, "Bearer %.*s", STR(t.token)), &was));
}

BOTH(token_ends_and_is_seen_used)
{
    struct user alice = test_user(op, "alice", USER_PERSON);
    str secret;
    struct account_token in = { alice.id, 0, S("short"), S("user"), { time_now().us + MSEC(300) } };
    assert_ok(op, account_token_new(op, &in, &secret));
    assert_ok(op, db_flush(op));
    struct principal who = test_who(op, secret);
    struct token t;
    REQUEST(r, op, who);
    assert_ok(r, sql_token_get(r, who.token_id, &t));
    assert_true(t.last_used_at.us > 0);
    while (time_now().us < in.expires.us) nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    REQUEST(n, op, principal_nobody);
    assert_err(n, ERR_UNAUTHENTICATED,
               account_authenticate(n, arena_printf(op->arena, "Bearer %.*s", STR(secret)), &who));
    REQUEST(d, op, principal_system);
    assert_ok(d, account_token_drop(d, alice.id, S("short")));
    assert_ok(d, account_token_drop(d, alice.id, S("short")));
    assert_err(d, ERR_NOT_FOUND, sql_token_get(d, t.id, &t));
}

TEST(account_scopes)
{
    static const struct field f = { .name = "scopes" };
    const str good[] = { S("user"), S("package:read package:write"), S("admin audit:read") },
              bad[] = { S(""), S(" "), S("nothing"), S("user nothing"), S("user,admin"), S("User") };
    for (size_t i = 0; i < LEN(good); i++) {
        assert_ok(op, scopes_check(op, &f, &good[i]));
        assert_int_equal(scope_rights(rights_scopes(op->arena, scope_rights(good[i]))),
                         scope_rights(good[i]));
    }
    for (size_t i = 0; i < LEN(bad); i++) assert_err(op, ERR_INVALID, scopes_check(op, &f, &bad[i]));
}

TEST(account_checks)
{
    static const struct field f = { .name = "x" };
    const str logins[] = { S("al"), S("Alice.B"), S("a@b.org"), S("9lives"), S("x_y-z+1") },
              no_logins[] = { S(".a"),     S("a b"), S("a/b"), S("\xd0\xb0\xd0\xb1"),
                              S("system"), S("a\n"), S("-a") };
    const str mails[] = { S("a@b"), S("x.y+z@host.example") },
              no_mails[] = { S("a"), S("@b"), S("a@"), S("a@b@c"), S("a b@c"), S("a@b\n") };
    for (size_t i = 0; i < LEN(logins); i++) assert_ok(op, login_check(op, &f, &logins[i]));
    for (size_t i = 0; i < LEN(no_logins); i++)
        assert_err(op, ERR_INVALID, login_check(op, &f, &no_logins[i]));
    for (size_t i = 0; i < LEN(mails); i++) assert_ok(op, email_check(op, &f, &mails[i]));
    for (size_t i = 0; i < LEN(no_mails); i++) assert_err(op, ERR_INVALID, email_check(op, &f, &no_mails[i]));
    assert_str(text_clean(op->arena, S("a\nb\xff\xd0\xb0\xd0"), 100), S("a?b?\xd0\xb0?"));
    assert_str(text_clean(op->arena, S("\xd0\xb0\xd0\xb1"), 3), S("\xd0\xb0"));
}
