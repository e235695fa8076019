/* A real agent (tests/children/test_agent.c) in a home of its own, and real children to supervise. */
#pragma once
#include "agent/agent_client.h"
#include "agent/proc.h"
#include "tests/unit/test.h"

struct host {
    struct op *op;
    char home[200];
    char children[300];   /* folder of test-child and test-agent */
    pid_t agent;          /* 0: none that is our child */
    i64 files, files_max; /* limits of its descriptors; 0: ours */
    struct agent_conn conn;
};
void host_open(struct host *, struct op *);
void host_open_at(struct host *, struct op *, const char *home);
void host_agent(struct host *, const char *option); /* starts one; option: "--detached" or NULL */
void host_connect(struct host *);
void host_kill_agent(struct host *); /* SIGKILL, and waits for its end */
i64 host_agent_pid(struct host *);
/* Removes all units and ends the agent; fails when anything of a unit is left. */
void host_close(struct host *);

/* {"command":"./test-child","args":[...words of `args`...],...more...} */
void host_start(struct host *, const char *name, const char *args, const char *more, struct local_unit *out);
err_t host_try_start(struct host *, const char *name, const char *args, const char *more,
                     struct local_unit *out);
err_t host_try(struct host *, int op, const char *unit, struct local_unit *out);
void host_do(struct host *, int op, const char *unit, struct local_unit *out);
str host_log(struct host *, const struct local_unit *, const char *name); /* whole "out.log", "events.log" */

/* Asks again every millisecond until `cond` holds; fails after 10 s (sanitizers and loaded machines). */
bool host_status_is(struct host *, const char *unit, int status);
size_t host_processes(const struct local_unit *); /* alive and marked with the unit's id, shims not counted */
bool contains(str text, const char *what);
