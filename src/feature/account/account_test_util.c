#include "feature/account/account_test_util.h"

struct config account_test_config;

static void with(struct op *op, db_test_body *body)
{
    i64 applied;
    struct ports *ports = (struct ports *)(uintptr_t)op->ports;
    account_test_config = (struct config){ .registration = S("open") };
    ports->config = &account_test_config;
    assert_ok(op, migrate_up(op, migrations_account, *account_feature.nmigrations, &applied));
    db_set_hook(ports->db, account_audit);
    auth_reset_cache();
    assert_ok(op, account_feature.start(op));
    op->who = &principal_system;
    body(op);
    op->who = &principal_nobody;
}

static db_test_body *now;
static void run(struct op *op) { with(op, now); }

void account_test_sqlite(struct op *op, db_test_body *body)
{
    now = body;
    db_test_sqlite(op, run);
}

void account_test_postgres(struct op *op, db_test_body *body)
{
    now = body;
    db_test_postgres(op, run);
}

static str password_of(struct op *op, const char *login)
{
    const str piece[] = { S("password of "), str_of(login) };
    return str_join(op->arena, piece, 2, S(""));
}

struct user test_user(struct op *op, const char *login, int role)
{
    struct user u;
    struct user_new in = { .login = str_of(login),
                           .password = password_of(op, login),
                           .display_name = str_of(login) };
    OTHER_OP(o, op);
    assert_ok(o, user_add(o, &in, role, &u));
    assert_ok(o, db_flush(o));
    u.login = str_copy(op->arena, u.login);
    u.password_hash = str_copy(op->arena, u.password_hash);
    u.display_name = u.login;
    return u;
}

struct auth_tokens test_sign_in(struct op *op, const char *login)
{
    struct auth_tokens t;
    struct auth_login in = { .login = str_of(login), .password = password_of(op, login) };
    OTHER_OP(o, op);
    o->who = &principal_nobody;
    assert_ok(o, session_sign_in(o, &in, &t));
    assert_ok(o, db_flush(o));
    t.access_token = str_copy(op->arena, t.access_token);
    t.refresh_token = str_copy(op->arena, t.refresh_token);
    return t;
}

struct principal test_who(struct op *op, str token)
{
    struct principal who;
    OTHER_OP(o, op);
    o->who = &principal_nobody;
    assert_ok(o, account_authenticate(o, arena_printf(o->arena, "Bearer %.*s", STR(token)), &who));
    assert_ok(o, db_flush(o));
    who.login = str_copy(op->arena, who.login);
    return who;
}
