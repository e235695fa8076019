/* The live thread: one epoll loop that owns every socket which left libmicrohttpd (followers and WebSockets)
 * and, once a second, sweeps idle connections. What a socket does is its ops; all of them run on the live
 * thread unless said otherwise. Private to net. */
#pragma once
#include "base/arena.h"
#include <stdatomic.h>

struct http;
struct http_options;
struct live;
struct live_socket;
struct live_ops {
    bool (*ready)(struct live_socket *, u32 events); /* epoll's events, 0 when dirty; false: over */
    bool (*tick)(struct live_socket *, i64 now_us);  /* about once a second; false: over */
    void (*stop)(struct live_socket *);              /* the server stops: say good-bye */
    void (*over)(struct live_socket *);              /* exactly once; the descriptor is closed already */
    void (*release)(struct live_socket *);           /* last reference, any thread */
};
struct live_socket {
    const struct live_ops *ops;
    struct live *live;
    struct live_socket *next, *prev; /* all sockets of the thread */
    struct live_socket *waiting;     /* next in the list of new or dirty ones */
    bool is_waiting, is_new;         /* under the thread's lock */
    bool begun;                      /* the thread's own */
    atomic_int refs;
    int fd; /* -1 before the hand-over and after the end */
    u32 events;
    str greeting; /* the answer's head, written first; mem */
    size_t greeted;
    i64 read_us, written_us;
};

struct live *live_new(struct http *);
void live_stop(struct live *); /* says good-bye on every socket, ends them and the thread */
void live_free(struct live *);

const struct http_options *live_options(const struct live *);

void live_init(struct live_socket *, struct live *, const struct live_ops *,
               str greeting);                  /* one reference */
void live_adopt(struct live_socket *, int fd); /* takes over that reference and the descriptor */
void live_abandon(struct live_socket *);       /* instead: never adopted; over() on the caller's thread */
/* ready(s, 0) soon. Any thread, but only before over(): callers hold a lock that over() takes, too. */
void live_dirty(struct live_socket *);
void live_ref(struct live_socket *);
void live_unref(struct live_socket *);
void live_want(struct live_socket *, u32 events);
enum live_result { LIVE_DONE, LIVE_AGAIN, LIVE_BROKEN };
enum live_result live_greet(struct live_socket *);
