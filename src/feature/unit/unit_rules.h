/* The rules of units, as unit_api.c and unit_agent.c call them. */
#pragma once
#include "feature/unit/unit_sql.h"

static const i64 unit_lost_us = SEC(300); /* silence after which a unit counts as failed */
#define UNIT_LOST "lost"                  /* the reason that it is then given */
enum { UNIT_HEARTBEAT_S = 30 };

/* Who may: seeing, or changing. ERR_NOT_FOUND for those who must not see it, ERR_FORBIDDEN for those who only
 * see it. */
enum unit_need { UNIT_SEE, UNIT_CHANGE };
err_t unit_for(struct op *, uuid unit_id, enum unit_need, struct unit *out) MUST_USE;
/* The same without the unit: from a bounded memory of whose units are whose, for what happens many thousand
 * times a second. What this node removes is forgotten at once, what others remove within ten seconds. */
err_t unit_allow(struct op *, uuid unit_id, enum unit_need) MUST_USE;
void unit_allow_forget(struct op *, uuid unit_id); /* when what the operation wrote is durable */
/* Whose it is, from the same memory; rights are not asked. */
struct unit_scope {
    i64 owner_id, project_id;
    bool found;
};
err_t unit_scope(struct op *, uuid unit_id, struct unit_scope *out) MUST_USE;
/* Lists show everybody's: who administers the node keeps an eye on everything that runs on it. */
bool unit_sees_all(const struct principal *);
void unit_count_uptime(struct unit *);

struct audited unit_audited(struct op *, const struct unit *); /* for account_audit_detail() */

struct unit_new {
    uuid unit_id;
    str name, package_name, version, device_name, device_os;
    i64 project_id;
    uuid agent_id;
};
err_t unit_create(struct op *, const struct unit_new *, struct unit *out) MUST_USE;

/* A status that a client reports by itself. */
struct unit_status_report {
    int status; /* enum unit_status */
    i64 pid, port, exit_code;
    str reason;
};
bool unit_status_may(enum unit_status from, enum unit_status to);
err_t unit_set_status(struct op *, struct unit *, const struct unit_status_report *) MUST_USE;

/* What its owner wants: sets desired state and command, and tells the agent once that is durable. */
err_t unit_act(struct op *, struct unit *, enum unit_action) MUST_USE;
err_t unit_command_done(struct op *, uuid command_id, bool ok, str error) MUST_USE;

/* Records of a unit (telemetry.c). */
typedef LIST(struct telemetry_row) telemetry_list;
struct telemetry_filter {
    uuid unit_id;
    int type;  /* 0: any, else enum telemetry_type + 1 */
    int level; /* at least; LEVEL_NONE: any */
    str q;     /* words and "phrases", see log.h */
    time_us from, to;
    time_us at; /* go on behind this record */
    i64 id;
    bool oldest_first;
    i64 limit;
};
err_t telemetry_find(struct op *, const struct telemetry_filter *, telemetry_list *out) MUST_USE;
err_t telemetry_drop(struct op *, uuid unit_id) MUST_USE; /* all of them, and their series */
/* Numbers of metric records, dated, of one unit, into series (telemetry_series.c). */
err_t telemetry_to_series(struct op *, const struct unit *, const struct telemetry *, size_t n) MUST_USE;
err_t telemetry_drop_series(struct op *, uuid unit_id) MUST_USE; /* the caller sees everything */

/* Agents (unit_agent.c): the socket's row, and the connected agents of this node. */
struct http_socket;
extern const struct http_socket unit_agent_socket;
void unit_agent_push(const struct unit_command *); /* to its agent if that is connected here */
err_t unit_push_job(struct op *) MUST_USE;

/* Jobs and people who leave (unit_job.c). */
err_t unit_lost_job(struct op *) MUST_USE;
err_t unit_purge_job(struct op *) MUST_USE;
err_t telemetry_retention_job(struct op *) MUST_USE;
struct prom_text;
err_t unit_metrics(struct op *, struct prom_text *) MUST_USE;
err_t unit_forget_user(struct op *, i64 user_id) MUST_USE;
err_t unit_export_user(struct op *, i64 user_id, struct buf *) MUST_USE;
