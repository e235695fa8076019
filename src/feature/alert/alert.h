/* Alerts: rules over units and series, what they found, and who is told. A rule is somebody's own or a
 * project's; it looks at the units and series of the same scope. A job evaluates all rules every few seconds:
 *
 *     nothing -- beyond the threshold --> pending -- for that long --> firing -- back by the hysteresis -->
 * resolved
 *
 * What fires is told once, and once more when it is over, through the channels of its scope: a row of the
 * outbox each, written with the change itself, tried until it is delivered. A silence holds the telling back.
 * Resolved alerts are the history. */
#pragma once
#include "base/op.h"

struct feature;
extern const struct feature alert_feature;

/* Rules that the product makes by itself about series of a person's own: once; who owns them may change and
 * disable them. */
struct alert_builtin {
    const char *name, *name_ru, *series;
    double threshold, hysteresis; /* fires above */
    i64 for_s;
    bool critical;
};
err_t alert_ensure(struct op *, i64 owner_id, const struct alert_builtin *, size_t n) MUST_USE;
