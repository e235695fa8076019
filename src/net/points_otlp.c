/* OTLP metrics (opentelemetry.io/docs/specs/otlp, opentelemetry-proto 1.x), protobuf and JSON by the same
 * code: `struct msg` walks the fields of a message of either kind, by the field's number.
 *
 * A number data point is a point of the series named like the metric, with the attributes of the point and of
 * the resource as labels. Histograms and summaries become what Prometheus makes of them: NAME_bucket with
 * `le`, cumulative, NAME_sum, NAME_count; NAME with `quantile`. A data point without a recorded value is a
 * gap (NaN). Exponential histograms are rejected. */
#include "base/json.h"
#include "net/points.h"
#include "net/protobuf.h"
#include <math.h>

/* ---- messages of either encoding ---- */

enum type { T_MSG, T_STR, T_BITS /* fixed64, double or varint; packed ones come one by one */ };
struct field {
    u32 number;
    enum type type;
    const char *name; /* in JSON */
};
struct msg {
    struct arena *arena;
    const struct field *fields; /* ends with number 0 */
    bool json;
    struct pb pb, packed;
    struct json j;
    bool in_array;
    const struct field *at; /* of the array */
    bool bad;
};
struct value {
    u32 number;
    bool json;
    u64 bits;
    str text;
};

static struct msg msg_of(struct arena *a, bool json, str text, const struct field *fields)
{
    struct msg m = { .arena = a, .fields = fields, .json = json };
    if (json) m.j = json_reader(a, text);
    else m.pb = pb_reader(text);
    if (json && !json_object(&m.j)) m.bad = true;
    return m;
}

static const struct field *by_number(const struct field *f, u32 number)
{
    for (; f->number; f++)
        if (f->number == number) return f;
    return NULL;
}
static const struct field *by_name(const struct field *f, str name)
{
    for (; f->number; f++)
        if (str_is(name, f->name)) return f;
    return NULL;
}

static bool json_value(struct msg *m, const struct field *f, struct value *v)
{
    *v = (struct value){ .number = f->number, .json = true };
    bool ok = f->type == T_STR ? json_str(&m->j, &v->text) : json_raw_value(&m->j, &v->text);
    if (!ok) m->bad = true;
    return ok;
}

/* Arrays are repeated fields: their elements come one by one. */
static bool json_field(struct msg *m, struct value *v)
{
    str key;
    for (;;) {
        if (m->in_array) {
            if (json_next(&m->j)) return json_value(m, m->at, v);
            m->in_array = false;
        }
        if (!json_key(&m->j, &key)) break;
        m->at = by_name(m->fields, key);
        if (!m->at || json_peek(&m->j) == JSON_NULL) json_skip(&m->j);
        else if (json_peek(&m->j) != JSON_ARRAY) return json_value(m, m->at, v);
        else m->in_array = json_array(&m->j);
    }
    m->bad |= m->j.error != NULL;
    return false;
}

static bool pb_value(struct msg *m, struct value *v)
{
    struct pb_field f;
    for (;;) {
        if (pb_more(&m->packed)) {
            *v = (struct value){ .number = m->at->number };
            if (pb_fixed64(&m->packed, &v->bits)) return true;
            m->bad = true;
            return false;
        }
        if (!pb_next(&m->pb, &f)) break;
        m->at = by_number(m->fields, f.number);
        if (!m->at) continue;
        if (m->at->type == T_BITS && f.wire == PB_BYTES) {
            m->packed = pb_reader(f.bytes);
            continue;
        }
        if ((m->at->type == T_BITS) == (f.wire == PB_BYTES))
            continue; /* another type: not the field we know */
        *v = (struct value){ .number = f.number, .bits = f.v, .text = f.bytes };
        return true;
    }
    m->bad |= m->pb.bad;
    return false;
}

static bool next(struct msg *m, struct value *v)
{
    if (m->bad) return false;
    return m->json ? json_field(m, v) : pb_value(m, v);
}

static str unquoted(str s)
{
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? (str){ s.p + 1, s.n - 2 } : s;
}

