/* Topics: the table by name, the history of each. */
#include "base/log.h"
#include "feature/channel/channel_wire.h"
#include "feature/channel/hub.h"

enum { BUCKETS = 4096, KEY_BUCKETS = 128, LINGER_US = 60 * 1000000 };
static const struct {
    size_t n, bytes;
} most[] = {
    [TOPIC_LATEST] = { 20000, 4 << 20 },
    [TOPIC_EVENTS] = { 1024, 256 << 10 },
    [TOPIC_LINES] = { 4096, 1 << 20 },
};

static struct hub_topic *table[BUCKETS];
static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_size_t ntopics;
static u32 next_chan = 1; /* under the table's lock */

static struct hub_topic **bucket(str name) { return &table[str_hash(name) % BUCKETS]; }

void topic_ref(struct hub_topic *t) { atomic_fetch_add(&t->refs, 1); }

static void event_free(struct event *e)
{
    ws_message_unref(e->message);
    mem_free(e);
}

void topic_unref(struct hub_topic *t)
{
    if (atomic_fetch_sub(&t->refs, 1) > 1) return;
    for (struct event *e = t->events.oldest, *next; e; e = next) {
        next = e->newer;
        event_free(e);
    }
    mem_free(t->events.by_key);
    points_free(&t->points);
    pthread_mutex_destroy(&t->lock);
    mem_free((void *)(uintptr_t)t->name.p);
    mem_free(t);
}

/* Under the table's lock. */
static struct hub_topic *look(str name)
{
    struct hub_topic *t = *bucket(name);
    while (t && !str_eq(t->name, name)) t = t->next;
    return t;
}

struct hub_topic *topic_find(str name)
{
    if (!atomic_load(&ntopics)) return NULL;
    pthread_rwlock_rdlock(&table_lock);
    struct hub_topic *t = look(name);
    if (t) topic_ref(t);
    pthread_rwlock_unlock(&table_lock);
    return t;
}

struct hub_topic *topic_open(const struct topic *kind, str name)
{
    pthread_rwlock_wrlock(&table_lock);
    struct hub_topic *t = look(name);
    if (!t) {
        t = MEM_NEW(struct hub_topic);
        atomic_init(&t->refs, 1);
        t->name = mem_str(name);
        t->kind = kind;
        t->chan = next_chan++ & INT32_MAX;
        t->epoch = (i64)(rand_u64() >> 11) | 1;
        pthread_mutex_init(&t->lock, NULL);
        t->next = *bucket(name);
        *bucket(name) = t;
        atomic_fetch_add(&ntopics, 1);
    }
    topic_ref(t);
    pthread_rwlock_unlock(&table_lock);
    return t;
}

bool topic_any(void) { return atomic_load(&ntopics) > 0; }

size_t topic_count(void) { return atomic_load(&ntopics); }

bool topic_wanted(str name)
{
    struct hub_topic *t = topic_find(name);
    if (t) topic_unref(t);
    return t != NULL;
}

static void drop_where(bool (*goes)(struct hub_topic *, i64 now), i64 now)
{
    pthread_rwlock_wrlock(&table_lock);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct hub_topic **p = &table[i], *t; (t = *p);) {
            if (!goes(t, now)) {
                p = &t->next;
                continue;
            }
            *p = t->next;
            atomic_fetch_sub(&ntopics, 1);
            topic_unref(t);
        }
    pthread_rwlock_unlock(&table_lock);
}

/* Nobody can come back to it between the look and its leaving: that needs the table's lock. */
static bool is_idle(struct hub_topic *t, i64 now)
{
    pthread_mutex_lock(&t->lock);
    bool idle = !t->subs && t->idle_since_us && now - t->idle_since_us > LINGER_US;
    pthread_mutex_unlock(&t->lock);
    return idle;
}
static bool always(struct hub_topic *t UNUSED, i64 now UNUSED) { return true; }

void topic_sweep(i64 now)
{
    if (atomic_load(&ntopics)) drop_where(is_idle, now);
}
void topic_forget_all(void) { drop_where(always, 0); }

/* History, under the topic's lock. */

static struct event **key_bucket(struct event_ring *r, str key)
{
    if (!r->by_key) r->by_key = mem_alloc(KEY_BUCKETS * sizeof *r->by_key);
    return &r->by_key[str_hash(key) % KEY_BUCKETS];
}

static void take_out(struct hub_topic *t, struct event *e)
{
    struct event_ring *r = &t->events;
    *(e->older ? &e->older->newer : &r->oldest) = e->newer;
    *(e->newer ? &e->newer->older : &r->newest) = e->older;
    r->n--;
    r->bytes -= e->bytes;
    if (t->kind->delivery == TOPIC_LATEST)
        for (struct event **p = key_bucket(r, e->key); *p; p = &(*p)->same_bucket)
            if (*p == e) {
                *p = e->same_bucket;
                break;
            }
    event_free(e);
}

static void replace_key(struct hub_topic *t, str key)
{
    struct event *e = *key_bucket(&t->events, key);
    while (e && !str_eq(e->key, key)) e = e->same_bucket;
    if (e) take_out(t, e);
}

static void add(struct hub_topic *t, struct event *e)
{
    struct event_ring *r = &t->events;
    if (t->kind->delivery == TOPIC_LATEST) {
        replace_key(t, e->key);
        struct event **b = key_bucket(r, e->key);
        e->same_bucket = *b;
        *b = e;
    }
    e->older = r->newest;
    *(r->newest ? &r->newest->newer : &r->oldest) = e;
    r->newest = e;
    r->n++;
    r->bytes += e->bytes;
    while (r->n > 1 && (r->n > most[t->kind->delivery].n || r->bytes > most[t->kind->delivery].bytes)) {
        r->lost = r->oldest->seq;
        take_out(t, r->oldest);
    }
}

static struct event *compose(const struct hub_topic *t, u64 seq, str key, str json)
{
    struct arena a = { 0 };
    struct buf b = BUF(&a);
    struct event *e = mem_alloc(sizeof *e + key.n);
    if (key.n) memcpy(e->key_text, key.p, key.n);
    e->key = (str){ e->key_text, key.n };
    e->seq = seq;
    e->rev = time_now().us;
    struct live_event m = { 0, t->chan, (i64)seq, e->rev, key.n ? key : (str){ 0 }, { json } };
    desc_write(&b, &live_event_desc, &m);
    e->message = ws_message_new(true, buf_str(&b));
    str text = ws_message_text(e->message);
    e->data = (str){ text.p + text.n - 1 - json.n, json.n }; /* it is the last member */
    e->bytes = text.n + sizeof *e + key.n;
    arena_free(&a);
    return e;
}

void topic_publish(str name, str key, str json)
{
    struct hub_topic *t = topic_find(name);
    if (!t) return;
    if (t->kind->delivery == TOPIC_POINTS) bug("topic '%.*s' takes points", STR(name));
    pthread_mutex_lock(&t->lock);
    add(t, compose(t, ++t->seq, key, json));
    pthread_mutex_unlock(&t->lock);
    hub_topic_dirty(t);
    topic_unref(t);
}
