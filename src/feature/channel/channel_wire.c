#include "feature/channel/channel_wire.h"
#include "feature/channel/hub.h"

#define ID_MOST (((i64)1 << 53) - 1)
/* Each kind of message by its name. */
static const char *const op_sub[] = { "sub", NULL };
static const char *const op_chan[] = { "unsub", "pause", "resume", NULL };
static const char *const op_ack[] = { "ack", NULL };
static const char *const op_hello[] = { "hello", NULL };
static const char *const op_hb[] = { "hb", NULL };
static const char *const op_sub_ok[] = { "sub.ok", NULL };
static const char *const op_snap[] = { "snap", NULL };
static const char *const op_evt[] = { "evt", NULL };
static const char *const op_gap[] = { "gap", NULL };
static const char *const op_resync[] = { "resync", NULL };
static const char *const op_err[] = { "err", NULL };
#define OP(ops) F_ENUM(op, ops), .flags = REQUIRED, .doc = "What is said."
#define CHAN \
    F(chan), .flags = REQUIRED, .min = 1, .max = UINT32_MAX, .doc = "Number of the subscription, from sub.ok."

#define D struct live_from
static const struct field live_from_fields[] = {
    { F(epoch), .max = ID_MOST, .doc = "Of the topic, from sub.ok." },
    { F(seq), .max = ID_MOST, .doc = "The last event that was seen." },
    { F(t), .min = 0, .max = INT64_MAX,
      .doc = "Of a series: microseconds since 1970; points from then on come first." },
    { F(given) },
};
#undef D
DESC(live_from);

#define D struct live_sub
static const struct field live_sub_fields[] = {
    { OP(op_sub) },
    { F(id), .flags = REQUIRED, .min = 1, .max = ID_MOST, .doc = "Comes back in the answer." },
    { F(topic), .flags = REQUIRED, .min = 1, .max = TOPIC_NAME_MAX, .doc = "Such as unit/ID/log." },
    { F_OBJ(from, &live_from_desc), .doc = "Where to continue." },
    { F(window), .doc = "Of a series: seconds of the past that come first." },
    { F_AS("maxHz", max_hz),
      .doc = "Of a series: frames a second that are enough, at most 60; 20 if absent." },
    { F(px), .min = 0, .max = 16384,
      .doc = "Of a series: columns of the screen; the past comes thinned to them." },
};
#undef D
DESC(live_sub);

#define D struct live_chan
static const struct field live_chan_fields[] = { { OP(op_chan) }, { CHAN } };
#undef D
DESC(live_chan);

#define D struct live_ack
static const struct field live_ack_fields[] = {
    { OP(op_ack) },
    { CHAN },
    { F(seq), .flags = REQUIRED, .min = 0, .max = ID_MOST, .doc = "Everything up to it has been taken in." },
};
#undef D
DESC(live_ack);

#define D struct live_hello
static const struct field live_hello_fields[] = {
    { OP(op_hello) },
    { F(t), .flags = READONLY, .doc = "The server's clock, microseconds since 1970." },
    { F(build), .flags = READONLY, .doc = "Version of the server." },
    { F(epoch), .flags = READONLY, .doc = "Another one after a restart." },
};
#undef D
DESC(live_hello);

#define D struct live_beat
static const struct field live_beat_fields[] = {
    { OP(op_hb) },
    { F(t), .flags = READONLY, .doc = "The server's clock, microseconds since 1970." },
};
#undef D
DESC(live_beat);

#define D struct live_schema
static const struct field live_schema_fields[] = {
    { F_ENUM(delivery, topic_deliveries), .flags = READONLY, .doc = "What happens when the reader is slow." },
    { F(name), .flags = READONLY | NULLABLE, .doc = "Of a series." },
    { F(unit), .flags = READONLY | NULLABLE, .doc = "Of its values." },
    { F(labels), .flags = READONLY | NULLABLE, .max = 65536, .doc = "Of a series." },
};
#undef D
static DESC(live_schema);

#define D struct live_subscribed
static const struct field live_subscribed_fields[] = {
    { OP(op_sub_ok) },
    { F(id), .flags = READONLY, .doc = "Of the request." },
    { F(chan), .flags = READONLY, .doc = "What follows carries it." },
    { F(epoch), .flags = READONLY, .doc = "Of the topic; for resuming." },
    { F(seq), .flags = READONLY, .doc = "Of the newest event that has gone by." },
    { F_OBJ(schema, &live_schema_desc), .flags = READONLY, .doc = "What comes." },
};
#undef D
DESC(live_subscribed);

#define SEQ  F(seq), .flags = READONLY, .doc = "Number of the event in its topic."
#define DATA F(data), .flags = READONLY, .max = INT32_MAX, .doc = "As the topic says."

#define D struct live_snap
static const struct field live_snap_fields[] = { { OP(op_snap) }, { CHAN }, { SEQ }, { DATA } };
#undef D
DESC(live_snap);

#define D struct live_event
static const struct field live_event_fields[] = {
    { OP(op_evt) },
    { CHAN },
    { SEQ },
    { F(rev), .flags = READONLY, .doc = "The server's clock when it was sent, microseconds since 1970." },
    { F(key), .flags = READONLY | NULLABLE, .doc = "The row of a list that it is about." },
    { DATA },
};
#undef D
DESC(live_event);

#define D struct live_gap
static const struct field live_gap_fields[] = {
    { OP(op_gap) },
    { CHAN },
    { F(seq), .flags = READONLY, .doc = "The next event that comes." },
    { F(dropped), .flags = READONLY, .doc = "How many before it are not to be had any more." },
};
#undef D
DESC(live_gap);

#define D struct live_resync
static const struct field live_resync_fields[] = {
    { OP(op_resync) },
    { CHAN },
    { F(epoch), .flags = READONLY, .doc = "Of the topic, now." },
    { SEQ },
};
#undef D
DESC(live_resync);

#define D struct live_error
static const struct field live_error_fields[] = {
    { OP(op_err) },
    { F(id), .flags = READONLY | NULLABLE, .doc = "Of the subscription that was asked for." },
    { F(chan), .flags = READONLY | NULLABLE, .doc = "Of the subscription that has ended." },
    { F(code), .flags = READONLY, .doc = "As in problem documents." },
    { F(detail), .flags = READONLY | NULLABLE, .doc = "For people." },
    { F(field), .flags = READONLY | NULLABLE, .doc = "The member at fault." },
};
#undef D
DESC(live_error);

bool live_look(struct arena *a, str text, struct live_start *out)
{
    struct json j = json_reader(a, text);
    str key;
    if (!json_object(&j)) return false;
    while (json_key(&j, &key)) {
        if (str_is(key, "op") && json_peek(&j) == JSON_STRING) json_str(&j, &out->op);
        else if (str_is(key, "id") && json_peek(&j) == JSON_NUMBER) json_i64(&j, &out->id);
        else json_skip(&j);
    }
    return json_end(&j);
}
