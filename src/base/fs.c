#include "base/fs.h"
#include "base/rand.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_done(int *fd)
{
    if (*fd >= 0) close(*fd);
}

bool fs_write_all(int fd, str data)
{
    while (data.n) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data = str_skip(data, (size_t)n);
    }
    return true;
}

static err_t os_error(struct op *op, const char *what, const char *path)
{
    int e = errno;
    err_t code = e == ENOENT ? ERR_NOT_FOUND : e == ENOSPC || e == EDQUOT ? ERR_UNAVAILABLE : ERR_INTERNAL;
    return fail(op, code, "%s '%s': %s", what, path, strerror(e));
}

err_t fs_read(struct op *op, const char *path, size_t limit, str *out)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) return os_error(op, "read", path);
    size_t cap = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 4096, n = 0;
    if (cap > limit) return fail(op, ERR_LIMIT, "'%s' is larger than %zu bytes", path, limit);
    char *p = arena_alloc_raw(op->arena, cap + 1);
    for (;;) {
        ssize_t k = read(fd, p + n, cap - n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return os_error(op, "read", path);
        n += (size_t)k;
        if (!k || (S_ISREG(st.st_mode) && st.st_size > 0 && n == cap)) break;
        if (n < cap) continue;
        if (cap >= limit) return fail(op, ERR_LIMIT, "'%s' is larger than %zu bytes", path, limit);
        size_t more = MIN(cap * 2, limit);
        p = memcpy(arena_alloc_raw(op->arena, more + 1), p, n);
        cap = more;
    }
    p[n] = 0;
    *out = (str){ p, n };
    return OK;
}

err_t fs_sync_dir(struct op *op, const char *path)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) && errno != EINVAL)) return os_error(op, "sync", path);
    return OK;
}

err_t fs_replace(struct op *op, const char *path, str data, unsigned mode)
{
    str temp = arena_printf(op->arena, "%s.%016llx.tmp", path, (unsigned long long)rand_u64());
    AUTO(fd) int fd = open(temp.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return os_error(op, "create", temp.p);
    if (!fs_write_all(fd, data) || fsync(fd) || rename(temp.p, path)) {
        err_t e = os_error(op, "write", path);
        unlink(temp.p);
        return e;
    }
    return fs_sync_dir(op, str_z(op->arena, fs_dir_name(str_of(path))));
}

err_t fs_make_dirs(struct op *op, const char *path, unsigned mode)
{
    char *p = str_z(op->arena, str_of(path));
    for (char *at = p + 1; *at; at++) {
        if (*at != '/') continue;
        *at = 0;
        if (mkdir(p, mode) && errno != EEXIST) return os_error(op, "make directory", p);
        *at = '/';
    }
    if (mkdir(p, mode) && errno != EEXIST) return os_error(op, "make directory", p);
    return OK;
}

static err_t remove_in(struct op *op, int dir, const char *name, const char *shown, int depth)
{
    if (!unlinkat(dir, name, 0) || errno == ENOENT) return OK;
    if (errno != EISDIR && errno != EPERM) return os_error(op, "remove", shown);
    if (depth > 200) return fail(op, ERR_LIMIT, "'%s' is nested too deep", shown);
    int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = sub < 0 ? NULL : fdopendir(sub);
    if (!d) {
        err_t e = os_error(op, "remove", shown);
        if (sub >= 0) close(sub);
        return e;
    }
    err_t e = OK;
    for (struct dirent *x; !e && (x = readdir(d));)
        if (strcmp(x->d_name, ".") && strcmp(x->d_name, ".."))
            e = remove_in(op, sub, x->d_name, shown, depth + 1);
    closedir(d);
    if (!e && unlinkat(dir, name, AT_REMOVEDIR) && errno != ENOENT) e = os_error(op, "remove", shown);
    return e;
}

err_t fs_remove_tree(struct op *op, const char *path) { return remove_in(op, AT_FDCWD, path, path, 0); }

bool fs_exists(const char *path) { return access(path, F_OK) == 0; }

str fs_base_name(str path)
{
    const char *p = path.n ? memrchr(path.p, '/', path.n) : NULL;
    return p ? str_sub(p + 1, path.p + path.n) : path;
}

str fs_dir_name(str path)
{
    const char *p = path.n ? memrchr(path.p, '/', path.n) : NULL;
    if (!p) return S(".");
    return p == path.p ? S("/") : str_sub(path.p, p);
}
