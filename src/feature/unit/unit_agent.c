/* The agents' sockets. Each message is an operation of its own, answered when what it wrote is durable;
 * reports may follow one another without waiting for that. Connected agents stand in a table by their id, so
 * that a command reaches its agent the moment it is durable; a job looks every second for commands that
 * another node took (docs/adr/0042). */
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/package/package.h"
#include "feature/unit/unit_live.h"
#include "net/http.h"
#include "port/ports.h"
#include <pthread.h>
#include <stdatomic.h>

/* One socket. Its handler runs one message at a time; the table below shares it under the lock. */
struct conn {
    struct ws *ws;
    struct arena arena;
    struct principal who;
    const struct ports *ports;
    uuid agent_id; /* nil: has not said hello */
    uuid epoch;
    str host, os;
    struct conn *next; /* in the table */
};

enum { BUCKETS = 1024 };
static struct conn *table[BUCKETS];
static size_t connected;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct conn **bucket(uuid agent_id) { return &table[agent_id.b[15] % 4 * 256 + agent_id.b[14]]; }

static void leave(struct conn *c)
{
    pthread_mutex_lock(&lock);
    for (struct conn **p = bucket(c->agent_id); *p; p = &(*p)->next) {
        if (*p != c) continue;
        *p = c->next;
        connected--;
        break;
    }
    pthread_mutex_unlock(&lock);
}
/* A second socket of the same agent is the newer one: the first is a connection that the network has lost. */
static void enter(struct conn *c)
{
    pthread_mutex_lock(&lock);
    for (struct conn *old = *bucket(c->agent_id); old; old = old->next)
        if (uuid_eq(old->agent_id, c->agent_id)) ws_close(old->ws, 4000, S("replaced by a newer connection"));
    c->next = *bucket(c->agent_id);
    *bucket(c->agent_id) = c;
    connected++;
    pthread_mutex_unlock(&lock);
}

static void send(struct ws *ws, const struct wire_msg *m)
{
    struct arena a = { 0 };
    struct buf b = BUF(&a);
    wire_write(&b, m);
    if (!ws_send(ws, true, buf_str(&b))) LOG_DEBUG("an agent left before its answer");
    arena_free(&a);
}

static struct wire_msg command_msg(const struct unit_command *c)
{
    return (struct wire_msg){ .type = WIRE_COMMAND, .id = c->id, .unit_id = c->unit_id, .action = c->action };
}

void unit_agent_push(const struct unit_command *command)
{
    struct wire_msg m = command_msg(command);
    pthread_mutex_lock(&lock);
    for (struct conn *c = *bucket(command->agent_id); c; c = c->next)
        if (uuid_eq(c->agent_id, command->agent_id)) send(c->ws, &m);
    pthread_mutex_unlock(&lock);
}

/* ---- one message ---- */

/* A message's operation, kept until what it wrote is durable. */
struct turn {
    struct arena arena;
    struct op op;
    struct ws *ws;
    LIST(struct wire_msg) out; /* at most one and the pending commands */
    bool hang_up;
};

static void answer(struct turn *t, struct wire_msg m)
{
    struct wire_msg *item = NEWN(&t->arena, struct wire_msg, t->out.n + 1);
    if (t->out.n) memcpy(item, t->out.item, t->out.n * sizeof *item);
    item[t->out.n++] = m;
    t->out.item = item;
}

static err_t see(struct turn *t, struct conn *c, const struct wire_unit *w, bool history)
{
    struct op *op = &t->op;
    struct unit_sight sight = { c->agent_id, op->who->user_id, c->host, c->os, history };
    struct unit old;
    bool changed, found;
    TRY(unit_sql_sight(op, &sight, w, &changed));
    if (changed) TRY(unit_changed(op, w->unit_id));
    if (changed || history || !w->package_name.p || !w->name.p) return OK;
    TRY(unit_sql_find(op, w->unit_id, &old, &found));
    if (found) return OK; /* another user's, or removed here */
    struct unit_new new = {
        w->unit_id, w->name, w->package_name, w->version, c->host, c->os, 0, c->agent_id
    };
    err_t e = unit_create(op, &new, &old);
    if (e && e != ERR_CONFLICT && e != ERR_NOT_FOUND && e != ERR_FORBIDDEN) return e;
    if (e) op_clear(op); /* a unit of a package that is not in the registry stays the agent's own */
    return e ? OK : unit_sql_sight(op, &sight, w, &changed);
}

