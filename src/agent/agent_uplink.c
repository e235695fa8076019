/* The way to the server: one WebSocket, opened by a short-lived thread because names and handshakes may take
 * long, then served by the loop. What must not be lost goes through the spool; what only counts now (beats)
 * goes straight. Up to WINDOW reports are under way without an acknowledgement. */
#include "agent/agent_client.h"
#include "agent/agent_impl.h"
#include "agent/spool.h"
#include "base/fs.h"
#include "base/log.h"
#include "net/client.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    WINDOW = 16,
    SYNC_EVERY_US = 500000,
    RETRY_MIN_US = 1000000,
    RETRY_MAX_US = 60000000,
    OPEN_TIMEOUT_S = 20,
    WELCOME_TIMEOUT_S = 60, /* a server whose database is away answers within 30 */
    STACK_BYTES = 256 << 10,
    SIGNED_OUT_US = 300000000
};
enum link_state { LINK_AWAY, LINK_OPENING, LINK_HELLO, LINK_READY };

struct uplink {
    struct arena arena; /* login */
    struct login login;
    uuid agent_id;
    struct spool *spool;
    enum link_state state;
    struct source source; /* of the socket */
    struct source opened; /* the thread is done */
    struct wsc *ws;
    pthread_t thread;
    struct arena thread_arena;
    struct op thread_op;
    err_t thread_result;
    struct wsc *thread_ws;
    i64 retry_us, delay_us, beat_us, beat_every_us, sync_us;
    i64 sent;     /* last report that was sent on this connection */
    bool unsaid;  /* a unit has changed since hello, which the server is not told before its welcome */
    i64 until_us; /* for the welcome */
    char why[200];
};

/* ---- beginning ---- */

static err_t own_id(struct agent *a, struct op *op, uuid *out)
{
    const char *path = arena_printf(op->arena, "%s/agent.id", a->root).p;
    char text[UUID_TEXT];
    str have;
    if (!fs_read(op, path, 100, &have) && uuid_parse(str_trim(have), out)) return OK;
    op_clear(op);
    *out = uuid_new();
    return fs_replace(op, path, uuid_text(*out, text), 0600);
}

static err_t begin(struct agent *a, struct op *op, struct uplink *l)
{
    struct op own = { .arena = &l->arena, .who = op->who };
    if (login_now(&own, &l->login)) return fail(op, own.err.code, "%.*s", STR(own.err.msg));
    if (!l->login.server.n || !l->login.token.n) return fail(op, ERR_NOT_FOUND, "nobody is signed in");
    TRY(own_id(a, op, &l->agent_id));
    return spool_open(op, arena_printf(op->arena, "%s/spool", a->root).p, 0, &l->spool);
}

void uplink_begin(struct agent *a)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct uplink *l = MEM_NEW(struct uplink);
    l->source.fd = l->opened.fd = -1;
    l->beat_every_us = SEC(30);
    if (begin(a, &op, l)) {
        if (op.err.code != ERR_NOT_FOUND) LOG_WARN("no server", KV("why", op.err.msg));
        arena_free(&l->arena);
        mem_free(l);
    } else {
        l->retry_us = 1;
        a->uplink = l;
    }
    arena_free(op.arena);
}

/* ---- the connection ---- */

static void go_away(struct agent *a, const char *why, bool slowly)
{
    struct uplink *l = a->uplink;
    if (l->state == LINK_READY) LOG_INFO("server is away", KV("why", why));
    agent_forget(a, &l->source);
    wsc_free(l->ws);
    l->ws = NULL;
    l->state = LINK_AWAY;
    snprintf(l->why, sizeof l->why, "%s", why);
    l->delay_us = slowly ? SIGNED_OUT_US : MIN(MAX(l->delay_us * 2, (i64)RETRY_MIN_US), (i64)RETRY_MAX_US);
    l->retry_us = time_mono_us() + l->delay_us / 2 + (i64)rand_below((u64)l->delay_us);
    a->dirty = true;
}

static void say(struct agent *a, const struct wire_msg *m)
{
    struct uplink *l = a->uplink;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct buf b = BUF(op.arena);
    wire_write(&b, m);
    if (wsc_send(l->ws, &op, true, buf_str(&b))) go_away(a, str_z(op.arena, op.err.msg), false);
    else agent_watch(a, &l->source, wsc_wants_write(l->ws) ? EPOLLIN | EPOLLOUT : EPOLLIN);
    arena_free(op.arena);
    a->dirty = true;
}

