/* SQL of the ways in: invites, one-time links, failed sign-ins; and the sweep of what has expired. */
#include "feature/account/account_sql.h"

#define D struct invite
static const struct field invite_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the invite." },
    { F(note), .flags = READONLY | NULLABLE, .doc = "Whom it is for." },
    { F_ENUM(role, user_roles), .flags = READONLY, .doc = "Role of who registers with it." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
    { F(expires_at), .flags = READONLY, .doc = "When it ends." },
    { F(used_at), .flags = READONLY | NULLABLE, .doc = "When it was used; null: not yet." },
    { F(used_by), .flags = READONLY | NULLABLE, .doc = "Login of who used it." },
    { F(created_by), .flags = INTERNAL | NULLABLE },
    { F(code_hash), .flags = INTERNAL },
};
#undef D
DESC(invite);

err_t sql_invite_insert(struct op *op, struct invite *v)
{
    return db_i64(op, &v->id,
                  "INSERT INTO invites (code_hash, note, role, created_by, created_at, expires_at) "
                  "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                  A(v->code_hash), A(v->note), A(str_of(user_roles[v->role])), A_NULL0(v->created_by),
                  A(v->created_at), A(v->expires_at));
}

err_t sql_invite_list(struct op *op, str text, i64 after, i64 limit, void *list)
{
    struct db_text t = db_text_new(op);
    db_text_add(
        &t,
        "SELECT i.id, i.note, i.role, i.created_at, i.expires_at, i.used_at, u.login AS used_by, "
        "i.created_by, i.code_hash FROM invites i LEFT JOIN users u ON u.id = i.used_by WHERE i.id > ?",
        A(after));
    if (text.n)
        db_text_add(&t, " AND lower(i.note) LIKE ? ESCAPE '\\'",
                    A(sql_like(op->arena, str_lower(op->arena, text))));
    db_text_add(&t, " ORDER BY i.id LIMIT ?", A(limit));
    return db_text_all(&t, &invite_desc, list);
}

err_t sql_invite_delete(struct op *op, i64 id, i64 *n)
{
    return db_exec_n(op, n, "DELETE FROM invites WHERE id = ?", A(id));
}

err_t sql_invite_peek(struct op *op, str hash, time_us now, bool *found, int *role)
{
    struct invite v = { 0 };
    TRY(db_find(op, &invite_desc, &v, found,
                "SELECT id, role FROM invites WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?",
                A(hash), A(now)));
    *role = v.role;
    return OK;
}

err_t sql_invite_take(struct op *op, str hash, i64 user_id, time_us now, bool *taken)
{
    i64 n;
    TRY(db_exec_n(op, &n,
                  "UPDATE invites SET used_by = ?, used_at = ? "
                  "WHERE code_hash = ? AND used_at IS NULL AND expires_at > ?",
                  A(user_id), A(now), A(hash), A(now)));
    *taken = n == 1;
    return OK;
}

#define D struct one_time_link
static const struct field one_time_link_fields[] = {
    { F(hash) }, { F(kind) }, { F(user_id), .flags = NULLABLE }, { F(created_at) }, { F(expires_at) },
};
#undef D
static DESC(one_time_link);

