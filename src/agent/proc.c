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

static bool dead(const struct proc_stat *s) { return s->state == 'Z' || s->state == 'X'; }

bool proc_is(struct proc_id id)
{
    struct proc_stat s;
    return id.pid > 0 && proc_read(id.pid, &s) && s.start == id.start && !dead(&s);
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

/* Kernels with CONFIG_PROC_CHILDREN list children per thread; others make us look at every process. */
static size_t children_of(i64 pid, i64 *out, size_t cap)
{
    char path[300], text[8192];
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    DIR *d = opendir(path);
    size_t n = 0;
    for (struct dirent *x; d && n < cap && (x = readdir(d));) {
        if (x->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%lld/task/%s/children", (long long)pid, x->d_name);
        slurp(path, text, sizeof text);
        for (char *p = text, *end; n < cap; p = end) {
            i64 child = strtoll(p, &end, 10);
            if (end == p) break;
            out[n++] = child;
        }
        text[0] = 0;
    }
    if (d) closedir(d);
    return n;
}

static bool has_children_files(void)
{
    static int known; /* 1: yes, -1: no */
    if (!known) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", getpid(), getpid());
        known = access(path, R_OK) ? -1 : 1;
    }
    return known > 0;
}

static size_t tree_by_children(i64 root, struct proc_stat *out, size_t cap)
{
    enum { AT_ONCE = 1024 };
    i64 kids[AT_ONCE];
    size_t n = 0;
    for (size_t next = 0; n < cap;) {
        size_t k = children_of(next ? out[next - 1].pid : root, kids, AT_ONCE);
        for (size_t i = 0; i < k && n < cap; i++)
            if (proc_read(kids[i], &out[n])) n++;
        if (next++ >= n) break;
    }
    return n;
}

struct all {
    struct arena arena;
    struct proc_stat *s;
    size_t n, cap;
};

static void add_one(void *ctx, const struct proc_stat *s)
{
    struct all *a = ctx;
    if (a->n == a->cap) {
        struct proc_stat *more = NEWN(&a->arena, struct proc_stat, a->cap = a->cap ? a->cap * 2 : 256);
        if (a->n) memcpy(more, a->s, a->n * sizeof *more);
        a->s = more;
    }
    a->s[a->n++] = *s;
}

static size_t tree_by_scan(i64 root, struct proc_stat *out, size_t cap)
{
    struct all a = { 0 };
    proc_each(add_one, &a);
    size_t n = 0;
    for (size_t next = 0;; next++) {
        i64 parent = next ? out[next - 1].pid : root;
        for (size_t i = 0; i < a.n && n < cap; i++)
            if (a.s[i].ppid == parent) out[n++] = a.s[i];
        if (next >= n) break;
    }
    arena_free(&a.arena);
    return n;
}

size_t proc_tree(i64 root, struct proc_stat *out, size_t cap)
{
    return has_children_files() ? tree_by_children(root, out, cap) : tree_by_scan(root, out, cap);
}

void proc_kill_tree(i64 root)
{
    enum { MANY = 512, ROUNDS = 200 };
    struct proc_stat s[MANY];
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = proc_tree(root, s, MANY), alive = 0;
        /* A stopped tree cannot fork away from us while we go through it. */
        for (size_t i = 0; i < n; i++)
            if (!dead(&s[i]))
                alive += !proc_signal((struct proc_id){ s[i].pid, s[i].start }, SIGSTOP) ? 0 : 1;
        for (size_t i = 0; i < n; i++)
            if (!dead(&s[i])) proc_signal((struct proc_id){ s[i].pid, s[i].start }, SIGKILL);
        if (!alive) return;
    }
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
    if (s->pid == getpid() || dead(s)) return;
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
