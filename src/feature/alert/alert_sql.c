#include "feature/alert/alert_sql.h"

json_raw alert_json(struct arena *a, const struct desc *d, const char *field, const void *record)
{
    const struct field *f = desc_field(d, str_of(field));
    struct buf b = BUF(a);
    f->type->write(&b, f, (const char *)record + f->off);
    return (json_raw){ buf_str(&b) };
}

static struct sql mine(const struct alert_filter *f)
{
    if (f->project_id) return SQL(" AND s.project_id = ?");
    return SQL(" AND (s.owner_id = ? OR s.project_id IN (SELECT m.project_id FROM project_members m WHERE "
               "m.user_id = ?))");
}
static void add_scope(struct db_text *t, const struct alert_filter *f)
{
    if (f->project_id) db_text_add_sql(t, mine(f), DB_ARGS(A(f->project_id)));
    else if (!f->all) db_text_add_sql(t, mine(f), DB_ARGS(A(f->user_id), A(f->user_id)));
}

/* ---- rules ---- */

err_t alert_sql_rule_insert(struct op *op, struct alert_rule *r)
{
    bool found;
    struct alert_rule made;
    TRY(db_find(
        op, &alert_rule_desc, &made, &found,
        "INSERT INTO alert_rules (owner_id, project_id, name, kind, severity, builtin, enabled, series, "
        "labels, threshold, hysteresis, for_s, channels, created_at, updated_at, name_ru) VALUES (?, ?, ?, "
        "?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        A_NULL0(r->owner_id), A_NULL0(r->project_id), A(r->name), A(str_of(alert_kinds[r->kind])),
        A(str_of(alert_severities[r->severity])), A(r->builtin), A(r->enabled), A(r->series),
        A(alert_json(op->arena, &alert_rule_desc, "labels", r)), A(r->threshold), A(r->hysteresis),
        A(r->for_s), A(alert_json(op->arena, &alert_rule_desc, "channels", r)), A(r->created_at),
        A(r->updated_at), A(r->name_ru)));
    r->id = found ? made.id : 0;
    return OK;
}

err_t alert_sql_rule_update(struct op *op, const struct alert_rule *r)
{
    return db_exec(
        op,
        "UPDATE alert_rules SET name = ?, kind = ?, severity = ?, enabled = ?, series = ?, labels = ?, "
        "threshold = ?, hysteresis = ?, for_s = ?, channels = ?, updated_at = ?, name_ru = ? WHERE id = ?",
        A(r->name), A(str_of(alert_kinds[r->kind])), A(str_of(alert_severities[r->severity])), A(r->enabled),
        A(r->series), A(alert_json(op->arena, &alert_rule_desc, "labels", r)), A(r->threshold),
        A(r->hysteresis), A(r->for_s), A(alert_json(op->arena, &alert_rule_desc, "channels", r)),
        A(r->updated_at), A(r->name_ru), A(r->id));
}

err_t alert_sql_rule_get(struct op *op, i64 id, struct alert_rule *out, bool *found)
{
    return db_find(op, &alert_rule_desc, out, found, "SELECT * FROM alert_rules WHERE id = ?", A(id));
}
err_t alert_sql_rule_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM alert_rules WHERE id = ?", A(id));
}

err_t alert_sql_rules(struct op *op, const struct alert_filter *f, bool enabled, alert_rule_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add_sql(&t, SQL("SELECT s.* FROM alert_rules s WHERE TRUE"), NULL, 0);
    if (enabled) db_text_add_sql(&t, SQL(" AND s.enabled"), NULL, 0);
    add_scope(&t, f);
    db_text_add_sql(&t, SQL(" ORDER BY s.id"), NULL, 0);
    return db_text_all(&t, &alert_rule_desc, out);
}

/* ---- alerts ---- */

