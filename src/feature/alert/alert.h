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

struct feature;
extern const struct feature alert_feature;
