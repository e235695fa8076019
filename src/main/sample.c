#include "main/sample.h"
#include "base/fs.h"
#include "feature/account/account.h"
#include "feature/alert/alert.h"
#include "feature/series/series.h"
#include "main/metrics.h"
#include "main/node.h"
#include "net/prom_text.h"
#include "port/config.h"
#include "port/ports.h"
#include <math.h>
#include <sys/statvfs.h>

enum { LABELS = 8 };

/* name{a="b",c="d"} value; false: not such a line. */
static bool label(struct arena *a, str *rest, struct prom_label *out)
{
    str name;
    if (!str_cut(*rest, '=', &name, rest) || !rest->n || rest->p[0] != '"') return false;
    struct buf b = BUF(a);
    size_t i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        char c = rest->p[i];
        if (c == '\\' && i + 1 < rest->n) c = rest->p[++i] == 'n' ? '\n' : rest->p[i];
        buf_char(&b, c);
    }
    out->name = str_z(a, name);
    out->value = buf_str(&b);
    *rest = str_skip(*rest, i + 1);
    if (rest->n && rest->p[0] == ',') *rest = str_skip(*rest, 1);
    return true;
}

static bool value_of(str s, double *out)
{
    static const struct {
        const char *text;
        double v;
    } words[] = { { "NaN", NAN }, { "+Inf", INFINITY }, { "-Inf", -INFINITY } };
    for (size_t i = 0; i < LEN(words); i++)
        if (str_is(s, words[i].text)) {
            *out = words[i].v;
            return true;
        }
    return str_to_f64(s, out);
}

static bool parse(struct arena *a, str line, struct prom_label *labels, struct sample_line *out)
{
    size_t n = 0;
    while (n < line.n && line.p[n] != '{' && line.p[n] != ' ') n++;
    *out = (struct sample_line){ .name = str_head(line, n), .label = labels };
    line = str_skip(line, n);
    if (line.n && line.p[0] == '{') {
        line = str_skip(line, 1);
        while (line.n && line.p[0] != '}')
            if (out->nlabels == LABELS || !label(a, &line, &labels[out->nlabels++])) return false;
        line = str_skip(line, 1);
    }
    return line.n > 1 && line.p[0] == ' ' && value_of(str_skip(line, 1), &out->value);
}

err_t sample_lines(struct op *op, str page, err_t (*fn)(struct op *, void *, const struct sample_line *),
                   void *ctx)
{
    for (str rest = page, line; str_next(&rest, '\n', &line);) {
        struct prom_label labels[LABELS];
        struct sample_line l;
        if (!line.n || line.p[0] == '#') continue;
        if (!parse(op->arena, line, labels, &l))
            return fail(op, ERR_INTERNAL, "a line of figures: %.*s", STR(str_head(line, 200)));
        TRY(fn(op, ctx, &l));
    }
    return OK;
}

/* What the page leaves out for brevity, but an operator's alert wants: how full the data folder's disk is. */
static void disk(struct op *op, struct prom_text *page)
{
    struct statvfs v;
    if (statvfs(str_z(op->arena, op->ports->config->data), &v) || !v.f_blocks) return;
    double used = 1 - (double)v.f_bavail / (double)v.f_blocks;
    prom_gauge(page, "netbit_disk_used_ratio", "How full the disk of the data folder is.", used);
}

/* What operators are told of without having to ask: shares and ratios over the time since the last sample. A
 * latency's baseline is its own mean over about an hour. */
static const struct alert_builtin self_alerts[] = {
    { "Netbit: more than 5 % of requests fail", "Netbit: больше 5 % запросов с ошибкой",
      "netbit_http_error_ratio", 0.05, 0.02, 60, true },
    { "Netbit: requests take twice their usual time", "Netbit: запросы вдвое дольше обычного",
      "netbit_http_latency_ratio", 2, 0.5, 120, false },
    { "Netbit: the disk is 80 % full", "Netbit: диск занят на 80 %", "netbit_disk_used_ratio", 0.8, 0.02, 60,
      true },
};
enum { REQUESTS_LEAST = 20 }; /* fewer tell nothing */
struct totals {
    double requests, failed, seconds, timed;
};
static struct {
    struct totals last;
    double usual; /* seconds a request; 0: not known yet */
    i64 owner;    /* who has the rules */
    i64 at_us;    /* of the last sample, monotonic */
} watch;          /* of the job, which runs once at a time */

