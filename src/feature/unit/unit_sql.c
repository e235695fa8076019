#include "feature/unit/unit_rules.h"

#define UNITS \
    "SELECT n.id, n.unit_id, n.name, n.package_id, p.name AS package_name, n.package_version_id, " \
    "v.version, n.owner_id, u.login AS owner," \
    " n.project_id, n.agent_id, n.device_name, n.device_os, n.status, n.desired, n.reason, n.pid, n.port, " \
    "n.restarts, n.exit_code," \
    " n.cpu_percent, n.rss_bytes, n.vsz_bytes, n.threads, n.open_files, n.read_bytes, n.written_bytes, " \
    "n.memory_limit_bytes, " \
    "n.started_at, n.stopped_at," \
    " n.last_heartbeat, n.command_id, n.command_action, n.command_at, n.command_error, n.removed_at, " \
    "n.created_at" \
    " FROM spark_remote_units n JOIN spark_packages p ON p.id = n.package_id" \
    " JOIN spark_package_versions v ON v.id = n.package_version_id JOIN users u ON u.id = n.owner_id"
#define ALIVE "('starting', 'running', 'paused')"

static str status_text(int status) { return str_of(unit_statuses[status]); }

err_t unit_sql_find(struct op *op, uuid unit_id, struct unit *out, bool *found)
{
    return db_find(op, &unit_desc, out, found, UNITS " WHERE n.unit_id = ?", A(unit_id));
}

err_t unit_sql_list(struct op *op, const struct unit_filter *f, unit_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, UNITS " WHERE n.desired <> 'removed'");
    if (f->project_id) db_text_add(&t, " AND n.project_id = ?", A(f->project_id));
    else if (!f->all)
        db_text_add(&t,
                    " AND (n.owner_id = ? OR n.project_id IN (SELECT m.project_id FROM project_members m "
                    "WHERE m.user_id = ?))",
                    A(f->user_id), A(f->user_id));
    if (f->status) db_text_add(&t, " AND n.status = ?", A(status_text(f->status - 1)));
    if (f->package.p) db_text_add(&t, " AND p.name = ?", A(f->package));
    if (f->before_id) db_text_add(&t, " AND n.id < ?", A(f->before_id));
    db_text_add(&t, " ORDER BY n.id DESC LIMIT ?", A(f->limit));
    return db_text_all(&t, &unit_desc, out);
}

err_t unit_sql_insert(struct op *op, struct unit *u)
{
    return db_i64(
        op, &u->id,
        "INSERT INTO spark_remote_units (unit_id, name, package_id, package_version_id, owner_id, "
        "project_id, agent_id, device_name,"
        " device_os, status, desired, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A(u->unit_id), A(u->name), A(u->package_id), A(u->package_version_id), A(u->owner_id),
        A_NULL0(u->project_id), A(u->agent_id), A(u->device_name), A(u->device_os), A(status_text(u->status)),
        A(str_of(unit_desireds[u->desired])), A(u->created_at));
}

err_t unit_sql_set_status(struct op *op, const struct unit *u)
{
    return db_exec(op,
                   "UPDATE spark_remote_units SET status = ?, reason = ?, pid = ?, port = ?, exit_code = ?, "
                   "started_at = ?, stopped_at = ?,"
                   " last_heartbeat = ? WHERE unit_id = ?",
                   A(status_text(u->status)), A(u->reason), A_NULL0(u->pid), A_NULL0(u->port),
                   A_NULL0(u->exit_code), A(u->started_at), A(u->stopped_at), A(u->last_heartbeat),
                   A(u->unit_id));
}

err_t unit_sql_beat(struct op *op, uuid unit_id, time_us at)
{
    return db_exec(op, "UPDATE spark_remote_units SET last_heartbeat = ? WHERE unit_id = ?", A(at),
                   A(unit_id));
}

err_t unit_sql_want(struct op *op, const struct unit *u)
{
    str action = u->command_action ? str_of(unit_actions[u->command_action - 1]) : (str){ 0 };
    return db_exec(op,
                   "UPDATE spark_remote_units SET desired = ?, command_id = ?, command_action = ?, "
                   "command_at = ?, command_error = ?"
                   " WHERE unit_id = ?",
                   A(str_of(unit_desireds[u->desired])), A(u->command_id), A(action), A(u->command_at),
                   A(u->command_error), A(u->unit_id));
}

