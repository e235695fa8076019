/* Credentials as other protocols send them. */
#include "base/enc.h"
#include "feature/account/account_test_util.h"
#include "tests/unit/test.h"

static str basic(struct op *op, const char *login, str password)
{
    str both = arena_printf(op->arena, "%s:%.*s", login, STR(password));
    return arena_printf(op->arena, "Basic %.*s", STR(base64_text(op->arena, both)));
}

BOTH(credentials_of_other_protocols)
{
    struct user u = test_user(op, "mallory", USER_PERSON);
    struct principal who;
    str token;
    struct account_token wish = { u.id, 0, S("t"), S("telemetry:write package:read") };
    assert_ok(op, account_token_new(op, &wish, &token));
    str same[] = { arena_printf(op->arena, "Token %.*s", STR(token)),
                   arena_printf(op->arena, "token %.*s", STR(token)), basic(op, "anything", token),
                   basic(op, "", token), basic(op, token.p, S("")) };
    for (size_t i = 0; i < LEN(same); i++) {
        who = (struct principal){ 0 };
        assert_ok(op, account_authenticate(op, same[i], &who));
        assert_int_equal(who.user_id, u.id);
        assert_true(who.token_id && who.rights & RIGHT_PACKAGE_READ);
    }
    for (int i = 0; i < 2; i++) { /* checked, then remembered */
        assert_ok(op, account_authenticate(op, basic(op, "mallory", S("password of mallory")), &who));
        assert_int_equal(who.user_id, u.id);
        assert_true(who.rights == (RIGHT_PUBLIC | RIGHT_TELEMETRY_WRITE));
        assert_str(who.login, S("mallory"));
    }
    str bad[] = { basic(op, "mallory", S("guess")),
                  basic(op, "nobody", S("guess")),
                  S("Basic bWFsbG9yeQ=="),
                  S("Basic !"),
                  S("Token "),
                  S("Token nbp_x"),
                  S("Digest x") };
    for (size_t i = 0; i < LEN(bad); i++) {
        REQUEST(r, op, principal_nobody);
        assert_err(r, ERR_UNAUTHENTICATED, account_authenticate(r, bad[i], &who));
    }
    err_t e = OK;
    for (int i = 0; i < 8 && e != ERR_RATE; i++) {
        REQUEST(r, op, principal_nobody);
        e = account_authenticate(r, basic(op, "mallory", S("guess")), &who);
        op_clear(r);
    }
    assert_int_equal(e, ERR_RATE); /* guessing is slowed down as at sign-in */
}
