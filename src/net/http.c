/* The daemon: sockets, connections and the stages of a request. libmicrohttpd's threads call on_request() for
 * the head, for each piece of a body, at its end, and again after each resume. */
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_int.h"
#include "net/http_listen.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    CONNECTION_BYTES = 32 * 1024, /* 128 KiB would halve small requests: it is cleared for each */
    IDLE_S = 30,                  /* without a byte in either direction */
    DRAIN_MAX = 16 << 20,         /* of a refused body, so that the client reads the answer and not a reset */
    BACKLOG = 4096,
};

/* Connections. */

static void conn_add(struct http_conn *c)
{
    struct http *h = c->http;
    pthread_mutex_lock(&h->lock);
    c->next = h->conns;
    if (h->conns) h->conns->prev = c;
    h->conns = c;
    pthread_mutex_unlock(&h->lock);
    atomic_fetch_add(&h->connections, 1);
}

static void conn_remove(struct http_conn *c)
{
    struct http *h = c->http;
    pthread_mutex_lock(&h->lock);
    if (c->prev) c->prev->next = c->next;
    else h->conns = c->next;
    if (c->next) c->next->prev = c->prev;
    pthread_mutex_unlock(&h->lock);
    atomic_fetch_sub(&h->connections, 1);
    if (c->request) request_unref(c->request);
    mem_free(c);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*slot) conn_remove(*slot);
        *slot = NULL;
        return;
    }
    struct http_conn *c = MEM_NEW(struct http_conn);
    c->http = cls;
    c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    listen_peer(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, &c->peer);
    c->address_n = listen_address_text(&c->peer.sin6_addr, c->address);
    c->idle_since_us = time_mono_us();
    conn_add(c);
    *slot = c;
}

/* Who comes while the server stops is sent away at once. MHD_quiesce_daemon() would be the library's way, but
 * it takes the listening socket out of the epoll sets of threads that do so themselves in the same moment,
 * and the one that comes second ends the process. */
static enum MHD_Result admit(void *cls, const struct sockaddr *peer UNUSED, socklen_t n UNUSED)
{
    const struct http *h = cls;
    return atomic_load(&h->stopping) ? MHD_NO : MHD_YES;
}

/* Requests. */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    (void)cls;
    struct http_conn *c = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    return request_take(c, mhd, uri ? uri : "");
}

static enum MHD_Result send_now(struct http_request *r)
{
    r->stage = STAGE_SENT;
    return answer_send(r) ? MHD_YES : MHD_NO;
}

/* A refusal. It can only be queued here or after the whole body, and here it costs the connection, which
 * still has the body under way: short bodies are read to their end first. */
static enum MHD_Result refuse(struct http_request *r)
{
    bool expects = r->header[H_EXPECT].p != NULL;
    r->stage = STAGE_DRAIN;
    if (r->answer.close) return send_now(r); /* the length is in doubt */
    return r->length && (expects || r->length > DRAIN_MAX) ? send_now(r) : MHD_YES;
}

static enum MHD_Result on_head(struct http_request *r, const char *method)
{
    if (!request_head(r, method)) return refuse(r);
    if (r->row && r->row->kind == ROW_UPLOAD) return upload_begin(r) ? MHD_YES : refuse(r);
    r->stage = STAGE_BODY;
    return MHD_YES;
}

static enum MHD_Result on_body(struct http_request *r, const char *data, size_t *n)
{
    r->received += (i64)*n;
    i64 max = r->row ? r->row->max_body : 0;
    if (r->received > max) {
        answer_fail(r, ERR_LIMIT, NULL, "the body is larger than %lld bytes", (long long)max);
        r->body = (struct buf){ 0 };
        r->stage = STAGE_DRAIN;
        r->received = 0;
    } else {
        /* Pages that a slow sender never fills cost nothing; growing costs a copy. */
        if (!r->body.p && r->length > 0) buf_room(&r->body, (size_t)MIN(r->length, MIB(1)) + 1);
        buf_put(&r->body, (str){ data, *n });
    }
    *n = 0;
    return MHD_YES;
}

