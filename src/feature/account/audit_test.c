#include "feature/account/account_test_util.h"
#include "net/route.h"
#include <pthread.h>

/* One audited operation: a statement of its own with a note. */
static void act(struct op *like, const char *action, const char *target)
{
    struct op_note note = { .action = action,
                            .target_kind = "package",
                            .target_id = str_of(target),
                            .target = str_of(target),
                            .method_path = S("POST /x") };
    REQUEST(r, like,
            ((struct principal){ .kind = WHO_USER,
                                 .user_id = 5,
                                 .login = S("eve"),
                                 .rights = role_rights(USER_PERSON),
                                 .ip = S("192.0.2.1"),
                                 .user_agent = S("curl/8 \xff") }));
    r->id = S("req-1");
    r->note = &note;
    assert_ok(r, account_audit_detail(r, (struct audited){ 0 }, (json_raw){ S("{\"a\":1}") },
                                      (json_raw){ S("{\"a\":2}") }));
    assert_ok(r, sql_epoch_next(r));
    assert_null(r->note);
    assert_ok(r, sql_epoch_next(r)); /* a second transaction: one entry an operation */
    assert_ok(r, db_flush(r));
}

static struct audit_state verify(struct op *like)
{
    struct audit_state s;
    OTHER_OP(o, like);
    assert_ok(o, audit_verify(o, &s));
    return s;
}

/* An attacker who owns the database can drop its triggers; the chain must still tell. */
static void unlock(struct op *op)
{
    if (db_engine(op->ports->db) == DB_POSTGRES) {
        assert_ok(op, db_exec(op, "DROP TRIGGER audit_log_keep ON audit_log"));
        return;
    }
    assert_ok(op, db_exec(op, "DROP TRIGGER audit_log_no_update"));
    assert_ok(op, db_exec(op, "DROP TRIGGER audit_log_no_delete"));
}

struct entries {
    LIST(struct audit_entry) items;
};

BOTH(audit_writes_with_the_transaction)
{
    act(op, "package.create", "sipd");
    struct entries l;
    OTHER_OP(o, op);
    struct audit_query q = { .limit = 10, .action = S("package.create") };
    assert_ok(o, sql_audit_search(o, &q, &l.items));
    assert_int_equal(l.items.n, 1);
    const struct audit_entry *e = l.items.item;
    assert_int_equal(e->user_id, 5);
    assert_str(e->login, S("eve"));
    assert_str(e->role, S("user"));
    assert_str(e->ip, S("192.0.2.1"));
    assert_str(e->user_agent, S("curl/8 ?"));
    assert_str(e->request_id, S("req-1"));
    assert_str(e->target, S("sipd"));
    assert_str(e->target_kind, S("package"));
    assert_str(e->target_id, S("sipd"));
    assert_str(e->method_path, S("POST /x"));
    assert_str(e->outcome, S("ok"));
    assert_str(e->before.s, S("{\"a\":1}"));
    assert_str(e->after.s, S("{\"a\":2}"));

    struct op_note note = { .action = "lost" };
    OTHER_OP(f, op);
    f->note = &note;
    { /* rolled back: neither the change nor the entry is there */
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(f, db_begin(f, &tx));
        assert_ok(f, sql_epoch_next(f));
    }
    q.action = S("lost");
    assert_ok(f, sql_audit_search(f, &q, &l.items));
    assert_int_equal(l.items.n, 0);
}

