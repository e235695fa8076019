/* Units over HTTP. */
#include "feature/account/account.h"
#include "feature/feature.h"
#include "feature/unit/unit_live.h"
#include "feature/unit/unit_view.h"
#include "net/http.h"

API(unit_create_row, unit_new, unit);
static err_t unit_create_row(struct op *op, const struct unit_new *in, struct unit *out)
{
    return unit_create(op, in, out);
}

/* Pages go on behind a unit's id. */
API(units_list, unit_query, unit_page);
static err_t units_list(struct op *op, const struct unit_query *in, struct unit_page *out)
{
    const struct principal *who = op->who;
    struct unit_filter f = { .all = unit_sees_all(who),
                             .user_id = who->user_id,
                             .project_id = who->project_id,
                             .status = in->status,
                             .package = in->package,
                             .limit = in->limit + 1 };
    unit_list list = { 0 };
    if (in->cursor.p && (!str_to_i64(in->cursor, &f.before_id) || f.before_id < 1))
        return fail_field(op, "cursor", "is not one that the server gave");
    TRY(unit_sql_list(op, &f, &list));
    for (size_t i = 0; i < list.n; i++) { unit_count_uptime(&list.item[i]); }
    out->units.item = list.item;
    out->units.n = MIN(list.n, (size_t)in->limit);
    if (list.n > out->units.n)
        out->next = arena_printf(op->arena, "%lld", (long long)list.item[out->units.n - 1].id);
    return OK;
}

/* The owner's view: a unit that is to be removed is gone for them. */
static err_t unit_here(struct op *op, uuid unit_id, enum unit_need need, struct unit *out)
{
    char text[UUID_TEXT];
    TRY(unit_for(op, unit_id, need, out));
    if (out->desired != DESIRED_REMOVED) return OK;
    return fail(op, ERR_NOT_FOUND, "no unit %.*s", STR(uuid_text(unit_id, text)));
}

API(unit_get, unit_key, unit);
static err_t unit_get(struct op *op, const struct unit_key *in, struct unit *out)
{
    return unit_here(op, in->unit_id, UNIT_SEE, out);
}

/* Reaching the status that a command asked for is doing it, for clients that do not say so themselves. */
static const int reached[] = {
    [ACTION_STOP] = UNIT_STOPPED, [ACTION_START] = UNIT_RUNNING,  [ACTION_RESTART] = UNIT_RUNNING,
    [ACTION_PAUSE] = UNIT_PAUSED, [ACTION_RESUME] = UNIT_RUNNING, [ACTION_REMOVE] = UNIT_STOPPED,
};
static_assert(LEN(reached) == ACTION_REMOVE + 1, "a status for each action");

static err_t report_status(struct op *op, struct unit *u, const struct unit_status_report *r)
{
    int before = u->status;
    TRY(unit_set_status(op, u, r));
    if (!u->command_action || reached[u->command_action - 1] != r->status) return OK;
    if (u->command_action - 1 == ACTION_RESTART && before == UNIT_RUNNING) return OK;
    return unit_command_done(op, u->command_id, true, (str){ 0 });
}

API(unit_status_put, unit_status_in, unit);
static err_t unit_status_put(struct op *op, const struct unit_status_in *in, struct unit *out)
{
    struct unit_status_report r = { in->status, in->pid, in->port, in->exit_code, in->reason };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(unit_here(op, in->unit_id, UNIT_CHANGE, out));
    TRY(account_audit_target(op, unit_audited(op, out)));
    TRY(db_begin(op, &tx));
    TRY(report_status(op, out, &r));
    TRY(db_commit(&tx));
    return unit_for(op, in->unit_id, UNIT_SEE, out);
}

/* Works for a unit that is to be removed as well: that is how its client learns of it. */
API(unit_heartbeat, unit_heartbeat, unit_orders);
static err_t unit_heartbeat(struct op *op, const struct unit_heartbeat *in, struct unit_orders *out)
{
    struct unit u;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(unit_for(op, in->unit_id, UNIT_CHANGE, &u));
    TRY(db_begin(op, &tx));
    for (size_t i = 0; i < in->done.n; i++)
        if (uuid_eq(in->done.item[i], u.command_id))
            TRY(unit_command_done(op, u.command_id, true, (str){ 0 }));
    bool lost = u.status == UNIT_FAILED && str_is(u.reason, UNIT_LOST);
    if (in->status || lost) {
        int status = in->status ? in->status - 1 : UNIT_RUNNING; /* it was only out of sight */
        TRY(report_status(op, &u,
                          &(struct unit_status_report){ status, in->pid, in->port, .reason = (str){ 0 } }));
    } else {
        TRY(unit_sql_beat(op, in->unit_id, time_now()));
        TRY(unit_changed(op, in->unit_id));
    }
    TRY(db_commit(&tx));
    out->heartbeat_s = UNIT_HEARTBEAT_S;
    TRY(unit_sql_find(op, in->unit_id, &u, &(bool){ 0 }));
    if (!u.command_action) return OK;
    out->commands.item = NEW(op->arena, struct unit_order);
    out->commands.item[0] = (struct unit_order){ u.command_id, u.command_action - 1 };
    out->commands.n = 1;
    return OK;
}

