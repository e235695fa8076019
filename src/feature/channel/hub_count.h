/* What the live channel has done since the start, for /metrics. Any thread. */
#pragma once
#include "base/def.h"
#include <stdatomic.h>

struct hub_counts {
    _Atomic u64 events, frames;   /* handed to listeners, one each */
    _Atomic u64 bytes;            /* of them */
    _Atomic u64 thinned;          /* events and points that a listener was too slow for, told by a gap */
    _Atomic u64 resumed, resyncs; /* subscriptions that went on where they were, or could not */
    _Atomic u64 lost;             /* subscriptions whose right was taken away */
    atomic_long subs;             /* there are now, listeners inside the program included */
};
extern struct hub_counts hub_counts;
#define HUB_COUNT(what, n) atomic_fetch_add_explicit(&hub_counts.what, (n), memory_order_relaxed)
