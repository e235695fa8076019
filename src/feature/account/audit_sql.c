/* SQL of the audit log. */
#include "feature/account/audit_sql.h"
#include "feature/account/account_sql.h"

#define D struct audit_entry
static const struct field audit_entry_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the entry; they have no gaps." },
    { F(at), .flags = READONLY, .doc = "When." },
    { F(user_id), .flags = READONLY | NULLABLE,
      .doc = "Who; null: nobody signed in, or the program itself." },
    { F(login), .flags = READONLY | NULLABLE, .doc = "Login of who." },
    { F(role), .flags = READONLY, .doc = "In what role: admin, auditor, user, token, system, nobody." },
    { F(ip), .flags = READONLY | NULLABLE, .doc = "From which address." },
    { F(user_agent), .flags = READONLY | NULLABLE, .doc = "With which program." },
    { F(request_id), .flags = READONLY | NULLABLE, .doc = "The request, as in the log." },
    { F(action), .flags = READONLY, .doc = "What was done." },
    { F(target_kind), .flags = READONLY | NULLABLE,
      .doc = "To what kind of thing, such as unit or alert_rule." },
    { F(target_id), .flags = READONLY | NULLABLE,
      .doc = "Which of them: the number, uuid or name by which the API knows it." },
    { F(target), .flags = READONLY | NULLABLE, .doc = "Its name then." },
    { F(method_path), .flags = READONLY | NULLABLE, .doc = "By which call." },
    { F(outcome), .flags = READONLY, .doc = "ok, or the code of the refusal." },
    { F(reason), .flags = READONLY | NULLABLE, .doc = "Why it was refused." },
    { F(before), .flags = READONLY | NULLABLE, .doc = "State before." },
    { F(after), .flags = READONLY | NULLABLE, .doc = "State after." },
    { F(hash), .flags = READONLY, .doc = "SHA-256 over the previous entry's hash and this entry." },
};
#undef D
DESC(audit_entry);
#define COLUMNS \
    "id, at, user_id, login, role, ip, user_agent, request_id, action, target_kind, target_id, target, " \
    "method_path, outcome, " \
    "reason, " \
    "before_json AS before, after_json AS after, hash"

#define D struct audit_chain
static const struct field audit_chain_fields[] = {
    { F(head_id) },
    { F(head_hash) },
    { F(anchor_id) },
    { F(anchor_hash) },
};
#undef D
static DESC(audit_chain);
#define CHAIN "SELECT head_id, head_hash, anchor_id, anchor_hash FROM audit_chain WHERE one = 1"

enum { LOCK_CHAIN = 0x61636333 };

err_t sql_chain_hold(struct op *op, struct audit_chain *c)
{
    TRY(db_lock(op, LOCK_CHAIN));
    return db_one(op, &audit_chain_desc, c, CHAIN);
}

err_t sql_chain_get(struct op *op, struct audit_chain *c) { return db_one(op, &audit_chain_desc, c, CHAIN); }

err_t sql_chain_head(struct op *op, i64 id, str hash)
{
    return db_exec(op, "UPDATE audit_chain SET head_id = ?, head_hash = ? WHERE one = 1", A(id), A(hash));
}

err_t sql_chain_anchor(struct op *op, i64 id, str hash)
{
    return db_exec(op, "UPDATE audit_chain SET anchor_id = ?, anchor_hash = ? WHERE one = 1", A(id), A(hash));
}

err_t sql_audit_insert(struct op *op, const struct audit_entry *e)
{
    return db_exec(
        op,
        "INSERT INTO audit_log (id, at, user_id, login, role, ip, user_agent, request_id, action, "
        "target_kind, target_id, target, method_path, outcome, reason, before_json, after_json, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        A(e->id), A(e->at), A_NULL0(e->user_id), A(e->login), A(e->role), A(e->ip), A(e->user_agent),
        A(e->request_id), A(e->action), A(e->target_kind), A(e->target_id), A(e->target), A(e->method_path),
        A(e->outcome), A(e->reason), A(e->before.s), A(e->after.s), A(e->hash));
}

err_t sql_audit_newest_before(struct op *op, time_us t, struct audit_entry *e, bool *found)
{
    return db_find(op, &audit_entry_desc, e, found,
                   "SELECT " COLUMNS " FROM audit_log WHERE at < ? ORDER BY id DESC LIMIT 1", A(t));
}

err_t sql_audit_delete_to(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM audit_log WHERE id <= ?", A(id));
}

err_t sql_audit_search(struct op *op, const struct audit_query *q, void *list)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, "SELECT " COLUMNS " FROM audit_log WHERE id < ?", A(q->cursor ? q->cursor : INT64_MAX));
    if (q->oldest_first) db_text_add(&t, " AND id > ?", A(q->after));
    if (q->from.us) db_text_add(&t, " AND at >= ?", A(q->from));
    if (q->to.us) db_text_add(&t, " AND at < ?", A(q->to));
    if (q->user.n) db_text_add(&t, " AND login = ?", A(q->user));
    if (q->action.n) db_text_add(&t, " AND action = ?", A(q->action));
    if (q->text.n) {
        str p = sql_like(op->arena, q->text);
        db_text_add(&t,
                    " AND (target LIKE ? ESCAPE '\\' OR login LIKE ? ESCAPE '\\' OR action LIKE ? ESCAPE '\\'"
                    " OR ip LIKE ? ESCAPE '\\' OR reason LIKE ? ESCAPE '\\' OR request_id LIKE ? ESCAPE '\\'"
                    " OR before_json LIKE ? ESCAPE '\\' OR after_json LIKE ? ESCAPE '\\')",
                    A(p), A(p), A(p), A(p), A(p), A(p), A(p), A(p));
    }
    if (q->oldest_first) db_text_add(&t, " ORDER BY id LIMIT ?", A(q->limit));
    else db_text_add(&t, " ORDER BY id DESC LIMIT ?", A(q->limit));
    return db_text_all(&t, &audit_entry_desc, list);
}

err_t sql_audit_page(struct op *op, i64 after, i64 limit, void *list)
{
    return db_all(op, &audit_entry_desc, list,
                  "SELECT " COLUMNS " FROM audit_log WHERE id > ? ORDER BY id LIMIT ?", A(after), A(limit));
}

err_t sql_audit_of_user(struct op *op, i64 user_id, i64 after, i64 limit, void *list)
{
    return db_all(op, &audit_entry_desc, list,
                  "SELECT " COLUMNS " FROM audit_log WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?",
                  A(user_id), A(after), A(limit));
}
