/* InfluxDB 1 and 2, as far as programs that write need them: Telegraf, the client libraries, the influx
 * shell. A write is 204; good lines of a batch are stored when others are bad, and the answer is 400 then and
 * names the first bad line. db and bucket become the label `db`. */
#include "base/json.h"
#include "feature/ingest/ingest_impl.h"

enum { NAME_MAX = 256 };

struct influx_in {
    i64 project;
    str db, bucket, precision, q, rest;
};
#define D struct influx_in
static const struct field influx_in_fields[] = {
    { F(project), .flags = QUERY, .min = 0, .max = INT64_MAX, .doc = "Project that the series belong to." },
    { F(db), .flags = QUERY | NULLABLE, .max = NAME_MAX, .doc = "Becomes the label db." },
    { F(bucket), .flags = QUERY | NULLABLE, .max = NAME_MAX, .doc = "Becomes the label db." },
    { F(precision), .flags = QUERY | NULLABLE, .max = 20, .doc = "Of the times: ns, us, ms, s, m, h." },
    { F(q), .flags = QUERY | NULLABLE, .max = 10000, .doc = "A statement: CREATE DATABASE, SHOW DATABASES." },
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1, .doc = "Others are passed over." },
};
#undef D
static DESC(influx_in);

/* ---- answers ---- */

static const char json_type[] = "application/json";

static void refuse1(const struct op *op, str text, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"error\":"));
    json_put_str(&b, text);
    buf_char(&b, '}');
    reply->content_type = json_type;
    reply->body = buf_str(&b);
}

static const char *code_of(int status)
{
    static const struct {
        int status;
        const char *code;
    } codes[] = { { 400, "invalid" },   { 401, "unauthorized" },      { 403, "forbidden" },
                  { 404, "not found" }, { 409, "conflict" },          { 413, "request too large" },
                  { 415, "invalid" },   { 429, "too many requests" }, { 503, "unavailable" } };
    for (size_t i = 0; i < LEN(codes); i++)
        if (codes[i].status == status) return codes[i].code;
    return "internal error";
}

static void refuse2(const struct op *op, str text, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"code\":"));
    json_put_str(&b, str_of(code_of(reply->status)));
    buf_put(&b, S(",\"message\":"));
    json_put_str(&b, text);
    buf_char(&b, '}');
    reply->content_type = json_type;
    reply->body = buf_str(&b);
}

/* ---- writes ---- */

static bool find_precision(str name, enum points_precision *out)
{
    static const struct {
        const char *name;
        enum points_precision is;
    } names[] = { { "ns", POINTS_NS }, { "n", POINTS_NS },        { "us", POINTS_US },
                  { "u", POINTS_US },  { "\xc2\xb5", POINTS_US }, { "ms", POINTS_MS },
                  { "s", POINTS_S },   { "m", POINTS_MINUTES },   { "h", POINTS_HOURS } };
    *out = POINTS_NS;
    if (!name.n) return true;
    for (size_t i = 0; i < LEN(names); i++) {
        if (!str_is(name, names[i].name)) continue;
        *out = names[i].is;
        return true;
    }
    return false;
}

/* "db" of db=, or of bucket=db or bucket=db/policy. */
static str database(const struct influx_in *in)
{
    str name = in->db.n ? in->db : in->bucket, head;
    if (!name.n) return (str){ 0 };
    str_cut(name, '/', &head, &(str){ 0 });
    return head;
}

static str bad_lines(struct op *op, const struct points *b, i64 stored)
{
    str at = b->fault_line ? arena_printf(op->arena, "line %u: ", b->fault_line) : S("");
    str what = b->fault_line ? arena_printf(op->arena, "unable to parse '%.*s': %.*s", STR(b->fault_text),
                                            STR(b->fault))
                             : arena_printf(op->arena, "%.*s: '%.*s'", STR(b->fault), STR(b->fault_text));
    return arena_printf(op->arena, "%s%.*s%.*s dropped=%u", stored ? "partial write: " : "", STR(at),
                        STR(what), b->rejected);
}

static err_t write_lines(struct op *op, const struct influx_in *in, str body, struct http_reply *reply)
{
    struct points b = { .arena = op->arena, .now_us = time_now().us, .db = database(in) };
    struct ingest_done done;
    enum points_precision precision;
    if (!find_precision(in->precision, &precision))
        return fail_field(op, "precision", "must be ns, us, ms, s, m or h");
    points_read_line(&b, body, precision);
    TRY(ingest_store(op, in->project, &b, INGEST_GOOD, &done));
    ingest_tell_past(op, &done, reply);
    reply->status = b.rejected ? 400 : 204;
    if (!b.rejected) return OK;
    reply->body = bad_lines(op, &b, done.points);
    return OK;
}

static err_t write1(struct op *op, const void *in, str body, struct http_reply *reply)
{
    TRY(write_lines(op, in, body, reply));
    if (reply->body.n) refuse1(op, reply->body, reply);
    return OK;
}

static err_t write2(struct op *op, const void *in, str body, struct http_reply *reply)
{
    TRY(write_lines(op, in, body, reply));
    if (reply->body.n) refuse2(op, reply->body, reply);
    return OK;
}

/* ---- what writers ask ---- */

static bool begins(str statement, const char *words)
{
    return str_eq_fold(str_head(statement, strlen(words)), str_of(words));
}

static err_t answer_statement(struct op *op, const struct influx_in *in, str q, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    q = str_trim(q);
    buf_put(&b, S("{\"results\":[{\"statement_id\":0"));
    if (begins(q, "show databases")) {
        buf_put(&b, S(",\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[["));
        json_put_str(&b, in->db.n ? in->db : S("netbit"));
        buf_put(&b, S("]]}]"));
    } else if (!begins(q, "create database") && !begins(q, "create retention policy")) {
        return fail_field(op, "q", "only writing is spoken here: CREATE DATABASE and SHOW DATABASES");
    }
    buf_put(&b, S("}]}\n"));
    reply->content_type = json_type;
    reply->body = buf_str(&b);
    return OK;
}

static err_t query(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct influx_in *in = arg;
    str q = in->q;
    struct http_pair pair;
    for (str rest = body; http_form_next(op->arena, &rest, &pair);)
        if (!pair.bad && str_is(pair.name, "q")) q = pair.value;
    if (!q.n) return fail_field(op, "q", "missing required parameter \"q\"");
    return answer_statement(op, in, q, reply);
}

static err_t ping(struct op *op, const void *in, str body, struct http_reply *reply)
{
    static const struct {
        const char *name, *value;
    } headers[] = { { "X-Influxdb-Version", "1.8.10" }, { "X-Influxdb-Build", "OSS" } };
    (void)op, (void)in, (void)body;
    for (size_t i = 0; i < LEN(headers); i++) {
        reply->header[reply->nheaders].name = headers[i].name;
        reply->header[reply->nheaders++].value = headers[i].value;
    }
    reply->status = 204;
    return OK;
}

const struct http_raw influx_write = { "influx_write", "text/plain", NULL, &influx_in_desc, write1, refuse1 };
const struct http_raw influx_write2 = { "influx_write_v2", "text/plain", NULL,
                                        &influx_in_desc,   write2,       refuse2 };
const struct http_raw influx_query = { "influx_query", "application/x-www-form-urlencoded",
                                       json_type,      &influx_in_desc,
                                       query,          refuse1 };
const struct http_raw influx_query_get = { "influx_query_get", NULL,  json_type,
                                           &influx_in_desc,    query, refuse1 };
const struct http_raw influx_ping = { "influx_ping", NULL, NULL, &influx_in_desc, ping, refuse1 };