/* JSON writes 64-bit integers as texts, mostly. */
static u64 as_u64(const struct value *v)
{
    u64 n = 0;
    if (!v->json) return v->bits;
    str s = unquoted(v->text);
    i64 i;
    if (str_to_i64(s, &i)) return (u64)i;
    for (size_t k = 0; k < s.n && s.p[k] >= '0' && s.p[k] <= '9'; k++) n = n * 10 + (u64)(s.p[k] - '0');
    return n;
}

static double as_f64(const struct value *v)
{
    double d = 0;
    if (!v->json) return pb_f64(v->bits);
    str s = unquoted(v->text);
    if (str_is(s, "NaN")) return NAN;
    if (str_is(s, "Infinity")) return INFINITY;
    if (str_is(s, "-Infinity")) return -INFINITY;
    return str_to_f64(s, &d) ? d : NAN;
}

/* ---- the messages ---- */

static const struct field request_fields[] = { { 1, T_MSG, "resourceMetrics" }, { 0 } };
static const struct field resource_metrics_fields[] = { { 1, T_MSG, "resource" },
                                                        { 2, T_MSG, "scopeMetrics" },
                                                        { 0 } };
static const struct field resource_fields[] = { { 1, T_MSG, "attributes" }, { 0 } };
static const struct field scope_metrics_fields[] = { { 2, T_MSG, "metrics" }, { 0 } };
static const struct field key_value_fields[] = { { 1, T_STR, "key" }, { 2, T_MSG, "value" }, { 0 } };
enum { ANY_STRING = 1, ANY_BOOL, ANY_INT, ANY_DOUBLE };
static const struct field any_fields[] = { { ANY_STRING, T_STR, "stringValue" },
                                           { ANY_BOOL, T_BITS, "boolValue" },
                                           { ANY_INT, T_BITS, "intValue" },
                                           { ANY_DOUBLE, T_BITS, "doubleValue" },
                                           { 0 } };
enum {
    M_NAME = 1,
    M_HELP = 2,
    M_UNIT = 3,
    M_GAUGE = 5,
    M_SUM = 7,
    M_HISTOGRAM = 9,
    M_EXPONENTIAL = 10,
    M_SUMMARY = 11
};
static const struct field metric_fields[] = { { M_NAME, T_STR, "name" },
                                              { M_HELP, T_STR, "description" },
                                              { M_UNIT, T_STR, "unit" },
                                              { M_GAUGE, T_MSG, "gauge" },
                                              { M_SUM, T_MSG, "sum" },
                                              { M_HISTOGRAM, T_MSG, "histogram" },
                                              { M_EXPONENTIAL, T_MSG, "exponentialHistogram" },
                                              { M_SUMMARY, T_MSG, "summary" },
                                              { 0 } };
static const struct field data_fields[] = { { 1, T_MSG, "dataPoints" }, { 0 } };
/* Number, histogram and summary points share numbers 3 and below; the rest is each one's own. */
enum { P_TIME = 3, N_DOUBLE = 4, N_INT = 6, N_ATTR = 7, N_FLAGS = 8 };
static const struct field number_fields[] = {
    { P_TIME, T_BITS, "timeUnixNano" }, { N_DOUBLE, T_BITS, "asDouble" }, { N_INT, T_BITS, "asInt" },
    { N_ATTR, T_MSG, "attributes" },    { N_FLAGS, T_BITS, "flags" },     { 0 }
};
enum { H_COUNT = 4, H_SUM = 5, H_BUCKETS = 6, H_BOUNDS = 7, H_ATTR = 9, H_FLAGS = 10 };
static const struct field histogram_fields[] = { { P_TIME, T_BITS, "timeUnixNano" },
                                                 { H_COUNT, T_BITS, "count" },
                                                 { H_SUM, T_BITS, "sum" },
                                                 { H_BUCKETS, T_BITS, "bucketCounts" },
                                                 { H_BOUNDS, T_BITS, "explicitBounds" },
                                                 { H_ATTR, T_MSG, "attributes" },
                                                 { H_FLAGS, T_BITS, "flags" },
                                                 { 0 } };
enum { S_QUANTILE = 6, S_ATTR = 7, S_FLAGS = 8 };
static const struct field summary_fields[] = { { P_TIME, T_BITS, "timeUnixNano" },
                                               { H_COUNT, T_BITS, "count" },
                                               { H_SUM, T_BITS, "sum" },
                                               { S_QUANTILE, T_MSG, "quantileValues" },
                                               { S_ATTR, T_MSG, "attributes" },
                                               { S_FLAGS, T_BITS, "flags" },
                                               { 0 } };
