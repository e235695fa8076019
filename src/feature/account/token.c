/* Access tokens for programs: the person's rights, narrowed to the token's scopes and, where it has one, to
 * its project. */
#include "feature/account/account_in.h"

static err_t insert(struct op *op, const struct account_token *in, struct token *t, str *secret)
{
    *secret = secret_new(op->arena, S("nbp_"));
    *t = (struct token){ .hash = secret_hash(op->arena, *secret),
                         .user_id = in->user_id,
                         .project_id = in->project_id,
                         .name = in->name,
                         .scopes = in->scopes,
                         .created_at = time_now(),
                         .expires_at = in->expires };
    return sql_token_insert(op, t);
}

err_t account_token_new(struct op *op, const struct account_token *in, str *secret)
{
    struct token t;
    return insert(op, in, &t, secret);
}

err_t account_token_drop(struct op *op, i64 user_id, str name)
{
    i64 n;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_token_delete_named(op, user_id, name, &n));
    if (n) TRY(auth_forget(op));
    return db_commit(&tx);
}

/* An access token makes no others: one that ends, or leaks, must not leave children behind. */
static err_t check(struct op *op, const struct token_new *in)
{
    u64 more = scope_rights(in->scopes) & ~op->who->rights;
    TRY(need_session(op));
    if (more & ~RIGHT_PUBLIC)
        return op_fail(op, ERR_FORBIDDEN, HERE, S("scopes"), "you cannot give away '%.*s'",
                       STR(rights_scopes(op->arena, more)));
    if (in->expires_at.us && in->expires_at.us <= time_now().us)
        return fail_field(op, "expires_at", "is in the past");
    return in->project_id ? account_project_need(op, in->project_id, ROLE_EDITOR, "project_id") : OK;
}

err_t token_store(struct op *op, i64 user_id, const struct token_new *in, struct token_made *out)
{
    struct token t;
    struct account_token new = { user_id, in->project_id, in->name, in->scopes, in->expires_at };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(insert(op, &new, &t, &out->token));
    account_notify(
        op, user_id,
        &(struct notice){ .kind = NOTICE_TOKEN_MADE, .id = t.id, .name = t.name, .detail = t.scopes });
    TRY(account_audit_detail(op, audited_number(op, "token", t.id, t.name), (json_raw){ 0 },
                             account_audit_json(op, &token_desc, &t)));
    out->id = t.id;
    out->name = t.name;
    out->scopes = t.scopes;
    out->project_id = t.project_id;
    out->created_at = t.created_at;
    out->expires_at = t.expires_at;
    return db_commit(&tx);
}

err_t token_make(struct op *op, const struct token_new *in, struct token_made *out)
{
    TRY(check(op, in));
    return token_store(op, op->who->user_id, in, out);
}

err_t token_revoke(struct op *op, i64 id)
{
    struct token t;
    TRY(sql_token_get(op, id, &t));
    if (t.user_id != op->who->user_id && !(op->who->rights & RIGHT_ADMIN))
        return fail(op, ERR_NOT_FOUND, "token %lld is not known", (long long)id);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_token_delete(op, id));
    TRY(auth_forget(op));
    account_notify(op, t.user_id, &(struct notice){ .kind = NOTICE_TOKEN_ENDED, .id = id, .name = t.name });
    TRY(account_audit_detail(op, audited_number(op, "token", t.id, t.name),
                             account_audit_json(op, &token_desc, &t), (json_raw){ 0 }));
    return db_commit(&tx);
}