err_t unit_sql_removed(struct op *op, uuid unit_id, time_us at)
{
    return db_exec(op,
                   "UPDATE spark_remote_units SET removed_at = ?, desired = 'removed', command_id = NULL, "
                   "command_action = NULL"
                   " WHERE unit_id = ? AND removed_at IS NULL",
                   A(at), A(unit_id));
}

err_t unit_sql_sight(struct op *op, const struct unit_sight *s, const struct wire_unit *w, bool *changed)
{
    i64 n;
    time_us now = time_now(), at = w->at.us ? w->at : now, never = { INT64_MAX };
    bool runs = w->status == UNIT_RUNNING || w->status == UNIT_PAUSED;
    bool ended = w->status == UNIT_STOPPED || w->status == UNIT_FAILED;
    TRY(db_exec_n(
        op, &n,
        "UPDATE spark_remote_units SET agent_id = ?, device_name = coalesce(device_name, ?), device_os = "
        "coalesce(device_os, ?),"
        " status = ?, reason = ?, pid = ?, port = ?, restarts = ?, exit_code = ?, cpu_percent = ?, rss_bytes "
        "= ?, vsz_bytes = ?,"
        " threads = ?, open_files = ?, read_bytes = ?, written_bytes = ?, memory_limit_bytes = ?, started_at "
        "= coalesce(?, "
        "started_at, ?),"
        " stopped_at = CASE WHEN CAST(? AS BOOLEAN) THEN coalesce(?, stopped_at, ?) END, last_heartbeat = ?, "
        "observed_at = ? WHERE unit_id = ? AND owner_id = ? AND removed_at IS NULL"
        " AND (observed_at IS NULL OR observed_at <= ?)",
        A(s->agent_id), A(s->host), A(s->os), A(status_text(w->status)), A(w->reason), A_NULL0(w->pid),
        A_NULL0(w->port), A(w->restarts), A_NULL0(w->exit_code), A(w->cpu_percent), A_NULL0(w->rss_bytes),
        A_NULL0(w->vsz_bytes), A_NULL0(w->threads), A_NULL0(w->open_files), A_NULL0(w->read_bytes),
        A_NULL0(w->written_bytes), A_NULL0(w->memory_limit_bytes), A(w->started_at),
        A(runs ? now : (time_us){ 0 }), A(ended), A(w->stopped_at), A(now), A(now), A(at), A(w->unit_id),
        A(s->owner_id), A(s->history ? at : never)));
    *changed = n > 0;
    return OK;
}

err_t unit_sql_of_agent(struct op *op, uuid agent_id, unit_list *out)
{
    return db_all(op, &unit_desc, out, UNITS " WHERE n.agent_id = ? AND n.removed_at IS NULL", A(agent_id));
}

#define COMMANDS \
    "SELECT agent_id, command_id AS id, unit_id, command_action AS action, command_at AS at FROM " \
    "spark_remote_units" \
    " WHERE command_id IS NOT NULL AND removed_at IS NULL"

err_t unit_sql_commands(struct op *op, uuid agent_id, command_list *out)
{
    return db_all(op, &unit_command_desc, out, COMMANDS " AND agent_id = ? ORDER BY command_at", A(agent_id));
}

err_t unit_sql_commands_since(struct op *op, time_us since, command_list *out)
{
    return db_all(op, &unit_command_desc, out,
                  COMMANDS
                  " AND agent_id IS NOT NULL AND command_at >= ? ORDER BY command_at DESC LIMIT 1000",
                  A(since));
}

err_t unit_sql_by_command(struct op *op, uuid command_id, struct unit *out, bool *found)
{
    return db_find(op, &unit_desc, out, found, UNITS " WHERE n.command_id = ?", A(command_id));
}

err_t unit_sql_command_done(struct op *op, uuid command_id, str error)
{
    return db_exec(op,
                   "UPDATE spark_remote_units SET command_id = NULL, command_action = NULL, command_error = "
                   "? WHERE command_id = ?",
                   A(error), A(command_id));
}

#define AGENTS \
    "SELECT a.agent_id, a.owner_id, u.login AS owner, a.host, a.os, a.arch, a.version, a.boot_id, " \
    "a.created_at, a.connected_at, a.last_seen_at FROM spark_agents a JOIN users u ON u.id = a.owner_id"

err_t agent_sql_find(struct op *op, uuid agent_id, struct agent_row *out, bool *found)
{
    return db_find(op, &agent_row_desc, out, found, AGENTS " WHERE a.agent_id = ?", A(agent_id));
}