err_t alert_sql_insert(struct op *op, struct alert *a)
{
    return db_i64(
        op, &a->id,
        "INSERT INTO alerts (rule_id, subject_key, subject, labels, state, value, note, started_at, "
        "fired_at, ended_at, notified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A(a->rule_id), A(a->subject_key), A(a->subject), A(alert_json(op->arena, &alert_desc, "labels", a)),
        A(str_of(alert_states[a->state])), A(a->value), A(a->note), A(a->started_at), A(a->fired_at),
        A(a->ended_at), A(a->notified_at));
}

err_t alert_sql_update(struct op *op, const struct alert *a)
{
    return db_exec(
        op,
        "UPDATE alerts SET state = ?, value = ?, note = ?, fired_at = ?, ended_at = ?, notified_at = ? "
        "WHERE id = ?",
        A(str_of(alert_states[a->state])), A(a->value), A(a->note), A(a->fired_at), A(a->ended_at),
        A(a->notified_at), A(a->id));
}

err_t alert_sql_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM alerts WHERE id = ?", A(id));
}

#define ALERTS \
    "SELECT a.id, a.rule_id, s.owner_id, s.project_id, s.name AS rule, s.name_ru AS rule_ru, s.kind, " \
    "s.severity, a.state, " \
    "a.subject_key, a.subject, a.labels, a.value, s.threshold, s.for_s, a.note, a.started_at, a.fired_at, " \
    "a.ended_at, a.notified_at, a.acknowledged_at, a.acknowledged_by FROM alerts a JOIN alert_rules s ON " \
    "s.id " \
    "= a.rule_id"

err_t alert_sql_get(struct op *op, i64 id, struct alert *out, bool *found)
{
    return db_find(op, &alert_desc, out, found, ALERTS " WHERE a.id = ?", A(id));
}

err_t alert_sql_list(struct op *op, const struct alert_filter *f, const struct alert_ask *ask,
                     alert_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add_sql(&t, SQL(ALERTS " WHERE TRUE"), NULL, 0);
    if (ask->state == 0) db_text_add_sql(&t, SQL(" AND a.ended_at IS NULL"), NULL, 0);
    if (ask->state > 1) db_text_add(&t, " AND a.state = ?", A(str_of(alert_states[ask->state - 2])));
    add_scope(&t, f);
    if (ask->cursor) db_text_add(&t, " AND a.id < ?", A(ask->cursor));
    db_text_add(&t, " ORDER BY a.id DESC LIMIT ?", A(ask->limit));
    return db_text_all(&t, &alert_desc, out);
}

err_t alert_sql_active(struct op *op, alert_list *out)
{
    return db_all_sql(op, &alert_desc, out, SQL(ALERTS " WHERE a.ended_at IS NULL"), NULL, 0);
}

err_t alert_sql_acknowledge(struct op *op, i64 id, str who, time_us at)
{
    return db_exec(op, "UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ? WHERE id = ?", A(at),
                   A(who), A(id));
}

/* ---- channels ---- */

err_t alert_sql_channel_insert(struct op *op, struct alert_channel *c)
{
    return db_i64(
        op, &c->id,
        "INSERT INTO alert_channels (owner_id, project_id, name, kind, language, url, secret, target, "
        "enabled, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A_NULL0(c->owner_id), A_NULL0(c->project_id), A(c->name), A(str_of(alert_channel_kinds[c->kind])),
        A(str_of(alert_languages[c->language])), A(c->url), A(c->secret), A(c->target), A(c->enabled),
        A(c->created_at));
}

err_t alert_sql_channel_update(struct op *op, const struct alert_channel *c)
{
    return db_exec(
        op,
        "UPDATE alert_channels SET name = ?, kind = ?, language = ?, url = ?, secret = ?, target = ?, "
        "enabled = ? WHERE id = ?",
        A(c->name), A(str_of(alert_channel_kinds[c->kind])), A(str_of(alert_languages[c->language])),
        A(c->url), A(c->secret), A(c->target), A(c->enabled), A(c->id));
}

#define CHANNELS "SELECT s.*, (s.url IS NOT NULL OR s.secret IS NOT NULL) AS has_secret FROM alert_channels s"

