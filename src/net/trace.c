#include "net/trace.h"
#include "base/enc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "net/client.h"
#include "net/prom_text.h"
#include <pthread.h>
#include <stdatomic.h>

enum { RING = 4096, BATCH = 512, NAME = 96, TEXT = 160, EVERY_US = 1000000 };

struct kept {
    struct trace_span span;
    i64 end_us;
    enum span_kind kind;
    const char *method, *route;
    int status;
    err_t code;
    char name[NAME], text[TEXT], request[40];
};

/* One exporter a process. */
static struct {
    atomic_bool on;
    u32 sampled_below; /* of 2^32 */
    str service;
    struct client *client;
    pthread_t thread;
    pthread_mutex_t m; /* guards the rest */
    pthread_cond_t wake;
    bool stop;
    struct kept *ring;
    u64 head, tail; /* written, taken */
    u64 sent, dropped;
} out = { .m = PTHREAD_MUTEX_INITIALIZER };

/* Spans. */

static bool parse(str s, struct trace_span *span, bool *sampled)
{
    u8 flags;
    bool good = s.n >= 55 && s.p[2] == '-' && s.p[35] == '-' && s.p[52] == '-' && !str_starts(s, S("ff")) &&
                (s.n == 55 || !str_starts(s, S("00"))) && hex_decode((str){ s.p + 3, 32 }, span->trace) &&
                hex_decode((str){ s.p + 36, 16 }, span->parent) && hex_decode((str){ s.p + 53, 2 }, &flags);
    static const u8 zero[16];
    if (!good || !memcmp(span->trace, zero, 16) || !memcmp(span->parent, zero, 8)) return false;
    *sampled = flags & 1;
    return true;
}

void trace_begin(struct op *op, struct trace_span *span, str traceparent)
{
    if (!atomic_load_explicit(&out.on, memory_order_relaxed)) return;
    bool sampled;
    *span = (struct trace_span){ .start_us = time_now().us };
    if (!parse(traceparent, span, &sampled)) {
        memset(span->parent, 0, sizeof span->parent);
        rand_bytes(span->trace, sizeof span->trace);
        sampled = rand_below((u64)1 << 32) < out.sampled_below || out.sampled_below == UINT32_MAX;
    }
    if (!sampled) return;
    rand_bytes(span->id, sizeof span->id);
    op->span = span;
}

static void copy(char *to, size_t size, str s)
{
    s = str_head(s, size - 1);
    if (s.n) memcpy(to, s.p, s.n);
    to[s.n] = 0;
}

void trace_end(struct op *op, const struct span_end *end)
{
    if (!op->span || !atomic_load_explicit(&out.on, memory_order_relaxed)) return;
    struct kept k = { .span = *op->span,
                      .end_us = time_now().us,
                      .kind = end->kind,
                      .method = end->method,
                      .route = end->route,
                      .status = end->status,
                      .code = op->err.code };
    copy(k.name, sizeof k.name, end->name);
    copy(k.text, sizeof k.text, op->err.msg);
    copy(k.request, sizeof k.request, op->id);
    op->span = NULL;
    pthread_mutex_lock(&out.m);
    if (out.head - out.tail == RING) {
        out.tail++;
        out.dropped++;
    }
    out.ring[out.head++ % RING] = k;
    if (out.head - out.tail == BATCH) pthread_cond_signal(&out.wake);
    pthread_mutex_unlock(&out.m);
}

str trace_parent(const struct op *op, char text[static TRACEPARENT])
{
    if (!op->span) return (str){ "", 0 };
    char trace[33] = "", id[17] = "";
    hex_encode(op->span->trace, 16, trace);
    hex_encode(op->span->id, 8, id);
    int n = snprintf(text, TRACEPARENT, "00-%.32s-%.16s-01", trace, id);
    return (str){ text, (size_t)n };
}

/* OTLP: opentelemetry-proto trace.proto in its JSON form. */

static void put_attribute(struct buf *b, const char *key, str value)
{
    if (!value.n) return;
    if (b->p[b->n - 1] != '[') buf_char(b, ',');
    buf_printf(b, "{\"key\":\"%s\",\"value\":{\"stringValue\":", key);
    json_put_str(b, value);
    buf_z(b, "}}");
}

static void put_id(struct buf *b, const char *key, const u8 *id, size_t n)
{
    char text[33];
    hex_encode(id, n, text);
    buf_printf(b, "\"%s\":\"%.*s\",", key, (int)(2 * n), text);
}

