#include "agent/log_reader.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

static err_t open_logs(struct op *op, const char *unit_dir, int *out)
{
    const char *path = arena_printf(op->arena, "%s/logs", unit_dir).p;
    *out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out < 0 ? fail(op, ERR_NOT_FOUND, "no logs in '%s': %s", path, strerror(errno)) : OK;
}

/* False: the reader of the lines has had enough. */
static bool give_all(struct log_reader *r, bool rest, log_line_fn fn, void *ctx)
{
    struct log_line line;
    while (reader_next(r, rest, &line))
        if (!fn(ctx, &line)) return false;
    return true;
}

err_t log_read_last(struct op *op, const char *unit_dir, i64 n, log_line_fn fn, void *ctx)
{
    AUTO(fd) int dir = -1;
    struct log_reader r;
    TRY(open_logs(op, unit_dir, &dir));
    if (reader_open_last(&r, dir, "out", arena_alloc_raw(op->arena, READER_BYTES), n))
        give_all(&r, true, fn, ctx);
    reader_close(&r);
    return OK;
}

static err_t watch_logs(struct op *op, const char *unit_dir, int *out)
{
    const char *path = arena_printf(op->arena, "%s/logs", unit_dir).p;
    *out = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (*out < 0 || inotify_add_watch(*out, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
        return fail(op, ERR_UNAVAILABLE, "watch '%s': %s", path, strerror(errno));
    return OK;
}

/* False: the unit's directory is gone, or stop_fd is readable. */
static bool await(int watch, int stop_fd)
{
    char events[4096];
    struct pollfd p[2] = { { .fd = watch, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
    if (poll(p, 2, -1) < 0) return errno == EINTR;
    ssize_t n = read(watch, events, sizeof events);
    for (ssize_t at = 0; at < n;) {
        struct inotify_event e;
        memcpy(&e, events + at, sizeof e);
        if (e.mask & (IN_DELETE_SELF | IN_IGNORED)) return false;
        at += (ssize_t)(sizeof e + e.len);
    }
    return !p[1].revents;
}

err_t log_follow(struct op *op, const char *unit_dir, i64 n, int stop_fd, log_line_fn fn, void *ctx)
{
    AUTO(fd) int dir = -1;
    AUTO(fd) int watch = -1;
    struct log_reader r;
    char *buf = arena_alloc_raw(op->arena, READER_BYTES);
    TRY(open_logs(op, unit_dir, &dir));
    TRY(watch_logs(op, unit_dir, &watch)); /* before the first read: nothing falls between */
    bool open = reader_open_last(&r, dir, "out", buf, n);
    while (!open || give_all(&r, false, fn, ctx)) {
        if (!await(watch, stop_fd)) break;
        if (!open) open = reader_open(&r, dir, "out", buf, 0);
    }
    reader_close(&r);
    return OK;
}
