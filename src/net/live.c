#include "net/live.h"
#include "base/log.h"
#include "net/http_int.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    TICK_MS = 1000, /* at most: short patience is looked after more often */
    GOODBYE_US = 1000000,
    SEND_ROOM = 128 * 1024
}; /* in the kernel, which would take 4 MiB for a reader who sleeps */
struct live {
    struct http *http;
    int epoll, wake;
    pthread_t thread;
    pthread_mutex_t lock;
    struct live_socket *waiting, **last; /* new and dirty ones in their order, under the lock */
    size_t nwaiting;
    bool stopping, ended;        /* under the lock */
    struct live_socket *sockets; /* the thread's own */
};

void live_init(struct live_socket *s, struct live *l, const struct live_ops *ops, str greeting)
{
    s->ops = ops;
    s->live = l;
    s->fd = -1;
    s->greeting = mem_str(greeting);
    atomic_init(&s->refs, 1);
}

void live_ref(struct live_socket *s) { atomic_fetch_add(&s->refs, 1); }

void live_unref(struct live_socket *s)
{
    if (atomic_fetch_sub(&s->refs, 1) > 1) return;
    union {
        const char *c;
        void *v;
    } p = { s->greeting.p };
    mem_free(p.v);
    s->ops->release(s);
}

const struct http_options *live_options(const struct live *l) { return &l->http->options; }

static void wake(struct live *l)
{
    u64 one = 1;
    if (write(l->wake, &one, sizeof one) < 0 && errno != EAGAIN) bug("eventfd: %s", strerror(errno));
}

/* Under the lock. The list holds a reference. */
static void enlist(struct live *l, struct live_socket *s)
{
    if (s->is_waiting) return;
    s->is_waiting = true;
    s->waiting = NULL;
    *l->last = s;
    l->last = &s->waiting;
    live_ref(s);
    if (!l->nwaiting++) wake(l);
}

void live_dirty(struct live_socket *s)
{
    struct live *l = s->live;
    pthread_mutex_lock(&l->lock);
    enlist(l, s);
    pthread_mutex_unlock(&l->lock);
}

void live_abandon(struct live_socket *s)
{
    s->ops->over(s);
    live_unref(s);
}

void live_adopt(struct live_socket *s, int fd)
{
    struct live *l = s->live;
    i64 now = time_mono_us();
    pthread_mutex_lock(&l->lock);
    bool ok = !l->ended;
    if (ok) {
        s->read_us = s->written_us = now;
        s->fd = fd;
        s->is_new = true;
        enlist(l, s);
    }
    pthread_mutex_unlock(&l->lock);
    if (ok) return;
    close(fd);
    live_abandon(s);
}

void live_want(struct live_socket *s, u32 events)
{
    if (s->events == events) return;
    struct epoll_event e = { .events = events, .data.ptr = s };
    if (epoll_ctl(s->live->epoll, EPOLL_CTL_MOD, s->fd, &e)) bug("epoll_ctl: %s", strerror(errno));
    s->events = events;
}

enum live_result live_greet(struct live_socket *s)
{
    while (s->greeted < s->greeting.n) {
        str rest = str_skip(s->greeting, s->greeted);
        ssize_t n = send(s->fd, rest.p, rest.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? LIVE_AGAIN : LIVE_BROKEN;
        s->greeted += (size_t)n;
    }
    return LIVE_DONE;
}

/* The thread. */

static void finish(struct live *l, struct live_socket *s)
{
    if (s->prev) s->prev->next = s->next;
    else l->sockets = s->next;
    if (s->next) s->next->prev = s->prev;
    /* Closing would not take it out of the set while libmicrohttpd still has its descriptor of the same
     * socket. */
    if (epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL)) bug("epoll_ctl: %s", strerror(errno));
    close(s->fd);
    s->fd = -1;
    s->begun = false;
    atomic_fetch_sub(&l->http->live_sockets, 1);
    s->ops->over(s);
    live_unref(s);
}

static void begin(struct live *l, struct live_socket *s)
{
    s->begun = true;
    int room = SEND_ROOM;
    setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    s->next = l->sockets;
    if (l->sockets) l->sockets->prev = s;
    l->sockets = s;
    atomic_fetch_add(&l->http->live_sockets, 1);
    s->events = EPOLLIN | EPOLLRDHUP;
    struct epoll_event e = { .events = s->events, .data.ptr = s };
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e)) bug("epoll_ctl: %s", strerror(errno));
}

