/* What a unit writes, understood: levels of log lines, JSON lines, and the line protocol of its own metrics:
 *
 *     loss,epoch=3,phase=train value=0.25 1700000000000000000      name[,label=v...] field=number[,...] [ns]
 *     event training finished                                      an event for people
 */
#pragma once
#include "agent/logread.h"
#include "feature/unit/unit_wire.h"

/* A line of stdout or stderr. Never fails: what is not understood is its text. */
void unit_log_line(struct arena *, const struct log_line *, struct telemetry *out);
/* A line of the metrics socket; ERR_INVALID: it is none. */
err_t unit_metric_line(struct op *, str line, time_us received, struct telemetry *out) MUST_USE;