static void say_units(struct agent *a, struct wire_msg *m, const struct unit *only)
{
    struct arena arena = { 0 };
    m->units.item = NEWN(&arena, struct wire_unit, a->nunits + 1);
    for (size_t i = 0; i < a->nunits; i++)
        if (!only || a->unit[i] == only) feed_wire_unit(a->unit[i], &arena, &m->units.item[m->units.n++]);
    say(a, m);
    arena_free(&arena);
}

static void say_hello(struct agent *a)
{
    struct uplink *l = a->uplink;
    struct utsname host;
    if (uname(&host)) memset(&host, 0, sizeof host);
    struct wire_msg m = { .type = WIRE_HELLO,
                          .agent_id = l->agent_id,
                          .epoch = spool_epoch(l->spool),
                          .host = str_of(host.nodename),
                          .os = S("linux"),
                          .arch = str_of(host.machine),
                          .version = S(NETBIT_VERSION),
                          .boot_id = str_of(proc_boot_id()) };
    l->state = LINK_HELLO;
    l->unsaid = false;
    l->until_us = time_mono_us() + SEC(WELCOME_TIMEOUT_S);
    say_units(a, &m, NULL);
}

static void say_beat(struct agent *a, const struct unit *only)
{
    struct wire_msg m = { .type = WIRE_BEAT };
    if (!only) a->uplink->beat_us = time_mono_us() + a->uplink->beat_every_us;
    say_units(a, &m, only);
}

void uplink_done(struct agent *a, uuid command, const struct op_error *e)
{
    if (!a->uplink || a->uplink->state != LINK_READY) return; /* the server asks again */
    say(a, &(struct wire_msg){ .type = WIRE_DONE,
                               .id = command,
                               .ok = !e->code,
                               .error = e->code ? str_head(e->msg, 1000) : (str){ 0 } });
}

/* ---- reports ---- */

static void say_report(struct agent *a, const struct spool_entry *e)
{
    struct uplink *l = a->uplink;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct buf b = BUF(op.arena);
    char epoch[UUID_TEXT];
    /* The records are JSON already; only their frame is to be written. */
    buf_printf(&b, "{\"type\":\"report\",\"epoch\":\"%.*s\",\"seq\":%lld,\"records\":[",
               STR(uuid_text(spool_epoch(l->spool), epoch)), (long long)e->seq);
    buf_put(&b, e->status);
    if (e->status.n && e->telemetry.n) buf_char(&b, ',');
    buf_put(&b, e->telemetry);
    buf_put(&b, S("]}"));
    if (wsc_send(l->ws, &op, true, buf_str(&b))) go_away(a, str_z(op.arena, op.err.msg), false);
    else agent_watch(a, &l->source, wsc_wants_write(l->ws) ? EPOLLIN | EPOLLOUT : EPOLLIN);
    arena_free(op.arena);
}

static void send_reports(struct agent *a)
{
    struct uplink *l = a->uplink;
    while (l->state == LINK_READY && l->sent - spool_acked_seq(l->spool) < WINDOW) {
        struct arena arena = { 0 };
        struct spool_entry e;
        bool any = spool_next(l->spool, &arena, l->sent, &e);
        if (any) {
            l->sent = e.seq;
            say_report(a, &e);
        }
        arena_free(&arena);
        if (!any) return;
    }
}

static void drop_connection_over(struct agent *a, struct op *op)
{
    go_away(a, str_z(op->arena, op->err.msg), false);
    op_clear(op);
}

/* ---- what the server says ---- */

static void on_welcome(struct agent *a, struct op *op, const struct wire_msg *m)
{
    struct uplink *l = a->uplink;
    bool strange = m->seq > spool_last_seq(l->spool) || m->seq < spool_acked_seq(l->spool);
    err_t e = strange ? spool_renumber(l->spool, op) : spool_acked(l->spool, op, m->seq);
    if (strange)
        LOG_WARN("the server remembers another past", KV("its", m->seq),
                 KV("ours", spool_last_seq(l->spool)));
    if (e || strange) {
        if (!e) op->err.msg = S("numbers begin anew");
        drop_connection_over(a, op);
        return;
    }
    l->state = LINK_READY;
    l->sent = spool_acked_seq(l->spool);
    l->delay_us = 0;
    l->beat_every_us = m->heartbeat_s > 0 ? SEC(m->heartbeat_s) : SEC(30);
    l->beat_us = time_mono_us() + l->beat_every_us;
    l->why[0] = 0;
    LOG_INFO("server", KV("url", l->login.server), KV("waiting", spool_last_seq(l->spool) - l->sent));
    /* Before any report: records of a unit that the server has never heard of would be dropped there. */
    if (l->unsaid) say_beat(a, NULL);
}

