/* Alone in its file, so that the small program can have a definition of its own. */
#include "spark/remote_logs.h"

err_t spark_logs_elsewhere(struct op *op, const struct remote_log *ask,
                           bool (*show)(void *ctx, const struct remote_line *), void *ctx)
{
    struct op_error here = op->err;
    AUTO(registry) struct registry registry = { 0 };
    op_clear(op);
    err_t e = registry_open(op, 0, &registry);
    if (!e && registry.signed_in) return remote_logs(op, &registry, ask, show, ctx);
    op_clear(op);
    op->err = here;
    return here.code;
}
