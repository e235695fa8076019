/* What the measurements of the inside share: operations of the system, and an end for what cannot go on. */
#pragma once
#include "base/log.h"
#include "base/op.h"

static inline struct op op_new(struct arena *a, const struct ports *ports)
{
    return (struct op){ .arena = a, .ports = ports, .who = &principal_system, .id = { "bench", 5 } };
}
static inline void must(struct op *op, err_t e)
{
    if (e) bug("%s: %.*s", err_name(e), STR(op->err.msg));
}
/* One for the block that it stands in. */
#define OP(name, ports_) \
    AUTO(arena) struct arena name##_arena = { 0 }; \
    struct op name##_op = op_new(&name##_arena, (ports_)), *name = &name##_op
