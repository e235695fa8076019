/* Control groups, version 2: limits, and a whole tree of processes frozen or killed at once. Everything
 * degrades: without a writable hierarchy there is none; without a controller its limit is left to the shim's
 * watch and to rlimits. */
#pragma once
#include "agent/spec.h"

enum cgroup_controller { CGROUP_MEMORY = 1 << 0, CGROUP_PIDS = 1 << 1, CGROUP_CPU = 1 << 2 };
struct cgroup_root {
    char path[256];       /* where units' groups are made; "" when there is no place for them */
    unsigned controllers; /* usable in units' groups */
    const char *why;      /* what keeps us from more, for the isolation report */
};
/* Looks for a place that we may write: the service's own delegated group (the calling process moves into a
 * leaf of it), or the top of the hierarchy for root. */
void cgroup_find(struct cgroup_root *out);

/* Makes a unit's group with its limits: a directory descriptor, -1 when that fails. *applied tells which
 * limits the kernel took. */
int cgroup_make(const struct cgroup_root *, const char *unit, const struct unit_resources *,
                unsigned *applied);
int cgroup_open(const struct cgroup_root *, const char *unit); /* -1: there is none */
void cgroup_remove(const struct cgroup_root *, const char *unit);

bool cgroup_kill(int dir); /* SIGKILL to everything inside; false: there is no such means */
void cgroup_limit_pids(int dir, i64 n);
bool cgroup_freeze(int dir, bool frozen);
bool cgroup_empty(int dir);
i64 cgroup_oom_kills(int dir); /* -1: not told */
i64 cgroup_cpu_us(int dir);    /* CPU time used by all that ever ran inside; -1: not told */
i64 cgroup_memory(int dir);    /* bytes charged now; -1: not told */