static void judge(const struct totals *now, struct prom_text *page)
{
    struct totals d = { now->requests - watch.last.requests, now->failed - watch.last.failed,
                        now->seconds - watch.last.seconds, now->timed - watch.last.timed };
    bool enough = d.requests >= REQUESTS_LEAST && d.timed > 0;
    double mean = enough ? d.seconds / d.timed : 0,
           latency = enough && watch.usual > 0 ? mean / watch.usual : 1;
    double past = watch.at_us ? (double)(time_mono_us() - watch.at_us) / 1e6 : 0;
    watch.at_us = time_mono_us();
    prom_gauge(page, "netbit_http_requests_per_second", "Answers a second, lately.",
               past > 0 ? d.requests / past : 0);
    prom_gauge(page, "netbit_http_request_mean_seconds", "Mean time of a request, lately.",
               d.timed > 0 ? d.seconds / d.timed : 0);
    prom_gauge(page, "netbit_http_error_ratio", "Share of answers that were 5xx, lately.",
               enough ? d.failed / d.requests : 0);
    prom_gauge(page, "netbit_http_latency_ratio", "Mean time of a request, lately, over its usual one.",
               latency);
    if (enough) watch.usual = watch.usual > 0 ? watch.usual + (mean - watch.usual) / 720 : mean;
    watch.last = *now;
}

static err_t sum_up(struct op *op UNUSED, void *ctx, const struct sample_line *l)
{
    struct totals *t = ctx;
    if (str_is(l->name, "netbit_http_request_seconds_sum")) t->seconds += l->value;
    if (str_is(l->name, "netbit_http_request_seconds_count")) t->timed += l->value;
    if (!str_is(l->name, "netbit_http_requests_total")) return OK;
    t->requests += l->value;
    for (size_t i = 0; i < l->nlabels; i++)
        if (str_is(l->label[i].value, "5xx")) t->failed += l->value;
    return OK;
}

struct batch {
    i64 owner;
    time_us now;
    struct series_spec *spec;
    struct series_run *run;
    double *value;
    size_t n, cap;
};

/* Routes and jobs are many; judge() has their sums. */
static bool is_detail(const struct sample_line *l)
{
    for (size_t i = 0; i < l->nlabels; i++)
        if (!strcmp(l->label[i].name, "route") || !strcmp(l->label[i].name, "job")) return true;
    return str_ends(l->name, S("_bucket"));
}

static err_t add(struct op *op, void *ctx, const struct sample_line *l)
{
    struct batch *b = ctx;
    if (is_detail(l) || b->n == b->cap) return OK;
    struct series_label *labels = NEWN(op->arena, struct series_label, l->nlabels + 1);
    for (size_t i = 0; i < l->nlabels; i++)
        labels[i] = (struct series_label){ str_of(l->label[i].name), l->label[i].value };
    b->value[b->n] = l->value;
    b->spec[b->n++] = (struct series_spec){
        .owner_id = b->owner, .name = l->name, .kind = SERIES_F64, .labels = labels, .nlabels = l->nlabels
    };
    return OK;
}

err_t sample_node(struct op *op)
{
    struct prom_text page = { .b = BUF(op->arena) };
    if (!node_page(op, &page)) return OK; /* not serving yet */
    i64 owner;
    TRY(account_first_admin(op, &owner));
    if (!owner) return OK; /* before the first start's link was used */
    if (watch.owner != owner) TRY(alert_ensure(op, owner, self_alerts, LEN(self_alerts)));
    watch.owner = owner;
    struct totals t = { 0 };
    TRY(sample_lines(op, buf_str(&page.b), sum_up, &t));
    judge(&t, &page);
    disk(op, &page);
    size_t most = 1;
    str text = buf_str(&page.b);
    for (str rest = text, line; str_next(&rest, '\n', &line);) most++;
    struct batch b = { owner,
                       time_now(),
                       NEWN(op->arena, struct series_spec, most),
                       NEWN(op->arena, struct series_run, most),
                       NEWN(op->arena, double, most),
                       0,
                       most };
    TRY(sample_lines(op, text, add, &b));
    i64 *id = NEWN(op->arena, i64, most);
    TRY(series_resolve(op, b.spec, b.n, id));
    for (size_t i = 0; i < b.n; i++)
        b.run[i] =
            (struct series_run){ .id = id[i], .n = 1, .kind = SERIES_F64, .t = &b.now.us, .f = &b.value[i] };
    return series_append(op, b.run, b.n);
}
