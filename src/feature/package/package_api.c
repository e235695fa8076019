/* Packages over HTTP. */
#include "base/enc.h"
#include "feature/account/right.h"
#include "feature/feature.h"
#include "feature/package/package_page.h"
#include "feature/package/package_rules.h"
#include "net/http.h"

enum { PAGE_MOST = 100, CHANGELOG_MAX = 65536, URL_MAX = 2048 };
#define NAME_PATH    .flags = PATH, .max = PACKAGE_NAME_MAX, .doc = "The package's name."
#define VERSION_PATH .flags = PATH, .max = 128, .doc = "The version."

static err_t url_check(struct op *op, const struct field *f, const void *val)
{
    str url = *(const str *)val;
    bool ok = str_starts(url, S("https://")) || str_starts(url, S("http://"));
    for (size_t i = 0; ok && i < url.n; i++) ok = url.p[i] > ' ' && url.p[i] != 0x7f && url.p[i] != '"';
    return ok ? OK : fail_field(op, f->name, "must be an address that begins with https:// or http://");
}
static err_t checksum_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    bool ok = s.n == 64;
    for (size_t i = 0; ok && i < s.n; i++) ok = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') || (s.p[i] >= 'A' && s.p[i] <= 'F');
    return ok ? OK : fail_field(op, f->name, "must be a SHA-256: 64 hexadecimal digits");
}
static err_t base64_check(struct op *op, const struct field *f, const void *val)
{
    str bytes;
    if (base64_decode(op->arena, *(const str *)val, &bytes)) return OK;
    return fail_field(op, f->name, "must be base64");
}
/* Everything people read is free of control characters but for line ends and tabs. */
static err_t text_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t') return fail_field(op, f->name, "has a control character");
    return OK;
}
static err_t display_name_check(struct op *op, const struct field *f, const void *val)
{
    if (!str_trim(*(const str *)val).n) return fail_field(op, f->name, "must not be blank");
    return text_check(op, f, val);
}
static const struct field tag_elem = { "", &type_str, .min = 1, .max = 40, .check = text_check };

/* A page of packages. */
static const char *const sorts[] = { "name", "downloads", "updated", "created", NULL };
struct package_query {
    i64 limit, offset;
    str category, tag;
    int sort;
};
#define D struct package_query
static const struct field package_query_fields[] = {
    { F(limit), .flags = QUERY, .min = 1, .max = PAGE_MOST, .def = "20", .doc = "How many." },
    { F(offset), .flags = QUERY, .min = 0, .max = INT32_MAX, .def = "0", .doc = "How many to leave out at the beginning." },
    { F(category), .flags = QUERY | NULLABLE, .min = 1, .max = 64, .doc = "Only of this category." },
    { F(tag), .flags = QUERY | NULLABLE, .min = 1, .max = 40, .doc = "Only with this tag." },
    { F_ENUM(sort, sorts), .flags = QUERY, .def = "name", .doc = "By name, or the most downloads or the latest first." },
};
#undef D
static DESC(package_query);

struct package_page {
    LIST(struct package) packages;
    i64 total, limit, offset;
};
#define D struct package_page
static const struct field package_page_fields[] = {
    { F_LIST(packages, &package_desc), .flags = READONLY, .doc = "The packages." },
    { F(total), .flags = READONLY, .doc = "How many there are in all." },
    { F(limit), .flags = READONLY, .doc = "As asked for." },
    { F(offset), .flags = READONLY, .doc = "As asked for." },
};
#undef D
static DESC(package_page);
API(packages_list, package_query, package_page);

static err_t packages_list(struct op *op, const struct package_query *in, struct package_page *out)
{
    struct package_filter f = { package_seer_of(op->who), in->category, in->tag, in->sort, in->limit, in->offset };
    package_list list = { 0 };
    TRY(package_sql_list(op, &f, &list, &out->total));
    out->packages.item = list.item;
    out->packages.n = list.n;
    out->limit = in->limit;
    out->offset = in->offset;
    return OK;
}