static err_t act(struct op *op, uuid unit_id, enum unit_action action, struct unit *out)
{
    TRY(unit_here(op, unit_id, UNIT_CHANGE, out));
    return unit_act(op, out, action);
}
API(unit_stop, unit_key, unit);
API(unit_start, unit_key, unit);
API(unit_restart, unit_key, unit);
API(unit_pause, unit_key, unit);
API(unit_resume, unit_key, unit);
API(unit_delete, unit_key, nothing);
static err_t unit_stop(struct op *op, const struct unit_key *in, struct unit *out)
{
    return act(op, in->unit_id, ACTION_STOP, out);
}
static err_t unit_start(struct op *op, const struct unit_key *in, struct unit *out)
{
    return act(op, in->unit_id, ACTION_START, out);
}
static err_t unit_restart(struct op *op, const struct unit_key *in, struct unit *out)
{
    return act(op, in->unit_id, ACTION_RESTART, out);
}
static err_t unit_pause(struct op *op, const struct unit_key *in, struct unit *out)
{
    return act(op, in->unit_id, ACTION_PAUSE, out);
}
static err_t unit_resume(struct op *op, const struct unit_key *in, struct unit *out)
{
    return act(op, in->unit_id, ACTION_RESUME, out);
}

static str token_name(struct op *op, uuid unit_id)
{
    char text[UUID_TEXT];
    return arena_printf(op->arena, "unit %.*s", STR(uuid_text(unit_id, text)));
}

static err_t unit_delete(struct op *op, const struct unit_key *in, struct nothing *out UNUSED)
{
    struct unit u;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(act(op, in->unit_id, ACTION_REMOVE, &u));
    TRY(account_token_drop(op, u.owner_id, token_name(op, in->unit_id)));
    return db_commit(&tx);
}

/* For the unit's own program: a token that can send telemetry and nothing else. */
API(unit_token_create, unit_key, unit_token);
static err_t unit_token_create(struct op *op, const struct unit_key *in, struct unit_token *out)
{
    struct unit u;
    str name = token_name(op, in->unit_id);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(unit_here(op, in->unit_id, UNIT_CHANGE, &u));
    TRY(account_audit_target(op, unit_audited(op, &u)));
    if (u.owner_id != op->who->user_id)
        return fail(op, ERR_FORBIDDEN, "only its owner can make a token for unit '%.*s'", STR(u.name));
    TRY(db_begin(op, &tx));
    TRY(account_token_drop(op, u.owner_id, name));
    struct account_token token = { .user_id = u.owner_id, .name = name, .scopes = S("telemetry:write") };
    TRY(account_token_new(op, &token, &out->token));
    return db_commit(&tx);
}

API(agents_list, nothing, agent_page);
static err_t agents_list(struct op *op, const struct nothing *in UNUSED, struct agent_page *out)
{
    agent_list list = { 0 };
    TRY(agent_sql_list(op, unit_sees_all(op->who) ? 0 : op->who->user_id, &list));
    out->agents.item = list.item;
    out->agents.n = list.n;
    return OK;
}

API(telemetry_post, telemetry_post, telemetry_receipt);
static err_t telemetry_post(struct op *op, const struct telemetry_post *in, struct telemetry_receipt *out)
{
    TRY(unit_allow(op, in->unit_id, UNIT_CHANGE));
    for (size_t i = 0; i < in->records.n; i++) in->records.item[i].unit_id = in->unit_id;
    TRY(telemetry_store(op, in->records.item, in->records.n));
    out->accepted = (i64)in->records.n;
    return OK;
}

/* A cursor is the time and the id of the last record. */
static err_t cursor_read(struct op *op, str cursor, struct telemetry_filter *f)
{
    str at, id;
    if (!cursor.p) return OK;
    if (str_cut(cursor, '-', &at, &id) && str_to_i64(at, &f->at.us) && str_to_i64(id, &f->id) && f->at.us > 0)
        return OK;
    return fail_field(op, "cursor", "is not one that the server gave");
}

static err_t records(struct op *op, const struct telemetry_query *in, int type, struct telemetry_page *out)
{
    struct telemetry_filter f = { .unit_id = in->unit_id,
                                  .type = type,
                                  .level = in->level,
                                  .q = in->q,
                                  .from = in->from,
                                  .to = in->to,
                                  .oldest_first = in->order == 1,
                                  .limit = in->limit + 1 };
    telemetry_list list = { 0 };
    TRY(unit_allow(op, in->unit_id, UNIT_SEE));
    TRY(cursor_read(op, in->cursor, &f));
    if (in->from.us && in->to.us && in->to.us < in->from.us)
        return fail_field(op, "to", "must not be before `from`");
    TRY(telemetry_find(op, &f, &list));
    out->rows.item = list.item;
    out->rows.n = MIN(list.n, (size_t)in->limit);
    if (list.n == out->rows.n) return OK;
    const struct telemetry_row *last = &list.item[out->rows.n - 1];
    out->next = arena_printf(op->arena, "%lld-%lld", (long long)last->timestamp.us, (long long)last->id);
    return OK;
}

