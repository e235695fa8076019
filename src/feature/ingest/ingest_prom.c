/* Prometheus remote write and OTLP/HTTP: machines that send again what was not acknowledged. A batch whose
 * bad part is left out is told in each protocol's own way. */
#include "base/json.h"
#include "feature/ingest/ingest_impl.h"
#include "net/protobuf.h"

struct machine_in {
    i64 project;
    str content_type, rest;
};
#define D struct machine_in
static const struct field machine_in_fields[] = {
    { F(project), .flags = QUERY, .min = 0, .max = INT64_MAX, .doc = "Project that the series belong to." },
    { F(content_type), .flags = HEADER | NULLABLE, .max = 200, .doc = "Says how the body is to be read." },
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1, .doc = "Others are passed over." },
};
#undef D
static DESC(machine_in);

static str media_type(str content_type)
{
    str type;
    str_cut(content_type, ';', &type, &(str){ 0 });
    return str_trim(type);
}

static str fault_of(struct op *op, const struct points *b)
{
    const struct points_fault *f = b->faults;
    return arena_printf(op->arena, "%u rejected; the first: %.*s (%.*s)", b->rejected, STR(f->why),
                        STR(f->text));
}

/* ---- remote write ---- */

static const char plain[] = "text/plain; charset=utf-8";

static void refuse_plain(const struct op *op, str text, struct http_reply *reply)
{
    (void)op;
    reply->content_type = plain;
    reply->body = text;
}

/* 0: a message that is not known here; the sender then falls back to version 1. */
static int version_of(str content_type)
{
    str parameters;
    if (!str_eq_fold(media_type(content_type), S("application/x-protobuf"))) return 0;
    if (!str_cut(content_type, ';', &(str){ 0 }, &parameters)) return 1;
    for (str rest = parameters, one, name, value; str_next(&rest, ';', &one);) {
        if (!str_cut(str_trim(one), '=', &name, &value) || !str_eq_fold(name, S("proto"))) continue;
        if (str_is(value, "io.prometheus.write.v2.Request")) return 2;
        return str_is(value, "prometheus.WriteRequest") ? 1 : 0;
    }
    return 1;
}

static void header(struct http_reply *reply, const char *name, const char *value)
{
    reply->header[reply->nheaders].name = name;
    reply->header[reply->nheaders++].value = value;
}

static err_t write_prom(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct machine_in *in = arg;
    struct points b = { .arena = op->arena };
    struct ingest_done done;
    int version = version_of(in->content_type);
    if (!version)
        return fail_for(
            op, ERR_MEDIA_TYPE, "content-type",
            "send application/x-protobuf of prometheus.WriteRequest or io.prometheus.write.v2.Request");
    TRY(points_read_prom(op, &b, body, version));
    TRY(ingest_store(op, in->project, &b, INGEST_GOOD, &done));
    ingest_tell_past(op, &done, reply);
    header(reply, "X-Prometheus-Remote-Write-Samples-Written",
           arena_printf(op->arena, "%lld", (long long)done.points).p);
    header(reply, "X-Prometheus-Remote-Write-Histograms-Written", "0");
    header(reply, "X-Prometheus-Remote-Write-Exemplars-Written", "0");
    reply->status = b.rejected ? 400 : 204;
    if (b.rejected) refuse_plain(op, fault_of(op, &b), reply);
    return OK;
}
const struct http_raw prom_write = { "prom_write", "application/x-protobuf",
                                     NULL,         &machine_in_desc,
                                     write_prom,   refuse_plain };

/* ---- OTLP ---- */

static const char protobuf[] = "application/x-protobuf", json[] = "application/json";

/* google.rpc.Status, in the request's own encoding. */
static void refuse_otlp(const struct op *op, str text, struct http_reply *reply)
{
    static const u8 codes[ERR__COUNT] = { [ERR_INVALID] = 3,    [ERR_UNAUTHENTICATED] = 16,
                                          [ERR_FORBIDDEN] = 7,  [ERR_NOT_FOUND] = 5,
                                          [ERR_CONFLICT] = 9,   [ERR_LIMIT] = 8,
                                          [ERR_MEDIA_TYPE] = 3, [ERR_RATE] = 8,
                                          [ERR_INTERNAL] = 13,  [ERR_UNAVAILABLE] = 14,
                                          [ERR_TIMEOUT] = 4 };
    struct buf b = BUF(op->arena);
    bool is_json = reply->content_type && str_eq_fold(media_type(str_of(reply->content_type)), str_of(json));
    u8 code = codes[op->err.code] ? codes[op->err.code] : 2;
    if (is_json) {
        buf_printf(&b, "{\"code\":%d,\"message\":", code);
        json_put_str(&b, text);
        buf_char(&b, '}');
    } else {
        pb_put_varint(&b, 1, code);
        pb_put_bytes(&b, 2, text);
    }
    reply->content_type = is_json ? json : protobuf;
    reply->body = buf_str(&b);
}

/* ExportMetricsServiceResponse; all is well: an empty message. */
static void answer_otlp(struct op *op, const struct points *b, enum points_encoding encoding,
                        struct http_reply *reply)
{
    struct buf out = BUF(op->arena), partial = BUF(op->arena);
    str why = b->rejected ? fault_of(op, b) : S("");
    reply->status = 200;
    reply->content_type = encoding == POINTS_JSON ? json : protobuf;
    if (encoding == POINTS_JSON && b->rejected) {
        buf_printf(&out, "{\"partialSuccess\":{\"rejectedDataPoints\":\"%u\",\"errorMessage\":", b->rejected);
        json_put_str(&out, why);
        buf_put(&out, S("}}"));
    } else if (encoding == POINTS_JSON) {
        buf_put(&out, S("{}"));
    } else if (b->rejected) {
        pb_put_varint(&partial, 1, b->rejected);
        pb_put_bytes(&partial, 2, why);
        pb_put_bytes(&out, 1, buf_str(&partial));
    }
    reply->body = buf_str(&out);
}

static err_t write_otlp(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct machine_in *in = arg;
    struct points b = { .arena = op->arena, .now_us = time_now().us };
    struct ingest_done done;
    str type = media_type(in->content_type);
    bool is_json = str_eq_fold(type, str_of(json));
    if (!is_json && !str_eq_fold(type, str_of(protobuf)))
        return fail_for(op, ERR_MEDIA_TYPE, "content-type",
                        "send application/x-protobuf or application/json");
    enum points_encoding encoding = is_json ? POINTS_JSON : POINTS_PROTOBUF;
    TRY(points_read_otlp(op, &b, body, encoding));
    TRY(ingest_store(op, in->project, &b, INGEST_GOOD, &done));
    ingest_tell_past(op, &done, reply);
    answer_otlp(op, &b, encoding, reply);
    return OK;
}
const struct http_raw otlp_metrics = { "otlp_metrics",
                                       "application/x-protobuf, application/json",
                                       "application/x-protobuf, application/json",
                                       &machine_in_desc,
                                       write_otlp,
                                       refuse_otlp };
