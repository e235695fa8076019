/* The spare: a child that has become all that the unit's program is to be, but for execve. A crash then costs
 * one byte through a pipe and that call. It is made while the unit runs when the policy starts again at once,
 * else during the delay, and it is only used when nothing of what it was made of has changed meanwhile. */
#include "agent/memory.h"
#include "agent/shim_impl.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    AFTER_START_US = 100000, /* a program that has only just begun needs the processor itself */
    AHEAD_US = 500000,       /* of the end of a delay: a busy machine takes its time */
    RENEW_US = 1000000,      /* mounts seldom change alone */
    AT_ONCE_US = 10000,      /* delays below this leave no time to make one */
};

/* It counts as a process of the group, but not as one of the unit's. */
static void allow_one_more(struct shim *s, bool more)
{
    if (s->limits & CGROUP_PIDS) cgroup_limit_pids(s->cgroup, s->spec->entry.resources.pids + more);
}

static err_t make(struct shim *s, struct op *op)
{
    struct spare *p = &s->spare;
    p->ports = s->ports; /* the shim's own, and those that the spec names */
    TRY(shim_prepare(s, op, &p->ports, &p->launch));
    if (!launch_may_wait(&p->launch)) return ERR_CONFLICT;
    p->surroundings = launch_surroundings(op, s->spec, &p->launch);
    p->mounts = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
    allow_one_more(s, true);
    err_t e = launch_spare(op, &p->launch, &p->pid, &p->report, &p->go);
    if (e) allow_one_more(s, false);
    return e;
}

static void forget(struct shim *s)
{
    struct spare *p = &s->spare;
    int *fd[] = { &p->mounts, &p->report, &p->go };
    for (size_t i = 0; i < LEN(fd); i++) {
        if (*fd[i] >= 0) close(*fd[i]);
        *fd[i] = -1;
    }
    if (p->pid > 0 || p->used) allow_one_more(s, false);
    p->used = false;
    p->pid = 0;
    s->state.spare_pid = 0;
}

/* When the unit now runs: is one to be kept, and from when on? */
void shim_spare_plan(struct shim *s)
{
    const struct unit_restart *r = &s->spec->entry.restart;
    if (s->spare.used) forget(s);
    if (r->policy != RESTART_NEVER && r->min_us < AT_ONCE_US && !s->spare.pid)
        s->spare.make_us = s->began_us + AFTER_START_US;
}

void shim_spare_plan_delayed(struct shim *s, i64 delay_us)
{
    if (!s->spare.pid && delay_us > 0) s->spare.make_us = MAX(s->restart_us - AHEAD_US, 1);
}

/* The last process of a mount namespace takes it apart before its parent hears of its end, which costs a
 * millisecond: so we hold it too, and let go when the next program runs. */
void shim_view_hold(struct shim *s)
{
    char path[64];
    if (s->view >= 0) close(s->view);
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", s->child);
    s->view = open(path, O_RDONLY | O_CLOEXEC);
}

void shim_spare_step(struct shim *s, i64 now)
{
    struct spare *p = &s->spare;
    if (!p->make_us || now < p->make_us) return;
    p->make_us = 0;
    if (p->used) forget(s);
    if (p->pid || (s->phase != PHASE_RUNNING && s->phase != PHASE_WAITING)) return;
    arena_reset(&p->arena);
    struct op op = { .arena = &p->arena, .who = &principal_system };
    if (make(s, &op)) {
        p->pid = 0;
        forget(s); /* the ordinary start will say what is wrong */
        return;
    }
    s->state.spare_pid = p->pid;
    shim_send_states(s, true);
    s->trim_us = now + SEC(1);
}

/* Mounts made since are not seen by whoever has a view of its own; poll tells of a change once. */
static bool mounts_changed(const struct spare *p)
{
    struct pollfd f = { .fd = p->mounts, .events = POLLPRI };
    return p->mounts < 0 || poll(&f, 1, 0) != 0;
}

static bool still_true(struct shim *s)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system };
    struct spare *p = &s->spare;
    bool same = p->launch.cgroup == s->cgroup && !memcmp(p->launch.skip, s->skip, sizeof s->skip) &&
                !mounts_changed(p) && launch_ports_free(s->spec, &p->ports) &&
                launch_surroundings(&op, s->spec, &p->launch) == p->surroundings;
    arena_free(&a);
    return same;
}

bool shim_spare_take(struct shim *s)
{
    struct spare *p = &s->spare;
    p->make_us = 0;
    if (!p->pid) return false;
    if (!still_true(s) || write(p->go, "g", 1) != 1) {
        shim_spare_drop(s);
        return false;
    }
    struct arena was = s->run;
    s->run = p->arena;
    p->arena = was;
    s->launch = p->launch;
    s->ports = p->ports;
    s->child = p->pid;
    s->report = p->report;
    p->report = -1;
    p->pid = 0;
    p->used = true; /* the rest is tidied up when the program runs: now it needs the processor */
    s->settle = true;
    return true;
}

void shim_spare_drop(struct shim *s)
{
    struct spare *p = &s->spare;
    p->make_us = 0;
    if (!p->pid) return;
    kill(p->pid, SIGKILL);
    p->dying++;
    forget(s);
}

void shim_spare_renew(struct shim *s, i64 now)
{
    if (!s->spare.pid) return;
    shim_spare_drop(s);
    s->spare.make_us = s->phase == PHASE_WAITING ? now : now + RENEW_US;
}

void shim_spare_ended(struct shim *s, pid_t pid)
{
    if (pid == s->spare.pid) forget(s); /* something is wrong with it: an ordinary start will tell */
    else if (s->spare.dying) s->spare.dying--;
}

/* Killed, it ends without any help: the wait is as short as a call. */
void shim_spare_end(struct shim *s)
{
    shim_spare_drop(s);
    for (; s->spare.dying; s->spare.dying--)
        if (waitpid(-1, NULL, __WCLONE) < 0) break;
}
