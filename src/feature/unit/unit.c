#include "feature/unit/unit.h"
#include "feature/account/account.h"
#include "feature/package/package.h"
#include "feature/unit/unit_live.h"

/* ---- statuses ---- */

/* From a status to those that may follow it. The same status again only brings pid, port and reason up to
 * date. */
#define TO(s) (1u << UNIT_##s)
static const unsigned may_follow[] = {
    [UNIT_STARTING] = TO(RUNNING) | TO(STOPPED) | TO(FAILED) | TO(PAUSED),
    [UNIT_RUNNING] = TO(STARTING) | TO(STOPPED) | TO(FAILED) | TO(PAUSED),
    [UNIT_STOPPED] = TO(STARTING),
    [UNIT_FAILED] = TO(STARTING) | TO(RUNNING) | TO(STOPPED),
    [UNIT_PAUSED] = TO(STARTING) | TO(RUNNING) | TO(STOPPED) | TO(FAILED),
};
static_assert(LEN(may_follow) == UNIT_PAUSED + 1, "a row for each status");

bool unit_status_may(enum unit_status from, enum unit_status to)
{
    return from == to || may_follow[from] & 1u << to;
}

static bool alive(int status)
{
    return status == UNIT_STARTING || status == UNIT_RUNNING || status == UNIT_PAUSED;
}

err_t unit_set_status(struct op *op, struct unit *u, const struct unit_status_report *r)
{
    time_us now = time_now();
    int before = u->status;
    bool unseen = before == UNIT_FAILED && str_is(u->reason, UNIT_LOST) && u->started_at.us;
    if (!unit_status_may((unsigned)before, (unsigned)r->status))
        return fail(op, ERR_CONFLICT, "a %s unit cannot become %s", unit_statuses[before],
                    unit_statuses[r->status]);
    u->status = r->status;
    u->last_heartbeat = now;
    u->reason = r->reason;
    if (r->pid || !alive(r->status)) u->pid = r->pid;
    if (r->port || !alive(r->status)) u->port = r->port;
    u->exit_code = r->exit_code;
    if (alive(r->status)) u->stopped_at = (time_us){ 0 };
    /* What was only out of sight has run all the time. */
    if (r->status == UNIT_RUNNING && before != UNIT_RUNNING && before != UNIT_PAUSED && !unseen)
        u->started_at = now;
    if (!alive(r->status) && (alive(before) || !u->stopped_at.us)) u->stopped_at = now;
    TRY(unit_sql_set_status(op, u));
    return unit_changed(op, u->unit_id);
}

/* ---- who may ---- */

err_t unit_for(struct op *op, uuid unit_id, enum unit_need need, struct unit *out)
{
    bool found;
    enum project_role role = ROLE_NONE;
    char text[UUID_TEXT];
    TRY(unit_sql_find(op, unit_id, out, &found));
    struct entity e = { VISIBLE_PRIVATE, out->owner_id, out->project_id };
    if (found && !out->removed_at.us) TRY(account_access(op, &e, &role));
    if (role == ROLE_NONE) return fail(op, ERR_NOT_FOUND, "no unit %.*s", STR(uuid_text(unit_id, text)));
    if (need == UNIT_CHANGE && role < ROLE_EDITOR)
        return fail(op, ERR_FORBIDDEN, "only its owner and editors of its project may change unit '%.*s'",
                    STR(out->name));
    unit_count_uptime(out);
    return OK;
}

bool unit_sees_all(const struct principal *who)
{
    return who->kind == WHO_SYSTEM || (!who->project_id && who->rights & RIGHT_ADMIN);
}

void unit_count_uptime(struct unit *u)
{
    if (alive(u->status) && u->started_at.us)
        u->uptime_s = MAX((time_now().us - u->started_at.us) / SEC(1), (i64)0);
}

err_t unit_all(struct op *op, unit_list *out)
{
    struct unit_filter f = { .all = true, .limit = INT32_MAX };
    return unit_sql_list(op, &f, out);
}

/* ---- making ---- */

static err_t place_in_project(struct op *op, struct unit *u)
{
    if (!u->project_id) u->project_id = op->who->project_id;
    return u->project_id ? account_project_need(op, u->project_id, ROLE_EDITOR, "project_id") : OK;
}

static err_t check_agent(struct op *op, const struct unit *u)
{
    struct agent_row a;
    bool found;
    if (uuid_is_nil(u->agent_id)) return OK;
    TRY(agent_sql_find(op, u->agent_id, &a, &found));
    if (found && a.owner_id != u->owner_id) return fail(op, ERR_FORBIDDEN, "the agent is another user's");
    return OK;
}

/* A unit_id that its maker chose: the same request again is answered as the first, anything else is a
 * conflict. */
static err_t made_before(struct op *op, const struct unit *u, struct unit *out, bool *same)
{
    bool found;
    struct unit old;
    *same = false;
    TRY(unit_sql_find(op, u->unit_id, &old, &found));
    if (!found) return OK;
    if (old.owner_id != u->owner_id || old.package_id != u->package_id || !str_eq(old.name, u->name) ||
        old.desired == DESIRED_REMOVED)
        return fail(op, ERR_CONFLICT, "that unit_id is taken");
    *same = true;
    *out = old;
    return OK;
}

