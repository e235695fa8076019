/* Subscriptions: where they begin, what they hand over, credit. */
#include "feature/channel/hub.h"
#include "feature/channel/hub_count.h"

static const double HZ = 20, HZ_MOST = 60;

/* Credit. */

bool credit_left(const struct sub *s)
{
    return !s->client->ops->credits || (s->credit.n < CREDIT_MESSAGES && s->credit.bytes < CREDIT_BYTES);
}

void credit_take(struct sub *s, u64 seq, size_t bytes)
{
    struct credit *c = &s->credit;
    if (!s->client->ops->credits) return;
    u32 at = (c->at + c->n++) % CREDIT_MESSAGES;
    c->sent[at].seq = (u32)seq;
    c->sent[at].bytes = (u32)bytes;
    c->bytes += (u32)bytes;
}

static void credit_give(struct credit *c, u32 seq)
{
    while (c->n && (i32)(c->sent[c->at].seq - seq) <= 0) {
        c->bytes -= c->sent[c->at].bytes;
        c->at = (c->at + 1) % CREDIT_MESSAGES;
        c->n--;
    }
}

/* Beginning and end. */

/* A number that counts modulo 2^32, as the newest count that it can mean. */
static u64 whole_seq(u64 newest, u64 seq)
{
    if (seq > UINT32_MAX) return seq;
    u64 whole = (newest & ~(u64)UINT32_MAX) | seq;
    return whole > newest && whole > UINT32_MAX ? whole - UINT32_MAX - 1 : whole;
}

static enum sub_begin begin_at(struct sub *s, const struct sub_new *n)
{
    const struct hub_topic *t = s->topic;
    u64 newest = t->kind->delivery == TOPIC_POINTS ? t->points.end : t->seq;
    s->seen = newest;
    if (!n->resumes) {
        /* Without a snapshot of its feature's a topic of states begins with those it knows. */
        if (t->kind->delivery == TOPIC_LATEST && !t->kind->snapshot) s->seen = 0;
        return SUB_FRESH;
    }
    u64 seq = whole_seq(newest, n->seq);
    bool known = (n->any_epoch || n->epoch == t->epoch) && seq <= newest;
    if (known && t->kind->delivery == TOPIC_LATEST) known = seq >= t->events.lost;
    if (!known) return SUB_RESYNC;
    s->seen = seq;
    return SUB_RESUMED;
}

/* Everybody's events carry the topic's own number; a client's second subscription to it gets another. */
static u32 free_chan(const struct client *c, const struct hub_topic *t)
{
    static atomic_uint next;
    for (const struct sub *s = c->subs; s; s = s->sibling)
        if (s->topic == t) return 0x80000000u | atomic_fetch_add(&next, 1);
    return t->chan;
}

struct sub *sub_begin(struct client *c, const struct sub_new *n, enum sub_begin *how)
{
    struct sub *s = MEM_NEW(struct sub);
    s->client = c;
    s->held = true;
    s->window_s = n->window_s;
    s->px = n->px;
    s->every_us = (i64)(1e6 / (n->max_hz > 0 ? MIN(n->max_hz, HZ_MOST) : HZ));
    s->newest_t = INT64_MIN;
    struct hub_topic *t = s->topic = topic_open(n->kind, n->name);
    pthread_mutex_lock(&c->lock);
    s->chan = free_chan(c, t);
    s->sibling = c->subs;
    c->subs = s;
    c->nsubs++;
    pthread_mutex_lock(&t->lock);
    *how = begin_at(s, n);
    s->next = t->subs;
    s->link = &t->subs;
    if (t->subs) t->subs->link = &s->next;
    t->subs = s;
    t->idle_since_us = 0;
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&c->lock);
    HUB_COUNT(subs, 1);
    if (*how == SUB_RESUMED) HUB_COUNT(resumed, 1);
    if (*how == SUB_RESYNC) HUB_COUNT(resyncs, 1);
    return s;
}

