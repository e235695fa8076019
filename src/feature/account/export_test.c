#include "base/fs.h"
#include "feature/account/account_test_util.h"
#include "feature/account/export.h"
#include "net/route.h"
#include <unistd.h>

static str content(struct op *op, struct http_file *f)
{
    char *p = arena_alloc(op->arena, (size_t)f->size + 1);
    assert_int_equal(pread(f->fd, p, (size_t)f->size, 0), f->size);
    close(f->fd);
    return (str){ p, (size_t)f->size };
}

static err_t export_part(struct op *op, i64 id, struct buf *b)
{
    (void)op;
    buf_printf(b, "{\"of\":%lld}", (long long)id);
    return OK;
}

/* More entries than one page holds, and the first thing that its operation asks of the database. */
BOTH(exports)
{
    static const struct feature part = { .name = "part", .export_user = export_part };
    static const struct feature *const list[] = { &part, &account_feature };
    struct user u = test_user(op, "olga", USER_PERSON);
    struct op_note note = { .action = "many" };
    REQUEST(many, op, ((struct principal){ .kind = WHO_USER, .user_id = u.id, .login = u.login }));
    for (int i = 0; i < 1100; i++) {
        AUTO(db_tx) struct db_tx tx = { 0 };
        many->note = &note;
        assert_ok(many, db_begin(many, &tx));
        assert_ok(many, db_commit(&tx));
    }
    assert_ok(many, db_flush(many));
    struct http_file f;
    struct audit_query q = { .action = S("many"), .limit = 50 };
    REQUEST(all, op, principal_system);
    assert_ok(all, export_audit(all, &q, &f));
    i64 lines = 0, last = 0;
    for (str rest = content(op, &f), line; str_next(&rest, '\n', &line); lines++) {
        struct audit_entry entry;
        assert_ok(op, desc_read_answer(op, &audit_entry_desc, line, &entry));
        assert_true(entry.id > last);
        last = entry.id;
    }
    assert_int_equal(lines, 1100);

    account_know_features(list, 2);
    REQUEST(m, op, ((struct principal){ .kind = WHO_USER, .user_id = u.id, .login = u.login }));
    assert_ok(m, export_person(m, &f));
    account_know_features(NULL, 0);
    str json = content(op, &f);
    size_t at;
    assert_true(json_valid(json));
    assert_true(str_find(json, arena_printf(op->arena, "\"part\":{\"of\":%lld}", (long long)u.id), &at));
    assert_false(str_find(json, S("argon2"), &at));

    OTHER_OP(v, op);
    struct audit_state s;
    assert_ok(v, audit_verify(v, &s));
    assert_true(s.intact);
    assert_int_equal(s.entries, 1100);
}
