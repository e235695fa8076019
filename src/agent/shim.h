/* The shim: one small process a unit, forked from the agent without exec. It owns the unit's pipes and
 * process tree, starts it again by its policy, checks its health, writes its logs, and so keeps the unit
 * supervised while the agent is away; an agent that comes back finds it by its socket. While it lives it
 * holds the unit's lock, so a unit never runs twice; when it dies the kernel kills the unit's process.
 *
 * Agent and shim speak in packets of the fixed structs below. They may be of different versions after an
 * upgrade: members are only ever added at the end, and `size` says how much the sender knew. */
#pragma once
#include "agent/capture.h"
#include "agent/unit_file.h"

enum shim_log { SHIM_LOG_OUT, SHIM_LOG_METRICS, SHIM_LOG_EVENTS, SHIM_LOGS };
extern const char
    *const shim_logs[SHIM_LOGS]; /* names of the captures in logs/: "out", "metrics", "events" */

enum shim_order_kind {
    ORDER_HELLO, /* flags: ORDER_REVIVE when the shim is to start the agent again should it vanish */
    ORDER_BYE,   /* the agent leaves on purpose */
    ORDER_STOP,  /* answered by the final state */
    ORDER_RESTART,
    ORDER_PAUSE,
    ORDER_RESUME,
    ORDER_WATCH /* tell once when a log has grown beyond `seen` */
};
enum shim_order_flag { ORDER_FORCE = 1 << 0, ORDER_REVIVE = 1 << 1 };
struct shim_order {
    u32 size, kind;
    u64 id; /* given back in the answer; 0: none wanted */
    u32 flags, pad;
    u64 seen[SHIM_LOGS];
};

/* The shim ends after such a state; interrupted: not because its owner wished so. */
enum { SHIM_LAST = 1, SHIM_INTERRUPTED = 2 };
enum shim_health { SHIM_HEALTH_NONE, SHIM_HEALTH_STARTING, SHIM_HEALTH_GOOD, SHIM_HEALTH_BAD };
extern const char *const shim_healths[]; /* "", "starting", "healthy", "unhealthy" */
struct shim_state {
    i32 status, health;
    i64 pid, pid_start, shim_pid, shim_start;
    i64 restarts, exit_code, port;
    i64 started_us, stopped_us, restart_at_us; /* wall clock; 0: never */
    u64 log_end[SHIM_LOGS];
    u32 last; /* SHIM_LAST... */
    u32 pad;
    char reason[200];
    char isolation[400];
    i64 spare_pid; /* a child that waits to become the unit's next process: no part of the unit; 0: none */
};
enum shim_report_kind { REPORT_STATE, REPORT_GREW };
struct shim_report {
    u32 size, kind;
    u64 id;   /* of the order that it answers */
    i32 code; /* err_t */
    u32 pad;
    struct shim_state state;
};

/* What a shim is made of; all of it is inherited by fork. */
struct shim_start {
    const struct unit_spec *spec;
    const struct unit_dirs *dirs;
    const struct cgroup_root *cgroups;
    const char *agent_program; /* to start the agent again */
    const char *lock_path;     /* the agent's: free means that none runs */
    i64 restarts;              /* that the owner is still to see */
    int listen, lock;
    bool revive;
};
/* In the forked child. Ends the process. */
NORETURN void shim_run(const struct shim_start *);
