/* Starting a unit's program: everything is looked up and built in the shim, the child only makes system
 * calls and tells through a pipe what did not work. The pipe's end means that the program runs. */
#pragma once
#include "agent/cgroup.h"
#include "agent/metrics_socket.h"
#include "agent/sandbox.h"
#include <signal.h>

struct unit_dirs {
    const char *unit, *data, *tmp, *logs; /* ~/.netbit/spark/units/<id> and what is in it */
    const char *spark, *home;             /* ~/.netbit/spark; the user's home */
    char id[UUID_TEXT];
    struct metrics_socket metrics;
};
struct unit_ports {
    i64 port[16];
    i64 udp; /* where the shim takes the unit's own metrics */
};
struct launch {
    const char *path;
    char **argv, **envp;
    const char *cwd;
    const struct unit_resources *limits;
    i64 user_tasks; /* what the user runs already: the rlimit counts that too; -1: no rlimit is wanted */
    struct sandbox box;
    bool skip[ISO__COUNT]; /* levels that were refused before */
    int cgroup;            /* directory; -1: none */
    int out, err;
};
enum launch_step { STEP_ISOLATION, STEP_CWD, STEP_LIMITS, STEP_EXEC };
struct launch_report {
    int step, level, error;
};

/* Ports: those that the spec leaves to us are chosen. Memory lives in op->arena until the program runs. */
err_t launch_prepare(struct op *, const struct unit_spec *, const struct unit_dirs *, struct unit_ports *,
                     struct launch *out) MUST_USE;
/* Another command of the same unit (its health check) in the same surroundings. */
err_t launch_command(struct op *, const struct unit_spec *, const struct unit_dirs *,
                     const struct unit_ports *, const str *word, size_t n, struct launch *io) MUST_USE;
/* Forks. *report: read struct launch_report from it until it ends. */
err_t launch_start(struct op *, const struct launch *, pid_t *pid, int *report) MUST_USE;
/* The same up to the last step: all is done but execve, for which the child waits until a byte comes through
 * *go; it ends when *go is closed. Until then it holds none of our descriptors, is no child to a plain
 * waitpid() (only to one with __WCLONE or __WALL), and SPARE_SIGNAL tells its end. */
enum { SPARE_SIGNAL = SIGUSR1 };
err_t launch_spare(struct op *, const struct launch *, pid_t *pid, int *report, int *go) MUST_USE;
/* False when something of it only holds at the moment of the start: the count of the user's tasks. */
bool launch_may_wait(const struct launch *);
/* Whether the ports that were chosen for it still are free. */
bool launch_ports_free(const struct unit_spec *, const struct unit_ports *);
/* A number that changes when what a launch was made of is not what is found under its names any more: its
 * directories, the program, what stands before it in PATH, the file of secrets. */
u64 launch_surroundings(struct op *, const struct unit_spec *, const struct launch *);
const char *launch_env(char *const *env, const char *key); /* "": there is none */
/* An agent of many units needs more descriptors than a program is usually given: as many as it may have. The
 * programs that it starts, its shims' too, get the former limit. */
void launch_raise_files(void);
void launch_restore_files(void); /* before this process becomes another program */
/* Closes all descriptors from 3 on but these two. */
void launch_close_others(int a, int b);
