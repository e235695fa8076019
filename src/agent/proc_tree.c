/* A tree of processes: who is in it, and how all of it is made to stand, or to end, though it forks. */
#include "agent/proc.h"
#include "base/fs.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 16384 };

/* ---- who is in it ---- */

/* The pids of one "children" file, which knows no bound: read in pieces, a number may lie in two of them. */
static size_t pids_in(const char *path, struct proc_stat *out, size_t cap)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char piece[4096];
    size_t n = 0;
    i64 pid = 0;
    for (ssize_t k; fd >= 0 && (k = read(fd, piece, sizeof piece)) > 0;)
        for (ssize_t i = 0; i < k; i++) {
            if (piece[i] >= '0' && piece[i] <= '9') pid = pid * 10 + piece[i] - '0';
            else if (pid && n < cap) out[n++].pid = pid;
            if (piece[i] == ' ') pid = 0;
        }
    return n;
}

/* Kernels with CONFIG_PROC_CHILDREN list children per thread; others make us look at every process. */
static size_t children_of(i64 pid, struct proc_stat *out, size_t cap)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    DIR *d = opendir(path);
    size_t listed = 0, n = 0;
    for (struct dirent *x; d && (x = readdir(d));) {
        if (x->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%lld/task/%s/children", (long long)pid, x->d_name);
        listed += pids_in(path, out + listed, cap - listed);
    }
    if (d) closedir(d);
    for (size_t i = 0; i < listed; i++)
        if (proc_read(out[i].pid, &out[n])) n++;
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
    size_t n = children_of(root, out, cap);
    for (size_t next = 0; next < n; next++)
        if (!proc_dead(&out[next])) n += children_of(out[next].pid, out + n, cap - n);
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

/* ---- to make all of it stand, or end ---- */

/* One may fork, and end before we come to it: its child is by then in a list that was read already. So a look
 * proves something only if all that it lists was seen to be at rest in the look before: those at rest fork no
 * more, and whatever they left behind is listed.
 * A process group is told at once, forks under way included (the kernel holds them up for that), so even what
 * forks all the time is caught. What also leaves its group each time is only chased, the newest first. */
struct seen {
    i64 pid, start;
    bool at_rest, fresh;
};
struct taming {
    i64 root, but;
    bool to_end; /* else to stand */
    struct seen *was, *now;
    size_t before, next;         /* of was: how many, and where to look */
    size_t fresh, moving, stuck; /* of one look; stuck: the kernel itself holds it up */
};

/* Lists keep their order from look to look, so it mostly is the next one. */
static const struct seen *before(struct taming *t, const struct proc_stat *s)
{
    for (size_t k = 0; k < t->before; k++) {
        size_t i = (t->next + k) % t->before;
        if (t->was[i].pid != s->pid || t->was[i].start != s->start) continue;
        t->next = i + 1;
        return &t->was[i];
    }
    return NULL;
}

/* One that was sent SIGKILL forks no more, whatever it was in the middle of. */
static bool at_rest(const struct taming *t, const struct proc_stat *s, const struct seen *known)
{
    return proc_dead(s) || (t->to_end ? known != NULL : s->state == 'T' || s->state == 't');
}

/* Groups below root hold nobody else, for root leads its session; but they may have joined ours, and the
 * number of one that ended while we looked may by now be another's: its leader then began later. */
static bool tell_group(const struct taming *t, const struct proc_stat *s, int sig)
{
    struct proc_stat alone, leader;
    bool apart = t->but && proc_read(t->but, &alone) && alone.group == s->group;
    bool strange = proc_read(s->group, &leader) && leader.start > s->start;
    return !apart && !strange && s->group > 1 && s->group != getpgrp() && !kill((pid_t)-s->group, sig);
}

/* Newest first. The group of one that is dead already may hold its heirs, which the list came too early for.
 * What is to end is told itself as well, for it may have left its group meanwhile and is not asked again. */
static void tell_all(const struct taming *t, const struct proc_stat *s, size_t n, int sig)
{
    i64 told = 0; /* the group of the one before */
    for (size_t i = n; i--;) {
        const struct seen *x = &t->now[i];
        if (s[i].pid == t->but || (x->at_rest && !x->fresh)) continue;
        bool known = s[i].group == told || tell_group(t, &s[i], sig);
        if (known) told = s[i].group;
        if (!x->at_rest && (!known || sig == SIGKILL))
            proc_signal((struct proc_id){ s[i].pid, s[i].start }, sig);
    }
}

static void look(struct taming *t)
{
    static struct proc_stat all[MANY];
    size_t n = proc_tree(t->root, all, MANY);
    t->fresh = t->stuck = t->next = 0;
    t->moving = n == MANY;
    for (size_t i = 0; i < n; i++) {
        const struct proc_stat *s = &all[i];
        const struct seen *known = before(t, s);
        bool left = s->pid == t->but, rests = left || at_rest(t, s, known);
        t->now[i] = (struct seen){ s->pid, s->start, rests, !known };
        t->fresh += !known;
        if (!rests && known && s->state == 'D') t->stuck++;
        else t->moving += !left && (!rests || !known || !known->at_rest);
    }
    tell_all(t, all, n, SIGSTOP);
    /* Not before all of it was told to stand: what is killed one by one forks away. */
    if (t->to_end) tell_all(t, all, n, SIGKILL);
    for (size_t i = 0; t->to_end && i < n; i++) t->now[i].at_rest = true;
    t->before = n;
    struct seen *was = t->was;
    t->was = t->now;
    t->now = was;
}

/* What only needs a processor is waited for; what the kernel holds (D) may be so for hours. However long a
 * look takes, there are enough of them to prove something. */
static bool tame(struct taming *t)
{
    enum { PATIENCE_US = 2000000, STUCK_US = 60000, NAP_NS = 300000, LOOKS = 4 };
    static struct seen list[2][MANY];
    t->was = list[0];
    t->now = list[1];
    i64 began = time_mono_us();
    for (int looks = 1;; looks++) {
        look(t);
        if (!t->moving && !t->stuck) return true;
        if (looks >= LOOKS && time_mono_us() - began > (t->moving ? PATIENCE_US : STUCK_US)) return false;
        if (!t->fresh) nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
    }
}

bool proc_stop_tree(i64 root, i64 but) { return tame(&(struct taming){ .root = root, .but = but }); }
bool proc_kill_tree(i64 root) { return tame(&(struct taming){ .root = root, .to_end = true }); }

void proc_continue_tree(i64 root, i64 but)
{
    static struct proc_stat all[MANY];
    size_t n = proc_tree(root, all, MANY);
    for (size_t i = 0; i < n; i++)
        if (all[i].pid != but) proc_signal((struct proc_id){ all[i].pid, all[i].start }, SIGCONT);
}
