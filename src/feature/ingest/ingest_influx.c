/* Line protocol as InfluxDB 1, 2 and 3 and Grafana Live take it, as far as programs that write need them:
 * Telegraf, the client libraries, the influx shell. Good lines of a batch are stored when others are bad, and
 * the answer is 400 then and tells them; only version 3 can be asked to take all or nothing. The database,
 * the bucket, the stream become a label. */
#include "base/json.h"
#include "feature/ingest/ingest_impl.h"

enum { NAME_MAX = 256, STREAM_MAX = 160 };

struct influx_in {
    i64 project;
    str db, bucket, precision, q, rest;
};
#define PROJECT \
    F(project), .flags = QUERY, .min = 0, .max = INT64_MAX, .doc = "Project that the series belong to."
#define OTHERS F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1, .doc = "Others are passed over."
#define D      struct influx_in
static const struct field influx_in_fields[] = {
    { PROJECT },
    { F(db), .flags = QUERY | NULLABLE, .max = NAME_MAX, .doc = "Becomes the label db." },
    { F(bucket), .flags = QUERY | NULLABLE, .max = NAME_MAX, .doc = "Becomes the label db." },
    { F(precision), .flags = QUERY | NULLABLE, .max = 20, .doc = "Of the times: ns, us, ms, s, m, h." },
    { F(q), .flags = QUERY | NULLABLE, .max = 10000, .doc = "A statement: CREATE DATABASE, SHOW DATABASES." },
    { OTHERS },
};
#undef D
static DESC(influx_in);

struct influx3_in {
    i64 project;
    str db, precision, rest;
    bool accept_partial, no_sync;
};
#define D struct influx3_in
static const struct field influx3_in_fields[] = {
    { PROJECT },
    { F(db), .flags = QUERY | REQUIRED, .min = 1, .max = NAME_MAX, .doc = "Becomes the label db." },
    { F(precision), .flags = QUERY | NULLABLE, .max = 20,
      .doc = "Of the times: auto (each tells by its size), nanosecond, microsecond, millisecond, second, or "
             "their short names." },
    { F(accept_partial), .flags = QUERY, .def = "true", .doc = "Store the good lines when others are bad." },
    { F(no_sync), .flags = QUERY, .def = "false",
      .doc = "Changes nothing: the answer always waits for the disk." },
    { OTHERS },
};
#undef D
static DESC(influx3_in);

struct push_in {
    i64 project;
    str stream, rest;
};
static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static err_t check_stream(struct op *op, const struct field *f, const void *val)
{
    const str *s = val;
    for (size_t i = 0; i < s->n; i++)
        if (!memchr(name_characters, s->p[i], sizeof name_characters - 1))
            return fail_field(op, f->name, "must be letters, digits, _ and -");
    return OK;
}
#define D struct push_in
static const struct field push_in_fields[] = {
    { PROJECT },
    { F(stream), .flags = PATH | REQUIRED, .min = 1, .max = STREAM_MAX, .check = check_stream,
      .doc = "Becomes the label stream." },
    { OTHERS },
};
#undef D
static DESC(push_in);

/* ---- answers ---- */

static const char json_type[] = "application/json";

/* {"error":"..."}, or with another name. */
static void put_text(const struct op *op, const char *name, str text, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    buf_printf(&b, "{\"%s\":", name);
    json_put_str(&b, text);
    buf_char(&b, '}');
    reply->content_type = json_type;
    reply->body = buf_str(&b);
}

static void refuse1(const struct op *op, str text, struct http_reply *reply)
{
    put_text(op, "error", text, reply);
}

static void refuse_push(const struct op *op, str text, struct http_reply *reply)
{
    put_text(op, "message", text, reply);
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

/* ---- what could not be stored ---- */

static str bad_lines(struct op *op, const struct points *b, i64 stored)
{
    const struct points_fault *f = b->faults;
    str at = f->line ? arena_printf(op->arena, "line %u: ", f->line) : S("");
    str what = f->line ? arena_printf(op->arena, "unable to parse '%.*s': %.*s", STR(f->text), STR(f->why))
                       : arena_printf(op->arena, "%.*s: '%.*s'", STR(f->why), STR(f->text));
    return arena_printf(op->arena, "%s%.*s%.*s dropped=%u", stored ? "partial write: " : "", STR(at),
                        STR(what), b->rejected);
}

static void tell1(struct op *op, const struct points *b, i64 stored, struct http_reply *reply)
{
    refuse1(op, bad_lines(op, b, stored), reply);
}

static void tell2(struct op *op, const struct points *b, i64 stored, struct http_reply *reply)
{
    refuse2(op, bad_lines(op, b, stored), reply);
}

static void tell_push(struct op *op, const struct points *b, i64 stored, struct http_reply *reply)
{
    refuse_push(op, bad_lines(op, b, stored), reply);
}

static void put_fault3(struct buf *b, const struct points_fault *f)
{
    buf_put(b, S("{\"error_message\":"));
    json_put_str(b, f->why);
    if (f->line) buf_printf(b, ",\"line_number\":%u", f->line);
    buf_put(b, S(",\"original_line\":"));
    json_put_str(b, f->text);
    buf_char(b, '}');
}

/* Each line, in the words by which clients know it: a list when the others are stored, else the first. */
static void tell3(struct op *op, const struct points *p, i64 stored UNUSED, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"error\":\"partial write of line protocol occurred\",\"data\":["));
    for (u32 i = 0; i < p->nfaults; i++) {
        if (i) buf_char(&b, ',');
        put_fault3(&b, &p->faults[i]);
    }
    buf_put(&b, S("]}"));
    reply->content_type = json_type;
    reply->body = buf_str(&b);
}