/* Units that the agent had and does not know any more have ended; those that were to be removed are. */
static err_t see_absent(struct turn *t, struct conn *c, const struct wire_msg *m)
{
    unit_list had = { 0 };
    TRY(unit_sql_of_agent(&t->op, c->agent_id, &had));
    for (size_t i = 0; i < had.n; i++) {
        struct unit *u = &had.item[i];
        bool known = !u->last_heartbeat.us && u->desired != DESIRED_REMOVED;
        for (size_t k = 0; k < m->units.n && !known; k++)
            known = uuid_eq(m->units.item[k].unit_id, u->unit_id);
        if (known) continue;
        if (u->desired == DESIRED_REMOVED) {
            TRY(unit_sql_removed(&t->op, u->unit_id, time_now()));
            TRY(unit_changed(&t->op, u->unit_id));
        } else if (u->status != UNIT_STOPPED && u->status != UNIT_FAILED)
            TRY(unit_set_status(
                &t->op, u, &(struct unit_status_report){ UNIT_FAILED, .reason = S("unknown to its agent") }));
    }
    return OK;
}

static err_t hello(struct turn *t, struct conn *c, const struct wire_msg *m)
{
    struct op *op = &t->op;
    struct agent_row a;
    bool found;
    i64 seq = 0;
    AUTO(db_tx) struct db_tx tx = { 0 };
    if (!uuid_is_nil(c->agent_id)) return fail(op, ERR_CONFLICT, "hello came twice");
    TRY(account_stands(op, op->who)); /* the socket may have been open for long */
    TRY(db_begin(op, &tx));
    TRY(agent_sql_find(op, m->agent_id, &a, &found));
    if (found && a.owner_id != op->who->user_id)
        return fail(op, ERR_FORBIDDEN, "the agent is another user's");
    a = (struct agent_row){ m->agent_id, op->who->user_id, m->host,    m->os,
                            m->arch,     m->version,       m->boot_id, .connected_at = time_now() };
    TRY(agent_sql_put(op, &a));
    if (!uuid_is_nil(m->epoch)) TRY(agent_sql_spool(op, m->agent_id, m->epoch, &seq));
    c->agent_id = m->agent_id;
    c->epoch = m->epoch;
    c->host = str_copy(&c->arena, m->host);
    c->os = str_copy(&c->arena, m->os);
    enter(c);
    for (size_t i = 0; i < m->units.n; i++) TRY(see(t, c, &m->units.item[i], false));
    TRY(see_absent(t, c, m));
    answer(t, (struct wire_msg){
                  .type = WIRE_WELCOME, .epoch = m->epoch, .seq = seq, .heartbeat_s = UNIT_HEARTBEAT_S });
    command_list pending = { 0 };
    TRY(unit_sql_commands(op, c->agent_id, &pending));
    for (size_t i = 0; i < pending.n; i++) answer(t, command_msg(&pending.item[i]));
    return db_commit(&tx);
}

/* Whether a record's unit is one of this user's. Records of units that are not, or not any more, are dropped.
 */
static err_t is_theirs(struct turn *t, uuid unit_id, bool *theirs)
{
    err_t e = unit_allow(&t->op, unit_id, UNIT_CHANGE);
    *theirs = !e;
    if (e != ERR_NOT_FOUND && e != ERR_FORBIDDEN) return e;
    op_clear(&t->op);
    return OK;
}

/* A change of status as a record of the unit's history. */
static struct telemetry event_of(struct arena *a, const struct wire_unit *w)
{
    struct buf b = BUF(a);
    buf_put(&b, S("{\"status\":"));
    json_put_str(&b, str_of(unit_statuses[w->status]));
    buf_printf(&b, ",\"pid\":%lld,\"exit_code\":%lld,\"restarts\":%lld", (long long)w->pid,
               (long long)w->exit_code, (long long)w->restarts);
    if (w->reason.p) {
        buf_put(&b, S(",\"reason\":"));
        json_put_str(&b, w->reason);
    }
    buf_char(&b, '}');
    return (struct telemetry){ .unit_id = w->unit_id,
                               .telemetry_type = TELEMETRY_EVENT,
                               .level = w->status == UNIT_FAILED ? LEVEL_ERROR : LEVEL_INFO,
                               .message = S("status"),
                               .data = { buf_str(&b) },
                               .timestamp = w->at };
}

