#include "base/enc.h"
#include "feature/account/account_test_util.h"
#include "net/http.h"
#include <pthread.h>
#include <stdatomic.h>

BOTH(migrates_down_and_up)
{
    i64 n;
    size_t all = *account_feature.nmigrations;
    assert_ok(op, migrate_down(op, migrations_account, all, S("account"), 0, &n));
    assert_int_equal(n, all);
    assert_ok(op, migrate_up(op, migrations_account, all, &n));
    assert_int_equal(n, all);
}

static err_t login_as(struct op *op, str login, str password, str otp)
{
    struct auth_login in = { login, password, otp };
    struct auth_tokens t;
    return session_sign_in(op, &in, &t);
}

BOTH(sign_in)
{
    struct user u = test_user(op, "Alice", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "Alice");
    assert_str(t.token_type, S("Bearer"));
    assert_int_equal(t.expires_in, 900);
    struct principal who = test_who(op, t.access_token);
    assert_int_equal(who.user_id, u.id);
    assert_int_equal(who.kind, WHO_USER);
    assert_str(who.login, S("Alice"));
    assert_true(who.rights & RIGHT_PACKAGE_WRITE);
    assert_false(who.rights & (RIGHT_ADMIN | RIGHT_AUDIT_READ));

    REQUEST(r, op, principal_nobody);
    assert_ok(r, login_as(r, S("aLICE"), S("password of Alice"), (str){ 0 }));
    assert_err(r, ERR_UNAUTHENTICATED, login_as(r, S("alice"), S("password of alice"), (str){ 0 }));
    str unknown_msg, wrong_msg;
    assert_int_equal(login_as(r, S("alice"), S("x"), (str){ 0 }), ERR_UNAUTHENTICATED);
    wrong_msg = r->err.msg;
    assert_int_equal(login_as(r, S("nobody.here"), S("x"), (str){ 0 }), ERR_UNAUTHENTICATED);
    unknown_msg = r->err.msg;
    assert_str(unknown_msg, wrong_msg);
    op_clear(r);
}

BOTH(user_without_password_cannot_sign_in)
{
    i64 id, again;
    assert_ok(op, account_user_ensure(op, S("demo"), S("Demo"), &id));
    assert_ok(op, account_user_ensure(op, S("DEMO"), S("Demo"), &again));
    assert_int_equal(id, again);
    REQUEST(r, op, principal_nobody);
    assert_err(r, ERR_UNAUTHENTICATED, login_as(r, S("demo"), S("!"), (str){ 0 }));
}

