/* Packages over HTTP. */
#include "feature/account/right.h"
#include "feature/feature.h"
#include "feature/package/package_page.h"
#include "feature/package/package_wire.h"
#include "net/http.h"

/* A page of packages. */
API(packages_list, package_query, package_page);

static err_t packages_list(struct op *op, const struct package_query *in, struct package_page *out)
{
    struct package_filter f = {
        package_seer_of(op->who), in->category, in->tag, in->sort, in->limit, in->offset
    };
    package_list list = { 0 };
    TRY(package_sql_list(op, &f, &list, &out->total));
    out->packages.item = list.item;
    out->packages.n = list.n;
    out->limit = in->limit;
    out->offset = in->offset;
    return OK;
}

API(packages_search, package_search_query, package_hits);

static err_t packages_search(struct op *op, const struct package_search_query *in, struct package_hits *out)
{
    package_list list = { 0 };
    TRY(package_search(op, in->q, in->limit, &list));
    out->packages.item = list.item;
    out->packages.n = list.n;
    out->limit = in->limit;
    return OK;
}

/* One package with its versions. */
API(package_get, package_key, package_sheet);

static void show_download(struct op *op, str name, struct package_version *v)
{
    if (!v->archived_at.us) return;
    v->download_url =
        arena_printf(op->arena, "/api/spark/packages/%.*s/versions/%.*s/archive", STR(name), STR(v->version));
}

static err_t package_get(struct op *op, const struct package_key *in, struct package_sheet *out)
{
    version_list versions = { 0 };
    u64 ticket = package_page_ticket(in->name);
    err_t e = package_find(op, in->name, &out->package);
    if (e || !out->package.is_public) package_page_drop(in->name);
    if (e) return e;
    TRY(package_sql_versions(op, out->package.id, &versions));
    package_versions_sort(op->arena, &versions);
    for (size_t i = 0; i < versions.n; i++) show_download(op, in->name, &versions.item[i]);
    out->versions.item = versions.item;
    out->versions.n = versions.n;
    out->stats.downloads = out->package.downloads;
    TRY(package_sql_active(op, out->package.id, &out->stats.installations, &out->stats.active_units));
    if (out->package.is_public) {
        struct buf body = BUF(op->arena);
        desc_write(&body, &package_sheet_desc, out);
        package_page_put(in->name, ticket, buf_str(&body));
    }
    return OK;
}

/* Making and changing packages. */
API(package_create, package_new, package);

static err_t package_create(struct op *op, const struct package_new *in, struct package *out)
{
    *out = (struct package){ .name = in->name,
                             .display_name = in->display_name,
                             .description = in->description,
                             .repository = in->repository,
                             .category = in->category,
                             .project_id = in->project_id,
                             .is_public = in->is_public };
    out->tags.item = in->tags.item;
    out->tags.n = in->tags.n;
    return package_register(op, out);
}

API(package_update, package_patch, package);

/* Members that were given, into the record's members of the same names. */
static void patch(const struct package_patch *in, struct package *p)
{
    for (size_t i = 0; i < package_patch_desc.n; i++) {
        const struct field *from = &package_patch_desc.field[i];
        if (from->flags & PATH || !(in->given.set & (u64)1 << i)) continue;
        const struct field *to = desc_field(&package_desc, str_of(from->name));
        memcpy((char *)p + to->off, (const char *)in + from->off, to->type->size);
    }
}

static err_t package_update(struct op *op, const struct package_patch *in, struct package *out)
{
    struct package before;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &before));
    *out = before;
    patch(in, out);
    return package_change(op, &before, out);
}

API(package_delete, package_key, nothing);
static err_t package_delete(struct op *op, const struct package_key *in, struct nothing *out UNUSED)
{
    struct package p;
    TRY(package_for(op, in->name, PACKAGE_OWN, &p));
    return package_drop(op, &p);
}

API(package_deprecate, package_deprecation, package);

