/* What units write: log lines (plain and JSON) and the line protocol of metrics. Whatever comes in, what goes
 * to the server is a record that its own descriptor accepts. */
#include "agent/unit_text.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct op *op, const struct telemetry *t)
{
    struct buf b = BUF(op->arena);
    struct telemetry back;
    desc_write(&b, &telemetry_desc, t);
    if (desc_read(op, &telemetry_desc, buf_str(&b), &back))
        bug("refused: %.*s %.*s: %.*s", STR(op->err.field), STR(op->err.msg), STR(buf_str(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .who = &principal_nobody, .id = S("fuzz") };
    struct telemetry t;
    if (size > 20000) return 0;
    struct log_line line = { .number = 1, .time = { 1 }, .text = { (const char *)data, size } };
    unit_log_line(&arena, &line, &t);
    check(&op, &t);
    if (!unit_metric_line(&op, line.text, line.time, &t)) {
        if (t.data.s.p && !json_valid(t.data.s)) bug("no JSON: %.*s", STR(t.data.s));
        check(&op, &t);
    }
    arena_free(&arena);
    return 0;
}
