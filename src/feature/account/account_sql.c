/* SQL of users, sessions, tokens, keys, invites, links and failed sign-ins. */
#include "feature/account/account_sql.h"
#include "feature/account/account.h"
#include "feature/account/account_wire.h"

const char *const user_roles[] = { "user", "admin", "auditor", NULL };

#define A_CHOICE(names, i) A(str_of((names)[i]))
#define A_CHOSEN(names, i) A((i) ? str_of((names)[i]) : (str){ 0 }) /* null: none */

#define D struct user
static const struct field user_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the person." },
    { F(login), .flags = READONLY, .doc = "Name to sign in with; unique whatever the case of its letters." },
    { F(display_name), .flags = READONLY, .doc = "Name that others see." },
    { F(email), .flags = READONLY | NULLABLE, .doc = "Address, if given." },
    { F_ENUM(role, user_roles), .flags = READONLY, .doc = "What the person may do on this node." },
    { F(blocked), .flags = READONLY, .doc = "Whether the person is kept out." },
    { F(totp), .flags = READONLY, .doc = "Whether sign-in asks for a one-time code." },
    { F(created_at), .flags = READONLY, .doc = "When the account was made." },
    { F(last_login_at), .flags = READONLY | NULLABLE, .doc = "Last sign-in." },
    { F_ENUM(lang, look_langs), .flags = READONLY | NULLABLE, .doc = "Language of the page, if chosen." },
    { F_ENUM(theme, look_themes), .flags = READONLY | NULLABLE, .doc = "Theme of the page, if chosen." },
    { F(password_hash), .flags = INTERNAL },
    { F(totp_secret), .flags = INTERNAL | NULLABLE },
    { F(totp_pending), .flags = INTERNAL | NULLABLE },
    { F(totp_step), .flags = INTERNAL },
};
#undef D
DESC(user);

#define USER_COLUMNS \
    "id, login, display_name, email, role, blocked, totp_secret IS NOT NULL AS totp, created_at, " \
    "last_login_at, lang, theme, " \
    "password_hash, totp_secret, totp_pending, totp_step"

err_t sql_user_get(struct op *op, i64 id, struct user *u)
{
    err_t e = db_one(op, &user_desc, u, "SELECT " USER_COLUMNS " FROM users WHERE id = ?", A(id));
    return e == ERR_NOT_FOUND ? fail(op, e, "user %lld is not known", (long long)id) : e;
}

err_t sql_user_find(struct op *op, str login, struct user *u, bool *found)
{
    str key = str_lower(op->arena, login);
    return db_find(op, &user_desc, u, found, "SELECT " USER_COLUMNS " FROM users WHERE lower(login) = ?",
                   A(key));
}

err_t sql_user_insert(struct op *op, struct user *u)
{
    return db_i64(op, &u->id,
                  "INSERT INTO users (login, display_name, email, password_hash, role, created_at) "
                  "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                  A(u->login), A(u->display_name), A(u->email), A(u->password_hash),
                  A_CHOICE(user_roles, u->role), A(u->created_at));
}

err_t sql_user_store(struct op *op, const struct user *u)
{
    return db_exec(op,
                   "UPDATE users SET display_name = ?, email = ?, password_hash = ?, role = ?, blocked = ?, "
                   "totp_secret = ?, totp_pending = ?, lang = ?, theme = ? WHERE id = ?",
                   A(u->display_name), A(u->email), A(u->password_hash), A_CHOICE(user_roles, u->role),
                   A(u->blocked), A(u->totp_secret), A(u->totp_pending), A_CHOSEN(look_langs, u->lang),
                   A_CHOSEN(look_themes, u->theme), A(u->id));
}

err_t sql_user_signed_in(struct op *op, i64 id, time_us at)
{
    return db_exec(op, "UPDATE users SET last_login_at = ? WHERE id = ?", A(at), A(id));
}

err_t sql_user_take_step(struct op *op, i64 id, i64 step, bool *taken)
{
    i64 n;
    TRY(db_exec_n(op, &n, "UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?", A(step), A(id),
                  A(step)));
    *taken = n == 1;
    return OK;
}

err_t sql_user_delete(struct op *op, i64 id) { return db_exec(op, "DELETE FROM users WHERE id = ?", A(id)); }

str sql_like(struct arena *a, str text)
{
    struct buf b = BUF(a);
    buf_char(&b, '%');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '%' || text.p[i] == '_' || text.p[i] == '\\') buf_char(&b, '\\');
        buf_char(&b, text.p[i]);
    }
    buf_char(&b, '%');
    return buf_str(&b);
}

err_t sql_user_list(struct op *op, str text, i64 after, i64 limit, void *list)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, "SELECT " USER_COLUMNS " FROM users WHERE id > ?", A(after));
    if (text.n) {
        str pattern = sql_like(op->arena, str_lower(op->arena, text));
        db_text_add(&t,
                    " AND (lower(login) LIKE ? ESCAPE '\\' OR lower(display_name) LIKE ? ESCAPE '\\'"
                    " OR lower(email) LIKE ? ESCAPE '\\')",
                    A(pattern), A(pattern), A(pattern));
    }
    db_text_add(&t, " ORDER BY id LIMIT ?", A(limit));
    return db_text_all(&t, &user_desc, list);
}