static err_t package_deprecate(struct op *op, const struct package_deprecation *in, struct package *out)
{
    struct package before, other;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &before));
    if (in->replacement.p && !in->message.p) return fail_field(op, "replacement", "goes with a message");
    if (in->replacement.p && str_eq(in->replacement, in->name))
        return fail_field(op, "replacement", "must be another package");
    if (in->replacement.p) TRY(package_find(op, in->replacement, &other));
    *out = before;
    out->deprecated = in->message;
    out->replacement = in->replacement;
    return package_change(op, &before, out);
}

/* Versions. */
API(version_create, version_new, package_version);

static err_t version_create(struct op *op, const struct version_new *in, struct package_version *out)
{
    struct package p;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &p));
    if (in->signature.p && (!in->checksum.p || !in->signer_key.p))
        return fail_field(op, "signature", "goes with a checksum and a signer_key");
    if (in->signer_key.p && !in->signature.p) return fail_field(op, "signer_key", "goes with a signature");
    *out = (struct package_version){ .version = in->version,
                                     .changelog = in->changelog,
                                     .download_url = in->download_url,
                                     .checksum =
                                         in->checksum.p ? str_lower(op->arena, in->checksum) : in->checksum,
                                     .size_bytes = in->size_bytes,
                                     .signature = in->signature,
                                     .signer_key = in->signer_key,
                                     .is_stable = in->is_stable };
    return package_publish(op, &p, out);
}

API(version_yank, version_yank, package_version);

static err_t version_set_yanked(struct op *op, str name, str version, str reason, struct package_version *out)
{
    struct package p;
    TRY(package_for(op, name, PACKAGE_EDIT, &p));
    TRY(package_version_of(op, &p, version, out));
    TRY(package_yank(op, &p, out, reason.p ? time_now() : (time_us){ 0 }, reason));
    show_download(op, name, out);
    return OK;
}
static err_t version_yank(struct op *op, const struct version_yank *in, struct package_version *out)
{
    return version_set_yanked(op, in->name, in->version, in->reason, out);
}

API(version_unyank, version_key, package_version);
static err_t version_unyank(struct op *op, const struct version_key *in, struct package_version *out)
{
    return version_set_yanked(op, in->name, in->version, (str){ 0 }, out);
}

/* Archives. */
static err_t archive_put(struct op *op, const void *in, struct http_body *body, void *out)
{
    return package_archive_put(op, in, body, out);
}
static const struct http_upload archive_put_upload = { "archive_put", &archive_put_desc, &archive_state_desc,
                                                       archive_put };

API(archive_state, version_key, archive_state);
static err_t archive_state(struct op *op, const struct version_key *in, struct archive_state *out)
{
    return package_archive_state(op, in->name, in->version, out);
}
static err_t archive_get(struct op *op, const void *in, struct http_file *out)
{
    const struct version_key *key = in;
    return package_archive_get(op, key->name, key->version, out);
}
static const struct http_download archive_get_download = { "archive_get", &version_key_desc, archive_get,
                                                           "application/zstd, application/gzip" };

API(package_readme_get, version_key, package_readme);
static err_t package_readme_get(struct op *op, const struct version_key *in, struct package_readme *out)
{
    return package_readme(op, in->name, in->version, out);
}

/* Installing. */
API(package_install, install_request, install_answer);

static err_t package_install(struct op *op, const struct install_request *in, struct install_answer *out)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(package_find(op, in->package_name, &out->package));
    TRY(package_resolve(op, &out->package, in->version, &out->version));
    TRY(account_audit_target(op, version_audited(op, &out->package, &out->version)));
    TRY(db_begin(op, &tx));
    TRY(package_sql_install(op, op->who->user_id, &out->version, in->install_path));
    TRY(package_sql_find(op, in->package_name, &out->package, &(bool){ 0 }));
    package_page_changed(op, in->package_name);
    show_download(op, in->package_name, &out->version);
    return db_commit(&tx);
}

