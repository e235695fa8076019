/* Invites: codes that let one person register, once. */
#include "feature/account/account_in.h"

static err_t refuse(struct op *op)
{
    return op_fail(op, ERR_FORBIDDEN, HERE, S("invite"), "the invite is not known, was used or has expired");
}

err_t invite_make(struct op *op, str note, int role, i64 days, struct invite *out, str *code)
{
    time_us now = time_now();
    if (role == USER_ADMIN) return fail_field(op, "role", "an invite cannot make an administrator");
    *code = secret_new(op->arena, S("nbi_"));
    *out = (struct invite){ .note = note,
                            .role = role,
                            .created_by = op->who->user_id,
                            .created_at = now,
                            .expires_at = { now.us + SEC(86400) * days },
                            .code_hash = secret_hash(op->arena, *code) };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_invite_insert(op, out));
    TRY(account_audit_detail(op, audited_number(op, "invite", out->id, note), (json_raw){ 0 },
                             account_audit_json(op, &invite_desc, out)));
    return db_commit(&tx);
}

err_t invite_peek(struct op *op, str code, int *role)
{
    bool found;
    TRY(sql_invite_peek(op, secret_hash(op->arena, code), time_now(), &found, role));
    return found ? OK : refuse(op);
}

err_t invite_use(struct op *op, str code, i64 user_id)
{
    bool taken;
    TRY(sql_invite_take(op, secret_hash(op->arena, code), user_id, time_now(), &taken));
    return taken ? OK : refuse(op);
}

err_t invite_remove(struct op *op, i64 id)
{
    i64 n;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_invite_delete(op, id, &n));
    if (!n) return fail(op, ERR_NOT_FOUND, "invite %lld is not known", (long long)id);
    TRY(account_audit_target(op, audited_number(op, "invite", id, (str){ 0 })));
    return db_commit(&tx);
}
