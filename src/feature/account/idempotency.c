/* Kept answers for Idempotency-Key. The key is reserved, durably, before the request runs and filled after it
 * has committed; a reservation whose server died in between is given up after a while. Secrets are shown
 * once: an answer with one in it is marked as given, but not kept. */
#include "feature/account/account_in.h"
#include "net/http.h"

enum { KEEP_S = 86400, UNDER_WAY_S = 900, BODY_MOST = 64 << 10 };
static const str secret_marks[] = { { "\"nbp_", 5 }, { "\"nbr_", 5 }, { "\"nbi_", 5 }, { "\"nbl_", 5 } };

static bool keepable(str body)
{
    size_t at;
    for (size_t i = 0; i < LEN(secret_marks); i++)
        if (str_find(body, secret_marks[i], &at)) return false;
    return body.n <= BODY_MOST;
}

static bool run_out(const struct kept_answer *a, time_us now)
{
    return a->created_at.us < now.us - SEC(a->status ? KEEP_S : UNDER_WAY_S);
}

static err_t give(struct op *op, const struct kept_answer *a, struct http_kept *k)
{
    if (!str_eq(a->fingerprint, k->fingerprint))
        return op_fail(op, ERR_CONFLICT, HERE, S("idempotency-key"), "the key was used for another request");
    if (!a->status)
        return op_fail(op, ERR_CONFLICT, HERE, S("idempotency-key"),
                       "the first request with this key is under way");
    if (!a->body.p)
        return op_fail(op, ERR_CONFLICT, HERE, S("idempotency-key"),
                       "done already; its answer is not shown twice");
    k->status = (int)a->status;
    k->body = a->body;
    return OK;
}

static err_t find(struct op *op, struct http_kept *k)
{
    struct kept_answer a, mine = { .fingerprint = k->fingerprint, .created_at = time_now() };
    bool found, reserved;
    i64 user = op->who->user_id;
    HIDE_NOTE(op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    k->status = 0;
    TRY(db_begin(op, &tx));
    TRY(sql_kept_find(op, user, k->key, &a, &found));
    if (found && run_out(&a, mine.created_at)) {
        TRY(sql_kept_delete(op, user, k->key));
        found = false;
    }
    if (found) return give(op, &a, k);
    TRY(sql_kept_reserve(op, user, k->key, &mine, &reserved));
    if (!reserved) /* somebody was quicker by a moment */
        return op_fail(op, ERR_CONFLICT, HERE, S("idempotency-key"),
                       "the first request with this key is under way");
    TRY(db_commit(&tx));
    return db_flush(op);
}

static err_t store(struct op *op, const struct http_kept *k)
{
    HIDE_NOTE(op);
    if (!k->status) return sql_kept_delete(op, op->who->user_id, k->key);
    str body = k->body.p ? k->body : S("");
    return sql_kept_store(op, op->who->user_id, k->key, k->status, keepable(body) ? body : (str){ 0 });
}

const struct http_idempotency account_idempotency = { find, store };