API(package_uninstall, package_key, nothing);
static err_t package_uninstall(struct op *op, const struct package_key *in, struct nothing *out UNUSED)
{
    struct package p;
    bool was;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(package_find(op, in->name, &p));
    TRY(account_audit_target(op, audited_package(p.name, p.name)));
    TRY(db_begin(op, &tx));
    TRY(package_sql_uninstall(op, op->who->user_id, p.id, &was));
    if (!was) return fail(op, ERR_NOT_FOUND, "package '%.*s' is not installed", STR(in->name));
    package_page_changed(op, in->name);
    return db_commit(&tx);
}

API(installations_list, nothing, installation_list);
static err_t installations_list(struct op *op, const struct nothing *in UNUSED, struct installation_list *out)
{
    return package_sql_installations(op, op->who->user_id, &out->installations);
}

/* Grants: a private package for single people and units. */
API(grants_list, package_key, grant_list);
static err_t grants_list(struct op *op, const struct package_key *in, struct grant_list *out)
{
    struct package p;
    TRY(package_for(op, in->name, PACKAGE_OWN, &p));
    struct granted of = package_granted(&p);
    return account_grants(op, &of, &out->grants);
}

API(grant_create, grant_new, grant);
static err_t grant_create(struct op *op, const struct grant_new *in, struct grant *out)
{
    struct package p;
    TRY(package_for(op, in->name, PACKAGE_OWN, &p));
    return package_grant(op, &p, in->login, in->unit_id, out);
}

static err_t grant_end(struct op *op, str name, str login, uuid unit_id)
{
    struct package p;
    TRY(package_for(op, name, PACKAGE_OWN, &p));
    return package_grant_end(op, &p, login, unit_id);
}

API(grant_end_user, grant_login, nothing);
static err_t grant_end_user(struct op *op, const struct grant_login *in, struct nothing *out UNUSED)
{
    return grant_end(op, in->name, in->login, (uuid){ 0 });
}

API(grant_end_unit, grant_unit, nothing);
static err_t grant_end_unit(struct op *op, const struct grant_unit *in, struct nothing *out UNUSED)
{
    return grant_end(op, in->name, (str){ 0 }, in->unit_id);
}

/* Figures. */
API(package_stats, package_stats_query, package_stats);

static err_t package_stats(struct op *op, const struct package_stats_query *in, struct package_stats *out)
{
    struct package p;
    i64 today = time_now().us / SEC(86400);
    TRY(package_find(op, in->name, &p));
    out->downloads = p.downloads;
    TRY(package_sql_active(op, p.id, &out->installations, &out->active_units));
    TRY(package_sql_days(op, p.id, today - in->days + 1, &out->by_day));
    for (size_t i = 0; i < out->by_day.n; i++) {
        char text[TIME_TEXT];
        struct package_day *d = &out->by_day.item[i];
        d->date = str_copy(op->arena, str_head(time_text((time_us){ d->day * SEC(86400) }, text), 10));
    }
    return package_sql_uses(op, p.id, &out->by_version);
}

API(categories_list, nothing, category_list);
static err_t categories_list(struct op *op, const struct nothing *in UNUSED, struct category_list *out)
{
    return package_sql_categories(op, &out->categories);
}

