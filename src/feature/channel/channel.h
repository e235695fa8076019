/* The live channel: one WebSocket a client, GET /api/v1/live (subprotocol live.v1, docs/live-protocol.md),
 * over which it subscribes to topics; followers for curl beside it. Features list their kinds of topic in
 * struct feature (.topics) and send to topics by name; who listens, in what pace, and on which node, is the
 * channel's business.
 *
 * Delivery, by kind: LATEST keeps the newest event of a key (states); EVENTS and LINES keep a bounded history
 * by sequence for resume and drop the oldest with a gap marker; POINTS are points of series in binary frames,
 * coalesced to the subscriber's rate. A subscriber that does not keep up is thinned: credit per channel (64
 * messages or 1 MiB until it acknowledges), 4 MiB a client; it never blocks others. The right to a topic is
 * asked at subscription, again whenever rights were revoked, and every minute. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature channel_feature;

enum topic_delivery { TOPIC_LATEST, TOPIC_EVENTS, TOPIC_LINES, TOPIC_POINTS };
extern const char *const topic_deliveries[]; /* "latest", ... NULL */
struct topic_about {
    str name, unit;  /* absent: unknown */
    json_raw labels; /* object */
};
/* The past that a listener wants: points of [from, to) in time order; or, where they are more than a screen
 * of px columns needs (0: no screen), buckets of equal width, min, max, first and last of each, NaN for empty
 * ones. points() may be called many times and returns false when it wants no more. */
struct topic_past {
    i64 from, to;
    int px;
    void *ctx;
    bool (*points)(void *ctx, const i64 *t, const double *v, size_t n);
    void (*buckets)(void *ctx, i64 t0, double dt_us, const double *const column[4], size_t n);
};
struct topic {
    const char *pattern; /* "unit/{unit_id}/log": {x} binds the field x of in */
    enum topic_delivery delivery;
    const struct desc *in;    /* the pattern's parameters; NULL: none */
    const struct desc *event; /* of one event, for AsyncAPI and the generated client */
    u64 auth;                 /* RIGHT_ bits, all needed, as in a route */
    /* May op->who listen? Returns what a route would: OK, ERR_FORBIDDEN, ERR_NOT_FOUND. NULL: whoever has
     * auth. May block; runs on a worker. */
    err_t (*may)(struct op *, const void *in);
    /* Optional: JSON of the present state, sent first. Events that come while it is read follow it, so that
     * nothing is missing; some of them may tell what it holds already. May block. */
    err_t (*snapshot)(struct op *, const void *in, struct buf *json);
    /* POINTS instead: what they are, and those of the past. May block. */
    err_t (*about)(struct op *, const void *in, struct topic_about *out);
    err_t (*past)(struct op *, const void *in, const struct topic_past *);
    const char *doc;
};

/* Once, by main, before the features start: whose topics there are. A fault in one of them refuses to boot.
 */
void channel_know_features(const struct feature *const *features, size_t n);

/* Sends an event (one JSON value) to a topic, e.g. "unit/3f.../state". key tells LATEST events of one topic
 * apart (a list's row), else absent. Any thread, never blocks, cheap when nobody listens. */
void channel_send(str topic, str key, str json);
/* The same once what the operation has committed is durable; copies. Inside a transaction that is rolled back
 * nothing is sent. */
void channel_send_after(struct op *, str topic, str key, str json);
bool channel_wanted(str topic); /* somebody listens: worth composing the event */
/* New points of a TOPIC_POINTS topic; as channel_send. */
void channel_points(str topic, const i64 *t, const double *v, size_t n);

/* A listener inside the program: fn runs on the channel's thread and must not block. The topic must be of a
 * known kind that has no points (else NULL). */
struct channel_listener;
struct channel_listener *channel_listen(str topic, void (*fn)(void *ctx, str topic, u64 seq, str json),
                                        void *ctx);
void channel_unlisten(struct channel_listener *); /* fn is not running any more when this returns */

/* One topic as the answer of a live row of any feature: rights are asked as for every listener, now and
 * again. What before() sends comes first; the topic's events since it was called follow. pass() tells whether
 * an event is sent; it runs on the channel's thread and must not block. Both are optional; drop() runs once,
 * when all is over, also after an error. */
struct http_follow;
struct channel_stream {
    str topic, last_event_id;
    err_t (*before)(struct op *, void *ctx, struct http_follow *);
    bool (*pass)(void *ctx, str json);
    void (*drop)(void *ctx);
    void *ctx;
};
err_t channel_follow_topic(struct op *, const struct channel_stream *, struct http_follow *) MUST_USE;

/* The border to the other nodes. What is sent here is told to fn, for them, on the sender's thread; what they
 * tell comes in by channel_arrive(), which sends it to this node's listeners only. */
void channel_set_border(void (*fn)(str topic, str key, str json));
void channel_arrive(str topic, str key, str json);

/* For the AsyncAPI document: the channel's own messages and the topics of all features; how many of `room`.
 */
struct async_channel;
size_t channel_describe(struct arena *, struct async_channel *out, size_t room);