static const struct field quantile_fields[] = { { 1, T_BITS, "quantile" }, { 2, T_BITS, "value" }, { 0 } };

enum { LABELS = POINTS_MAX_LABELS, BUCKETS = 1000 };
struct labels {
    struct points_label item[LABELS];
    u32 n;
    bool over;
};
struct reader {
    struct op *op;
    struct points *b;
    bool json;
    str name, help, unit; /* of the metric */
    struct labels resource, own;
    u64 count, bucket[BUCKETS];
    double bound[BUCKETS];
    u32 nbuckets, nbounds;
};

static err_t malformed(struct reader *r) { return fail(r->op, ERR_INVALID, "malformed metrics"); }
static struct msg open_msg(struct reader *r, str text, const struct field *fields)
{
    return msg_of(r->op->arena, r->json, text, fields);
}

/* ---- labels ---- */

static bool any_text(struct reader *r, str text, str *out)
{
    struct msg m = open_msg(r, text, any_fields);
    struct value v;
    *out = S("");
    while (next(&m, &v)) {
        struct buf b = BUF(r->op->arena);
        if (v.number == ANY_STRING) *out = v.text;
        else if (v.number == ANY_BOOL) *out = v.json ? v.text : v.bits ? S("true") : S("false");
        else if (v.number == ANY_INT) *out = arena_printf(r->op->arena, "%lld", (long long)as_u64(&v));
        else {
            json_put_f64(&b, as_f64(&v));
            *out = buf_str(&b);
        }
    }
    return !m.bad;
}

static bool read_attribute(struct reader *r, str text, struct labels *to)
{
    struct msg m = open_msg(r, text, key_value_fields);
    struct value v;
    struct points_label l = { S(""), S("") };
    while (next(&m, &v)) {
        if (v.number == 1) l.name = v.text;
        else if (!any_text(r, v.text, &l.value)) return false;
    }
    if (m.bad) return false;
    if (!l.name.n || !l.value.n) return true; /* lists, maps and empty texts make no label */
    for (u32 i = 0; i < to->n; i++)           /* a point's own wins over its resource's */
        if (str_eq(to->item[i].name, l.name)) {
            to->item[i].value = l.value;
            return true;
        }
    if (to->n < LABELS) to->item[to->n++] = l;
    else to->over = true;
    return true;
}

/* ---- points ---- */

struct sample {
    const char *suffix;
    struct points_label extra; /* name absent: none */
    bool is_int;
    i64 i;
    double f;
};

static const char *find_series(struct reader *r, const struct sample *x, u32 *index)
{
    struct points_label label[LABELS + 1];
    struct points_series s = { .name = r->name, .help = r->help, .unit = r->unit, .labels = label };
    const char *member;
    bool made;
    if (*x->suffix) s.name = arena_printf(r->op->arena, "%.*s%s", STR(r->name), x->suffix);
    s.kind = x->is_int ? POINTS_I64 : POINTS_F64;
    memcpy(label, r->own.item, r->own.n * sizeof *label);
    s.nlabels = r->own.n;
    if (x->extra.name.p) label[s.nlabels++] = x->extra;
    if (r->own.over) return "more than 32 attributes";
    if (s.help.n > POINTS_MAX_HELP) s.help = (str){ 0 };
    const char *why = points_series_fault(&s, &member);
    if (why) return why;
    if (!points_sort_labels(label, s.nlabels)) return "an attribute is given twice";
    *index = points_find_series(r->b, &s, &made);
    if (!made) return NULL;
    s.labels = arena_alloc_raw(r->op->arena, s.nlabels * sizeof *label + 1);
    memcpy(s.labels, label, s.nlabels * sizeof *label);
    r->b->series[*index].labels = s.labels;
    return NULL;
}

