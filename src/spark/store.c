#include "spark/store.h"
#include "agent/agent_client.h"
#include "base/fs.h"
#include "spark/manifest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define D struct installed
static const struct field installed_fields[] = {
    { F(name), .flags = REQUIRED, .max = 63, .doc = "Package." },
    { F(version), .flags = REQUIRED, .max = 128, .doc = "Installed version." },
    { F(display_name), .max = 200, .doc = "Name for people." },
    { F(description), .max = 4000, .doc = "What it does." },
    { F(checksum), .flags = REQUIRED, .min = 64, .max = 65, .doc = "SHA-256 of its archive." },
    { F(size_bytes), .doc = "Size of its archive." },
    { F(range), .max = 256, .doc = "What was asked for: updates stay within it." },
    { F(source), .max = 4096, .doc = "Where its archive came from." },
    { F(server), .max = 4096, .doc = "Registry it came from." },
    { F(signer), .max = 64, .flags = NULLABLE, .doc = "Ed25519 key that signed it." },
    { F(installed_at), .flags = REQUIRED, .doc = "When." },
    { F(path), .max = 4096, .doc = "Its folder." },
};
#undef D
DESC(installed);

#define D struct installed_list
static const struct field installed_list_fields[] = {
    { F_LIST(packages, &installed_desc), .max = 100000, .doc = "Installed packages." },
};
#undef D
DESC(installed_list);

static err_t os_failed(struct op *op, const char *what, const char *path)
{
    err_t code = errno == ENOSPC || errno == EDQUOT ? ERR_UNAVAILABLE : ERR_INTERNAL;
    return fail(op, code, "%s '%s': %s", what, path, strerror(errno));
}

str store_link(struct op *op, str name)
{
    return spark_path(op, arena_printf(op->arena, "packages/%.*s", STR(name)).p);
}

static const char *in_store(struct op *op, str name, const char *rest)
{
    return spark_path(op, arena_printf(op->arena, "store/%.*s/%s", STR(name), rest).p).p;
}

static str version_folder(struct op *op, const struct installed *p)
{
    return arena_printf(op->arena, "%.*s-%.*s", STR(p->version), STR(str_head(p->checksum, 8)));
}

str store_part(struct op *op, str name, str checksum)
{
    return str_of(in_store(op, name, arena_printf(op->arena, ".part-%.*s", STR(checksum)).p));
}

/* ---- reading ---- */

static err_t read_metadata(struct op *op, const char *dir, struct installed *out)
{
    str text, member = { 0 }, key;
    TRY(fs_read(op, arena_printf(op->arena, "%s/package.json", dir).p, MANIFEST_MAX * 2, &text));
    struct json j = json_reader(op->arena, text);
    if (json_peek(&j) == JSON_OBJECT && json_object(&j))
        while (json_key(&j, &key)) {
            if (str_is(key, "netbit")) json_raw_value(&j, &member);
            else json_skip(&j);
        }
    if (!json_end(&j) || !member.p)
        return fail(op, ERR_NOT_FOUND, "'%s' is not a package that spark installed", dir);
    TRY(desc_read_answer(op, &installed_desc, member, out));
    out->path = str_of(dir);
    return OK;
}

err_t store_find(struct op *op, str name, struct installed *out)
{
    char real[PATH_MAX];
    if (!manifest_name_ok(name)) return fail(op, ERR_NOT_FOUND, "package '%.*s' is not installed", STR(name));
    if (!realpath(store_link(op, name).p, real))
        return fail(op, ERR_NOT_FOUND, "package '%.*s' is not installed", STR(name));
    return read_metadata(op, str_copy(op->arena, str_of(real)).p, out);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct installed *)a)->name, ((const struct installed *)b)->name);
}

err_t store_list(struct op *op, struct installed_list *out)
{
    *out = (struct installed_list){ 0 };
    DIR *d = opendir(spark_path(op, "packages").p);
    if (!d) return OK;
    size_t cap = 0;
    for (struct dirent *x; (x = readdir(d));) {
        struct installed p;
        if (x->d_name[0] == '.') continue;
        if (store_find(op, str_of(x->d_name), &p)) {
            op_clear(op);
            continue;
        }
        if (out->packages.n == cap) {
            cap = cap ? cap * 2 : 16;
            struct installed *more = NEWN(op->arena, struct installed, cap);
            if (out->packages.n) memcpy(more, out->packages.item, out->packages.n * sizeof *more);
            out->packages.item = more;
        }
        out->packages.item[out->packages.n++] = p;
    }
    closedir(d);
    if (out->packages.n) qsort(out->packages.item, out->packages.n, sizeof *out->packages.item, by_name);
    return OK;
}

