/* What the files of this folder share: each protocol's rows, for the one table. */
#pragma once
#include "base/buf.h"
#include "feature/account/right.h"
#include "feature/ingest/ingest.h"
#include "net/route.h"

extern const struct http_socket telemetry_socket;
extern const struct http_raw influx_write, influx_write2, influx_write3, influx_query, influx_query_get,
    influx_ping, grafana_push;
#define INFLUX_ROUTES \
    { POST, \
      "/write", \
      .raw = &influx_write, \
      .auth = RIGHT_TELEMETRY_WRITE, \
      .max_body = POINTS_MAX_BODY, \
      .flags = ROUTE_ANY_CREDENTIALS, \
      .doc = "InfluxDB 1: store line protocol." }, \
        { POST, \
          "/api/v2/write", \
          .raw = &influx_write2, \
          .auth = RIGHT_TELEMETRY_WRITE, \
          .max_body = POINTS_MAX_BODY, \
          .flags = ROUTE_ANY_CREDENTIALS, \
          .doc = "InfluxDB 2: store line protocol." }, \
        { POST, \
          "/api/v3/write_lp", \
          .raw = &influx_write3, \
          .auth = RIGHT_TELEMETRY_WRITE, \
          .max_body = POINTS_MAX_BODY, \
          .flags = ROUTE_ANY_CREDENTIALS, \
          .doc = "InfluxDB 3: store line protocol." }, \
        { POST, \
          "/api/live/push/{stream}", \
          .raw = &grafana_push, \
          .status = 200, \
          .auth = RIGHT_TELEMETRY_WRITE, \
          .max_body = POINTS_MAX_BODY, \
          .flags = ROUTE_ANY_CREDENTIALS, \
          .doc = "Grafana Live: store line protocol pushed to a stream." }, \
        { POST, \
          "/query", \
          .raw = &influx_query, \
          .auth = RIGHT_TELEMETRY_WRITE, \
          .flags = ROUTE_ANY_CREDENTIALS, \
          .doc = "InfluxDB 1: what writers ask before they write." }, \
        { GET, \
          "/query", \
          .raw = &influx_query_get, \
          .auth = RIGHT_TELEMETRY_WRITE, \
          .flags = ROUTE_ANY_CREDENTIALS, \
          .doc = "InfluxDB 1: what writers ask before they write." }, \
    { \
        GET, "/ping", .raw = &influx_ping, .auth = RIGHT_PUBLIC, .flags = ROUTE_ANYONE, \
                      .doc = "InfluxDB 1: whether somebody is there." \
    }

struct prom_text;
err_t ingest_metrics(struct op *, struct prom_text *) MUST_USE;
/* The header Points-Past-Retention, where there are such points. */
void ingest_tell_past(struct op *, const struct ingest_done *, struct http_reply *);

extern const struct http_raw prom_write, otlp_metrics;
#define MACHINE_ROUTES \
    { POST, \
      "/api/v1/write", \
      .raw = &prom_write, \
      .auth = RIGHT_TELEMETRY_WRITE, \
      .max_body = POINTS_MAX_BODY, \
      .flags = ROUTE_ANY_CREDENTIALS, \
      .doc = "Prometheus remote write, 1.0 and 2.0." }, \
    { \
        POST, "/v1/metrics", .raw = &otlp_metrics, .auth = RIGHT_TELEMETRY_WRITE, \
                             .max_body = POINTS_MAX_BODY, .flags = ROUTE_ANY_CREDENTIALS, \
                             .doc = "OpenTelemetry: store metrics sent by OTLP/HTTP." \
    }