void sub_release(struct sub *s)
{
    pthread_mutex_lock(&s->client->lock);
    s->held = false;
    pthread_mutex_unlock(&s->client->lock);
    client_wake(s->client);
}

static void leave_topic(struct sub *s)
{
    struct hub_topic *t = s->topic;
    pthread_mutex_lock(&t->lock);
    *s->link = s->next;
    if (s->next) s->next->link = s->link;
    if (!t->subs) t->idle_since_us = time_mono_us();
    pthread_mutex_unlock(&t->lock);
    topic_unref(t);
}

/* Under the client's lock. */
static void remove_at(struct client *c, struct sub **at)
{
    struct sub *s = *at;
    *at = s->sibling;
    c->nsubs--;
    HUB_COUNT(subs, -1);
    leave_topic(s);
    mem_free(s);
}

static struct sub **place(struct client *c, u32 chan)
{
    struct sub **p = &c->subs;
    while (*p && (*p)->chan != chan) p = &(*p)->sibling;
    return p;
}

void sub_end(struct client *c, u32 chan)
{
    pthread_mutex_lock(&c->lock);
    struct sub **at = place(c, chan);
    if (*at) remove_at(c, at);
    pthread_mutex_unlock(&c->lock);
}

void client_end(struct client *c)
{
    pthread_mutex_lock(&c->lock);
    c->over = true;
    while (c->subs) remove_at(c, &c->subs);
    pthread_mutex_unlock(&c->lock);
    client_leave(c);
}

struct sub *sub_find(struct client *c, u32 chan)
{
    pthread_mutex_lock(&c->lock);
    struct sub *s = *place(c, chan);
    pthread_mutex_unlock(&c->lock);
    return s;
}

void sub_ack(struct client *c, u32 chan, u32 seq)
{
    pthread_mutex_lock(&c->lock);
    struct sub *s = *place(c, chan);
    bool was = s && !credit_left(s);
    if (s) credit_give(&s->credit, seq);
    bool now = s && credit_left(s);
    pthread_mutex_unlock(&c->lock);
    if (was && now) client_wake(c);
}

void sub_pause(struct sub *s, bool pause)
{
    pthread_mutex_lock(&s->client->lock);
    s->paused = pause;
    pthread_mutex_unlock(&s->client->lock);
    if (!pause) client_wake(s->client);
}

/* Handing over, under the client's lock, on the channel's thread. */

/* The oldest that was not seen: news are few and stand at the end. */
static struct event *first_unseen(const struct hub_topic *t, u64 seen)
{
    struct event *e = t->events.newest, *first = NULL;
    for (; e && e->seq > seen; e = e->older) first = e;
    return first;
}

static bool tell_gap(struct sub *s)
{
    const struct hub_topic *t = s->topic;
    u64 lost = t->events.lost;
    if (t->kind->delivery == TOPIC_LATEST || lost <= s->seen) return true;
    if (!s->client->ops->gap(s->client, s, lost + 1, lost - s->seen)) return false;
    HUB_COUNT(thinned, lost - s->seen);
    s->seen = lost;
    return true;
}

static bool deliver_events(struct sub *s)
{
    if (s->seen >= s->topic->seq || !credit_left(s)) return false;
    if (!tell_gap(s)) return true;
    for (struct event *e = first_unseen(s->topic, s->seen); e; e = e->newer) {
        if (!credit_left(s)) return false; /* the acknowledgement wakes it */
        if (!s->client->ops->event(s->client, s, e)) return true;
        HUB_COUNT(events, 1);
        credit_take(s, e->seq, e->bytes);
        s->seen = e->seq;
    }
    return false;
}

bool sub_deliver(struct sub *s, i64 now)
{
    struct hub_topic *t = s->topic;
    if (s->held || s->paused) return false;
    pthread_mutex_lock(&t->lock);
    bool more = t->kind->delivery == TOPIC_POINTS ? points_deliver(s, now) : deliver_events(s);
    pthread_mutex_unlock(&t->lock);
    return more;
}