/* Three questions over the same records, told apart by their descriptors. */
static err_t telemetry_get(struct op *op, const void *in, void *out)
{
    return records(op, in, ((const struct telemetry_query *)in)->type, out);
}
static err_t logs_get(struct op *op, const void *in, void *out)
{
    return records(op, in, TELEMETRY_LOG + 1, out);
}
static err_t metrics_get(struct op *op, const void *in, void *out)
{
    return records(op, in, TELEMETRY_METRIC + 1, out);
}
static const struct api telemetry_get_api = { "telemetry_get", telemetry_get, &telemetry_query_desc,
                                              &telemetry_page_desc };
static const struct api logs_get_api = { "logs_get", logs_get, &logs_query_desc, &logs_page_desc };
static const struct api metrics_get_api = { "metrics_get", metrics_get, &metrics_query_desc,
                                            &metrics_page_desc };

#define UNITS "/api/spark/units"
#define UNIT  UNITS "/{unit_id}"
#define ACT(word, text) \
    { \
        POST, UNIT "/" #word, &unit_##word##_api, .auth = RIGHT_UNIT_WRITE, .audit = "unit." #word, \
                                                  .doc = text \
    }
static const struct route routes[] = {
    { POST, UNITS, &unit_create_row_api, .auth = RIGHT_UNIT_WRITE, .status = 201, .audit = "unit.create",
      .doc = "Create a unit of an installed package." },
    { GET, UNITS, &units_list_api, .auth = RIGHT_UNIT_READ,
      .doc = "The caller's units and those of the caller's projects; an administrator's: all." },
    { GET, UNIT, &unit_get_api, .auth = RIGHT_UNIT_READ, .doc = "One unit." },
    { PUT, UNIT "/status", &unit_status_put_api, .auth = RIGHT_UNIT_WRITE, .audit = "unit.status",
      .doc = "Report what the unit is now." },
    { POST, UNIT "/heartbeat", &unit_heartbeat_api, .auth = RIGHT_UNIT_WRITE,
      .doc = "Say that the unit lives; answers the commands that wait for it." },
    { DELETE, UNIT, &unit_delete_api, .auth = RIGHT_UNIT_WRITE, .audit = "unit.delete",
      .doc = "Stop and remove a unit." },
    ACT(stop, "Stop a unit."),
    ACT(start, "Start a unit."),
    ACT(restart, "Restart a unit."),
    ACT(pause, "Pause a unit."),
    ACT(resume, "Resume a paused unit."),
    { POST, UNIT "/token", &unit_token_create_api, .auth = RIGHT_UNIT_WRITE, .status = 201,
      .audit = "unit.token", .doc = "Make the token with which the unit's program sends its own telemetry." },
    { POST, UNIT "/telemetry", &telemetry_post_api, .auth = RIGHT_TELEMETRY_WRITE, .status = 201,
      .max_body = MIB(16), .doc = "Store one record or an array of them." },
    { GET, UNIT "/telemetry", &telemetry_get_api, .auth = RIGHT_UNIT_READ, .doc = "Records of a unit." },
    { GET, UNIT "/logs", &logs_get_api, .follow_too = &unit_follow_logs, .auth = RIGHT_UNIT_READ,
      .doc = "Log records of a unit." },
    { GET, UNIT "/metrics", &metrics_get_api, .auth = RIGHT_UNIT_READ, .doc = "Metric records of a unit." },
    { GET, "/api/spark/agents", &agents_list_api, .auth = RIGHT_UNIT_READ,
      .doc = "The caller's agents; an administrator's: all." },
    { GET, "/api/spark/agent", .socket = &unit_agent_socket, .auth = RIGHT_UNIT_WRITE,
      .doc = "The socket that an agent keeps open." },
};

static const struct job jobs[] = {
    { "unit.lost", SEC(15), unit_lost_job, "Units whose agent is silent for five minutes have failed." },
    { "unit.purge", SEC(60), unit_purge_job, "Delete removed units and their telemetry." },
    { "unit.push", SEC(1), unit_push_job, "Send agents the commands that other nodes took.",
      .every_node = true },
    { "telemetry.retention", SEC(3600), telemetry_retention_job,
      "Delete telemetry older than telemetry_keep." },
};

extern const struct migration migrations_unit[];
extern const size_t nmigrations_unit;
const struct feature unit_feature = {
    .name = "unit",
    .doc = "Units: running instances of packages.",
    .routes = routes,
    .nroutes = LEN(routes),
    .jobs = jobs,
    .njobs = LEN(jobs),
    .topics = unit_topics,
    .ntopics = UNIT_TOPICS,
    .migrations = migrations_unit,
    .nmigrations = &nmigrations_unit,
    .metrics = unit_metrics,
    .forget_user = unit_forget_user,
    .export_user = unit_export_user,
};
