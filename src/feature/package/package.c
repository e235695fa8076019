#include "base/log.h"
#include "feature/account/account.h"
#include "feature/package/package_page.h"
#include "feature/package/package_rules.h"
#include "feature/package/semver.h"

/* Words that stand where a package's name stands in a path. */
static const char *const reserved[] = { "search", "categories", "install" };

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (!first && (c == '.' || c == '_' || c == '-'));
}

err_t package_name_check(struct op *op, const struct field *f, const void *val)
{
    str name = *(const str *)val;
    bool ok = name.n > 0 && name.n <= PACKAGE_NAME_MAX;
    for (size_t i = 0; ok && i < name.n; i++) ok = name_char(name.p[i], i == 0);
    if (!ok)
        return fail_field(op, f->name,
                          "must be 1 to %d of a-z, 0-9, '.', '_', '-', beginning with a letter or digit",
                          PACKAGE_NAME_MAX);
    for (size_t i = 0; i < LEN(reserved); i++)
        if (str_is(name, reserved[i])) return fail_field(op, f->name, "'%.*s' is reserved", STR(name));
    return OK;
}

err_t package_version_check(struct op *op, const struct field *f, const void *val)
{
    struct semver v;
    if (semver_parse(*(const str *)val, &v)) return OK;
    return fail_field(op, f->name,
                      "must be a semantic version like 1.2.3 or 1.2.3-rc.1, without build metadata");
}

/* Runs of separators count as one, so that "a--b" cannot pose as "a-b". */
str package_name_key(struct arena *a, str name)
{
    struct buf b = BUF(a);
    for (size_t i = 0; i < name.n; i++) {
        bool separator = name.p[i] == '-' || name.p[i] == '_' || name.p[i] == '.';
        if (!separator) buf_char(&b, name.p[i]);
        else if (b.n && b.p[b.n - 1] != '-') buf_char(&b, '-');
    }
    while (b.n && b.p[b.n - 1] == '-') b.n--;
    return buf_str(&b);
}

struct package_seer package_seer_of(const struct principal *who)
{
    bool all = who->kind == WHO_SYSTEM || who->rights & RIGHT_ADMIN;
    if (who->project_id) return (struct package_seer){ false, 0, who->project_id };
    return (struct package_seer){ all, who->user_id, 0 };
}

static err_t no_package(struct op *op, str name)
{
    return fail(op, ERR_NOT_FOUND, "no package '%.*s'", STR(name));
}

struct granted package_granted(const struct package *p)
{
    return (struct granted){ "package", p->id, p->name };
}

static err_t role_in(struct op *op, const struct package *p, enum project_role *role)
{
    struct entity e = { p->is_public ? VISIBLE_PUBLIC : VISIBLE_PRIVATE, p->author_id, p->project_id,
                        package_granted(p) };
    return account_access(op, &e, role);
}

err_t package_find(struct op *op, str name, struct package *out)
{
    bool found;
    enum project_role role = ROLE_VIEWER;
    TRY(package_sql_find(op, name, out, &found));
    if (found && !out->is_public) TRY(role_in(op, out, &role));
    return found && role != ROLE_NONE ? OK : no_package(op, name);
}

err_t package_for(struct op *op, str name, enum package_need need, struct package *out)
{
    enum project_role role;
    TRY(package_find(op, name, out));
    TRY(role_in(op, out, &role));
    if (role == ROLE_NONE) return no_package(op, name);
    if (role >= (need == PACKAGE_OWN ? ROLE_OWNER : ROLE_EDITOR)) return OK;
    return fail(op, ERR_FORBIDDEN, "package '%.*s' is changed only by its author and its project's %s",
                STR(name), need == PACKAGE_OWN ? "owners" : "editors");
}

err_t package_version_of(struct op *op, const struct package *p, str version, struct package_version *out)
{
    bool found;
    TRY(package_sql_version(op, p->id, version, out, &found));
    if (!found)
        return fail(op, ERR_NOT_FOUND, "package '%.*s' has no version '%.*s'", STR(p->name), STR(version));
    return OK;
}

static int cmp_tag(const void *a, const void *b) { return str_cmp(*(const str *)a, *(const str *)b); }

/* Sorted, blanks off, each once. */
static err_t tidy_tags(struct op *op, struct package *p)
{
    size_t n = 0;
    str *tag = NEWN(op->arena, str, p->tags.n + 1);
    for (size_t i = 0; i < p->tags.n; i++) {
        tag[i] = str_trim(p->tags.item[i]);
        if (!tag[i].n) return fail_field(op, "tags", "a tag must not be empty");
    }
    qsort(tag, p->tags.n, sizeof *tag, cmp_tag);
    for (size_t i = 0; i < p->tags.n; i++)
        if (!n || !str_eq(tag[n - 1], tag[i])) tag[n++] = tag[i];
    p->tags.item = tag;
    p->tags.n = n;
    return OK;
}

