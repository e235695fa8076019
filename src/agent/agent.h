/* The supervisor of one user on one machine: see agent_local.h for what local programs ask of it, shim.h for
 * how units are kept, feature/unit/unit_wire.h for what it tells the server. */
#pragma once
#include "base/cli.h"

struct agent_options {
    bool detached;          /* nobody starts it again but the units' shims */
    int ready_fd;           /* gets one byte when requests are heard; -1: none */
    int listen_fd, lock_fd; /* handed over by the process that this one replaces; -1: none */
    const char *program;    /* that shims start when the agent vanished; NULL: this program */
};
/* Until it is told to end. ERR_CONFLICT: another one serves this user. On LOCAL_RELOAD replaces the process.
 * Does not return, but ends the process, when it is told to end while the server has yet to answer. */
err_t agent_run(struct op *, const struct agent_options *) MUST_USE;

extern const struct command agent_commands[];
extern const size_t agent_ncommands;
