/* Requests to the agent and descriptions of units: what is accepted is written, reads back and is then
 * written the same. */
#include "agent/agent_local.h"
#include "agent/unit_file.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct op *op, const struct desc *d, str text)
{
    struct buf a = BUF(op->arena), b = BUF(op->arena);
    void *in = arena_alloc(op->arena, d->size), *back = arena_alloc(op->arena, d->size);
    if (desc_read(op, d, text, in)) {
        op_clear(op);
        return;
    }
    desc_write(&a, d, in);
    if (desc_read(op, d, buf_str(&a), back)) bug("refused: %.*s: %.*s", STR(op->err.field), STR(buf_str(&a)));
    desc_write(&b, d, back);
    if (!str_eq(buf_str(&a), buf_str(&b))) bug("differs: %.*s", STR(buf_str(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct op op = { .arena = &arena, .who = &principal_nobody, .id = S("fuzz") };
    str text = str_copy(&arena, (str){ (const char *)data, size });
    struct unit_spec spec;
    round_trip(&op, &local_request_desc, text);
    round_trip(&op, &unit_entry_desc, text);
    round_trip(&op, &unit_spec_desc, text);
    round_trip(&op, &unit_file_desc, text);
    if (!desc_read(&op, &unit_spec_desc, text, &spec) && !unit_spec_check(&op, &spec) &&
        spec.package_dir.p[0] != '/')
        bug("relative package");
    arena_free(&arena);
    return 0;
}
