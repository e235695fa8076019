#include "spark/registry.h"
#include "base/enc.h"
#include "base/fs.h"
#include "base/lang.h"
#include <errno.h>
#include <unistd.h>

#define D struct reg_packages
static const struct field reg_packages_fields[] = {
    { F_LIST(packages, &package_desc), .max = 1000, .doc = "Packages." },
    { F(total), .doc = "How many there are in all." },
};
#undef D
DESC(reg_packages);

#define D struct reg_page
static const struct field reg_page_fields[] = {
    { F_OBJ(package, &package_desc), .doc = "The package." },
    { F_LIST(versions, &package_version_desc), .max = 100000, .doc = "Its versions." },
};
#undef D
DESC(reg_page);

#define D struct reg_install
static const struct field reg_install_fields[] = {
    { F_OBJ(package, &package_desc), .doc = "The package." },
    { F_OBJ(version, &package_version_desc), .doc = "The version to install." },
};
#undef D
DESC(reg_install);

#define D struct reg_package_new
static const struct field reg_package_new_fields[] = {
    { F(name), .max = 63 },
    { F(display_name), .max = 200 },
    { F(description), .max = 4000 },
    { F(repository), .max = 2000 },
    { F(category), .max = 100 },
    { F_LIST_OF(tags, &field_str_elem), .max = 20 },
    { F(is_public) },
};
#undef D
static DESC(reg_package_new);

#define D struct reg_package_texts
static const struct field reg_package_texts_fields[] = {
    { F(display_name), .max = 200 },
    { F(description), .max = 4000 },
    { F(repository), .max = 2000 },
    { F(category), .max = 100 },
    { F_LIST_OF(tags, &field_str_elem), .max = 20 },
};
#undef D
static DESC(reg_package_texts);

#define D struct reg_version_new
static const struct field reg_version_new_fields[] = {
    { F(version), .max = 128 },   { F(changelog), .max = 65536 }, { F(checksum), .max = 65 },
    { F(signature), .max = 128 }, { F(signer_key), .max = 64 },   { F(is_stable) },
};
#undef D
static DESC(reg_version_new);

struct reg_install_in {
    str package_name, version, install_path;
};
#define D struct reg_install_in
static const struct field reg_install_in_fields[] = { { F(package_name), .max = 63 },
                                                      { F(version), .max = 256 },
                                                      { F(install_path), .max = 4096 } };
#undef D
static DESC(reg_install_in);

struct reg_upload {
    i64 offset;
};
#define D struct reg_upload
static const struct field reg_upload_fields[] = { { F(offset) } };
#undef D
static DESC(reg_upload);

#define D struct reg_grants
static const struct field reg_grants_fields[] = { { F_LIST(grants, &grant_desc), .max = 100000 } };
#undef D
static DESC(reg_grants);

struct reg_grant_new {
    str login;
    uuid unit_id;
};
#define D struct reg_grant_new
static const struct field reg_grant_new_fields[] = { { F(login), .max = 64 }, { F(unit_id) } };
#undef D
static DESC(reg_grant_new);

/* ---- opening ---- */

err_t registry_open_at(struct op *op, str url, str token, bool insecure, struct registry *out)
{
    while (url.n && url.p[url.n - 1] == '/') url.n--;
    if (!str_starts(url, S("http://")) && !str_starts(url, S("https://")))
        return fail_field(op, "url", "must begin with http:// or https://");
    struct client_options o = { .base_url = str_copy(op->arena, url),
                                .token = token,
                                .insecure = insecure,
                                .user_agent = S("spark/" NETBIT_VERSION),
                                .timeout_us = SEC(60) };
    *out = (struct registry){ .url = o.base_url, .signed_in = token.n > 0 };
    return client_new(op, &o, &out->http);
}

err_t registry_open(struct op *op, unsigned flags, struct registry *out)
{
    struct login l;
    TRY(login_now(op, &l));
    str url = l.server.n ? l.server : S("http://localhost:8080"), token = l.token;
    if (flags & REGISTRY_SIGN_IN && !token.n)
        return fail(op, ERR_UNAUTHENTICATED, TR("nobody is signed in at %.*s", "на %.*s никто не вошёл"),
                    STR(url));
    TRY(registry_open_at(op, url, token, l.insecure, out));
    out->login = l.login;
    return OK;
}

void registry_done(struct registry *r)
{
    if (r->http) client_free(r->http);
}

/* ---- packages ---- */

static str package_path(struct op *op, str name, const char *rest)
{
    return arena_printf(op->arena, "/api/spark/packages/%.*s%s", STR(percent_encode(op->arena, name)), rest);
}

static void put_query(struct op *op, struct buf *b, const char *name, str value)
{
    size_t at;
    if (!value.n) return;
    buf_char(b, str_find_char(buf_str(b), '?', &at) ? '&' : '?');
    buf_printf(b, "%s=%.*s", name, STR(percent_encode(op->arena, value)));
}

