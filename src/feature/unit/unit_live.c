/* What happens to units, on the live channel: their rows, to their owner, their project and whoever looks at
 * one; their lines and events. Nothing is composed that nobody listens to. */
#include "feature/unit/unit_live.h"
#include "feature/account/account.h"
#include "feature/channel/channel.h"

/* ---- topics ---- */

struct topic_unit {
    uuid unit_id;
};
#define D struct topic_unit
static const struct field topic_unit_fields[] = { { F(unit_id), .flags = PATH, .doc = "The unit." } };
#undef D
static DESC(topic_unit);
struct topic_user {
    i64 user_id;
};
#define D struct topic_user
static const struct field topic_user_fields[] = {
    { F(user_id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The person." },
};
#undef D
static DESC(topic_user);
struct topic_project {
    i64 project_id;
};
#define D struct topic_project
static const struct field topic_project_fields[] = {
    { F(project_id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The project." },
};
#undef D
static DESC(topic_project);

static err_t may_unit(struct op *op, const void *in)
{
    return unit_allow(op, ((const struct topic_unit *)in)->unit_id, UNIT_SEE);
}
static err_t may_user(struct op *op, const void *in)
{
    bool own = ((const struct topic_user *)in)->user_id == op->who->user_id && !op->who->project_id;
    if (own || op->who->kind == WHO_SYSTEM || op->who->rights & RIGHT_ADMIN) return OK;
    return fail(op, ERR_FORBIDDEN, "these are another person's");
}
static err_t may_all(struct op *op, const void *in UNUSED)
{
    if (unit_sees_all(op->who)) return OK;
    return fail(op, ERR_FORBIDDEN, "only an administrator sees everybody's units");
}
static err_t may_project(struct op *op, const void *in)
{
    return account_project_need(op, ((const struct topic_project *)in)->project_id, ROLE_VIEWER,
                                "project_id");
}

static err_t unit_snapshot(struct op *op, const void *in, struct buf *json)
{
    struct unit u;
    TRY(unit_for(op, ((const struct topic_unit *)in)->unit_id, UNIT_SEE, &u));
    desc_write(json, &unit_desc, &u);
    return OK;
}

const struct topic unit_topics[UNIT_TOPICS] = {
    { .pattern = "units/all",
      .delivery = TOPIC_LATEST,
      .event = &unit_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_all,
      .doc = "The rows of all units of the node as they change, for its administrators; one whose `desired` "
             "is removed is gone." },
    { .pattern = "units/user/{user_id}",
      .delivery = TOPIC_LATEST,
      .in = &topic_user_desc,
      .event = &unit_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_user,
      .doc = "The rows of a person's units as they change; one whose `desired` is removed is gone." },
    { .pattern = "units/project/{project_id}",
      .delivery = TOPIC_LATEST,
      .in = &topic_project_desc,
      .event = &unit_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_project,
      .doc = "The rows of a project's units as they change; one whose `desired` is removed is gone." },
    { .pattern = "unit/{unit_id}/state",
      .delivery = TOPIC_LATEST,
      .in = &topic_unit_desc,
      .event = &unit_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_unit,
      .snapshot = unit_snapshot,
      .doc = "The row of one unit." },
    { .pattern = "unit/{unit_id}/log",
      .delivery = TOPIC_LINES,
      .in = &topic_unit_desc,
      .event = &telemetry_row_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_unit,
      .doc = "Log lines and errors of a unit, as they are stored." },
    { .pattern = "unit/{unit_id}/events",
      .delivery = TOPIC_EVENTS,
      .in = &topic_unit_desc,
      .event = &telemetry_row_desc,
      .auth = RIGHT_UNIT_READ,
      .may = may_unit,
      .doc = "Events and errors of a unit, as they are stored." },
};

/* ---- sending ---- */

enum { TOPIC_ROOM = 80 };
static str unit_topic(char out[static TOPIC_ROOM], uuid unit_id, const char *what)
{
    char id[UUID_TEXT];
    int n = snprintf(out, TOPIC_ROOM, "unit/%.*s/%s", STR(uuid_text(unit_id, id)), what);
    return (str){ out, (size_t)n };
}
static str list_topic(char out[static TOPIC_ROOM], const char *whose, i64 id)
{
    int n = snprintf(out, TOPIC_ROOM, "units/%s/%lld", whose, (long long)id);
    return (str){ out, (size_t)n };
}

struct where {
    char room[3][TOPIC_ROOM];
    str topic[4];
    size_t n;
};
/* The topics of a unit's row that somebody listens to. */
static void wanted_by(struct where *w, uuid unit_id, i64 owner_id, i64 project_id)
{
    str all[4] = { unit_topic(w->room[0], unit_id, "state"), list_topic(w->room[1], "user", owner_id),
                   S("units/all"), project_id ? list_topic(w->room[2], "project", project_id) : (str){ 0 } };
    w->n = 0;
    for (size_t i = 0; i < LEN(all); i++)
        if (all[i].n && channel_wanted(all[i])) w->topic[w->n++] = all[i];
}

static void send_row(struct op *op, const struct where *w, const struct unit *u)
{
    struct buf b = BUF(op->arena);
    char id[UUID_TEXT];
    desc_write(&b, &unit_desc, u);
    for (size_t i = 0; i < w->n; i++)
        channel_send_after(op, w->topic[i], uuid_text(u->unit_id, id), buf_str(&b));
}

err_t unit_changed(struct op *op, uuid unit_id)
{
    struct where w;
    struct unit u;
    struct unit_scope scope;
    bool found;
    TRY(unit_scope(op, unit_id, &scope));
    if (!scope.found) return OK;
    wanted_by(&w, unit_id, scope.owner_id, scope.project_id);
    if (!w.n) return OK;
    TRY(unit_sql_find(op, unit_id, &u, &found));
    if (!found) return OK;
    if (u.removed_at.us) u.desired = DESIRED_REMOVED;
    unit_count_uptime(&u);
    send_row(op, &w, &u);
    return OK;
}

static const struct {
    const char *topic;
    unsigned kinds;
} streams[] = {
    { "log", 1u << TELEMETRY_LOG | 1u << TELEMETRY_ERROR },
    { "events", 1u << TELEMETRY_EVENT | 1u << TELEMETRY_ERROR },
};

bool telemetry_wanted(uuid unit_id)
{
    char room[TOPIC_ROOM];
    for (size_t i = 0; i < LEN(streams); i++)
        if (channel_wanted(unit_topic(room, unit_id, streams[i].topic))) return true;
    return false;
}

void telemetry_tell(struct op *op, const struct telemetry_row *rows, size_t n)
{
    char room[TOPIC_ROOM];
    for (size_t k = 0; k < LEN(streams) && n; k++) {
        str topic = unit_topic(room, rows->unit_id, streams[k].topic);
        if (!channel_wanted(topic)) continue;
        for (size_t i = 0; i < n; i++) {
            if (!(streams[k].kinds & 1u << rows[i].telemetry_type)) continue;
            struct buf b = BUF(op->arena);
            desc_write(&b, &telemetry_row_desc, &rows[i]);
            channel_send_after(op, topic, (str){ 0 }, buf_str(&b));
        }
    }
}
