/* Alerts over HTTP. */
#include "feature/account/account.h"
#include "feature/alert/alert.h"
#include "feature/alert/alert_rules.h"
#include "feature/feature.h"

/* ---- rules ---- */

static struct audited rule_audited(struct op *op, const struct alert_rule *r)
{
    return audited_number(op, "alert_rule", r->id, r->name);
}

/* As before or after a change, for the audit log. */
static json_raw rule_json(struct op *op, const struct alert_rule *r)
{
    return account_audit_json(op, &alert_rule_desc, r);
}

static err_t rule_for(struct op *op, i64 id, enum alert_need need, struct alert_rule *out)
{
    bool found;
    TRY(alert_sql_rule_get(op, id, out, &found));
    if (!found) return fail(op, ERR_NOT_FOUND, "no such rule");
    if (need == ALERT_CHANGE)
        TRY(account_audit_detail(op, rule_audited(op, out), rule_json(op, out), (json_raw){ 0 }));
    return alert_access(op, out->owner_id, out->project_id, need, "rule");
}

API(alert_rules_list, alert_scope_ask, alert_rules);
static err_t alert_rules_list(struct op *op, const struct alert_scope_ask *in, struct alert_rules *out)
{
    struct alert_filter f = alert_filter_of(op, in->project_id);
    alert_rule_list list = { 0 };
    TRY(alert_sql_rules(op, &f, false, &list));
    out->rules.item = list.item;
    out->rules.n = list.n;
    return OK;
}

API(alert_rule_get, alert_key, alert_rule);
static err_t alert_rule_get(struct op *op, const struct alert_key *in, struct alert_rule *out)
{
    return rule_for(op, in->id, ALERT_SEE, out);
}

static err_t alert_rule_create(struct op *op, const void *in, void *out)
{
    struct alert_rule r = *(const struct alert_rule *)in;
    TRY(alert_scope(op, &r.owner_id, &r.project_id));
    TRY(alert_rule_check(op, &r));
    r.created_at = r.updated_at = time_now();
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(alert_sql_rule_insert(op, &r));
    TRY(account_audit_detail(op, rule_audited(op, &r), (json_raw){ 0 }, rule_json(op, &r)));
    *(struct alert_rule *)out = r;
    return db_commit(&tx);
}
static const struct api alert_rule_create_api = { "alert_rule_create", alert_rule_create, &alert_rule_in_desc,
                                                  &alert_rule_desc };

static err_t alert_rule_put(struct op *op, const void *in, void *out)
{
    struct alert_rule r = *(const struct alert_rule *)in, old;
    TRY(rule_for(op, r.id, ALERT_CHANGE, &old));
    r.owner_id = old.owner_id;
    r.project_id = old.project_id;
    r.builtin = old.builtin;
    r.name_ru = str_eq(r.name, old.name) ? old.name_ru : (str){ 0 };
    r.created_at = old.created_at;
    r.updated_at = time_now();
    if (r.builtin && r.kind != old.kind) return fail_field(op, "kind", "of a builtin rule stays as it is");
    TRY(alert_rule_check(op, &r));
    TRY(account_audit_detail(op, rule_audited(op, &r), (json_raw){ 0 }, rule_json(op, &r)));
    TRY(alert_sql_rule_update(op, &r));
    *(struct alert_rule *)out = r;
    return OK;
}
static const struct api alert_rule_put_api = { "alert_rule_put", alert_rule_put, &alert_rule_put_desc,
                                               &alert_rule_desc };

API(alert_rule_delete, alert_key, nothing);
static err_t alert_rule_delete(struct op *op, const struct alert_key *in, struct nothing *out UNUSED)
{
    struct alert_rule r;
    TRY(rule_for(op, in->id, ALERT_CHANGE, &r));
    if (r.builtin) return fail(op, ERR_CONFLICT, "a builtin rule can be disabled, not deleted");
    return alert_sql_rule_delete(op, r.id);
}

