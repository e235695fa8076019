#include "spark/unpack.h"
#include "base/fs.h"
#include "base/lang.h"
#include "spark/archive_util.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const struct unpack_limits unpack_defaults = {
    .files = 200000, .total_bytes = GIB(16), .ratio = 500, .ratio_from = MIB(256), .path = 1024, .depth = 48
};

struct link {
    struct link *next;
    str path, target;
};
struct unpacker {
    struct op *op;
    struct archive *archive;
    const struct unpack_limits *limits;
    int root;
    i64 packed_bytes;
    client_progress progress;
    void *ctx;
    struct link *links, **last;
    struct unpacked made;
    i64 entries;
};

static void archive_read_done(struct archive **a)
{
    if (*a) archive_read_free(*a);
}

static err_t refuse(struct unpacker *u, str path, const char *why)
{
    return fail(u->op, ERR_INVALID, TR("archive entry '%.*s' %s", "запись архива '%.*s' %s"),
                STR(str_head(path, 200)), why);
}

static err_t os_refuse(struct unpacker *u, str path)
{
    if (errno == EEXIST)
        return refuse(
            u, path,
            TR("stands in the way of an earlier entry of that name", "повторяет имя более ранней записи"));
    if (errno == ENOTDIR || errno == ELOOP)
        return refuse(u, path,
                      TR("lies below something that is no folder", "лежит внутри того, что не папка"));
    if (errno == ENOSPC || errno == EDQUOT)
        return fail(u->op, ERR_UNAVAILABLE,
                    TR("no room on the disk for '%.*s'", "на диске нет места для '%.*s'"), STR(path));
    return fail(u->op, ERR_INTERNAL, TR("write '%.*s': %s", "запись '%.*s': %s"), STR(path), strerror(errno));
}

static err_t read_failed(struct unpacker *u)
{
    const char *why = archive_error_string(u->archive);
    return fail(u->op, ERR_INVALID,
                TR("the archive is damaged or no tar archive: %s", "архив повреждён или это не tar: %s"),
                why ? why : "unreadable");
}

/* Opens the folder that holds `path`, making the folders that lack; *name is path's last name. */
static err_t open_parent(struct unpacker *u, str path, int *out, char name[static 256])
{
    int at = dup(u->root);
    if (at < 0) return os_refuse(u, path);
    for (str rest = path, piece; str_next(&rest, '/', &piece);) {
        memcpy(name, piece.p, piece.n);
        name[piece.n] = 0;
        if (piece.p + piece.n == path.p + path.n) break;
        if (mkdirat(at, name, 0755) && errno != EEXIST) {
            err_t e = os_refuse(u, path);
            close(at);
            return e;
        }
        int sub = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        if (sub < 0) return os_refuse(u, path);
        at = sub;
    }
    *out = at;
    return OK;
}

static err_t check_totals(struct unpacker *u, i64 more)
{
    const struct unpack_limits *l = u->limits;
    u->made.bytes += more;
    if (u->made.bytes > l->total_bytes)
        return fail(
            u->op, ERR_LIMIT,
            TR("the archive unpacks to more than %lld bytes", "архив распаковывается более чем в %lld байт"),
            (long long)l->total_bytes);
    i64 packed = MAX(archive_filter_bytes(u->archive, -1), 1);
    if (u->made.bytes > l->ratio_from && u->made.bytes / packed > l->ratio)
        return fail(u->op, ERR_LIMIT,
                    TR("the archive unpacks to more than %lld times its size",
                       "архив при распаковке вырастает более чем в %lld раз"),
                    (long long)l->ratio);
    if (u->progress && !u->progress(u->ctx, packed, u->packed_bytes))
        return fail(u->op, ERR_UNAVAILABLE, TR("interrupted", "прервано"));
    return OK;
}

static err_t write_data(struct unpacker *u, int fd, str path)
{
    char block[65536];
    for (;;) {
        la_ssize_t n = archive_read_data(u->archive, block, sizeof block);
        if (n < 0) return read_failed(u);
        if (!n) return OK;
        TRY(check_totals(u, n));
        if (!fs_write_all(fd, (str){ block, (size_t)n })) return os_refuse(u, path);
    }
}

static err_t take_file(struct unpacker *u, struct archive_entry *e, str path)
{
    if (archive_entry_size_is_set(e) && archive_entry_size(e) > u->limits->total_bytes - u->made.bytes)
        return fail(
            u->op, ERR_LIMIT,
            TR("the archive unpacks to more than %lld bytes", "архив распаковывается более чем в %lld байт"),
            (long long)u->limits->total_bytes);
    char name[256];
    AUTO(fd) int parent = -1;
    TRY(open_parent(u, path, &parent, name));
    mode_t mode = archive_entry_perm(e) & 0111 ? 0755 : 0644;
    AUTO(fd) int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return os_refuse(u, path);
    u->made.files++;
    return write_data(u, fd, path);
}

static err_t take_folder(struct unpacker *u, struct archive_entry *e, str path)
{
    (void)e;
    char name[256];
    struct stat st;
    AUTO(fd) int parent = -1;
    TRY(open_parent(u, path, &parent, name));
    if (!mkdirat(parent, name, 0755)) return OK;
    if (errno == EEXIST && !fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode)) return OK;
    return os_refuse(u, path);
}

