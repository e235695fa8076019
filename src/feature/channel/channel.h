/* The live channel: one WebSocket a client, GET /api/v1/live (subprotocol live.v1), over which it subscribes
 * to topics. Features list their kinds of topic in struct feature (.topics) and send to topics by name; who
 * listens, in what pace, and from which node, is the channel's business.
 *
 * Delivery, by kind: LATEST keeps the newest event of a key (states); EVENTS and LINES keep a bounded history
 * by sequence for resume and drop the oldest with a gap marker; POINTS are points of series in binary frames
 * (docs/live-protocol.md), coalesced to the subscriber's rate. A subscriber that does not keep up is thinned:
 * credits per channel (64 frames or 1 MB until it acknowledges), 4 MB a client; it never blocks others. The
 * right to a topic is asked at subscription and again whenever rights were revoked. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature channel_feature;

enum topic_delivery { TOPIC_LATEST, TOPIC_EVENTS, TOPIC_LINES, TOPIC_POINTS };
struct topic {
    const char *pattern; /* "unit/{unit_id}/log": {x} binds the field x of in */
    enum topic_delivery delivery;
    const struct desc *in;    /* the pattern's parameters */
    const struct desc *event; /* of one event, for AsyncAPI and the generated client */
    /* May op->who listen? Returns what a route would: OK, ERR_FORBIDDEN, ERR_NOT_FOUND. */
    err_t (*may)(struct op *, const void *in);
    /* Optional: JSON of the present state, sent first. */
    err_t (*snapshot)(struct op *, const void *in, struct buf *json);
    const char *doc;
};

/* Sends an event (one JSON value) to a topic, e.g. "unit/3f.../state". key tells LATEST events of one topic
 * apart (a list's row), else absent. Any thread, never blocks, cheap when nobody listens. */
void channel_send(str topic, str key, str json);
/* The same once what the operation has committed is durable; copies. Inside a transaction that is rolled back
 * nothing is sent. */
void channel_send_after(struct op *, str topic, str key, str json);
bool channel_wanted(str topic); /* somebody listens: worth composing the event */
/* A listener inside the program (SSE followers): fn on the sender's thread, must not block. */
struct channel_listener;
struct channel_listener *channel_listen(str topic, void (*fn)(void *ctx, str topic, u64 seq, str json),
                                        void *ctx);
void channel_unlisten(struct channel_listener *); /* fn is not running any more when this returns */
