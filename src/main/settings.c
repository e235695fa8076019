#include "main/settings.h"
#include "feature/account/account.h"
#include "net/http.h"
#include "port/config.h"
#include "port/ports.h"
#include <limits.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#define NAME_FIELD(flags_) \
    F(name), .flags = (flags_) | NULLABLE, .min = 1, .max = 60, \
             .doc = "What people call this node; null: it has no name of its own."

#define D struct node_name
static const struct field node_name_fields[] = { { NAME_FIELD(REQUIRED) } };
#undef D
DESC(node_name);

struct node_about {
    str name, version;
};
#define D struct node_about
static const struct field node_about_fields[] = {
    { NAME_FIELD(READONLY) },
    { F(version), .flags = READONLY, .doc = "Of the program." },
};
#undef D
static DESC(node_about);

API(node_get, nothing, node_about);
static err_t node_get(struct op *op, const struct nothing *in UNUSED, struct node_about *out)
{
    struct node_name n = { 0 };
    TRY(node_sql_name(op, &n));
    *out = (struct node_about){ n.name, S(NETBIT_VERSION) };
    return OK;
}

API(node_update, node_name, node_about);
static err_t node_update(struct op *op, const struct node_name *in, struct node_about *out)
{
    struct node_name was = { 0 };
    TRY(node_sql_name(op, &was));
    TRY(account_audit_detail(op, (struct audited){ "node", S("self"), S("node") },
                             account_audit_json(op, &node_name_desc, &was),
                             account_audit_json(op, &node_name_desc, in)));
    str name = str_trim(in->name);
    TRY(node_sql_rename(op, name.n ? name : (str){ 0 }));
    return node_get(op, &(struct nothing){ 0 }, out);
}

/* ---- where everything lies ---- */

struct node_storage {
    str data, database, blobs;
    i64 disk_bytes, disk_free_bytes;
};
#define D struct node_storage
static const struct field node_storage_fields[] = {
    { F(data), .flags = READONLY, .doc = "Folder of the node's data." },
    { F(database), .flags = READONLY, .doc = "The database, without its password." },
    { F(blobs), .flags = READONLY, .doc = "Where archives lie." },
    { F(disk_bytes), .flags = READONLY | NULLABLE, .doc = "Size of the data folder's file system." },
    { F(disk_free_bytes), .flags = READONLY | NULLABLE, .doc = "What is free of it." },
};
#undef D
static DESC(node_storage);

/* postgresql://ann:secret@host/db?password=x -> postgresql://host/db */
static str without_secrets(struct arena *a, str url)
{
    str scheme, rest, user, place, query;
    size_t at;
    if (!str_find(url, S("://"), &at)) return url;
    scheme = str_head(url, at + 3);
    rest = str_skip(url, at + 3);
    if (str_cut(rest, '?', &place, &query)) rest = place;
    while (str_cut(rest, '@', &user, &place)) rest = place; /* a password may have one too */
    return arena_printf(a, "%.*s%.*s", STR(scheme), STR(rest));
}

static str whole_path(struct arena *a, str path)
{
    char here[PATH_MAX];
    return realpath(str_z(a, path), here) ? str_copy(a, str_of(here)) : path;
}

/* "sqlite:data/x" with the path from the root. */
static str with_whole_path(struct arena *a, str url)
{
    str scheme, path;
    if (str_find(url, S("://"), &(size_t){ 0 }) || !str_cut(url, ':', &scheme, &path))
        return without_secrets(a, url);
    return arena_printf(a, "%.*s:%.*s", STR(scheme), STR(whole_path(a, path)));
}

API(node_storage_get, nothing, node_storage);
static err_t node_storage_get(struct op *op, const struct nothing *in UNUSED, struct node_storage *out)
{
    const struct config *c = op->ports->config;
    struct statvfs v;
    *out = (struct node_storage){ .data = whole_path(op->arena, c->data),
                                  .database = with_whole_path(op->arena, c->database_url),
                                  .blobs = with_whole_path(op->arena, c->blob_url) };
    if (statvfs(str_z(op->arena, c->data), &v)) return OK;
    out->disk_bytes = (i64)(v.f_blocks * v.f_frsize);
    out->disk_free_bytes = (i64)(v.f_bavail * v.f_frsize);
    return OK;
}

static const struct route routes[] = {
    { GET, "/api/v1/node", &node_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_ETAG,
      .doc = "What the node is called, and its version." },
    { PATCH, "/api/v1/node", &node_update_api, .auth = RIGHT_ADMIN, .audit = "node.update",
      .doc = "Name the node." },
    { GET, "/api/v1/node/storage", &node_storage_get_api, .auth = RIGHT_ADMIN,
      .doc = "Where the node keeps its data, and how much room there is." },
};

extern const struct migration migrations_settings[];
extern const size_t nmigrations_settings;
const struct feature settings_feature = {
    .name = "settings",
    .doc = "What the node is called, and where its data lies.",
    .routes = routes,
    .nroutes = LEN(routes),
    .migrations = migrations_settings,
    .nmigrations = &nmigrations_settings,
};