static void on_ack(struct agent *a, struct op *op, const struct wire_msg *m)
{
    if (spool_acked(a->uplink->spool, op, m->seq)) {
        LOG_WARN("spool", KV("why", op->err.msg));
        op_clear(op);
    }
}

static void on_command(struct agent *a, struct op *op, const struct wire_msg *m)
{
    static const int local[] = {
        [ACTION_STOP] = LOCAL_STOP,   [ACTION_START] = LOCAL_START,   [ACTION_RESTART] = LOCAL_RESTART,
        [ACTION_PAUSE] = LOCAL_PAUSE, [ACTION_RESUME] = LOCAL_RESUME, [ACTION_REMOVE] = LOCAL_REMOVE
    };
    (void)op;
    api_command(a, m->id, m->unit_id, local[m->action]);
}

static void on_error(struct agent *a, struct op *op, const struct wire_msg *m)
{
    /* Of a hello only the machine itself can be forbidden. */
    bool foreign = a->uplink->state == LINK_HELLO && str_starts(m->error, str_of(err_name(ERR_FORBIDDEN)));
    go_away(a, foreign ? AGENT_FOREIGN : str_z(op->arena, m->error), foreign);
}

static void (*const heard[])(struct agent *, struct op *, const struct wire_msg *) = {
    [WIRE_WELCOME] = on_welcome,
    [WIRE_ACK] = on_ack,
    [WIRE_COMMAND] = on_command,
    [WIRE_ERROR] = on_error,
};

/* Messages are gathered first: handling one may end the connection that is being read. */
struct inbox {
    struct arena *arena;
    str text[256];
    size_t n;
};

static void gather(void *ctx, bool text, str data)
{
    struct inbox *in = ctx;
    if (text && in->n < LEN(in->text)) in->text[in->n++] = str_copy(in->arena, data);
}

static void on_socket(struct agent *a, struct source *from, u32 events)
{
    struct uplink *l = a->uplink;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct inbox in = { .arena = op.arena };
    (void)from, (void)events;
    err_t e = wsc_service(l->ws, &op, gather, &in);
    str why = str_copy(op.arena, op.err.msg);
    op_clear(&op);
    for (size_t i = 0; i < in.n && l->ws; i++) {
        struct wire_msg m;
        if (wire_read(&op, in.text[i], &m) || m.type >= (int)LEN(heard) || !heard[m.type]) {
            LOG_WARN("a message of the server is not understood", KV("why", op.err.msg));
            op_clear(&op);
        } else {
            heard[m.type](a, &op, &m);
        }
    }
    if (e && l->ws) go_away(a, str_z(op.arena, why), false);
    else if (l->ws) agent_watch(a, &l->source, wsc_wants_write(l->ws) ? EPOLLIN | EPOLLOUT : EPOLLIN);
    arena_free(op.arena);
    a->dirty = true;
}

/* ---- opening ---- */

static void *open_socket(void *arg)
{
    struct uplink *l = arg;
    struct client_options o = { .base_url = l->login.server,
                                .token = l->login.token,
                                .insecure = l->login.insecure,
                                .user_agent = S("netbit-agent/" NETBIT_VERSION),
                                .timeout_us = SEC(OPEN_TIMEOUT_S) };
    l->thread_result = wsc_open(&l->thread_op, &o, S("/api/spark/agent"), &l->thread_ws);
    u64 one = 1;
    if (write(l->opened.fd, &one, sizeof one) != sizeof one) bug("eventfd");
    return NULL;
}

static void on_opened(struct agent *a, struct source *from, u32 events)
{
    struct uplink *l = a->uplink;
    (void)from, (void)events;
    pthread_join(l->thread, NULL);
    agent_unwatch(a, &l->opened);
    if (l->thread_result) {
        /* Without a sign-in the token stays refused; a right may be given at any moment. */
        bool signed_out = l->thread_result == ERR_UNAUTHENTICATED;
        const char *why = l->thread_result == ERR_FORBIDDEN ? AGENT_NO_RIGHT
                                                            : str_z(&l->thread_arena, l->thread_op.err.msg);
        go_away(a, signed_out ? AGENT_SIGNED_OUT : why, signed_out);
    } else {
        l->ws = l->thread_ws;
        l->source = (struct source){ wsc_fd(l->ws), on_socket };
        agent_watch(a, &l->source, EPOLLIN);
        say_hello(a);
    }
    arena_free(&l->thread_arena);
    a->dirty = true;
}

