/* The audit log's rules, for its API, its job and its tests. Private to the folder. */
#pragma once
#include "feature/account/audit_sql.h"

/* Where the chain stands: every entry from first_id to last_id follows from the one before it. A broken chain
 * names the first entry that does not. */
struct audit_state {
    bool intact;
    i64 entries, first_id, last_id, broken_at;
    str head_hash, reason;
};
extern const struct desc audit_state_desc;
err_t audit_verify(struct op *, struct audit_state *) MUST_USE;
/* Removes entries older than `before`; the chain of the rest stays verifiable from the anchor. */
err_t audit_retain(struct op *, time_us before) MUST_USE;
/* SHA-256, in hex, of the previous hash and all of the entry but its own hash. */
str audit_hash(struct arena *, str previous, const struct audit_entry *);
