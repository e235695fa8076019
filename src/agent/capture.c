#include "agent/capture.h"
#include "base/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void segment_name(char out[static SEGMENT_NAME], const char *name, u32 segment, const char *suffix)
{
    if (segment) snprintf(out, SEGMENT_NAME, "%s.%u.%s", name, segment, suffix);
    else snprintf(out, SEGMENT_NAME, "%s.%s", name, suffix);
}

static int by_number(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return x < y ? -1 : x > y;
}

size_t segment_list(int dir, const char *name, u32 *out, size_t cap)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        return 0;
    }
    size_t n = 0;
    for (struct dirent *x; n < cap && (x = readdir(d));) {
        str rest = str_of(x->d_name), head, number;
        i64 v;
        if (str_cut(rest, '.', &head, &rest) && str_is(head, name) && str_cut(rest, '.', &number, &rest) &&
            str_is(rest, "log") && str_to_i64(number, &v) && v > 0 && v <= UINT32_MAX)
            out[n++] = (u32)v;
    }
    closedir(d);
    qsort(out, n, sizeof *out, by_number);
    return n;
}

bool segment_head(int dir, const char *name, u32 segment, struct log_mark *out)
{
    char file[SEGMENT_NAME];
    segment_name(file, name, segment, "idx");
    AUTO(fd) int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && pread(fd, out, sizeof *out, 0) == sizeof *out && (out->flags & MARK_HEAD);
}

u64 count_lines(const char *p, size_t n)
{
    u64 lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++) lines++;
    return lines;
}

static bool put_mark(struct capture *c, u16 flags, i64 now_us)
{
    struct log_mark m = { .offset = c->offset,
                          .line = c->line,
                          .time_us = now_us,
                          .segment = c->segment,
                          .stream = c->stream,
                          .flags = flags };
    c->marked_us = now_us;
    ssize_t n = write(c->idx, &m, sizeof m);
    if (n == sizeof m) return true;
    struct stat st;
    /* A mark cut off by a full disk would shift all that follow. Without marks only the times are coarser. */
    if (n > 0 && (fstat(c->idx, &st) || ftruncate(c->idx, st.st_size - n))) capture_close(c);
    return false;
}

static int open_part(const struct capture *c, const char *suffix, int flags)
{
    char file[SEGMENT_NAME];
    segment_name(file, c->name, 0, suffix);
    return openat(c->dir, file, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0600);
}

/* Opens fresh files for segment c->segment, beginning at c->offset. The index comes second: readers take a
 * file whose head mark is not there yet for one that is not there yet. */
static bool open_segment(struct capture *c)
{
    c->base = c->offset;
    c->log = open_part(c, "log", O_CREAT | O_TRUNC);
    c->idx = open_part(c, "idx", O_CREAT | O_TRUNC);
    return c->log >= 0 && c->idx >= 0 && put_mark(c, MARK_HEAD, time_now().us);
}

static void drop_oldest(struct capture *c)
{
    enum { MANY = 4096 };
    static u32 have[MANY];
    size_t n = segment_list(c->dir, c->name, have, MANY);
    for (size_t i = 0; i + (size_t)MAX(c->keep, 0) < n; i++) {
        char file[SEGMENT_NAME];
        segment_name(file, c->name, have[i], "log");
        unlinkat(c->dir, file, 0);
        segment_name(file, c->name, have[i], "idx");
        unlinkat(c->dir, file, 0);
    }
}

static void rename_part(const struct capture *c, const char *suffix)
{
    char from[SEGMENT_NAME], to[SEGMENT_NAME];
    segment_name(from, c->name, 0, suffix);
    segment_name(to, c->name, c->segment, suffix);
    renameat(c->dir, from, c->dir, to);
}

static void rotate(struct capture *c)
{
    rename_part(c, "idx");
    rename_part(c, "log");
    close(c->log);
    close(c->idx);
    c->segment++;
    c->log = c->idx = -1;
    if (!open_segment(c)) capture_close(c); /* tried again at the next write */
    drop_oldest(c);
}

/* Last whole mark of the open index. */
static bool last_mark(const struct capture *c, struct log_mark *out)
{
    struct stat st;
    if (fstat(c->idx, &st) || st.st_size < (off_t)sizeof *out) return false;
    off_t at = (st.st_size / (off_t)sizeof *out - 1) * (off_t)sizeof *out;
    return pread(c->idx, out, sizeof *out, at) == sizeof *out;
}

/* Counts what was written after the last mark, so that line numbers go on exactly. */
static void count_tail(struct capture *c, u64 from)
{
    char part[65536];
    for (u64 at = from; at < c->offset;) {
        ssize_t n = pread(c->log, part, MIN(sizeof part, c->offset - at), (off_t)(at - c->base));
        if (n <= 0) break;
        c->line += count_lines(part, (size_t)n);
        c->cut = part[n - 1] != '\n';
        at += (u64)n;
    }
}

