/* Prometheus' query language and the part of its HTTP API that Grafana needs, over any series: what
 * dashboards made for Prometheus ask works here by setting the data source's address to BASE_URL/prometheus.
 * Language: https://prometheus.io/docs/prometheus/latest/querying/basics/ ; ranges are left-open, as since
 * Prometheus 3. Not there: native histograms, holt_winters, @ with start() in subqueries' steps. */
#pragma once
struct feature;
extern const struct feature promql_feature;
