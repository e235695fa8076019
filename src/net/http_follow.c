/* Followers: Server-Sent Events, or one JSON object a line for clients that ask for application/x-ndjson. Any
 * thread puts an event into the follower's bounded queue; the live thread writes it out. A reader who is too
 * slow loses the oldest events and is told how many. The answer has no length and no chunks: it ends with the
 * connection. */
#include "net/http_int.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/uio.h>

enum { QUEUE_BYTES = 256 * 1024, BATCH = 16 };
struct event {
    struct event *next;
    size_t n;
    i64 gap; /* it tells of so many dropped ones */
    char text[];
};
struct http_follow {
    struct live_socket socket;
    bool lines; /* NDJSON */
    pthread_mutex_t lock;
    struct event *head, **tail;
    size_t bytes, sent; /* queued; how much of the head has gone */
    i64 dropped;
    bool ending, over;
    void (*on_close)(void *);
    void *on_close_arg;
};
#define FOLLOW(s) CONTAINER_OF(s, struct http_follow, socket)

/* The queue, under the lock. */

static void push(struct http_follow *f, struct event *e)
{
    e->next = NULL;
    *f->tail = e;
    f->tail = &e->next;
    f->bytes += e->n;
}

/* The oldest that is not half written. */
static bool drop_oldest(struct http_follow *f)
{
    struct event **at = f->head && f->sent ? &f->head->next : &f->head, *e = *at;
    if (!e) return false;
    *at = e->next;
    if (!*at) f->tail = at;
    f->bytes -= e->n;
    f->dropped += e->gap ? e->gap : 1;
    mem_free(e);
    return true;
}

static void pop(struct http_follow *f)
{
    struct event *e = f->head;
    f->head = e->next;
    if (!f->head) f->tail = &f->head;
    f->bytes -= e->n;
    f->sent = 0;
    mem_free(e);
}

/* JSON's own line breaks stand only between values: blanks do as well, and an event stays on one line. */
static void put_line(struct buf *b, str text)
{
    char *to = buf_room(b, text.n);
    if (text.n) memcpy(to, text.p, text.n);
    for (char *p; (p = memchr(to, '\n', text.n)) || (p = memchr(to, '\r', text.n));) *p = ' ';
    buf_grew(b, text.n);
}

static void format_sse(struct buf *b, str event, str id, str json)
{
    if (event.n) buf_put(b, S("event: ")), put_line(b, event), buf_char(b, '\n');
    if (id.n) buf_put(b, S("id: ")), put_line(b, id), buf_char(b, '\n');
    buf_put(b, S("data: "));
    put_line(b, json);
    buf_put(b, S("\n\n"));
}

static void format_line(struct buf *b, str event, str id, str json)
{
    buf_char(b, '{');
    if (event.n) json_put_key(b, "event"), json_put_str(b, event);
    if (id.n) json_put_key(b, "id"), json_put_str(b, id);
    json_put_key(b, "data");
    put_line(b, json);
    buf_put(b, S("}\n"));
}

static struct event *event_of(str text)
{
    struct event *e = mem_alloc(sizeof *e + text.n);
    e->n = text.n;
    memcpy(e->text, text.p, text.n);
    return e;
}

static struct event *make_event(const struct http_follow *f, str event, str id, str json)
{
    struct arena a = { 0 };
    struct buf b = BUF(&a);
    if (f->lines) format_line(&b, event, id, json);
    else format_sse(&b, event, id, json);
    struct event *e = event_of(buf_str(&b));
    arena_free(&a);
    return e;
}

static struct event *make_gap(const struct http_follow *f, i64 dropped)
{
    char text[96];
    int n = snprintf(text, sizeof text,
                     f->lines ? "{\"dropped\":%lld}\n" : "event: dropped\ndata: {\"dropped\":%lld}\n\n",
                     (long long)dropped);
    return event_of((str){ text, (size_t)n });
}

/* Before the oldest event that is left, which is where the gap is. */
static void insert_gap(struct http_follow *f)
{
    struct event *gap = make_gap(f, f->dropped), **at = f->head && f->sent ? &f->head->next : &f->head;
    gap->gap = f->dropped;
    f->dropped = 0;
    gap->next = *at;
    *at = gap;
    if (!gap->next) f->tail = &gap->next;
    f->bytes += gap->n;
}

bool http_follow_send(struct http_follow *f, str event, str id, str json)
{
    struct event *e = make_event(f, event, id, json);
    pthread_mutex_lock(&f->lock);
    bool ok = !f->over && !f->ending;
    if (ok) {
        while (f->bytes + e->n > QUEUE_BYTES && drop_oldest(f)) continue;
        push(f, e);
        live_dirty(&f->socket);
    }
    pthread_mutex_unlock(&f->lock);
    if (!ok) mem_free(e);
    return ok;
}

void http_follow_end(struct http_follow *f)
{
    pthread_mutex_lock(&f->lock);
    if (!f->over && !f->ending) {
        f->ending = true;
        live_dirty(&f->socket);
    }
    pthread_mutex_unlock(&f->lock);
}