/* A project's package is made by its editors; with a project's token it is that project's. */
static err_t place_in_project(struct op *op, struct package *p)
{
    if (!p->project_id) p->project_id = op->who->project_id;
    return p->project_id ? account_project_need(op, p->project_id, ROLE_EDITOR, "project_id") : OK;
}

static err_t check_name_free(struct op *op, const struct package *p, str key)
{
    str taken;
    TRY(package_sql_name_of_key(op, key, &taken));
    if (!taken.p) return OK;
    if (str_eq(taken, p->name))
        return fail_for(op, ERR_CONFLICT, "name", "package '%.*s' exists", STR(taken));
    return fail(op, ERR_CONFLICT, "the name '%.*s' is too close to that of package '%.*s'", STR(p->name),
                STR(taken));
}

err_t package_register(struct op *op, struct package *p)
{
    str key = package_name_key(op->arena, p->name);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(tidy_tags(op, p));
    TRY(place_in_project(op, p));
    p->author_id = op->who->user_id;
    p->created_at = p->updated_at = time_now();
    TRY(db_begin(op, &tx));
    TRY(check_name_free(op, p, key));
    TRY(package_sql_insert(op, p, key, &p->id));
    TRY(package_sql_set_tags(op, p));
    TRY(package_index(op, p));
    TRY(account_login_of(op, p->author_id, &p->author));
    TRY(account_audit_detail(op, audited_package(p->name, p->name), (json_raw){ 0 },
                             account_audit_json(op, &package_desc, p)));
    package_page_changed(op, p->name);
    return db_commit(&tx);
}

err_t package_change(struct op *op, const struct package *before, struct package *after)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(tidy_tags(op, after));
    after->updated_at = time_now();
    TRY(db_begin(op, &tx));
    TRY(package_sql_update(op, after));
    TRY(package_sql_set_tags(op, after));
    TRY(package_index(op, after));
    TRY(account_audit_detail(op, audited_package(after->name, after->name),
                             account_audit_json(op, &package_desc, before),
                             account_audit_json(op, &package_desc, after)));
    package_page_changed(op, after->name);
    return db_commit(&tx);
}

static err_t erase(struct op *op, const struct package *p)
{
    version_list versions = { 0 };
    TRY(package_sql_versions(op, p->id, &versions));
    struct granted all = package_granted(p);
    TRY(package_sql_delete(op, p->id));
    TRY(account_grants_drop(op, &all));
    for (size_t i = 0; i < versions.n; i++)
        if (versions.item[i].archived_at.us) TRY(package_archive_drop(op, versions.item[i].checksum));
    package_page_changed(op, p->name);
    return OK;
}

err_t package_drop(struct op *op, const struct package *p)
{
    i64 installations, units;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(package_sql_used(op, p->id, &installations, &units));
    if (installations || units)
        return fail(op, ERR_CONFLICT,
                    "package '%.*s' is in use (%lld installed, %lld units): deprecate it instead",
                    STR(p->name), (long long)installations, (long long)units);
    TRY(erase(op, p));
    TRY(account_audit_detail(op, audited_package(p->name, p->name), account_audit_json(op, &package_desc, p),
                             (json_raw){ 0 }));
    return db_commit(&tx);
}

err_t package_publish(struct op *op, const struct package *p, struct package_version *v)
{
    bool found;
    struct package_version old;
    AUTO(db_tx) struct db_tx tx = { 0 };
    v->package_id = p->id;
    v->created_at = time_now();
    TRY(db_begin(op, &tx));
    TRY(package_sql_version(op, p->id, v->version, &old, &found));
    if (found)
        return fail(op, ERR_CONFLICT, "version %.*s of '%.*s' is published, and versions never change",
                    STR(v->version), STR(p->name));
    TRY(package_sql_version_insert(op, v));
    TRY(package_sql_touch(op, p->id));
    TRY(account_audit_detail(op, version_audited(op, p, v), (json_raw){ 0 },
                             account_audit_json(op, &package_version_desc, v)));
    package_page_changed(op, p->name);
    return db_commit(&tx);
}

err_t package_yank(struct op *op, const struct package *p, struct package_version *v, time_us at, str reason)
{
    struct package_version before = *v;
    AUTO(db_tx) struct db_tx tx = { 0 };
    v->yanked_at = at;
    v->yank_reason = reason;
    TRY(db_begin(op, &tx));
    TRY(package_sql_version_yank(op, v->id, at, reason));
    TRY(package_sql_touch(op, p->id));
    TRY(account_audit_detail(op, version_audited(op, p, v),
                             account_audit_json(op, &package_version_desc, &before),
                             account_audit_json(op, &package_version_desc, v)));
    package_page_changed(op, p->name);
    return db_commit(&tx);
}

