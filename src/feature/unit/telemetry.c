#include "feature/unit/unit_rules.h"

/* A clock that is far ahead must not put a record beyond the reach of retention. */
static const i64 ahead_us = SEC(86400);

err_t telemetry_store(struct op *op, const struct telemetry *rows, size_t n)
{
    time_us now = time_now();
    struct telemetry *dated = arena_alloc_raw(op->arena, n * sizeof *rows);
    if (!n) return OK;
    memcpy(dated, rows, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        if (!dated[i].timestamp.us || dated[i].timestamp.us > now.us + ahead_us) dated[i].timestamp = now;
    return telemetry_sql_insert(op, dated, n);
}
