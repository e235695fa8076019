/* Prometheus' HTTP API, under /prometheus/api/v1. Parameters come in the query or as a form; answers have
 * Prometheus' own envelope, errors too: {"status":"error","errorType":"bad_data","error":"..."}. */
#include "base/json.h"
#include "feature/account/right.h"
#include "feature/feature.h"
#include "feature/promql/promql.h"
#include "feature/promql/promql_eval.h"
#include "net/http.h"
#include <math.h>

enum { MATCHES_MAX = 20, LIST_MAX = 100000 };

struct promql_in {
    str name, rest;
};
#define D struct promql_in
static const struct field promql_in_fields[] = {
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 65536, .doc = "As Prometheus has them." },
    { F(name), .flags = INTERNAL },
};
static const struct field promql_label_in_fields[] = {
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 65536, .doc = "As Prometheus has them." },
    { F(name), .flags = PATH, .min = 1, .max = SERIES_MAX_LABEL_NAME, .doc = "A label's name." },
};
#undef D
static DESC(promql_in);
static const struct desc promql_label_in_desc = { "promql_label_in", sizeof(struct promql_in),
                                                  promql_label_in_fields, LEN(promql_label_in_fields) };

/* What the parameters said. */
struct asked {
    str query;
    i64 time, start, end, step, limit, project;
    bool has_time, has_start, has_end;
    str match[MATCHES_MAX];
    size_t nmatch;
};

static bool to_time(str s, i64 *us)
{
    double seconds;
    time_us t;
    if (str_to_f64(s, &seconds) && fabs(seconds) < 9e12) {
        *us = (i64)llround(seconds * 1e6);
        return true;
    }
    if (!time_moment(s, time_now(), &t)) return false;
    *us = t.us;
    return true;
}

static bool to_step(str s, i64 *us)
{
    double seconds;
    if (str_to_f64(s, &seconds) && seconds > 0 && seconds < 1e10) *us = (i64)llround(seconds * 1e6);
    else if (!pq_duration(s, us)) return false;
    return *us > 0;
}

static err_t one_parameter(struct op *op, struct asked *a, str name, str value)
{
    bool good = true;
    if (str_is(name, "query")) a->query = value;
    else if (str_is(name, "time")) good = a->has_time = to_time(value, &a->time);
    else if (str_is(name, "start")) good = a->has_start = to_time(value, &a->start);
    else if (str_is(name, "end")) good = a->has_end = to_time(value, &a->end);
    else if (str_is(name, "step")) good = to_step(value, &a->step);
    else if (str_is(name, "limit")) good = str_to_i64(value, &a->limit) && a->limit >= 0;
    else if (str_is(name, "project")) good = str_to_i64(value, &a->project) && a->project >= 0;
    else if (str_is(name, "match[]")) {
        if (a->nmatch == MATCHES_MAX)
            return fail_field(op, "match[]", "is given more than %d times", MATCHES_MAX);
        a->match[a->nmatch++] = value;
    }
    return good ? OK : op_fail(op, ERR_INVALID, HERE, name, "cannot be read");
}

static err_t read_parameters(struct op *op, const struct promql_in *in, str body, struct asked *a)
{
    str part[] = { in->rest, body };
    struct http_pair p;
    for (size_t i = 0; i < LEN(part); i++)
        while (http_form_next(op->arena, &part[i], &p)) {
            if (p.bad) return fail(op, ERR_INVALID, "malformed parameters");
            TRY(one_parameter(op, a, p.name, p.value));
        }
    return OK;
}

/* Results. */

static void put_number(struct buf *b, double v)
{
    buf_char(b, '"');
    if (isnan(v)) buf_z(b, "NaN");
    else if (isinf(v)) buf_z(b, v > 0 ? "+Inf" : "-Inf");
    else json_put_f64(b, v);
    buf_char(b, '"');
}

static void put_sample(struct buf *b, i64 t, double v)
{
    buf_char(b, '[');
    buf_i64(b, t / 1000000);
    if (t % 1000000) buf_printf(b, ".%03d", (int)(t / 1000 % 1000));
    buf_char(b, ',');
    put_number(b, v);
    buf_char(b, ']');
}

