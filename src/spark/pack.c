#include "spark/pack.h"
#include "base/fs.h"
#include "base/lang.h"
#include "spark/archive_util.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACK_TIME = 315532800 }; /* 1980-01-01: the earliest that every archive format can say */

struct packer {
    struct op *op;
    const struct pack_options *options;
    struct archive *archive;
    int root, fd;
    struct hasher *hasher;
    i64 written, done, total;
    int broken; /* errno of a write that failed */
};

static void archive_write_done(struct archive **a)
{
    if (*a) archive_write_free(*a);
}

static la_ssize_t take_bytes(struct archive *a, void *ctx, const void *p, size_t n)
{
    struct packer *w = ctx;
    hasher_add(w->hasher, p, n);
    if (!fs_write_all(w->fd, (str){ p, n })) {
        w->broken = errno;
        archive_set_error(a, errno, "write failed");
        return -1;
    }
    w->written += (i64)n;
    return (la_ssize_t)n;
}

static err_t pack_failed(struct packer *w, str path)
{
    if (w->broken == ENOSPC || w->broken == EDQUOT)
        return fail(w->op, ERR_UNAVAILABLE, TR("no room on the disk", "на диске нет места"));
    const char *why = archive_error_string(w->archive);
    return fail(w->op, ERR_INTERNAL, TR("pack '%.*s': %s", "упаковка '%.*s': %s"), STR(path),
                why ? why : "failed");
}

static err_t count(struct packer *w, i64 n)
{
    const struct pack_options *o = w->options;
    w->done += n;
    if (o->progress && !o->progress(o->ctx, w->done, w->total))
        return fail(w->op, ERR_UNAVAILABLE, TR("interrupted", "прервано"));
    return OK;
}

static err_t put_bytes(struct packer *w, const struct tree_file *f, const char *p, size_t n)
{
    if (archive_write_data(w->archive, p, n) != (la_ssize_t)n) return pack_failed(w, f->path);
    return count(w, (i64)n);
}

static err_t put_content(struct packer *w, const struct tree_file *f)
{
    if (f->data.p) return put_bytes(w, f, f->data.p, f->data.n);
    AUTO(fd) int fd = openat(w->root, str_z(w->op->arena, f->path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(w->op, ERR_CONFLICT, TR("'%.*s' cannot be read: %s", "не читается '%.*s': %s"),
                    STR(f->path), strerror(errno));
    char block[65536];
    for (i64 left = f->size;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return fail(w->op, ERR_INTERNAL, TR("read '%.*s': %s", "чтение '%.*s': %s"), STR(f->path),
                        strerror(errno));
        if (n > left || (!n && left))
            return fail(w->op, ERR_CONFLICT,
                        TR("'%.*s' changed while it was packed", "'%.*s' изменился во время упаковки"),
                        STR(f->path));
        if (!n) return OK;
        TRY(put_bytes(w, f, block, (size_t)n));
        left -= n;
    }
}

static const struct {
    unsigned type, perm;
} kinds[] = {
    [TREE_FILE] = { AE_IFREG, 0644 }, [TREE_LINK] = { AE_IFLNK, 0777 }, [TREE_FOLDER] = { AE_IFDIR, 0755 }
};

static err_t put_file(struct packer *w, const struct tree_file *f, struct archive_entry *e)
{
    archive_entry_clear(e);
    archive_entry_set_pathname(e, str_z(w->op->arena, f->path));
    archive_entry_set_filetype(e, kinds[f->kind].type);
    archive_entry_set_perm(e, f->executable ? 0755 : kinds[f->kind].perm);
    archive_entry_set_mtime(e, PACK_TIME, 0);
    archive_entry_set_size(e, f->kind == TREE_FILE ? f->size : 0);
    if (f->kind == TREE_LINK) archive_entry_set_symlink(e, str_z(w->op->arena, f->target));
    if (archive_write_header(w->archive, e) != ARCHIVE_OK) return pack_failed(w, f->path);
    return f->kind == TREE_FILE ? put_content(w, f) : OK;
}

static err_t open_writer(struct packer *w)
{
    struct archive *a = w->archive;
    const struct pack_options *o = w->options;
    char level[16];
    snprintf(level, sizeof level, "%d", o->level ? o->level : o->gzip ? 9 : 12);
    const char *filter = o->gzip ? "gzip" : "zstd";
    int bad = o->gzip ? archive_write_add_filter_gzip(a) : archive_write_add_filter_zstd(a);
    bad |= archive_write_set_format_pax_restricted(a);
    bad |= archive_write_set_filter_option(a, filter, "compression-level", level);
    if (o->gzip) bad |= archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
    bad |= archive_write_set_bytes_in_last_block(a, 1);
    if (bad || archive_write_open(a, w, NULL, take_bytes, NULL) != ARCHIVE_OK)
        return pack_failed(w, S("archive"));
    return OK;
}

err_t pack(struct op *op, const struct tree *tree, const struct pack_options *options, int fd,
           struct packed *out)
{
    /* Freeing a half-written archive still writes, through take_bytes() into w: w comes first and goes last.
     */
    struct packer w = {
        .op = op, .options = options, .fd = fd, .hasher = hasher_new(op->arena), .total = tree->bytes
    };
    AUTO(archive_locale) locale_t old UNUSED = archive_locale_begin();
    AUTO(archive_write) struct archive *a = w.archive = archive_write_new();
    AUTO(fd) int root = w.root = open(options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!a || root < 0)
        return fail(op, ERR_NOT_FOUND, TR("open '%s': %s", "открыть '%s': %s"), options->root,
                    strerror(errno));
    TRY(open_writer(&w));
    struct archive_entry *e = archive_entry_new();
    err_t err = OK;
    for (size_t i = 0; i < tree->n && !err; i++) err = put_file(&w, &tree->file[i], e);
    archive_entry_free(e);
    TRY(err);
    if (archive_write_close(a) != ARCHIVE_OK) return pack_failed(&w, S("archive"));
    *out = (struct packed){ hasher_end(w.hasher), w.written };
    return OK;
}
