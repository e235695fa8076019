#include "main/node.h"
#include "feature/account/right.h"
#include "main/features.h"
#include "main/metrics.h"
#include "main/sample.h"
#include "net/http.h"
#include "port/config.h"
#include "port/db/db.h"
#include <pthread.h>

extern const struct migration migrations_node[];
extern const size_t nmigrations_node;

static pthread_mutex_t page_lock = PTHREAD_MUTEX_INITIALIZER; /* held while a page of figures is made */
static const struct http *_Atomic server;                     /* NULL: not ready yet, or not any more */
static struct jobs *jobs;
static time_us started_at;

void node_serves(const struct http *http, struct jobs *j)
{
    started_at = time_now();
    jobs = j;
    server = http;
}

void node_leaves(void)
{
    pthread_mutex_lock(&page_lock);
    server = NULL;
    pthread_mutex_unlock(&page_lock);
}

#define D struct health
/* status, name and message are those of InfluxDB 2 as well: its clients look whether status is "pass". */
struct health {
    str status, name, message, version;
    i64 uptime_s;
};
static const struct field health_fields[] = {
    { F(status), .flags = READONLY, .doc = "pass" },
    { F(name), .flags = READONLY, .doc = "netbit" },
    { F(message), .flags = READONLY, .doc = "What that means, for people." },
    { F(version), .flags = READONLY, .doc = "Of the program." },
    { F(uptime_s), .flags = READONLY, .doc = "Seconds since the start." },
};
#undef D
static DESC(health);
API(health_get, nothing, health);

static err_t health_get(struct op *op, const struct nothing *in, struct health *out)
{
    (void)op, (void)in;
    bool ready = server != NULL;
    *out = (struct health){ .status = S("pass"),
                            .name = S("netbit"),
                            .message = ready ? S("ready for queries and writes") : S("starting"),
                            .version = S(NETBIT_VERSION),
                            .uptime_s = ready ? (time_now().us - started_at.us) / 1000000 : 0 };
    return OK;
}

API(ready_get, nothing, health);

static err_t ready_get(struct op *op, const struct nothing *in, struct health *out)
{
    i64 one;
    if (!server) return fail(op, ERR_UNAVAILABLE, "the node is starting");
    TRY(db_i64(op, &one, "SELECT 1"));
    return health_get(op, in, out);
}

/* Documents whose bytes are made once: the API's description and the metrics page. */
#define D struct json_document
struct json_document {
    json_raw document;
};
static const struct field json_document_fields[] = { { F(document), .flags = BODY, .doc = "The document." } };
#undef D
static DESC(json_document);
API(openapi_get, nothing, json_document);

static err_t openapi_get(struct op *op, const struct nothing *in, struct json_document *out)
{
    (void)in;
    out->document.s = api_document(op->arena);
    return OK;
}

API(asyncapi_get, nothing, json_document);
static err_t asyncapi_get(struct op *op, const struct nothing *in, struct json_document *out)
{
    (void)in;
    out->document.s = async_document(op->arena);
    return OK;
}

bool node_page(struct op *op, struct prom_text *page)
{
    pthread_mutex_lock(&page_lock);
    const struct http *http = server;
    if (http) {
        metrics_page(op, http, jobs, page);
        prom_gauge(page, "process_start_time_seconds", "When the node began to serve.",
                   (double)started_at.us / 1e6);
    }
    pthread_mutex_unlock(&page_lock);
    return http != NULL;
}

static err_t metrics_get(struct op *op, const void *in, str body, struct http_reply *out)
{
    (void)in, (void)body;
    if (!op->ports->config->metrics_open && !(op->who->rights & RIGHT_ADMIN))
        return fail(op, ERR_FORBIDDEN, "the figures are for administrators here (metrics_open)");
    struct prom_text page = { .b = BUF(op->arena) };
    if (!node_page(op, &page)) return fail(op, ERR_UNAVAILABLE, "the node is starting or stopping");
    out->content_type = "text/plain; version=0.0.4; charset=utf-8";
    out->body = buf_str(&page.b);
    return OK;
}
static const struct http_raw metrics = { "metrics", NULL, "text/plain", &nothing_desc, metrics_get };

static const struct route node_routes[] = {
    { GET, "/health", &health_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_NO_RATE | ROUTE_ANYONE,
      .doc = "The process is alive." },
    { GET, "/ready", &ready_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_NO_RATE | ROUTE_ANYONE,
      .deadline_us = SEC(2), .doc = "The process and its database answer." },
    { GET, "/metrics", .raw = &metrics, .auth = RIGHT_PUBLIC, .flags = ROUTE_NO_RATE,
      .doc = "Figures of the node for Prometheus." },
    { GET, "/api/openapi.json", &openapi_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_ETAG,
      .doc = "This API's own description, OpenAPI 3.1." },
    { GET, "/asyncapi.json", &asyncapi_get_api, .auth = RIGHT_PUBLIC, .flags = ROUTE_ETAG,
      .doc = "WebSockets, followers and topics: AsyncAPI 3.0." },
};

static const struct job node_jobs[] = {
    { "node.sample", SEC(5), sample_node, "Keep the node's figures as series.", .every_node = true },
};

const struct feature node_feature = {
    .name = "node",
    .doc = "The node itself: health, readiness, the API's description.",
    .routes = node_routes,
    .nroutes = LEN(node_routes),
    .jobs = node_jobs,
    .njobs = LEN(node_jobs),
    .migrations = migrations_node,
    .nmigrations = &nmigrations_node,
};