struct package_search_query {
    str q;
    i64 limit;
};
#define D struct package_search_query
static const struct field package_search_query_fields[] = {
    { F(q), .flags = QUERY | REQUIRED, .min = 1, .max = 200, .doc = "Words of the name, description or tags, in Russian or English." },
    { F(limit), .flags = QUERY, .min = 1, .max = PAGE_MOST, .def = "20", .doc = "How many." },
};
#undef D
static DESC(package_search_query);
struct package_hits {
    LIST(struct package) packages;
    i64 limit;
};
#define D struct package_hits
static const struct field package_hits_fields[] = {
    { F_LIST(packages, &package_desc), .flags = READONLY, .doc = "The packages, best first." },
    { F(limit), .flags = READONLY, .doc = "As asked for." },
};
#undef D
static DESC(package_hits);
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
struct package_key {
    str name;
};
#define D struct package_key
static const struct field package_key_fields[] = { { F(name), NAME_PATH } };
#undef D
static DESC(package_key);

struct package_figures {
    i64 downloads, installations, active_units;
};
#define D struct package_figures
static const struct field package_figures_fields[] = {
    { F(downloads), .flags = READONLY, .doc = "Installations ever, once per person and version." },
    { F(installations), .flags = READONLY, .doc = "People who have it installed." },
    { F(active_units), .flags = READONLY, .doc = "Units that run it." },
};
#undef D
static DESC(package_figures);

struct package_sheet {
    struct package package;
    LIST(struct package_version) versions;
    struct package_figures stats;
};
#define D struct package_sheet
static const struct field package_sheet_fields[] = {
    { F_OBJ(package, &package_desc), .flags = READONLY, .doc = "The package." },
    { F_LIST(versions, &package_version_desc), .flags = READONLY, .doc = "Its versions, newest first." },
    { F_OBJ(stats, &package_figures_desc), .flags = READONLY, .doc = "Its figures." },
};
#undef D
static DESC(package_sheet);
API(package_get, package_key, package_sheet);