err_t alert_sql_channel_get(struct op *op, i64 id, struct alert_channel *out, bool *found)
{
    return db_find(op, &alert_channel_desc, out, found, CHANNELS " WHERE s.id = ?", A(id));
}
err_t alert_sql_channel_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM alert_channels WHERE id = ?", A(id));
}

err_t alert_sql_channels(struct op *op, const struct alert_filter *f, bool enabled, alert_channel_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add_sql(&t, SQL(CHANNELS " WHERE TRUE"), NULL, 0);
    if (enabled) db_text_add_sql(&t, SQL(" AND s.enabled"), NULL, 0);
    add_scope(&t, f);
    db_text_add_sql(&t, SQL(" ORDER BY s.id"), NULL, 0);
    return db_text_all(&t, &alert_channel_desc, out);
}

/* ---- silences ---- */

err_t alert_sql_silence_insert(struct op *op, struct alert_silence *s)
{
    return db_i64(
        op, &s->id,
        "INSERT INTO alert_silences (owner_id, project_id, rule_id, labels, starts_at, until, reason, "
        "created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A_NULL0(s->owner_id), A_NULL0(s->project_id), A_NULL0(s->rule_id),
        A(alert_json(op->arena, &alert_silence_desc, "labels", s)), A(s->starts_at), A(s->until),
        A(s->reason), A(s->created_by));
}
err_t alert_sql_silence_get(struct op *op, i64 id, struct alert_silence *out, bool *found)
{
    return db_find(op, &alert_silence_desc, out, found, "SELECT * FROM alert_silences WHERE id = ?", A(id));
}
err_t alert_sql_silence_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM alert_silences WHERE id = ?", A(id));
}
err_t alert_sql_silences(struct op *op, const struct alert_filter *f, time_us now, alert_silence_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, "SELECT s.* FROM alert_silences s WHERE s.until > ?", A(now));
    add_scope(&t, f);
    db_text_add_sql(&t, SQL(" ORDER BY s.id"), NULL, 0);
    return db_text_all(&t, &alert_silence_desc, out);
}

/* ---- the outbox ---- */

err_t alert_sql_tell(struct op *op, const struct alert_delivery *d)
{
    return db_exec(
        op,
        "INSERT INTO alert_outbox (channel_id, alert_id, event, delivery, title, text, body, created_at, "
        "next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        A(d->channel_id), A_NULL0(d->alert_id), A(str_of(alert_events[d->event])), A(d->delivery),
        A(d->title), A(d->text), A(d->body), A(d->created_at), A(d->next_at));
}

err_t alert_sql_take(struct op *op, time_us now, time_us until, struct alert_delivery *out, bool *found)
{
    return db_find(
        op, &alert_delivery_desc, out, found,
        "UPDATE alert_outbox SET next_at = ? WHERE id IN (SELECT id FROM alert_outbox WHERE next_at <= ? "
        "AND sent_at IS NULL AND failed_at IS NULL ORDER BY next_at, id LIMIT 1) AND next_at <= ? "
        "RETURNING *",
        A(until), A(now), A(now));
}

err_t alert_sql_told(struct op *op, const struct alert_delivery *d)
{
    return db_exec(
        op,
        "UPDATE alert_outbox SET attempts = ?, next_at = ?, sent_at = ?, failed_at = ?, last_error = ? "
        "WHERE id = ?",
        A(d->attempts), A(d->next_at), A(d->sent_at), A(d->failed_at), A(d->last_error), A(d->id));
}

err_t alert_sql_deliveries(struct op *op, i64 channel_id, alert_delivery_list *out)
{
    return db_all(op, &alert_delivery_desc, out,
                  "SELECT * FROM alert_outbox WHERE channel_id = ? ORDER BY id DESC LIMIT 100",
                  A(channel_id));
}

err_t alert_sql_forget(struct op *op, time_us before)
{
    TRY(db_exec(
        op,
        "DELETE FROM alert_outbox WHERE created_at < ? AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)",
        A(before)));
    TRY(db_exec(op, "DELETE FROM alerts WHERE ended_at < ?", A(before)));
    return db_exec(op, "DELETE FROM alert_silences WHERE until < ?", A(before));
}