static bool put(struct reader *r, i64 t, const struct sample *x)
{
    u32 index;
    const char *why = find_series(r, x, &index);
    if (why) {
        points_reject(r->b, 1, 0, r->name, why);
        return false;
    }
    struct points *b = r->b;
    struct points_series *s = &b->series[index];
    points_room(b, s);
    s->t[s->n] = t;
    if (x->is_int) s->i[s->n++] = x->i;
    else s->f[s->n++] = x->f;
    if (++b->total > (b->max ? b->max : POINTS_MAX)) b->over = true;
    return true;
}

static i64 to_us(struct reader *r, u64 ns) { return ns ? (i64)(ns / 1000) : r->b->now_us; }

static err_t read_number(struct reader *r, str text)
{
    struct msg m = open_msg(r, text, number_fields);
    struct value v;
    struct sample x = { .suffix = "", .f = NAN };
    u64 ns = 0, flags = 0;
    r->own = r->resource;
    while (next(&m, &v)) {
        switch (v.number) {
        case P_TIME: ns = as_u64(&v); break;
        case N_DOUBLE: x.f = as_f64(&v); break;
        case N_INT: x.is_int = true, x.i = (i64)as_u64(&v); break;
        case N_FLAGS: flags = as_u64(&v); break;
        default:
            if (!read_attribute(r, v.text, &r->own)) return malformed(r);
        }
    }
    if (m.bad) return malformed(r);
    if (flags & 1)
        return OK; /* no recorded value: there is nothing to store, the gap is told by its absence */
    put(r, to_us(r, ns), &x);
    return OK;
}

/* "0.005", "+Inf": how Prometheus writes a bound. */
static str bound_text(struct reader *r, double bound)
{
    struct buf b = BUF(r->op->arena);
    if (isinf(bound)) return bound > 0 ? S("+Inf") : S("-Inf");
    json_put_f64(&b, bound);
    return buf_str(&b);
}

static void put_buckets(struct reader *r, i64 t)
{
    u64 sum = 0;
    for (u32 i = 0; i < r->nbuckets; i++) {
        double bound = i < r->nbounds ? r->bound[i] : INFINITY;
        sum += r->bucket[i];
        struct sample x = { "_bucket", { S("le"), bound_text(r, bound) }, true, (i64)sum, 0 };
        if (!put(r, t, &x)) return;
    }
}

static err_t read_histogram(struct reader *r, str text)
{
    struct msg m = open_msg(r, text, histogram_fields);
    struct value v;
    struct sample sum = { .suffix = "_sum" }, count = { .suffix = "_count", .is_int = true };
    u64 ns = 0, flags = 0;
    bool has_sum = false;
    r->own = r->resource;
    r->nbuckets = r->nbounds = 0;
    while (next(&m, &v)) {
        if (r->nbuckets == BUCKETS || r->nbounds == BUCKETS)
            return fail(r->op, ERR_LIMIT, "a histogram of %d buckets or more", BUCKETS);
        switch (v.number) {
        case P_TIME: ns = as_u64(&v); break;
        case H_COUNT: count.i = (i64)as_u64(&v); break;
        case H_SUM: has_sum = true, sum.f = as_f64(&v); break;
        case H_BUCKETS: r->bucket[r->nbuckets++] = as_u64(&v); break;
        case H_BOUNDS: r->bound[r->nbounds++] = as_f64(&v); break;
        case H_FLAGS: flags = as_u64(&v); break;
        default:
            if (!read_attribute(r, v.text, &r->own)) return malformed(r);
        }
    }
    if (m.bad) return malformed(r);
    i64 t = to_us(r, ns);
    if (flags & 1) return OK;
    if (r->nbuckets && r->nbuckets != r->nbounds + 1)
        return fail(r->op, ERR_INVALID, "a histogram's bounds do not fit its buckets");
    if (!put(r, t, &count)) return OK;
    if (has_sum) put(r, t, &sum);
    put_buckets(r, t);
    return OK;
}

static err_t read_quantile(struct reader *r, str text, i64 t)
{
    struct msg m = open_msg(r, text, quantile_fields);
    struct value v;
    double q = 0;
    struct sample x = { .suffix = "" };
    while (next(&m, &v)) {
        if (v.number == 1) q = as_f64(&v);
        else x.f = as_f64(&v);
    }
    if (m.bad) return malformed(r);
    x.extra = (struct points_label){ S("quantile"), bound_text(r, q) };
    put(r, t, &x);
    return OK;
}