enum { LOCK_ADMINS = 0x61636331 };

err_t account_first_admin(struct op *op, i64 *user_id)
{
    return db_i64(op, user_id, "SELECT MIN(id) FROM users WHERE role = 'admin' AND NOT blocked");
}

err_t sql_admins(struct op *op, i64 *n)
{
    TRY(db_lock(op, LOCK_ADMINS));
    return db_i64(op, n, "SELECT count(*) FROM users WHERE role = 'admin' AND NOT blocked");
}

#define D struct session
static const struct field session_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the session." },
    { F(user_id), .flags = INTERNAL },
    { F(created_at), .flags = READONLY, .doc = "When the person signed in." },
    { F(used_at), .flags = READONLY, .doc = "When it was last refreshed." },
    { F(expires_at), .flags = READONLY, .doc = "When it ends unless it is refreshed." },
    { F(ip), .flags = READONLY | NULLABLE, .doc = "Address at sign-in." },
    { F(user_agent), .flags = READONLY | NULLABLE, .doc = "Program at sign-in." },
    { F(current), .flags = READONLY, .doc = "Whether it is the session that asks." },
    { F(cookie_hash), .flags = INTERNAL | NULLABLE },
};
#undef D
DESC(session);

#define D struct holder
static const struct field holder_fields[] = {
    { F(user_id) },
    { F(session_id) },
    { F(token_id) },
    { F(project_id), .flags = NULLABLE },
    { F(login) },
    { F(scopes) },
    { F_ENUM(role, user_roles) },
    { F(expires_at), .flags = NULLABLE },
    { F(last_used_at), .flags = NULLABLE },
};
#undef D
static DESC(holder);

err_t sql_session_insert(struct op *op, const struct session *s)
{
    return db_exec(op,
                   "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, ip, user_agent, "
                   "cookie_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   A(s->id), A(s->user_id), A(s->created_at), A(s->used_at), A(s->expires_at), A(s->ip),
                   A(s->user_agent), A(s->cookie_hash));
}

err_t sql_session_holder(struct op *op, i64 id, time_us now, struct holder *h, bool *found)
{
    return db_find(
        op, &holder_desc, h, found,
        "SELECT u.id AS user_id, s.id AS session_id, u.login, u.role, s.expires_at FROM sessions s "
        "JOIN users u ON u.id = s.user_id WHERE s.id = ? AND s.expires_at > ? AND NOT u.blocked",
        A(id), A(now));
}

err_t sql_cookie_holder(struct op *op, str hash, time_us now, struct holder *h, bool *found)
{
    return db_find(op, &holder_desc, h, found,
                   "SELECT u.id AS user_id, s.id AS session_id, u.login, u.role, s.expires_at, "
                   "s.used_at AS last_used_at FROM sessions s JOIN users u ON u.id = s.user_id "
                   "WHERE s.cookie_hash = ? AND s.expires_at > ? AND NOT u.blocked",
                   A(hash), A(now));
}

err_t sql_session_list(struct op *op, i64 user_id, void *list)
{
    return db_all(op, &session_desc, list,
                  "SELECT id, user_id, created_at, used_at, expires_at, ip, user_agent FROM sessions "
                  "WHERE user_id = ? ORDER BY used_at DESC LIMIT 1000",
                  A(user_id));
}

err_t sql_session_used(struct op *op, i64 id, time_us now, time_us expires)
{
    return db_exec(op, "UPDATE sessions SET used_at = ?, expires_at = ? WHERE id = ?", A(now), A(expires),
                   A(id));
}

err_t sql_session_delete(struct op *op, i64 id, i64 user_id, i64 *n)
{
    return db_exec_n(op, n, "DELETE FROM sessions WHERE id = ? AND user_id = ?", A(id), A(user_id));
}

