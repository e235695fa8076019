/* What the files shim*.c share. */
#pragma once
#include "agent/logread.h"
#include "agent/policy.h"
#include "agent/proc.h"
#include "agent/shim.h"

enum { SHIM_CONNS = 4, PIPE_BYTES = 65536 };
enum phase {
    PHASE_STARTING, /* forked, not yet exec'ed */
    PHASE_RUNNING,
    PHASE_ENDING,  /* its main process is gone or on its way: until nothing is left of it */
    PHASE_WAITING, /* for restart_at */
    PHASE_OVER,
};
enum goal { GOAL_RUN, GOAL_STOP, GOAL_RESTART };

struct conn {
    int fd;
    u64 stop_id, restart_id;
    bool dirty;    /* a state could not be sent yet */
    bool watching; /* wants to hear once when a log grew */
    u64 seen[SHIM_LOGS];
};
struct pipe_in {
    int rd, wr; /* we keep both ends, so it outlives the unit's processes */
    size_t n;
    i64 since_us; /* when the unfinished line in it began */
    char bytes[PIPE_BYTES];
};
struct health {
    pid_t pid; /* of an exec check */
    int fd;    /* of an http or tcp check */
    bool sent;
    i64 next_us, deadline_us;
    i64 failures;
    size_t n;
    char answer[64];
};
struct spare {
    pid_t pid; /* 0: there is none */
    bool used; /* it is the unit's child now; descriptors are left of it */
    int dying; /* killed ones whose end is still to be seen */
    int go, report, mounts;
    i64 make_us; /* when to make one; 0: not to be made */
    u64 surroundings;
    struct arena arena;
    struct launch launch;
    struct unit_ports ports;
};
struct cpu_keeper {
    i64 next_us; /* 0: nothing to keep */
    i64 seen_us, used_us;
    double saved_us;
    bool held; /* it stands still */
};
struct shim {
    const struct shim_start *start;
    const struct unit_spec *spec;
    struct arena run; /* of one start of the program */
    struct launch launch;
    struct unit_ports ports;
    struct shim_state state;
    struct policy policy;
    enum phase phase;
    enum goal goal;
    pid_t child;
    bool main_gone, forced;
    bool settle;      /* the child was a spare: see on_report() */
    bool again;       /* the child gave up: namespaces are refused, go without */
    bool interrupted; /* told to end by a signal, not by its owner: to be started again */
    int report;       /* launch reports; -1 */
    int wait_status;
    char cause[200]; /* why we killed it: goes before what wait() tells */
    bool skip[ISO__COUNT];
    int refused[ISO__COUNT]; /* errno */
    unsigned limits;         /* that the cgroup took */
    int cgroup, signals, udp, unix_in;
    i64 oom_kills;
    i64 began_us, kill_us, restart_us, watch_us, quiet_us, grew_us, settle_us, revive_us, read_us, trim_us,
        still_us;
    struct conn conn[SHIM_CONNS];
    i64 tasks, processes, count_us; /* of the last full count: see watch() */
    bool revive;
    struct capture log[SHIM_LOGS];
    struct pipe_in in[2];
    struct health health;
    struct spare spare;
    struct cpu_keeper cpu;
    int logs_dir, view;
};

/* shim.c */
void shim_kill(struct shim *, const char *cause); /* everything of the unit, at once */
void shim_changed(struct shim *);                 /* tells the agent and state.json */
void shim_event(struct shim *, int level, const char *event, const char *fmt, ...) PRINTF(4, 5);
err_t shim_prepare(struct shim *, struct op *, struct unit_ports *io, struct launch *out) MUST_USE;
/* shim_still.c */
/* All of the unit stands still, or goes on. What could not be made to stand yet is tried again at still_us.
 */
void shim_still(struct shim *, bool still);
/* shim_cpu.c */
bool shim_cpu_kept_here(const struct shim *);
void shim_cpu_begin(struct shim *, i64 now);
void shim_cpu_end(struct shim *); /* lets it go on */
void shim_cpu_step(struct shim *, i64 now);
/* shim_spare.c */
void shim_spare_plan(struct shim *);                       /* the unit runs: keep one for a crash? */
void shim_spare_plan_delayed(struct shim *, i64 delay_us); /* it waits to be started again */
void shim_view_hold(struct shim *);                        /* of the child: its end is quicker then */
void shim_spare_step(struct shim *, i64 now);              /* makes it when its time has come */
bool shim_spare_take(struct shim *); /* it becomes the child; false: an ordinary start is needed */
void shim_spare_drop(struct shim *);
void shim_spare_renew(struct shim *, i64 now); /* the machine's mounts changed: another one, in a while */
void shim_spare_ended(struct shim *, pid_t);   /* of a child that never came to execve */
void shim_spare_end(struct shim *);            /* drops it and waits until it is gone */
/* shim_io.c */
err_t shim_io_open(struct shim *, struct op *) MUST_USE;
void shim_io_read(struct shim *, int which, i64 now);
void shim_io_flush(struct shim *, bool all, i64 now); /* lines without an end, once they are old */
void shim_io_datagram(struct shim *, int fd);
i64 shim_io_deadline(const struct shim *);
/* shim_health.c: never blocks. */
void shim_health_begin(struct shim *, i64 now);
void shim_health_end(struct shim *);
void shim_health_step(struct shim *, i64 now, short ready);
void shim_health_exited(struct shim *, int wait_status, i64 now);
i64 shim_health_deadline(const struct shim *); /* 0: none */
/* shim_watch.c */
void shim_describe_isolation(struct shim *);
void shim_watch_begin(struct shim *);
void shim_watch(struct shim *, i64 now);
/* shim_link.c: the agent's end. */
void shim_accept(struct shim *);
void shim_receive(struct shim *, struct conn *);
void shim_send_states(struct shim *, bool changed);
void shim_grew(struct shim *, i64 now);
void shim_revive(struct shim *, i64 now);
void shim_order_stop(struct shim *, bool force);
void shim_order_restart(struct shim *, bool force);
err_t shim_order_pause(struct shim *, bool pause);