void http_follow_on_close(struct http_follow *f, void (*fn)(void *), void *arg)
{
    f->on_close = fn;
    f->on_close_arg = arg;
}

void http_follow_ref(struct http_follow *f) { live_ref(&f->socket); }
void http_follow_unref(struct http_follow *f) { live_unref(&f->socket); }

/* On the live thread. */

static enum live_result write_some(struct http_follow *f)
{
    if (f->dropped) insert_gap(f);
    struct iovec v[BATCH];
    int n = 0;
    size_t skip = f->sent;
    for (struct event *e = f->head; e && n < BATCH; e = e->next, skip = 0)
        v[n++] = (struct iovec){ e->text + skip, e->n - skip };
    if (!n) return LIVE_DONE;
    struct msghdr m = { .msg_iov = v, .msg_iovlen = (size_t)n };
    ssize_t got = sendmsg(f->socket.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? LIVE_AGAIN : LIVE_BROKEN;
    f->socket.written_us = time_mono_us();
    for (size_t left = (size_t)got; left;) {
        size_t rest = f->head->n - f->sent;
        if (left < rest) {
            f->sent += left;
            return LIVE_AGAIN;
        }
        left -= rest;
        pop(f);
    }
    return f->head ? LIVE_AGAIN : LIVE_DONE;
}

static bool flush(struct http_follow *f)
{
    enum live_result r = live_greet(&f->socket);
    if (r == LIVE_DONE) {
        pthread_mutex_lock(&f->lock);
        for (int i = 0; i < 4; i++) /* then the others' turn */
            if ((r = write_some(f)) != LIVE_AGAIN) break;
        bool end = r == LIVE_DONE && f->ending;
        pthread_mutex_unlock(&f->lock);
        if (end) return false;
    }
    if (r != LIVE_BROKEN) live_want(&f->socket, EPOLLIN | EPOLLRDHUP | (r == LIVE_AGAIN ? EPOLLOUT : 0));
    return r != LIVE_BROKEN;
}

static bool follow_ready(struct live_socket *s, u32 events)
{
    if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) return false;
    if (events & EPOLLIN) { /* nothing is expected; it is thrown away */
        char ignored[4096];
        ssize_t n = recv(s->fd, ignored, sizeof ignored, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return false;
    }
    return flush(FOLLOW(s));
}

static bool follow_tick(struct live_socket *s, i64 now)
{
    struct http_follow *f = FOLLOW(s);
    const struct http_options *o = live_options(s->live);
    i64 quiet = now - s->written_us;
    if (s->events & EPOLLOUT) return quiet < o->stuck_us;
    if (quiet < o->beat_us) return true;
    pthread_mutex_lock(&f->lock);
    if (!f->head) push(f, event_of(f->lines ? S("\n") : S(": beat\n\n")));
    pthread_mutex_unlock(&f->lock);
    return flush(f);
}

static void follow_stop(struct live_socket *s) { http_follow_end(FOLLOW(s)); }

static void follow_over(struct live_socket *s)
{
    struct http_follow *f = FOLLOW(s);
    pthread_mutex_lock(&f->lock);
    f->over = true;
    while (f->head) pop(f);
    pthread_mutex_unlock(&f->lock);
    if (f->on_close) f->on_close(f->on_close_arg);
}

static void follow_free(struct live_socket *s)
{
    struct http_follow *f = FOLLOW(s);
    while (f->head) pop(f);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}

static const struct live_ops follow_ops = { follow_ready, follow_tick, follow_stop, follow_over,
                                            follow_free };

/* On a worker. */

static bool wants_lines(const struct http_request *r)
{
    str accept = r->header[H_ACCEPT];
    return accept.n && accepts(accept, S("application/x-ndjson")) && !accepts(accept, S("text/event-stream"));
}

err_t follow_open(struct http_request *r, const void *in)
{
    struct op *op = &r->op;
    bool lines = wants_lines(r);
    const char *type = lines ? "application/x-ndjson" : "text/event-stream";
    if (r->head) {
        r->answer = (struct answer){ .status = 200, .content_type = type };
        return OK;
    }
    if (r->http->live_sockets >= r->http->options.max_connections)
        return fail(op, ERR_UNAVAILABLE, "too many live connections");
    struct http_follow *f = MEM_NEW(struct http_follow);
    f->lines = lines;
    f->tail = &f->head;
    pthread_mutex_init(&f->lock, NULL);
    live_init(
        &f->socket, r->http->live, &follow_ops,
        arena_printf(op->arena,
                     "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nCache-Control: no-store\r\nConnection: close\r\n"
                     "X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: %.*s\r\n\r\n",
                     type, STR(op->id)));
    err_t e = r->row->live->open(op, in, f);
    if (e) { /* nothing was opened: on_close does not run */
        f->on_close = NULL;
        live_abandon(&f->socket);
        return e;
    }
    r->live = &f->socket;
    return OK;
}