/* ---- alerts ---- */

static err_t add_silences(struct op *op, struct alert *list, size_t n)
{
    struct alert_filter everything = { .all = true };
    alert_silence_list silences = { 0 };
    time_us now = time_now();
    TRY(alert_sql_silences(op, &everything, now, &silences));
    for (size_t i = 0; i < n; i++)
        if (list[i].state != ALERT_RESOLVED)
            (void)alert_is_silenced(&silences, &list[i], now, &list[i].silenced_until);
    return OK;
}

API(alerts_list, alert_ask, alert_page);
static err_t alerts_list(struct op *op, const struct alert_ask *in, struct alert_page *out)
{
    struct alert_filter f = alert_filter_of(op, in->project_id);
    struct alert_ask ask = *in;
    alert_list list = { 0 };
    ask.limit++;
    TRY(alert_sql_list(op, &f, &ask, &list));
    out->alerts.item = list.item;
    out->alerts.n = MIN(list.n, (size_t)in->limit);
    if (list.n > out->alerts.n) out->next = list.item[out->alerts.n - 1].id;
    return add_silences(op, out->alerts.item, out->alerts.n);
}

static err_t alert_for(struct op *op, i64 id, enum alert_need need, struct alert *out)
{
    bool found;
    TRY(alert_sql_get(op, id, out, &found));
    if (!found) return fail(op, ERR_NOT_FOUND, "no such alert");
    if (need == ALERT_CHANGE) TRY(account_audit_target(op, audited_number(op, "alert", id, out->rule)));
    TRY(alert_access(op, out->owner_id, out->project_id, need, "alert"));
    return add_silences(op, out, 1);
}

API(alert_get, alert_key, alert);
static err_t alert_get(struct op *op, const struct alert_key *in, struct alert *out)
{
    return alert_for(op, in->id, ALERT_SEE, out);
}

API(alert_acknowledge, alert_key, alert);
static err_t alert_acknowledge(struct op *op, const struct alert_key *in, struct alert *out)
{
    TRY(alert_for(op, in->id, ALERT_CHANGE, out));
    TRY(alert_sql_acknowledge(op, in->id, op->who->login, time_now()));
    TRY(alert_for(op, in->id, ALERT_SEE, out));
    alert_changed(op, out);
    return OK;
}

/* For all alerts of the rule about the same subject. */
API(alert_hush, alert_hush, alert);
static err_t alert_hush(struct op *op, const struct alert_hush *in, struct alert *out)
{
    TRY(alert_for(op, in->id, ALERT_CHANGE, out));
    time_us now = time_now();
    struct alert_silence s = { .owner_id = out->owner_id,
                               .project_id = out->project_id,
                               .rule_id = out->rule_id,
                               .labels = out->labels,
                               .starts_at = now,
                               .until = { now.us + SEC(in->for_s) },
                               .reason = in->reason,
                               .created_by = op->who->login };
    TRY(alert_sql_silence_insert(op, &s));
    return alert_for(op, in->id, ALERT_SEE, out);
}

/* ---- channels ---- */

/* As people see it: what is secret has been taken off. */
static struct alert_channel shown(struct alert_channel c)
{
    c.has_secret = c.url.n || c.secret.n;
    c.url = c.secret = (str){ 0 };
    return c;
}

static struct audited channel_audited(struct op *op, const struct alert_channel *c)
{
    return audited_number(op, "alert_channel", c->id, c->name);
}

static json_raw channel_json(struct op *op, const struct alert_channel *c)
{
    struct alert_channel known = shown(*c);
    return account_audit_json(op, &alert_channel_desc, &known);
}

static err_t channel_for(struct op *op, i64 id, enum alert_need need, struct alert_channel *out)
{
    bool found;
    TRY(alert_sql_channel_get(op, id, out, &found));
    if (!found) return fail(op, ERR_NOT_FOUND, "no such channel");
    if (need == ALERT_CHANGE)
        TRY(account_audit_detail(op, channel_audited(op, out), channel_json(op, out), (json_raw){ 0 }));
    return alert_access(op, out->owner_id, out->project_id, need, "channel");
}