static void put_metric(struct buf *b, const struct pq_row *r)
{
    buf_z(b, "{\"metric\":{");
    for (size_t i = 0; i < r->nlabels; i++) {
        if (i) buf_char(b, ',');
        json_put_str(b, r->label[i].name);
        buf_char(b, ':');
        json_put_str(b, r->label[i].value);
    }
    buf_char(b, '}');
}

static void put_row(struct buf *b, const struct pq_row *r, struct pq_grid g, bool *any)
{
    bool first = true;
    for (size_t s = 0; s < g.n; s++) {
        if (pq_is_absent(r->v[s])) continue;
        if (first) {
            if (*any) buf_char(b, ',');
            put_metric(b, r);
            buf_z(b, ",\"values\":[");
        } else buf_char(b, ',');
        put_sample(b, pq_time(g, s), r->v[s]);
        first = false;
        *any = true;
    }
    if (!first) buf_z(b, "]}");
}

static void put_matrix(struct buf *b, const struct pq_value *v, struct pq_grid g)
{
    bool any = false;
    buf_z(b, "{\"resultType\":\"matrix\",\"result\":[");
    for (size_t r = 0; r < v->n; r++) put_row(b, &v->row[r], g, &any);
    buf_z(b, "]}");
}

static void put_instant(struct buf *b, const struct pq_value *v, i64 t)
{
    buf_printf(b, "{\"resultType\":\"%s\",\"result\":", pq_type_names[v->type]);
    if (v->type == PQ_SCALAR) put_sample(b, t, v->row[0].v[0]);
    if (v->type == PQ_STRING) {
        buf_printf(b, "[%lld,", (long long)(t / 1000000));
        json_put_str(b, v->text);
        buf_char(b, ']');
    }
    if (v->type == PQ_VECTOR) {
        bool any = false;
        buf_char(b, '[');
        for (size_t r = 0; r < v->n; r++) {
            if (pq_is_absent(v->row[r].v[0])) continue;
            if (any) buf_char(b, ',');
            put_metric(b, &v->row[r]);
            buf_z(b, ",\"value\":");
            put_sample(b, t, v->row[r].v[0]);
            buf_char(b, '}');
            any = true;
        }
        buf_char(b, ']');
    }
    buf_char(b, '}');
}

/* A selector with a range alone: its samples as they are. */
struct raw_row {
    struct buf *b;
    bool any;
};
static bool put_raw(void *ctx, const struct series_run *run)
{
    struct raw_row *x = ctx;
    for (u32 i = 0; i < run->n && run->kind != SERIES_TEXT; i++) {
        double v = run->kind == SERIES_F64 ? run->f[i] : (double)run->i[i];
        if (pq_is_absent(v)) continue;
        if (x->any) buf_char(x->b, ',');
        put_sample(x->b, run->t[i], v);
        x->any = true;
    }
    return x->b->n < MIB(64);
}

static err_t put_ranges(struct pq_eval *e, const struct pq_node *n, i64 t, struct buf *b)
{
    series_list found = { 0 };
    struct series_query q = {
        .match = n->match, .nmatch = n->nmatch, .project_id = e->project_id, .limit = PQ_ROWS_MAX
    };
    TRY(series_find(e->op, &q, &found));
    t = (n->at_kind == AT_TIME ? n->at_us : t) - n->offset_us;
    buf_z(b, "{\"resultType\":\"matrix\",\"result\":[");
    bool any = false;
    for (size_t i = 0; i < found.n; i++) {
        struct pq_row row = { 0 };
        struct buf values = BUF(e->op->arena);
        struct raw_row x = { &values, false };
        TRY(pq_row_labels(e->op, &found.item[i], &row));
        TRY(series_scan(e->op, (struct series_range){ found.item[i].id, t - n->range_us + 1, t + 1 }, put_raw,
                        &x));
        if (!x.any) continue;
        if (any) buf_char(b, ',');
        put_metric(b, &row);
        buf_printf(b, ",\"values\":[%.*s]}", STR(buf_str(&values)));
        any = true;
    }
    buf_z(b, "]}");
    return OK;
}

/* Operations: each writes the value of "data". */