static void put_span(struct buf *b, const struct kept *k)
{
    static const u8 none[8];
    buf_char(b, '{');
    put_id(b, "traceId", k->span.trace, 16);
    put_id(b, "spanId", k->span.id, 8);
    if (memcmp(k->span.parent, none, 8)) put_id(b, "parentSpanId", k->span.parent, 8);
    buf_z(b, "\"name\":");
    json_put_str(b, str_of(k->name));
    buf_printf(
        b, ",\"kind\":%d,\"startTimeUnixNano\":\"%lld000\",\"endTimeUnixNano\":\"%lld000\",\"attributes\":[",
        k->kind, (long long)k->span.start_us, (long long)k->end_us);
    put_attribute(b, "http.request.method", str_of(k->method));
    put_attribute(b, "http.route", str_of(k->route));
    put_attribute(b, "netbit.request_id", str_of(k->request));
    if (k->code) put_attribute(b, "error.type", str_of(err_name(k->code)));
    if (k->status) {
        buf_printf(b, "%s{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"%d\"}}",
                   b->p[b->n - 1] == '[' ? "" : ",", k->status);
    }
    buf_z(b, "]");
    /* By OpenTelemetry's rules the caller's mistakes are no errors of a server. */
    if (k->code && err_http(k->code) >= 500) {
        buf_z(b, ",\"status\":{\"code\":2,\"message\":");
        json_put_str(b, str_of(k->text));
        buf_char(b, '}');
    }
    buf_char(b, '}');
}

static str batch_text(struct arena *a, const struct kept *k, size_t n)
{
    struct buf b = BUF(a);
    buf_z(&b, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    put_attribute(&b, "service.name", out.service);
    put_attribute(&b, "service.version", S(NETBIT_VERSION));
    buf_z(&b, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"netbit\"},\"spans\":[");
    for (size_t i = 0; i < n; i++) {
        if (i) buf_char(&b, ',');
        put_span(&b, &k[i]);
    }
    buf_z(&b, "]}]}]}");
    return buf_str(&b);
}

static bool send_batch(const struct kept *k, size_t n)
{
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system, .id = S("trace") };
    int status;
    str answer;
    err_t e = client_raw(out.client, &op, POST, S("/v1/traces"), S("application/json"), batch_text(&a, k, n),
                         &status, &answer);
    if (e) LOG_DEBUG("spans not sent", KV("error", op.err.msg));
    return !e;
}

/* Holding the lock. */
static size_t take(struct kept *batch)
{
    size_t n = 0;
    while (n < BATCH && out.tail != out.head) batch[n++] = out.ring[out.tail++ % RING];
    return n;
}

static void *exporter(void *arg)
{
    struct kept *batch = arg;
    pthread_mutex_lock(&out.m);
    for (;;) {
        i64 at = time_mono_us() + EVERY_US;
        struct timespec t = { at / 1000000, at % 1000000 * 1000 };
        while (!out.stop && out.head - out.tail < BATCH && !pthread_cond_timedwait(&out.wake, &out.m, &t))
            continue;
        size_t n = take(batch);
        if (!n && out.stop) break;
        pthread_mutex_unlock(&out.m);
        bool good = !n || send_batch(batch, n);
        pthread_mutex_lock(&out.m);
        *(good ? &out.sent : &out.dropped) += n;
        if (!good && out.stop) break;
    }
    pthread_mutex_unlock(&out.m);
    mem_free(batch);
    return NULL;
}

err_t trace_start(struct op *op, const struct trace_options *o)
{
    TRY(client_new(op, &(struct client_options){ .base_url = o->url, .timeout_us = SEC(3) }, &out.client));
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&out.wake, &mono);
    pthread_condattr_destroy(&mono);
    out.service = mem_str(o->service);
    out.sampled_below = o->percent >= 100 ? UINT32_MAX : (u32)(((u64)o->percent << 32) / 100);
    out.ring = mem_alloc(RING * sizeof *out.ring);
    out.stop = false;
    out.head = out.tail = out.sent = out.dropped = 0;
    if (pthread_create(&out.thread, NULL, exporter, mem_alloc(BATCH * sizeof(struct kept))))
        bug("no thread for traces");
    atomic_store(&out.on, true);
    return OK;
}

void trace_stop(void)
{
    if (!atomic_exchange(&out.on, false)) return;
    pthread_mutex_lock(&out.m);
    out.stop = true;
    pthread_cond_signal(&out.wake);
    pthread_mutex_unlock(&out.m);
    pthread_join(out.thread, NULL);
    client_free(out.client);
    union {
        const char *c;
        void *v;
    } service = { out.service.p };
    mem_free(service.v);
    mem_free(out.ring);
    pthread_cond_destroy(&out.wake);
}

void trace_metrics(struct prom_text *p)
{
    if (!atomic_load(&out.on)) return;
    pthread_mutex_lock(&out.m);
    u64 sent = out.sent, dropped = out.dropped;
    pthread_mutex_unlock(&out.m);
    prom_counter(p, "netbit_spans_sent_total", "Spans that the collector took.", (double)sent);
    prom_counter(p, "netbit_spans_dropped_total", "Spans lost: the collector was away or too slow.",
                 (double)dropped);
}
