/* Traces: what an operation was part of, as spans that go to a collector by OTLP/HTTP (JSON). W3C Trace
 * Context comes in with requests and goes out with the HTTP client's. Off, and free of cost, until
 * trace_start() has been called. Spans wait in a bounded ring: when the collector does not keep up the oldest
 * are dropped and counted. Thread-safe. */
#pragma once
#include "base/op.h"

struct trace_options {
    str url;     /* of the collector: spans are POSTed to URL/v1/traces */
    str service; /* service.name */
    i64 percent; /* of the traces that begin here; those that come in decide for themselves */
};
err_t trace_start(struct op *, const struct trace_options *) MUST_USE;
void trace_stop(void); /* sends what it has, within a few seconds */

/* Begins op's span in *span when traces are on and this one is sampled: op->span is set. traceparent: of the
 * request, or absent. */
void trace_begin(struct op *, struct trace_span *, str traceparent);
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };
struct span_end {
    enum span_kind kind;
    str name;
    const char *method, *route; /* requests; static texts */
    int status;                 /* of HTTP; 0: none */
};
/* Ends it; op->err tells whether it failed. Nothing happens without a span. */
void trace_end(struct op *, const struct span_end *);

enum { TRACEPARENT = 56 };
/* "00-TRACE-SPAN-01" for outgoing requests; empty without a span. */
str trace_parent(const struct op *, char out[static TRACEPARENT]);
struct prom_text;
void trace_metrics(struct prom_text *);