static err_t read_summary(struct reader *r, str text)
{
    struct sample sum = { .suffix = "_sum" }, count = { .suffix = "_count", .is_int = true };
    struct value v;
    u64 ns = 0, flags = 0;
    r->own = r->resource;
    struct msg m = open_msg(r, text, summary_fields);
    while (next(&m, &v)) {
        if (v.number == P_TIME) ns = as_u64(&v);
        else if (v.number == S_FLAGS) flags = as_u64(&v);
        else if (v.number == H_COUNT) count.i = (i64)as_u64(&v);
        else if (v.number == H_SUM) sum.f = as_f64(&v);
        else if (v.number == S_ATTR && !read_attribute(r, v.text, &r->own)) return malformed(r);
    }
    if (m.bad) return malformed(r);
    i64 t = to_us(r, ns);
    if (flags & 1 || !put(r, t, &count)) return OK;
    put(r, t, &sum);
    for (m = open_msg(r, text, summary_fields); next(&m, &v);)
        if (v.number == S_QUANTILE) TRY(read_quantile(r, v.text, t));
    return OK;
}

static err_t read_exponential(struct reader *r, str text)
{
    (void)text;
    points_reject(r->b, 1, 0, r->name, "exponential histograms are not stored");
    return OK;
}

/* ---- metrics ---- */

static err_t read_data(struct reader *r, str text, err_t (*read)(struct reader *, str))
{
    struct msg m = open_msg(r, text, data_fields);
    struct value v;
    while (next(&m, &v) && !r->b->over) TRY(read(r, v.text));
    return m.bad ? malformed(r) : OK;
}

static err_t read_metric(struct reader *r, str text)
{
    static err_t (*const readers[])(struct reader *, str) = { [M_GAUGE] = read_number,
                                                              [M_SUM] = read_number,
                                                              [M_HISTOGRAM] = read_histogram,
                                                              [M_EXPONENTIAL] = read_exponential,
                                                              [M_SUMMARY] = read_summary };
    struct msg m = open_msg(r, text, metric_fields);
    struct value v;
    r->name = r->help = r->unit = S("");
    while (next(&m, &v)) { /* the name may stand behind the data */
        if (v.number == M_NAME) r->name = v.text;
        if (v.number == M_HELP) r->help = v.text;
        if (v.number == M_UNIT) r->unit = v.text;
    }
    for (m = open_msg(r, text, metric_fields); next(&m, &v);)
        if (v.number < LEN(readers) && readers[v.number]) TRY(read_data(r, v.text, readers[v.number]));
    return m.bad ? malformed(r) : OK;
}

static err_t read_scope(struct reader *r, str text)
{
    struct msg m = open_msg(r, text, scope_metrics_fields);
    struct value v;
    while (next(&m, &v)) TRY(read_metric(r, v.text));
    return m.bad ? malformed(r) : OK;
}

static err_t read_resource(struct reader *r, str text)
{
    struct msg m = open_msg(r, text, resource_fields);
    struct value v;
    while (next(&m, &v))
        if (!read_attribute(r, v.text, &r->resource)) return malformed(r);
    return m.bad ? malformed(r) : OK;
}

static err_t read_resource_metrics(struct reader *r, str text)
{
    struct msg m = open_msg(r, text, resource_metrics_fields);
    struct value v;
    r->resource = (struct labels){ 0 };
    while (next(&m, &v))
        if (v.number == 1) TRY(read_resource(r, v.text));
    for (m = open_msg(r, text, resource_metrics_fields); next(&m, &v);)
        if (v.number == 2) TRY(read_scope(r, v.text));
    return m.bad ? malformed(r) : OK;
}

err_t points_read_otlp(struct op *op, struct points *b, str body, enum points_encoding encoding)
{
    struct reader *r = NEW(op->arena, struct reader);
    struct value v;
    *r = (struct reader){ .op = op, .b = b, .json = encoding == POINTS_JSON };
    struct msg m = open_msg(r, body, request_fields);
    while (next(&m, &v)) TRY(read_resource_metrics(r, v.text));
    if (r->json && !m.bad && !json_end(&m.j)) m.bad = true;
    return m.bad ? malformed(r) : OK;
}
