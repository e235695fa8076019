#include "base/meter.h"

const i64 meter_bounds_us[METER_BOUNDS] = { 250,   500,    1000,   2500,   5000,    10000,   25000,
                                            50000, 100000, 250000, 500000, 1000000, 2500000, 10000000 };

void meter_add(struct meter *m, i64 us)
{
    size_t i = 0;
    while (i < METER_BOUNDS && us > meter_bounds_us[i]) i++;
    atomic_fetch_add_explicit(&m->bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->sum_us, (u64)MAX(us, 0), memory_order_relaxed);
}

u64 meter_count(const struct meter *m)
{
    u64 n = 0;
    for (size_t i = 0; i <= METER_BOUNDS; i++) n += atomic_load_explicit(&m->bucket[i], memory_order_relaxed);
    return n;
}
