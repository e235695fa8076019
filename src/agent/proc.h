/* Processes, as /proc tells. A process is known by (boot, pid, start time): a pid alone is reused, and a
 * signal to it would hit a stranger. */
#pragma once
#include "base/op.h"

struct proc_id {
    i64 pid;
    i64 start; /* clock ticks since boot; 0: not known */
};
struct proc_stat {
    i64 pid, ppid, group, session, threads, start;
    i64 cpu_us, vsz_bytes, rss_bytes;
    char state;
};

const char *proc_boot_id(void); /* 36 characters; "" when the kernel hides it */
bool proc_read(i64 pid, struct proc_stat *out);
static inline bool proc_dead(const struct proc_stat *s) { return s->state == 'Z' || s->state == 'X'; }
struct proc_id proc_self(void);
bool proc_is(struct proc_id);  /* still that very process, and not a zombie */
int proc_open(struct proc_id); /* pidfd of that very process; -1: gone */
bool proc_signal(struct proc_id, int sig);

/* Calls fn for every process of the machine that we may see. */
void proc_each(void (*fn)(void *ctx, const struct proc_stat *), void *ctx);
/* proc_tree.c. Descendants of `root` (not itself), parents before children; returns how many (at most cap).
 * What forks meanwhile may be missing. */
size_t proc_tree(i64 root, struct proc_stat *out, size_t cap);
/* SIGSTOP or SIGKILL to everything below `root`, which adopts what loses its parent (PR_SET_CHILD_SUBREAPER),
 * again until nothing is left that moves, however it forks. False: not yet, for the kernel or a crowded
 * machine holds up some of it: call again. It may take two seconds then; one thread at a time. */
bool proc_stop_tree(i64 root, i64 but); /* `but`: a process that is left alone */
void proc_continue_tree(i64 root, i64 but);
bool proc_kill_tree(i64 root);
/* SIGKILL to all living processes that carry NAME=value in the environment they were started with; how many.
 */
size_t proc_kill_marked(const char *name_value);

i64 proc_tasks(void);         /* processes and threads of the whole machine; 0: not told */
i64 proc_user_tasks(void);    /* processes and threads of our user */
i64 proc_open_files(i64 pid); /* -1: not ours to see */
bool proc_io(i64 pid, i64 *read_bytes, i64 *written_bytes);
