#include "agent/proc.h"
#include "base/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* /proc files are read whole into the caller's buffer: they are small, and nothing here may allocate. */
static size_t slurp(const char *path, char *out, size_t cap)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    size_t n = 0;
    while (n < cap - 1) {
        ssize_t k = read(fd, out + n, cap - 1 - n);
        if (k <= 0) break;
        n += (size_t)k;
    }
    out[n] = 0;
    return n;
}

const char *proc_boot_id(void)
{
    static char id[40];
    if (!id[0] && slurp("/proc/sys/kernel/random/boot_id", id, sizeof id) >= 36) id[36] = 0;
    return id;
}

static i64 page_bytes(void)
{
    static long page;
    if (!page) page = sysconf(_SC_PAGESIZE);
    return page;
}

static i64 tick_us(void)
{
    static long per_second;
    if (!per_second) per_second = sysconf(_SC_CLK_TCK);
    return 1000000 / per_second;
}

/* Field numbers are proc(5)'s, counted from the state, which follows the last ')': a program's name may hold
 * blanks and brackets. */
enum { STATE, PPID, GROUP, SESSION, UTIME = 11, STIME, THREADS = 17, START = 19, VSIZE, RSS, STAT_FIELDS };

bool proc_read(i64 pid, struct proc_stat *out)
{
    char path[48], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    size_t n = slurp(path, text, sizeof text);
    const char *p = n ? memrchr(text, ')', n) : NULL;
    if (!p || !p[1]) return false;
    p += 2;
    i64 v[STAT_FIELDS] = { 0 };
    char state = *p;
    for (int i = 0; i < STAT_FIELDS && *p; i++) {
        if (i) v[i] = strtoll(p, NULL, 10);
        while (*p && *p != ' ') p++;
        if (*p) p++;
    }
    *out = (struct proc_stat){
        .pid = pid,
        .ppid = v[PPID],
        .group = v[GROUP],
        .session = v[SESSION],
        .threads = v[THREADS],
        .start = v[START],
        .cpu_us = (v[UTIME] + v[STIME]) * tick_us(),
        .vsz_bytes = v[VSIZE],
        .rss_bytes = v[RSS] * page_bytes(),
        .state = state,
    };
    return true;
}

struct proc_id proc_self(void)
{
    struct proc_stat s = { 0 };
    bool ok = proc_read(getpid(), &s);
    return (struct proc_id){ getpid(), ok ? s.start : 0 };
}

bool proc_is(struct proc_id id)
{
    struct proc_stat s;
    return id.pid > 0 && proc_read(id.pid, &s) && s.start == id.start && !proc_dead(&s);
}

int proc_open(struct proc_id id)
{
    if (id.pid <= 0) return -1;
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)id.pid, 0);
    if (fd >= 0 && proc_is(id)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

bool proc_signal(struct proc_id id, int sig)
{
    AUTO(fd) int fd = proc_open(id);
    return fd >= 0 && !syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0);
}

void proc_each(void (*fn)(void *ctx, const struct proc_stat *), void *ctx)
{
    DIR *d = opendir("/proc");
    if (!d) return;
    struct proc_stat s;
    for (struct dirent *x; (x = readdir(d));) {
        i64 pid;
        if (str_to_i64(str_of(x->d_name), &pid) && pid > 0 && proc_read(pid, &s)) fn(ctx, &s);
    }
    closedir(d);
}

struct marked {
    str want;
    size_t n;
};

static void kill_if_marked(void *ctx, const struct proc_stat *s)
{
    struct marked *m = ctx;
    char path[48], text[65536];
    snprintf(path, sizeof path, "/proc/%lld/environ", (long long)s->pid);
    if (s->pid == getpid() || proc_dead(s)) return;
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    for (ssize_t k; fd >= 0 && n < sizeof text && (k = read(fd, text + n, sizeof text - n)) > 0;)
        n += (size_t)k;
    for (str rest = { text, n }, one; str_next(&rest, 0, &one);)
        if (str_eq(one, m->want)) {
            m->n += proc_signal((struct proc_id){ s->pid, s->start }, SIGKILL);
            return;
        }
}

size_t proc_kill_marked(const char *name_value)
{
    struct marked m = { .want = str_of(name_value) };
    proc_each(kill_if_marked, &m);
    return m.n;
}

i64 proc_tasks(void)
{
    char text[128];
    slurp("/proc/loadavg", text, sizeof text);
    const char *slash = strchr(text, '/'); /* "0.00 0.01 0.05 1/234 5678" */
    return slash ? strtoll(slash + 1, NULL, 10) : 0;
}

struct tally {
    uid_t uid;
    i64 n;
};

static void add_if_ours(void *ctx, const struct proc_stat *s)
{
    struct tally *t = ctx;
    struct stat st;
    char path[48];
    snprintf(path, sizeof path, "/proc/%lld", (long long)s->pid);
    if (!stat(path, &st) && st.st_uid == t->uid) t->n += MAX(s->threads, 1);
}

i64 proc_user_tasks(void)
{
    struct tally t = { .uid = geteuid() };
    proc_each(add_if_ours, &t);
    return t.n;
}

i64 proc_open_files(i64 pid)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%lld/fd", (long long)pid);
    DIR *d = opendir(path);
    if (!d) return -1;
    i64 n = 0;
    for (struct dirent *x; (x = readdir(d));) n += x->d_name[0] != '.';
    closedir(d);
    return n;
}

bool proc_io(i64 pid, i64 *read_bytes, i64 *written_bytes)
{
    char path[48], text[512];
    snprintf(path, sizeof path, "/proc/%lld/io", (long long)pid);
    if (!slurp(path, text, sizeof text)) return false;
    const char *r = strstr(text, "\nread_bytes: "), *w = strstr(text, "\nwrite_bytes: ");
    if (!r || !w) return false;
    *read_bytes = strtoll(r + 13, NULL, 10);
    *written_bytes = strtoll(w + 14, NULL, 10);
    return true;
}