/* ---- the lock ---- */

/* Removes the entries of a folder that begin with `prefix`; those equal to `but` stay. */
static err_t remove_leftovers(struct op *op, const char *dir, const char *prefix, str but)
{
    DIR *d = opendir(dir);
    err_t e = OK;
    for (struct dirent *x; d && !e && (x = readdir(d));)
        if (!strncmp(x->d_name, prefix, strlen(prefix)) && !str_is(but, x->d_name))
            e = fs_remove_tree(op, arena_printf(op->arena, "%s/%s", dir, x->d_name).p);
    if (d) closedir(d);
    return e;
}

err_t store_lock(struct op *op, str name, void (*waiting)(void *), void *ctx, struct store_lock *out)
{
    if (!manifest_name_ok(name)) return fail(op, ERR_INVALID, "'%.*s' is not a package's name", STR(name));
    TRY(fs_make_dirs(op, spark_path(op, "packages").p, 0755));
    TRY(fs_make_dirs(op, spark_path(op, "locks").p, 0700));
    TRY(fs_make_dirs(op, in_store(op, name, ""), 0755));
    const char *path = spark_path(op, arena_printf(op->arena, "locks/%.*s", STR(name)).p).p;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return os_failed(op, "open", path);
    bool locked = !flock(fd, LOCK_EX | LOCK_NB);
    if (!locked && waiting) waiting(ctx);
    while (!locked) {
        locked = !flock(fd, LOCK_EX);
        if (locked || errno == EINTR) continue;
        err_t e = os_failed(op, "lock", path);
        close(fd);
        return e;
    }
    out->fd = fd;
    return remove_leftovers(op, in_store(op, name, ""), ".tmp-", (str){ 0 });
}

void store_lock_done(struct store_lock *l)
{
    if (l->fd > 0) close(l->fd);
}

/* ---- changing ---- */

err_t store_stage(struct op *op, str name, str *out)
{
    str dir =
        str_of(in_store(op, name, arena_printf(op->arena, ".tmp-%.*s", STR(rand_text(op->arena, 12))).p));
    if (mkdir(dir.p, 0755)) return os_failed(op, "make directory", dir.p);
    *out = dir;
    return OK;
}

bool store_has(struct op *op, const struct installed *p)
{
    struct installed there;
    bool has = !read_metadata(op, in_store(op, p->name, version_folder(op, p).p), &there) &&
               str_eq(there.checksum, p->checksum) && str_eq(there.version, p->version);
    op_clear(op);
    return has;
}

/* The package's own package.json with "netbit" set; one of its own by that name is dropped. */
static err_t write_metadata(struct op *op, const struct installed *p, const char *dir)
{
    const char *path = arena_printf(op->arena, "%s/package.json", dir).p;
    str own = S("{}"), key, value;
    err_t e = fs_read(op, path, MANIFEST_MAX, &own);
    if (e && e != ERR_NOT_FOUND) return e;
    op_clear(op);
    struct buf b = BUF(op->arena);
    buf_char(&b, '{');
    if (e) {
        json_put_key(&b, "name");
        json_put_str(&b, p->name);
        json_put_key(&b, "version");
        json_put_str(&b, p->version);
    }
    struct json j = json_reader(op->arena, own);
    if (json_peek(&j) == JSON_OBJECT && json_object(&j))
        while (json_key(&j, &key)) {
            if (!json_raw_value(&j, &value) || str_is(key, "netbit")) continue;
            if (b.n > 1) buf_char(&b, ',');
            json_put_str(&b, key);
            buf_char(&b, ':');
            buf_put(&b, value);
        }
    if (!json_end(&j)) return fail(op, ERR_INVALID, "the archive's package.json is not a JSON object");
    json_put_key(&b, "netbit");
    desc_write(&b, &installed_desc, p);
    buf_z(&b, "}\n");
    return fs_replace(op, path, buf_str(&b), 0644);
}

static err_t switch_link(struct op *op, str name, str folder)
{
    const char *link = store_link(op, name).p;
    const char *fresh =
        spark_path(op,
                   arena_printf(op->arena, "packages/.%.*s-%.*s", STR(name), STR(rand_text(op->arena, 8))).p)
            .p;
    const char *target = arena_printf(op->arena, "../store/%.*s/%.*s", STR(name), STR(folder)).p;
    if (symlink(target, fresh)) return os_failed(op, "link", fresh);
    if (rename(fresh, link)) {
        err_t e = os_failed(op, "link", link);
        unlink(fresh);
        return e;
    }
    return fs_sync_dir(op, spark_path(op, "packages").p);
}

