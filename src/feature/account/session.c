/* Sessions: a short access token (JWT) and a refresh token that is good for one use. The session is the
 * family of its refresh tokens: whoever shows a used one has stolen it or was robbed of it, so the whole
 * session ends. Ids are random 53 bit numbers: they never come back, so an old JWT cannot wake up in
 * another's session. */
#include "base/rand.h"
#include "feature/account/account_in.h"
#include "feature/account/jwt.h"

static err_t hand_out(struct op *op, i64 user_id, int role, i64 session_id, time_us now,
                      struct auth_tokens *out)
{
    str kid, secret, refresh = secret_new(op->arena, S("nbr_"));
    TRY(sql_refresh_insert(op, secret_hash(op->arena, refresh), session_id, now));
    TRY(key_current(op, &kid, &secret));
    struct jwt_claims c = { .sub = user_id,
                            .sid = session_id,
                            .role = str_of(user_roles[role]),
                            .jti = rand_text(op->arena, 16),
                            .iat = now.us / SEC(1),
                            .exp = now.us / SEC(1) + ACCESS_S };
    *out = (struct auth_tokens){ .access_token = jwt_sign(op->arena, kid, secret, &c),
                                 .refresh_token = refresh,
                                 .token_type = S("Bearer"),
                                 .expires_in = ACCESS_S };
    return OK;
}

/* Secure only where the page came by https: a browser would not send it back over the plain http of a LAN. */
str session_cookie(struct op *op, str secret)
{
    return arena_printf(op->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                        account_cookie(), STR(secret), secret.p ? COOKIE_S : 0,
                        op->who->page == PAGE_HTTPS ? "; Secure" : "");
}

err_t session_begin(struct op *op, const struct user *u, struct auth_tokens *out)
{
    time_us now = time_now();
    str cookie = op->who->page ? secret_new(op->arena, S(COOKIE_PREFIX)) : (str){ 0 };
    struct session s = { .id = (i64)(rand_u64() >> 11) | 1,
                         .user_id = u->id,
                         .created_at = now,
                         .used_at = now,
                         .expires_at = { now.us + SEC(REFRESH_S) },
                         .ip = op->who->ip,
                         .user_agent = text_clean(op->arena, op->who->user_agent, 200),
                         .cookie_hash = cookie.p ? secret_hash(op->arena, cookie) : (str){ 0 } };
    TRY(sql_session_insert(op, &s));
    TRY(sql_user_signed_in(op, u->id, now));
    auth_become(op, u, s.id);
    account_notify(
        op, u->id,
        &(struct notice){ .kind = NOTICE_SESSION_STARTED, .id = s.id, .name = s.ip, .detail = s.user_agent });
    if (cookie.p) {
        *out = (struct auth_tokens){ .token_type = S("Cookie"),
                                     .expires_in = REFRESH_S,
                                     .set_cookie = session_cookie(op, cookie) };
        return OK;
    }
    return hand_out(op, u->id, u->role, s.id, now, out);
}

static void tell_ended(struct op *op, i64 user_id, i64 id)
{
    account_notify(op, user_id, &(struct notice){ .kind = NOTICE_SESSION_ENDED, .id = id });
}

/* Right password, but the second factor? A missing code is a question, a wrong one is a guess. */
static err_t second_factor(struct op *op, const struct user *u, str code)
{
    bool right;
    if (!u->totp) return OK;
    if (!code.n)
        return op_fail(op, ERR_UNAUTHENTICATED, HERE, S("otp"), "a one-time code is needed to sign in");
    TRY(totp_use(op, u, code, &right));
    if (right) return OK;
    TRY(guard_failed(op, u->login));
    return op_fail(op, ERR_UNAUTHENTICATED, HERE, S("otp"), "the one-time code is wrong");
}

err_t session_sign_in(struct op *op, const struct auth_login *in, struct auth_tokens *out)
{
    struct user u = { 0 };
    bool found, right;
    TRY(account_audit_target(op, (struct audited){ "user", { 0 }, in->login }));
    TRY(guard_check(op, in->login));
    TRY(sql_user_find(op, in->login, &u, &found));
    if (found) TRY(account_audit_target(op, user_audited(op, &u)));
    str hash = found ? u.password_hash : (str){ 0 };
    TRY(password_check(op, in->login, in->password, hash, &right));
    if (!right) {
        TRY(guard_failed(op, in->login));
        return fail(op, ERR_UNAUTHENTICATED, "login or password is wrong");
    }
    if (u.blocked) return fail(op, ERR_FORBIDDEN, "this account is blocked");
    TRY(second_factor(op, &u, in->otp));

    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(guard_passed(op, in->login));
    TRY(session_begin(op, &u, out));
    return db_commit(&tx);
}

/* The used token came back. The session's end is committed although the answer is an error. */
static err_t robbed(struct op *op, const struct refresh *r)
{
    i64 n;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_session_delete(op, r->session_id, r->user_id, &n));
    if (n) tell_ended(op, r->user_id, r->session_id);
    TRY(auth_forget(op));
    HIDE_NOTE(op);
    TRY(db_commit(&tx));
    return fail(op, ERR_UNAUTHENTICATED, "the refresh token was used before; the session has ended");
}

err_t session_refresh(struct op *op, str refresh_token, struct auth_tokens *out)
{
    struct refresh r = { 0 };
    bool found, taken;
    time_us now = time_now();
    str hash = secret_hash(op->arena, refresh_token);
    TRY(sql_refresh_find(op, hash, &r, &found));
    if (!found || r.expires_at.us <= now.us)
        return fail(op, ERR_UNAUTHENTICATED, "the refresh token is not valid");
    struct user u;
    TRY(sql_user_get(op, r.user_id, &u));
    TRY(account_audit_target(op, user_audited(op, &u)));
    if (u.blocked) return fail(op, ERR_FORBIDDEN, "this account is blocked");
    auth_become(op, &u, r.session_id);

    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_refresh_take(op, hash, now, &taken));
    if (!taken) {
        db_tx_done(&tx);
        return robbed(op, &r);
    }
    TRY(sql_session_used(op, r.session_id, now, (time_us){ now.us + SEC(REFRESH_S) }));
    TRY(hand_out(op, u.id, u.role, r.session_id, now, out));
    HIDE_NOTE(op); /* every quarter of an hour: not worth an entry */
    return db_commit(&tx);
}

err_t session_end(struct op *op, str refresh_token)
{
    struct refresh r = { 0 };
    i64 id = op->who->session_id, user = op->who->user_id, n;
    bool found = false;
    if (refresh_token.n) {
        TRY(sql_refresh_find(op, secret_hash(op->arena, refresh_token), &r, &found));
        if (!found) return OK; /* over already */
        id = r.session_id;
        user = r.user_id;
    }
    if (!id) return fail_field(op, "refresh_token", "needed to know which session ends");
    str login;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(account_login_of(op, user, &login));
    TRY(account_audit_target(op, audited_number(op, "session", id, login)));
    TRY(sql_session_delete(op, id, user, &n));
    if (n) tell_ended(op, user, id);
    TRY(auth_forget(op));
    return db_commit(&tx);
}

err_t session_revoke(struct op *op, i64 id)
{
    i64 n;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(account_audit_target(op, audited_number(op, "session", id, op->who->login)));
    TRY(sql_session_delete(op, id, op->who->user_id, &n));
    if (!n) return fail(op, ERR_NOT_FOUND, "session %lld is not known", (long long)id);
    tell_ended(op, op->who->user_id, id);
    TRY(auth_forget(op));
    return db_commit(&tx);
}