API(alert_channels_list, alert_scope_ask, alert_channels);
static err_t alert_channels_list(struct op *op, const struct alert_scope_ask *in, struct alert_channels *out)
{
    struct alert_filter f = alert_filter_of(op, in->project_id);
    alert_channel_list list = { 0 };
    TRY(alert_sql_channels(op, &f, false, &list));
    for (size_t i = 0; i < list.n; i++) list.item[i] = shown(list.item[i]);
    out->channels.item = list.item;
    out->channels.n = list.n;
    return OK;
}

API(alert_channel_get, alert_key, alert_channel);
static err_t alert_channel_get(struct op *op, const struct alert_key *in, struct alert_channel *out)
{
    TRY(channel_for(op, in->id, ALERT_SEE, out));
    *out = shown(*out);
    return OK;
}

static err_t alert_channel_create(struct op *op, const void *in, void *out)
{
    struct alert_channel c = *(const struct alert_channel *)in;
    TRY(alert_scope(op, &c.owner_id, &c.project_id));
    TRY(alert_channel_check(op, &c));
    c.created_at = time_now();
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(alert_sql_channel_insert(op, &c));
    TRY(account_audit_detail(op, channel_audited(op, &c), (json_raw){ 0 }, channel_json(op, &c)));
    *(struct alert_channel *)out = shown(c);
    return db_commit(&tx);
}
static const struct api alert_channel_create_api = { "alert_channel_create", alert_channel_create,
                                                     &alert_channel_in_desc, &alert_channel_desc };

static err_t alert_channel_put(struct op *op, const void *in, void *out)
{
    struct alert_channel c = *(const struct alert_channel *)in, old;
    TRY(channel_for(op, c.id, ALERT_CHANGE, &old));
    c.owner_id = old.owner_id;
    c.project_id = old.project_id;
    c.created_at = old.created_at;
    if (!c.url.p && c.kind == old.kind) c.url = old.url;
    if (!c.secret.p && c.kind == old.kind) c.secret = old.secret;
    TRY(alert_channel_check(op, &c));
    TRY(account_audit_detail(op, channel_audited(op, &c), (json_raw){ 0 }, channel_json(op, &c)));
    TRY(alert_sql_channel_update(op, &c));
    *(struct alert_channel *)out = shown(c);
    return OK;
}
static const struct api alert_channel_put_api = { "alert_channel_put", alert_channel_put,
                                                  &alert_channel_put_desc, &alert_channel_desc };

API(alert_channel_delete, alert_key, nothing);
static err_t alert_channel_delete(struct op *op, const struct alert_key *in, struct nothing *out UNUSED)
{
    struct alert_channel c;
    TRY(channel_for(op, in->id, ALERT_CHANGE, &c));
    return alert_sql_channel_delete(op, c.id);
}

/* Answers what the receiver said; that it refused is no failure of this request. */
API(alert_channel_test, alert_key, alert_tested);
static err_t alert_channel_test(struct op *op, const struct alert_key *in, struct alert_tested *out)
{
    struct alert_channel c;
    TRY(channel_for(op, in->id, ALERT_CHANGE, &c));
    err_t e = alert_send(op, &c, NULL);
    *out = (struct alert_tested){ .delivered = !e, .error = e ? op->err.msg : (str){ 0 } };
    op_clear(op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx)); /* nothing but the entry in the audit log */
    TRY(account_audit_detail(op, channel_audited(op, &c), (json_raw){ 0 },
                             account_audit_json(op, &alert_tested_desc, out)));
    return db_commit(&tx);
}