err_t registry_list(struct registry *r, struct op *op, const struct reg_query *q, struct reg_packages *out)
{
    struct buf b = BUF(op->arena);
    buf_z(&b, q->q.p ? "/api/spark/packages/search" : "/api/spark/packages");
    put_query(op, &b, "q", q->q);
    put_query(op, &b, "category", q->category);
    put_query(op, &b, "tag", q->tag);
    put_query(op, &b, "sort", q->sort);
    if (q->limit) put_query(op, &b, "limit", arena_printf(op->arena, "%lld", (long long)q->limit));
    if (q->offset) put_query(op, &b, "offset", arena_printf(op->arena, "%lld", (long long)q->offset));
    return client_call(r->http, op, GET, buf_str(&b), NULL, NULL, &reg_packages_desc, out);
}

err_t registry_get(struct registry *r, struct op *op, str name, struct reg_page *out)
{
    return client_call(r->http, op, GET, package_path(op, name, ""), NULL, NULL, &reg_page_desc, out);
}

err_t registry_install(struct registry *r, struct op *op, str name, str version, struct reg_install *out)
{
    struct reg_install_in in = { name, version,
                                 spark_path(op, arena_printf(op->arena, "packages/%.*s", STR(name)).p) };
    return client_call(r->http, op, POST, S("/api/spark/packages/install"), &reg_install_in_desc, &in,
                       &reg_install_desc, out);
}

err_t registry_create(struct registry *r, struct op *op, const struct reg_package_new *in)
{
    struct package made;
    return client_call(r->http, op, POST, S("/api/spark/packages"), &reg_package_new_desc, in, &package_desc,
                       &made);
}

err_t registry_update(struct registry *r, struct op *op, str name, const struct reg_package_texts *in)
{
    struct package now;
    return client_call(r->http, op, PATCH, package_path(op, name, ""), &reg_package_texts_desc, in,
                       &package_desc, &now);
}

err_t registry_add_version(struct registry *r, struct op *op, str name, const struct reg_version_new *in)
{
    struct package_version made;
    return client_call(r->http, op, POST, package_path(op, name, "/versions"), &reg_version_new_desc, in,
                       &package_version_desc, &made);
}

str registry_archive_path(struct op *op, str name, str version)
{
    return package_path(
        op, name,
        arena_printf(op->arena, "/versions/%.*s/archive", STR(percent_encode(op->arena, version))).p);
}

err_t registry_upload_offset(struct registry *r, struct op *op, str name, str version, i64 *out)
{
    struct reg_upload s = { 0 };
    str path = arena_printf(op->arena, "%.*s/upload", STR(registry_archive_path(op, name, version)));
    err_t e = client_call(r->http, op, GET, path, NULL, NULL, &reg_upload_desc, &s);
    if (e && e != ERR_NOT_FOUND) return e;
    op_clear(op);
    *out = s.offset;
    return OK;
}

/* ---- grants ---- */

err_t registry_grants(struct registry *r, struct op *op, str name, struct reg_grants *out)
{
    return client_call(r->http, op, GET, package_path(op, name, "/grants"), NULL, NULL, &reg_grants_desc,
                       out);
}

err_t registry_grant(struct registry *r, struct op *op, str name, str who)
{
    struct reg_grant_new in = { 0 };
    struct grant made;
    if (!uuid_parse(who, &in.unit_id)) in.login = who;
    return client_call(r->http, op, POST, package_path(op, name, "/grants"), &reg_grant_new_desc, &in,
                       &grant_desc, &made);
}

err_t registry_grant_end(struct registry *r, struct op *op, str name, str who)
{
    uuid unit;
    const char *of = uuid_parse(who, &unit) ? "units" : "users";
    str rest = arena_printf(op->arena, "/grants/%s/%.*s", of, STR(percent_encode(op->arena, who)));
    return client_call(r->http, op, DELETE, package_path(op, name, rest.p), NULL, NULL, NULL, NULL);
}

/* ---- accounts ---- */

err_t registry_login(struct registry *r, struct op *op, const struct auth_login *in, struct auth_tokens *out)
{
    return client_call(r->http, op, POST, S("/api/v1/auth/login"), &auth_login_desc, in, &auth_tokens_desc,
                       out);
}

err_t registry_token(struct registry *r, struct op *op, const struct token_new *in, struct token_made *out)
{
    return client_call(r->http, op, POST, S("/api/v1/tokens"), &token_new_desc, in, &token_made_desc, out);
}

err_t registry_me(struct registry *r, struct op *op, struct me *out)
{
    return client_call(r->http, op, GET, S("/api/v1/me"), NULL, NULL, &me_desc, out);
}