err_t agent_sql_put(struct op *op, const struct agent_row *a)
{
    return db_exec(op,
                   "INSERT INTO spark_agents (agent_id, owner_id, host, os, arch, version, boot_id, "
                   "created_at, connected_at, last_seen_at)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent_id) DO UPDATE SET host = "
                   "excluded.host, os = excluded.os,"
                   " arch = excluded.arch, version = excluded.version, boot_id = excluded.boot_id, "
                   "connected_at = excluded.connected_at,"
                   " last_seen_at = excluded.last_seen_at",
                   A(a->agent_id), A(a->owner_id), A(a->host), A(a->os), A(a->arch), A(a->version),
                   A(a->boot_id), A(a->connected_at), A(a->connected_at), A(a->connected_at));
}

err_t agent_sql_seen(struct op *op, uuid agent_id, time_us at, bool *known)
{
    i64 n;
    TRY(db_exec_n(op, &n, "UPDATE spark_agents SET last_seen_at = ? WHERE agent_id = ?", A(at), A(agent_id)));
    *known = n > 0;
    return OK;
}

err_t agent_sql_list(struct op *op, i64 owner_id, agent_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, AGENTS);
    if (owner_id) db_text_add(&t, " WHERE a.owner_id = ?", A(owner_id));
    db_text_add(&t, " ORDER BY a.last_seen_at DESC");
    return db_text_all(&t, &agent_row_desc, out);
}

err_t agent_sql_spool(struct op *op, uuid agent_id, uuid epoch, i64 *seq)
{
    TRY(db_exec(
        op, "INSERT INTO spark_agent_spools (agent_id, epoch, seq) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
        A(agent_id), A(epoch)));
    return db_i64(op, seq, "SELECT seq FROM spark_agent_spools WHERE agent_id = ? AND epoch = ?", A(agent_id),
                  A(epoch));
}

err_t agent_sql_spool_next(struct op *op, uuid agent_id, uuid epoch, i64 seq, bool *next)
{
    i64 n;
    TRY(db_exec_n(op, &n,
                  "UPDATE spark_agent_spools SET seq = ? WHERE agent_id = ? AND epoch = ? AND seq = ?",
                  A(seq), A(agent_id), A(epoch), A(seq - 1)));
    *next = n > 0;
    return OK;
}

#define SILENT \
    " WHERE status IN " ALIVE " AND removed_at IS NULL AND coalesce(last_heartbeat, created_at) < ?"

err_t unit_sql_lose(struct op *op, time_us silent_since, time_us now, unit_list *lost)
{
    return db_all(op, &unit_desc, lost,
                  "UPDATE spark_remote_units SET status = 'failed', reason = '" UNIT_LOST
                  "', stopped_at = ?" SILENT " RETURNING unit_id",
                  A(now), A(silent_since));
}

err_t unit_sql_give_up_removal(struct op *op, time_us silent_since, time_us away_since, time_us now)
{
    return db_exec(
        op,
        "UPDATE spark_remote_units SET removed_at = ?, command_id = NULL, command_action = NULL WHERE "
        "desired = 'removed' AND removed_at IS NULL AND (coalesce(last_heartbeat, created_at) < ?"
        " OR (agent_id IS NULL AND coalesce(last_heartbeat, created_at) < ?))",
        A(now), A(away_since), A(silent_since));
}

err_t unit_sql_next_removed(struct op *op, uuid *unit_id)
{
    struct unit_command c = { 0 };
    bool found;
    TRY(db_find(op, &unit_command_desc, &c, &found,
                "SELECT unit_id FROM spark_remote_units WHERE removed_at IS NOT NULL LIMIT 1"));
    *unit_id = c.unit_id;
    return OK;
}

err_t unit_sql_delete(struct op *op, uuid unit_id)
{
    return db_exec(op, "DELETE FROM spark_remote_units WHERE unit_id = ?", A(unit_id));
}

err_t unit_sql_of_owner(struct op *op, i64 user_id, unit_list *out)
{
    return db_all(op, &unit_desc, out, UNITS " WHERE n.owner_id = ? ORDER BY n.id", A(user_id));
}

#define D struct status_count
static const struct field status_count_fields[] = { { F(status), .flags = INTERNAL },
                                                    { F(n), .flags = INTERNAL } };
#undef D
static DESC(status_count);

err_t unit_sql_statuses(struct op *op, status_counts *out)
{
    return db_all(
        op, &status_count_desc, out,
        "SELECT status, COUNT(*) AS n FROM spark_remote_units WHERE removed_at IS NULL GROUP BY status "
        "ORDER BY status");
}