static void show_download(struct op *op, str name, struct package_version *v)
{
    if (!v->archived_at.us) return;
    v->download_url = arena_printf(op->arena, "/api/spark/packages/%.*s/versions/%.*s/archive", STR(name), STR(v->version));
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
struct package_new {
    str name, display_name, description, repository, category;
    LIST(str) tags;
    i64 project_id;
    bool is_public;
};
#define TEXTS \
    { F(description), .flags = NULLABLE, .max = 20000, .check = text_check, .doc = "What it does." }, \
        { F(repository), .flags = NULLABLE, .min = 1, .max = URL_MAX, .check = url_check, .format = "uri", .doc = "Address of its source." }, \
        { F(category), .flags = NULLABLE, .min = 1, .max = 64, .check = text_check, .doc = "Field of use." }, \
        { F_LIST_OF(tags, &tag_elem), .max = PACKAGE_TAGS_MAX, .doc = "Key words." }
#define D struct package_new
static const struct field package_new_fields[] = {
    { F(name), .flags = REQUIRED, .min = 1, .max = PACKAGE_NAME_MAX, .check = package_name_check, .doc = "Unique name; '-', '_' and '.' count as the same." },
    { F(display_name), .flags = REQUIRED, .min = 1, .max = 128, .check = display_name_check, .doc = "Name for people." },
    TEXTS,
    { F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Project whose editors may publish versions." },
    { F(is_public), .def = "true", .doc = "Whether everybody sees it." },
};
#undef D
static DESC(package_new);
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

struct package_patch {
    str name, display_name, description, repository, category;
    LIST(str) tags;
    bool is_public;
    struct present given;
};
#define D struct package_patch
static const struct field package_patch_fields[] = {
    { F(name), NAME_PATH },
    { F(display_name), .min = 1, .max = 128, .check = display_name_check, .doc = "Name for people." },
    TEXTS,
    { F(is_public), .doc = "Whether everybody sees it." },
    { F(given) },
};
#undef D
static DESC(package_patch);
API(package_update, package_patch, package);

/* Members that were given, into the record's members of the same names. */
static void patch(const struct package_patch *in, struct package *p)
{
    for (size_t i = 0; i < package_patch_desc.n; i++) {
        const struct field *from = &package_patch_fields[i];
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

struct package_deprecation {
    str name, message, replacement;
};
#define D struct package_deprecation
static const struct field package_deprecation_fields[] = {
    { F(name), NAME_PATH },
    { F(message), .flags = NULLABLE, .min = 1, .max = 1000, .check = text_check, .doc = "Why; null: it is not deprecated any more." },
    { F(replacement), .flags = NULLABLE, .min = 1, .max = PACKAGE_NAME_MAX, .check = package_name_check, .doc = "Package to use instead." },
};
#undef D
static DESC(package_deprecation);
API(package_deprecate, package_deprecation, package);

static err_t package_deprecate(struct op *op, const struct package_deprecation *in, struct package *out)
{
    struct package before, other;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &before));
    if (in->replacement.p && !in->message.p) return fail_field(op, "replacement", "goes with a message");
    if (in->replacement.p && (str_eq(in->replacement, in->name) || package_find(op, in->replacement, &other))) {
        op_clear(op);
        return fail_field(op, "replacement", "must be another package");
    }
    *out = before;
    out->deprecated = in->message;
    out->replacement = in->replacement;
    return package_change(op, &before, out);
}

/* Versions. */
struct version_new {
    str name, version, changelog, download_url, checksum, signature, signer_key;
    i64 size_bytes;
    bool is_stable;
};
#define D struct version_new
static const struct field version_new_fields[] = {
    { F(name), NAME_PATH },
    { F(version), .flags = REQUIRED, .min = 1, .max = 128, .check = package_version_check, .format = "semver", .doc = "Semantic version without build metadata." },
    { F(changelog), .flags = NULLABLE, .max = CHANGELOG_MAX, .check = text_check, .doc = "What changed." },
    { F(download_url), .flags = NULLABLE, .min = 1, .max = URL_MAX, .check = url_check, .format = "uri", .doc = "Where the archive is, when it is not uploaded here." },
    { F(checksum), .flags = NULLABLE, .min = 64, .max = 65, .check = checksum_check, .doc = "SHA-256 of the archive; an upload must have it." },
    { F(signature), .flags = NULLABLE, .min = 88, .max = 89, .check = base64_check, .doc = "The author's Ed25519 signature over name, version and checksum, base64." },
    { F(signer_key), .flags = NULLABLE, .min = 44, .max = 45, .check = base64_check, .doc = "The public key that verifies it, base64." },
    { F(size_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Size of the archive at download_url." },
    { F(is_stable), .def = "true", .doc = "Whether it may be chosen when nobody names a version." },
};
#undef D
static DESC(version_new);
API(version_create, version_new, package_version);

static err_t version_create(struct op *op, const struct version_new *in, struct package_version *out)
{
    struct package p;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &p));
    if (in->signature.p && (!in->checksum.p || !in->signer_key.p)) return fail_field(op, "signature", "goes with a checksum and a signer_key");
    if (in->signer_key.p && !in->signature.p) return fail_field(op, "signer_key", "goes with a signature");
    *out = (struct package_version){ .version = in->version,
                                     .changelog = in->changelog,
                                     .download_url = in->download_url,
                                     .checksum = in->checksum.p ? str_lower(op->arena, in->checksum) : in->checksum,
                                     .size_bytes = in->size_bytes,
                                     .signature = in->signature,
                                     .signer_key = in->signer_key,
                                     .is_stable = in->is_stable };
    return package_publish(op, &p, out);
}

struct version_yank {
    str name, version, reason;
};
#define D struct version_yank
static const struct field version_yank_fields[] = {
    { F(name), NAME_PATH },
    { F(version), VERSION_PATH },
    { F(reason), .flags = REQUIRED, .min = 1, .max = 1000, .check = text_check, .doc = "Why, for those who have it." },
};
#undef D
static DESC(version_yank);
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

struct version_key {
    str name, version;
};
#define D struct version_key
static const struct field version_key_fields[] = { { F(name), NAME_PATH }, { F(version), VERSION_PATH } };
#undef D
static DESC(version_key);
API(version_unyank, version_key, package_version);
static err_t version_unyank(struct op *op, const struct version_key *in, struct package_version *out)
{
    return version_set_yanked(op, in->name, in->version, (str){ 0 }, out);
}

/* Archives. */
#define D struct archive_put
static const struct field archive_put_fields[] = {
    { F(name), NAME_PATH },
    { F(version), VERSION_PATH },
    { F(x_checksum_sha256), .flags = HEADER | NULLABLE, .min = 64, .max = 65, .check = checksum_check, .doc = "What the archive's SHA-256 must be." },
    { F(content_range), .flags = HEADER | NULLABLE, .min = 1, .max = 100, .doc = "Which part of the archive this is: bytes FIRST-LAST/TOTAL." },
};
#undef D
static DESC(archive_put);
#define D struct archive_state
static const struct field archive_state_fields[] = {
    { F(offset), .flags = READONLY, .doc = "Bytes that are stored: the next part begins here." },
    { F(size_bytes), .flags = READONLY | NULLABLE, .doc = "Size of the whole archive." },
    { F(complete), .flags = READONLY, .doc = "Whether it is the version's archive now." },
    { F(checksum), .flags = READONLY | NULLABLE, .doc = "Its SHA-256." },
};
#undef D
static DESC(archive_state);
static err_t archive_put(struct op *op, const void *in, struct http_body *body, void *out) { return package_archive_put(op, in, body, out); }
static const struct http_upload archive_put_upload = { "archive_put", &archive_put_desc, &archive_state_desc, archive_put };

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
static const struct http_download archive_get_download = { "archive_get", &version_key_desc, archive_get };

/* Installing. */
struct install_request {
    str package_name, version, install_path;
};
#define D struct install_request
static const struct field install_request_fields[] = {
    { F(package_name), .flags = REQUIRED, .min = 1, .max = PACKAGE_NAME_MAX, .doc = "The package." },
    { F(version), .flags = NULLABLE, .min = 1, .max = 256, .doc = "A version or a range like ^1.2; null: the newest stable one." },
    { F(install_path), .flags = NULLABLE, .min = 1, .max = 4096, .check = text_check, .doc = "Where the user puts it." },
};
#undef D
static DESC(install_request);
struct install_answer {
    struct package package;
    struct package_version version;
};
#define D struct install_answer
static const struct field install_answer_fields[] = {
    { F_OBJ(package, &package_desc), .flags = READONLY, .doc = "The package." },
    { F_OBJ(version, &package_version_desc), .flags = READONLY, .doc = "The version that was chosen, and where its archive is." },
};
#undef D
static DESC(install_answer);
API(package_install, install_request, install_answer);

static err_t package_install(struct op *op, const struct install_request *in, struct install_answer *out)
{
    AUTO(db_tx) struct db_tx tx;
    TRY(package_find(op, in->package_name, &out->package));
    TRY(package_resolve(op, &out->package, in->version, &out->version));
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
    AUTO(db_tx) struct db_tx tx;
    TRY(package_find(op, in->name, &p));
    TRY(db_begin(op, &tx));
    TRY(package_sql_uninstall(op, op->who->user_id, p.id, &was));
    if (!was) return fail(op, ERR_NOT_FOUND, "package '%.*s' is not installed", STR(in->name));
    package_page_changed(op, in->name);
    return db_commit(&tx);
}

struct installation_list {
    LIST(struct installation) installations;
};
#define D struct installation_list
static const struct field installation_list_fields[] = {
    { F_LIST(installations, &installation_desc), .flags = READONLY, .doc = "What the user has installed." },
};
#undef D
static DESC(installation_list);
API(installations_list, nothing, installation_list);
static err_t installations_list(struct op *op, const struct nothing *in UNUSED, struct installation_list *out)
{
    return package_sql_installations(op, op->who->user_id, &out->installations);
}

/* Figures. */
struct package_stats_query {
    str name;
    i64 days;
};
#define D struct package_stats_query
static const struct field package_stats_query_fields[] = {
    { F(name), NAME_PATH },
    { F(days), .flags = QUERY, .min = 1, .max = 3660, .def = "90", .doc = "How many days back." },
};
#undef D
static DESC(package_stats_query);
struct package_stats {
    i64 downloads, installations, active_units;
    LIST(struct package_day) by_day;
    LIST(struct package_use) by_version;
};
#define D struct package_stats
static const struct field package_stats_fields[] = {
    { F(downloads), .flags = READONLY, .doc = "Installations ever, once per person and version." },
    { F(installations), .flags = READONLY, .doc = "People who have it installed." },
    { F(active_units), .flags = READONLY, .doc = "Units that run it." },
    { F_LIST(by_day, &package_day_desc), .flags = READONLY, .doc = "Downloads of each day that had any." },
    { F_LIST(by_version, &package_use_desc), .flags = READONLY, .doc = "Use of each version, newest first." },
};
#undef D
static DESC(package_stats);
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

struct category_list {
    LIST(struct package_category) categories;
};
#define D struct category_list
static const struct field category_list_fields[] = {
    { F_LIST(categories, &package_category_desc), .flags = READONLY, .doc = "Categories, the most used first." },
};
#undef D
static DESC(category_list);
API(categories_list, nothing, category_list);
static err_t categories_list(struct op *op, const struct nothing *in UNUSED, struct category_list *out)
{
    return package_sql_categories(op, &out->categories);
}

#define PACKAGES "/api/spark/packages"
#define PACKAGE  PACKAGES "/{name}"
#define VERSION  PACKAGE "/versions/{version}"
static const struct route routes[] = {
    { GET, PACKAGES, &packages_list_api, .auth = RIGHT_PUBLIC, .doc = "Public packages, and private ones that the caller may see." },
    { GET, PACKAGES "/search", &packages_search_api, .auth = RIGHT_PUBLIC, .doc = "Packages by words, forgiving of typing errors." },
    { GET, PACKAGES "/categories", &categories_list_api, .auth = RIGHT_PUBLIC, .doc = "Categories and how popular they are." },
    { GET, PACKAGE, &package_get_api, .auth = RIGHT_PUBLIC, .fast = package_page_fast, .flags = ROUTE_ETAG, .doc = "One package with its versions and figures." },
    { GET, PACKAGE "/stats", &package_stats_api, .auth = RIGHT_PUBLIC, .doc = "Downloads over time, installations and active units." },
    { POST, PACKAGES, &package_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201, .audit = "package.create", .doc = "Register a package." },
    { PATCH, PACKAGE, &package_update_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.update", .doc = "Change a package." },
    { DELETE, PACKAGE, &package_delete_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.delete", .doc = "Delete a package that nobody uses." },
    { POST, PACKAGE "/deprecate", &package_deprecate_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.deprecate", .doc = "Tell users not to use a package any more." },
    { POST, PACKAGE "/versions", &version_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201, .audit = "package.publish", .doc = "Publish a version." },
    { POST, VERSION "/yank", &version_yank_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.yank", .doc = "Withdraw a version: ranges do not choose it any more." },
    { POST, VERSION "/unyank", &version_unyank_api, .auth = RIGHT_PACKAGE_WRITE, .audit = "package.unyank", .doc = "Take a withdrawal back." },
    { PUT, VERSION "/archive", .upload = &archive_put_upload, .auth = RIGHT_PACKAGE_WRITE, .max_body = GIB(2), .deadline_us = SEC(6 * 3600), .audit = "package.upload", .doc = "Upload a version's archive, whole or in parts." },
    { GET, VERSION "/archive", .download = &archive_get_download, .auth = RIGHT_PUBLIC, .doc = "Download a version's archive." },
    { GET, VERSION "/archive/upload", &archive_state_api, .auth = RIGHT_PACKAGE_WRITE, .doc = "Where an interrupted upload goes on." },
    { POST, PACKAGES "/install", &package_install_api, .auth = RIGHT_PACKAGE_READ, .audit = "package.install", .doc = "Record an installation and say where the archive is." },
    { DELETE, PACKAGE "/installation", &package_uninstall_api, .auth = RIGHT_PACKAGE_READ, .audit = "package.uninstall", .doc = "Forget an installation." },
    { GET, "/api/spark/installations", &installations_list_api, .auth = RIGHT_PACKAGE_READ, .doc = "What the caller has installed." },
};

static const struct job jobs[] = {
    { "package.sweep", SEC(600), package_archive_sweep, "Delete archives that no version has any more, and abandoned uploads." },
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
    .nmigrations = 1,
    .stop = package_page_stop,
    .forget_user = package_forget_user,
    .export_user = package_export_user,
};
