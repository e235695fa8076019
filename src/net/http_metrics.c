/* What the server counts of itself, for /metrics. */
#include "net/http_int.h"
#include "net/prom_text.h"

static size_t class_of(int status) { return status >= 100 && status < 600 ? (size_t)status / 100 - 1 : 4; }

void stats_count(struct http_request *r)
{
    struct row_stats *s = r->row ? r->row->stats : &r->http->elsewhere;
    atomic_fetch_add_explicit(&s->answers[class_of(r->answer.status)], 1, memory_order_relaxed);
    meter_add(&s->took, time_mono_us() - r->start_us);
}

struct shown {
    struct prom_text *page;
    bool durations;
};

static void show_row(struct shown *x, const char *method, const char *path, const struct row_stats *s)
{
    static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
    struct prom_label route = { "route", str_of(path) }, m = { "method", str_of(method) };
    if (x->durations) {
        if (meter_count(&s->took)) prom_meter(x->page, PROM_LABELS(route, m), &s->took);
        return;
    }
    for (size_t i = 0; i < LEN(classes); i++) {
        u64 n = atomic_load_explicit(&s->answers[i], memory_order_relaxed);
        if (n) prom_sample(x->page, PROM_LABELS(route, m, { "status", str_of(classes[i]) }), (double)n);
    }
}

static void show_one(void *ctx, const struct row *row)
{
    show_row(ctx, method_names[row->route->method], row->route->path, row->stats);
}

static void show_rows(const struct http *h, struct shown *x)
{
    router_each(h->router, show_one, x);
    show_row(x, "", "", &h->elsewhere); /* files of the page, unknown paths */
}

void http_metrics(const struct http *h, struct prom_text *page)
{
    prom_family(page, "netbit_http_requests_total", "counter", "Answers by route and class of status.");
    show_rows(h, &(struct shown){ page, false });
    prom_family(page, "netbit_http_request_seconds", "histogram", "From a request's head to its answer.");
    show_rows(h, &(struct shown){ page, true });
    struct http_stats s;
    http_stats(h, &s);
    prom_counter(page, "netbit_http_errors_total", "Problem documents sent.", (double)s.errors);
    prom_gauge(page, "netbit_http_in_flight", "Operations running or queued.", (double)s.in_flight);
    prom_gauge(page, "netbit_http_connections", "Open connections, live ones too.", (double)s.connections);
    prom_gauge(page, "netbit_http_uploads", "Uploads being received.", (double)s.uploads);
}
