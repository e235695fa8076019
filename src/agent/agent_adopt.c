/* An agent that begins finds the units of the one before: from the disk it knows what they are and what was
 * last seen of them, a living shim tells the rest. Nothing that runs is touched; what ran and has lost its
 * shim is cleared and started again by the rules of agent_unit.c. */
#include "agent/agent_impl.h"
#include "agent/unit_dir.h"
#include "base/log.h"
#include <dirent.h>

/* Pids count only in the run of the machine that they belong to. */
void unit_remember(struct unit *u, const struct unit_state *t)
{
    bool same_boot = str_is(t->boot_id, proc_boot_id());
    u->state = (struct shim_state){ .status = t->status,
                                    .restarts = t->restarts,
                                    .exit_code = t->exit_code,
                                    .port = t->port,
                                    .started_us = t->started_at.us,
                                    .stopped_us = t->stopped_at.us,
                                    .last = (u32)t->last };
    if (same_boot) {
        u->state.pid = t->pid;
        u->state.pid_start = t->pid_start;
        u->state.shim_pid = t->shim_pid;
        u->state.shim_start = t->shim_start;
    }
    snprintf(u->state.reason, sizeof u->state.reason, "%.*s", STR(t->reason));
    snprintf(u->state.isolation, sizeof u->state.isolation, "%.*s", STR(t->isolation));
}

/* A unit without a living shim. What ended by itself stays ended; what failed for good may try again after a
 * reboot; everything else that should run is started. */
static void revive(struct unit *u, const struct unit_state *t)
{
    bool same_boot = str_is(t->boot_id, proc_boot_id());
    bool wanted = u->desired == DESIRED_RUNNING || u->desired == DESIRED_PAUSED;
    bool ended = t->status == UNIT_STOPPED && t->last == SHIM_LAST;
    bool failed = t->status == UNIT_FAILED && same_boot;
    bool left_behind = same_boot && t->shim_pid && !t->last; /* its shim died: something of it may live */
    if ((wanted && !ended && !failed) || left_behind) unit_wait(u, WAIT_ORPHANS, 0);
    else if (t->status != UNIT_FAILED) u->state.status = UNIT_STOPPED;
}

static void adopt(struct agent *a, struct op *op, const char *dir)
{
    struct unit_file f;
    struct unit_state t;
    if (unit_file_read(op, dir, &f)) {
        str why = op->err.msg;
        op_clear(op);
        if (unit_dir_drop_unfinished(dir)) LOG_INFO("a unit was never made to the end", KV("dir", dir));
        else LOG_ERROR("unit cannot be read", KV("dir", dir), KV("why", why));
        return;
    }
    struct unit *u = unit_add(a, &f);
    if (u->desired == DESIRED_REMOVED) u->desired = DESIRED_STOPPED;
    /* What the disk tells holds until its shim is heard, which may be given the processor late. */
    unit_state_read(op, dir, &t);
    unit_remember(u, &t);
    if (!unit_connect(a, op, u)) revive(u, &t);
}

void units_adopt(struct agent *a)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    const char *units = arena_printf(op.arena, "%s/units", a->root).p;
    DIR *d = opendir(units);
    uuid id;
    for (struct dirent *x; d && a->nunits < AGENT_UNITS && (x = readdir(d));)
        if (uuid_parse(str_of(x->d_name), &id))
            adopt(a, &op, arena_printf(op.arena, "%s/%s", units, x->d_name).p);
        else unit_dir_end_removal(&op, units, x->d_name);
    if (d) closedir(d);
    arena_free(op.arena);
}
