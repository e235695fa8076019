/* Messages of the live channel (docs/live-protocol.md), for the server and for the AsyncAPI document. `op` is
 * 0 unless a descriptor serves several. */
#pragma once
#include "base/desc.h"

/* What the client says. */
struct live_from {
    i64 epoch, seq;
    i64 t;
    struct present given;
};
struct live_sub {
    int op;
    i64 id;
    str topic;
    struct live_from from;
    double window, max_hz;
    i64 px;
};
enum { LIVE_UNSUB, LIVE_PAUSE, LIVE_RESUME };
struct live_chan {
    int op;
    i64 chan;
};
struct live_ack {
    int op;
    i64 chan, seq;
};
extern const struct desc live_from_desc, live_sub_desc, live_chan_desc, live_ack_desc;

/* Which kind of message it is, and the id that an error names. False: not a JSON object. */
struct live_start {
    str op;
    i64 id;
};
bool live_look(struct arena *, str text, struct live_start *out);

/* What the server says. */
struct live_hello {
    int op;
    i64 t;
    str build;
    i64 epoch;
};
struct live_beat {
    int op;
    i64 t;
};
struct live_schema {
    int delivery;
    str name, unit;  /* of a series, */
    json_raw labels; /* else absent */
};
struct live_subscribed {
    int op;
    i64 id, chan, epoch, seq;
    struct live_schema schema;
};
struct live_snap {
    int op;
    i64 chan, seq;
    json_raw data;
};
struct live_event {
    int op;
    i64 chan, seq, rev;
    str key;
    json_raw data;
};
struct live_gap {
    int op;
    i64 chan, seq, dropped;
};
struct live_resync {
    int op;
    i64 chan, epoch, seq;
};
struct live_error {
    int op;
    i64 id, chan; /* 0: null */
    str code, detail, field;
};
extern const struct desc live_hello_desc, live_beat_desc, live_subscribed_desc, live_snap_desc,
    live_event_desc, live_gap_desc, live_resync_desc, live_error_desc;
