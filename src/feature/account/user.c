/* People: how accounts come to be, change, are blocked and go. A node always keeps one administrator at least
 * who is not blocked. Passwords are hashed before any transaction begins. */
#include "feature/account/account_in.h"
#include "port/config.h"

static err_t taken(struct op *op, err_t e, str login)
{
    if (e != ERR_CONFLICT) return e;
    return op_fail(op, ERR_CONFLICT, HERE, S("login"), "the login '%.*s' is taken", STR(login));
}

struct audited user_audited(struct op *op, const struct user *u)
{
    return audited_number(op, "user", u->id, u->login);
}

static err_t insert(struct op *op, const struct user_new *in, str hash, int role, struct user *u)
{
    *u = (struct user){ .login = in->login,
                        .display_name = in->display_name.n ? in->display_name : in->login,
                        .email = in->email,
                        .password_hash = hash,
                        .role = role,
                        .created_at = time_now() };
    TRY(taken(op, sql_user_insert(op, u), u->login));
    return account_audit_detail(op, user_audited(op, u), (json_raw){ 0 },
                                account_audit_json(op, &user_desc, u));
}

/* Early and friendly; the unique index is what decides. */
static err_t login_free(struct op *op, str login)
{
    struct user u;
    bool found;
    TRY(sql_user_find(op, login, &u, &found));
    return found ? taken(op, ERR_CONFLICT, login) : OK;
}

static bool registration_is(const struct op *op, const char *mode)
{
    const struct config *c = op->ports->config;
    return str_is(c && c->registration.n ? c->registration : S("invite"), mode);
}

err_t user_register(struct op *op, const struct user_new *in, struct auth_tokens *out)
{
    struct user u;
    str hash;
    int role = USER_PERSON;
    bool invited = in->invite.n > 0;
    TRY(account_audit_target(op, (struct audited){ "user", { 0 }, in->login }));
    if (registration_is(op, "closed")) return fail(op, ERR_FORBIDDEN, "registration is closed on this node");
    if (!invited && !registration_is(op, "open"))
        return op_fail(op, ERR_FORBIDDEN, HERE, S("invite"), "an invite is needed to register on this node");
    if (invited) TRY(invite_peek(op, in->invite, &role));
    TRY(login_free(op, in->login));
    TRY(password_hash(op, in->password, &hash));

    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(insert(op, in, hash, role, &u));
    if (invited) TRY(invite_use(op, in->invite, u.id));
    TRY(session_begin(op, &u, out));
    return db_commit(&tx);
}

static err_t link_refused(struct op *op)
{
    return op_fail(op, ERR_FORBIDDEN, HERE, S("token"), "the link is not known, was used or has expired");
}

static err_t link_peek(struct op *op, str token, const char *kind)
{
    bool found;
    TRY(sql_link_peek(op, secret_hash(op->arena, token), str_of(kind), time_now(), &found));
    return found ? OK : link_refused(op);
}

static err_t link_take(struct op *op, str token, const char *kind, i64 *user_id)
{
    bool found;
    TRY(sql_link_take(op, secret_hash(op->arena, token), str_of(kind), time_now(), &found, user_id));
    return found ? OK : link_refused(op);
}

err_t link_new(struct op *op, str kind, i64 user_id, str *token, time_us *expires)
{
    time_us now = time_now();
    *token = secret_new(op->arena, S("nbl_"));
    *expires = (time_us){ now.us + SEC(LINK_S) };
    struct one_time_link l = { .hash = secret_hash(op->arena, *token),
                               .kind = kind,
                               .user_id = user_id,
                               .created_at = now,
                               .expires_at = *expires };
    return sql_link_insert(op, &l);
}

err_t user_setup(struct op *op, str link_token, const struct user_new *in, struct auth_tokens *out)
{
    struct user u;
    str hash;
    i64 admins, nobody;
    TRY(account_audit_target(op, (struct audited){ "user", { 0 }, in->login }));
    TRY(link_peek(op, link_token, "setup"));
    TRY(login_free(op, in->login));
    TRY(password_hash(op, in->password, &hash));

    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_admins(op, &admins));
    if (admins) return fail(op, ERR_CONFLICT, "this node has an administrator already");
    TRY(link_take(op, link_token, "setup", &nobody));
    TRY(sql_links_delete(op, S("setup"), 0));
    TRY(insert(op, in, hash, USER_ADMIN, &u));
    TRY(session_begin(op, &u, out));
    return db_commit(&tx);
}

err_t user_add(struct op *op, const struct user_new *in, int role, struct user *u)
{
    str hash;
    TRY(login_free(op, in->login));
    TRY(password_hash(op, in->password, &hash));
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(insert(op, in, hash, role, u));
    return db_commit(&tx);
}

/* Called inside the transaction that takes an administrator away. */
static err_t keep_an_admin(struct op *op)
{
    i64 n;
    TRY(sql_admins(op, &n));
    return n ? OK : fail(op, ERR_CONFLICT, "this is the last administrator; make somebody else one first");
}

static bool is_admin(const struct user *u) { return u->role == USER_ADMIN && !u->blocked; }

