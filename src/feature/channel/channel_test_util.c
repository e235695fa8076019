#include "feature/channel/channel_test_util.h"
#include <poll.h>

#define fail(op, code, ...) \
    op_fail((op), (code), HERE, (str){ 0 }, __VA_ARGS__) /* test.h hides it for cmocka */

/* A feature with a topic of every kind. */

struct named {
    str name;
};
#define D struct named
static const struct field named_fields[] = { { F(name), .min = 1, .max = 20, .doc = "Name." } };
#undef D
static DESC(named);

atomic_bool closed_to_all;
static err_t may(struct op *op, const void *in)
{
    const struct named *n = in;
    if (str_is(n->name, "hidden")) return fail(op, ERR_NOT_FOUND, "there is no '%.*s'", STR(n->name));
    return atomic_load(&closed_to_all) ? fail(op, ERR_FORBIDDEN, "closed") : OK;
}
static err_t state_now(struct op *op UNUSED, const void *in, struct buf *json)
{
    const struct named *n = in;
    buf_put(json, S("{\"name\":"));
    json_put_str(json, n->name);
    buf_char(json, '}');
    return OK;
}
static err_t about(struct op *op UNUSED, const void *in UNUSED, struct topic_about *out)
{
    out->name = S("temperature");
    out->unit = S("Cel");
    out->labels = (json_raw){ S("{\"room\":\"1\"}") };
    return OK;
}
/* The past: points at 1, 2, 3 and 4 ms, or two buckets for a narrow screen. */
static err_t past(struct op *op UNUSED, const void *in UNUSED, const struct topic_past *p)
{
    static const i64 t[] = { 1000, 2000, 3000, 4000 };
    static const double v[] = { 0.5, 1.5, 2.5, 3.5 };
    static const double *const column[4] = { v, v + 1, v, v + 1 };
    if (p->px == 2) p->buckets(p->ctx, 1000, 2000, column, 2);
    else if (p->points(p->ctx, t, v, 3)) p->points(p->ctx, t + 3, v + 3, 1);
    return OK;
}
static const struct topic test_topics[] = {
    { "t/{name}/state", TOPIC_LATEST, &named_desc, &named_desc, RIGHT_PUBLIC, may, state_now,
      .doc = "State." },
    { "t/list", TOPIC_LATEST, NULL, &named_desc, RIGHT_USER, .doc = "A list." },
    { "t/{name}/events", TOPIC_EVENTS, &named_desc, &named_desc, RIGHT_PUBLIC, may, .doc = "Events." },
    { "t/{name}/log", TOPIC_LINES, &named_desc, &named_desc, RIGHT_PUBLIC, may, .doc = "Lines." },
    { "t/{name}/points", TOPIC_POINTS, &named_desc, NULL, RIGHT_PUBLIC, may, .about = about, .past = past,
      .doc = "Points." },
    { "t/admin", TOPIC_EVENTS, NULL, &named_desc, RIGHT_ADMIN, .doc = "For administrators." },
};
const struct feature channel_test_feature = { .name = "test",
                                              .topics = test_topics,
                                              .ntopics = LEN(test_topics) };
void know(void)
{
    static const struct feature *const all[] = { &channel_test_feature };
    atomic_store(&closed_to_all, false);
    channel_know_features(all, 1);
}

/* A client. */

static void on_message(void *ctx, bool text UNUSED, str data)
{
    struct ear *e = ctx;
    size_t at;
    if (!e->beats && str_find(data, S("\"op\":\"hb\""), &at)) return;
    if (e->read == e->n) e->read = e->n = 0;
    if (e->n == LEN(e->heard)) test_fail(__FILE__, __LINE__, "too many messages");
    e->heard[e->n++] = str_copy(e->w->op->arena, data);
}

/* Reads without waiting first: a message may have come behind the handshake. */
static void service(struct ear *e, int wait_ms)
{
    struct pollfd p = { wsc_fd(e->ws), (short)(POLLIN | (wsc_wants_write(e->ws) ? POLLOUT : 0)), 0 };
    for (int i = 0; i < 2 && e->open && e->read == e->n; i++) {
        if (i) poll(&p, 1, wait_ms);
        if (!wsc_service(e->ws, e->w->op, on_message, e)) continue;
        op_clear(e->w->op);
        e->open = false;
    }
}

str hear(struct ear *e)
{
    i64 until = test_deadline();
    while (e->read == e->n && e->open && time_mono_us() < until) service(e, 1000);
    if (e->read == e->n && e->open) test_fail(__FILE__, __LINE__, "nothing comes");
    return e->read < e->n ? e->heard[e->read++] : (str){ 0 };
}

str part(struct ear *e, str message, const char *path)
{
    return said_at(e->w, &(struct said){ 200, message }, path);
}

i64 number(struct ear *e, str message, const char *path)
{
    i64 n = -1;
    if (!str_to_i64(part(e, message, path), &n))
        test_fail(__FILE__, __LINE__, "no %s in %.*s", path, STR(message));
    return n;
}

str hear_op(struct ear *e, const char *op)
{
    str m = hear(e);
    if (!m.p || !str_is(part(e, m, "op"), op))
        test_fail(__FILE__, __LINE__, "wanted %s, heard '%.*s'", op, STR(m));
    return m;
}

void tell(struct ear *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(e->w->op->arena, fmt, ap);
    va_end(ap);
    assert_ok(e->w->op, wsc_send(e->ws, e->w->op, true, text));
    service(e, 0);
}

struct ear *dial(struct world *w, str token)
{
    struct ear *e = NEW(w->op->arena, struct ear);
    e->w = w;
    e->open = true;
    struct client_options o = { .base_url = arena_printf(w->op->arena, "http://127.0.0.1:%d", w->port),
                                .token = token,
                                .timeout_us = test_patience_us() };
    assert_ok(w->op, wsc_open(w->op, &o, S("/api/v1/live"), &e->ws));
    str hello = hear_op(e, "hello");
    assert_true(number(e, hello, "t") > 1000000000000000);
    assert_str(part(e, hello, "build"), S(NETBIT_VERSION));
    return e;
}

void hang_up(struct ear *e) { wsc_free(e->ws); }

i64 subscribe(struct ear *e, const char *topic)
{
    tell(e, "{\"op\":\"sub\",\"id\":7,\"topic\":\"%s\"}", topic);
    str ok = hear_op(e, "sub.ok");
    assert_int_equal(number(e, ok, "id"), 7);
    return number(e, ok, "chan");
}

void send_numbered(const char *topic, const char *key, int n)
{
    char json[32];
    int len = snprintf(json, sizeof json, "{\"n\":%d}", n);
    channel_send(str_of(topic), str_of(key), (str){ json, (size_t)len });
}

void quiet(struct ear *e)
{
    for (i64 until = time_mono_us() + MSEC(150); time_mono_us() < until;) service(e, 10);
    if (e->read < e->n) test_fail(__FILE__, __LINE__, "heard '%.*s'", STR(e->heard[e->read]));
}

void ask_again(struct op *op)
{
    OTHER_OP(o, op);
    assert_ok(o, channel_feature.jobs[0].run(o));
}
