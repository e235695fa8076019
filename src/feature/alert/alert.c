/* Who may what, and what a rule or channel must be. */
#include "feature/alert/alert.h"
#include "feature/account/account.h"
#include "feature/alert/alert_rules.h"
#include "net/outgoing.h"
#include "port/config.h"
#include "port/ports.h"

err_t alert_access(struct op *op, i64 owner_id, i64 project_id, enum alert_need need, const char *what)
{
    struct entity e = { VISIBLE_PRIVATE, owner_id, project_id };
    enum project_role role;
    TRY(account_access(op, &e, &role));
    if (role == ROLE_NONE) return fail(op, ERR_NOT_FOUND, "no such %s", what);
    if (need == ALERT_CHANGE && role < ROLE_EDITOR)
        return fail(op, ERR_FORBIDDEN, "only editors of the project may do this");
    return OK;
}

err_t alert_scope(struct op *op, i64 *owner_id, i64 *project_id)
{
    *owner_id = 0;
    if (!*project_id) *project_id = op->who->project_id;
    if (!*project_id) {
        *owner_id = op->who->user_id;
        return *owner_id ? OK : fail_field(op, "project_id", "must be given");
    }
    return account_project_need(op, *project_id, ROLE_EDITOR, "project_id");
}

struct alert_filter alert_filter_of(const struct op *op, i64 project_id)
{
    const struct principal *who = op->who;
    bool all = who->kind == WHO_SYSTEM || who->rights & RIGHT_ADMIN;
    return (struct alert_filter){ .all = all,
                                  .user_id = who->user_id,
                                  .project_id = who->project_id ? who->project_id : project_id };
}

static err_t check_channels(struct op *op, const struct alert_rule *r)
{
    for (size_t i = 0; i < r->channels.n; i++) {
        struct alert_channel c;
        bool found;
        TRY(alert_sql_channel_get(op, r->channels.item[i], &c, &found));
        if (!found || c.owner_id != r->owner_id || c.project_id != r->project_id)
            return fail_field(op, "channels", "no channel %lld of the same scope",
                              (long long)r->channels.item[i]);
    }
    return OK;
}

err_t alert_rule_check(struct op *op, const struct alert_rule *r)
{
    bool of_series = r->kind <= ALERT_ABSENT;
    if (of_series && !r->series.n) return fail_field(op, "series", "is needed by a rule of this kind");
    if (!of_series && r->series.n) return fail_field(op, "series", "does not belong to a rule of this kind");
    if (r->kind == ALERT_ABSENT && r->for_s < 10) return fail_field(op, "for_s", "must be at least 10");
    return check_channels(op, r);
}

static const struct {
    bool url, secret, target;
} needs[] = {
    [CHANNEL_WEBHOOK] = { .url = true },  [CHANNEL_SLACK] = { .url = true },
    [CHANNEL_TEAMS] = { .url = true },    [CHANNEL_TELEGRAM] = { .secret = true, .target = true },
    [CHANNEL_EMAIL] = { .target = true },
};

err_t alert_channel_check(struct op *op, const struct alert_channel *c)
{
    const struct config *config = op->ports->config;
    if (needs[c->kind].url && !c->url.n) return fail_field(op, "url", "is needed by a channel of this kind");
    if (needs[c->kind].secret && !c->secret.n) return fail_field(op, "secret", "is needed: the bot's token");
    if (needs[c->kind].target && !c->target.n)
        return fail_field(op, "target", "is needed by a channel of this kind");
    if (c->kind == CHANNEL_EMAIL && !mail_address_ok(c->target))
        return fail_field(op, "target", "must be one plain mail address");
    return c->url.n ? outgoing_check(op, "url", c->url, config && config->alert_private_urls) : OK;
}

err_t alert_ensure(struct op *op, i64 owner_id, const struct alert_builtin *b, size_t n)
{
    time_us now = time_now();
    for (size_t i = 0; i < n; i++) {
        struct alert_rule rule = { .owner_id = owner_id,
                                   .name = str_of(b[i].name),
                                   .name_ru = str_of(b[i].name_ru),
                                   .kind = ALERT_ABOVE,
                                   .severity = b[i].critical ? ALERT_CRITICAL : ALERT_WARNING,
                                   .builtin = true,
                                   .enabled = true,
                                   .series = str_of(b[i].series),
                                   .threshold = b[i].threshold,
                                   .hysteresis = b[i].hysteresis,
                                   .for_s = b[i].for_s,
                                   .created_at = now,
                                   .updated_at = now };
        TRY(alert_sql_rule_insert(op, &rule));
    }
    return OK;
}