BOTH(audit_shows_tampering)
{
    for (int i = 0; i < 8; i++) act(op, "x", "y");
    struct audit_state s = verify(op);
    assert_true(s.intact);
    i64 n = s.last_id;
    assert_int_equal(s.entries, n);
    assert_int_equal(s.first_id, 1);
    unlock(op);
    const struct {
        struct sql change, back;
        i64 at;
    } t[] = {
        { SQL("UPDATE audit_log SET login = 'bob' WHERE id = 3"),
          SQL("UPDATE audit_log SET login = 'eve' WHERE id = 3"), 3 },
        { SQL("UPDATE audit_log SET target = NULL WHERE id = 4"),
          SQL("UPDATE audit_log SET target = 'y' WHERE id = 4"), 4 },
        { SQL("UPDATE audit_log SET target = '' WHERE id = 4"),
          SQL("UPDATE audit_log SET target = 'y' WHERE id = 4"), 4 },
        { SQL("UPDATE audit_log SET target_id = 'z' WHERE id = 4"),
          SQL("UPDATE audit_log SET target_id = 'y' WHERE id = 4"), 4 },
        { SQL("UPDATE audit_log SET target_kind = NULL, target_id = NULL WHERE id = 4"),
          SQL("UPDATE audit_log SET target_kind = 'package', target_id = 'y' WHERE id = 4"), 4 },
        { SQL("UPDATE audit_log SET after_json = '{\"a\":3}' WHERE id = 2"),
          SQL("UPDATE audit_log SET after_json = '{\"a\":2}' WHERE id = 2"), 2 },
        { SQL("UPDATE audit_log SET id = 1000 WHERE id = 5"),
          SQL("UPDATE audit_log SET id = 5 WHERE id = 1000"), 5 },
        { SQL("UPDATE audit_chain SET head_id = head_id + 1"),
          SQL("UPDATE audit_chain SET head_id = head_id - 1"), n + 1 },
        { SQL("UPDATE audit_chain SET head_hash = 'x'"),
          SQL("UPDATE audit_chain SET head_hash = (SELECT hash FROM audit_log ORDER BY id DESC LIMIT 1)"),
          n },
    };
    for (size_t i = 0; i < LEN(t); i++) {
        assert_ok(op, db_exec_sql(op, NULL, t[i].change, NULL, 0));
        assert_ok(op, db_flush(op));
        s = verify(op);
        if (s.intact || s.broken_at != t[i].at)
            test_fail(__FILE__, __LINE__, "case %zu: intact %d, broken at %d", i, s.intact, (int)s.broken_at);
        assert_ok(op, db_exec_sql(op, NULL, t[i].back, NULL, 0));
        assert_ok(op, db_flush(op));
        assert_true(verify(op).intact);
    }
    assert_ok(op, db_exec(op, "DELETE FROM audit_log WHERE id = ?", A(n)));
    assert_ok(op, db_flush(op));
    s = verify(op);
    assert_false(s.intact);
    assert_int_equal(s.broken_at, n);
}

/* As `sha256sum` has them of the same bytes: chains that are there stay whole. */
TEST(account_audit_hashes_stay_as_they_are)
{
    struct audit_entry e = { .id = 7,
                             .at = { 1700000000000000 },
                             .user_id = 5,
                             .login = S("eve"),
                             .role = S("user"),
                             .request_id = S("req-1"),
                             .action = S("x.do"),
                             .target = S("y"),
                             .outcome = S("ok"),
                             .after = { S("{\"a\":1}") } };
    str zeros = S("0000000000000000000000000000000000000000000000000000000000000000");
    assert_str(audit_hash(op->arena, zeros, &e),
               S("1c04b2be306e7ef628b6263209e2c33bc9236388f8b969b2126eb1e7b08ca86b"));
    e.target_kind = S("package");
    e.target_id = S("y");
    assert_str(audit_hash(op->arena, zeros, &e),
               S("a837f9446bd76cd05d1ee356b3fd62b301114dee5219a02da4bc7a7e217fdd58"));
}

BOTH(audit_is_append_only)
{
    act(op, "x", "y");
    OTHER_OP(a, op);
    assert_int_equal(db_exec(a, "UPDATE audit_log SET login = 'bob' WHERE id = 1") != OK, 1);
    OTHER_OP(b, op);
    assert_int_equal(db_exec(b, "DELETE FROM audit_log WHERE id = 1") != OK, 1);
    assert_true(verify(op).intact);
}

