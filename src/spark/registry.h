/* The registry as the command line sees it (SparkApiClient of the seed text): one function a call. The
 * address and the token come from NETBIT_URL and NETBIT_TOKEN, else from `spark login`. */
#pragma once
#include "agent/agent_client.h"
#include "feature/account/account.h"
#include "feature/account/account_wire.h"
#include "feature/package/package.h"
#include "net/client.h"
#include "spark/login_file.h"

struct registry {
    struct client *http;
    str url;
    str login; /* who signed in; empty: nobody or a token from the environment */
    bool signed_in;
};
enum registry_flag { REGISTRY_SIGN_IN = 1 << 0 }; /* fail at once without a token */
err_t registry_open(struct op *, unsigned flags, struct registry *out) MUST_USE;
err_t registry_open_at(struct op *, str url, str token, bool insecure, struct registry *out) MUST_USE;
void registry_done(struct registry *); /* AUTO(registry) */

struct reg_packages {
    LIST(struct package) packages;
    i64 total;
};
struct reg_page {
    struct package package;
    LIST(struct package_version) versions;
};
struct reg_install {
    struct package package;
    struct package_version version;
};
extern const struct desc reg_packages_desc, reg_page_desc, reg_install_desc;

struct reg_query {
    str q; /* absent: the list, else a search */
    str category, tag, sort;
    i64 limit, offset;
};
err_t registry_list(struct registry *, struct op *, const struct reg_query *,
                    struct reg_packages *out) MUST_USE;
err_t registry_get(struct registry *, struct op *, str name, struct reg_page *out) MUST_USE;
/* version: exact, a range, or absent for the newest stable. Records the installation. */
err_t registry_install(struct registry *, struct op *, str name, str version,
                       struct reg_install *out) MUST_USE;

struct reg_package_new {
    str name, display_name, description, repository, category;
    LIST(str) tags;
    bool is_public;
};
struct reg_version_new {
    str version, changelog, checksum, signature, signer_key;
    bool is_stable;
};
err_t registry_create(struct registry *, struct op *, const struct reg_package_new *) MUST_USE;
/* Texts and tags of a package; absent members stay as they are. */
struct reg_package_texts {
    str display_name, description, repository, category;
    LIST(str) tags;
};
err_t registry_update(struct registry *, struct op *, str name, const struct reg_package_texts *) MUST_USE;
err_t registry_add_version(struct registry *, struct op *, str name, const struct reg_version_new *) MUST_USE;
/* How much of the version's archive the registry has from an upload that broke off. */
err_t registry_upload_offset(struct registry *, struct op *, str name, str version, i64 *out) MUST_USE;
str registry_archive_path(struct op *, str name, str version);

/* Grants of a private package: who is a login or the id of a unit. */
struct reg_grants {
    LIST(struct grant) grants;
};
err_t registry_grants(struct registry *, struct op *, str name, struct reg_grants *out) MUST_USE;
err_t registry_grant(struct registry *, struct op *, str name, str who) MUST_USE;
err_t registry_grant_end(struct registry *, struct op *, str name, str who) MUST_USE;

err_t registry_login(struct registry *, struct op *, const struct auth_login *,
                     struct auth_tokens *out) MUST_USE;
err_t registry_token(struct registry *, struct op *, const struct token_new *,
                     struct token_made *out) MUST_USE;
err_t registry_me(struct registry *, struct op *, struct me *out) MUST_USE;