static void open_link(struct agent *a)
{
    struct uplink *l = a->uplink;
    pthread_attr_t attr;
    l->thread_op = (struct op){ .arena = &l->thread_arena, .who = &principal_system };
    l->opened = (struct source){ eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_opened };
    if (l->opened.fd < 0) {
        go_away(a, "no descriptors", false);
        return;
    }
    agent_watch(a, &l->opened, EPOLLIN);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    l->state = LINK_OPENING;
    if (pthread_create(&l->thread, &attr, open_socket, l)) {
        agent_unwatch(a, &l->opened);
        go_away(a, "no thread", false);
    }
    pthread_attr_destroy(&attr);
}

bool uplink_end(struct agent *a)
{
    struct uplink *l = a->uplink;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    if (!l) return false;
    if (l->ws) wsc_free(l->ws);
    if (spool_sync(l->spool, &op)) LOG_WARN("spool", KV("why", op.err.msg));
    spool_close(l->spool);
    arena_free(op.arena);
    a->uplink = NULL;
    /* Nothing is under way in a connection that is not open yet, and it may hang for as long as a name or a
     * server takes: it is not waited for. */
    if (l->state == LINK_OPENING) return true;
    arena_free(&l->arena);
    mem_free(l);
    return false;
}

/* ---- the loop's turn ---- */

static void sync_spool(struct agent *a, struct op *op, i64 now)
{
    struct uplink *l = a->uplink;
    /* Connected, what is new is to be seen now; away, the disk is spared. */
    if (l->state != LINK_READY && now < l->sync_us) return;
    l->sync_us = now + SYNC_EVERY_US;
    if (spool_sync(l->spool, op)) {
        LOG_WARN("spool", KV("why", op->err.msg));
        op_clear(op);
    }
}

void uplink_step(struct agent *a, i64 now)
{
    struct uplink *l = a->uplink;
    if (!l) return;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    for (size_t i = 0; i < a->nunits; i++) {
        struct unit *u = a->unit[i];
        if (!u->feed.due) continue;
        feed_step(l->spool, &op, u, now);
        if (!u->feed.due) unit_order(a, u, ORDER_WATCH, 0, 0);
        arena_reset(op.arena);
    }
    sync_spool(a, &op, now);
    arena_free(op.arena);
    if (l->state == LINK_AWAY && now >= l->retry_us) open_link(a);
    if (l->state == LINK_HELLO && now >= l->until_us) go_away(a, "the server does not answer", false);
    if (l->state == LINK_READY && now >= l->beat_us) say_beat(a, NULL);
    send_reports(a);
}

i64 uplink_deadline(const struct agent *a)
{
    const struct uplink *l = a->uplink;
    if (!l) return 0;
    i64 least = l->state == LINK_AWAY    ? l->retry_us
                : l->state == LINK_READY ? l->beat_us
                                         : time_mono_us() + SEC(1);
    for (size_t i = 0; i < a->nunits; i++)
        if (a->unit[i]->feed.due) least = MIN(least, MAX(a->unit[i]->feed.next_us, 1));
    return least;
}

/* ---- what happens to units ---- */

static void with_op(struct agent *a, struct unit *u, void (*fn)(struct spool *, struct op *, struct unit *))
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    fn(a->uplink->spool, &op, u);
    arena_free(op.arena);
}

void uplink_unit_changed(struct agent *a, struct unit *u)
{
    if (!a->uplink) return;
    feed_begin(a->uplink->spool, u);
    u->feed.due = true;
    /* The beat makes a unit that the server does not know; the record is its history. */
    if (a->uplink->state == LINK_READY) say_beat(a, u);
    else a->uplink->unsaid = true;
    with_op(a, u, feed_status);
}

void uplink_unit_measured(struct agent *a, struct unit *u)
{
    if (!a->uplink || !u->feed.known) return;
    with_op(a, u, feed_figures);
    /* Of a new process the server has shown no figures yet: its first ones do not wait for the beat of all.
     */
    if (a->uplink->state != LINK_READY || u->feed.seen_pid == u->state.pid) return;
    u->feed.seen_pid = u->state.pid;
    say_beat(a, u);
}

void uplink_unit_grew(struct agent *a, struct unit *u)
{
    if (!a->uplink) return;
    feed_begin(a->uplink->spool, u);
    u->feed.due = true;
}

void uplink_unit_forgotten(struct agent *a, struct unit *u)
{
    if (!a->uplink) return;
    spool_forget(a->uplink->spool, u->id);
    u->feed.known = u->feed.due = false;
}

const char *uplink_status(const struct agent *a)
{
    static const char *const names[] = {
        [LINK_OPENING] = "connecting", [LINK_HELLO] = "connecting", [LINK_READY] = "connected"
    };
    if (!a->uplink) return "";
    if (a->uplink->state == LINK_AWAY) return a->uplink->why[0] ? a->uplink->why : "connecting";
    return names[a->uplink->state];
}