static err_t take_symlink(struct unpacker *u, struct archive_entry *e, str path)
{
    str target = str_of(archive_entry_symlink(e));
    const char *fault = archive_link_fault(path, target, u->limits->path);
    if (fault) return refuse(u, path, fault);
    struct link *l = NEW(u->op->arena, struct link);
    *l = (struct link){ .path = str_copy(u->op->arena, path), .target = str_copy(u->op->arena, target) };
    *u->last = l;
    u->last = &l->next;
    return OK;
}

/* "./a/b/" is a/b. */
static str plain_path(str path)
{
    while (str_starts(path, S("./"))) path = str_skip(path, 2);
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    return path;
}

/* A hard link is a second name of a file extracted before it. */
static err_t take_hardlink(struct unpacker *u, str path, str target)
{
    target = plain_path(target);
    const char *fault = archive_path_fault(target, u->limits->path, u->limits->depth);
    if (fault)
        return refuse(u, path, TR("is a hard link out of the package", "— жёсткая ссылка за пределы пакета"));
    char name[256], from[256];
    struct stat st;
    AUTO(fd) int parent = -1;
    AUTO(fd) int source = -1;
    TRY(open_parent(u, path, &parent, name));
    TRY(open_parent(u, target, &source, from));
    if (fstatat(source, from, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return refuse(u, path,
                      TR("is a hard link to a file that is not in the archive before it",
                         "— жёсткая ссылка на файл, которого до неё нет в архиве"));
    if (linkat(source, from, parent, name, 0)) return os_refuse(u, path);
    u->made.files++;
    return OK;
}

static err_t make_links(struct unpacker *u)
{
    for (struct link *l = u->links; l; l = l->next) {
        char name[256];
        AUTO(fd) int parent = -1;
        TRY(open_parent(u, l->path, &parent, name));
        if (symlinkat(l->target.p, parent, name)) return os_refuse(u, l->path);
        u->made.files++;
    }
    return OK;
}

static const struct {
    unsigned type;
    err_t (*take)(struct unpacker *, struct archive_entry *, str path);
    const char *refusal, *refusal_ru;
} kinds[] = {
    { AE_IFREG, take_file, NULL, NULL },
    { AE_IFDIR, take_folder, NULL, NULL },
    { AE_IFLNK, take_symlink, NULL, NULL },
    { AE_IFCHR, NULL, "is a device", "— устройство" },
    { AE_IFBLK, NULL, "is a device", "— устройство" },
    { AE_IFIFO, NULL, "is a pipe", "— канал" },
    { AE_IFSOCK, NULL, "is a socket", "— сокет" },
};

static err_t take_entry(struct unpacker *u, struct archive_entry *e)
{
    if (++u->entries > u->limits->files)
        return fail(u->op, ERR_LIMIT,
                    TR("the archive has more than %lld files", "в архиве больше %lld файлов"),
                    (long long)u->limits->files);
    str path = str_of(archive_entry_pathname(e));
    if (!path.p)
        return fail(u->op, ERR_INVALID,
                    TR("archive entry %lld has no readable name", "у записи архива %lld нечитаемое имя"),
                    (long long)u->entries);
    path = plain_path(path);
    const char *hard = archive_entry_hardlink(e);
    unsigned type = archive_entry_filetype(e);
    if ((str_is(path, ".") || !path.n) && type == AE_IFDIR && !hard) return OK;
    const char *fault = archive_path_fault(path, u->limits->path, u->limits->depth);
    if (fault) return refuse(u, path, fault);
    if (hard) return take_hardlink(u, path, str_of(hard));
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (kinds[i].type != type) continue;
        return kinds[i].take ? kinds[i].take(u, e, path)
                             : refuse(u, path, TR(kinds[i].refusal, kinds[i].refusal_ru));
    }
    return refuse(u, path,
                  TR("is of a kind that packages do not have", "такого вида, какого в пакетах не бывает"));
}

static err_t open_archive(struct unpacker *u, int fd)
{
    struct archive *a = u->archive;
    archive_read_support_format_tar(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    return archive_read_open_fd(a, fd, 65536) == ARCHIVE_OK ? OK : read_failed(u);
}

err_t unpack(struct op *op, int fd, const char *into, const struct unpack_options *o, struct unpacked *out)
{
    AUTO(archive_locale) locale_t old UNUSED = archive_locale_begin();
    AUTO(archive_read) struct archive *a = archive_read_new();
    AUTO(fd) int root = open(into, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (!a || root < 0 || fstat(fd, &st))
        return fail(op, ERR_INTERNAL, TR("open '%s': %s", "открыть '%s': %s"), into, strerror(errno));
    struct unpacker u = { .op = op,
                          .archive = a,
                          .limits = o->limits ? o->limits : &unpack_defaults,
                          .root = root,
                          .progress = o->progress,
                          .ctx = o->ctx,
                          .packed_bytes = st.st_size };
    u.last = &u.links;
    TRY(open_archive(&u, fd));
    for (;;) {
        struct archive_entry *e;
        int got = archive_read_next_header(a, &e);
        if (got == ARCHIVE_EOF) break;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return read_failed(&u);
        TRY(take_entry(&u, e));
    }
    TRY(make_links(&u));
    if (!u.made.files) return fail(op, ERR_INVALID, TR("the archive has no files", "в архиве нет файлов"));
    *out = u.made;
    return OK;
}
