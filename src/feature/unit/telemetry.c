/* Records of units rest in the log store, in the stream "unit/UUID". */
#include "feature/log/log.h"
#include "feature/unit/unit_live.h"

static_assert((int)LOG_LINE == TELEMETRY_LOG && (int)LOG_METRIC == TELEMETRY_METRIC &&
                  (int)LOG_EVENT == TELEMETRY_EVENT && (int)LOG_ERROR == TELEMETRY_ERROR,
              "a kind of line is a type of telemetry");

/* A clock that is far ahead must not put a record beyond the reach of retention. */
static const i64 ahead_us = SEC(86400);

static str stream_of(struct arena *a, uuid unit_id)
{
    char text[UUID_TEXT];
    return arena_printf(a, "unit/%.*s", STR(uuid_text(unit_id, text)));
}

static bool has_metric(const struct telemetry *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].telemetry_type == TELEMETRY_METRIC) return true;
    return false;
}

static struct telemetry_row row_of(uuid unit_id, const struct log_line *l, i64 seq)
{
    return (struct telemetry_row){ seq, unit_id, l->kind, l->level, l->text, l->data, l->at };
}

static void tell(struct op *op, uuid unit_id, const struct log_line *line, const i64 *seq, size_t n)
{
    struct telemetry_row *rows = NEWN(op->arena, struct telemetry_row, n);
    for (size_t i = 0; i < n; i++) rows[i] = row_of(unit_id, &line[i], seq[i]);
    telemetry_tell(op, rows, n);
}

/* Dated rows of one unit. */
static err_t store_unit(struct op *op, const struct telemetry *rows, size_t n)
{
    struct log_line *line = NEWN(op->arena, struct log_line, n);
    struct unit u;
    bool found = false;
    for (size_t i = 0; i < n; i++)
        line[i] = (struct log_line){ .at = rows[i].timestamp,
                                     .kind = rows[i].telemetry_type,
                                     .level = rows[i].level,
                                     .text = rows[i].message,
                                     .data = rows[i].data };
    i64 *seq = telemetry_wanted(rows->unit_id) ? NEWN(op->arena, i64, n) : NULL;
    TRY(log_append(op, stream_of(op->arena, rows->unit_id), line, n, seq));
    if (seq) tell(op, rows->unit_id, line, seq, n);
    if (!has_metric(rows, n)) return OK;
    TRY(unit_sql_find(op, rows->unit_id, &u, &found));
    return found ? telemetry_to_series(op, &u, rows, n) : OK;
}

/* Of one unit after the other, each unit's in their order. */
err_t telemetry_store(struct op *op, const struct telemetry *rows, size_t n)
{
    time_us now = time_now();
    struct telemetry *mine = NEWN(op->arena, struct telemetry, n);
    bool *taken = NEWN(op->arena, bool, n), whole = n > 1 || (n && has_metric(rows, n));
    if (!n) return OK;
    AUTO(db_tx) struct db_tx tx = { 0 };
    if (whole) TRY(db_begin(op, &tx));
    for (size_t i = 0; i < n; i++) {
        if (taken[i]) continue;
        size_t many = 0;
        for (size_t k = i; k < n; k++) {
            if (taken[k] || !uuid_eq(rows[k].unit_id, rows[i].unit_id)) continue;
            taken[k] = true;
            mine[many] = rows[k];
            bool dated = rows[k].timestamp.us && rows[k].timestamp.us <= now.us + ahead_us;
            if (!dated) mine[many].timestamp = now;
            many++;
        }
        TRY(store_unit(op, mine, many));
    }
    return whole ? db_commit(&tx) : OK;
}

err_t telemetry_find(struct op *op, const struct telemetry_filter *f, telemetry_list *out)
{
    struct log_query q = { .stream = stream_of(op->arena, f->unit_id),
                           .from = f->from,
                           .to = f->to,
                           .level = f->level,
                           .kinds = f->type ? 1u << (f->type - 1) : 0,
                           .text = f->q,
                           .oldest_first = f->oldest_first,
                           .after_at = f->at,
                           .after_seq = f->id,
                           .limit = f->limit };
    log_lines found = { 0 };
    TRY(log_find(op, &q, &found));
    out->item = NEWN(op->arena, struct telemetry_row, found.n);
    out->n = found.n;
    for (size_t i = 0; i < found.n; i++) out->item[i] = row_of(f->unit_id, &found.item[i], found.item[i].seq);
    return OK;
}

err_t telemetry_drop(struct op *op, uuid unit_id)
{
    str stream = stream_of(op->arena, unit_id);
    for (bool more = true; more;) TRY(log_drop(op, stream, &more));
    return telemetry_drop_series(op, unit_id);
}
