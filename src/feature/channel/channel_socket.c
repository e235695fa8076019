/* The WebSocket: control messages in, events and frames out. Each message is an operation of its own, on a
 * worker; nothing that it writes need be durable. */
#include "base/log.h"
#include "feature/channel/channel_in.h"
#include "feature/channel/hub_count.h"

enum { MESSAGE_MOST = 16384, HIGH_WATER = 1 << 20 };
enum { CLOSE_BAD = 4400, CLOSE_SESSION = 4401, CLOSE_SLOW = 4408 };

struct socket {
    struct client client;
    struct ws *ws;
};
#define SOCKET(c) CONTAINER_OF(c, struct socket, client)

/* Control messages are few and must not be missing: whoever has no room for them is not reading at all. */
static void say(struct socket *s, const struct desc *d, const void *message)
{
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    desc_write(&b, d, message);
    HUB_COUNT(bytes, b.n);
    if (!ws_send(s->ws, true, buf_str(&b))) ws_close(s->ws, CLOSE_SLOW, S("too slow"));
}

static void say_error(struct socket *s, const struct op_error *e, i64 id, i64 chan)
{
    str detail = e->code == ERR_INTERNAL ? str_of(err_title(e->code)) : e->msg;
    say(s, &live_error_desc,
        &(struct live_error){ .id = id,
                              .chan = chan,
                              .code = str_of(err_name(e->code)),
                              .detail = detail.n ? detail : (str){ 0 },
                              .field = e->field.n ? e->field : (str){ 0 } });
}

/* The channel's thread: what goes out. */

static bool has_room(struct socket *s) { return ws_unsent(s->ws) < HIGH_WATER; }

static bool on_event(struct client *c, struct sub *sub, const struct event *e)
{
    struct socket *s = SOCKET(c);
    if (!has_room(s)) return false;
    if (sub->chan == sub->topic->chan) {
        HUB_COUNT(bytes, ws_message_text(e->message).n);
        return ws_send_message(s->ws, e->message);
    }
    struct live_event m = { 0, sub->chan, (i64)e->seq, e->rev, e->key.n ? e->key : (str){ 0 }, { e->data } };
    say(s, &live_event_desc, &m);
    return true;
}

static bool on_points(struct client *c, struct sub *sub, const struct points_out *p)
{
    struct socket *s = SOCKET(c);
    if (!has_room(s)) return false;
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    channel_put_points(&b, sub, p);
    HUB_COUNT(bytes, b.n);
    return ws_send(s->ws, false, buf_str(&b));
}

static bool on_gap(struct client *c, struct sub *sub, u64 seq, u64 dropped)
{
    struct socket *s = SOCKET(c);
    if (!has_room(s)) return false;
    if (sub->topic->kind->delivery == TOPIC_POINTS) {
        AUTO(arena) struct arena a = { 0 };
        struct buf b = BUF(&a);
        channel_put_gap(&b, sub, seq, dropped);
        return ws_send(s->ws, false, buf_str(&b));
    }
    say(s, &live_gap_desc, &(struct live_gap){ 0, sub->chan, (i64)seq, (i64)dropped });
    return true;
}

static void on_beat(struct client *c, struct ws_message *m) { ws_send_message(SOCKET(c)->ws, m); }

static void on_lost(struct client *c, u32 chan, const struct op_error *why)
{
    HUB_COUNT(lost, 1);
    say_error(SOCKET(c), why, 0, chan);
}

static void on_end(struct client *c) { ws_close(SOCKET(c)->ws, CLOSE_SESSION, S("the session has ended")); }

static void on_release(struct client *c)
{
    struct socket *s = SOCKET(c);
    ws_unref(s->ws);
    mem_free(s);
}

static const struct client_ops socket_ops = { true,    on_event, on_gap, on_points,
                                              on_beat, on_lost,  on_end, on_release };

/* Workers: what comes in. */

static struct sub_new wish_of(const struct live_sub *m, const struct topic *kind)
{
    bool has_epoch = m->from.given.set & 1, has_seq = m->from.given.set & 2;
    return (struct sub_new){ .kind = kind,
                             .name = m->topic,
                             .resumes = has_seq,
                             .any_epoch = !has_epoch,
                             .epoch = m->from.epoch,
                             .seq = (u64)m->from.seq,
                             .window_s = m->window,
                             .max_hz = m->max_hz,
                             .px = (int)m->px };
}

static void confirm(struct socket *s, const struct sub *sub, i64 id, const struct live_schema *schema)
{
    say(s, &live_subscribed_desc,
        &(struct live_subscribed){ 0, id, sub->chan, sub->topic->epoch, (i64)sub->seen, *schema });
}

static err_t send_snapshot(struct op *op, struct socket *s, const struct sub *sub, const void *in)
{
    struct buf b = BUF(op->arena);
    TRY(sub->topic->kind->snapshot(op, in, &b));
    say(s, &live_snap_desc, &(struct live_snap){ 0, sub->chan, (i64)sub->seen, { buf_str(&b) } });
    return OK;
}

