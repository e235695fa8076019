/* The log of a unit on another machine, from the server. */
#pragma once
#include "base/cli.h"
#include "feature/unit/unit_wire.h"
#include "spark/registry.h"

struct remote_log {
    str unit;    /* name, id or the unique beginning of an id */
    i64 lines;   /* the last ones; -1: all */
    int level;   /* this or worse; 0: any */
    bool follow; /* then go on */
};
/* Calls show() for each line, oldest first, until it returns false. ERR_NOT_FOUND: the server does not know
 * the unit either; ERR_CONFLICT names the candidates. */
struct remote_line {
    i64 id;
    time_us timestamp;
    int level;
    str message;
};
/* The same for a unit that this machine does not know, op->err says so; who is not signed in is told just
 * that. The small program has no HTTP client: it defines this function itself and leaves the work to netbit
 * (docs/adr/0061). */
err_t spark_logs_elsewhere(struct op *, const struct remote_log *,
                           bool (*show)(void *ctx, const struct remote_line *), void *ctx) MUST_USE;
err_t remote_logs(struct op *, struct registry *, const struct remote_log *,
                  bool (*show)(void *ctx, const struct remote_line *), void *ctx) MUST_USE;
