/* The outbox: rows are written with the change that they tell of, and a job sends them until the receiver has
 * taken them. A receiver may get one twice (when the node dies between its answer and our row); its delivery
 * id tells. */
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "feature/alert/alert_rules.h"
#include "net/outgoing.h"
#include "port/config.h"
#include "port/ports.h"

/* One is taken for a little longer than a try may last (20 s, a letter's): what a node that dies has taken
 * waits no longer than that for another try. */
enum { TAKE_US = 30 * 1000000, RUN_US = 15 * 1000000 };
static const i64 waits_s[] = { 5, 15, 60, 300, 900, 1800, 3600, 3600, 7200, 7200, 14400, 14400, 14400 };
static const i64 keep_us = SEC(90 * 86400);

/* ---- in ---- */

static bool has_channel(const struct alert_rule *rule, const struct alert_channel *c)
{
    if (c->owner_id != rule->owner_id || c->project_id != rule->project_id) return false;
    for (size_t i = 0; i < rule->channels.n; i++)
        if (rule->channels.item[i] == c->id) return true;
    return !rule->channels.n;
}

static json_raw body_of(struct arena *a, const struct alert_delivery *d, const struct alert *al)
{
    struct buf b = BUF(a);
    char id[UUID_TEXT];
    buf_char(&b, '{');
    json_put_key(&b, "event");
    json_put_str(&b, str_of(alert_events[d->event]));
    json_put_key(&b, "delivery");
    json_put_str(&b, uuid_text(d->delivery, id));
    json_put_key(&b, "title");
    json_put_str(&b, d->title);
    json_put_key(&b, "text");
    json_put_str(&b, d->text);
    if (al) {
        json_put_key(&b, "alert");
        desc_write(&b, &alert_desc, al);
    }
    buf_char(&b, '}');
    return (json_raw){ buf_str(&b) };
}

static struct alert_delivery delivery_of(struct op *op, const struct alert_channel *c, const struct alert *al,
                                         enum alert_event event)
{
    struct alert_text text = alert_text_of(op, (enum lang)c->language, event, al);
    struct alert_delivery d = { .channel_id = c->id,
                                .alert_id = al ? al->id : 0,
                                .event = (int)event,
                                .delivery = uuid_new(),
                                .title = text.title,
                                .text = text.text,
                                .created_at = time_now(),
                                .next_at = time_now() };
    d.body = body_of(op->arena, &d, al);
    return d;
}

err_t alert_tell(struct alert_round *r, const struct alert_rule *rule, const struct alert *al,
                 enum alert_event event)
{
    for (size_t i = 0; i < r->channels.n; i++) {
        const struct alert_channel *c = &r->channels.item[i];
        if (!has_channel(rule, c)) continue;
        struct alert_delivery d = delivery_of(r->op, c, al, event);
        TRY(alert_sql_tell(r->op, &d));
    }
    return OK;
}

/* ---- out: one function a kind ---- */

static err_t post(struct op *op, const struct alert_channel *c, struct outgoing *o)
{
    const struct config *config = op->ports->config;
    int status;
    o->content_type = S("application/json");
    o->private_too = config && config->alert_private_urls;
    if (!o->url.n) o->url = c->url;
    if (!o->url.n) return fail(op, ERR_INVALID, "the channel has no address");
    TRY(outgoing_post(op, o, &status));
    if (status >= 200 && status < 300) return OK;
    bool later = status >= 500 || status == 408 || status == 429;
    return fail(op, later ? ERR_UNAVAILABLE : ERR_INVALID, "the receiver answered %d", status);
}

/* Signed when the channel has a key: HMAC-SHA256 over the time, a point and the body. */
static err_t send_webhook(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    char id[UUID_TEXT];
    str t = arena_printf(op->arena, "%lld", (long long)(time_now().us / SEC(1)));
    sha256 mac = hmac_sha256(c->secret, arena_printf(op->arena, "%.*s.%.*s", STR(t), STR(d->body.s)));
    struct outgoing_header headers[] = {
        { "Netbit-Event", str_of(alert_events[d->event]) },
        { "Netbit-Delivery", str_copy(op->arena, uuid_text(d->delivery, id)) },
        { "Netbit-Signature",
          arena_printf(op->arena, "t=%.*s,sha256=%.*s", STR(t), STR(sha256_text(op->arena, mac))) },
    };
    struct outgoing o = { .body = d->body.s, .header = headers, .nheaders = c->secret.n ? 3 : 2 };
    return post(op, c, &o);
}

