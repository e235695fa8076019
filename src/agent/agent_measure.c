/* What units use: one look at all processes serves all units. A unit's tree is what descends from its shim.
 */
#include "agent/agent_impl.h"
#include "agent/gpu.h"
#include <unistd.h>

enum { MEASURE_EVERY_US = 10000000 };

enum { GPU_ROWS = 512 };
struct all {
    struct arena arena;
    struct proc_stat *s;
    size_t n, cap;
    struct gpu_use *gpu;
    size_t ngpu;
};

static void add(void *ctx, const struct proc_stat *s)
{
    struct all *a = ctx;
    if (a->n == a->cap) {
        struct proc_stat *more = NEWN(&a->arena, struct proc_stat, a->cap = a->cap ? a->cap * 2 : 256);
        if (a->n) memcpy(more, a->s, a->n * sizeof *more);
        a->s = more;
    }
    a->s[a->n++] = *s;
}

static void add_process(const struct all *a, struct figures *f, const struct proc_stat *s)
{
    i64 in = 0, out = 0, files = proc_open_files(s->pid);
    f->cpu_us += s->cpu_us;
    f->rss_bytes += s->rss_bytes;
    f->vsz_bytes += s->vsz_bytes;
    f->threads += s->threads;
    f->open_files += MAX(files, 0);
    if (proc_io(s->pid, &in, &out)) {
        f->read_bytes += in;
        f->written_bytes += out;
    }
    for (size_t i = 0; i < a->ngpu; i++)
        if (a->gpu[i].pid == s->pid) {
            f->gpu = true;
            f->gpu_percent += a->gpu[i].percent;
            f->gpu_memory_bytes += a->gpu[i].memory_bytes;
        }
}

/* Children stand behind their parents only by chance, so the list is walked as long as it grows. */
static void add_tree(struct all *a, i64 root, i64 spare, struct figures *f)
{
    i64 *queue = NEWN(&a->arena, i64, a->n + 1);
    size_t n = 1;
    queue[0] = root;
    for (size_t next = 0; next < n; next++)
        for (size_t i = 0; i < a->n && n <= a->n; i++)
            if (a->s[i].ppid == queue[next] && a->s[i].pid != spare) {
                add_process(a, f, &a->s[i]);
                queue[n++] = a->s[i].pid;
            }
}

/* Of all processes that were in the unit's group since it was made; -1: there is none. */
static i64 group_cpu_us(const struct agent *a, const struct unit *u)
{
    char id[UUID_TEXT];
    uuid_text(u->id, id);
    int group = cgroup_open(&a->cgroups, id);
    i64 cpu = cgroup_cpu_us(group);
    if (group >= 0) close(group);
    return cpu;
}

void measure_forget(struct agent *a, struct unit *u)
{
    u->now = (struct figures){ .cpu_us = MAX(group_cpu_us(a, u), 0) };
}

static void measure(struct agent *a, struct unit *u, struct all *all, i64 now)
{
    struct figures f = { .at_us = now };
    add_tree(all, u->state.shim_pid, u->state.spare_pid, &f);
    i64 cpu = group_cpu_us(a, u); /* knows of processes that came and went meanwhile */
    if (cpu >= 0) f.cpu_us = cpu;
    /* The first reading tells of all the time since the start; what a start takes is no load yet. */
    i64 passed = u->now.at_us ? now - u->now.at_us : MAX(time_now().us - u->state.started_us, SEC(1));
    i64 spent = f.cpu_us - u->now.cpu_us;
    if (spent >= 0 && passed > 0) f.cpu_percent = 100.0 * (double)spent / (double)passed;
    u->now = f;
    uplink_unit_measured(a, u);
}

void measure_unseen(struct agent *a)
{
    for (size_t i = 0; i < a->nunits; i++) {
        const struct unit *u = a->unit[i];
        bool seen =
            u->now.at_us && u->now.rss_bytes; /* in the middle of its execve a program has no memory */
        if (u->state.pid > 0 && !seen) a->measure_us = 0;
    }
    measure_step(a, time_mono_us());
}

void measure_step(struct agent *a, i64 now)
{
    if (now < a->measure_us || !a->nunits) return;
    struct all all = { 0 };
    a->measure_us = now + MEASURE_EVERY_US;
    proc_each(add, &all);
    all.gpu = NEWN(&all.arena, struct gpu_use, GPU_ROWS);
    all.ngpu = gpu_processes(all.gpu, GPU_ROWS);
    for (size_t i = 0; i < a->nunits; i++)
        if (a->unit[i]->state.shim_pid && a->unit[i]->link.fd >= 0) measure(a, a->unit[i], &all, now);
    arena_free(&all.arena);
    a->dirty = true;
}