err_t sql_sessions_delete_but(struct op *op, i64 user_id, i64 keep)
{
    return db_exec(op, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", A(user_id), A(keep));
}

#define D struct refresh
static const struct field refresh_fields[] = {
    { F(session_id) }, { F(user_id) }, { F(used_at), .flags = NULLABLE }, { F(expires_at) }, { F(blocked) },
};
#undef D
static DESC(refresh);

err_t sql_refresh_insert(struct op *op, str hash, i64 session_id, time_us now)
{
    return db_exec(op, "INSERT INTO refresh_tokens (hash, session_id, created_at) VALUES (?, ?, ?)", A(hash),
                   A(session_id), A(now));
}

err_t sql_refresh_find(struct op *op, str hash, struct refresh *r, bool *found)
{
    return db_find(op, &refresh_desc, r, found,
                   "SELECT r.session_id, s.user_id, r.used_at, s.expires_at, u.blocked FROM refresh_tokens r "
                   "JOIN sessions s ON s.id = r.session_id JOIN users u ON u.id = s.user_id WHERE r.hash = ?",
                   A(hash));
}

err_t sql_refresh_take(struct op *op, str hash, time_us now, bool *taken)
{
    i64 n;
    TRY(db_exec_n(op, &n, "UPDATE refresh_tokens SET used_at = ? WHERE hash = ? AND used_at IS NULL", A(now),
                  A(hash)));
    *taken = n == 1;
    return OK;
}

#define D struct token
static const struct field token_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the token." },
    { F(name), .flags = READONLY, .doc = "What the person called it." },
    { F(scopes), .flags = READONLY, .doc = "What it allows, with blanks between." },
    { F(project_id), .flags = READONLY | NULLABLE,
      .doc = "The only project that it opens; null: a personal token." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
    { F(expires_at), .flags = READONLY | NULLABLE, .doc = "When it ends; null: never." },
    { F(last_used_at), .flags = READONLY | NULLABLE, .doc = "Last use, to a few minutes." },
    { F(user_id), .flags = INTERNAL },
    { F(hash), .flags = INTERNAL },
};
#undef D
DESC(token);
#define TOKEN_COLUMNS "id, name, scopes, project_id, created_at, expires_at, last_used_at, user_id, hash"

err_t sql_token_insert(struct op *op, struct token *t)
{
    return db_i64(
        op, &t->id,
        "INSERT INTO access_tokens (hash, user_id, project_id, name, scopes, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A(t->hash), A(t->user_id), A_NULL0(t->project_id), A(t->name), A(t->scopes), A(t->created_at),
        A(t->expires_at));
}

#define TOKEN_HOLDERS \
    "SELECT u.id AS user_id, t.id AS token_id, t.project_id, u.login, u.role, t.scopes, t.expires_at, " \
    "t.last_used_at FROM access_tokens t JOIN users u ON u.id = t.user_id" \
    " WHERE (t.expires_at IS NULL OR t.expires_at > ?) AND NOT u.blocked"

err_t sql_token_holder(struct op *op, str hash, time_us now, struct holder *h, bool *found)
{
    return db_find(op, &holder_desc, h, found, TOKEN_HOLDERS " AND t.hash = ?", A(now), A(hash));
}

err_t sql_token_holder_of(struct op *op, i64 id, time_us now, struct holder *h, bool *found)
{
    return db_find(op, &holder_desc, h, found, TOKEN_HOLDERS " AND t.id = ?", A(now), A(id));
}

err_t sql_token_used(struct op *op, i64 id, time_us now)
{
    return db_exec(op, "UPDATE access_tokens SET last_used_at = ? WHERE id = ?", A(now), A(id));
}

err_t sql_token_list(struct op *op, i64 user_id, void *list)
{
    return db_all(op, &token_desc, list,
                  "SELECT " TOKEN_COLUMNS " FROM access_tokens WHERE user_id = ? ORDER BY id LIMIT 1000",
                  A(user_id));
}

err_t sql_token_get(struct op *op, i64 id, struct token *t)
{
    err_t e = db_one(op, &token_desc, t, "SELECT " TOKEN_COLUMNS " FROM access_tokens WHERE id = ?", A(id));
    return e == ERR_NOT_FOUND ? fail(op, e, "token %lld is not known", (long long)id) : e;
}

err_t sql_token_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM access_tokens WHERE id = ?", A(id));
}

err_t sql_token_delete_named(struct op *op, i64 user_id, str name, i64 *n)
{
    return db_exec_n(op, n, "DELETE FROM access_tokens WHERE user_id = ? AND name = ?", A(user_id), A(name));
}

#define D struct signing_key
static const struct field signing_key_fields[] = {
    { F(kid) },
    { F(secret) },
    { F(created_at) },
    { F(retired_at), .flags = NULLABLE },
};
#undef D
static DESC(signing_key);

err_t sql_keys(struct op *op, void *list)
{
    return db_all(op, &signing_key_desc, list,
                  "SELECT kid, secret, created_at, retired_at FROM signing_keys "
                  "ORDER BY retired_at IS NOT NULL, created_at DESC LIMIT 100");
}

err_t sql_key_insert(struct op *op, const struct signing_key *k)
{
    return db_exec(op, "INSERT INTO signing_keys (kid, secret, created_at) VALUES (?, ?, ?)", A(k->kid),
                   A(k->secret), A(k->created_at));
}

err_t sql_keys_retire(struct op *op, time_us now)
{
    return db_exec(op, "UPDATE signing_keys SET retired_at = ? WHERE retired_at IS NULL", A(now));
}

err_t sql_keys_delete_retired(struct op *op, time_us before)
{
    return db_exec(op, "DELETE FROM signing_keys WHERE retired_at < ?", A(before));
}

err_t sql_epoch(struct op *op, i64 *epoch)
{
    return db_i64(op, epoch, "SELECT epoch FROM account_epoch WHERE one = 1");
}

err_t sql_epoch_next(struct op *op)
{
    return db_exec(op, "UPDATE account_epoch SET epoch = epoch + 1 WHERE one = 1");
}