static void apply(struct user *u, const struct user_change *c)
{
    if (c->has_display_name) u->display_name = c->display_name;
    if (c->has_email) u->email = c->email;
    if (c->has_role) u->role = c->role;
    if (c->has_lang) u->lang = c->lang;
    if (c->has_theme) u->theme = c->theme;
    if (c->has_blocked) u->blocked = c->blocked;
    if (c->has_totp && !c->totp) {
        u->totp = false;
        u->totp_secret = u->totp_pending = (str){ 0 };
    }
}

err_t user_change(struct op *op, i64 id, const struct user_change *c, struct user *u)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_user_get(op, id, u));
    struct user was = *u;
    if (c->has_totp && c->totp && !u->totp)
        return fail_field(op, "totp", "only the person can turn one-time codes on");
    apply(u, c);
    TRY(sql_user_store(op, u));
    if (is_admin(&was) && !is_admin(u)) TRY(keep_an_admin(op));
    if (u->blocked && !was.blocked) TRY(sql_sessions_delete_but(op, id, 0));
    if (u->blocked != was.blocked || u->role != was.role) TRY(auth_forget(op));
    TRY(account_audit_detail(op, user_audited(op, u), account_audit_json(op, &user_desc, &was),
                             account_audit_json(op, &user_desc, u)));
    return db_commit(&tx);
}

static err_t forget_everywhere(struct op *op, i64 id)
{
    size_t n;
    const struct feature *const *f = account_features(&n);
    while (n--) /* what stands on other features' rows goes before them */
        if (f[n]->forget_user) TRY(f[n]->forget_user(op, id));
    return OK;
}

err_t user_remove(struct op *op, i64 id)
{
    struct user u;
    i64 orphans;
    str name;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_user_get(op, id, &u));
    TRY(sql_projects_orphaned(op, id, &name, &orphans));
    if (orphans)
        return fail(op, ERR_CONFLICT,
                    "'%.*s' alone owns project '%.*s', which has other members; hand it over first",
                    STR(u.login), STR(name));
    TRY(forget_everywhere(op, id));
    TRY(sql_projects_delete_alone(op, id));
    TRY(sql_user_delete(op, id));
    if (is_admin(&u)) TRY(keep_an_admin(op));
    TRY(auth_forget(op));
    TRY(account_audit_detail(op, user_audited(op, &u), account_audit_json(op, &user_desc, &u),
                             (json_raw){ 0 }));
    return db_commit(&tx);
}

/* A new password ends every other session and every link that could set one. */
static err_t store_password(struct op *op, struct user *u, str hash, i64 keep_session)
{
    u->password_hash = hash;
    TRY(sql_user_store(op, u));
    TRY(sql_sessions_delete_but(op, u->id, keep_session));
    TRY(sql_links_delete(op, S("reset"), u->id));
    TRY(auth_forget(op));
    return account_audit_target(op, user_audited(op, u));
}

err_t user_password(struct op *op, str current, str password)
{
    struct user u;
    bool right;
    str hash;
    TRY(need_session(op));
    TRY(sql_user_get(op, op->who->user_id, &u));
    TRY(guard_check(op, u.login));
    TRY(password_check(op, u.login, current, u.password_hash, &right));
    if (!right) {
        TRY(guard_failed(op, u.login));
        return op_fail(op, ERR_FORBIDDEN, HERE, S("current"), "the current password is wrong");
    }
    TRY(password_hash(op, password, &hash));
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_user_get(op, u.id, &u));
    TRY(store_password(op, &u, hash, op->who->session_id));
    return db_commit(&tx);
}

err_t user_reset_link(struct op *op, i64 id, str *token, time_us *expires)
{
    struct user u;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_user_get(op, id, &u));
    TRY(sql_links_delete(op, S("reset"), id));
    TRY(link_new(op, S("reset"), id, token, expires));
    TRY(account_audit_target(op, user_audited(op, &u)));
    return db_commit(&tx);
}

err_t user_reset(struct op *op, str link_token, str password)
{
    struct user u;
    i64 id;
    str hash;
    TRY(link_peek(op, link_token, "reset"));
    TRY(password_hash(op, password, &hash));
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(link_take(op, link_token, "reset", &id));
    TRY(sql_user_get(op, id, &u));
    auth_become(op, &u, 0);
    TRY(guard_passed(op, u.login));
    TRY(store_password(op, &u, hash, 0));
    return db_commit(&tx);
}

err_t account_login_of(struct op *op, i64 user_id, str *login)
{
    struct user u;
    TRY(sql_user_get(op, user_id, &u));
    *login = u.login;
    return OK;
}

err_t account_user_ensure(struct op *op, str login, str display_name, i64 *user_id)
{
    struct user u;
    bool found;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_user_find(op, login, &u, &found));
    if (!found) { /* "!" is no hash: no password fits it */
        struct user_new in = { .login = login, .display_name = display_name };
        TRY(insert(op, &in, S("!"), USER_PERSON, &u));
    }
    *user_id = u.id;
    return db_commit(&tx);
}