/* One round over those that wait now; who is enlisted meanwhile has the next. */
static void serve_waiting(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    for (size_t n = l->nwaiting; n; n--) {
        struct live_socket *s = l->waiting;
        bool fresh = s->is_new;
        l->waiting = s->waiting;
        if (!l->waiting) l->last = &l->waiting;
        l->nwaiting--;
        s->is_waiting = s->is_new = false;
        pthread_mutex_unlock(&l->lock);
        if (fresh) begin(l, s);
        if (s->begun && !s->ops->ready(s, 0)) finish(l, s);
        live_unref(s);
        pthread_mutex_lock(&l->lock);
    }
    if (l->waiting) wake(l);
    pthread_mutex_unlock(&l->lock);
}

static void sweep_connections(struct http *h, i64 now)
{
    pthread_mutex_lock(&h->lock);
    for (struct http_conn *c = h->conns; c; c = c->next) {
        i64 since = c->idle_since_us;
        if (since && now - since > h->options.slow_head_us)
            shutdown(c->fd, SHUT_RDWR); /* libmicrohttpd sees the end */
    }
    pthread_mutex_unlock(&h->lock);
}

static void tick(struct live *l, i64 now)
{
    for (struct live_socket *s = l->sockets, *next; s; s = next) {
        next = s->next;
        if (!s->ops->tick(s, now)) finish(l, s);
    }
    sweep_connections(l->http, now);
}

static bool serve_events(struct live *l, int timeout_ms)
{
    struct epoll_event e[EVENTS];
    int n = epoll_wait(l->epoll, e, EVENTS, timeout_ms);
    if (n < 0 && errno != EINTR) bug("epoll_wait: %s", strerror(errno));
    bool woken = false;
    for (int i = 0; i < n; i++) {
        struct live_socket *s = e[i].data.ptr;
        if (!s) woken = true;
        else if (!s->ops->ready(s, e[i].events)) finish(l, s);
    }
    return woken;
}

static bool is_stopping(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    bool yes = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return yes;
}

static void goodbye(struct live *l)
{
    serve_waiting(l);
    for (struct live_socket *s = l->sockets; s; s = s->next) s->ops->stop(s);
    i64 until = time_mono_us() + GOODBYE_US;
    while (l->sockets && time_mono_us() < until) {
        serve_waiting(l);
        serve_events(l, 50);
    }
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    pthread_mutex_unlock(&l->lock);
    serve_waiting(l); /* what was adopted before `ended` begins, so that it ends properly */
    while (l->sockets) finish(l, l->sockets);
}

static void *live_main(void *arg)
{
    struct live *l = arg;
    const struct http_options *o = live_options(l);
    i64 ticked = time_mono_us(), shortest = MIN(MIN(o->slow_head_us, o->beat_us), o->stuck_us);
    int tick_ms = (int)MIN((i64)TICK_MS, MAX(shortest / 4000, 1));
    for (;;) {
        if (serve_events(l, tick_ms)) {
            u64 count;
            if (read(l->wake, &count, sizeof count) < 0 && errno != EAGAIN)
                bug("eventfd: %s", strerror(errno));
            if (is_stopping(l)) break;
            serve_waiting(l);
        }
        i64 now = time_mono_us();
        if (now - ticked < MSEC(tick_ms)) continue;
        ticked = now;
        tick(l, now);
    }
    goodbye(l);
    return NULL;
}

struct live *live_new(struct http *h)
{
    struct live *l = MEM_NEW(struct live);
    l->http = h;
    l->last = &l->waiting;
    pthread_mutex_init(&l->lock, NULL);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event e = { .events = EPOLLIN };
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e))
        bug("epoll: %s", strerror(errno));
    if (pthread_create(&l->thread, NULL, live_main, l)) bug("no thread for live connections");
    return l;
}

void live_stop(struct live *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_mutex_unlock(&l->lock);
    wake(l);
    pthread_join(l->thread, NULL);
}

void live_free(struct live *l)
{
    close(l->epoll);
    close(l->wake);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}
