/* The inside of the live channel: topics that somebody listens to, and who does. A topic keeps its newest
 * events once, for all; a subscription is a place in that history (`seen`), so a listener who is slow costs
 * nothing and misses the oldest. One thread walks from the topics that have news to their listeners and hands
 * over what these can take.
 *
 * Locks, in the order in which they are taken: client, table, topic, queue; the registry's is taken alone.
 * Private to the folder. */
#pragma once
#include "feature/channel/channel.h"
#include "net/http.h"
#include "port/ports.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
    CREDIT_MESSAGES = 64,
    CREDIT_BYTES = 1 << 20,
    TOPIC_NAME_MAX = 512,
    CLIENT_SUBS = 1024,
    POINTS_MOST = 16384, /* that a topic keeps */
    POINTS_A_FRAME = 4096,
};

/* One event, as it is sent to everybody: data views the message's text. */
struct event {
    struct event *older, *newer, *same_bucket;
    u64 seq;
    i64 rev;
    str key, data; /* key: empty for none */
    struct ws_message *message;
    size_t bytes;
    char key_text[];
};
struct event_ring {
    struct event *oldest, *newest;
    struct event **by_key; /* LATEST with keys: buckets */
    size_t n, bytes;
    u64 lost; /* seq of the newest event that went although nothing took its place */
};
/* The newest points; `end` counts all that ever came. */
struct point_ring {
    i64 *t;
    double *v;
    size_t room; /* a power of two */
    u64 end;
};

struct sub;
struct hub_topic {
    struct hub_topic *next;
    atomic_int refs;
    str name;
    u32 chan; /* of most subscriptions to it */
    i64 epoch;
    const struct topic *kind;

    pthread_mutex_t lock; /* what follows */
    u64 seq;
    struct event_ring events;
    struct point_ring points;
    struct sub *subs;
    i64 idle_since_us;
    bool is_dirty;
    struct hub_topic *next_dirty; /* the queue's */
};
void topic_ref(struct hub_topic *);
void topic_unref(struct hub_topic *);

/* What was sent and not acknowledged yet. */
struct credit {
    u32 at, n, bytes;
    struct {
        u32 seq, bytes;
    } sent[CREDIT_MESSAGES];
};

struct client;
struct sub {
    struct sub *next, **link; /* of its topic, under its lock */
    struct sub *sibling;      /* of its client; all that follows is under the client's lock */
    struct client *client;
    struct hub_topic *topic;
    u32 chan;
    u64 seen;
    bool held; /* its snapshot is still to be sent */
    bool paused;
    i64 every_us, due_us;
    i64 newest_t;    /* of the points that were sent */
    double window_s; /* as asked for */
    int px;
    struct credit credit;
};

/* Points for one listener. */
struct points_out {
    const i64 *t; /* in order */
    const double *v;
    u32 n;
    u64 seq;   /* after them */
    bool late; /* older than some that went before */
};

/* A listener's own half. event, gap, points and beat run on the channel's thread under the client's lock and
 * must not block; false: nothing can be taken now, try again soon. */
struct client_ops {
    bool credits; /* it acknowledges */
    bool (*event)(struct client *, struct sub *, const struct event *);
    bool (*gap)(struct client *, struct sub *, u64 seq, u64 dropped);
    bool (*points)(struct client *, struct sub *, const struct points_out *);
    void (*beat)(struct client *, struct ws_message *); /* NULL: no heart beats */
    void (*lost)(struct client *, u32 chan,
                 const struct op_error *); /* that subscription's right; it is over */
    void (*end)(struct client *);          /* the session or token has ended */
    void (*release)(struct client *);      /* last reference, any thread */
};
struct client {
    const struct client_ops *ops;
    atomic_int refs;
    const struct ports *ports;
    struct arena arena; /* who's texts */
    struct principal who;
    pthread_mutex_t use; /* taken before all others by whoever holds a pointer to a subscription of it */

    pthread_mutex_t lock; /* what follows */
    struct sub *subs;
    size_t nsubs;
    bool over;
    struct client *next, *prev; /* the registry's */
    struct client *next_queued; /* the queue's */
    bool is_queued;
    struct client *next_later; /* the thread's */
    bool is_later;
};

void hub_start(void);
void hub_stop(void); /* all clients have ended */
i64 hub_epoch(void);

void client_init(struct client *, const struct client_ops *, const struct op *); /* one reference */
void client_begin(struct client *); /* joins the registry: heart beats, questions for its rights */
void client_leave(struct client *); /* out of the registry; part of client_end() */
void client_end(struct client *);   /* its subscriptions end; when it returns no op runs or will run */
void client_ref(struct client *);
void client_unref(struct client *);
void client_wake(struct client *); /* look at it soon */
size_t client_count(void);
/* Calls fn for every client that has begun and not ended, holding a reference but no lock. */
void client_each(void (*fn)(void *ctx, struct client *), void *ctx);

/* A subscription, held until sub_release(). */
struct sub_new {
    const struct topic *kind;
    str name;
    bool resumes, any_epoch;
    i64 epoch;
    u64 seq;
    double window_s, max_hz;
    int px;
};
enum sub_begin { SUB_FRESH, SUB_RESUMED, SUB_RESYNC };
struct sub *sub_begin(struct client *, const struct sub_new *, enum sub_begin *how);
void sub_release(struct sub *);          /* what came meanwhile goes out, then what comes */
void sub_end(struct client *, u32 chan); /* unknown: nothing happens */
void sub_ack(struct client *, u32 chan, u32 seq);
struct sub *sub_find(struct client *, u32 chan); /* NULL: unknown; under client.use */
void sub_pause(struct sub *, bool pause);
bool sub_behind(struct sub *); /* POINTS: not all that it has not seen is still here */
void sub_skip(struct sub *);   /* as if it had seen all */
/* Hands over what the client takes; true: there is more, try again soon. For hub.c. */
bool sub_deliver(struct sub *, i64 now);

/* Topics (hub_topic.c). */
struct hub_topic *topic_open(const struct topic *, str name); /* a reference; made when it is not there */
struct hub_topic *topic_find(str name);                       /* a reference; NULL: nobody listens */
void topic_publish(str name, str key, str json);
bool topic_wanted(str name);
bool topic_any(void); /* there are topics at all */
size_t topic_count(void);
void topic_sweep(i64 now); /* those without listeners for a minute go */
void topic_forget_all(void);
void hub_topic_dirty(struct hub_topic *); /* has news; called without locks */

/* Points (hub_points.c). */
void topic_points(str name, const i64 *t, const double *v, size_t n);
void points_free(struct point_ring *);
/* Under client's and topic's lock; true: more is to come at due_us. */
bool points_deliver(struct sub *, i64 now);

/* Credit (hub_sub.c). */
bool credit_left(const struct sub *);
void credit_take(struct sub *, u64 seq, size_t bytes);
