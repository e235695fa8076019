/* A meter: how often something happened and how long it took, as a histogram of fixed bounds. Any thread adds
 * without a lock; whoever reads sees each number right and the sum of them nearly so. */
#pragma once
#include "base/time.h"
#include <stdatomic.h>

enum { METER_BOUNDS = 14 };
extern const i64 meter_bounds_us[METER_BOUNDS]; /* rising; what is above the last has a bucket of its own */
struct meter {
    _Atomic u64 bucket[METER_BOUNDS + 1];
    _Atomic u64 sum_us;
};
void meter_add(struct meter *, i64 us);
u64 meter_count(const struct meter *);
