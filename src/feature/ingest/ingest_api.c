/* POST /api/v1/telemetry: our own formats. */
#include "feature/feature.h"
#include "feature/ingest/ingest_impl.h"

struct ingest_in {
    i64 project;
    str content_type;
};
#define D struct ingest_in
static const struct field ingest_in_fields[] = {
    { F(project), .flags = QUERY, .min = 0, .max = INT64_MAX,
      .doc = "Project that the series belong to; else the token's, else they are one's own." },
    { F(content_type), .flags = HEADER | NULLABLE, .max = 200, .doc = "Says how the body is to be read." },
};
#undef D
static DESC(ingest_in);

struct ingest_receipt {
    i64 points, series;
};
#define D struct ingest_receipt
static const struct field ingest_receipt_fields[] = {
    { F(points), .doc = "Points that are durable now." },
    { F(series), .doc = "Series that they belong to." },
};
#undef D
static DESC(ingest_receipt);

/* The same for an import of old points. */
struct ingest_past {
    i64 points, series, past_retention;
    str note;
};
#define D struct ingest_past
static const struct field ingest_past_fields[] = {
    { F(points), .doc = "Points that are durable now." },
    { F(series), .doc = "Series that they belong to." },
    { F(past_retention), .doc = "Of the points, those that will soon be aggregates." },
    { F(note), .doc = "Why, and what to do about it." },
};
#undef D
static DESC(ingest_past);

void ingest_tell_past(struct op *op, const struct ingest_done *done, struct http_reply *reply)
{
    if (!done->past) return;
    reply->header[reply->nheaders].name = "Points-Past-Retention";
    reply->header[reply->nheaders++].value = arena_printf(op->arena, "%lld", (long long)done->past).p;
}

static void put_receipt(struct op *op, i64 project_id, const struct ingest_done *done, struct buf *out)
{
    i64 days = done->keep_us / SEC(86400);
    if (!done->past) {
        desc_write(out, &ingest_receipt_desc, &(struct ingest_receipt){ done->points, done->series });
        return;
    }
    struct ingest_past p = { done->points, done->series, done->past, { 0 } };
    p.note =
        project_id
            ? arena_printf(
                  op->arena,
                  "points older than %lld days become aggregates of minutes and hours; an owner of the "
                  "project "
                  "changes that with PUT /api/v1/projects/%lld/retention, raw_s 0 keeps them for ever",
                  (long long)days, (long long)project_id)
            : arena_printf(op->arena,
                           "points older than %lld days become aggregates of minutes and hours; in a project "
                           "(project=NUMBER) that can be set: PUT /api/v1/projects/NUMBER/retention",
                           (long long)days);
    desc_write(out, &ingest_past_desc, &p);
}

static const struct {
    str media_type;
    err_t (*read)(struct op *, struct points *, str body);
} formats[] = {
    { S("application/json"), points_read_json },
    { S("application/vnd.netbit.points"), points_read_binary },
    { S("text/csv"), points_read_csv },
};

static err_t read_body(struct op *op, str content_type, struct points *b, str body)
{
    str type;
    str_cut(content_type, ';', &type, &(str){ 0 });
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_eq_fold(str_trim(type), formats[i].media_type)) return formats[i].read(op, b, body);
    return fail_for(op, ERR_MEDIA_TYPE, "content-type",
                    "send application/json, application/vnd.netbit.points or text/csv");
}

static err_t telemetry_put(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct ingest_in *in = arg;
    struct points b = { .arena = op->arena, .now_us = time_now().us };
    struct ingest_done done;
    TRY(read_body(op, in->content_type, &b, body));
    TRY(ingest_store(op, in->project, &b, INGEST_ALL, &done));
    struct buf out = BUF(op->arena);
    put_receipt(op, op->who->project_id ? op->who->project_id : in->project, &done, &out);
    ingest_tell_past(op, &done, reply);
    reply->content_type = "application/json";
    reply->body = buf_str(&out);
    return OK;
}
static const struct http_raw telemetry = { "telemetry_put",
                                           "application/json, application/vnd.netbit.points, text/csv",
                                           "application/json", &ingest_in_desc, telemetry_put };

static const struct route routes[] = {
    { POST, "/api/v1/telemetry", .raw = &telemetry, .auth = RIGHT_TELEMETRY_WRITE,
      .max_body = POINTS_MAX_BODY, .flags = ROUTE_ANY_CREDENTIALS,
      .doc = "Store points of series; answered when they are durable." },
    { GET, "/api/v1/telemetry/ws", .socket = &telemetry_socket, .auth = RIGHT_TELEMETRY_WRITE,
      .doc = "A WebSocket for senders of telemetry: a batch a message, answered when durable." },
    INFLUX_ROUTES,
    MACHINE_ROUTES,
};
const struct feature ingest_feature = {
    .name = "ingest",
    .doc = "Points of series, in the protocols that devices and programs speak.",
    .routes = routes,
    .nroutes = LEN(routes),
    .metrics = ingest_metrics,
};
