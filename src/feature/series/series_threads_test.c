/* Appending, merging and reading at the same time: whoever reads sees all that was acknowledged before. */
#include "feature/series/series_test.h"
#include <pthread.h>
#include <stdatomic.h>

enum { WRITERS = 3, EACH = 40, BATCHES = 60 };

struct crowd {
    const struct op *like;
    i64 id[WRITERS];
    _Atomic i64 acked[WRITERS]; /* points of each series */
    _Atomic int running, faults;
};
struct member {
    struct crowd *c;
    int who;
};

static void *write_points(void *arg)
{
    struct member *m = arg;
    struct crowd *c = m->c;
    i64 t[EACH];
    double v[EACH];
    for (i64 k = 0; k < BATCHES; k++) {
        OTHER_OP(o, c->like);
        for (i64 i = 0; i < EACH; i++) {
            t[i] = k * EACH + i;
            v[i] = (double)(t[i] * 3 + m->who);
        }
        struct series_run r = { c->id[m->who], EACH, SERIES_F64, t, { v } };
        if (series_append(o, &r, 1) || db_flush(o)) c->faults++;
        c->acked[m->who] = (k + 1) * EACH;
    }
    c->running--;
    return NULL;
}

static void *merge_points(void *arg)
{
    struct crowd *c = arg;
    while (c->running) {
        OTHER_OP(o, c->like);
        if (series_merge(o, true) || db_flush(o)) c->faults++;
    }
    return NULL;
}

struct tally {
    i64 next;
    int who, wrong;
};
static bool tally(void *ctx, const struct series_run *r)
{
    struct tally *s = ctx;
    for (u32 i = 0; i < r->n; i++, s->next++)
        if (r->t[i] != s->next || r->f[i] != (double)(s->next * 3 + s->who)) s->wrong++;
    return true;
}

static void *read_points(void *arg)
{
    struct member *m = arg;
    struct crowd *c = m->c;
    while (c->running) {
        OTHER_OP(o, c->like);
        i64 least = c->acked[m->who];
        struct tally s = { .who = m->who };
        struct series_range all = { c->id[m->who], 0, BATCHES * EACH };
        struct series_bucket b;
        struct series_point last;
        if (series_scan(o, all, tally, &s) || s.wrong || s.next < least) c->faults++;
        if (series_buckets(o, all, 1, &b) || b.count < least) c->faults++;
        if (series_last(o, &all.id, 1, &last) || (least && last.t < least - 1)) c->faults++;
    }
    return NULL;
}

WORLD(series_crowd)
{
    struct crowd *c = NEW(op->arena, struct crowd);
    struct member member[WRITERS];
    pthread_t writer[WRITERS], reader[WRITERS], merger[2];
    i64 own = world_person(w, "ann").id;
    c->like = op;
    c->running = WRITERS;
    for (int i = 0; i < WRITERS; i++) {
        c->id[i] = one_series(op, own, (const char *[]){ "a", "b", "c" }[i], SERIES_F64);
        member[i] = (struct member){ c, i };
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&writer[i], NULL, write_points, &member[i]), 0);
        assert_int_equal(pthread_create(&reader[i], NULL, read_points, &member[i]), 0);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&merger[i], NULL, merge_points, c), 0);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writer[i], NULL);
        pthread_join(reader[i], NULL);
    }
    for (int i = 0; i < 2; i++) pthread_join(merger[i], NULL);
    assert_int_equal(c->faults, 0);
    for (int i = 0; i < WRITERS; i++) {
        struct tally s = { .who = i };
        assert_ok(op, series_scan(op, (struct series_range){ c->id[i], 0, INT64_MAX }, tally, &s));
        assert_int_equal(s.next, BATCHES * EACH);
        assert_int_equal(s.wrong, 0);
    }
}
