/* What a unit is, as its owner asked for it: which program with which arguments, and how it is to be watched,
 * limited and stopped. `struct unit_entry` is the `entry` object of a package's spark.json; `struct
 * unit_spec` is one unit made from it, what `start` carries to the agent and what units/<id>/unit.json keeps.
 *
 * In command, args, env, cwd, health and sandbox paths ${pkg}, ${data}, ${tmp}, ${port.NAME} and ${unit} are
 * replaced at each start. Durations read "200ms", "10s", "5m" or a number of seconds; sizes "512M" or bytes.
 */
#pragma once
#include "base/desc.h"

enum restart_policy { RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_NEVER };
enum health_type { HEALTH_NONE, HEALTH_HTTP, HEALTH_TCP, HEALTH_EXEC };
enum sandbox_profile {
    SANDBOX_DEFAULT, /* / read-only, other packages and other users hidden, /tmp of its own */
    SANDBOX_STRICT,  /* and the user's own home hidden */
    SANDBOX_NONE,    /* no new privileges and process limits only */
};
enum sandbox_net { NET_HOST, NET_NONE };
enum port_proto { PROTO_TCP, PROTO_UDP };
extern const char *const restart_policies[],
    *const health_types[], *const sandbox_profiles[], *const sandbox_nets[], *const port_protos[];

struct pair {
    str key, value;
};
struct unit_port {
    str name;
    i64 port; /* 0: any free one, chosen at each start */
    str env;  /* variable that tells the program; absent: PORT for the first, PORT_NAME for others */
    int proto;
};
struct unit_restart {
    int policy;
    i64 min_us, max_us; /* delay before the first and before any restart in a row */
    double factor, jitter;
    i64 reset_after_us; /* having run this long, a unit starts over with min */
    i64 budget;         /* restarts within `window` before it counts as failed; 0: no end */
    i64 window_us;
};
struct unit_health {
    int type;
    i64 port; /* 0: the unit's first port */
    str path;
    LIST(str) command;
    i64 interval_us, timeout_us, retries, start_period_us;
};
struct unit_stop {
    str signal; /* "TERM", "INT", ... */
    i64 timeout_us;
};
struct unit_resources {
    i64 memory_max; /* bytes; 0: no limit */
    double cpu;     /* cores */
    i64 pids, nofile;
};
struct unit_sandbox {
    int profile, net;
    LIST(str) rw; /* further directories that it may write */
    LIST(str) ro; /* hidden directories that it may read nevertheless */
};
struct unit_logs {
    i64 rotate, keep, rate; /* bytes a file, old files kept, lines a second to the server */
};
struct unit_entry {
    str command; /* relative to the package when it has a '/', else looked up in PATH */
    LIST(str) args;
    LIST(struct pair) env;
    str secrets; /* file of KEY=VALUE lines, mode 0600, read at each start; never sent anywhere */
    str cwd;     /* relative to the package; absent: the package */
    LIST(struct unit_port) ports;
    struct unit_restart restart;
    struct unit_health health;
    struct unit_stop stop;
    struct unit_resources resources;
    struct unit_sandbox sandbox;
    struct unit_logs logs;
};
extern const struct desc unit_entry_desc;

struct unit_spec {
    uuid unit_id; /* nil: the agent makes one */
    str name;     /* of the unit; absent: the package's name and a number */
    str package_name, version;
    str package_dir; /* absolute */
    struct unit_entry entry;
};
extern const struct desc unit_spec_desc;

/* What descriptors cannot say: absolute package_dir, a health check that has its port or command, known
 * signals, factor >= 1. Fails with the field's name. */
err_t unit_spec_check(struct op *, const struct unit_spec *) MUST_USE;
int signal_of(str name); /* "TERM", "SIGTERM", "15"; 0: unknown */

/* Codecs of this table that others may want. */
extern const struct type type_duration, type_bytes;
#define F_DURATION(json_name, m) json_name, .type = &type_duration, .off = offsetof(D, m)
#define F_BYTES(json_name, m)    json_name, .type = &type_bytes, .off = offsetof(D, m)