/* While the subscription is held, what is said here goes before its events. */
static err_t begin(struct op *op, struct socket *s, const struct live_sub *m, struct sub *sub,
                   enum sub_begin how, const void *in)
{
    struct live_schema schema = { .delivery = (int)sub->topic->kind->delivery };
    struct topic_about about = { 0 };
    bool points = sub->topic->kind->delivery == TOPIC_POINTS;
    if (points) TRY(sub->topic->kind->about(op, in, &about));
    schema.name = about.name;
    schema.unit = about.unit;
    schema.labels = about.labels;
    confirm(s, sub, m->id, &schema);
    if (how == SUB_RESYNC)
        say(s, &live_resync_desc, &(struct live_resync){ 0, sub->chan, sub->topic->epoch, (i64)sub->seen });
    if (points) {
        if (how == SUB_RESUMED && !sub_behind(sub)) return OK;
        return channel_send_past(op, s->ws, sub, in, m->from.given.set & 4 ? m->from.t : 0);
    }
    return how != SUB_RESUMED && sub->topic->kind->snapshot ? send_snapshot(op, s, sub, in) : OK;
}

static err_t on_sub(struct op *op, struct socket *s, const void *message)
{
    struct live_sub said = *(const struct live_sub *)message, *m = &said;
    said.topic = channel_name(op, said.topic);
    const struct topic *kind = channel_kind(m->topic);
    void *in;
    enum sub_begin how;
    if (!kind) return fail_for(op, ERR_NOT_FOUND, "topic", "there is no such topic");
    if (s->client.nsubs >= CLIENT_SUBS) return fail(op, ERR_LIMIT, "more than %d subscriptions", CLIENT_SUBS);
    TRY(channel_allow(op, kind, m->topic, &in));
    struct sub_new wish = wish_of(m, kind);
    struct sub *sub = sub_begin(&s->client, &wish, &how);
    err_t e = begin(op, s, m, sub, how, in);
    if (e) sub_end(&s->client, sub->chan);
    else sub_release(sub);
    return e;
}

/* Points that went by during a long pause are in the store, not here. */
static err_t go_on(struct op *op, struct socket *s, struct sub *sub)
{
    void *in;
    if (sub->topic->kind->delivery == TOPIC_POINTS && sub_behind(sub)) {
        TRY(channel_allow(op, sub->topic->kind, sub->topic->name, &in));
        sub_skip(sub);
        TRY(channel_send_past(op, s->ws, sub, in, 0));
    }
    sub_pause(sub, false);
    return OK;
}

static err_t on_chan(struct op *op, struct socket *s, const void *message)
{
    const struct live_chan *m = message;
    struct sub *sub = sub_find(&s->client, (u32)m->chan);
    if (!sub) return OK; /* it has just ended */
    if (m->op == LIVE_RESUME) return go_on(op, s, sub);
    if (m->op == LIVE_PAUSE) sub_pause(sub, true);
    else sub_end(&s->client, (u32)m->chan);
    return OK;
}

static err_t on_ack(struct op *op UNUSED, struct socket *s, const void *message)
{
    const struct live_ack *m = message;
    sub_ack(&s->client, (u32)m->chan, (u32)m->seq);
    return OK;
}

static const struct {
    const char *op;
    const struct desc *desc;
    err_t (*run)(struct op *, struct socket *, const void *message);
} messages[] = {
    { "ack", &live_ack_desc, on_ack },      { "sub", &live_sub_desc, on_sub },
    { "unsub", &live_chan_desc, on_chan },  { "pause", &live_chan_desc, on_chan },
    { "resume", &live_chan_desc, on_chan },
};

static err_t handle(struct op *op, struct socket *s, str text, const struct live_start *start)
{
    for (size_t i = 0; i < LEN(messages); i++) {
        if (!str_is(start->op, messages[i].op)) continue;
        void *m = arena_alloc(op->arena, messages[i].desc->size);
        TRY(desc_read(op, messages[i].desc, text, m));
        return messages[i].run(op, s, m);
    }
    return fail_field(op, "op", "is not known");
}

static void message(struct ws *ws, void *ctx, bool text, str data)
{
    struct socket *s = ctx;
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a,
                     .ports = s->client.ports,
                     .who = &s->client.who,
                     .id = S("live"),
                     .deadline_us = time_mono_us() + SEC(30) };
    struct live_start start = { 0 };
    if (!text || !live_look(&a, data, &start)) {
        ws_close(ws, CLOSE_BAD, S("messages are JSON objects"));
        return;
    }
    pthread_mutex_lock(&s->client.use);
    err_t e = handle(&op, s, data, &start);
    pthread_mutex_unlock(&s->client.use);
    if (e) {
        if (op.err.code == ERR_INTERNAL)
            LOG_WARN("a live message failed", KV("op", start.op), KV("text", op.err.msg),
                     KV("at", op.err.at));
        say_error(s, &op.err, start.id, 0);
    }
}

static void closed(struct ws *ws UNUSED, void *ctx)
{
    struct socket *s = ctx;
    client_end(&s->client);
    client_unref(&s->client);
}

static const struct ws_handler handler = { MESSAGE_MOST, message, closed };

static err_t open(struct op *op, const void *in UNUSED, struct ws *ws, const struct ws_handler **out,
                  void **ctx)
{
    struct socket *s = MEM_NEW(struct socket);
    s->ws = ws;
    ws_ref(ws);
    client_init(&s->client, &socket_ops, op);
    say(s, &live_hello_desc, &(struct live_hello){ 0, time_now().us, S(NETBIT_VERSION), hub_epoch() });
    client_begin(&s->client);
    *out = &handler;
    *ctx = s;
    return OK;
}
const struct http_socket channel_socket = { "live", &nothing_desc, open, "live.v1" };