BOTH(audit_retention_keeps_the_chain)
{
    for (int i = 0; i < 4; i++) act(op, "old", "y");
    time_us border = time_now();
    i64 kept_from = verify(op).last_id + 1;
    for (int i = 0; i < 3; i++) act(op, "new", "y");
    OTHER_OP(o, op);
    assert_ok(o, audit_retain(o, border));
    assert_ok(o, db_flush(o));
    struct audit_state s = verify(op);
    assert_true(s.intact);
    assert_int_equal(s.first_id, kept_from);
    assert_int_equal(s.entries, 3);
    OTHER_OP(again, op);
    assert_ok(again, audit_retain(again, border));
    assert_ok(again, audit_retain(again, time_now())); /* everything: the chain goes on from its anchor */
    assert_ok(again, db_flush(again));
    s = verify(op);
    assert_true(s.intact);
    assert_int_equal(s.entries, 0);
    act(op, "after", "y");
    s = verify(op);
    assert_true(s.intact);
    assert_int_equal(s.first_id, kept_from + 3);
}

BOTH(audit_search)
{
    act(op, "package.create", "sipd");
    time_us middle = time_now();
    act(op, "package.delete", "50%_done");
    struct entries l;
    OTHER_OP(o, op);
    const struct {
        struct audit_query q;
        size_t n;
    } t[] = {
        { { .limit = 100, .user = S("eve") }, 2 },
        { { .limit = 100, .user = S("ev") }, 0 },
        { { .limit = 100, .action = S("package.create") }, 1 },
        { { .limit = 100, .user = S("eve"), .from = middle }, 1 },
        { { .limit = 100, .user = S("eve"), .to = middle }, 1 },
        { { .limit = 100, .text = S("sipd") }, 1 },
        { { .limit = 100, .text = S("%_d") }, 1 },
        { { .limit = 100, .text = S("' OR 1=1 --") }, 0 },
        { { .limit = 1, .user = S("eve") }, 1 },
    };
    for (size_t i = 0; i < LEN(t); i++) {
        assert_ok(o, sql_audit_search(o, &t[i].q, &l.items));
        if (l.items.n != t[i].n) test_fail(__FILE__, __LINE__, "case %zu: %zu entries", i, l.items.n);
    }
    struct audit_query page = { .limit = 1, .cursor = l.items.item[0].id };
    i64 newest = l.items.item[0].id;
    assert_ok(o, sql_audit_search(o, &page, &l.items));
    assert_int_equal(l.items.item[0].id, newest - 1);
}

BOTH(audit_writes_refusals)
{
    struct op_note note = { .action = "session.create", .target = S("mallory") };
    struct entries l;
    REQUEST(r, op, ((struct principal){ .ip = S("192.0.2.9") }));
    r->note = &note;
    assert_int_equal(op_fail(r, ERR_UNAUTHENTICATED, HERE, S("login"), "wrong"), ERR_UNAUTHENTICATED);
    account_audit_refused(r, ERR_UNAUTHENTICATED);
    assert_str(r->err.msg, S("wrong")); /* the answer stays what it was */
    assert_str(r->err.field, S("login"));
    op_clear(r);
    struct audit_query q = { .limit = 10, .action = S("session.create") };
    assert_ok(r, sql_audit_search(r, &q, &l.items));
    assert_int_equal(l.items.n, 1);
    assert_str(l.items.item[0].outcome, S("unauthenticated"));
    assert_str(l.items.item[0].reason, S("wrong"));
    assert_str(l.items.item[0].role, S("nobody"));
    assert_str(l.items.item[0].target, S("mallory"));
    assert_ok(r, db_flush(r));
    assert_true(verify(op).intact);
}

static void *writer(void *arg)
{
    for (int i = 0; i < 25; i++) act(arg, "many", "y");
    return NULL;
}

BOTH(audit_chain_holds_among_many_writers)
{
    pthread_t t[4];
    i64 n;
    assert_ok(op, db_flush(op));
    struct op like[LEN(t)];
    struct arena a[LEN(t)] = { 0 };
    for (size_t i = 0; i < LEN(t); i++) {
        like[i] = (struct op){ .arena = &a[i], .ports = op->ports, .who = &principal_system };
        assert_int_equal(pthread_create(&t[i], NULL, writer, &like[i]), 0);
    }
    for (size_t i = 0; i < LEN(t); i++) {
        pthread_join(t[i], NULL);
        arena_free(&a[i]);
    }
    struct audit_state s = verify(op);
    assert_true(s.intact);
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM audit_log WHERE action = 'many'"));
    assert_int_equal(n, 100);
}