static enum MHD_Result on_drain(struct http_request *r, size_t *n)
{
    r->received += (i64)*n;
    *n = 0;
    return r->received > DRAIN_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_whole(struct http_request *r)
{
    if (r->stage == STAGE_DRAIN) return send_now(r);
    if (!r->row) { /* a static file: request_head() found it */
        static_answer(r);
        return send_now(r);
    }
    if (r->row->route->fast && r->row->route->fast(r)) return send_now(r);
    request_submit(r);
    return MHD_YES;
}

/* Gives the socket to the live thread: a second descriptor of it stays open when libmicrohttpd closes its
 * own, which it does at MHD_NO and, with MHD_USE_TURBO, without a shutdown(). */
static enum MHD_Result leave(struct http_request *r)
{
    int fd = fcntl(r->conn->fd, F_DUPFD_CLOEXEC, 3);
    struct live_socket *s = r->live;
    r->live = NULL;
    r->stage = STAGE_SENT;
    if (fd >= 0) live_adopt(s, fd);
    else live_abandon(s);
    return MHD_NO;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n, void **slot)
{
    (void)cls, (void)mhd, (void)url, (void)version;
    struct http_request *r = *slot;
    switch (r->stage) {
    case STAGE_HEAD: return on_head(r, method);
    case STAGE_BODY: return *n ? on_body(r, data, n) : on_whole(r);
    case STAGE_DRAIN: return *n ? on_drain(r, n) : on_whole(r);
    case STAGE_UPLOAD:
        if (*n) return upload_data(r, data, n) ? MHD_YES : MHD_NO;
        if (upload_proceed(r)) return r->stage == STAGE_ANSWER ? refuse(r) : MHD_YES;
        upload_end(r);
        return r->stage == STAGE_ANSWER ? send_now(r) : MHD_YES;
    case STAGE_ANSWER: return send_now(r);
    case STAGE_LEAVE: return leave(r);
    case STAGE_WORK:
    case STAGE_SENT: return MHD_YES;
    }
    return MHD_NO;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls, (void)mhd, (void)code;
    struct http_request *r = *slot;
    *slot = NULL;
    if (!r) return;
    if (r->upload) upload_gone(r);
    if (r->live) live_abandon(r->live); /* the peer left, or we stop, before the live thread had it */
    r->live = NULL;
    struct http_conn *c = r->conn;
    c->idle_since_us = time_mono_us();
    if (r == c->request && atomic_load(&r->refs) > 1)
        c->request = NULL; /* its upload still runs: let it go */
    else if (r == c->request) {
        answer_drop(r);
        return;
    }
    request_unref(r);
}

/* Start and stop. */

/* Names stay as they are; on_uri() keeps the query before it is cut up. */
static size_t unescape_nothing(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls, (void)c;
    return strlen(s);
}

static int cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return MAX(1, n);
}

static int connections_allowed(int wish)
{
    struct rlimit rl;
    if (getrlimit(RLIMIT_NOFILE, &rl)) return MIN(wish, 1000);
    rl.rlim_cur = rl.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &rl)) LOG_WARN("RLIMIT_NOFILE stays as it is");
    rlim_t spare = rl.rlim_max > 256 ? rl.rlim_max - 128 : rl.rlim_max / 2;
    return (int)MIN((rlim_t)wish, spare);
}