static err_t do_query(struct op *op, struct asked *a, str name UNUSED, struct buf *b)
{
    struct pq_node *n;
    TRY(pq_parse(op, a->query, &n));
    struct pq_grid g = { a->has_time ? a->time : time_now().us, SEC(60), 1 };
    struct pq_eval e = { .op = op, .project_id = a->project, .outer = g };
    if (n->type == PQ_MATRIX && n->kind == PQ_SELECTOR) return put_ranges(&e, n, g.start, b);
    if (n->type == PQ_MATRIX) return fail_field(op, "query", "a subquery alone has no instant value");
    struct pq_value v;
    err_t err = pq_run(&e, n, g, &v);
    pq_done(&e);
    if (!err) put_instant(b, &v, g.start);
    return err;
}

static err_t do_query_range(struct op *op, struct asked *a, str name UNUSED, struct buf *b)
{
    if (!a->has_start) return fail_field(op, "start", "is missing");
    if (!a->has_end) return fail_field(op, "end", "is missing");
    if (!a->step) return fail_field(op, "step", "is missing");
    if (a->end < a->start) return fail_field(op, "end", "is before start");
    i64 steps = (a->end - a->start) / a->step + 1;
    if (steps > PQ_STEPS_MAX)
        return fail_field(op, "step", "makes more than %d steps: use a longer one", PQ_STEPS_MAX);
    struct pq_node *n;
    TRY(pq_parse(op, a->query, &n));
    if (n->type != PQ_SCALAR && n->type != PQ_VECTOR)
        return fail_field(op, "query", "must be a scalar or a vector");
    struct pq_grid g = { a->start, a->step, (size_t)steps };
    struct pq_eval e = { .op = op, .project_id = a->project, .outer = g };
    struct pq_value v;
    err_t err = pq_run(&e, n, g, &v);
    pq_done(&e);
    if (!err) put_matrix(b, &v, g);
    return err;
}

/* Series of all match[] selectors; without any, all. */
static err_t each_series(struct op *op, const struct asked *a,
                         err_t (*fn)(struct op *, void *, const struct series_info *), void *ctx)
{
    for (size_t i = 0; i < MAX(a->nmatch, (size_t)1); i++) {
        struct pq_node *n = NULL;
        series_list found = { 0 };
        if (a->nmatch) TRY(pq_parse_selector(op, a->match[i], &n));
        struct series_query q = { .match = n ? n->match : NULL,
                                  .nmatch = n ? n->nmatch : 0,
                                  .project_id = a->project,
                                  .limit = LIST_MAX };
        TRY(series_find(op, &q, &found));
        for (size_t k = 0; k < found.n; k++) TRY(fn(op, ctx, &found.item[k]));
    }
    return OK;
}

/* Distinct texts, sorted. */
struct texts {
    str *item;
    size_t n, cap;
    str label; /* whose values are wanted; absent: names of labels */
};
static void add_text(struct op *op, struct texts *x, str s)
{
    if (x->n == x->cap) {
        str *more = NEWN(op->arena, str, MAX(64, x->cap * 2));
        if (x->n) memcpy(more, x->item, x->n * sizeof *more);
        x->item = more;
        x->cap = MAX(64, x->cap * 2);
    }
    x->item[x->n++] = s;
}
static err_t collect(struct op *op, void *ctx, const struct series_info *s)
{
    struct texts *x = ctx;
    struct pq_row r = { 0 };
    TRY(pq_row_labels(op, s, &r));
    for (size_t i = 0; i < r.nlabels; i++) {
        if (!x->label.p) add_text(op, x, r.label[i].name);
        else if (str_eq(x->label, r.label[i].name)) add_text(op, x, r.label[i].value);
    }
    return OK;
}
static int by_text(const void *a, const void *b) { return str_cmp(*(const str *)a, *(const str *)b); }