API(alert_deliveries_list, alert_key, alert_deliveries);
static err_t alert_deliveries_list(struct op *op, const struct alert_key *in, struct alert_deliveries *out)
{
    struct alert_channel c;
    alert_delivery_list list = { 0 };
    TRY(channel_for(op, in->id, ALERT_SEE, &c));
    TRY(alert_sql_deliveries(op, in->id, &list));
    out->deliveries.item = list.item;
    out->deliveries.n = list.n;
    return OK;
}

/* ---- silences ---- */

static struct audited silence_audited(struct op *op, const struct alert_silence *s)
{
    return audited_number(op, "alert_silence", s->id, s->reason);
}

static json_raw silence_json(struct op *op, const struct alert_silence *s)
{
    return account_audit_json(op, &alert_silence_desc, s);
}

API(alert_silences_list, alert_scope_ask, alert_silences);
static err_t alert_silences_list(struct op *op, const struct alert_scope_ask *in, struct alert_silences *out)
{
    struct alert_filter f = alert_filter_of(op, in->project_id);
    alert_silence_list list = { 0 };
    TRY(alert_sql_silences(op, &f, time_now(), &list));
    out->silences.item = list.item;
    out->silences.n = list.n;
    return OK;
}

static err_t alert_silence_create(struct op *op, const void *in, void *out)
{
    struct alert_silence s = *(const struct alert_silence *)in;
    struct alert_rule rule;
    TRY(alert_scope(op, &s.owner_id, &s.project_id));
    if (!s.starts_at.us) s.starts_at = time_now();
    if (s.until.us <= s.starts_at.us || s.until.us <= time_now().us)
        return fail_field(op, "until", "is in the past");
    if (s.rule_id) {
        TRY(rule_for(op, s.rule_id, ALERT_SEE, &rule));
        if (rule.owner_id != s.owner_id || rule.project_id != s.project_id)
            return fail_field(op, "rule_id", "is of another scope");
    }
    s.created_by = op->who->login;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(alert_sql_silence_insert(op, &s));
    TRY(account_audit_detail(op, silence_audited(op, &s), (json_raw){ 0 }, silence_json(op, &s)));
    *(struct alert_silence *)out = s;
    return db_commit(&tx);
}
static const struct api alert_silence_create_api = { "alert_silence_create", alert_silence_create,
                                                     &alert_silence_in_desc, &alert_silence_desc };

API(alert_silence_delete, alert_key, nothing);
static err_t alert_silence_delete(struct op *op, const struct alert_key *in, struct nothing *out UNUSED)
{
    struct alert_silence s;
    bool found;
    TRY(alert_sql_silence_get(op, in->id, &s, &found));
    if (!found) return fail(op, ERR_NOT_FOUND, "no such silence");
    TRY(account_audit_detail(op, silence_audited(op, &s), silence_json(op, &s), (json_raw){ 0 }));
    TRY(alert_access(op, s.owner_id, s.project_id, ALERT_CHANGE, "silence"));
    return alert_sql_silence_delete(op, s.id);
}

/* ---- export ---- */

static err_t export_user(struct op *op, i64 user_id, struct buf *b)
{
    struct alert_filter f = { .user_id = user_id };
    struct alert_rules rules = { 0 };
    struct alert_channels channels = { 0 };
    alert_rule_list r = { 0 };
    alert_channel_list c = { 0 };
    TRY(alert_sql_rules(op, &f, false, &r));
    TRY(alert_sql_channels(op, &f, false, &c));
    for (size_t i = 0; i < c.n; i++) c.item[i] = shown(c.item[i]);
    rules.rules.item = r.item;
    rules.rules.n = r.n;
    channels.channels.item = c.item;
    channels.channels.n = c.n;
    buf_put(b, S("{\"rules\":"));
    desc_write(b, &alert_rules_desc, &rules);
    buf_put(b, S(",\"channels\":"));
    desc_write(b, &alert_channels_desc, &channels);
    buf_char(b, '}');
    return OK;
}

