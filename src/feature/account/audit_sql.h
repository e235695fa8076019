/* The audit log in the database. Private to the folder. */
#pragma once
#include "port/db/db.h"

struct audit_entry {
    i64 id;
    time_us at;
    i64 user_id;
    str login, role, ip, user_agent, request_id, action, target_kind, target_id, target, method_path, outcome,
        reason;
    json_raw before, after;
    str hash;
};
extern const struct desc audit_entry_desc;

struct audit_chain {
    i64 head_id;
    str head_hash;
    i64 anchor_id;
    str anchor_hash;
};
err_t sql_chain_hold(struct op *,
                     struct audit_chain *) MUST_USE; /* its writers wait until the transaction ends */
err_t sql_chain_get(struct op *, struct audit_chain *) MUST_USE;
err_t sql_chain_head(struct op *, i64 id, str hash) MUST_USE;
err_t sql_chain_anchor(struct op *, i64 id, str hash) MUST_USE;
err_t sql_audit_insert(struct op *, const struct audit_entry *) MUST_USE;
err_t sql_audit_newest_before(struct op *, time_us, struct audit_entry *, bool *found) MUST_USE;
err_t sql_audit_delete_to(struct op *, i64 id) MUST_USE;

struct audit_query {
    time_us from, to;
    str user, action, text;
    i64 cursor, limit; /* newest first, those older than cursor (0: all) */
    i64 after;         /* with oldest_first: those newer than after */
    bool oldest_first;
};
err_t sql_audit_search(struct op *, const struct audit_query *, void *list_of_audit_entry) MUST_USE;
/* Up to limit entries after id, oldest first: a chain is walked in pages, so no read transaction stays open.
 */
err_t sql_audit_page(struct op *, i64 after, i64 limit, void *list_of_audit_entry) MUST_USE;
err_t sql_audit_of_user(struct op *, i64 user_id, i64 after, i64 limit, void *list_of_audit_entry) MUST_USE;