struct ranked {
    struct semver key;
    struct package_version v;
};
static int newest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return semver_cmp(&y->key, &x->key);
}
void package_versions_sort(struct arena *a, version_list *list)
{
    struct ranked *r = NEWN(a, struct ranked, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        r[i].v = list->item[i];
        if (!semver_parse(r[i].v.version, &r[i].key))
            bug("a stored version is not one: %.*s", STR(r[i].v.version));
    }
    qsort(r, list->n, sizeof *r, newest_first);
    for (size_t i = 0; i < list->n; i++) list->item[i] = r[i].v;
}

struct audited version_audited(struct op *op, const struct package *p, const struct package_version *v)
{
    return audited_package(p->name, arena_printf(op->arena, "%.*s@%.*s", STR(p->name), STR(v->version)));
}

bool package_has_archive(const struct package_version *v) { return v->archived_at.us || v->download_url.p; }

/* Pre-releases are chosen only by a range that asks for them, whatever their author calls stable. */
static bool chosen(const struct package_version *v, const struct semver_range *range)
{
    struct semver s;
    if (v->yanked_at.us || !package_has_archive(v) || !semver_parse(v->version, &s)) return false;
    return range ? semver_in(&s, range) && (v->is_stable || s.pre.n) : v->is_stable && !s.pre.n;
}

err_t package_resolve(struct op *op, const struct package *p, str wanted, struct package_version *out)
{
    struct semver exact;
    struct semver_range range;
    version_list all = { 0 };
    if (wanted.p && semver_parse(wanted, &exact)) {
        TRY(package_version_of(op, p, wanted, out));
        if (package_has_archive(out)) return OK;
        return fail(op, ERR_CONFLICT, "version %.*s of '%.*s' has no archive yet", STR(wanted), STR(p->name));
    }
    if (wanted.p && !semver_range_parse(wanted, &range))
        return fail_field(op, "version", "must be a version or a range like ^1.2");
    TRY(package_sql_versions(op, p->id, &all));
    package_versions_sort(op->arena, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (!chosen(&all.item[i], wanted.p ? &range : NULL)) continue;
        *out = all.item[i];
        return OK;
    }
    if (wanted.p)
        return fail(op, ERR_NOT_FOUND, "package '%.*s' has no version in '%.*s'", STR(p->name), STR(wanted));
    return fail(op, ERR_NOT_FOUND, "package '%.*s' has no stable version", STR(p->name));
}

err_t package_installed(struct op *op, i64 user_id, const struct package *p, str version,
                        struct package_version *out)
{
    bool found;
    TRY(package_sql_installed_version(op, user_id, p->id, out, &found));
    if (!found)
        return fail(op, ERR_CONFLICT, "package '%.*s' is not installed: install it first", STR(p->name));
    if (!version.p || str_eq(version, out->version)) return OK;
    return package_version_of(op, p, version, out);
}

/* A project's package stays with its owners and editors. One that strangers use outlives its author, too: an
 * administrator takes it over. */
static err_t leave_behind(struct op *op, struct package *p)
{
    i64 installations, units, heir = 0;
    TRY(package_sql_heir(op, p, &heir));
    if (!heir) {
        TRY(package_sql_used(op, p->id, &installations, &units));
        if (!installations && !units) return erase(op, p);
        TRY(package_sql_keeper(op, p, &heir));
    }
    if (!heir)
        return fail(op, ERR_CONFLICT, "package '%.*s' is in use and nobody can take it over", STR(p->name));
    TRY(package_sql_hand_over(op, p->id, heir));
    package_page_changed(op, p->name);
    return OK;
}

err_t package_forget_user(struct op *op, i64 user_id)
{
    package_list own = { 0 };
    TRY(package_sql_uninstall_all(op, user_id));
    TRY(package_sql_of_author(op, user_id, &own));
    for (size_t i = 0; i < own.n; i++) TRY(leave_behind(op, &own.item[i]));
    return OK;
}

err_t package_export_user(struct op *op, i64 user_id, struct buf *b)
{
    package_list own = { 0 };
    LIST(struct installation) installed = { 0 };
    LIST(struct package_download) downloads = { 0 };
    TRY(package_sql_of_author(op, user_id, &own));
    TRY(package_sql_installations(op, user_id, &installed));
    TRY(package_sql_downloads_of(op, user_id, &downloads));
    buf_char(b, '{');
    desc_write_list(b, "packages", &package_desc, &own);
    desc_write_list(b, "installations", &installation_desc, &installed);
    desc_write_list(b, "downloads", &package_download_desc, &downloads);
    buf_char(b, '}');
    return OK;
}
