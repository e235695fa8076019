/* The README of a version, found in its archive. What is read of an archive is bounded: its first 64 MiB
 * unpacked, 10,000 entries; whoever packs a README later than that has none. */
#include "base/log.h"
#include "feature/package/package_rules.h"
#include "net/http.h"
#include "port/blob/blob.h"
#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

enum { ENTRIES_MOST = 10000, README_MOST = 256 << 10, BLOCK = 65536 };
static const i64 unpacked_most = MIB(64);

static void reader_done(struct archive **a)
{
    if (*a) archive_read_free(*a);
}
static void closer_done(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* "README", "Readme.md", "./readme.txt": at the top, in any case of its letters. */
static bool is_readme(const char *path)
{
    static const char *const names[] = { "readme.md", "readme.markdown", "readme.txt", "readme.rst",
                                         "readme" };
    str name = str_of(path);
    if (str_starts(name, S("./"))) name = str_skip(name, 2);
    for (size_t i = 0; i < LEN(names); i++)
        if (str_eq_fold(name, str_of(names[i]))) return true;
    return false;
}

/* The entry's text; no text (absent): it is none, or too long for a README. */
static str text_of(struct op *op, struct archive *a, i64 size)
{
    if (size <= 0 || size > README_MOST) return (str){ 0 };
    char *p = arena_alloc_raw(op->arena, (size_t)size);
    la_ssize_t n = archive_read_data(a, p, (size_t)size);
    str text = { p, n > 0 ? (size_t)n : 0 };
    return n > 0 && str_utf8_ok(text) && !memchr(p, 0, text.n) ? text : (str){ 0 };
}

/* A damaged archive has no README either: telling is the installer's, which checks all of it. */
static void search(struct op *op, struct archive *a, struct package_readme *out)
{
    struct archive_entry *e;
    for (i64 i = 0; i < ENTRIES_MOST && archive_read_next_header(a, &e) == ARCHIVE_OK; i++) {
        i64 size = archive_entry_size(e);
        const char *path = archive_entry_pathname(e);
        if (size < 0 || archive_filter_bytes(a, 0) + size > unpacked_most) return;
        if (!path || archive_entry_filetype(e) != AE_IFREG || !is_readme(path)) continue;
        out->text = text_of(op, a, size);
        out->file = str_copy(op->arena, str_of(path));
        return;
    }
}

err_t package_readme(struct op *op, str name, str version, struct package_readme *out)
{
    struct http_file file = { .fd = -1 };
    TRY(package_archive_get(op, name, version, &file));
    AUTO(closer) int fd = file.fd;
    AUTO(reader) struct archive *a = archive_read_new();
    if (!a) bug("out of memory for an archive");
    archive_read_support_format_tar(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    if (fd >= 0 && archive_read_open_fd(a, fd, BLOCK) == ARCHIVE_OK) search(op, a, out);
    if (out->text.p) return OK;
    return fail(op, ERR_NOT_FOUND, "version %.*s of '%.*s' has no README", STR(version), STR(name));
}
