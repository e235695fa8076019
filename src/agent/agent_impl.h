/* What the files agent*.c share: one process, one thread, one epoll loop. Everything that can be waited for
 * is a source; handlers never block longer than a local disk does. */
#pragma once
#include "agent/agent_local.h"
#include "agent/policy.h"
#include "agent/proc.h"
#include "agent/shim.h"

struct agent;
struct source {
    int fd; /* -1: none */
    void (*ready)(struct agent *, struct source *, u32 events);
};

enum { AGENT_UNITS = 4096, AGENT_CLIENTS = 64, LINE_MAX_BYTES = 4 << 20 };

struct figures {
    double cpu_percent;
    i64 rss_bytes, vsz_bytes, threads, open_files, read_bytes, written_bytes;
    bool gpu; /* it uses one */
    double gpu_percent;
    i64 gpu_memory_bytes;
    i64 cpu_us, at_us; /* of the last reading */
};
/* How far a unit's logs are told to the spool, and how fast they may be. */
struct feed {
    bool known, due;
    u64 told[SHIM_LOGS];
    i64 rate;       /* lines a second; learned from unit.json */
    i64 memory_max; /* bytes; 0: no limit; as well */
    double tokens;
    i64 bucket_us; /* time of the line that last filled the bucket */
    u64 dropped;   /* lines over the rate, not yet told */
    i64 next_us;   /* not before; 0: at once */
    i64 seen_pid;  /* the process whose figures the server has had in a beat */
};
enum unit_wait { WAIT_NONE, WAIT_LOCK, WAIT_ORPHANS, WAIT_RESTART };
struct unit {
    uuid id;
    bool used;
    str name, package_name, version, command; /* mem_str */
    char dir[512];                            /* ~/.netbit/spark/units/<id> */
    int desired;
    time_us created_at;
    struct shim_state state; /* last seen; what remains of it when the shim is gone */
    struct source link;      /* to the shim */
    struct source death;     /* pidfd of the shim */
    bool heard;              /* the shim told its state since we are connected */
    enum unit_wait wait;     /* without a shim, but not for long */
    i64 wait_us;             /* when to look again */
    struct policy shims;     /* deaths of shims, so that a broken one does not spin */
    i64 born_us;
    struct figures now;
    struct feed feed;
};
struct client {
    struct source source;
    struct arena arena; /* buffer of what was read */
    char *in;
    size_t n, cap;
    uuid unit;    /* of the request that is waited for */
    int op;       /* enum local_op; -1: none */
    uuid command; /* not nil: no local program, but a command of the server */
    u64 order;
    char *out; /* what a slow reader has not taken yet */
    size_t out_n, out_at;
};
struct uplink;
struct agent {
    struct arena arena;
    const char *root;    /* ~/.netbit/spark */
    const char *home;    /* the user's home */
    const char *program; /* to be started again */
    int epoll, lock;
    struct source listen, signals;
    struct cgroup_root cgroups;
    struct unit *pool;  /* of AGENT_UNITS; in memory that shims do not inherit */
    struct unit **unit; /* those in use */
    size_t nunits;
    struct client *client[AGENT_CLIENTS];
    u64 next_order;
    bool detached; /* nobody else starts us again: the shims shall */
    bool stop, reload;
    bool dirty; /* memory was used that may be given back */
    i64 measure_us, trim_us;
    struct uplink *uplink;
};

/* agent.c */
void agent_watch(struct agent *, struct source *, u32 events);
void agent_unwatch(struct agent *, struct source *); /* and closes */
void agent_forget(struct agent *, struct source *);  /* without closing */

/* agent_adopt.c: what a former agent left. */
void units_adopt(struct agent *);
void unit_remember(struct unit *, const struct unit_state *); /* what state.json tells of it */

/* agent_unit.c: the life of a unit as the agent sees it. */
struct unit *unit_add(struct agent *, const struct unit_file *); /* the record of it, nothing on disk */
bool unit_connect(struct agent *, struct op *, struct unit *);   /* to its shim; false: none answers */
void unit_wait(struct unit *, enum unit_wait, i64 us);           /* looks at it again then */
err_t unit_new(struct agent *, struct op *, struct unit_spec *, struct unit **out) MUST_USE;
err_t unit_start(struct agent *, struct op *, struct unit *) MUST_USE; /* a shim for a unit that has none */
err_t unit_desire(struct agent *, struct op *, struct unit *, int desired) MUST_USE; /* durable */
bool unit_order(struct agent *, struct unit *, int kind, u32 flags, u64 id);
void unit_forget(struct agent *, struct unit *);
void units_step(struct agent *, i64 now);
i64 units_deadline(const struct agent *);
struct unit *unit_by_id(const struct agent *, uuid);
err_t unit_find(const struct agent *, struct op *, str what, struct unit **out) MUST_USE;
bool unit_rests(const struct unit *); /* nothing runs and nothing is about to */
int unit_seen(const struct unit *);   /* enum unit_status */

/* agent_api.c: local programs. */
err_t api_listen(struct agent *, struct op *) MUST_USE;
void api_unit_changed(struct agent *, struct unit *, u64 order, err_t);
void api_describe(const struct unit *, struct arena *, struct local_unit *out);
void api_close(struct agent *);
/* A command of the server: done as if a local program had asked, told through uplink_done(). */
void api_command(struct agent *, uuid command, uuid unit, int local_op);

/* agent_measure.c */
void measure_step(struct agent *, i64 now);
void measure_forget(struct agent *, struct unit *); /* another process: nothing is known of it */
void measure_unseen(struct agent *); /* at once, when there is a unit of which nothing is known yet */

/* agent_feed.c: what units wrote, as entries of the spool. */
struct spool;
void feed_begin(struct spool *, struct unit *);
bool feed_step(struct spool *, struct op *, struct unit *, i64 now); /* true: an entry was added */
void feed_status(struct spool *, struct op *, struct unit *);
void feed_figures(struct spool *, struct op *, struct unit *);
void feed_wire_unit(const struct unit *, struct arena *, struct wire_unit *out);

/* agent_uplink.c: the server. All of it does nothing without a login. */
void uplink_begin(struct agent *);
/* What is to be told is on disk then. True: a thread still waits for the server, and ends with the process
 * only: exit() would take apart what it uses. */
bool uplink_end(struct agent *) MUST_USE;
void uplink_step(struct agent *, i64 now);
i64 uplink_deadline(const struct agent *);
void uplink_done(struct agent *, uuid command, const struct op_error *); /* code OK: carried out */
void uplink_unit_changed(struct agent *, struct unit *);
void uplink_unit_measured(struct agent *, struct unit *);
void uplink_unit_grew(struct agent *, struct unit *);
void uplink_unit_forgotten(struct agent *, struct unit *);
const char *uplink_status(const struct agent *);