static bool resume(struct capture *c)
{
    struct log_mark head, last;
    struct stat st;
    c->log = open_part(c, "log", 0);
    c->idx = open_part(c, "idx", 0);
    if (c->log < 0 || c->idx < 0 || fstat(c->log, &st) || !segment_head(c->dir, c->name, 0, &head) ||
        !last_mark(c, &last))
        return false;
    struct stat is;
    if (!fstat(c->idx, &is) && is.st_size % (off_t)sizeof last &&
        ftruncate(c->idx, is.st_size / (off_t)sizeof last * (off_t)sizeof last))
        return false;
    c->segment = head.segment;
    c->base = head.offset;
    c->offset = c->base + (u64)st.st_size;
    c->line = last.line;
    c->stream = last.stream;
    count_tail(c, MAX(last.offset, c->base));
    return true;
}

/* After a crash inside rotate(): the index already has its number, the log not yet. */
static void finish_rename(struct capture *c)
{
    char log[SEGMENT_NAME], idx[SEGMENT_NAME];
    enum { TRIES = 2 };
    u32 have[1024];
    size_t n = segment_list(c->dir, c->name, have, LEN(have));
    u32 next = n ? have[n - 1] + 1 : 1;
    segment_name(idx, c->name, next, "idx");
    segment_name(log, c->name, next, "log");
    char now[SEGMENT_NAME];
    segment_name(now, c->name, 0, "log");
    if (!faccessat(c->dir, idx, F_OK, 0)) renameat(c->dir, now, c->dir, log);
}

/* Begins a new file behind the newest full one. */
static bool begin(struct capture *c)
{
    u32 have[1024];
    capture_close(c);
    finish_rename(c);
    size_t n = segment_list(c->dir, c->name, have, LEN(have));
    struct log_mark head;
    if (n && segment_head(c->dir, c->name, have[n - 1], &head)) {
        char file[SEGMENT_NAME];
        segment_name(file, c->name, have[n - 1], "log");
        AUTO(fd) int fd = openat(c->dir, file, O_RDONLY | O_CLOEXEC);
        struct stat st;
        if (fd >= 0 && !fstat(fd, &st)) {
            c->log = fd;
            c->base = head.offset;
            c->offset = head.offset + (u64)st.st_size;
            c->line = head.line;
            count_tail(c, c->base);
        }
    }
    c->segment = n ? have[n - 1] + 1 : 1;
    c->cut = false;
    c->log = -1;
    return open_segment(c);
}

static bool exists(const struct capture *c)
{
    char log[SEGMENT_NAME], idx[SEGMENT_NAME];
    segment_name(log, c->name, 0, "log");
    segment_name(idx, c->name, 0, "idx");
    return !faccessat(c->dir, log, F_OK, 0) || !faccessat(c->dir, idx, F_OK, 0);
}

err_t capture_open(struct op *op, int dir, const char *name, i64 rotate_bytes, i64 keep, struct capture *out)
{
    *out = (struct capture){
        .dir = dir, .name = name, .rotate = rotate_bytes, .keep = keep, .log = -1, .idx = -1
    };
    u32 any;
    bool resumed = resume(out);
    if (!resumed) capture_close(out);
    /* A log that was never written is made when it is: starting a unit need not wait for the disk. */
    if (!resumed && (segment_list(dir, name, &any, 1) || exists(out)) && !begin(out)) {
        capture_close(out);
        return fail(op, ERR_UNAVAILABLE, "open log '%s': %s", name, strerror(errno));
    }
    if (out->cut) capture_write(out, out->stream, S("\n"));
    return OK;
}

void capture_close(struct capture *c)
{
    if (c->log >= 0) close(c->log);
    if (c->idx >= 0) close(c->idx);
    c->log = c->idx = -1;
}

static bool put_bytes(struct capture *c, str bytes)
{
    u64 lines = count_lines(bytes.p, bytes.n);
    if (c->log < 0 || !fs_write_all(c->log, bytes)) {
        struct stat st;
        /* What a full disk cut off is undone, so that offsets stay true. */
        if (c->log >= 0 && !fstat(c->log, &st) && (u64)st.st_size > c->offset - c->base &&
            ftruncate(c->log, (off_t)(c->offset - c->base)))
            capture_close(c);
        c->lost_bytes += bytes.n;
        c->lost_lines += lines;
        return false;
    }
    c->offset += bytes.n;
    c->line += lines;
    c->cut = bytes.p[bytes.n - 1] != '\n';
    return true;
}

bool capture_write(struct capture *c, u16 stream, str bytes)
{
    if (!bytes.n) return true;
    if (c->log < 0 && !resume(c) && !begin(c)) return put_bytes(c, bytes);
    i64 now = time_now().us;
    if (stream != c->stream || now - c->marked_us >= MARK_EVERY_US || now < c->marked_us) {
        if (stream != c->stream && c->cut) put_bytes(c, S("\n"));
        c->stream = stream;
        put_mark(c, 0, now);
    }
    bool ok = put_bytes(c, bytes);
    if ((i64)(c->offset - c->base) >= c->rotate && !c->cut) rotate(c);
    return ok;
}
