/* Buckets live in sets of eight; a set has one lock. A bucket is full again after a minute, so forgetting one
 * that was idle for a minute changes nothing; when a set is full of busy ones, the longest idle gives way. */
#include "net/http_rate.h"
#include "base/arena.h"
#include "base/time.h"
#include <pthread.h>

enum { SETS = 4096, WAYS = 8 };
struct bucket {
    u64 key;
    i64 seen_us;
    double tokens;
};
struct set {
    pthread_spinlock_t lock;
    struct bucket way[WAYS];
};
struct rate_table {
    struct set set[SETS];
};

struct rate_table *rate_new(void)
{
    struct rate_table *t = MEM_NEW(struct rate_table);
    for (size_t i = 0; i < SETS; i++) pthread_spin_init(&t->set[i].lock, PTHREAD_PROCESS_PRIVATE);
    return t;
}

void rate_free(struct rate_table *t)
{
    if (!t) return;
    for (size_t i = 0; i < SETS; i++) pthread_spin_destroy(&t->set[i].lock);
    mem_free(t);
}

static struct bucket *bucket_of(struct set *s, u64 key, i64 per_minute, i64 now_us)
{
    struct bucket *oldest = &s->way[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (s->way[i].seen_us && s->way[i].key == key) return &s->way[i];
        if (s->way[i].seen_us < oldest->seen_us) oldest = &s->way[i];
    }
    *oldest = (struct bucket){ .key = key, .seen_us = now_us, .tokens = (double)per_minute };
    return oldest;
}

bool rate_take(struct rate_table *t, u64 key, i64 per_minute, int cost, i64 now_us, struct rate_state *out)
{
    struct set *s = &t->set[key % SETS];
    pthread_spin_lock(&s->lock);
    struct bucket *b = bucket_of(s, key, per_minute, now_us);
    double per_us = (double)per_minute / (double)SEC(60);
    b->tokens = MIN((double)per_minute, b->tokens + (double)MAX(0, now_us - b->seen_us) * per_us);
    b->seen_us = now_us;
    bool ok = b->tokens >= MAX(cost, 1);
    if (ok) b->tokens -= cost;
    double missing = ok ? (double)per_minute - b->tokens : MAX(cost, 1) - b->tokens;
    *out = (struct rate_state){ per_minute, (i64)b->tokens, (i64)(missing / per_us / (double)SEC(1)) + 1 };
    pthread_spin_unlock(&s->lock);
    return ok;
}
