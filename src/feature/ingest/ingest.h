/* Ingest: points from anything with a token, in the protocols that devices and programs speak already. The
 * readers are net/points.h's; here stand the routes, whose series the points become, and the answers that
 * each protocol's clients expect. An answer of success means durable. Sending again changes nothing.
 *
 *     POST /api/v1/telemetry    JSON, compact binary (docs/wire-points.md), CSV
 *     POST /write, /api/v2/write, /api/v3/write_lp, /query, /ping     InfluxDB 1, 2 and 3, line protocol
 *     POST /api/live/push/{stream}      Grafana Live, line protocol
 *     POST /api/v1/write        Prometheus remote write 1.0 and 2.0
 *     POST /v1/metrics          OTLP/HTTP, protobuf and JSON
 *
 * docs/guide/telemetry.en.md tells users how names and labels come to be; decisions: docs/adr/0080. */
#pragma once
#include "net/points.h"

struct feature;
extern const struct feature ingest_feature;

/* What happens to points that cannot be stored: a kind that is not their series', a time out of range. */
enum ingest_mode {
    INGEST_ALL /* an error, nothing is stored */,
    INGEST_GOOD /* points->rejected counts them */
};
struct ingest_done {
    i64 points, series;
    /* Of the points, those that are past the time for which full resolution is kept: they become aggregates
     * of minutes or hours soon. keep_us is that time. */
    i64 past, keep_us;
};
/* Stores them in the operation's transaction. Whose they become: those of the project of op->who's token,
 * else of project_id (ERR_FORBIDDEN unless op->who is an editor there), else op->who's own. The points are
 * not to be used afterwards. */
err_t ingest_store(struct op *, i64 project_id, struct points *, enum ingest_mode,
                   struct ingest_done *) MUST_USE;
