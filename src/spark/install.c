#include "spark/install.h"
#include "base/fs.h"
#include "base/hash.h"
#include "feature/package/semver.h"
#include "spark/manifest.h"
#include "spark/needs.h"
#include "spark/sign.h"
#include "spark/unpack.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct fetch {
    struct cli *cli;
    struct op *op;
    struct registry *registry;
    const struct install_options *options;
    struct package_version version;
    struct installed *p;
};

bool show_progress(void *ctx, i64 done, i64 total)
{
    struct progress *p = ctx;
    if (!p) return true;
    if (total > 0) p->total = total;
    progress_set(p, done);
    return true;
}

err_t install_target(struct op *op, str text, str *name, str *version)
{
    *version = (str){ 0 };
    str rest;
    if (str_cut(text, '@', name, &rest)) *version = rest;
    struct semver_range range;
    if (!manifest_name_ok(*name))
        return fail_field(op, "name", TR("'%.*s' is not a package's name", "'%.*s' не имя пакета"),
                          STR(*name));
    if (version->p && !semver_range_parse(*version, &range))
        return fail_field(op, "name",
                          TR("'%.*s' is neither a version nor a range", "'%.*s' не версия и не диапазон"),
                          STR(*version));
    return OK;
}

static bool bar_begin(struct fetch *f, struct progress *bar, const char *label, i64 total)
{
    if (f->cli->quiet || f->cli->json) return false;
    progress_begin(bar, f->cli->term, arena_printf(f->op->arena, "%s %.*s", label, STR(f->p->name)), total);
    return true;
}

/* Continues what an earlier run left in the file. */
static err_t download(struct fetch *f, int fd)
{
    struct stat st;
    i64 whole = f->version.size_bytes, got = 0;
    if (fstat(fd, &st)) return fail(f->op, ERR_INTERNAL, "stat: %s", strerror(errno));
    i64 offset = st.st_size;
    if (offset > whole && ftruncate(fd, offset = 0))
        return fail(f->op, ERR_INTERNAL, "truncate: %s", strerror(errno));
    if (offset == whole) return OK;
    struct progress bar;
    bool shown = bar_begin(f, &bar, TR("Downloading", "Загрузка"), whole);
    if (lseek(fd, offset, SEEK_SET) < 0) return fail(f->op, ERR_INTERNAL, "seek: %s", strerror(errno));
    err_t e = client_download(f->registry->http, f->op, f->version.download_url, fd, offset, whole,
                              show_progress, shown ? &bar : NULL, &got);
    if (shown) progress_end(&bar, !e);
    return e;
}

static err_t digest_of(struct fetch *f, int fd, str *hex, i64 *size)
{
    struct hasher *h = hasher_new(f->op->arena);
    char block[65536];
    *size = 0;
    if (lseek(fd, 0, SEEK_SET) < 0) return fail(f->op, ERR_INTERNAL, "seek: %s", strerror(errno));
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(f->op, ERR_INTERNAL, "read: %s", strerror(errno));
        if (!n) break;
        hasher_add(h, block, (size_t)n);
        *size += n;
    }
    *hex = sha256_text(f->op->arena, hasher_end(h));
    return OK;
}

/* A resumed file may have begun as something else: it gets one fresh start. */
static err_t download_verified(struct fetch *f, int fd)
{
    str got;
    i64 size;
    struct stat st;
    bool resumed = !fstat(fd, &st) && st.st_size > 0;
    TRY(download(f, fd));
    TRY(digest_of(f, fd, &got, &size));
    if (str_eq(got, f->p->checksum)) return OK;
    if (ftruncate(fd, 0)) return fail(f->op, ERR_INTERNAL, "truncate: %s", strerror(errno));
    if (resumed) return download_verified(f, fd);
    return fail(
        f->op, ERR_PRECONDITION,
        TR("the archive of '%.*s' %.*s is not what the registry promised: SHA-256 %.*s, %lld bytes; expected "
           "%.*s, %lld bytes; from %.*s",
           "архив '%.*s' %.*s не тот, что обещал реестр: SHA-256 %.*s, %lld байт; ожидалось %.*s, %lld байт; "
           "источник %.*s"),
        STR(f->p->name), STR(f->p->version), STR(got), (long long)size, STR(f->p->checksum),
        (long long)f->version.size_bytes, STR(f->p->source));
}

static err_t check_signature(struct fetch *f)
{
    str signer = f->version.signer_key;
    if (signer.n) {
        struct signed_package s = { f->p->name, f->p->version, f->p->checksum };
        TRY(sign_verify(f->op, signer, f->version.signature, &s));
        f->p->signer = signer;
    }
    return trust_check(f->op, f->p->server, f->p->name, signer, f->options->trust);
}

