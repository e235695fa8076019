/* All SQL of units, their agents and their telemetry. Rights are unit.c's. */
#pragma once
#include "feature/unit/unit.h"
#include "port/db/db.h"

struct status_count {
    str status;
    i64 n;
};
typedef LIST(struct status_count) status_counts;
err_t unit_sql_statuses(struct op *, status_counts *) MUST_USE; /* of all units on the node */

/* Whose units a list shows. */
struct unit_filter {
    bool all;
    i64 user_id, project_id; /* project_id: that project's only (a project's token) */
    int status;              /* 0: any, else enum unit_status + 1 */
    str package;
    i64 before_id, limit;
};
err_t unit_sql_find(struct op *, uuid unit_id, struct unit *out, bool *found) MUST_USE;
err_t unit_sql_list(struct op *, const struct unit_filter *, unit_list *out) MUST_USE;
err_t unit_sql_insert(struct op *, struct unit *) MUST_USE; /* sets id */
err_t unit_sql_set_status(
    struct op *, const struct unit *) MUST_USE; /* status, reason, pid, port, exit_code, times, heartbeat */
err_t unit_sql_beat(struct op *, uuid unit_id, time_us at) MUST_USE;
err_t unit_sql_want(struct op *, const struct unit *) MUST_USE; /* desired and command */
err_t unit_sql_removed(struct op *, uuid unit_id, time_us at) MUST_USE;

/* What an agent saw of a unit of its owner's; *changed = false: no such unit of theirs, or a later sight is
 * stored. */
struct unit_sight {
    uuid agent_id;
    i64 owner_id;
    str host, os;
    bool history; /* may be older than what is known */
};
err_t unit_sql_sight(struct op *, const struct unit_sight *, const struct wire_unit *,
                     bool *changed) MUST_USE;
/* Units that an agent had and does not have any more. */
err_t unit_sql_of_agent(struct op *, uuid agent_id, unit_list *out) MUST_USE;

/* Pending commands: of one agent's units; the newest of all agents' that were taken after `since`. */
struct unit_command {
    uuid agent_id, id, unit_id;
    int action;
    time_us at;
};
extern const struct desc unit_command_desc;
typedef LIST(struct unit_command) command_list;
err_t unit_sql_commands(struct op *, uuid agent_id, command_list *out) MUST_USE;
err_t unit_sql_commands_since(struct op *, time_us since, command_list *out) MUST_USE;
err_t unit_sql_by_command(struct op *, uuid command_id, struct unit *out, bool *found) MUST_USE;
err_t unit_sql_command_done(struct op *, uuid command_id, str error) MUST_USE;

/* Agents. */
struct agent_row {
    uuid agent_id;
    i64 owner_id;
    str host, os, arch, version, boot_id;
    time_us created_at, connected_at, last_seen_at;
    str owner; /* login */
};
extern const struct desc agent_row_desc;
typedef LIST(struct agent_row) agent_list;
err_t agent_sql_find(struct op *, uuid agent_id, struct agent_row *out, bool *found) MUST_USE;
err_t agent_sql_put(struct op *, const struct agent_row *) MUST_USE;
err_t agent_sql_seen(struct op *, uuid agent_id, time_us at, bool *known) MUST_USE;
err_t agent_sql_list(struct op *, i64 owner_id, agent_list *out) MUST_USE; /* owner_id 0: of everybody */
err_t agent_sql_spool(struct op *, uuid agent_id, uuid epoch, i64 *seq) MUST_USE; /* begins it at 0 */
/* Takes number seq of the spool; *next = false: it is not the one that comes next. */
err_t agent_sql_spool_next(struct op *, uuid agent_id, uuid epoch, i64 seq, bool *next) MUST_USE;

/* Jobs. */
/* Units that should live and were not heard of: failed. */
err_t unit_sql_lose(struct op *, time_us silent_since, time_us now, unit_list *lost) MUST_USE;
/* Removals that nobody will confirm: of units without an agent, and of agents that are away for good. */
err_t unit_sql_give_up_removal(struct op *, time_us silent_since, time_us away_since, time_us now) MUST_USE;
err_t unit_sql_next_removed(struct op *, uuid *unit_id) MUST_USE; /* nil: none */
err_t unit_sql_delete(struct op *, uuid unit_id) MUST_USE;
err_t unit_sql_of_owner(struct op *, i64 user_id, unit_list *out) MUST_USE;