BOTH(refuses_bad_tokens)
{
    test_user(op, "bob", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "bob");
    const str bad[] = { S(""),
                        S("Bearer"),
                        S("Bearer "),
                        S("Basic abc"),
                        S("Bearer nbp_"),
                        S("Bearer nbp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
                        S("Bearer x"),
                        S("Bearer a.b.c"),
                        t.access_token,
                        arena_printf(op->arena, "Bearer %.*sx", STR(t.access_token)),
                        arena_printf(op->arena, "Bearer %.*s", STR(t.refresh_token)) };
    struct principal who;
    for (size_t i = 0; i < LEN(bad); i++)
        assert_err(op, ERR_UNAUTHENTICATED, account_authenticate(op, bad[i], &who));
}

BOTH(refresh_rotates_and_detects_reuse)
{
    test_user(op, "carol", USER_PERSON);
    struct auth_tokens a = test_sign_in(op, "carol"), b, c;
    REQUEST(r, op, principal_nobody);
    assert_ok(r, session_refresh(r, a.refresh_token, &b));
    REQUEST(r2, r, principal_nobody);
    assert_ok(r2, session_refresh(r2, b.refresh_token, &c));
    test_who(op, a.access_token); /* still good until it runs out */
    test_who(op, c.access_token);

    struct principal who;
    REQUEST(thief, r2, principal_nobody);
    assert_err(thief, ERR_UNAUTHENTICATED, session_refresh(thief, a.refresh_token, &b));
    assert_ok(thief, db_flush(thief));
    REQUEST(victim, op, principal_nobody);
    assert_err(victim, ERR_UNAUTHENTICATED, session_refresh(victim, c.refresh_token, &b));
    assert_err(
        victim, ERR_UNAUTHENTICATED,
        account_authenticate(victim, arena_printf(op->arena, "Bearer %.*s", STR(c.access_token)), &who));
    test_sign_in(op, "carol"); /* other sessions are not concerned */
}

BOTH(refresh_refuses_unknown_and_expired)
{
    struct auth_tokens out;
    test_user(op, "dan", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "dan");
    assert_err(op, ERR_UNAUTHENTICATED, session_refresh(op, S("nbr_unknown"), &out));
    assert_ok(op, db_exec(op, "UPDATE sessions SET expires_at = ?", A((time_us){ time_now().us - 1 })));
    assert_err(op, ERR_UNAUTHENTICATED, session_refresh(op, t.refresh_token, &out));
}

BOTH(logout_ends_the_session_at_once)
{
    test_user(op, "erin", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "erin"), other = test_sign_in(op, "erin"), out;
    struct principal who = test_who(op, t.access_token);
    REQUEST(r, op, who);
    assert_ok(r, session_end(r, (str){ 0 }));
    assert_ok(r, db_flush(r));
    str header = arena_printf(op->arena, "Bearer %.*s", STR(t.access_token));
    REQUEST(n, op, principal_nobody);
    assert_err(n, ERR_UNAUTHENTICATED, account_authenticate(n, header, &who));
    assert_err(n, ERR_UNAUTHENTICATED, session_refresh(n, t.refresh_token, &out));
    test_who(op, other.access_token);
    REQUEST(m, op, principal_nobody);
    assert_ok(m, session_end(m, other.refresh_token));
    assert_ok(m, session_end(m, other.refresh_token)); /* twice is fine */
    assert_err(m, ERR_INVALID, session_end(m, (str){ 0 }));
}

BOTH(blocking_ends_everything)
{
    struct user u = test_user(op, "frank", USER_PERSON);
    test_user(op, "root", USER_ADMIN);
    struct auth_tokens t = test_sign_in(op, "frank"), out;
    str secret;
    assert_ok(op, account_token_new(op, &(struct account_token){ u.id, 0, S("x"), S("user") }, &secret));
    assert_ok(op, db_flush(op));
    test_who(op, t.access_token);
    test_who(op, secret);
    struct user_change c = { .blocked = true, .has_blocked = true };
    REQUEST(r, op, principal_system);
    assert_ok(r, user_change(r, u.id, &c, &u));
    assert_ok(r, db_flush(r));
    struct principal who;
    REQUEST(n, op, principal_nobody);
    const str tokens[] = { t.access_token, secret };
    for (size_t i = 0; i < 2; i++)
        assert_err(n, ERR_UNAUTHENTICATED,
                   account_authenticate(n, arena_printf(op->arena, "Bearer %.*s", STR(tokens[i])), &who));
    assert_err(n, ERR_UNAUTHENTICATED, session_refresh(n, t.refresh_token, &out));
    assert_err(n, ERR_FORBIDDEN, login_as(n, S("frank"), S("password of frank"), (str){ 0 }));
    c.blocked = false;
    REQUEST(back, op, principal_system);
    assert_ok(back, user_change(back, u.id, &c, &u));
    assert_ok(back, db_flush(back));
    test_who(op, secret);
}

/* Another node revokes: nothing here tells this process but account_epoch. */
BOTH(revocation_elsewhere_arrives_within_a_second)
{
    struct user u = test_user(op, "grace", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "grace");
    struct principal who = test_who(op, t.access_token);
    assert_ok(op, db_exec(op, "DELETE FROM sessions WHERE user_id = ?", A(u.id)));
    assert_ok(op, db_exec(op, "UPDATE account_epoch SET epoch = epoch + 1"));
    assert_ok(op, db_flush(op));
    str header = arena_printf(op->arena, "Bearer %.*s", STR(t.access_token));
    i64 began = time_mono_us();
    for (;;) {
        OTHER_OP(o, op);
        o->who = &principal_nobody;
        if (account_authenticate(o, header, &who)) break;
        assert_true(time_mono_us() - began < SEC(5)); /* on a machine that is busy with other things */
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
}

BOTH(locks_out_guessers)
{
    struct user u = test_user(op, "heidi", USER_PERSON);
    REQUEST(r, op, ((struct principal){ .ip = S("192.0.2.7") }));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(op->retry_after_us, 0);
        assert_err(r, ERR_UNAUTHENTICATED, login_as(r, S("heidi"), S("wrong"), (str){ 0 }));
    }
    i64 expect = SEC(1);
    for (int i = 0; i < 12; i++) {
        assert_err(r, ERR_RATE,
                   login_as(r, S("HEIDI"), S("password of heidi"), (str){ 0 })); /* even the right one */
        assert_true(r->retry_after_us > expect - SEC(1) && r->retry_after_us <= expect);
        assert_ok(
            r, db_exec(r, "UPDATE sign_in_failures SET locked_until = ?", A((time_us){ time_now().us - 1 })));
        assert_ok(r, guard_failed(r, S("heidi")));
        expect = MIN(expect * 2, SEC(900));
    }
    struct auth_tokens t; /* other people, elsewhere, come in */
    test_user(op, "ivan", USER_PERSON);
    t = test_sign_in(op, "ivan");
    test_who(op, t.access_token);
    assert_ok(r, db_exec(r, "UPDATE sign_in_failures SET locked_until = NULL"));
    assert_ok(r, login_as(r, S("heidi"), S("password of heidi"), (str){ 0 }));
    i64 n;
    assert_ok(r, db_i64(r, &n, "SELECT count(*) FROM sign_in_failures WHERE name = 'login:heidi'"));
    assert_int_equal(n, 0);
    (void)u;
}

BOTH(locks_out_addresses)
{
    REQUEST(r, op, ((struct principal){ .ip = S("2001:db8:1:2:3:4:5:6") }));
    for (int i = 0; i < 20; i++) assert_ok(r, guard_failed(r, arena_printf(op->arena, "name%d", i)));
    assert_err(r, ERR_RATE, guard_check(r, S("fresh")));
    REQUEST(same, r, ((struct principal){ .ip = S("2001:db8:1:2::1") }));
    assert_err(same, ERR_RATE, guard_check(same, S("fresh")));
    REQUEST(other, op, ((struct principal){ .ip = S("2001:db8:1:3::1") }));
    assert_ok(other, guard_check(other, S("fresh")));
    assert_ok(r, db_exec(r, "UPDATE sign_in_failures SET last_at = ?, locked_until = NULL",
                         A((time_us){ time_now().us - SEC(3601) })));
    assert_ok(r, guard_failed(r, S("fresh"))); /* an hour later it starts anew */
    assert_ok(r, guard_check(r, S("fresh")));
}

static str code_now(struct op *op, str secret, int steps)
{
    str key;
    assert_true(base32_decode(op->arena, secret, &key));
    return arena_printf(op->arena, "%06u", totp_code(key, time_now().us / SEC(30) + steps, 1000000));
}

BOTH(totp)
{
    test_user(op, "judy", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "judy");
    struct principal who = test_who(op, t.access_token);
    struct totp_secret s;
    REQUEST(r, op, who);
    assert_err(r, ERR_CONFLICT, totp_confirm(r, S("123456")));
    assert_ok(r, totp_begin(r, &s));
    assert_true(str_starts(s.uri, S("otpauth://totp/Netbit:judy?secret=")));
    assert_err(r, ERR_INVALID, totp_confirm(r, S("12345")));
    test_sign_in(op, "judy"); /* not on before it is confirmed */
    assert_ok(r, totp_confirm(r, code_now(op, s.secret, -1)));
    assert_ok(r, db_flush(r));

    str pw = S("password of judy");
    REQUEST(n, op, principal_nobody);
    assert_int_equal(login_as(n, S("judy"), pw, (str){ 0 }), ERR_UNAUTHENTICATED);
    assert_str(n->err.field, S("otp"));
    op_clear(n);
    assert_err(n, ERR_UNAUTHENTICATED, login_as(n, S("judy"), pw, S("000000")));
    str code = code_now(op, s.secret, 0);
    assert_ok(n, login_as(n, S("judy"), pw, code));
    REQUEST(again, n, principal_nobody);
    assert_err(again, ERR_UNAUTHENTICATED, login_as(again, S("judy"), pw, code)); /* each code once */
    assert_err(again, ERR_UNAUTHENTICATED, login_as(again, S("judy"), pw, code_now(op, s.secret, -1)));

    REQUEST(off, op, who);
    assert_err(off, ERR_CONFLICT, totp_begin(off, &s));
    assert_err(off, ERR_FORBIDDEN, totp_remove(off, S("wrong")));
    assert_ok(off, totp_remove(off, pw));
    assert_ok(off, db_flush(off));
    test_sign_in(op, "judy");
}

static err_t register_as(struct op *op, const char *login, str invite)
{
    struct auth_tokens t;
    struct user_new in = { .login = str_of(login), .password = S("long enough"), .invite = invite };
    return user_register(op, &in, &t);
}

BOTH(registration)
{
    struct user root = test_user(op, "root", USER_ADMIN);
    struct invite v;
    str code;
    assert_ok(op, register_as(op, "open.one", (str){ 0 }));
    assert_int_equal(register_as(op, "OPEN.one", (str){ 0 }), ERR_CONFLICT);
    assert_str(op->err.field, S("login"));
    op_clear(op);
    account_test_config.registration = S("closed");
    assert_err(op, ERR_FORBIDDEN, register_as(op, "closed", (str){ 0 }));
    account_test_config.registration = S("invite");
    assert_err(op, ERR_FORBIDDEN, register_as(op, "uninvited", (str){ 0 }));
    assert_err(op, ERR_FORBIDDEN, register_as(op, "uninvited", S("nbi_wrong")));
    REQUEST(r, op, ((struct principal){ .kind = WHO_USER, .user_id = root.id, .rights = ~(u64)0 }));
    assert_err(r, ERR_INVALID, invite_make(r, S("x"), USER_ADMIN, 7, &v, &code));
    assert_ok(r, invite_make(r, S("for the auditor"), USER_AUDITOR, 7, &v, &code));
    assert_ok(r, db_flush(r));
    REQUEST(n, op, principal_nobody);
    assert_ok(n, register_as(n, "invited", code));
    assert_true(n->who->rights & RIGHT_AUDIT_READ);
    assert_false(n->who->rights & RIGHT_PACKAGE_WRITE);
    assert_err(n, ERR_FORBIDDEN, register_as(n, "second", code));
    REQUEST(late, op, *r->who);
    assert_ok(late, invite_make(late, (str){ 0 }, USER_PERSON, 7, &v, &code));
    assert_ok(late, db_exec(late, "UPDATE invites SET expires_at = ?", A((time_us){ time_now().us - 1 })));
    assert_err(late, ERR_FORBIDDEN, register_as(late, "late", code));
}

struct racer {
    pthread_t thread;
    const struct op *like;
    str code;
    int i;
    err_t result;
};
static void *race(void *arg)
{
    struct racer *r = arg;
    char login[32];
    snprintf(login, sizeof login, "racer%d", r->i);
    OTHER_OP(o, r->like);
    o->who = &principal_nobody;
    r->result = register_as(o, login, r->code);
    if (!r->result && db_flush(o)) r->result = ERR_INTERNAL;
    return NULL;
}

BOTH(invite_is_good_for_one_of_many_at_once)
{
    struct invite v;
    str code;
    struct racer r[6];
    account_test_config.registration = S("invite");
    assert_ok(op, invite_make(op, (str){ 0 }, USER_PERSON, 7, &v, &code));
    assert_ok(op, db_flush(op));
    for (int i = 0; i < (int)LEN(r); i++) {
        r[i] = (struct racer){ .like = op, .code = code, .i = i };
        assert_int_equal(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
    }
    int in = 0;
    for (size_t i = 0; i < LEN(r); i++) {
        pthread_join(r[i].thread, NULL);
        in += !r[i].result;
        assert_true(!r[i].result || r[i].result == ERR_FORBIDDEN);
    }
    assert_int_equal(in, 1);
    i64 people;
    assert_ok(op, db_i64(op, &people, "SELECT count(*) FROM users WHERE login LIKE 'racer%'"));
    assert_int_equal(people, 1);
}

BOTH(first_start)
{
    i64 n;
    assert_ok(op, link_new(op, S("setup"), 0, &(str){ 0 }, &(time_us){ 0 }));
    account_test_config.admin_login = S("boss");
    assert_err(op, ERR_INVALID, account_start(op, S("http://localhost:1"), LANG_EN));
    account_test_config.admin_password = S("short");
    assert_err(op, ERR_INVALID, account_start(op, S("http://localhost:1"), LANG_EN));
    account_test_config.admin_password = S("password of boss");
    assert_ok(op, account_start(op, S("http://localhost:1"), LANG_EN));
    account_test_config.admin_password = S("another password");
    assert_ok(op, account_start(op, S("http://localhost:1"), LANG_EN)); /* later starts change nothing */
    assert_ok(op, db_flush(op));
    struct auth_tokens t = test_sign_in(op, "boss");
    assert_true(test_who(op, t.access_token).rights & RIGHT_ADMIN);
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM audit_log WHERE action = 'node.first_start'"));
    assert_int_equal(n, 1);
}

BOTH(setup_link)
{
    str token;
    time_us expires;
    struct auth_tokens t;
    struct user_new in = { .login = S("chief"), .password = S("password of chief") };
    assert_ok(op, link_new(op, S("setup"), 0, &token, &expires));
    assert_err(op, ERR_FORBIDDEN, user_setup(op, S("nbl_wrong"), &in, &t));
    assert_err(op, ERR_FORBIDDEN, user_reset(op, token, S("long enough"))); /* the wrong kind */
    assert_ok(op, user_setup(op, token, &in, &t));
    assert_true(op->who->rights & RIGHT_ADMIN);
    in.login = S("usurper");
    assert_err(op, ERR_FORBIDDEN, user_setup(op, token, &in, &t));
    assert_ok(op, link_new(op, S("setup"), 0, &token, &expires));
    assert_err(op, ERR_CONFLICT, user_setup(op, token, &in, &t)); /* there is an administrator now */
}

BOTH(passwords)
{
    struct user u = test_user(op, "kate", USER_PERSON);
    struct auth_tokens here = test_sign_in(op, "kate"), there = test_sign_in(op, "kate");
    struct principal who = test_who(op, here.access_token);
    str token, link;
    time_us expires;
    REQUEST(r, op, who);
    assert_int_equal(user_password(r, S("wrong"), S("new password")), ERR_FORBIDDEN);
    assert_str(r->err.field, S("current"));
    op_clear(r);
    assert_ok(r, user_password(r, S("password of kate"), S("new password")));
    assert_ok(r, db_flush(r));
    test_who(op, here.access_token);
    REQUEST(n, op, principal_nobody);
    assert_err(
        n, ERR_UNAUTHENTICATED,
        account_authenticate(n, arena_printf(op->arena, "Bearer %.*s", STR(there.access_token)), &who));
    assert_err(n, ERR_UNAUTHENTICATED, login_as(n, S("kate"), S("password of kate"), (str){ 0 }));
    assert_ok(n, login_as(n, S("kate"), S("new password"), (str){ 0 }));

    REQUEST(admin, op, principal_system);
    assert_ok(admin, user_reset_link(admin, u.id, &token, &expires));
    assert_ok(admin, user_reset_link(admin, u.id, &link, &expires));
    REQUEST(m, admin, principal_nobody);
    assert_err(m, ERR_FORBIDDEN, user_reset(m, token, S("third password"))); /* a newer link replaces it */
    assert_ok(m, user_reset(m, link, S("third password")));
    assert_err(m, ERR_FORBIDDEN, user_reset(m, link, S("fourth password")));
    REQUEST(p, m, principal_nobody);
    assert_ok(p, login_as(p, S("kate"), S("third password"), (str){ 0 }));
}

BOTH(last_administrator_stays)
{
    struct user a = test_user(op, "admin1", USER_ADMIN), b = test_user(op, "admin2", USER_ADMIN), out;
    struct user_change block = { .blocked = true, .has_blocked = true },
                       demote = { .role = USER_PERSON, .has_role = true };
    assert_ok(op, user_change(op, a.id, &block, &out));
    assert_err(op, ERR_CONFLICT, user_change(op, b.id, &block, &out));
    assert_err(op, ERR_CONFLICT, user_change(op, b.id, &demote, &out));
    assert_err(op, ERR_CONFLICT, user_remove(op, b.id));
    assert_ok(op, user_remove(op, a.id));
    assert_ok(op, sql_user_get(op, b.id, &out));
    assert_false(out.blocked);
    assert_int_equal(out.role, USER_ADMIN);
}

static i64 forgotten;
static err_t forget(struct op *op, i64 id)
{
    (void)op;
    forgotten = id;
    return OK;
}
static const struct feature keeper = { .name = "keeper", .forget_user = forget };

BOTH(deleting_oneself_takes_everything_along)
{
    static const struct feature *const list[] = { &keeper };
    struct user u = test_user(op, "leo", USER_PERSON), v = test_user(op, "mia", USER_PERSON);
    struct auth_tokens t = test_sign_in(op, "leo");
    struct principal who = test_who(op, t.access_token);
    struct project alone, shared;
    struct project_change c = { .name = S("alone"), .has_name = true };
    struct member m;
    str secret;
    i64 n;
    account_know_features(list, 1);
    REQUEST(r, op, who);
    assert_ok(r, project_make(r, &c, &alone));
    c.name = S("shared");
    assert_ok(r, project_make(r, &c, &shared));
    assert_ok(r, project_member_set(r, shared.id, S("mia"), ROLE_EDITOR, &m));
    assert_ok(r, account_token_new(r, &(struct account_token){ u.id, 0, S("x"), S("user") }, &secret));
    assert_err(r, ERR_CONFLICT, user_remove(r, u.id)); /* mia would be left without an owner */
    assert_int_equal(forgotten, 0);
    assert_ok(r, project_member_set(r, shared.id, S("mia"), ROLE_OWNER, &m));
    assert_ok(r, user_remove(r, u.id));
    assert_ok(r, db_flush(r));
    assert_int_equal(forgotten, u.id);
    forgotten = 0;
    account_know_features(NULL, 0);
    assert_ok(
        op,
        db_i64(op, &n,
               "SELECT (SELECT count(*) FROM users WHERE login = 'leo') + (SELECT count(*) FROM sessions) + "
               "(SELECT count(*) FROM refresh_tokens) + (SELECT count(*) FROM access_tokens) + "
               "(SELECT count(*) FROM projects WHERE name = 'alone')"));
    assert_int_equal(n, 0);
    enum project_role role;
    REQUEST(w, op,
            ((struct principal){ .kind = WHO_USER, .user_id = v.id, .rights = role_rights(USER_PERSON) }));
    assert_ok(w, account_project_role(w, shared.id, &role));
    assert_int_equal(role, ROLE_OWNER);
    REQUEST(z, op, principal_nobody);
    assert_err(z, ERR_UNAUTHENTICATED,
               account_authenticate(z, arena_printf(op->arena, "Bearer %.*s", STR(secret)), &who));
}

BOTH(signing_keys_rotate)
{
    test_user(op, "nina", USER_PERSON);
    struct auth_tokens old = test_sign_in(op, "nina"), fresh;
    str kid, kid2;
    struct principal who;
    REQUEST(r, op, principal_system);
    assert_ok(r, key_rotate(r, false, &kid));
    assert_ok(r, db_flush(r));
    test_who(op, old.access_token); /* a retired key still verifies */
    fresh = test_sign_in(op, "nina");
    assert_false(str_eq(str_head(old.access_token, 60), str_head(fresh.access_token, 60)));
    REQUEST(r2, op, principal_system);
    assert_ok(r2, key_rotate(r2, true, &kid2));
    assert_ok(r2, db_flush(r2));
    const str gone[] = { old.access_token, fresh.access_token };
    REQUEST(n, op, principal_nobody);
    for (size_t i = 0; i < 2; i++)
        assert_err(n, ERR_UNAUTHENTICATED,
                   account_authenticate(n, arena_printf(op->arena, "Bearer %.*s", STR(gone[i])), &who));
    assert_ok(n, session_refresh(n, fresh.refresh_token, &fresh)); /* sessions go on */
    assert_ok(n, db_flush(n));
    test_who(op, fresh.access_token);
}

BOTH(kept_answers)
{
    struct user u = test_user(op, "olga", USER_PERSON), v = test_user(op, "pete", USER_PERSON);
    const struct http_idempotency *kept = &account_idempotency;
    struct principal who = { .kind = WHO_USER, .user_id = u.id },
                     other = { .kind = WHO_USER, .user_id = v.id };
    struct http_kept k = { .key = S("k1"), .fingerprint = S("f1") };
    REQUEST(a, op, who);
    assert_ok(a, kept->find(a, &k));
    assert_int_equal(k.status, 0);
    REQUEST(b, a, who);
    assert_err(b, ERR_CONFLICT, kept->find(b, &(struct http_kept){ .key = k.key, .fingerprint = S("f1") }));
    k.status = 201;
    k.body = S("{\"id\":1}");
    assert_ok(a, kept->store(a, &k));
    REQUEST(c, a, who);
    struct http_kept got = { .key = k.key, .fingerprint = S("f1") };
    assert_ok(c, kept->find(c, &got));
    assert_int_equal(got.status, 201);
    assert_str(got.body, S("{\"id\":1}"));
    got.fingerprint = S("f2");
    assert_err(c, ERR_CONFLICT, kept->find(c, &got));
    REQUEST(d, c, other);
    got = (struct http_kept){ .key = k.key, .fingerprint = S("f1") };
    assert_ok(d, kept->find(d, &got)); /* another person's key is another key */
    assert_int_equal(got.status, 0);
    assert_ok(d, kept->store(d, &got)); /* failed: given up */
    assert_ok(d, kept->find(d, &got));
    got.status = 201;
    got.body = S("{\"token\":\"nbp_abc\"}");
    assert_ok(d, kept->store(d, &got)); /* a secret is not kept */
    assert_err(d, ERR_CONFLICT, kept->find(d, &got));
    i64 n;
    assert_ok(d, db_i64(d, &n, "SELECT count(*) FROM kept_answers WHERE body LIKE '%nbp_%'"));
    assert_int_equal(n, 0);
    assert_ok(
        d, db_exec(d, "UPDATE kept_answers SET created_at = ?", A((time_us){ time_now().us - SEC(86401) })));
    assert_ok(d, kept->find(d, &got));
    assert_int_equal(got.status, 0);
}

struct asker {
    pthread_t thread;
    const struct op *like;
    str header;
    _Atomic bool *gone; /* the revocation is durable: no yes may begin after it */
    _Atomic bool *stop;
    _Atomic int late_yes, yes;
};
static void *ask(void *arg)
{
    struct asker *a = arg;
    while (!atomic_load(a->stop)) {
        struct principal who;
        OTHER_OP(o, a->like);
        o->who = &principal_nobody;
        bool gone = atomic_load(a->gone), ok = !account_authenticate(o, a->header, &who);
        a->yes += ok;
        a->late_yes += gone && ok;
    }
    return NULL;
}

BOTH(revocation_is_immediate_among_many_askers)
{
    struct user u = test_user(op, "quin", USER_PERSON);
    for (int round = 0; round < 5; round++) {
        str secret;
        _Atomic bool gone = false, stop = false;
        struct asker a[3];
        struct account_token in = { .user_id = u.id, .name = S("t"), .scopes = S("user") };
        OTHER_OP(r, op);
        assert_ok(r, account_token_new(r, &in, &secret));
        assert_ok(r, db_flush(r));
        str header = arena_printf(op->arena, "Bearer %.*s", STR(secret));
        for (size_t i = 0; i < LEN(a); i++) {
            a[i] = (struct asker){ .like = op, .header = header, .gone = &gone, .stop = &stop };
            assert_int_equal(pthread_create(&a[i].thread, NULL, ask, &a[i]), 0);
        }
        for (size_t i = 0; i < LEN(a); i++)
            for (int seen = a[i].yes; a[i].yes < seen + 3;)
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        assert_ok(r, account_token_drop(r, u.id, S("t")));
        assert_ok(r, db_flush(r));
        atomic_store(&gone, true);
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        atomic_store(&stop, true);
        for (size_t i = 0; i < LEN(a); i++) {
            pthread_join(a[i].thread, NULL);
            assert_int_equal(a[i].late_yes, 0);
        }
    }
}
