/* WebSockets (RFC 6455). wslay reads frames and writes those of control; messages are framed once, counted
 * references, and many at a time written straight to the socket, because one message may go to thousands. The
 * live thread reads and writes; whole messages go to the handler on a worker, one at a time per socket. A
 * handler that is slower than its client stops the reading; a client that is slower than ws_send() fills the
 * bounded queue, and ws_send() says so. */
#include "base/log.h"
#include "net/http_int.h"
#include "net/ws_accept.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <wslay/wslay.h>

enum {
    OUT_BYTES = 4 << 20,
    IN_BYTES = 256 << 10, /* waiting for the handler; or one message */
    IN_MESSAGES = 64,
    TURN = 16,      /* messages a worker handles before others get the worker */
    BATCH = 32,     /* messages that go to the kernel in one call */
    PING_BEATS = 2, /* silent for so many beats (http_options.beat_us) it is pinged */
    LOST_BEATS = 5, /* and lost */
    CLOSING_US = 5 * 1000000,
};
struct message {
    struct message *next;
    bool text;
    size_t n;
    char data[];
};
struct messages {
    struct message *head, **tail;
    size_t bytes, n;
};
/* As it goes over the wire: frame head and payload. */
struct ws_message {
    atomic_int refs;
    size_t n;
    char bytes[];
};
/* What is to be sent: a ring of references. */
struct outbox {
    struct ws_message **item;
    size_t at, n, room, bytes;
};
struct ws {
    struct live_socket socket;
    struct http *http;
    wslay_event_context_ptr frames; /* the live thread's */
    i64 pinged_us, closing_us;
    size_t sent; /* of the oldest message to be sent */
    bool lost;
    const struct ws_handler *handler;
    void *ctx;

    pthread_mutex_t lock;
    struct messages in;
    struct outbox out;
    bool close_wanted, over, told;
    int close_code;
    char close_reason[124];
    size_t close_reason_n;
    bool scheduled; /* a worker has it or is about to */
    struct task task;
};
#define WS(s) CONTAINER_OF(s, struct ws, socket)

/* Queues, under the lock. */

static void messages_push(struct messages *q, bool text, str data)
{
    struct message *m = mem_alloc(sizeof *m + data.n);
    m->text = text;
    m->n = data.n;
    if (data.n) memcpy(m->data, data.p, data.n);
    if (!q->head) q->tail = &q->head;
    *q->tail = m;
    q->tail = &m->next;
    q->bytes += data.n;
    q->n++;
}

static struct message *messages_pop(struct messages *q)
{
    struct message *m = q->head;
    if (!m) return NULL;
    q->head = m->next;
    q->bytes -= m->n;
    q->n--;
    return m;
}

static void messages_clear(struct messages *q)
{
    for (struct message *m; (m = messages_pop(q));) mem_free(m);
}

static void outbox_push(struct outbox *o, struct ws_message *m)
{
    if (o->n == o->room) {
        size_t room = o->room ? o->room * 2 : 4;
        struct ws_message **item = mem_alloc(room * sizeof *item);
        for (size_t i = 0; i < o->n; i++) item[i] = o->item[(o->at + i) % o->room];
        mem_free(o->item);
        *o = (struct outbox){ item, 0, o->n, room, o->bytes };
    }
    o->item[(o->at + o->n++) % o->room] = m;
    o->bytes += m->n;
}

static void outbox_pop(struct outbox *o)
{
    struct ws_message *m = o->item[o->at];
    o->at = (o->at + 1) % o->room;
    o->n--;
    o->bytes -= m->n;
    ws_message_unref(m);
}

static void outbox_clear(struct outbox *o)
{
    while (o->n) outbox_pop(o);
    mem_free(o->item);
    *o = (struct outbox){ 0 };
}

static bool in_is_full(const struct ws *ws) { return ws->in.bytes >= IN_BYTES || ws->in.n >= IN_MESSAGES; }

/* The handler's side. */

struct ws_message *ws_message_new(bool text, str data)
{
    u8 head[10] = { (u8)(0x80 | (text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME)) };
    size_t n = 2;
    if (data.n < 126) head[1] = (u8)data.n;
    else {
        head[1] = data.n <= UINT16_MAX ? 126 : 127;
        for (size_t bytes = head[1] == 126 ? 2 : 8; bytes--;) head[n++] = (u8)((u64)data.n >> (8 * bytes));
    }
    struct ws_message *m = mem_alloc(sizeof *m + n + data.n);
    atomic_init(&m->refs, 1);
    m->n = n + data.n;
    memcpy(m->bytes, head, n);
    if (data.n) memcpy(m->bytes + n, data.p, data.n);
    return m;
}