static err_t start_daemon(struct op *op, struct http *h, int fd)
{
    struct http_options *o = &h->options;
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem opt[] = {
        { MHD_OPTION_LISTEN_SOCKET, fd, NULL },
        { MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)library_log, NULL },
        { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, NULL },
        { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)unescape_nothing, NULL },
        { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, h },
        { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, h },
        { MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL },
        { MHD_OPTION_CONNECTION_LIMIT, o->max_connections, NULL },
        { MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL },
        { MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
        { o->io_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o->io_threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    h->daemon = MHD_start_daemon(flags, 0, admit, h, on_request, h, MHD_OPTION_ARRAY, opt, MHD_OPTION_END);
    if (h->daemon) return OK;
    close(fd);
    return fail(op, ERR_UNAVAILABLE, "the HTTP server does not start");
}

static err_t keep_options(struct op *op, struct http *h, const struct http_options *o)
{
    int n = cores();
    h->options = *o;
    h->options.listen = str_copy(&h->arena, o->listen);
    h->options.public_url = str_copy(&h->arena, o->public_url);
    if (!o->io_threads) h->options.io_threads = MIN(n, 8);
    if (!o->workers) h->options.workers = MAX(8, 4 * n);
    if (!o->max_uploads) h->options.max_uploads = 16;
    if (!o->slow_head_us) h->options.slow_head_us = SEC(60);
    if (!o->beat_us) h->options.beat_us = SEC(15);
    if (!o->stuck_us) h->options.stuck_us = SEC(60);
    if (!o->max_queue) h->options.max_queue = 4096;
    h->options.max_connections = connections_allowed(o->max_connections ? o->max_connections : 10000);
    return listen_proxies(op, &h->arena, o->trusted_proxies, &h->proxy, &h->nproxies);
}

static void http_free(struct http *h)
{
    if (h->live) live_free(h->live);
    if (h->pool) pool_free(h->pool);
    rate_free(h->rate);
    static_free(h);
    pthread_cond_destroy(&h->calm);
    pthread_mutex_destroy(&h->lock);
    arena_free(&h->arena);
    mem_free(h);
}

err_t http_start(struct op *op, const struct http_options *o, const struct route *const *tables,
                 const size_t *n, size_t ntables, struct http **out)
{
    struct buf faults = BUF(op->arena);
    if (routes_check(&faults, tables, n, ntables))
        return fail(op, ERR_INTERNAL, "faults in the route tables:\n%.*s", STR(buf_str(&faults)));
    struct http *h = MEM_NEW(struct http);
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&h->calm, &mono);
    int fd = -1;
    err_t e = keep_options(op, h, o);
    if (!e) e = listen_open(op, h->options.listen, BACKLOG, &fd, &h->port);
    if (e) {
        http_free(h);
        return e;
    }
    h->router = router_new(&h->arena, tables, n, ntables);
    h->rate = rate_new();
    static_build(h);
    h->pool = pool_new(h->options.workers, MIN(h->options.workers, cores()), (size_t)h->options.max_queue);
    h->live = live_new(h);
    e = start_daemon(op, h, fd);
    if (e) {
        live_stop(h->live);
        pool_end(h->pool);
        http_free(h);
        return e;
    }
    *out = h;
    return OK;
}

int http_port(const struct http *h) { return h->port; }

static void wait_calm(struct http *h, i64 grace_us)
{
    i64 until = time_mono_us() + grace_us;
    struct timespec ts = { .tv_sec = until / SEC(1), .tv_nsec = until % SEC(1) * 1000 };
    pthread_mutex_lock(&h->lock);
    while (atomic_load(&h->in_flight) > 0)
        if (pthread_cond_timedwait(&h->calm, &h->lock, &ts)) break;
    pthread_mutex_unlock(&h->lock);
}

/* What runs is told to end: waits of operations look at the deadline, uploads see their client gone. */
static void hurry(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    for (struct http_conn *c = h->conns; c; c = c->next) shutdown(c->fd, SHUT_RD);
    pthread_mutex_unlock(&h->lock);
}

void http_stop(struct http *h, i64 grace_us)
{
    if (!h) return;
    atomic_store(&h->stopping, true);
    live_stop(h->live);
    wait_calm(h, grace_us);
    atomic_store(&h->sealed, true);
    hurry(h);
    wait_calm(h, SEC(60));
    pool_end(h->pool);
    MHD_stop_daemon(h->daemon);
    http_free(h);
}

void http_stats(const struct http *h, struct http_stats *out)
{
    *out = (struct http_stats){
        .requests = h->requests,
        .errors = h->errors,
        .in_flight = h->in_flight,
        .connections = h->connections + h->live_sockets,
        .uploads = h->uploads,
    };
}