static err_t store_records(struct turn *t, struct conn *c, const struct wire_msg *m)
{
    struct telemetry *rows = NEWN(&t->arena, struct telemetry, m->records.n + 1);
    size_t n = 0;
    uuid last = { 0 };
    bool theirs = false;
    for (size_t i = 0; i < m->records.n; i++) {
        const struct wire_record *r = &m->records.item[i];
        uuid unit_id = r->kind == RECORD_UNIT ? r->unit.unit_id : r->telemetry.unit_id;
        if (r->kind == RECORD_UNIT) TRY(see(t, c, &r->unit, true));
        if (!i || !uuid_eq(unit_id, last)) TRY(is_theirs(t, unit_id, &theirs));
        last = unit_id;
        if (theirs) rows[n++] = r->kind == RECORD_UNIT ? event_of(&t->arena, &r->unit) : r->telemetry;
    }
    return telemetry_store(&t->op, rows, n);
}

static err_t report(struct turn *t, struct conn *c, const struct wire_msg *m)
{
    bool next;
    i64 have;
    AUTO(db_tx) struct db_tx tx = { 0 };
    if (!uuid_eq(m->epoch, c->epoch)) return fail_field(&t->op, "epoch", "is not the one of hello");
    TRY(db_begin(&t->op, &tx));
    TRY(agent_sql_spool_next(&t->op, c->agent_id, c->epoch, m->seq, &next));
    if (next) TRY(store_records(t, c, m));
    else TRY(agent_sql_spool(&t->op, c->agent_id, c->epoch, &have));
    if (!next && m->seq > have) return fail_field(&t->op, "seq", "must be %lld", (long long)have + 1);
    answer(t, (struct wire_msg){ .type = WIRE_ACK, .epoch = c->epoch, .seq = next ? m->seq : have });
    return db_commit(&tx);
}

static err_t beat(struct turn *t, struct conn *c, const struct wire_msg *m)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    bool known;
    TRY(db_begin(&t->op, &tx));
    TRY(agent_sql_seen(&t->op, c->agent_id, time_now(), &known));
    if (!known) return fail(&t->op, ERR_UNAUTHENTICATED, "the agent's owner has left");
    for (size_t i = 0; i < m->units.n; i++) TRY(see(t, c, &m->units.item[i], false));
    return db_commit(&tx);
}

static err_t done(struct turn *t, struct conn *c UNUSED, const struct wire_msg *m)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(&t->op, &tx));
    TRY(unit_command_done(&t->op, m->id, m->ok, m->error));
    return db_commit(&tx);
}

static err_t (*const handlers[])(struct turn *, struct conn *, const struct wire_msg *) = {
    [WIRE_HELLO] = hello, [WIRE_REPORT] = report, [WIRE_BEAT] = beat, [WIRE_DONE] = done, [WIRE_ERROR] = NULL,
};

static err_t handle(struct turn *t, struct conn *c, bool text, str data)
{
    struct wire_msg m;
    if (!text) return fail(&t->op, ERR_INVALID, "messages are text");
    TRY(wire_read(&t->op, data, &m));
    if (!handlers[m.type]) return fail_field(&t->op, "type", "is the server's to say");
    if (m.type != WIRE_HELLO && uuid_is_nil(c->agent_id)) return fail(&t->op, ERR_INVALID, "say hello first");
    return handlers[m.type](t, c, &m);
}

/* Durable, or lost with the database: then the agent sends it again on its next connection. */
static void finish(void *arg, err_t e)
{
    struct turn *t = arg;
    for (size_t i = 0; i < t->out.n && !e; i++) send(t->ws, &t->out.item[i]);
    if (e || t->hang_up) ws_close(t->ws, 1011, S("see the error before"));
    ws_unref(t->ws);
    arena_free(&t->arena);
    mem_free(t);
}

static void message(struct ws *ws, void *ctx, bool text, str data)
{
    struct conn *c = ctx;
    struct turn *t = MEM_NEW(struct turn);
    t->ws = ws;
    t->op = (struct op){ .arena = &t->arena,
                         .ports = c->ports,
                         .who = &c->who,
                         .id = S("agent"),
                         .deadline_us = time_mono_us() + SEC(30) };
    ws_ref(ws);
    err_t e = handle(t, c, text, data);
    if (e) {
        LOG_WARN("an agent's message failed", KV("user", c->who.login), KV("error", err_name(e)),
                 KV("message", t->op.err.msg), KV("field", t->op.err.field), KV("at", t->op.err.at));
        t->out.n = 0;
        answer(t, (struct wire_msg){
                      .type = WIRE_ERROR,
                      .error = arena_printf(&t->arena, "%s: %.*s%s%.*s", err_name(e), STR(t->op.err.field),
                                            t->op.err.field.n ? ": " : "", STR(t->op.err.msg)) });
        t->hang_up = true;
    }
    db_when_durable(&t->op, finish, t);
}

