/* Units: running instances of packages, wherever their agents are. The server keeps what a unit was last seen
 * to be (status, by its agent) apart from what its owner wants it to be (desired); a command is the step
 * between the two, pending until the agent has done it. Units are seen by their owner and the members of
 * their project, and changed by the owner and the project's editors; for everybody else they do not exist. */
#pragma once
#include "feature/unit/unit_wire.h"

struct feature;
extern const struct feature unit_feature;

struct unit {
    i64 id;
    uuid unit_id;
    str name;
    i64 package_id;
    str package_name;
    i64 package_version_id;
    str version;
    i64 owner_id;
    str owner;
    i64 project_id;
    uuid agent_id;
    str device_name, device_os;
    int status, desired;
    str reason;
    i64 pid, port, restarts, exit_code;
    double cpu_percent;
    i64 rss_bytes, vsz_bytes, threads, open_files, read_bytes, written_bytes, memory_limit_bytes;
    time_us started_at, stopped_at, last_heartbeat;
    i64 uptime_s; /* of what runs now */
    uuid command_id;
    int command_action; /* 0: none, else enum unit_action + 1 */
    time_us command_at;
    str command_error; /* why the last command failed */
    time_us removed_at, created_at;
};
extern const struct desc unit_desc;

typedef LIST(struct unit) unit_list;
/* All units that are not to be removed, for what looks at all of them (alerts). */
err_t unit_all(struct op *, unit_list *) MUST_USE;

/* A record of telemetry as it is stored. */
struct telemetry_row {
    i64 id;
    uuid unit_id;
    int telemetry_type, level;
    str message;
    json_raw data;
    time_us timestamp;
};
extern const struct desc telemetry_row_desc;

/* The one door through which records of units go to where they rest; the caller has checked whose units they
 * are. A record without a time is of now. All or none, in one transaction. */
err_t telemetry_store(struct op *, const struct telemetry *rows, size_t n) MUST_USE;
