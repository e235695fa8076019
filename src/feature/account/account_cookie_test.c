/* The session of our own page: a cookie instead of tokens. */
#include "feature/account/account_test_util.h"
#include "net/http.h"

static struct principal page(enum page_kind kind)
{
    struct principal p = principal_nobody;
    p.page = kind;
    return p;
}

static struct auth_tokens sign_in(struct op *op, const char *login, enum page_kind kind)
{
    struct auth_tokens t;
    struct auth_login in = { .login = str_of(login),
                             .password = arena_printf(op->arena, "password of %s", login) };
    REQUEST(o, op, page(kind));
    assert_ok(o, session_sign_in(o, &in, &t));
    assert_ok(o, db_flush(o));
    t.set_cookie = str_copy(op->arena, t.set_cookie);
    return t;
}

static str value_of(str set_cookie)
{
    str head, name, value;
    str_cut(set_cookie, ';', &head, &(str){ 0 });
    assert_true(str_cut(head, '=', &name, &value));
    assert_str(name, str_of(account_cookie()));
    assert_true(str_starts(value, S("nbc_")));
    assert_int_equal(value.n, 44);
    return value;
}

static err_t identify(struct op *op, str cookie, struct principal *who)
{
    REQUEST(o, op, principal_nobody);
    err_t e = account_authenticate_cookie(o, cookie, who);
    who->login = str_copy(op->arena, who->login);
    op_clear(o);
    assert_ok(o, db_flush(o));
    return e;
}

BOTH(cookie_signs_in)
{
    struct user u = test_user(op, "olga", USER_PERSON);
    struct auth_tokens t = sign_in(op, "olga", PAGE_HTTP);
    assert_null(t.access_token.p);
    assert_null(t.refresh_token.p);
    assert_str(t.token_type, S("Cookie"));
    assert_true(str_ends(t.set_cookie, S("; Path=/; HttpOnly; SameSite=Strict; Max-Age=34560000")));
    assert_true(str_ends(sign_in(op, "olga", PAGE_HTTPS).set_cookie, S("Max-Age=34560000; Secure")));
    assert_null(sign_in(op, "olga", PAGE_NONE).set_cookie.p);

    str value = value_of(t.set_cookie);
    struct principal who;
    assert_int_equal(identify(op, value, &who), OK);
    assert_int_equal(who.user_id, u.id);
    assert_int_equal(who.kind, WHO_USER);
    assert_true(who.session_id);
    assert_str(who.login, S("olga"));

    /* Remembered or not, it is no bearer token; and a token is no cookie. */
    struct auth_tokens program = test_sign_in(op, "olga");
    assert_err(op, ERR_UNAUTHENTICATED,
               account_authenticate(op, arena_printf(op->arena, "Bearer %.*s", STR(value)), &who));
    assert_int_equal(identify(op, program.access_token, &who), ERR_UNAUTHENTICATED);
    assert_int_equal(identify(op, program.refresh_token, &who), ERR_UNAUTHENTICATED);
    assert_int_equal(identify(op, S(""), &who), ERR_UNAUTHENTICATED);
    assert_int_equal(identify(op, S("nbc_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), &who),
                     ERR_UNAUTHENTICATED);
}

BOTH(cookie_ends_with_its_session)
{
    test_user(op, "petra", USER_PERSON);
    str one = value_of(sign_in(op, "petra", PAGE_HTTP).set_cookie),
        two = value_of(sign_in(op, "petra", PAGE_HTTP).set_cookie);
    struct principal who, other;
    assert_int_equal(identify(op, one, &who), OK);
    assert_int_equal(identify(op, two, &other), OK);
    REQUEST(out, op, who);
    assert_ok(out, session_end(out, (str){ 0 }));
    assert_ok(out, db_flush(out));
    assert_int_equal(identify(op, one, &who), ERR_UNAUTHENTICATED);

    REQUEST(o, op, other);
    assert_ok(o, account_stands(o, &other));
    assert_ok(o, user_password(o, S("password of petra"), S("another password")));
    assert_ok(o, db_flush(o));
    assert_int_equal(identify(op, two, &who), OK); /* the one that changed it stays */
    REQUEST(gone, op, other);
    assert_ok(gone, session_revoke(gone, other.session_id));
    assert_ok(gone, db_flush(gone));
    assert_int_equal(identify(op, two, &who), ERR_UNAUTHENTICATED);
    assert_err(gone, ERR_UNAUTHENTICATED, account_stands(gone, &other));
}

/* Use prolongs the session; a month without use ends it. */
BOTH(cookie_slides)
{
    test_user(op, "rita", USER_PERSON);
    str value = value_of(sign_in(op, "rita", PAGE_HTTP).set_cookie);
    time_us now = time_now(), soon = { now.us + SEC(3600) }, before = { now.us - SEC(29 * 86400) };
    struct principal who;
    i64 left;
    assert_ok(op, db_exec(op, "UPDATE sessions SET used_at = ?, expires_at = ?", A(before), A(soon)));
    assert_ok(op, db_flush(op));
    assert_int_equal(identify(op, value, &who), OK);
    assert_ok(op, db_i64(op, &left, "SELECT count(*) FROM sessions WHERE expires_at > ? AND used_at >= ?",
                         A((time_us){ now.us + SEC(29 * 86400) }), A(now)));
    assert_int_equal(left, 1);
    assert_ok(op, db_exec(op, "UPDATE sessions SET expires_at = ?", A(before)));
    assert_ok(op, db_flush(op));
    auth_reset_cache(); /* five seconds have passed */
    assert_int_equal(identify(op, value, &who), ERR_UNAUTHENTICATED);
}
