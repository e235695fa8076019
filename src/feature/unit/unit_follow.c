/* A unit's log as it is written: the last records, then the topic's. A record that came between is in both
 * and sent once. */
#include "feature/log/log.h"
#include "feature/unit/unit_live.h"
#include "feature/unit/unit_view.h"
#include "net/http.h"

struct follow {
    struct telemetry_query ask; /* q is a copy */
    struct log_query narrow;
    i64 *sent; /* ids of the records that were sent first */
    size_t nsent;
    i64 newest; /* of them */
};

static bool was_sent(const struct follow *f, i64 id)
{
    for (size_t i = 0; i < f->nsent && id <= f->newest; i++)
        if (f->sent[i] == id) return true;
    return false;
}

static bool pass(void *ctx, str json)
{
    struct follow *f = ctx;
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system };
    struct telemetry_row r;
    if (desc_read_answer(&op, &telemetry_row_desc, json, &r)) return false;
    struct log_line line = { r.id, r.timestamp, r.telemetry_type, r.level, r.message, r.data };
    return !was_sent(f, r.id) && log_matches(&a, &f->narrow, &line);
}

static void drop(void *ctx)
{
    struct follow *f = ctx;
    mem_free((void *)(uintptr_t)f->ask.q.p);
    mem_free(f->sent);
    mem_free(f);
}

static err_t before(struct op *op, void *ctx, struct http_follow *out)
{
    struct follow *f = ctx;
    struct telemetry_filter filter = { .unit_id = f->ask.unit_id,
                                       .type = TELEMETRY_LOG + 1,
                                       .level = f->ask.level,
                                       .q = f->ask.q,
                                       .from = f->ask.from,
                                       .limit = f->ask.limit };
    telemetry_list list = { 0 };
    TRY(telemetry_find(op, &filter, &list));
    f->sent = mem_alloc((list.n + 1) * sizeof *f->sent);
    for (size_t i = list.n; i-- > 0;) { /* found newest first, told as they came */
        struct buf b = BUF(op->arena);
        desc_write(&b, &telemetry_row_desc, &list.item[i]);
        http_follow_send(out, (str){ 0 }, (str){ 0 }, buf_str(&b));
        f->sent[f->nsent++] = list.item[i].id;
        f->newest = MAX(f->newest, list.item[i].id);
    }
    return OK;
}

static err_t follow_logs(struct op *op, const void *in, struct http_follow *out)
{
    const struct telemetry_query *ask = in;
    char id[UUID_TEXT];
    if (ask->cursor.p) return fail_field(op, "cursor", "does not go with follow");
    if (ask->to.us) return fail_field(op, "to", "does not go with follow");
    struct follow *f = MEM_NEW(struct follow);
    f->ask = *ask;
    f->ask.q = ask->q.p ? mem_str(ask->q) : (str){ 0 };
    f->narrow = (struct log_query){ .level = ask->level, .kinds = 1u << LOG_LINE, .text = f->ask.q };
    struct channel_stream how = { .topic = arena_printf(op->arena, "unit/%.*s/log",
                                                        STR(uuid_text(ask->unit_id, id))),
                                  .before = before,
                                  .pass = pass,
                                  .drop = drop,
                                  .ctx = f };
    return channel_follow_topic(op, &how, out);
}
const struct http_live unit_follow_logs = { "logs_follow", &logs_query_desc, follow_logs };