static err_t put_texts(struct op *op, const struct asked *a, str label, struct buf *b)
{
    struct texts x = { .label = label };
    TRY(each_series(op, a, collect, &x));
    if (x.n) qsort(x.item, x.n, sizeof *x.item, by_text);
    i64 left = a->limit ? a->limit : LIST_MAX;
    bool any = false;
    buf_char(b, '[');
    for (size_t i = 0; i < x.n && left; i++) {
        if (i && str_eq(x.item[i], x.item[i - 1])) continue;
        if (any) buf_char(b, ',');
        json_put_str(b, x.item[i]);
        any = true;
        left--;
    }
    buf_char(b, ']');
    return OK;
}

static err_t do_labels(struct op *op, struct asked *a, str name UNUSED, struct buf *b)
{
    return put_texts(op, a, (str){ 0 }, b);
}
static err_t do_values(struct op *op, struct asked *a, str name, struct buf *b)
{
    return put_texts(op, a, name, b);
}

struct listing {
    struct buf *b;
    i64 left;
    bool any;
};
static err_t list_series(struct op *op, void *ctx, const struct series_info *s)
{
    struct listing *l = ctx;
    struct pq_row r = { 0 };
    if (!l->left) return OK;
    TRY(pq_row_labels(op, s, &r));
    if (l->any) buf_char(l->b, ',');
    struct buf one = BUF(op->arena);
    put_metric(&one, &r);
    buf_put(l->b, str_skip(buf_str(&one), sizeof("{\"metric\":") - 1));
    l->any = true;
    l->left--;
    return OK;
}
static err_t do_series(struct op *op, struct asked *a, str name UNUSED, struct buf *b)
{
    struct listing l = { b, a->limit ? a->limit : LIST_MAX, false };
    if (!a->nmatch) return fail_field(op, "match[]", "is missing");
    buf_char(b, '[');
    TRY(each_series(op, a, list_series, &l));
    buf_char(b, ']');
    return OK;
}

/* Names with their help and unit, once each. */
struct entry {
    str name, text;
};
struct entries {
    struct entry *item;
    size_t n, cap;
};
static err_t list_metadata(struct op *op, void *ctx, const struct series_info *s)
{
    struct entries *x = ctx;
    struct buf b = BUF(op->arena);
    if (x->n == x->cap) {
        struct entry *more = NEWN(op->arena, struct entry, x->cap = MAX((size_t)64, x->cap * 2));
        if (x->n) memcpy(more, x->item, x->n * sizeof *more);
        x->item = more;
    }
    json_put_str(&b, s->name);
    buf_z(&b, ":[{\"type\":\"unknown\",\"help\":");
    json_put_str(&b, s->help.p ? s->help : S(""));
    buf_z(&b, ",\"unit\":");
    json_put_str(&b, s->unit.p ? s->unit : S(""));
    buf_z(&b, "}]");
    x->item[x->n++] = (struct entry){ s->name, buf_str(&b) };
    return OK;
}
static int by_entry_name(const void *a, const void *b)
{
    return str_cmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}
static err_t do_metadata(struct op *op, struct asked *a, str name UNUSED, struct buf *b)
{
    struct entries x = { 0 };
    a->nmatch = 0;
    TRY(each_series(op, a, list_metadata, &x));
    if (x.n) qsort(x.item, x.n, sizeof *x.item, by_entry_name);
    bool any = false;
    buf_char(b, '{');
    for (size_t i = 0; i < x.n; i++) {
        if (i && str_eq(x.item[i].name, x.item[i - 1].name)) continue;
        if (any) buf_char(b, ',');
        buf_put(b, x.item[i].text);
        any = true;
    }
    buf_char(b, '}');
    return OK;
}

/* Grafana asks which Prometheus this is, to know what it may use. */
static err_t do_build(struct op *op UNUSED, struct asked *a UNUSED, str name UNUSED, struct buf *b)
{
    buf_z(b, "{\"version\":\"2.42.0\",\"application\":\"netbit\",\"revision\":\"" NETBIT_VERSION "\"}");
    return OK;
}
static err_t do_none(struct op *op UNUSED, struct asked *a UNUSED, str name UNUSED, struct buf *b)
{
    buf_z(b, "[]");
    return OK;
}
static err_t do_no_alerts(struct op *op UNUSED, struct asked *a UNUSED, str name UNUSED, struct buf *b)
{
    buf_z(b, "{\"alerts\":[]}");
    return OK;
}
static err_t do_no_rules(struct op *op UNUSED, struct asked *a UNUSED, str name UNUSED, struct buf *b)
{
    buf_z(b, "{\"groups\":[]}");
    return OK;
}