static str whole_text(struct op *op, const struct alert_delivery *d)
{
    return arena_printf(op->arena, "%.*s\n%.*s", STR(d->title), STR(d->text));
}

static err_t send_slack(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"text\":"));
    json_put_str(&b, whole_text(op, d));
    buf_char(&b, '}');
    struct outgoing o = { .body = buf_str(&b) };
    return post(op, c, &o);
}

/* A workflow's webhook takes an adaptive card. */
static err_t send_teams(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    struct buf b = BUF(op->arena);
    buf_put(&b,
            S("{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/"
              "vnd.microsoft.card.adaptive\","
              "\"content\":{\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":[{\"type\":\"TextBlock\","
              "\"weight\":\"Bolder\",\"wrap\":true,\"text\":"));
    json_put_str(&b, d->title);
    buf_put(&b, S("},{\"type\":\"TextBlock\",\"wrap\":true,\"text\":"));
    json_put_str(&b, d->text);
    buf_put(&b, S("}]}}]}"));
    struct outgoing o = { .body = buf_str(&b) };
    return post(op, c, &o);
}

static err_t send_telegram(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    struct buf b = BUF(op->arena);
    str base = c->url.n ? c->url : S("https://api.telegram.org");
    buf_put(&b, S("{\"chat_id\":"));
    json_put_str(&b, c->target);
    buf_put(&b, S(",\"text\":"));
    json_put_str(&b, whole_text(op, d));
    buf_char(&b, '}');
    struct outgoing o = { .body = buf_str(&b) };
    o.url = arena_printf(op->arena, "%.*s/bot%.*s/sendMessage", STR(base),
                         STR(percent_encode(op->arena, c->secret)));
    return post(op, c, &o);
}

static err_t send_email(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    const struct config *config = op->ports->config;
    char id[UUID_TEXT];
    if (!config || !config->smtp_url.n || !config->smtp_from.n)
        return fail(op, ERR_INVALID, "this server has no mail server: smtp_url and smtp_from are not set");
    struct mail m = { .server_url = config->smtp_url,
                      .from = config->smtp_from,
                      .to = c->target,
                      .subject = d->title,
                      .text = d->text,
                      .id = str_copy(op->arena, uuid_text(d->delivery, id)) };
    return mail_send(op, &m);
}

static err_t (*const senders[])(struct op *, const struct alert_channel *, const struct alert_delivery *) = {
    [CHANNEL_WEBHOOK] = send_webhook,   [CHANNEL_SLACK] = send_slack, [CHANNEL_TEAMS] = send_teams,
    [CHANNEL_TELEGRAM] = send_telegram, [CHANNEL_EMAIL] = send_email,
};

err_t alert_send(struct op *op, const struct alert_channel *c, const struct alert_delivery *d)
{
    if (d) return senders[c->kind](op, c, d);
    struct alert_delivery test = delivery_of(op, c, NULL, EVENT_TEST);
    return senders[c->kind](op, c, &test);
}

/* ---- the job ---- */

static err_t deliver(struct op *op, struct alert_delivery *d)
{
    struct alert_channel c;
    bool found;
    time_us now = time_now();
    TRY(alert_sql_channel_get(op, d->channel_id, &c, &found));
    if (!found) return OK; /* the row goes with it */
    err_t e = alert_send(op, &c, d);
    d->attempts++;
    d->last_error = e ? op->err.msg : (str){ 0 };
    op_clear(op);
    bool again = e == ERR_UNAVAILABLE && d->attempts < (i64)LEN(waits_s);
    if (!e) d->sent_at = now;
    else if (!again) d->failed_at = now;
    d->next_at = (time_us){ now.us + SEC(again ? waits_s[d->attempts - 1] : 0) };
    if (e) LOG_WARN("an alert was not delivered", KV("channel", d->channel_id), KV("error", d->last_error));
    TRY(alert_sql_told(op, d));
    return db_flush(op);
}

err_t alert_deliver_job(struct op *op)
{
    i64 until = time_mono_us() + RUN_US;
    bool found = true;
    while (found && time_mono_us() < until) {
        struct alert_delivery due = { 0 };
        time_us now = time_now();
        TRY(alert_sql_take(op, now, (time_us){ now.us + TAKE_US }, &due, &found));
        TRY(db_flush(op)); /* nobody else takes it once it is sent */
        if (found) TRY(deliver(op, &due));
    }
    return OK;
}

err_t alert_forget_job(struct op *op) { return alert_sql_forget(op, (time_us){ time_now().us - keep_us }); }
