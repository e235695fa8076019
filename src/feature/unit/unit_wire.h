/* What agent and server say to each other, and the unit as both see it. The agent keeps one outgoing
 * WebSocket at GET /api/spark/agent (Authorization: Bearer); each text frame is one struct wire_msg as JSON,
 * written by wire_write() and read by wire_read(), which know the members of each type:
 *
 *     agent -> server                                         server -> agent
 *     hello   agent_id, epoch, host, os, arch, version,       welcome  epoch, seq (last number it has of that
 * epoch, 0: none), boot_id, units (all it knows)                            heartbeat_s report  epoch, seq,
 * records                             ack      epoch, seq (everything up to it is durable) beat    units
 * (status, pid, figures; no history)        command  id, unit_id, action done    id, ok, error error    error
 * (then the server closes)
 *
 * Reports are the agent's disk spool: numbered from 1 within an epoch (made anew when the spool is lost). The
 * server stores a report's records and (agent_id, epoch, seq) in one transaction and skips numbers it has:
 * every record is stored exactly once, in order; a number that leaves a gap is refused by an error. Commands
 * are the difference between desired (server) and observed (agent) state; they may come twice, acting twice
 * must be harmless. A command stays pending until its done; a newer command for the same unit replaces it. A
 * unit of hello, beat or report that the server does not know is made there when the user has its package
 * installed, else its records are dropped. Everything here works over plain HTTP as well: POST /units, PUT
 * /units/{id}/status, POST .../heartbeat (answers the pending commands), POST .../telemetry. */
#pragma once
#include "base/desc.h"

enum {
    WIRE_MAX_BYTES = 8 << 20, /* of one frame */
    WIRE_MAX_RECORDS = 10000, /* of one report */
    WIRE_MAX_UNITS = 4096,    /* of one hello or beat */
    WIRE_MAX_MESSAGE = 65536, /* characters of a record's text */
    WIRE_MAX_DATA = 65536,    /* bytes of a record's data */
};

/* Status of a unit. Allowed changes are a table in unit.c. */
enum unit_status { UNIT_STARTING, UNIT_RUNNING, UNIT_STOPPED, UNIT_FAILED, UNIT_PAUSED };
extern const char *const unit_statuses[]; /* "starting", "running", ... NULL */
/* What its owner wants it to be. */
enum unit_desired { DESIRED_RUNNING, DESIRED_STOPPED, DESIRED_PAUSED, DESIRED_REMOVED };
extern const char *const unit_desireds[];
enum unit_action { ACTION_STOP, ACTION_START, ACTION_RESTART, ACTION_PAUSE, ACTION_RESUME, ACTION_REMOVE };
extern const char *const unit_actions[];

enum telemetry_type { TELEMETRY_LOG, TELEMETRY_METRIC, TELEMETRY_EVENT, TELEMETRY_ERROR };
extern const char *const telemetry_types[];
enum telemetry_level { LEVEL_NONE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL };
extern const char *const telemetry_levels[]; /* "" (null), "debug", ... */

/* One telemetry record (TelemetryRequest of the seed, with the time and the unit where several travel
 * together). */
struct telemetry {
    uuid unit_id; /* in reports */
    int telemetry_type;
    int level;
    str message;
    json_raw data;
    time_us timestamp; /* absent: when the server got it */
};
extern const struct desc telemetry_desc;

/* A unit as the agent reports it. */
struct wire_unit {
    uuid unit_id;
    str name, package_name, version;
    int status;
    i64 pid, port, restarts, exit_code;
    time_us started_at, stopped_at;
    double cpu_percent;
    i64 rss_bytes, vsz_bytes, threads, open_files, read_bytes, written_bytes;
    i64 memory_limit_bytes; /* 0: none */
    str reason; /* why it is in this status: "exit 1", "killed by signal 9 (out of memory)", "unhealthy" */
    time_us at; /* when the agent saw this: an older record never overwrites what a later one said */
};
extern const struct desc wire_unit_desc;

enum wire_type {
    WIRE_HELLO,
    WIRE_WELCOME,
    WIRE_REPORT,
    WIRE_ACK,
    WIRE_BEAT,
    WIRE_COMMAND,
    WIRE_DONE,
    WIRE_ERROR
};
/* A record is {"telemetry":{...}} or, when a unit's status changed, {"unit":{...}}. */
enum wire_record_kind { RECORD_TELEMETRY, RECORD_UNIT };
struct wire_record {
    int kind;
    struct telemetry telemetry;
    struct wire_unit unit;
};
struct wire_msg {
    int type;
    uuid agent_id, epoch, id, unit_id;
    str host, os, arch, version, boot_id, error;
    i64 seq, heartbeat_s;
    int action;
    bool ok;
    LIST(struct wire_unit) units;
    LIST(struct wire_record) records;
    struct present given; /* set by wire_read() */
};
extern const struct desc wire_msg_desc;

/* One message as JSON: the members that its type has, absent ones left out. */
void wire_write(struct buf *, const struct wire_msg *);
/* Refuses what desc_read() refuses, members that do not belong to the type, and messages without those that
 * it needs. */
err_t wire_read(struct op *, str text, struct wire_msg *out) MUST_USE;
