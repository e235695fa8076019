/* Blobs in a folder: objects/ab/cdef... by the hex digits of their SHA-256, and stages/ beside it on the same
 * file system, so that a stage becomes a blob by a rename. Both folders are synced before that is
 * acknowledged: without the stage's folder a crash could leave a second name of the object, which a later
 * writer would append to. */
#include "port/blob/blob_port.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct blob_dir {
    struct blob blob;
    char *root;
};

static struct blob_dir *dir_of(struct blob *b) { return CONTAINER_OF(b, struct blob_dir, blob); }

struct place {
    char *dir, *file;
};

static struct place place_of(struct blob *b, struct op *op, sha256 key)
{
    str hex = sha256_text(op->arena, key), dir;
    dir = arena_printf(op->arena, "%s/objects/%.2s", dir_of(b)->root, hex.p);
    return (struct place){ str_z(op->arena, dir),
                           str_z(op->arena, arena_printf(op->arena, "%s/%s", dir.p, hex.p + 2)) };
}

static err_t sync_dir(struct op *op, const char *path)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) ? blob_os_error(op, "sync", path) : OK;
}

static err_t make_shard(struct blob *b, struct op *op, const char *dir)
{
    if (!mkdir(dir, 0700))
        return sync_dir(op, str_z(op->arena, arena_printf(op->arena, "%s/objects", dir_of(b)->root)));
    return errno == EEXIST ? OK : blob_os_error(op, "make directory", dir);
}

/* The same bytes a second time replace the first: they are the same, and a damaged object is healed. */
static err_t dir_adopt(struct blob *b, struct op *op, const char *path, sha256 key)
{
    struct place p = place_of(b, op, key);
    TRY(make_shard(b, op, p.dir));
    if (rename(path, p.file)) return blob_os_error(op, "keep blob", p.file);
    TRY(sync_dir(op, p.dir));
    return sync_dir(op, b->stages);
}

static err_t dir_get(struct blob *b, struct op *op, sha256 key, struct blob_source *out)
{
    struct place p = place_of(b, op, key);
    struct stat st;
    int fd = open(p.file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return fail(op, ERR_NOT_FOUND, "no such blob");
    if (fd < 0 || fstat(fd, &st)) {
        err_t e = blob_os_error(op, "open blob", p.file);
        if (fd >= 0) close(fd);
        return e;
    }
    *out = (struct blob_source){ .fd = fd, .size = st.st_size };
    return OK;
}

static err_t dir_has(struct blob *b, struct op *op, sha256 key, bool *out)
{
    struct place p = place_of(b, op, key);
    struct stat st;
    *out = !stat(p.file, &st);
    return *out || errno == ENOENT ? OK : blob_os_error(op, "look at blob", p.file);
}

static err_t dir_remove(struct blob *b, struct op *op, sha256 key)
{
    struct place p = place_of(b, op, key);
    if (!unlink(p.file)) return sync_dir(op, p.dir);
    return errno == ENOENT ? OK : blob_os_error(op, "remove blob", p.file);
}

static void dir_close(struct blob *b)
{
    mem_free(dir_of(b)->root);
    mem_free(b->stages);
    mem_free(dir_of(b));
}

static err_t dir_open(struct op *op, str rest, struct blob **out)
{
    static const char *const sub[] = { "objects", "stages" };
    for (size_t i = 0; i < LEN(sub); i++)
        TRY(fs_make_dirs(op, arena_printf(op->arena, "%.*s/%s", STR(rest), sub[i]).p, 0700));
    TRY(sync_dir(op, str_z(op->arena, rest)));
    struct blob_dir *d = MEM_NEW(struct blob_dir);
    d->root = (char *)(uintptr_t)mem_str(rest).p;
    d->blob.stages = (char *)(uintptr_t)mem_str(arena_printf(op->arena, "%.*s/stages", STR(rest))).p;
    *out = &d->blob;
    return OK;
}

const struct blob_ops blob_dir_ops = {
    .scheme = "dir",
    .open = dir_open,
    .close = dir_close,
    .adopt = dir_adopt,
    .get = dir_get,
    .has = dir_has,
    .remove = dir_remove,
};
