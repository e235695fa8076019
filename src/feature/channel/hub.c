/* The channel's thread: from topics with news to their listeners; heart beats. And the registry of all
 * clients. */
#include "feature/channel/hub.h"
#include "base/log.h"
#include "feature/channel/channel_wire.h"
#include "feature/channel/hub_count.h"

enum { BEAT_US = 2 * 1000000, SWEEP_US = 1000000, AGAIN_US = 10 * 1000, A_ROUND = 4096 };

static struct {
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;
    struct hub_topic *dirty, **last_dirty;
    struct client *queued, **last_queued;
    bool running, stop;
    pthread_t thread;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
    pthread_mutex_t lock;
    struct client *first;
    size_t n;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct hub_counts hub_counts;

static i64 epoch;
i64 hub_epoch(void) { return epoch; }

/* Clients. */

void client_init(struct client *c, const struct client_ops *ops, const struct op *op)
{
    c->ops = ops;
    atomic_init(&c->refs, 1);
    c->ports = op->ports;
    c->who = *op->who;
    c->who.login = str_copy(&c->arena, op->who->login);
    c->who.ip = str_copy(&c->arena, op->who->ip);
    c->who.user_agent = str_copy(&c->arena, op->who->user_agent);
    pthread_mutex_init(&c->use, NULL);
    pthread_mutex_init(&c->lock, NULL);
}

void client_ref(struct client *c) { atomic_fetch_add(&c->refs, 1); }

void client_unref(struct client *c)
{
    if (atomic_fetch_sub(&c->refs, 1) > 1) return;
    pthread_mutex_destroy(&c->use);
    pthread_mutex_destroy(&c->lock);
    arena_free(&c->arena);
    c->ops->release(c);
}

void client_begin(struct client *c)
{
    pthread_mutex_lock(&registry.lock);
    c->next = registry.first;
    if (c->next) c->next->prev = c;
    registry.first = c;
    registry.n++;
    pthread_mutex_unlock(&registry.lock);
}

void client_leave(struct client *c)
{
    pthread_mutex_lock(&registry.lock);
    if (c->prev || c->next || registry.first == c) {
        *(c->prev ? &c->prev->next : &registry.first) = c->next;
        if (c->next) c->next->prev = c->prev;
        c->next = c->prev = NULL;
        registry.n--;
    }
    pthread_mutex_unlock(&registry.lock);
}

size_t client_count(void)
{
    pthread_mutex_lock(&registry.lock);
    size_t n = registry.n;
    pthread_mutex_unlock(&registry.lock);
    return n;
}

void client_each(void (*fn)(void *ctx, struct client *), void *ctx)
{
    pthread_mutex_lock(&registry.lock);
    size_t n = 0;
    struct client **all = mem_alloc((registry.n + 1) * sizeof *all);
    for (struct client *c = registry.first; c; c = c->next) {
        client_ref(c);
        all[n++] = c;
    }
    pthread_mutex_unlock(&registry.lock);
    for (size_t i = 0; i < n; i++) {
        fn(ctx, all[i]);
        client_unref(all[i]);
    }
    mem_free(all);
}

/* The queue. Its lists hold references. */

static void enqueue(struct client *c)
{
    if (c->is_queued) return;
    c->is_queued = true;
    c->next_queued = NULL;
    client_ref(c);
    *queue.last_queued = c;
    queue.last_queued = &c->next_queued;
}

void client_wake(struct client *c)
{
    pthread_mutex_lock(&queue.lock);
    if (queue.running) {
        enqueue(c);
        pthread_cond_signal(&queue.wake);
    }
    pthread_mutex_unlock(&queue.lock);
}

void hub_topic_dirty(struct hub_topic *t)
{
    pthread_mutex_lock(&queue.lock);
    if (queue.running && !t->is_dirty) {
        t->is_dirty = true;
        t->next_dirty = NULL;
        topic_ref(t);
        *queue.last_dirty = t;
        queue.last_dirty = &t->next_dirty;
        pthread_cond_signal(&queue.wake);
    }
    pthread_mutex_unlock(&queue.lock);
}

static void queue_clear(void)
{
    queue.dirty = NULL;
    queue.last_dirty = &queue.dirty;
    queue.queued = NULL;
    queue.last_queued = &queue.queued;
}

/* Under the queue's lock. */
static struct hub_topic *pop_dirty(void)
{
    struct hub_topic *t = queue.dirty;
    if (!t) return NULL;
    queue.dirty = t->next_dirty;
    if (!queue.dirty) queue.last_dirty = &queue.dirty;
    t->is_dirty = false;
    return t;
}

static struct client *pop_queued(void)
{
    pthread_mutex_lock(&queue.lock);
    struct client *c = queue.queued;
    if (c) {
        queue.queued = c->next_queued;
        if (!queue.queued) queue.last_queued = &queue.queued;
        c->is_queued = false;
    }
    pthread_mutex_unlock(&queue.lock);
    return c;
}

/* The thread. */

/* All that listen to t are to be looked at. A listener stays while it is in the topic's list. */
static void spread(struct hub_topic *t)
{
    pthread_mutex_lock(&t->lock);
    pthread_mutex_lock(&queue.lock);
    for (struct sub *s = t->subs; s; s = s->next) enqueue(s->client);
    pthread_mutex_unlock(&queue.lock);
    pthread_mutex_unlock(&t->lock);
    topic_unref(t);
}

static bool serve(struct client *c, i64 now)
{
    bool more = false;
    pthread_mutex_lock(&c->lock);
    for (struct sub *s = c->subs; s && !c->over; s = s->sibling) more |= sub_deliver(s, now);
    pthread_mutex_unlock(&c->lock);
    return more;
}

struct turns {
    struct client *later; /* of this thread alone */
    i64 again_us, beat_us, sweep_us;
};

static void serve_queued(struct turns *t)
{
    struct client *c;
    i64 now = time_mono_us();
    for (int i = 0; i < A_ROUND && (c = pop_queued()); i++) {
        if (serve(c, now) && !c->is_later) {
            c->is_later = true;
            c->next_later = t->later;
            t->later = c;
        } else client_unref(c);
    }
}

/* Who could take no more, or wants points less often, is asked again. */
static void serve_later(struct turns *t, i64 now)
{
    if (!t->later || now < t->again_us) return;
    t->again_us = now + AGAIN_US;
    struct client *list = t->later;
    t->later = NULL;
    for (struct client *c = list, *next; c; c = next) {
        next = c->next_later;
        c->is_later = false;
        client_wake(c);
        client_unref(c);
    }
}

static void beat_one(void *ctx, struct client *c)
{
    pthread_mutex_lock(&c->lock);
    if (!c->over && c->ops->beat) c->ops->beat(c, ctx);
    pthread_mutex_unlock(&c->lock);
}

static void beat(struct turns *t, i64 now)
{
    if (now >= t->sweep_us) {
        t->sweep_us = now + SWEEP_US;
        topic_sweep(now);
    }
    if (now < t->beat_us) return;
    t->beat_us = now + BEAT_US;
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    desc_write(&b, &live_beat_desc, &(struct live_beat){ .t = time_now().us });
    struct ws_message *m = ws_message_new(true, buf_str(&b));
    client_each(beat_one, m);
    ws_message_unref(m);
}

/* Sleeps until there is work or time has come; false: the end. */
static bool wait_for_work(const struct turns *t)
{
    i64 until = MIN(t->beat_us, t->sweep_us);
    if (t->later) until = MIN(until, t->again_us);
    struct timespec at = { until / 1000000, until % 1000000 * 1000 };
    pthread_mutex_lock(&queue.lock);
    while (!queue.stop && !queue.dirty && !queue.queued)
        if (pthread_cond_timedwait(&queue.wake, &queue.lock, &at)) break;
    for (struct hub_topic *d; !queue.stop && (d = pop_dirty());) {
        pthread_mutex_unlock(&queue.lock);
        spread(d);
        pthread_mutex_lock(&queue.lock);
    }
    bool stop = queue.stop;
    pthread_mutex_unlock(&queue.lock);
    return !stop;
}

static void *hub_main(void *unused UNUSED)
{
    struct turns t = { .beat_us = time_mono_us() + BEAT_US };
    while (wait_for_work(&t)) {
        i64 now = time_mono_us();
        serve_later(&t, now);
        serve_queued(&t);
        beat(&t, now);
    }
    for (struct client *c = t.later, *next; c; c = next) {
        next = c->next_later;
        client_unref(c);
    }
    return NULL;
}

void hub_start(void)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_cond_init(&queue.wake, &a);
    pthread_condattr_destroy(&a);
    epoch = (i64)(rand_u64() >> 11) | 1;
    queue_clear();
    queue.stop = false;
    queue.running = true;
    if (pthread_create(&queue.thread, NULL, hub_main, NULL)) bug("no thread for the live channel");
}

void hub_stop(void)
{
    pthread_mutex_lock(&queue.lock);
    if (!queue.running) {
        pthread_mutex_unlock(&queue.lock);
        return;
    }
    queue.running = false;
    queue.stop = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
    pthread_join(queue.thread, NULL);
    for (struct client *c; (c = pop_queued());) client_unref(c);
    for (struct hub_topic *t; (t = pop_dirty());) topic_unref(t);
    pthread_cond_destroy(&queue.wake);
    topic_forget_all();
}