#define PACKAGES "/api/spark/packages"
#define PACKAGE  PACKAGES "/{name}"
#define VERSION  PACKAGE "/versions/{version}"
static const struct route routes[] = {
    { GET, PACKAGES, &packages_list_api, .auth = RIGHT_PUBLIC,
      .doc = "Public packages, and private ones that the caller may see." },
    { GET, PACKAGES "/search", &packages_search_api, .auth = RIGHT_PUBLIC,
      .doc = "Packages by words, forgiving of typing errors." },
    { GET, PACKAGES "/categories", &categories_list_api, .auth = RIGHT_PUBLIC,
      .doc = "Categories and how popular they are." },
    { GET, PACKAGE, &package_get_api, .auth = RIGHT_PUBLIC, .fast = package_page_fast, .flags = ROUTE_ETAG,
      .doc = "One package with its versions and figures." },
    { GET, PACKAGE "/stats", &package_stats_api, .auth = RIGHT_PUBLIC,
      .doc = "Downloads over time, installations and active units." },
    { POST, PACKAGES, &package_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201,
      .audit = "package.create", .doc = "Register a package." },
    { PATCH, PACKAGE, &package_update_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.update",
      .doc = "Change a package." },
    { DELETE, PACKAGE, &package_delete_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.delete",
      .doc = "Delete a package that nobody uses." },
    { POST, PACKAGE "/deprecate", &package_deprecate_api, .auth = RIGHT_PACKAGE_WRITE,
      .audit = "package.deprecate", .doc = "Tell users not to use a package any more." },
    { POST, PACKAGE "/versions", &version_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201,
      .audit = "package.publish", .doc = "Publish a version." },
    { POST, VERSION "/yank", &version_yank_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.yank",
      .doc = "Withdraw a version: ranges do not choose it any more." },
    { POST, VERSION "/unyank", &version_unyank_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.unyank",
      .doc = "Take a withdrawal back." },
    { PUT, VERSION "/archive", .upload = &archive_put_upload, .auth = RIGHT_PACKAGE_WRITE, .max_body = GIB(2),
      .deadline_us = SEC(6 * 3600), .audit = "package.upload",
      .doc = "Upload a version's archive, whole or in parts." },
    { GET, VERSION "/archive", .download = &archive_get_download, .auth = RIGHT_PUBLIC,
      .doc = "Download a version's archive." },
    { GET, VERSION "/archive/upload", &archive_state_api, .auth = RIGHT_PACKAGE_WRITE,
      .doc = "Where an interrupted upload goes on." },
    { GET, PACKAGE "/grants", &grants_list_api, .auth = RIGHT_PACKAGE_WRITE,
      .doc = "Who sees a private package beside its author and project; its owners only." },
    { POST, PACKAGE "/grants", &grant_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201,
      .audit = "package.grant", .doc = "Show a private package to a person or a unit; its owners only." },
    { DELETE, PACKAGE "/grants/users/{login}", &grant_end_user_api, .auth = RIGHT_PACKAGE_WRITE,
      .audit = "package.ungrant", .doc = "Take a person's grant back." },
    { DELETE, PACKAGE "/grants/units/{unit_id}", &grant_end_unit_api, .auth = RIGHT_PACKAGE_WRITE,
      .audit = "package.ungrant", .doc = "Take a unit's grant back." },
    { GET, VERSION "/readme", &package_readme_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_ETAG,
      .doc = "README of a version." },
    { POST, PACKAGES "/install", &package_install_api, .auth = RIGHT_PACKAGE_READ, .audit = "package.install",
      .doc = "Record an installation and say where the archive is." },
    { DELETE, PACKAGE "/installation", &package_uninstall_api, .auth = RIGHT_PACKAGE_READ,
      .audit = "package.uninstall", .doc = "Forget an installation." },
    { GET, "/api/spark/installations", &installations_list_api, .auth = RIGHT_PACKAGE_READ,
      .doc = "What the caller has installed." },
};

static const struct job jobs[] = {
    { "package.sweep", SEC(600), package_archive_sweep,
      "Delete archives that no version has any more, and abandoned uploads." },
};

extern const struct migration migrations_package[];
extern const size_t nmigrations_package;
const struct feature package_feature = {
    .name = "package",
    .doc = "Packages: the registry.",
    .routes = routes,
    .nroutes = LEN(routes),
    .jobs = jobs,
    .njobs = LEN(jobs),
    .migrations = migrations_package,
    .nmigrations = &nmigrations_package,
    .stop = package_page_stop,
    .forget_user = package_forget_user,
    .export_user = package_export_user,
};
