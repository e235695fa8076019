/* When a unit that ended is started again: a pure function of its policy, its history and the clock. */
#pragma once
#include "agent/spec.h"

enum { POLICY_HISTORY = 128 };
struct policy {
    i64 in_row;                /* restarts since the unit last ran for reset_after */
    i64 at_us[POLICY_HISTORY]; /* times of the last restarts (monotonic), a ring */
    size_t n;
};
enum policy_what {
    POLICY_RESTART,   /* after `delay_us` */
    POLICY_DONE,      /* it ended as it should: stopped */
    POLICY_FAILED,    /* it failed and is not to be started again */
    POLICY_EXHAUSTED, /* too many restarts: failed */
};
struct policy_exit {
    i64 now_us, ran_us; /* monotonic clock; how long it had been running */
    bool failed;        /* a code other than 0, a signal, a failed health check */
    double random;      /* [0, 1), for the jitter */
};
enum policy_what policy_next(struct policy *, const struct unit_restart *, const struct policy_exit *,
                             i64 *delay_us);
