/* What the files of this folder tell one another beside hub.h. */
#pragma once
#include "feature/account/account.h"
#include "feature/channel/channel_wire.h"
#include "feature/channel/hub.h"
#include "feature/feature.h"

/* "me" is, to whoever asks, a topic of their own: me/NUMBER. Other names stay as they are. */
str channel_name(struct op *, str name);
const struct topic *channel_kind(str name);     /* NULL: no such topic */
const struct topic *channel_topic_at(size_t i); /* NULL: past the last */
size_t channel_faults(struct buf *);            /* in the known topics, one line each */
/* Its parameters, views of name; the field of an error is "topic". */
err_t channel_bind(struct op *, const struct topic *kind, str name, void **in) MUST_USE;
/* The same, and whether op->who may listen to name. */
err_t channel_allow(struct op *, const struct topic *kind, str name, void **in) MUST_USE;

extern const struct topic channel_topics[1]; /* channel_series.c */
void channel_watch_series(void);
extern const struct http_socket channel_socket; /* channel_socket.c */
extern const struct http_live channel_follow;   /* channel_follow.c */

/* Points as frames (channel_frames.c). */
void channel_put_points(struct buf *, const struct sub *, const struct points_out *);
void channel_put_gap(struct buf *, const struct sub *, u64 seq, u64 dropped);
/* The past of a POINTS topic, from t on (0: of the subscription's window), as snapshot frames. */
err_t channel_send_past(struct op *, struct ws *, const struct sub *, const void *in, i64 t) MUST_USE;
