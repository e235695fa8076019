/* Stages: files named by their callers that grow until they become blobs. A lock on the file (which ends with
 * its holder's process) makes one holder at a time. The digest runs along with the writes; a stage that is
 * opened again is read through once. A write that fails leaves the stage as it was before. */
#include "base/log.h"
#include "port/blob/blob_port.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct blob_stage {
    struct blob *blob;
    char *path;
    int fd; /* -1: committed or discarded */
    i64 size;
    struct hasher *hash;
};

static bool name_ok(str name)
{
    static const char set[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-";
    if (!name.n || name.n > 128 || name.p[0] == '.') return false;
    for (size_t i = 0; i < name.n; i++)
        if (!memchr(set, name.p[i], sizeof set - 1)) return false;
    return true;
}

static err_t stage_path(struct blob *b, struct op *op, str name, char **out)
{
    if (!name_ok(name)) return fail(op, ERR_INVALID, "not a name of a stage");
    *out = str_z(op->arena, arena_printf(op->arena, "%s/%.*s", b->stages, STR(name)));
    return OK;
}

static void stage_close(void *arg)
{
    struct blob_stage *s = arg;
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
}

/* A file opened and locked may have been committed or discarded in between: then its name leads elsewhere. */
static bool still_named(int fd, const char *path)
{
    struct stat mine, named;
    return !fstat(fd, &mine) && !lstat(path, &named) && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

static err_t open_locked(struct op *op, const char *path, int flags, int *out)
{
    for (;;) {
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
        if (fd < 0 && errno == ENOENT) return fail(op, ERR_NOT_FOUND, "no such stage");
        if (fd < 0) return blob_os_error(op, "open stage", path);
        if (flock(fd, LOCK_EX | LOCK_NB)) {
            close(fd);
            return fail(op, ERR_CONFLICT, "the upload is being written by somebody else");
        }
        if (still_named(fd, path)) {
            *out = fd;
            return OK;
        }
        close(fd);
    }
}

/* Reads what is there into the digest and stands at the end. */
static err_t resume(struct blob_stage *s, struct op *op)
{
    AUTO(arena) struct arena scratch = { 0 };
    size_t cap = (size_t)KIB(128);
    char *p = arena_alloc_raw(&scratch, cap);
    for (;;) {
        ssize_t n = read(s->fd, p, cap);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return blob_os_error(op, "read stage", s->path);
        if (!n) return OK;
        hasher_add(s->hash, p, (size_t)n);
        s->size += n;
    }
}

err_t blob_stage_open(struct blob *b, struct op *op, str name, struct blob_stage **out)
{
    struct blob_stage *s = NEW(op->arena, struct blob_stage);
    *s = (struct blob_stage){ .blob = b, .fd = -1, .hash = hasher_new(op->arena) };
    TRY(stage_path(b, op, name, &s->path));
    TRY(open_locked(op, s->path, O_CREAT, &s->fd));
    arena_defer(op->arena, stage_close, s);
    TRY(resume(s, op));
    *out = s;
    return OK;
}

void blob_stage_close(struct blob_stage *s) { stage_close(s); }
i64 blob_stage_size(const struct blob_stage *s) { return s->size; }

static err_t need_open(struct op *op, const struct blob_stage *s)
{
    return s->fd < 0 ? fail(op, ERR_CONFLICT, "the upload has ended") : OK;
}

err_t blob_stage_write(struct blob_stage *s, struct op *op, str data)
{
    TRY(need_open(op, s));
    if (!fs_write_all(s->fd, data)) {
        err_t e = blob_os_error(op, "write stage", s->path);
        /* If not even that works, the digest no longer fits the file: the next holder reads it anew. */
        if (ftruncate(s->fd, s->size) || lseek(s->fd, s->size, SEEK_SET) < 0) stage_close(s);
        return e;
    }
    hasher_add(s->hash, data.p, data.n);
    s->size += (i64)data.n;
    return OK;
}

err_t blob_stage_commit(struct blob_stage *s, struct op *op, sha256 *key, i64 *size)
{
    TRY(need_open(op, s));
    if (fsync(s->fd)) {
        /* What the kernel has dropped is not known: nothing of it may be taken for written. */
        err_t e = blob_os_error(op, "sync stage", s->path);
        unlink(s->path);
        stage_close(s);
        return e;
    }
    /* The digest ends here; if the store does not take the file, the next holder reads it anew. */
    sha256 digest = hasher_end(s->hash);
    err_t e = s->blob->ops->adopt(s->blob, op, s->path, digest);
    stage_close(s);
    TRY(e);
    *key = digest;
    *size = s->size;
    return OK;
}

err_t blob_stage_discard(struct blob_stage *s, struct op *op)
{
    TRY(need_open(op, s));
    if (unlink(s->path) && errno != ENOENT) return blob_os_error(op, "remove stage", s->path);
    stage_close(s);
    return OK;
}

err_t blob_stage_peek(struct blob *b, struct op *op, str name, i64 *size)
{
    char *path = NULL;
    struct stat st;
    TRY(stage_path(b, op, name, &path));
    if (lstat(path, &st)) {
        if (errno == ENOENT) return fail(op, ERR_NOT_FOUND, "no such stage");
        return blob_os_error(op, "look at stage", path);
    }
    *size = st.st_size;
    return OK;
}

/* Removes one stage if it is old and nobody holds it. */
static err_t sweep(struct op *op, const char *path, i64 before_us, i64 *removed)
{
    struct stat st;
    if (lstat(path, &st) || !S_ISREG(st.st_mode)) return OK;
    if ((i64)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000 >= before_us) return OK;
    AUTO(fd) int fd = -1;
    err_t e = open_locked(op, path, 0, &fd);
    if (e == ERR_CONFLICT || e == ERR_NOT_FOUND) {
        op_clear(op);
        return OK;
    }
    TRY(e);
    if (unlink(path)) return blob_os_error(op, "remove stage", path);
    ++*removed;
    return OK;
}

err_t blob_sweep_stages(struct blob *b, struct op *op, i64 older_than_us, i64 *removed)
{
    i64 before_us = time_now().us - older_than_us, n = 0;
    DIR *d = opendir(b->stages);
    if (!d) return blob_os_error(op, "list stages", b->stages);
    err_t e = OK;
    for (struct dirent *x; !e && (x = readdir(d));)
        if (name_ok(str_of(x->d_name)))
            e = sweep(op, arena_printf(op->arena, "%s/%s", b->stages, x->d_name).p, before_us, &n);
    closedir(d);
    *removed = n;
    return e;
}