str ws_message_text(const struct ws_message *m)
{
    size_t length = (u8)m->bytes[1], head = length < 126 ? 2 : length == 126 ? 4 : 10;
    return (str){ m->bytes + head, m->n - head };
}

void ws_message_ref(struct ws_message *m) { atomic_fetch_add(&m->refs, 1); }

void ws_message_unref(struct ws_message *m)
{
    if (atomic_fetch_sub(&m->refs, 1) == 1) mem_free(m);
}

bool ws_send_message(struct ws *ws, struct ws_message *m)
{
    pthread_mutex_lock(&ws->lock);
    bool ok = !ws->over && !ws->close_wanted && (!ws->out.n || ws->out.bytes + m->n <= OUT_BYTES);
    if (ok) {
        ws_message_ref(m);
        outbox_push(&ws->out, m);
        live_dirty(&ws->socket);
    }
    pthread_mutex_unlock(&ws->lock);
    return ok;
}

bool ws_send(struct ws *ws, bool text, str data)
{
    struct ws_message *m = ws_message_new(text, data);
    bool ok = ws_send_message(ws, m);
    ws_message_unref(m);
    return ok;
}

size_t ws_unsent(struct ws *ws)
{
    pthread_mutex_lock(&ws->lock);
    size_t n = ws->out.bytes;
    pthread_mutex_unlock(&ws->lock);
    return n;
}

void ws_close(struct ws *ws, int code, str reason)
{
    pthread_mutex_lock(&ws->lock);
    if (!ws->over && !ws->close_wanted) {
        ws->close_wanted = true;
        ws->close_code = code;
        ws->close_reason_n = MIN(reason.n, sizeof ws->close_reason - 1);
        if (reason.n) memcpy(ws->close_reason, reason.p, ws->close_reason_n);
        live_dirty(&ws->socket);
    }
    pthread_mutex_unlock(&ws->lock);
}

void ws_ref(struct ws *ws) { live_ref(&ws->socket); }
void ws_unref(struct ws *ws) { live_unref(&ws->socket); }

static void schedule(struct ws *ws);

/* One turn: some messages, and when the socket is over and none is left, closed(). */
static void turn(struct task *t)
{
    struct ws *ws = CONTAINER_OF(t, struct ws, task);
    bool closed = false;
    pthread_mutex_lock(&ws->lock);
    for (int i = 0; i < TURN && ws->in.head; i++) {
        bool was_full = in_is_full(ws);
        struct message *m = messages_pop(&ws->in);
        if (was_full && !in_is_full(ws) && !ws->over) live_dirty(&ws->socket);
        pthread_mutex_unlock(&ws->lock);
        ws->handler->message(ws, ws->ctx, m->text, (str){ m->data, m->n });
        mem_free(m);
        pthread_mutex_lock(&ws->lock);
    }
    ws->scheduled = false;
    if (ws->in.head) schedule(ws);
    else if (ws->over && !ws->told) closed = ws->told = true;
    pthread_mutex_unlock(&ws->lock);
    if (closed) {
        ws->handler->closed(ws, ws->ctx);
        request_end(ws->http);
    }
    ws_unref(ws);
}

/* Under the lock; the task holds a reference. */
static void schedule(struct ws *ws)
{
    if (ws->scheduled) return;
    ws->scheduled = true;
    ws_ref(ws);
    ws->task.run = turn;
    pool_push(ws->http->pool, &ws->task, true); /* at most one a socket: bounded by the number of sockets */
}

/* wslay's callbacks. */