/* units/ID/unit.json, as far as it matters here. */
struct unit_home {
    struct unit_spec spec;
};
#define D struct unit_home
static const struct field unit_home_fields[] = { { F_OBJ(spec, &unit_spec_desc) } };
#undef D
static DESC(unit_home);

/* The folders that units were made from, as the agent's unit.json files tell. ERR: one cannot be read, then
 * nothing may be removed. */
static err_t folders_in_use(struct op *op, str **out, size_t *n)
{
    const char *units = spark_path(op, "units").p;
    DIR *d = opendir(units);
    size_t cap = 0;
    *out = NULL, *n = 0;
    err_t e = OK;
    for (struct dirent *x; d && !e && (x = readdir(d));) {
        if (x->d_name[0] == '.') continue;
        str text;
        struct unit_home unit;
        e = fs_read(op, arena_printf(op->arena, "%s/%s/unit.json", units, x->d_name).p, MANIFEST_MAX, &text);
        if (!e) e = desc_read_answer(op, &unit_home_desc, text, &unit);
        if (e) break;
        if (*n == cap) {
            cap = cap ? cap * 2 : 16;
            str *more = NEWN(op->arena, str, cap);
            if (*n) memcpy(more, *out, *n * sizeof *more);
            *out = more;
        }
        (*out)[(*n)++] = unit.spec.package_dir;
    }
    if (d) closedir(d);
    return e;
}

static bool in_use(str path, const str *used, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(path, used[i])) return true;
    return false;
}

/* Tidying never fails the command: what stays is tried again next time. */
static void prune(struct op *op, str name, str keep)
{
    str *used;
    size_t n;
    char real[PATH_MAX];
    if (folders_in_use(op, &used, &n) || !realpath(in_store(op, name, ""), real)) {
        op_clear(op);
        return;
    }
    DIR *d = opendir(real);
    for (struct dirent *x; d && (x = readdir(d));) {
        if (x->d_name[0] == '.' || str_is(keep, x->d_name)) continue;
        str path = arena_printf(op->arena, "%s/%s", real, x->d_name);
        if (!in_use(path, used, n) && fs_remove_tree(op, path.p)) op_clear(op);
    }
    if (d) closedir(d);
}

/* On disk before the link names it, so that a power cut cannot leave a link to half a package. */
static err_t settle(struct op *op, const char *stage, const char *final)
{
    AUTO(fd) int fd = open(stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd)) return os_failed(op, "sync", stage);
    if (!rename(stage, final)) return fs_sync_dir(op, str_z(op->arena, fs_dir_name(str_of(final))));
    if (errno != EEXIST && errno != ENOTEMPTY) return os_failed(op, "move into place", final);
    if (renameat2(AT_FDCWD, stage, AT_FDCWD, final, RENAME_EXCHANGE))
        return os_failed(op, "move into place", final);
    TRY(fs_sync_dir(op, str_z(op->arena, fs_dir_name(str_of(final)))));
    return fs_remove_tree(op, stage);
}

err_t store_commit(struct op *op, struct installed *p, str stage)
{
    str folder = version_folder(op, p);
    const char *final = in_store(op, p->name, folder.p);
    char real[PATH_MAX];
    if (stage.p) {
        p->installed_at = time_now();
        p->path = store_link(op, p->name);
        TRY(write_metadata(op, p, stage.p));
        TRY(settle(op, stage.p, final));
    }
    TRY(switch_link(op, p->name, folder));
    if (!realpath(final, real)) return os_failed(op, "find", final);
    p->path = str_copy(op->arena, str_of(real));
    prune(op, p->name, folder);
    TRY(remove_leftovers(op, in_store(op, p->name, ""), ".part-", (str){ 0 }));
    return OK;
}

err_t store_remove(struct op *op, str name)
{
    const char *link = store_link(op, name).p;
    if (unlink(link))
        return errno == ENOENT ? fail(op, ERR_NOT_FOUND, "package '%.*s' is not installed", STR(name))
                               : os_failed(op, "remove", link);
    TRY(fs_sync_dir(op, spark_path(op, "packages").p));
    return fs_remove_tree(op, in_store(op, name, ""));
}