static void closed(struct ws *ws, void *ctx)
{
    struct conn *c = ctx;
    if (!uuid_is_nil(c->agent_id)) leave(c);
    ws_unref(ws);
    arena_free(&c->arena);
    mem_free(c);
}

static const struct ws_handler handler = { .max_message = WIRE_MAX_BYTES,
                                           .message = message,
                                           .closed = closed };

static err_t open_socket(struct op *op, const void *in UNUSED, struct ws *ws, const struct ws_handler **out,
                         void **ctx)
{
    struct conn *c = MEM_NEW(struct conn);
    c->ws = ws;
    c->ports = op->ports;
    c->who = *op->who;
    c->who.login = str_copy(&c->arena, op->who->login);
    c->who.ip = str_copy(&c->arena, op->who->ip);
    c->who.user_agent = str_copy(&c->arena, op->who->user_agent);
    ws_ref(ws);
    *out = &handler;
    *ctx = c;
    return OK;
}
const struct http_socket unit_agent_socket = { "unit_agent", &nothing_desc, open_socket };

/* ---- other nodes' commands, and answers that were lost ---- */

/* The agents that are connected here, and who stands behind each. */
struct here {
    uuid agent_id;
    struct principal who; /* without its texts */
};
static struct here *agents_here(struct arena *a, size_t *n)
{
    pthread_mutex_lock(&lock);
    struct here *list = NEWN(a, struct here, connected + 1);
    *n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct conn *c = table[i]; c; c = c->next) {
            struct here *h = &list[(*n)++];
            *h = (struct here){ c->agent_id, c->who };
            h->who.login = h->who.ip = h->who.user_agent = (str){ 0 };
        }
    pthread_mutex_unlock(&lock);
    return list;
}

static void close_one(const struct here *h)
{
    pthread_mutex_lock(&lock);
    for (struct conn *c = *bucket(h->agent_id); c; c = c->next)
        if (uuid_eq(c->agent_id, h->agent_id) && c->who.token_id == h->who.token_id &&
            c->who.session_id == h->who.session_id)
            ws_close(c->ws, 4001, S("sign in again"));
    pthread_mutex_unlock(&lock);
}

/* Agents whose session or token is one no more. */
static err_t send_away(struct op *op, const struct here *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        err_t e = account_stands(op, &list[i].who);
        if (e && e != ERR_UNAUTHENTICATED) return e;
        if (!e) continue;
        op_clear(op);
        close_one(&list[i]);
    }
    return OK;
}

/* What was sent and is not done. */
static err_t push_again(struct op *op, const struct here *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        command_list pending = { 0 };
        TRY(unit_sql_commands(op, list[i].agent_id, &pending));
        for (size_t k = 0; k < pending.n; k++) unit_agent_push(&pending.item[k]);
    }
    return OK;
}

/* Every second what was taken a moment ago, wherever; now and then all that is pending for the agents here.
 * Sockets are looked over when something was revoked, and now and then because sessions and tokens run out.
 */
err_t unit_push_job(struct op *op)
{
    static _Atomic unsigned turns;
    static _Atomic u64 looked_at;
    enum { TURNS = 10, TURNS_LOOK = 60 };
    size_t n;
    const struct here *here = agents_here(op->arena, &n);
    if (!n) return OK;
    unsigned turn = atomic_fetch_add(&turns, 1);
    u64 now = account_revocations(op);
    if (now != atomic_load(&looked_at) || turn % TURNS_LOOK == 0) TRY(send_away(op, here, n));
    atomic_store(&looked_at, now);
    if (turn % TURNS == TURNS - 1) return push_again(op, here, n);
    command_list fresh = { 0 };
    TRY(unit_sql_commands_since(op, (time_us){ time_now().us - SEC(3) }, &fresh));
    for (size_t i = 0; i < fresh.n; i++) unit_agent_push(&fresh.item[i]);
    return OK;
}
