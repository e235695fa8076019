/* What the agent and local programs say to each other on ~/.netbit/spark/agent.sock: one JSON object a line,
 * one answer a request, in order. Only the socket's owner (and root) is heard. Logs do not pass here: read
 * the unit's files with agent/logread.h, which works while the agent is away too. */
#pragma once
#include "agent/spec.h"
#include "feature/unit/unit_wire.h"

enum local_op {
    LOCAL_PING,    /* agent's pid and version */
    LOCAL_START,   /* spec: makes a unit and starts it; or `unit` alone: starts a known one that rests */
    LOCAL_STOP,    /* answers when nothing of the unit runs any more */
    LOCAL_RESTART, /* answers when the new process runs */
    LOCAL_PAUSE,
    LOCAL_RESUME,
    LOCAL_REMOVE,  /* stops, then forgets unit and logs */
    LOCAL_LIST,    /* all units */
    LOCAL_STATUS,  /* one unit */
    LOCAL_RELOAD,  /* the agent replaces itself by the program now on disk and reads login.json again; units
                      go on */
    LOCAL_CLEANUP, /* forgets all units that are stopped or failed */
    LOCAL_SHUTDOWN /* the agent ends; units go on */
};
extern const char *const local_ops[]; /* "ping", "start", ... */

struct local_request {
    int op;
    str unit;      /* id, name or unique beginning of an id */
    json_raw spec; /* of start: a struct unit_spec */
    bool force;    /* stop, restart, remove: SIGKILL at once */
};
extern const struct desc local_request_desc;

struct local_unit {
    uuid unit_id;
    str name, package_name, version;
    int status;  /* enum unit_status */
    int desired; /* enum unit_desired */
    str reason;  /* why it is in this status; empty when there is nothing to say */
    i64 pid, port;
    i64 restarts;  /* since its owner last started it */
    i64 exit_code; /* of the last exit; 128 + signal */
    str health;    /* "", "starting", "healthy", "unhealthy" */
    str isolation; /* what is applied: "namespaces, seccomp, cgroup"; then what could not be and why */
    str command;
    time_us created_at, started_at, stopped_at, restart_at; /* restart_at: the next try, while backing off */
    double cpu_percent;
    i64 rss_bytes, vsz_bytes, threads, open_files, read_bytes, written_bytes;
    str dir;    /* ~/.netbit/spark/units/<id>: logs/ is in it */
    str server; /* "", "waiting", "registered", or the server's refusal */
};
extern const struct desc local_unit_desc;

/* Why the server refuses the agent; each wants something else done. Nothing is thrown away meanwhile. */
#define AGENT_SIGNED_OUT "the token is not valid any more: spark login"
#define AGENT_NO_RIGHT   "the token lacks the right unit:write: ask for it"
#define AGENT_FOREIGN    "the machine is another person's: spark login as its owner"
struct local_answer {
    bool ok;
    str code, field, error; /* when not ok: err_name() and texts for the user */
    i64 pid;                /* of the agent */
    str version;
    str server; /* "", "connecting", "connected", or why not: one of the above or another text */
    LIST(struct local_unit) units;
};
extern const struct desc local_answer_desc;
