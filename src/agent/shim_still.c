/* A whole unit stands still and goes on: its control group is frozen; without one each process is stopped. */
#include "agent/shim_impl.h"
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 4096, ROUNDS = 200, NAP_NS = 300000 };
struct told {
    i64 pid, start;
    bool still; /* it stood, or was dead, when it was looked at */
};
static struct proc_stat all[MANY];
static struct told told[2][MANY];

static const struct told *among(const struct told *t, size_t n, const struct proc_stat *s)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].pid == s->pid && t[i].start == s->start) return &t[i];
    return NULL;
}

static bool stands(const struct proc_stat *s)
{
    return s->state == 'T' || s->state == 't' || s->state == 'Z' || s->state == 'X';
}

/* While we go through the processes one may fork, and end before we come to it: its child has by then been
 * given to us, whose children were listed already. So again, until all were seen to stand twice. One that the
 * kernel itself holds up does not stand; it is not waited for long. */
static void stop_tree(const struct shim *s)
{
    size_t before = 0;
    if (s->child > 0)
        kill(-s->child, SIGSTOP); /* those that stayed in its group at once; then whoever left */
    for (int round = 0; round < ROUNDS; round++) {
        const struct told *was = told[round % 2], *known;
        struct told *now = told[1 - round % 2];
        size_t n = proc_tree(getpid(), all, MANY), fresh = 0, moving = 0;
        for (size_t i = 0; i < n; i++) {
            now[i] = (struct told){ all[i].pid, all[i].start, stands(&all[i]) };
            if (all[i].pid == s->spare.pid) continue;
            known = among(was, before, &all[i]);
            moving += !known || !known->still;
            if (known || now[i].still) continue;
            fresh++;
            proc_signal((struct proc_id){ all[i].pid, all[i].start }, SIGSTOP);
        }
        if (!moving) return;
        if (!fresh) nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
        before = n;
    }
}

static void continue_tree(const struct shim *s)
{
    size_t n = proc_tree(getpid(), all, MANY);
    for (size_t i = 0; i < n; i++)
        if (all[i].pid != s->spare.pid) proc_signal((struct proc_id){ all[i].pid, all[i].start }, SIGCONT);
}

/* Where a process cannot be born into the group, the group stays empty. */
void shim_still(const struct shim *s, bool still)
{
    if (!cgroup_empty(s->cgroup) && cgroup_freeze(s->cgroup, still)) return;
    if (still) stop_tree(s);
    else continue_tree(s);
}
