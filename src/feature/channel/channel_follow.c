/* Followers, for curl: one topic as Server-Sent Events or lines of JSON. The id of an event is "EPOCH-SEQ",
 * which Last-Event-ID brings back. */
#include "feature/channel/channel_in.h"
#include "feature/channel/hub_count.h"

struct follower {
    struct client client;
    struct http_follow *out;
    struct channel_stream how; /* without its texts */
};
#define FOLLOWER(c) CONTAINER_OF(c, struct follower, client)

static str event_id(struct arena *a, const struct sub *s, u64 seq)
{
    return arena_printf(a, "%lld-%llu", (long long)s->topic->epoch, (unsigned long long)seq);
}

static bool on_event(struct client *c, struct sub *s, const struct event *e)
{
    AUTO(arena) struct arena a = { 0 };
    struct follower *f = FOLLOWER(c);
    if (f->how.pass && !f->how.pass(f->how.ctx, e->data)) return true;
    HUB_COUNT(bytes, e->data.n);
    http_follow_send(f->out, (str){ 0 }, event_id(&a, s, e->seq), e->data);
    return true;
}

static bool on_gap(struct client *c, struct sub *s UNUSED, u64 seq UNUSED, u64 dropped)
{
    AUTO(arena) struct arena a = { 0 };
    http_follow_send(FOLLOWER(c)->out, S("gap"), (str){ 0 },
                     arena_printf(&a, "{\"dropped\":%llu}", (unsigned long long)dropped));
    return true;
}

/* [[t, v], ...] */
static bool on_points(struct client *c, struct sub *s, const struct points_out *p)
{
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    for (u32 i = 0; i < p->n; i++) {
        buf_put(&b, i ? S(",[") : S("[["));
        buf_i64(&b, p->t[i]);
        buf_char(&b, ',');
        json_put_f64(&b, p->v[i]);
        buf_char(&b, ']');
    }
    buf_char(&b, ']');
    HUB_COUNT(bytes, b.n);
    http_follow_send(FOLLOWER(c)->out, (str){ 0 }, event_id(&a, s, p->seq), buf_str(&b));
    return true;
}

static void on_lost(struct client *c, u32 chan UNUSED, const struct op_error *why)
{
    AUTO(arena) struct arena a = { 0 };
    HUB_COUNT(lost, 1);
    http_follow_send(FOLLOWER(c)->out, S("err"), (str){ 0 },
                     arena_printf(&a, "{\"code\":\"%s\"}", err_name(why->code)));
    http_follow_end(FOLLOWER(c)->out);
}
static void on_end(struct client *c) { http_follow_end(FOLLOWER(c)->out); }

static void on_release(struct client *c)
{
    struct follower *f = FOLLOWER(c);
    if (f->how.drop) f->how.drop(f->how.ctx);
    http_follow_unref(f->out);
    mem_free(f);
}

static const struct client_ops follower_ops = { false, on_event, on_gap, on_points,
                                                NULL,  on_lost,  on_end, on_release };

static void on_close(void *arg)
{
    struct follower *f = arg;
    client_end(&f->client);
    client_unref(&f->client);
}

#define D struct follow_in
struct follow_in {
    str topic, last_event_id;
};
static const struct field follow_in_fields[] = {
    { F(topic), .flags = QUERY | REQUIRED, .min = 1, .max = TOPIC_NAME_MAX,
      .doc = "Such as unit/ID/log; docs/asyncapi.json has them all." },
    { F(last_event_id), .flags = HEADER, .min = 1, .max = 100,
      .doc = "The id of the last event that was seen: what is newer comes." },
};
#undef D
static DESC(follow_in);

static void read_id(str id, struct sub_new *n)
{
    str epoch, seq;
    i64 number;
    if (!str_cut(id, '-', &epoch, &seq) || !str_to_i64(epoch, &n->epoch) || !str_to_i64(seq, &number) ||
        number < 0)
        return; /* another server's: begins anew */
    n->resumes = true;
    n->seq = (u64)number;
}

static err_t first(struct op *op, struct follower *f, const struct topic *kind, const void *in, struct sub *s,
                   bool resumed)
{
    struct buf snapshot = BUF(op->arena);
    if (f->how.before) return f->how.before(op, f->how.ctx, f->out);
    if (resumed || !kind->snapshot) return OK;
    TRY(kind->snapshot(op, in, &snapshot));
    if (snapshot.n) http_follow_send(f->out, S("snap"), event_id(op->arena, s, s->seen), buf_str(&snapshot));
    return OK;
}

static err_t begin(struct op *op, const struct channel_stream *how, struct http_follow *out)
{
    str topic = channel_name(op, how->topic);
    const struct topic *kind = channel_kind(topic);
    void *bound;
    if (!kind) return fail_for(op, ERR_NOT_FOUND, "topic", "there is no such topic");
    TRY(channel_allow(op, kind, topic, &bound));
    struct sub_new wish = { .kind = kind, .name = topic };
    read_id(how->last_event_id, &wish);
    struct follower *f = MEM_NEW(struct follower);
    f->out = out;
    f->how = *how;
    f->how.drop = NULL; /* the caller's until all is well */
    http_follow_ref(out);
    client_init(&f->client, &follower_ops, op);
    enum sub_begin begun;
    struct sub *s = sub_begin(&f->client, &wish, &begun);
    err_t e = first(op, f, kind, bound, s, begun == SUB_RESUMED);
    if (e) {
        on_close(f);
        return e;
    }
    f->how.drop = how->drop;
    http_follow_on_close(out, on_close, f);
    client_begin(&f->client);
    sub_release(s);
    return OK;
}

err_t channel_follow_topic(struct op *op, const struct channel_stream *how, struct http_follow *out)
{
    err_t e = begin(op, how, out);
    if (e && how->drop) how->drop(how->ctx);
    return e;
}

static err_t open(struct op *op, const void *in_, struct http_follow *out)
{
    const struct follow_in *in = in_;
    struct channel_stream how = { .topic = in->topic, .last_event_id = in->last_event_id };
    return channel_follow_topic(op, &how, out);
}
const struct http_live channel_follow = { "live_follow", &follow_in_desc, open };
