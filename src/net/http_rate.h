/* Token buckets by token or address, in a table of fixed size. An entry that was not used for long gives way
 * to a new one. Private to net. */
#pragma once
#include "base/def.h"

struct rate_table;
struct rate_state {
    i64 limit, remaining, reset_s; /* limit 0: nothing is counted */
};
struct rate_table *rate_new(void);
void rate_free(struct rate_table *);
/* Takes `cost` from key's bucket of per_minute tokens. False: there are too few; reset_s says when. cost 0
 * only looks. */
bool rate_take(struct rate_table *, u64 key, i64 per_minute, int cost, i64 now_us, struct rate_state *out);
