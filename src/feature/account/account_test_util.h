/* Tests of this folder run over both engines: BOTH(name) { ... } registers account_sqlite_name and
 * account_postgres_name, each with a fresh, migrated database and the audit hook behind op. */
#pragma once
#include "feature/account/account_in.h"
#include "feature/account/audit_in.h"
#include "port/config.h"
#include "port/db/db_test_util.h"

void account_test_sqlite(struct op *, db_test_body *);
void account_test_postgres(struct op *, db_test_body *);

#define BOTH(name) \
    static void both_##name(struct op *); \
    TEST(account_sqlite_##name) { account_test_sqlite(op, both_##name); } \
    TEST(account_postgres_##name) { account_test_postgres(op, both_##name); } \
    static void both_##name(struct op *op)

extern struct config account_test_config; /* what op->ports->config points to; fresh for each test */

/* A person with password "password of LOGIN". */
struct user test_user(struct op *, const char *login, int role);
struct auth_tokens test_sign_in(struct op *, const char *login);
/* An operation of its own, as a request has: makes `name` of principal `who_`. What `like` has written is
 * durable by then, as it is before a real request's answer leaves. */
#define REQUEST(name, like, who_) \
    assert_ok(like, db_flush(like)); \
    OTHER_OP(name, like); \
    struct principal name##_who = (who_); \
    name->who = &name##_who
struct principal test_who(struct op *, str authorization_token); /* authenticates, must succeed */
