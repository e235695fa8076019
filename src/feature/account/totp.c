/* Time-based one-time codes, RFC 6238: SHA-1, steps of 30 s, six digits; one step of clock difference either
 * way. A code is taken once: the newest step used is stored, and no older one counts again. */
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rand.h"
#include "feature/account/account_in.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { STEP_S = 30, SKEW = 1, DIGITS = 6, MODULUS = 1000000, TOTP_BYTES = 20 };

u32 totp_code(str key, i64 step, u32 modulus)
{
    u8 msg[8], mac[20];
    unsigned n = sizeof mac;
    for (int i = 0; i < 8; i++) msg[i] = (u8)((u64)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), key.p, (int)key.n, msg, sizeof msg, mac, &n)) bug("HMAC failed");
    unsigned at = mac[19] & 15u;
    u32 v = (u32)(mac[at] & 127u) << 24 | (u32)mac[at + 1] << 16 | (u32)mac[at + 2] << 8 | mac[at + 3];
    return v % modulus;
}

bool totp_match(struct arena *a, str secret, str code, time_us now, i64 *step)
{
    str key;
    i64 given;
    if (code.n != DIGITS || !str_to_i64(code, &given) || !base32_decode(a, secret, &key)) return false;
    i64 at = now.us / SEC(STEP_S);
    bool hit = false;
    for (i64 s = at - SKEW; s <= at + SKEW; s++) {
        u32 want = totp_code(key, s, MODULUS), got = (u32)given;
        if (same_bytes(&want, &got, sizeof want)) {
            *step = s;
            hit = true;
        }
    }
    return hit;
}

err_t totp_use(struct op *op, const struct user *u, str code, bool *right)
{
    i64 step;
    *right = false;
    if (!totp_match(op->arena, u->totp_secret, code, time_now(), &step)) return OK;
    HIDE_NOTE(op);
    return sql_user_take_step(op, u->id, step, right);
}

static err_t myself(struct op *op, struct user *u)
{
    TRY(need_session(op));
    return sql_user_get(op, op->who->user_id, u);
}

err_t totp_begin(struct op *op, struct totp_secret *out)
{
    struct user u;
    u8 key[TOTP_BYTES];
    TRY(myself(op, &u));
    if (u.totp) return fail(op, ERR_CONFLICT, "one-time codes are on already; remove them first");
    rand_bytes(key, sizeof key);
    out->secret = base32_text(op->arena, (str){ (const char *)key, sizeof key });
    out->uri = arena_printf(op->arena, "otpauth://totp/Netbit:%.*s?secret=%.*s&issuer=Netbit",
                            STR(percent_encode(op->arena, u.login)), STR(out->secret));
    u.totp_pending = out->secret;
    TRY(account_audit_target(op, user_audited(op, &u)));
    return sql_user_store(op, &u);
}

err_t totp_confirm(struct op *op, str code)
{
    struct user u;
    i64 step;
    bool taken;
    TRY(myself(op, &u));
    if (!u.totp_pending.n) return fail(op, ERR_CONFLICT, "begin with POST /api/v1/me/totp");
    if (!totp_match(op->arena, u.totp_pending, code, time_now(), &step))
        return fail_field(op, "code", "is not the present code");
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    u.totp_secret = u.totp_pending;
    u.totp_pending = (str){ 0 };
    TRY(sql_user_store(op, &u));
    TRY(sql_user_take_step(op, u.id, step, &taken));
    TRY(account_audit_target(op, user_audited(op, &u)));
    return db_commit(&tx);
}

err_t totp_remove(struct op *op, str password)
{
    struct user u;
    bool right;
    TRY(myself(op, &u));
    TRY(guard_check(op, u.login));
    TRY(password_check(op, u.login, password, u.password_hash, &right));
    if (!right) {
        TRY(guard_failed(op, u.login));
        return op_fail(op, ERR_FORBIDDEN, HERE, S("password"), "the password is wrong");
    }
    u.totp_secret = u.totp_pending = (str){ 0 };
    TRY(account_audit_target(op, user_audited(op, &u)));
    return sql_user_store(op, &u);
}