/* What was extracted must be the package that was asked for, and fit this machine. */
static err_t check_content(struct fetch *f, str dir)
{
    struct manifest_found m;
    TRY(manifest_find(f->op, dir.p, &m));
    if (!str_eq(m.m.version, f->p->version) || !str_eq(m.m.name, f->p->name))
        if (m.file.p)
            return fail(f->op, ERR_PRECONDITION,
                        TR("the archive says it is '%.*s' %.*s, the registry says '%.*s' %.*s",
                           "архив называет себя '%.*s' %.*s, реестр — '%.*s' %.*s"),
                        STR(m.m.name), STR(m.m.version), STR(f->p->name), STR(f->p->version));
    return needs_check(f->cli, &m.m.runtime);
}

static err_t extract(struct fetch *f, int fd, str dir)
{
    struct progress bar;
    struct unpacked u;
    if (lseek(fd, 0, SEEK_SET) < 0) return fail(f->op, ERR_INTERNAL, "seek: %s", strerror(errno));
    bool shown = bar_begin(f, &bar, TR("Extracting", "Распаковка"), f->version.size_bytes);
    struct unpack_options how = { .progress = show_progress, .ctx = shown ? &bar : NULL };
    err_t e = unpack(f->op, fd, dir.p, &how, &u);
    if (shown) progress_end(&bar, !e);
    return e ? e : check_content(f, dir);
}

static err_t fetch_and_commit(struct fetch *f)
{
    str part = store_part(f->op, f->p->name, f->p->checksum), dir;
    AUTO(fd) int fd = open(part.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return fail(f->op, ERR_INTERNAL, "open '%.*s': %s", STR(part), strerror(errno));
    TRY(download_verified(f, fd));
    TRY(check_signature(f));
    TRY(store_stage(f->op, f->p->name, &dir));
    err_t e = extract(f, fd, dir);
    if (!e) e = store_commit(f->op, f->p, dir);
    if (!e) return trust_remember(f->op, f->p->server, f->p->name, f->p->signer);
    struct op_error why = f->op->err;
    if (fs_remove_tree(f->op, dir.p)) op_clear(f->op);
    f->op->err = why;
    return e;
}

static err_t check_offer(struct fetch *f)
{
    const struct package_version *v = &f->version;
    if (!v->download_url.n)
        return fail(f->op, ERR_NOT_FOUND,
                    TR("'%.*s' %.*s has no archive yet", "у '%.*s' %.*s ещё нет архива"), STR(f->p->name),
                    STR(v->version));
    if (v->checksum.n != 64 || v->size_bytes <= 0)
        return fail(f->op, ERR_PRECONDITION,
                    TR("the registry gives no SHA-256 and size for '%.*s' %.*s: not installed",
                       "реестр не даёт SHA-256 и размер для '%.*s' %.*s: не установлено"),
                    STR(f->p->name), STR(v->version));
    return OK;
}

static void say_waiting(void *ctx)
{
    struct fetch *f = ctx;
    term_say(f->cli->term, TONE_DIM,
             TR("another spark works on '%.*s'; waiting", "с '%.*s' работает другой spark; ждём"),
             STR(f->p->name));
}

err_t package_fetch(struct cli *cli, struct registry *r, const struct install_options *o,
                    struct installed *out, enum install_outcome *outcome)
{
    struct reg_install offer;
    struct fetch f = { .cli = cli, .op = cli->op, .registry = r, .options = o, .p = out };
    TRY(registry_install(r, cli->op, o->name, o->version, &offer));
    f.version = offer.version;
    *out = (struct installed){ .name = o->name,
                               .version = offer.version.version,
                               .display_name = offer.package.display_name,
                               .description = offer.package.description,
                               .range = o->range,
                               .checksum = offer.version.checksum,
                               .size_bytes = offer.version.size_bytes,
                               .source = offer.version.download_url,
                               .server = r->url };
    if (str_starts(out->source, S("/")))
        out->source = arena_printf(cli->op->arena, "%.*s%.*s", STR(r->url), STR(out->source));
    TRY(check_offer(&f));
    AUTO(store_lock) struct store_lock lock = { 0 };
    TRY(store_lock(cli->op, o->name, say_waiting, &f, &lock));
    struct installed old;
    bool had = !store_find(cli->op, o->name, &old);
    op_clear(cli->op);
    *outcome = INSTALL_DONE;
    if (had && !o->again && str_eq(old.checksum, out->checksum) && str_eq(old.version, out->version)) {
        *outcome = INSTALL_CURRENT;
        *out = old;
        return OK;
    }
    if (!o->again && store_has(cli->op, out)) return store_commit(cli->op, out, (str){ 0 });
    return fetch_and_commit(&f);
}
