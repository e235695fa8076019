#include "agent/unit_file.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define D struct unit_file
static const struct field unit_file_fields[] = {
    { F_OBJ(spec, &unit_spec_desc), .flags = REQUIRED, .doc = "The unit." },
    { F_ENUM(desired, unit_desireds), .flags = REQUIRED, .doc = "What its owner wants it to be." },
    { F(created_at), .doc = "When it was made." },
};
#undef D
DESC(unit_file);

#define D struct unit_state
static const struct field unit_state_fields[] = {
    { F(boot_id), .max = 64, .doc = "The run of the machine that the pids belong to." },
    { F_ENUM(status, unit_statuses), .doc = "Status." },
    { F(reason), .max = 1000, .doc = "Why." },
    { F(health), .max = 32, .doc = "Health." },
    { F(isolation), .max = 1000, .doc = "Isolation that is applied, and what is not." },
    { F(pid), .doc = "Process." },
    { F(pid_start), .doc = "Its start, in ticks since boot." },
    { F(shim_pid), .doc = "The shim." },
    { F(shim_start), .doc = "Its start, in ticks since boot." },
    { F(restarts), .doc = "Restarts." },
    { F(exit_code), .doc = "Last exit code." },
    { F(port), .doc = "Port." },
    { F(last), .doc = "The shim's last words." },
    { F(started_at), .doc = "Last start." },
    { F(stopped_at), .doc = "Last end." },
};
#undef D
DESC(unit_state);

bool lock_take(int fd)
{
    struct flock l = { .l_type = F_WRLCK };
    return !fcntl(fd, F_OFD_SETLK, &l);
}

bool lock_is_taken(int fd)
{
    struct flock l = { .l_type = F_WRLCK };
    return !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK;
}

int unit_lock(const char *unit_dir)
{
    int fd = open(unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB)) return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}

static const char *path_of(struct op *op, const char *dir, const char *name)
{
    return arena_printf(op->arena, "%s/%s", dir, name).p;
}

err_t unit_file_read(struct op *op, const char *unit_dir, struct unit_file *out)
{
    str text;
    TRY(fs_read(op, path_of(op, unit_dir, UNIT_FILE), UNIT_FILE_MAX, &text));
    return desc_read(op, &unit_file_desc, text, out);
}

static str unit_file_text(struct op *op, const struct unit_file *f)
{
    struct buf b = BUF(op->arena);
    desc_write(&b, &unit_file_desc, f);
    return buf_str(&b);
}

err_t unit_file_write(struct op *op, const char *unit_dir, const struct unit_file *f)
{
    return fs_replace(op, path_of(op, unit_dir, UNIT_FILE), unit_file_text(op, f), 0600);
}

/* Old or new after a crash of ours, like fs_replace, but not yet safe from a power cut. */
static err_t replace_fast(struct op *op, const char *dir, const char *name, str text)
{
    const char *path = path_of(op, dir, name), *temp = arena_printf(op->arena, "%s" TEMP_SUFFIX, path).p;
    AUTO(fd) int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && fs_write_all(fd, text) && !rename(temp, path)) return OK;
    return fail(op, errno == ENOSPC ? ERR_UNAVAILABLE : ERR_INTERNAL, "write '%s': %s", path,
                strerror(errno));
}

err_t unit_file_make(struct op *op, const char *unit_dir, const struct unit_file *f)
{
    return replace_fast(op, unit_dir, UNIT_FILE, unit_file_text(op, f));
}

err_t unit_file_sync(struct op *op, const char *unit_dir)
{
    const char *path = path_of(op, unit_dir, UNIT_FILE);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd)) return fail(op, ERR_UNAVAILABLE, "sync '%s': %s", path, strerror(errno));
    TRY(fs_sync_dir(op, unit_dir));
    return fs_sync_dir(op, str_z(op->arena, fs_dir_name(str_of(unit_dir))));
}

void unit_state_read(struct op *op, const char *unit_dir, struct unit_state *out)
{
    str text;
    if (!fs_read(op, path_of(op, unit_dir, STATE_FILE), UNIT_FILE_MAX, &text) &&
        !desc_read_answer(op, &unit_state_desc, text, out))
        return;
    op_clear(op);
    desc_defaults(&unit_state_desc, op->arena, out);
    out->status = UNIT_STOPPED;
}

err_t unit_state_write(struct op *op, const char *unit_dir, const struct unit_state *s)
{
    struct buf b = BUF(op->arena);
    desc_write(&b, &unit_state_desc, s);
    return replace_fast(op, unit_dir, STATE_FILE, buf_str(&b));
}
