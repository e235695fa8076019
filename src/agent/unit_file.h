/* What units/<id>/ keeps: unit.json (what its owner wants; written by the agent, durable before it is
 * acknowledged) and state.json (what was last seen; written by the unit's shim at each change). */
#pragma once
#include "agent/launch.h"
#include "feature/unit/unit_wire.h"

struct unit_file {
    struct unit_spec spec;
    int desired; /* enum unit_desired */
    time_us created_at;
};
extern const struct desc unit_file_desc;

struct unit_state {
    str boot_id; /* pids mean something only in that run of the machine */
    int status;  /* enum unit_status */
    str reason, health, isolation;
    i64 pid, pid_start, shim_pid, shim_start;
    i64 restarts, exit_code, port;
    i64 last; /* the shim's last words: SHIM_LAST or SHIM_INTERRUPTED; 0: it lives, or died without any */
    time_us started_at, stopped_at;
};
extern const struct desc unit_state_desc;

/* A lock on a file: held by a living process (and the forked ones that it leaves it to), gone with it. */
bool lock_take(int fd) MUST_USE;
bool lock_is_taken(int fd);
/* The unit's lock is on its directory: held by the living shim; whoever holds it may run the unit. Descriptor
 * of the lock; -1: taken, or (errno ENOENT) there is no such directory. */
int unit_lock(const char *unit_dir);

/* Names within ~/.netbit/spark/units/<id>. */
#define UNIT_FILE   "unit.json"
#define STATE_FILE  "state.json"
#define SHIM_SOCK   "shim.sock"
#define TEMP_SUFFIX ".tmp" /* of one of them while it is written */
enum { UNIT_FILE_MAX = 4 << 20 };

err_t unit_file_read(struct op *, const char *unit_dir, struct unit_file *out) MUST_USE;
err_t unit_file_write(struct op *, const char *unit_dir, const struct unit_file *) MUST_USE;
/* Of a new unit, in the folder made for it. The caller syncs later with unit_file_sync: the program can be
 * started meanwhile. */
err_t unit_file_make(struct op *, const char *unit_dir, const struct unit_file *) MUST_USE;
err_t unit_file_sync(struct op *, const char *unit_dir) MUST_USE;
/* An unreadable or absent one gives an empty state: it is only what was seen. */
void unit_state_read(struct op *, const char *unit_dir, struct unit_state *out);
err_t unit_state_write(struct op *, const char *unit_dir, const struct unit_state *) MUST_USE;