#define ALERTS   "/api/v1/alerts"
#define RULES    "/api/v1/alert-rules"
#define CHANNELS "/api/v1/alert-channels"
#define SILENCES "/api/v1/alert-silences"
#define SEE      .auth = RIGHT_ALERT_READ
#define CHANGE   .auth = RIGHT_ALERT_WRITE
static const struct route routes[] = {
    { GET, ALERTS, &alerts_list_api, SEE, .doc = "Alerts of the caller and the caller's projects." },
    { GET, ALERTS "/{id}", &alert_get_api, SEE, .doc = "One alert." },
    { POST, ALERTS "/{id}/acknowledge", &alert_acknowledge_api, CHANGE, .audit = "alert.acknowledge",
      .doc = "Say that one knows." },
    { POST, ALERTS "/{id}/silence", &alert_hush_api, CHANGE, .audit = "alert.silence",
      .doc = "Hold back what this rule would tell of this subject." },
    { GET, RULES, &alert_rules_list_api, SEE, .doc = "Rules." },
    { POST, RULES, &alert_rule_create_api, CHANGE, .status = 201, .audit = "alert_rule.create",
      .doc = "Make a rule." },
    { GET, RULES "/{id}", &alert_rule_get_api, SEE, .doc = "One rule." },
    { PUT, RULES "/{id}", &alert_rule_put_api, CHANGE, .audit = "alert_rule.update",
      .doc = "Change a rule." },
    { DELETE, RULES "/{id}", &alert_rule_delete_api, CHANGE, .audit = "alert_rule.delete",
      .doc = "Delete a rule with its history." },
    { GET, CHANNELS, &alert_channels_list_api, SEE, .doc = "Channels, without their secrets." },
    { POST, CHANNELS, &alert_channel_create_api, CHANGE, .status = 201, .audit = "alert_channel.create",
      .doc = "Make a channel." },
    { GET, CHANNELS "/{id}", &alert_channel_get_api, SEE, .doc = "One channel." },
    { PUT, CHANNELS "/{id}", &alert_channel_put_api, CHANGE, .audit = "alert_channel.update",
      .doc = "Change a channel." },
    { DELETE, CHANNELS "/{id}", &alert_channel_delete_api, CHANGE, .audit = "alert_channel.delete",
      .doc = "Delete a channel." },
    { POST, CHANNELS "/{id}/test", &alert_channel_test_api, CHANGE, .audit = "alert_channel.test",
      .doc = "Send a test message now." },
    { GET, CHANNELS "/{id}/deliveries", &alert_deliveries_list_api, SEE,
      .doc = "What was and is to be told." },
    { GET, SILENCES, &alert_silences_list_api, SEE, .doc = "Silences that are not over." },
    { POST, SILENCES, &alert_silence_create_api, CHANGE, .status = 201, .audit = "alert_silence.create",
      .doc = "Silence alerts for a while." },
    { DELETE, SILENCES "/{id}", &alert_silence_delete_api, CHANGE, .audit = "alert_silence.delete",
      .doc = "End a silence." },
};

static const struct job jobs[] = {
    { "alert.evaluate", SEC(5), alert_evaluate_job, "Look at all that alert rules are about." },
    { "alert.deliver", SEC(1), alert_deliver_job, "Send what alerts have to tell." },
    { "alert.forget", SEC(3600), alert_forget_job, "Delete deliveries and alerts of 90 days ago." },
};

extern const struct migration migrations_alert[];
extern const size_t nmigrations_alert;
const struct feature alert_feature = {
    .name = "alert",
    .doc = "Alerts: rules, channels, silences, history.",
    .routes = routes,
    .nroutes = LEN(routes),
    .commands = alert_commands,
    .ncommands = ALERT_COMMANDS,
    .topics = alert_topics,
    .ntopics = ALERT_TOPICS,
    .jobs = jobs,
    .njobs = LEN(jobs),
    .migrations = migrations_alert,
    .nmigrations = &nmigrations_alert,
    .stop = alert_series_forget,
    .export_user = export_user,
};