static ssize_t on_recv(wslay_event_context_ptr c, uint8_t *to, size_t n, int flags, void *arg)
{
    (void)flags;
    struct ws *ws = arg;
    pthread_mutex_lock(&ws->lock);
    bool full = in_is_full(ws);
    pthread_mutex_unlock(&ws->lock);
    ssize_t got = -1;
    errno = EAGAIN;
    if (!full) do
            got = recv(ws->socket.fd, to, n, MSG_DONTWAIT);
        while (got < 0 && errno == EINTR);
    if (got > 0) {
        ws->socket.read_us = time_mono_us();
        return got;
    }
    if (got == 0) ws->lost = true;
    wslay_event_set_error(c, got < 0 && errno == EAGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr c, const uint8_t *p, size_t n, int flags, void *arg)
{
    struct ws *ws = arg;
    ssize_t sent;
    int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
    do sent = send(ws->socket.fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL | more);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        ws->socket.written_us = time_mono_us();
        return sent;
    }
    wslay_event_set_error(c, errno == EAGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void on_message(wslay_event_context_ptr c, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
    (void)c;
    struct ws *ws = arg;
    if (wslay_is_ctrl_frame(m->opcode)) return;
    pthread_mutex_lock(&ws->lock);
    messages_push(&ws->in, m->opcode == WSLAY_TEXT_FRAME, (str){ (const char *)m->msg, m->msg_length });
    schedule(ws);
    pthread_mutex_unlock(&ws->lock);
}

/* On the live thread. */

static void sent(struct ws *ws, size_t n)
{
    pthread_mutex_lock(&ws->lock);
    for (n += ws->sent; ws->out.n && n >= ws->out.item[ws->out.at]->n;) {
        n -= ws->out.item[ws->out.at]->n;
        outbox_pop(&ws->out);
    }
    ws->sent = n;
    pthread_mutex_unlock(&ws->lock);
}

/* LIVE_AGAIN: the kernel takes no more. The messages stay while they are sent: only this thread takes them
 * out. */
static enum live_result send_some(struct ws *ws, bool *any)
{
    struct iovec v[BATCH];
    size_t n = 0, bytes = 0, skip = ws->sent;
    pthread_mutex_lock(&ws->lock);
    for (; n < BATCH && n < ws->out.n; n++, skip = 0) {
        struct ws_message *m = ws->out.item[(ws->out.at + n) % ws->out.room];
        v[n] = (struct iovec){ m->bytes + skip, m->n - skip };
        bytes += v[n].iov_len;
    }
    pthread_mutex_unlock(&ws->lock);
    *any = n > 0;
    if (!n) return LIVE_DONE;
    struct msghdr h = { .msg_iov = v, .msg_iovlen = n };
    ssize_t got = sendmsg(ws->socket.fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? LIVE_AGAIN : LIVE_BROKEN;
    ws->socket.written_us = time_mono_us();
    sent(ws, (size_t)got);
    return (size_t)got < bytes ? LIVE_AGAIN : LIVE_DONE;
}

/* After a close frame nothing may follow; ours comes when all messages have gone. */
static bool close_now(struct ws *ws)
{
    pthread_mutex_lock(&ws->lock);
    bool now = ws->close_wanted && !ws->closing_us && !ws->out.n;
    pthread_mutex_unlock(&ws->lock);
    if (!now) return false;
    ws->closing_us = time_mono_us();
    wslay_event_queue_close(ws->frames, (uint16_t)ws->close_code, (const uint8_t *)ws->close_reason,
                            ws->close_reason_n);
    return true;
}

static void drop_unsent(struct ws *ws)
{
    pthread_mutex_lock(&ws->lock);
    outbox_clear(&ws->out);
    pthread_mutex_unlock(&ws->lock);
}

/* Frames of control go between messages, never into one. */
static bool ws_write(struct ws *ws)
{
    for (int i = 0; i < 64; i++) {
        if (!ws->sent) {
            if (wslay_event_want_write(ws->frames) && wslay_event_send(ws->frames)) return false;
            if (wslay_event_want_write(ws->frames)) return true; /* the kernel takes no more */
            if (wslay_event_get_close_sent(ws->frames)) {
                drop_unsent(ws);
                return true;
            }
        }
        bool any;
        enum live_result r = send_some(ws, &any);
        if (r == LIVE_BROKEN) return false;
        if (r == LIVE_AGAIN || (!any && !close_now(ws))) return true;
    }
    return true;
}

static bool ws_ready(struct live_socket *s, u32 events)
{
    struct ws *ws = WS(s);
    if (events & (EPOLLERR | EPOLLHUP)) return false;
    enum live_result greeted = live_greet(s);
    if (greeted == LIVE_BROKEN) return false;
    if (greeted == LIVE_AGAIN) {
        live_want(s, EPOLLOUT);
        return true;
    }
    bool readable = events & (EPOLLIN | EPOLLRDHUP);
    bool broken = readable && wslay_event_want_read(ws->frames) && wslay_event_recv(ws->frames);
    /* After a broken frame the close frame that says so is still to be sent. */
    if (ws->lost || !ws_write(ws) || broken) return false;
    bool reads = wslay_event_want_read(ws->frames), writes = wslay_event_want_write(ws->frames);
    if (!reads && !writes) return false; /* both close frames have gone */
    pthread_mutex_lock(&ws->lock);
    bool full = in_is_full(ws);
    writes |= ws->out.n > 0;
    pthread_mutex_unlock(&ws->lock);
    live_want(s, (reads && !full ? EPOLLIN | EPOLLRDHUP : 0u) | (writes ? EPOLLOUT : 0u));
    return true;
}

static bool ws_tick(struct live_socket *s, i64 now)
{
    struct ws *ws = WS(s);
    if (ws->closing_us && now - ws->closing_us > CLOSING_US) return false;
    if (wslay_event_get_close_sent(ws->frames) && !ws->closing_us) ws->closing_us = now;
    pthread_mutex_lock(&ws->lock);
    bool full = in_is_full(ws);
    pthread_mutex_unlock(&ws->lock);
    if (full) s->read_us = now; /* it is we who do not read */
    i64 beat_us = live_options(s->live)->beat_us;
    if (now - s->read_us > LOST_BEATS * beat_us) return false;
    if (now - MAX(s->read_us, ws->pinged_us) < PING_BEATS * beat_us) return true;
    ws->pinged_us = now;
    wslay_event_queue_msg(ws->frames, &(struct wslay_event_msg){ WSLAY_PING, NULL, 0 });
    return ws_ready(s, 0);
}

static void ws_stop(struct live_socket *s) { ws_close(WS(s), WSLAY_CODE_GOING_AWAY, S("the server stops")); }

static void ws_over(struct live_socket *s)
{
    struct ws *ws = WS(s);
    pthread_mutex_lock(&ws->lock);
    ws->over = true;
    outbox_clear(&ws->out);
    if (ws->handler) schedule(ws);
    pthread_mutex_unlock(&ws->lock);
}

static void ws_free(struct live_socket *s)
{
    struct ws *ws = WS(s);
    if (ws->frames) wslay_event_context_free(ws->frames);
    messages_clear(&ws->in);
    outbox_clear(&ws->out);
    pthread_mutex_destroy(&ws->lock);
    mem_free(ws);
}

static const struct live_ops ws_ops = { ws_ready, ws_tick, ws_stop, ws_over, ws_free };

/* On a worker. */

static struct ws *ws_new(struct http_request *r)
{
    static const struct wslay_event_callbacks callbacks = { .recv_callback = on_recv,
                                                            .send_callback = on_send,
                                                            .on_msg_recv_callback = on_message };
    struct ws *ws = MEM_NEW(struct ws);
    ws->http = r->http;
    pthread_mutex_init(&ws->lock, NULL);
    if (wslay_event_context_server_init(&ws->frames, &callbacks, ws)) bug("out of memory for a WebSocket");
    const char *protocol = r->row->route->socket->protocol;
    bool chosen = protocol && r->header[H_WS_PROTOCOL].n; /* the handshake saw that it is offered */
    live_init(&ws->socket, r->http->live, &ws_ops,
              arena_printf(&r->arena,
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Accept: %.*s\r\n%s%s%sX-Request-Id: %.*s\r\n\r\n",
                           STR(ws_accept_key(&r->arena, r->header[H_WS_KEY])),
                           chosen ? "Sec-WebSocket-Protocol: " : "", chosen ? protocol : "",
                           chosen ? "\r\n" : "", STR(r->op.id)));
    return ws;
}

err_t ws_open(struct http_request *r, const void *in)
{
    struct op *op = &r->op;
    if (r->http->live_sockets >= r->http->options.max_connections)
        return fail(op, ERR_UNAVAILABLE, "too many live connections");
    struct ws *ws = ws_new(r);
    const struct ws_handler *handler = NULL;
    void *ctx = NULL;
    err_t e = r->row->route->socket->open(op, in, ws, &handler, &ctx);
    if (e) { /* nothing was opened: closed() does not run */
        live_abandon(&ws->socket);
        return e;
    }
    ws->handler = handler;
    ws->ctx = ctx;
    wslay_event_config_set_max_recv_msg_length(ws->frames,
                                               (u64)(handler->max_message ? handler->max_message : KIB(64)));
    atomic_fetch_add(&r->http->in_flight, 1); /* until closed() has run: http_stop waits for it */
    r->live = &ws->socket;
    return OK;
}