typedef err_t operation(struct op *, struct asked *, str name, struct buf *);

static err_t answer(struct op *op, const void *given, str body, operation *run, struct http_reply *out)
{
    const struct promql_in *in = given;
    struct asked a = { 0 };
    struct buf b = BUF(op->arena);
    buf_z(&b, "{\"status\":\"success\",\"data\":");
    TRY(read_parameters(op, in, body, &a));
    TRY(run(op, &a, in->name, &b));
    buf_char(&b, '}');
    out->content_type = "application/json";
    out->body = buf_str(&b);
    return OK;
}

/* Prometheus' form of an error. */
static void refuse(const struct op *op, str text, struct http_reply *out)
{
    static const char *const types[ERR__COUNT] = { [ERR_INVALID] = "bad_data",
                                                   [ERR_NOT_FOUND] = "not_found",
                                                   [ERR_TIMEOUT] = "timeout",
                                                   [ERR_UNAVAILABLE] = "unavailable",
                                                   [ERR_LIMIT] = "execution" };
    const char *type = types[op->err.code];
    struct buf b = BUF(op->arena);
    buf_printf(&b, "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":", type ? type : "internal");
    json_put_str(&b, text);
    buf_char(&b, '}');
    out->content_type = "application/json";
    out->body = buf_str(&b);
}

#define BASE "/prometheus/api/v1"
#define OPERATION(word) \
    static err_t run_##word(struct op *op, const void *in, str body, struct http_reply *out) \
    { \
        return answer(op, in, body, do_##word, out); \
    } \
    static const struct http_raw raw_##word = { "promql_" #word, NULL,       "application/json", \
                                                &promql_in_desc, run_##word, refuse }; \
    static const struct http_raw form_##word UNUSED = { "promql_" #word "_form", \
                                                        "application/x-www-form-urlencoded", \
                                                        "application/json", \
                                                        &promql_in_desc, \
                                                        run_##word, \
                                                        refuse }
OPERATION(query);
OPERATION(query_range);
OPERATION(labels);
OPERATION(series);
OPERATION(metadata);
OPERATION(build);
OPERATION(none);
OPERATION(no_rules);
OPERATION(no_alerts);
static err_t run_values(struct op *op, const void *in, str body, struct http_reply *out)
{
    return answer(op, in, body, do_values, out);
}
static const struct http_raw raw_values = { "promql_values",       NULL,       "application/json",
                                            &promql_label_in_desc, run_values, refuse };

#define READ(path, word, text) \
    { \
        GET, BASE path, .raw = &raw_##word, .auth = RIGHT_SERIES_READ, .doc = text \
    }
#define FORM(path, word, text) \
    { \
        POST, BASE path, .raw = &form_##word, .auth = RIGHT_SERIES_READ, .doc = text \
    }
static const struct route routes[] = {
    READ("/query", query, "Evaluate a PromQL query at one time."),
    FORM("/query", query, "Evaluate a PromQL query at one time."),
    READ("/query_range", query_range, "Evaluate a PromQL query over a range of times."),
    FORM("/query_range", query_range, "Evaluate a PromQL query over a range of times."),
    READ("/labels", labels, "Names of labels."),
    FORM("/labels", labels, "Names of labels."),
    READ("/label/{name}/values", values, "Values of a label; __name__ lists the series' names."),
    READ("/series", series, "Label sets of the series that match."),
    FORM("/series", series, "Label sets of the series that match."),
    READ("/metadata", metadata, "Help and unit of the series, by name."),
    READ("/status/buildinfo", build, "What this is."),
    READ("/query_exemplars", none, "None are kept."),
    READ("/alerts", no_alerts, "Rules of alerts are under /api/v1/alert-rules."),
    READ("/rules", no_rules, "Rules of alerts are under /api/v1/alert-rules."),
};

const struct feature promql_feature = {
    .name = "promql",
    .doc = "Prometheus' query API over all series.",
    .routes = routes,
    .nroutes = LEN(routes),
};
