/* GET /api/v1/telemetry/ws: a device that sends all the time. Each message is a batch (text: JSON, bytes: the
 * compact binary), an operation of its own, answered when it is durable: {"seq":1,"points":..,"series":..} or
 * {"seq":1,"code":..,"error":..,"field":..}, where seq counts the messages from 1. A refusal waits for no
 * disk and may come before the answers to earlier messages. A sender need not wait for an answer before it
 * sends the next message, up to WAITING of them. */
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/ingest/ingest_impl.h"
#include "net/http.h"
#include "port/db/db.h"
#include "port/ports.h"
#include <stdatomic.h>

enum { WAITING = 64 };

struct socket_in {
    i64 project;
};
#define D struct socket_in
static const struct field socket_in_fields[] = {
    { F(project), .flags = QUERY, .min = 0, .max = INT64_MAX, .doc = "Project that the series belong to." },
};
#undef D
static DESC(socket_in);

/* An answer. */
struct socket_out {
    i64 seq, points, series, past_retention;
    str code, error, field;
    struct present given;
};
#define D struct socket_out
static const struct field socket_out_fields[] = {
    { F(seq), .flags = READONLY, .doc = "Number of the message, from 1." },
    { F(points), .flags = READONLY, .doc = "Points that are durable now." },
    { F(series), .flags = READONLY, .doc = "Series that they belong to." },
    { F(past_retention), .flags = READONLY, .doc = "Of the points, those that will soon be aggregates." },
    { F(code), .flags = READONLY, .doc = "As in problem documents." },
    { F(error), .flags = READONLY, .doc = "For people." },
    { F(field), .flags = READONLY, .doc = "The member at fault." },
    { F(given) },
};
#undef D
static DESC(socket_out);
/* The members that an answer has, by their places above. */
enum {
    OF_BATCH = 1 << 0 | 1 << 1 | 1 << 2,
    OF_BATCH_PAST = 1 << 3,
    OF_REFUSAL = 1 << 0 | 1 << 4 | 1 << 5,
    OF_REFUSAL_FIELD = 1 << 6,
};

struct conn {
    struct ws *ws;
    struct arena arena;
    struct principal who;
    const struct ports *ports;
    i64 project_id, seq;
    u64 revocations; /* when the token was looked at the last time */
    atomic_int refs, waiting;
};

static void conn_unref(struct conn *c)
{
    if (atomic_fetch_sub(&c->refs, 1) > 1) return;
    ws_unref(c->ws);
    arena_free(&c->arena);
    mem_free(c);
}

/* One message, kept until what it wrote is durable. */
struct turn {
    struct conn *conn;
    struct arena arena;
    struct op op;
    i64 seq;
    struct ingest_done done;
};

static str answer_of(struct turn *t, err_t e)
{
    const struct op_error *x = &t->op.err;
    struct socket_out out = { .seq = t->seq };
    struct buf b = BUF(&t->arena);
    if (!e) {
        out.points = t->done.points;
        out.series = t->done.series;
        out.past_retention = t->done.past;
        out.given.set = OF_BATCH | (out.past_retention ? OF_BATCH_PAST : 0);
    } else {
        out.code = str_of(err_name(e));
        out.error = e == ERR_INTERNAL || x->code != e || !x->msg.n ? str_of(err_title(e)) : x->msg;
        out.field = x->code == e ? x->field : (str){ 0 };
        out.given.set = OF_REFUSAL | (out.field.n ? OF_REFUSAL_FIELD : 0);
    }
    desc_write(&b, &socket_out_desc, &out);
    return buf_str(&b);
}

static void finish(void *arg, err_t lost)
{
    struct turn *t = arg;
    struct conn *c = t->conn;
    err_t e = t->op.err.code ? t->op.err.code : lost;
    if (e == ERR_INTERNAL)
        LOG_ERROR("a telemetry message failed", KV("user", c->who.login), KV("message", t->op.err.msg));
    if (!ws_send(c->ws, true, answer_of(t, e))) LOG_DEBUG("a sender of telemetry left before its answer");
    if (e == ERR_UNAUTHENTICATED) ws_close(c->ws, 4001, S("sign in again"));
    atomic_fetch_sub(&c->waiting, 1);
    arena_free(&t->arena);
    mem_free(t);
    conn_unref(c);
}

static err_t take(struct turn *t, bool text, str data)
{
    struct conn *c = t->conn;
    struct op *op = &t->op;
    struct points b = { .arena = op->arena, .now_us = time_now().us };
    u64 revocations = account_revocations(op);
    if (revocations != c->revocations) TRY(account_stands(op, &c->who));
    c->revocations = revocations;
    if (atomic_load(&c->waiting) > WAITING) {
        op->retry_after_us = SEC(1);
        return fail(op, ERR_UNAVAILABLE, "%d messages wait already: send it again", WAITING);
    }
    if (text) TRY(points_read_json(op, &b, data));
    else TRY(points_read_binary(op, &b, str_copy(op->arena, data)));
    return ingest_store(op, c->project_id, &b, INGEST_ALL, &t->done);
}

static void message(struct ws *ws UNUSED, void *ctx, bool text, str data)
{
    struct conn *c = ctx;
    struct turn *t = MEM_NEW(struct turn);
    t->conn = c;
    t->seq = ++c->seq;
    t->op = (struct op){ .arena = &t->arena,
                         .ports = c->ports,
                         .who = &c->who,
                         .id = S("telemetry"),
                         .deadline_us = time_mono_us() + SEC(30) };
    atomic_fetch_add(&c->refs, 1);
    atomic_fetch_add(&c->waiting, 1);
    err_t e = take(t, text, data);
    if (e && t->op.err.code != e) t->op.err = (struct op_error){ .code = e, .at = HERE };
    if (!e) t->op.err = (struct op_error){ 0 };
    db_when_durable(&t->op, finish, t);
}

static void closed(struct ws *ws UNUSED, void *ctx) { conn_unref(ctx); }

static const struct ws_handler handler = { .max_message = POINTS_MAX_BODY,
                                           .message = message,
                                           .closed = closed };

static err_t open_socket(struct op *op, const void *arg, struct ws *ws, const struct ws_handler **out,
                         void **ctx)
{
    const struct socket_in *in = arg;
    struct conn *c = MEM_NEW(struct conn);
    c->ws = ws;
    c->ports = op->ports;
    c->project_id = in->project;
    c->revocations = account_revocations(op);
    c->who = *op->who;
    c->who.login = str_copy(&c->arena, op->who->login);
    c->who.ip = str_copy(&c->arena, op->who->ip);
    c->who.user_agent = str_copy(&c->arena, op->who->user_agent);
    atomic_init(&c->refs, 1);
    ws_ref(ws);
    *out = &handler;
    *ctx = c;
    return OK;
}
const struct http_socket telemetry_socket = { "telemetry_socket", &socket_in_desc, open_socket };
