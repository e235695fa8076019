/* The rules of packages, as package_api.c calls them. */
#pragma once
#include "feature/account/account.h"
#include "feature/package/package_sql.h"

/* What op->who may list. */
struct package_seer package_seer_of(const struct principal *);
/* The package that op->who may change: ERR_NOT_FOUND when it is not to be seen, ERR_FORBIDDEN when only seen.
 */
enum package_need { PACKAGE_EDIT, PACKAGE_OWN };
err_t package_for(struct op *, str name, enum package_need, struct package *out) MUST_USE;
err_t package_version_of(struct op *, const struct package *, str version,
                         struct package_version *out) MUST_USE;

err_t package_register(struct op *, struct package *) MUST_USE; /* fills id, author, times */
err_t package_change(struct op *, const struct package *before, struct package *after) MUST_USE;
err_t package_drop(struct op *, const struct package *) MUST_USE;
err_t package_publish(struct op *, const struct package *, struct package_version *) MUST_USE;
err_t package_yank(struct op *, const struct package *, struct package_version *, time_us at,
                   str reason) MUST_USE;

struct granted package_granted(const struct package *);
/* A private package shown to somebody, by its login or a unit: one of them is given. */
err_t package_grant(struct op *, const struct package *, str login, uuid unit_id, struct grant *out) MUST_USE;
err_t package_grant_end(struct op *, const struct package *, str login, uuid unit_id) MUST_USE;

/* Newest first by precedence. */
void package_versions_sort(struct arena *, version_list *);
/* What `wanted` means among the versions of a package: absent: the newest stable one; a version: that one,
 * yanked or not; a range: the newest that is in it. Yanked versions and those without an archive are never
 * chosen by range. */
err_t package_resolve(struct op *, const struct package *, str wanted, struct package_version *out) MUST_USE;
/* For account_audit_detail(). */
struct audited version_audited(struct op *, const struct package *, const struct package_version *);
bool package_has_archive(const struct package_version *);

/* Search. */
err_t package_index(struct op *, const struct package *) MUST_USE;
err_t package_search(struct op *, str text, i64 limit, package_list *out) MUST_USE;
str package_name_key(struct arena *, str name);

/* Archives (package_archive.c). */
struct archive_put {
    str name, version, x_checksum_sha256, content_range;
};
struct archive_state {
    i64 offset, size_bytes;
    bool complete;
    str checksum;
};
struct http_body;
struct http_file;
err_t package_archive_put(struct op *, const struct archive_put *, struct http_body *,
                          struct archive_state *out) MUST_USE;
err_t package_archive_state(struct op *, str name, str version, struct archive_state *out) MUST_USE;
err_t package_archive_get(struct op *, str name, str version, struct http_file *out) MUST_USE;
/* README at the top of a version's archive (package_readme.c); ERR_NOT_FOUND: it has none that is a text of
 * up to 256 KiB near its beginning. */
struct package_readme {
    str file, text;
};
err_t package_readme(struct op *, str name, str version, struct package_readme *out) MUST_USE;
/* An archive that lost a version: the job deletes it when no version has it. */
err_t package_archive_drop(struct op *, str checksum) MUST_USE;
err_t package_archive_sweep(struct op *) MUST_USE;

/* A person leaves. */
err_t package_forget_user(struct op *, i64 user_id) MUST_USE;
err_t package_export_user(struct op *, i64 user_id, struct buf *) MUST_USE;