static void tell3_whole(struct op *op, const struct points *p, i64 stored UNUSED, struct http_reply *reply)
{
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"error\":\"line protocol parsing error\",\"data\":"));
    put_fault3(&b, p->faults);
    buf_char(&b, '}');
    reply->content_type = json_type;
    reply->body = buf_str(&b);
}

/* ---- writes ---- */

enum { OLD = 1 << 0 /* versions 1 and 2 know the word */, NEW3 = 1 << 1 };

static err_t find_precision(struct op *op, str name, unsigned version, enum points_precision *out)
{
    static const struct {
        const char *name;
        enum points_precision is;
        unsigned versions;
    } words[] = {
        { "ns", POINTS_NS, OLD | NEW3 },    { "n", POINTS_NS, OLD | NEW3 },
        { "us", POINTS_US, OLD | NEW3 },    { "u", POINTS_US, OLD | NEW3 },
        { "\xc2\xb5", POINTS_US, OLD },     { "ms", POINTS_MS, OLD | NEW3 },
        { "s", POINTS_S, OLD | NEW3 },      { "m", POINTS_MINUTES, OLD },
        { "h", POINTS_HOURS, OLD },         { "auto", POINTS_GUESS, NEW3 },
        { "nanosecond", POINTS_NS, NEW3 },  { "microsecond", POINTS_US, NEW3 },
        { "millisecond", POINTS_MS, NEW3 }, { "second", POINTS_S, NEW3 },
    };
    *out = version == NEW3 ? POINTS_GUESS : POINTS_NS;
    if (!name.n) return OK;
    for (size_t i = 0; i < LEN(words); i++) {
        if (!(words[i].versions & version) || !str_is(name, words[i].name)) continue;
        *out = words[i].is;
        return OK;
    }
    return fail_field(op, "precision",
                      version == NEW3 ? "must be auto, nanosecond, microsecond, millisecond or second"
                                      : "must be ns, us, ms, s, m or h");
}

/* A request to write, whoever's. */
struct write {
    i64 project;
    struct points_label also;
    enum points_precision precision;
    bool whole; /* all lines or none */
    int taken;  /* the status when nothing is wrong */
    void (*tell)(struct op *, const struct points *, i64 stored, struct http_reply *);
};

static err_t write_lines(struct op *op, const struct write *w, str body, struct http_reply *reply)
{
    struct points b = { .arena = op->arena, .now_us = time_now().us, .also = w->also };
    struct ingest_done done = { 0 };
    points_read_line(&b, body, w->precision);
    if (!w->whole || !b.rejected)
        TRY(ingest_store(op, w->project, &b, w->whole ? INGEST_ALL : INGEST_GOOD, &done));
    ingest_tell_past(op, &done, reply);
    reply->status = b.rejected ? 400 : w->taken;
    if (b.rejected) w->tell(op, &b, done.points, reply);
    return OK;
}

/* "name" of name, or of name/policy. */
static struct points_label database(str name)
{
    str head;
    str_cut(name, '/', &head, &(str){ 0 });
    return (struct points_label){ S("db"), head };
}

static err_t write_old(struct op *op, const struct influx_in *in, struct write *w, str body,
                       struct http_reply *reply)
{
    w->project = in->project;
    w->also = database(in->db.n ? in->db : in->bucket);
    w->taken = 204;
    TRY(find_precision(op, in->precision, OLD, &w->precision));
    return write_lines(op, w, body, reply);
}

static err_t write1(struct op *op, const void *in, str body, struct http_reply *reply)
{
    return write_old(op, in, &(struct write){ .tell = tell1 }, body, reply);
}

static err_t write2(struct op *op, const void *in, str body, struct http_reply *reply)
{
    return write_old(op, in, &(struct write){ .tell = tell2 }, body, reply);
}

static err_t write3(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct influx3_in *in = arg;
    struct write w = { .project = in->project,
                       .also = database(in->db),
                       .whole = !in->accept_partial,
                       .taken = 204,
                       .tell = in->accept_partial ? tell3 : tell3_whole };
    TRY(find_precision(op, in->precision, NEW3, &w.precision));
    return write_lines(op, &w, body, reply);
}

static err_t push(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct push_in *in = arg;
    struct write w = {
        .project = in->project, .also = { S("stream"), in->stream }, .taken = 200, .tell = tell_push
    };
    return write_lines(op, &w, body, reply);
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
const struct http_raw influx_write3 = { "influx_write_v3", "text/plain", NULL,
                                        &influx3_in_desc,  write3,       refuse1 };
const struct http_raw grafana_push = { "grafana_push", "text/plain", NULL, &push_in_desc, push, refuse_push };
const struct http_raw influx_query = { "influx_query", "application/x-www-form-urlencoded",
                                       json_type,      &influx_in_desc,
                                       query,          refuse1 };
const struct http_raw influx_query_get = { "influx_query_get", NULL,  json_type,
                                           &influx_in_desc,    query, refuse1 };
const struct http_raw influx_ping = { "influx_ping", NULL, NULL, &influx_in_desc, ping, refuse1 };