err_t sql_link_insert(struct op *op, const struct one_time_link *l)
{
    return db_exec(
        op, "INSERT INTO one_time_links (hash, kind, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        A(l->hash), A(l->kind), A_NULL0(l->user_id), A(l->created_at), A(l->expires_at));
}

err_t sql_link_peek(struct op *op, str hash, str kind, time_us now, bool *found)
{
    i64 n;
    TRY(db_i64(op, &n, "SELECT count(*) FROM one_time_links WHERE hash = ? AND kind = ? AND expires_at > ?",
               A(hash), A(kind), A(now)));
    *found = n == 1;
    return OK;
}

err_t sql_link_take(struct op *op, str hash, str kind, time_us now, bool *found, i64 *user_id)
{
    struct one_time_link l = { 0 };
    TRY(db_find(op, &one_time_link_desc, &l, found,
                "DELETE FROM one_time_links WHERE hash = ? AND kind = ? AND expires_at > ? RETURNING user_id",
                A(hash), A(kind), A(now)));
    *user_id = l.user_id;
    return OK;
}

err_t sql_links_delete(struct op *op, str kind, i64 user_id)
{
    return db_exec(op, "DELETE FROM one_time_links WHERE kind = ? AND coalesce(user_id, 0) = ?", A(kind),
                   A(user_id));
}

#define D struct failures
static const struct field failures_fields[] = { { F(failures) },
                                                { F(last_at) },
                                                { F(locked_until), .flags = NULLABLE } };
#undef D
static DESC(failures);

err_t sql_failures(struct op *op, str name, struct failures *f, bool *found)
{
    return db_find(op, &failures_desc, f, found,
                   "SELECT failures, last_at, locked_until FROM sign_in_failures WHERE name = ?", A(name));
}

err_t sql_failures_add(struct op *op, str name, time_us now, time_us forget_before, i64 *failures)
{
    return db_i64(op, failures,
                  "INSERT INTO sign_in_failures (name, failures, last_at) VALUES (?, 1, ?) "
                  "ON CONFLICT (name) DO UPDATE SET failures = CASE WHEN sign_in_failures.last_at < ? THEN 1 "
                  "ELSE sign_in_failures.failures + 1 END, last_at = excluded.last_at RETURNING failures",
                  A(name), A(now), A(forget_before));
}

err_t sql_failures_lock(struct op *op, str name, time_us until)
{
    return db_exec(op, "UPDATE sign_in_failures SET locked_until = ? WHERE name = ?", A(until), A(name));
}

err_t sql_failures_clear(struct op *op, str name)
{
    return db_exec(op, "DELETE FROM sign_in_failures WHERE name = ?", A(name));
}

#define D struct kept_answer
static const struct field kept_answer_fields[] = {
    { F(fingerprint) },
    { F(body), .flags = NULLABLE },
    { F(status) },
    { F(created_at) },
};
#undef D
static DESC(kept_answer);

err_t sql_kept_find(struct op *op, i64 user_id, str key, struct kept_answer *k, bool *found)
{
    return db_find(
        op, &kept_answer_desc, k, found,
        "SELECT fingerprint, body, status, created_at FROM kept_answers WHERE user_id = ? AND key = ?",
        A(user_id), A(key));
}

err_t sql_kept_reserve(struct op *op, i64 user_id, str key, const struct kept_answer *k, bool *mine)
{
    i64 n;
    TRY(db_exec_n(
        op, &n,
        "INSERT INTO kept_answers (user_id, key, fingerprint, status, created_at) VALUES (?, ?, ?, 0, ?) "
        "ON CONFLICT (user_id, key) DO NOTHING",
        A(user_id), A(key), A(k->fingerprint), A(k->created_at)));
    *mine = n == 1;
    return OK;
}

err_t sql_kept_store(struct op *op, i64 user_id, str key, i64 status, str body)
{
    return db_exec(op, "UPDATE kept_answers SET status = ?, body = ? WHERE user_id = ? AND key = ?",
                   A(status), A(body), A(user_id), A(key));
}

err_t sql_kept_delete(struct op *op, i64 user_id, str key)
{
    return db_exec(op, "DELETE FROM kept_answers WHERE user_id = ? AND key = ?", A(user_id), A(key));
}

err_t sql_sweep(struct op *op, time_us now)
{
    time_us week_ago = { now.us - SEC(7 * 86400) }, day_ago = { now.us - SEC(86400) };
    TRY(db_exec(op, "DELETE FROM sessions WHERE expires_at <= ?", A(now)));
    TRY(db_exec(op, "DELETE FROM refresh_tokens WHERE used_at < ?", A(week_ago)));
    TRY(db_exec(op, "DELETE FROM one_time_links WHERE expires_at <= ?", A(now)));
    TRY(db_exec(op, "DELETE FROM invites WHERE expires_at <= ? AND used_at IS NULL", A(week_ago)));
    TRY(db_exec(op, "DELETE FROM kept_answers WHERE created_at < ?", A(day_ago)));
    return db_exec(op, "DELETE FROM sign_in_failures WHERE last_at < ?", A(day_ago));
}

struct instance {
    str name;
};
#define D struct instance
static const struct field instance_fields[] = { { F(name) } };
#undef D
static DESC(instance);

err_t sql_instance(struct op *op, str fresh, str *name)
{
    struct instance i;
    TRY(db_exec(op, "INSERT INTO instance (one, name) VALUES (1, ?) ON CONFLICT (one) DO NOTHING", A(fresh)));
    TRY(db_one(op, &instance_desc, &i, "SELECT name FROM instance WHERE one = 1"));
    *name = i.name;
    return OK;
}
