/* The limit of processor time where no control group keeps it: the unit earns time as the clock goes, and
 * while it has spent more than it earned it stands still. As with the kernel's own limit it may save up a
 * tenth of a second's worth. It is looked at no sooner than it could have spent what it has. */
#include "agent/shim_impl.h"
#include <unistd.h>

enum { PERIOD_US = 100000, LOOK_LEAST_US = 10000 };

static double cores_allowed(const struct shim *s) { return s->spec->entry.resources.cpu; }

bool shim_cpu_kept_here(const struct shim *s) { return cores_allowed(s) > 0 && !(s->limits & CGROUP_CPU); }

/* A group knows of processes that have ended, too; without one, those that live count. */
static i64 used(const struct shim *s)
{
    enum { MANY = 1024 };
    static struct proc_stat all[MANY];
    i64 sum = cgroup_cpu_us(s->cgroup);
    if (sum >= 0) return sum;
    sum = 0;
    for (size_t i = 0, n = proc_tree(getpid(), all, MANY); i < n; i++)
        if (all[i].pid != s->spare.pid) sum += all[i].cpu_us;
    return sum;
}

static void hold(struct shim *s, bool still)
{
    if (s->cpu.held == still) return;
    s->cpu.held = still;
    shim_still(s, still);
}

void shim_cpu_begin(struct shim *s, i64 now)
{
    if (!shim_cpu_kept_here(s)) return;
    s->cpu = (struct cpu_keeper){ .next_us = now + LOOK_LEAST_US,
                                  .seen_us = now,
                                  .used_us = used(s),
                                  .saved_us = PERIOD_US * cores_allowed(s) };
}

void shim_cpu_end(struct shim *s)
{
    hold(s, false);
    s->cpu.next_us = 0;
}

void shim_cpu_step(struct shim *s, i64 now)
{
    struct cpu_keeper *c = &s->cpu;
    if (!c->next_us || now < c->next_us) return;
    double cores = cores_allowed(s);
    i64 total = used(s), spent = MAX(total - c->used_us, 0);
    c->saved_us = MIN(c->saved_us + cores * (double)(now - c->seen_us), PERIOD_US * cores) - (double)spent;
    c->used_us = total;
    c->seen_us = now;
    hold(s, c->saved_us < 0);
    i64 fastest = (i64)sysconf(_SC_NPROCESSORS_ONLN);
    double wait = c->saved_us < 0 ? -c->saved_us / cores : c->saved_us / (double)MAX(fastest, 1);
    c->next_us = now + MIN(MAX((i64)wait, (i64)LOOK_LEAST_US), c->saved_us < 0 ? SEC(10) : (i64)PERIOD_US);
}
