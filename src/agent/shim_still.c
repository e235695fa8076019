/* A whole unit stands still and goes on: its control group is frozen; without one each process is stopped. */
#include "agent/shim_impl.h"
#include <unistd.h>

enum { AGAIN_US = 1000000 };

/* Where a process cannot be born into the group, the group stays empty. */
static bool frozen(const struct shim *s, bool still)
{
    return !cgroup_empty(s->cgroup) && cgroup_freeze(s->cgroup, still);
}

void shim_still(struct shim *s, bool still)
{
    s->still_us = 0;
    if (frozen(s, still)) return;
    if (!still) proc_continue_tree(getpid(), s->spare.pid);
    else if (!proc_stop_tree(getpid(), s->spare.pid)) s->still_us = time_mono_us() + AGAIN_US;
}
