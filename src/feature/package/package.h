/* Packages: the registry. Authors register packages and publish immutable versions with an archive; users
 * find, install and download them. Other features ask here which package and version a unit may run. Who sees
 * and who changes a package is decided in package.c alone: a package that op->who must not see is
 * ERR_NOT_FOUND. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature package_feature;

enum {
    PACKAGE_NAME_MAX = 63,
    PACKAGE_TAGS_MAX = 20,
};

struct package {
    i64 id;
    str name, display_name, description;
    i64 author_id;
    str author;
    i64 project_id;
    str repository, category;
    LIST(str) tags;
    bool is_public;
    i64 downloads;
    str deprecated, replacement;
    time_us created_at, updated_at;
};
extern const struct desc package_desc;

struct package_version {
    i64 id, package_id;
    str version, changelog, download_url, checksum;
    i64 size_bytes;
    bool is_stable;
    time_us archived_at, yanked_at;
    str yank_reason;
    /* The author's Ed25519 signature over name, version and checksum, and the key, both base64; given with
     * the version (POST .../versions) or absent. The server stores and shows them, clients verify. */
    str signature, signer_key;
    time_us created_at;
};
extern const struct desc package_version_desc;

/* field.check of a package's name and of a version's text. */
err_t package_name_check(struct op *, const struct field *, const void *val) MUST_USE;
err_t package_version_check(struct op *, const struct field *, const void *val) MUST_USE;

/* The package that op->who may see by that name. */
err_t package_find(struct op *, str name, struct package *out) MUST_USE;
/* The version of that package that user has installed; with `version` the one named, which need not be the
 * installed one. ERR_CONFLICT when the user has not installed the package. */
err_t package_installed(struct op *, i64 user_id, const struct package *, str version,
                        struct package_version *out) MUST_USE;
