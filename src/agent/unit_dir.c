#include "agent/unit_dir.h"
#include "agent/unit_file.h"
#include "base/fs.h"
#include "base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under another name a folder is no unit's. */
#define GONE ".gone-"
static const char *const parts[] = { "data", "tmp", "logs" };

static void clear_up(struct op *op, const char *dir)
{
    if (!fs_remove_tree(op, dir)) return;
    LOG_WARN("unit's directory stays", KV("dir", dir), KV("why", op->err.msg));
    op_clear(op);
}

static err_t make_parts(struct op *op, const char *dir)
{
    for (size_t i = 0; i < LEN(parts); i++) {
        const char *path = arena_printf(op->arena, "%s/%s", dir, parts[i]).p;
        if (mkdir(path, 0700)) return fail(op, ERR_UNAVAILABLE, "make '%s': %s", path, strerror(errno));
    }
    return OK;
}

err_t unit_dir_make(struct op *op, const char *dir)
{
    if (mkdir(dir, 0700)) {
        if (errno == EEXIST) return fail(op, ERR_CONFLICT, "there is '%s' already", dir);
        return fail(op, ERR_UNAVAILABLE, "make '%s': %s", dir, strerror(errno));
    }
    err_t e = make_parts(op, dir);
    if (e) clear_up(&(struct op){ .arena = op->arena, .who = op->who }, dir);
    return e;
}

void unit_dir_remove(struct op *op, const char *dir)
{
    str id = fs_base_name(str_of(dir)), units = fs_dir_name(str_of(dir));
    const char *gone = arena_printf(op->arena, "%.*s/" GONE "%.*s", STR(units), STR(id)).p;
    clear_up(op, rename(dir, gone) ? dir : gone);
}

/* ---- what a killed agent left ---- */

static bool is_empty(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    size_t n = 0;
    if (!d) {
        if (fd >= 0) close(fd);
        return false;
    }
    for (struct dirent *x; (x = readdir(d));) n += strcmp(x->d_name, ".") && strcmp(x->d_name, "..");
    closedir(d);
    return !n;
}

static bool is_part(const char *name)
{
    for (size_t i = 0; i < LEN(parts); i++)
        if (!strcmp(name, parts[i])) return true;
    return false;
}

/* Of what stands in it by the time that its record is written. */
static bool says_nothing(int dir, const char *name)
{
    struct stat st;
    if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, UNIT_FILE TEMP_SUFFIX)) return true;
    if (!strcmp(name, UNIT_FILE)) return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && !st.st_size;
    return is_part(name) && is_empty(dir, name);
}

static bool unfinished(DIR *d)
{
    for (struct dirent *x; (x = readdir(d));)
        if (!says_nothing(dirfd(d), x->d_name)) return false;
    return true;
}

/* Only what is empty can be removed this way, whatever a look into it told. */
static bool drop(const char *path, int dir)
{
    for (size_t i = 0; i < LEN(parts); i++) (void)unlinkat(dir, parts[i], AT_REMOVEDIR);
    (void)unlinkat(dir, UNIT_FILE TEMP_SUFFIX, 0);
    (void)unlinkat(dir, UNIT_FILE, 0);
    return !rmdir(path);
}

bool unit_dir_drop_unfinished(const char *dir)
{
    AUTO(fd) int lock = unit_lock(dir); /* a living shim has it */
    DIR *d = lock < 0 ? NULL : opendir(dir);
    bool gone = d && unfinished(d) && drop(dir, dirfd(d));
    if (d) closedir(d);
    return gone;
}

void unit_dir_end_removal(struct op *op, const char *units, const char *name)
{
    if (str_starts(str_of(name), S(GONE))) clear_up(op, arena_printf(op->arena, "%s/%s", units, name).p);
}
