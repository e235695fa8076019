/* What holds a unit within its bounds: what is applied is told once, and limits that no control group takes
 * are watched here. */
#include "agent/shim_impl.h"
#include <unistd.h>

enum { WATCH_US = 250000, WATCH_PIDS_US = 10000 };

/* "namespaces, privileges, seccomp, cgroup memory; without cgroup cpu (...)": what holds, and what could not
 * be had and why. */
void shim_describe_isolation(struct shim *s)
{
    struct arena a = { 0 };
    struct buf have = BUF(&a), lack = BUF(&a);
    bool none = s->spec->entry.sandbox.profile == SANDBOX_NONE;
    for (int i = 0; i < ISO__COUNT; i++) {
        if (s->refused[i]) buf_printf(&lack, ", %s (%s)", isolation_names[i], strerror(s->refused[i]));
        else if (!none || i == ISO_PRIVILEGES) buf_printf(&have, ", %s", isolation_names[i]);
    }
    const struct unit_resources *r = &s->spec->entry.resources;
    const struct {
        unsigned bit;
        bool wanted;
        const char *name, *instead;
    } limit[] = { { CGROUP_MEMORY, r->memory_max > 0, "memory", ": watched every 250 ms instead" },
                  { CGROUP_PIDS, r->pids > 0, "pids", ": watched every 10 ms instead" },
                  { CGROUP_CPU, r->cpu > 0, "cpu", ": kept by holding it still for moments instead" } };
    if (s->cgroup >= 0) buf_put(&have, S(", cgroup"));
    for (size_t i = 0; i < LEN(limit); i++) {
        if (!limit[i].wanted) continue;
        if (s->limits & limit[i].bit) buf_printf(&have, ", %s limit", limit[i].name);
        else buf_printf(&lack, ", %s limit (%s%s)", limit[i].name, s->start->cgroups->why, limit[i].instead);
    }
    str h = str_skip(buf_str(&have), 2), l = str_skip(buf_str(&lack), 2);
    char text[sizeof s->state.isolation];
    snprintf(text, sizeof text, "%.*s%s%.*s", STR(h), l.n ? "; without " : "", STR(l));
    if (strcmp(text, s->state.isolation)) {
        memcpy(s->state.isolation, text, sizeof text);
        shim_event(s, l.n ? LEVEL_WARN : LEVEL_INFO, "isolation", "isolation: %s", text);
    }
    arena_free(&a);
}

static bool watches_pids(const struct shim *s)
{
    return s->spec->entry.resources.pids && !(s->limits & CGROUP_PIDS);
}

void shim_watch_begin(struct shim *s)
{
    bool memory = s->spec->entry.resources.memory_max && !(s->limits & CGROUP_MEMORY);
    s->watch_us = memory || watches_pids(s) ? s->began_us : 0;
    s->count_us = 0;
}

/* A bomb doubles in a millisecond, so processes are looked at often, but cheaply: as long as the machine has
 * not gained as many tasks as the unit may still make, nothing needs to be counted. */
static bool may_have_grown(struct shim *s, i64 now)
{
    i64 tasks = proc_tasks();
    return now >= s->count_us || !tasks || tasks - s->tasks >= s->spec->entry.resources.pids - s->processes;
}

void shim_watch(struct shim *s, i64 now)
{
    enum { MANY = 4096 };
    static struct proc_stat all[MANY];
    const struct unit_resources *r = &s->spec->entry.resources;
    i64 rss = 0;
    char cause[160];
    s->watch_us = now + (watches_pids(s) ? WATCH_PIDS_US : WATCH_US);
    if (watches_pids(s) && !may_have_grown(s, now)) return;
    s->tasks = proc_tasks();
    s->count_us = now + WATCH_US;
    size_t n = proc_tree(getpid(), all, MANY);
    s->processes = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i].pid == s->spare.pid) continue;
        s->processes++;
        rss += all[i].rss_bytes;
    }
    if (r->memory_max && !(s->limits & CGROUP_MEMORY) && rss > r->memory_max) {
        snprintf(cause, sizeof cause, "out of memory: %lld MiB used, the limit is %lld MiB",
                 (long long)(rss >> 20), (long long)(r->memory_max >> 20));
        shim_kill(s, cause);
    } else if (watches_pids(s) && s->processes > r->pids) {
        snprintf(cause, sizeof cause, "too many processes: %lld, the limit is %lld", (long long)s->processes,
                 (long long)r->pids);
        shim_kill(s, cause);
    }
}