err_t unit_create(struct op *op, const struct unit_new *in, struct unit *out)
{
    struct package p;
    struct package_version v;
    bool same = false;
    TRY(package_find(op, in->package_name, &p));
    TRY(package_installed(op, op->who->user_id, &p, in->version, &v));
    struct unit u = { .unit_id = in->unit_id,
                      .name = in->name,
                      .package_id = p.id,
                      .package_version_id = v.id,
                      .owner_id = op->who->user_id,
                      .project_id = in->project_id,
                      .agent_id = in->agent_id,
                      .device_name = in->device_name,
                      .device_os = in->device_os,
                      .status = UNIT_STARTING,
                      .desired = DESIRED_RUNNING,
                      .created_at = time_now() };
    TRY(place_in_project(op, &u));
    TRY(check_agent(op, &u));
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    if (uuid_is_nil(u.unit_id)) u.unit_id = uuid_new();
    else TRY(made_before(op, &u, out, &same));
    if (same) return OK;
    TRY(unit_sql_insert(op, &u));
    TRY(unit_sql_find(op, u.unit_id, out, &same));
    TRY(unit_changed(op, u.unit_id));
    TRY(account_audit_detail(op, unit_audited(op, out), (json_raw){ 0 },
                             account_audit_json(op, &unit_desc, out)));
    return db_commit(&tx);
}

struct audited unit_audited(struct op *op, const struct unit *u)
{
    return (struct audited){ "unit", uuid_text(u->unit_id, arena_alloc(op->arena, UUID_TEXT)), u->name };
}

/* ---- commands ---- */

/* What an action makes of a unit, from which statuses it makes sense, and in which it has nothing to do. */
static const struct {
    enum unit_desired desired;
    unsigned from, already;
} acts[] = {
    [ACTION_STOP] = { DESIRED_STOPPED, ~0u, TO(STOPPED) },
    [ACTION_START] = { DESIRED_RUNNING, ~0u, TO(RUNNING) },
    [ACTION_RESTART] = { DESIRED_RUNNING, ~0u, 0 },
    [ACTION_PAUSE] = { DESIRED_PAUSED, TO(STARTING) | TO(RUNNING) | TO(PAUSED), TO(PAUSED) },
    [ACTION_RESUME] = { DESIRED_RUNNING, TO(PAUSED) | TO(RUNNING), TO(RUNNING) },
    [ACTION_REMOVE] = { DESIRED_REMOVED, ~0u, 0 },
};
static_assert(LEN(acts) == ACTION_REMOVE + 1, "a row for each action");

static void push(void *arg) { unit_agent_push(arg); }

/* A unit that no agent and no client ever spoke for runs nowhere: nobody has to confirm its end. */
static bool attached(const struct unit *u) { return !uuid_is_nil(u->agent_id) || u->last_heartbeat.us; }

static err_t want(struct op *op, struct unit *u, enum unit_action action)
{
    u->desired = acts[action].desired;
    u->command_error = (str){ 0 };
    if (acts[action].already & 1u << u->status) {
        u->command_id = (uuid){ 0 };
        u->command_action = 0;
        u->command_at = (time_us){ 0 };
        return unit_sql_want(op, u);
    }
    u->command_id = uuid_new();
    u->command_action = (int)action + 1;
    u->command_at = time_now();
    TRY(unit_sql_want(op, u));
    struct unit_command *c = NEW(op->arena, struct unit_command);
    *c = (struct unit_command){ u->agent_id, u->command_id, u->unit_id, (int)action, u->command_at };
    db_after_commit(op, push, c);
    return OK;
}

err_t unit_act(struct op *op, struct unit *u, enum unit_action action)
{
    struct unit before = *u;
    AUTO(db_tx) struct db_tx tx = { 0 };
    if (!(acts[action].from & 1u << u->status))
        return fail(op, ERR_CONFLICT, "cannot %s a %s unit", unit_actions[action], unit_statuses[u->status]);
    TRY(db_begin(op, &tx));
    TRY(want(op, u, action));
    if (action == ACTION_REMOVE) {
        unit_allow_forget(op, u->unit_id);
        TRY(account_unit_gone(op, u->unit_id));
        if (!attached(u)) TRY(unit_sql_removed(op, u->unit_id, time_now()));
    }
    TRY(unit_changed(op, u->unit_id));
    TRY(account_audit_detail(op, unit_audited(op, u), account_audit_json(op, &unit_desc, &before),
                             account_audit_json(op, &unit_desc, u)));
    return db_commit(&tx);
}

err_t unit_command_done(struct op *op, uuid command_id, bool ok, str error)
{
    struct unit u;
    bool found;
    TRY(unit_sql_by_command(op, command_id, &u, &found));
    if (!found || u.owner_id != op->who->user_id) return OK; /* done before, or replaced by a newer one */
    bool removal = u.command_action == ACTION_REMOVE + 1;
    if (removal && !ok) return OK; /* asked again until it works */
    if (removal) TRY(unit_sql_removed(op, u.unit_id, time_now()));
    else TRY(unit_sql_command_done(op, command_id, ok ? (str){ 0 } : error.p ? error : S("failed")));
    return unit_changed(op, u.unit_id);
}
