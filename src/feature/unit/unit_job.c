/* What the server does about units by itself, and what it does when a person leaves. */
#include "feature/log/log.h"
#include "feature/unit/unit_live.h"
#include "net/prom_text.h"
#include "port/config.h"
#include "port/ports.h"

/* An agent that has been silent for so long will not come back to confirm a removal. */
static const i64 removal_us = SEC(30 * 86400);

static time_us before(i64 us) { return (time_us){ time_now().us - us }; }

/* An event in the history of each. */
static err_t tell_lost(struct op *op, const unit_list *lost, time_us now)
{
    struct telemetry *events = NEWN(op->arena, struct telemetry, lost->n);
    for (size_t i = 0; i < lost->n; i++)
        events[i] = (struct telemetry){ .unit_id = lost->item[i].unit_id,
                                        .telemetry_type = TELEMETRY_EVENT,
                                        .level = LEVEL_ERROR,
                                        .message = S("status"),
                                        .data = { S("{\"status\":\"failed\",\"reason\":\"" UNIT_LOST "\"}") },
                                        .timestamp = now };
    for (size_t i = 0; i < lost->n; i++) TRY(unit_changed(op, lost->item[i].unit_id));
    return telemetry_store(op, events, lost->n);
}

err_t unit_lost_job(struct op *op)
{
    time_us silent = before(unit_lost_us), now = time_now();
    unit_list lost = { 0 };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(unit_sql_lose(op, silent, now, &lost));
    TRY(tell_lost(op, &lost, now));
    TRY(unit_sql_give_up_removal(op, silent, before(removal_us), now));
    return db_commit(&tx);
}

static err_t delete_unit(struct op *op, uuid unit_id)
{
    TRY(telemetry_drop(op, unit_id));
    return unit_sql_delete(op, unit_id);
}

err_t unit_purge_job(struct op *op)
{
    for (uuid u;;) {
        TRY(unit_sql_next_removed(op, &u));
        if (uuid_is_nil(u)) return OK;
        TRY(delete_unit(op, u));
    }
}

err_t telemetry_retention_job(struct op *op)
{
    const struct config *c = op->ports->config;
    i64 keep_us = SEC(30 * 86400);
    if (c && c->telemetry_keep.n && !str_to_duration(c->telemetry_keep, &keep_us))
        return fail_field(op, "telemetry_keep", "must be a duration such as 30d");
    for (bool more = true; more;) TRY(log_drop_before(op, before(keep_us), &more));
    return OK;
}

err_t unit_metrics(struct op *op, struct prom_text *page)
{
    status_counts all = { 0 };
    TRY(unit_sql_statuses(op, &all));
    prom_family(page, "netbit_units", "gauge", "Units by status.");
    for (size_t i = 0; i < all.n; i++)
        prom_sample(page, PROM_LABELS({ "status", all.item[i].status }), (double)all.item[i].n);
    return OK;
}

err_t unit_forget_user(struct op *op, i64 user_id)
{
    unit_list own = { 0 };
    TRY(unit_sql_of_owner(op, user_id, &own));
    for (size_t i = 0; i < own.n; i++) {
        unit_allow_forget(op, own.item[i].unit_id);
        TRY(delete_unit(op, own.item[i].unit_id));
    }
    return OK;
}

err_t unit_export_user(struct op *op, i64 user_id, struct buf *b)
{
    unit_list own = { 0 };
    agent_list agents = { 0 };
    TRY(unit_sql_of_owner(op, user_id, &own));
    TRY(agent_sql_list(op, user_id, &agents));
    buf_put(b, S("{\"units\":["));
    for (size_t i = 0; i < own.n; i++) {
        if (i) buf_char(b, ',');
        desc_write(b, &unit_desc, &own.item[i]);
    }
    buf_put(b, S("],\"agents\":["));
    for (size_t i = 0; i < agents.n; i++) {
        if (i) buf_char(b, ',');
        desc_write(b, &agent_row_desc, &agents.item[i]);
    }
    buf_put(b, S("]}"));
    return OK;
}
