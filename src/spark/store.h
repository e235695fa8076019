/* The packages on this machine (PackageManager of the seed text):
 *
 *     ~/.netbit/spark/packages/NAME -> ../store/NAME/VERSION-DIGEST8      what is installed
 *     ~/.netbit/spark/store/NAME/VERSION-DIGEST8/                         its files and package.json
 *     ~/.netbit/spark/store/NAME/.tmp-*, .part-*                          being extracted, being downloaded
 *     ~/.netbit/spark/locks/NAME                                          one change of a package at a time
 *
 * A version's folder never changes once it is in place; installing moves the link in one step, so whoever
 * looks sees the old version or the new one, and units that run from the old one keep it (docs/adr/0060).
 * package.json is the package's own with one more member, "netbit": struct installed. */
#pragma once
#include "base/desc.h"

struct installed {
    str name, version, display_name, description;
    str checksum; /* SHA-256 of the archive, hex */
    i64 size_bytes;
    str range;  /* what was asked for, "^1.2": updates stay within it; absent: anything stable */
    str source; /* URL of the archive */
    str server; /* registry it came from */
    str signer; /* public key that signed it; absent: nobody did */
    time_us installed_at;
    str path; /* the package's folder as units see it: without links */
};
extern const struct desc installed_desc;
struct installed_list {
    LIST(struct installed) packages;
};
extern const struct desc installed_list_desc;

err_t store_list(struct op *, struct installed_list *out) MUST_USE; /* by name */
err_t store_find(struct op *, str name, struct installed *out) MUST_USE;
str store_link(struct op *, str name); /* ~/.netbit/spark/packages/NAME */

struct store_lock {
    int fd;
};
/* Waits for another process that changes this package; `waiting` (may be NULL) is called once before that.
 * Also clears what a process that died left behind. */
err_t store_lock(struct op *, str name, void (*waiting)(void *), void *ctx, struct store_lock *out) MUST_USE;
void store_lock_done(struct store_lock *); /* AUTO(store_lock) */

/* All of these under the package's lock. */
str store_part(struct op *, str name, str checksum);         /* file for a download that may be resumed */
err_t store_stage(struct op *, str name, str *out) MUST_USE; /* a new empty folder to extract into */
bool store_has(struct op *, const struct installed *); /* that version with that checksum is in the store */
/* Puts a staged folder (absent: the version that the store has) in place and removes versions that neither
 * the link nor a unit uses. */
err_t store_commit(struct op *, struct installed *, str stage) MUST_USE;
err_t store_remove(struct op *, str name) MUST_USE;
