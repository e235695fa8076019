/* The live channel in the AsyncAPI document: its own messages, and what each topic sends. */
#include "feature/channel/channel_in.h"
#include "net/asyncapi.h"

static const struct async_message socket_messages[] = {
    { "sub", "Subscribe to a topic.", &live_sub_desc, NULL, true },
    { "channel", "End, pause or resume a subscription.", &live_chan_desc, NULL, true },
    { "ack", "What has been taken in: gives credit back.", &live_ack_desc, NULL, true },
    { "hello", "First of all.", &live_hello_desc },
    { "hb", "Every two seconds.", &live_beat_desc },
    { "sub.ok", "Subscribed.", &live_subscribed_desc },
    { "snap", "The present state of a topic.", &live_snap_desc },
    { "evt", "An event of a topic.", &live_event_desc },
    { "gap", "Events that are not to be had any more.", &live_gap_desc },
    { "resync", "What was to be resumed is not known any more.", &live_resync_desc },
    { "err", "A message that could not be followed, or a subscription that has ended.", &live_error_desc },
    { "frame", "Points, see docs/live-protocol.md.", NULL },
};

static struct async_channel of_topic(struct arena *a, const struct topic *t)
{
    struct async_message *m = NEWN(a, struct async_message, 2);
    size_t n = 0;
    if (t->delivery == TOPIC_POINTS) m[n++] = (struct async_message){ "frame", "Points." };
    else m[n++] = (struct async_message){ "evt", "An event.", &live_event_desc, t->event };
    if (t->snapshot) m[n++] = (struct async_message){ "snap", "The present state.", &live_snap_desc };
    return (struct async_channel){ .address = t->pattern,
                                   .doc = t->doc,
                                   .protocol = "live",
                                   .detail = topic_deliveries[t->delivery],
                                   .in = t->in,
                                   .message = m,
                                   .nmessages = n,
                                   .auth = t->auth };
}

size_t channel_describe(struct arena *a, struct async_channel *out, size_t room)
{
    const struct topic *t;
    size_t n = 0;
    if (room)
        out[n++] = (struct async_channel){ .address = "/api/v1/live",
                                           .name = "live",
                                           .doc = "The live channel, subprotocol live.v1.",
                                           .protocol = "ws",
                                           .message = socket_messages,
                                           .nmessages = LEN(socket_messages) };
    for (size_t i = 0; n < room && (t = channel_topic_at(i)); i++) out[n++] = of_topic(a, t);
    return n;
}
