/* Points of series: a ring a topic, of which each listener takes what it has not seen, as often as it asked
 * for. */
#include "feature/channel/hub.h"
#include "feature/channel/hub_count.h"

enum { POINTS_LEAST = 256 };

void points_free(struct point_ring *r)
{
    mem_free(r->t);
    mem_free(r->v);
}

static void grow(struct point_ring *r, size_t n)
{
    size_t room = r->room ? r->room : POINTS_LEAST;
    while (room < POINTS_MOST && room < n) room *= 2;
    if (room == r->room) return;
    i64 *t = mem_alloc(room * sizeof *t);
    double *v = mem_alloc(room * sizeof *v);
    for (u64 i = r->end - MIN(r->end, r->room); i < r->end; i++) {
        t[i % room] = r->t[i % r->room];
        v[i % room] = r->v[i % r->room];
    }
    points_free(r);
    *r = (struct point_ring){ t, v, room, r->end };
}

static void add(struct point_ring *r, const i64 *t, const double *v, size_t n)
{
    /* Twice a batch at least, so that a listener who is a batch behind is not too late. */
    grow(r, MIN(r->end, r->room) + 2 * n);
    size_t skip = n > r->room ? n - r->room : 0;
    r->end += skip;
    for (size_t i = skip; i < n; i++, r->end++) {
        r->t[r->end % r->room] = t[i];
        r->v[r->end % r->room] = v[i];
    }
}

static u64 oldest(const struct point_ring *r) { return r->end - MIN(r->end, r->room); }

/* By time, and what came later behind what came before of the same time. */
struct point {
    i64 t;
    double v;
    u32 at;
};
static int compare(const void *a_, const void *b_)
{
    const struct point *a = a_, *b = b_;
    if (a->t != b->t) return a->t < b->t ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* One frame's points. Only the channel's thread is here. */
static struct points_out take(const struct point_ring *r, u64 from, u32 n)
{
    static struct point p[POINTS_A_FRAME];
    static i64 t[POINTS_A_FRAME];
    static double v[POINTS_A_FRAME];
    bool sorted = true;
    for (u32 i = 0; i < n; i++) {
        size_t at = (from + i) % r->room;
        p[i] = (struct point){ r->t[at], r->v[at], i };
        sorted = sorted && (!i || p[i - 1].t <= p[i].t);
    }
    if (!sorted) qsort(p, n, sizeof *p, compare);
    for (u32 i = 0; i < n; i++) {
        t[i] = p[i].t;
        v[i] = p[i].v;
    }
    return (struct points_out){ t, v, n, from + n, false };
}

static bool tell_gap(struct sub *s)
{
    u64 first = oldest(&s->topic->points);
    if (s->seen >= first) return true;
    if (!s->client->ops->gap(s->client, s, first, first - s->seen)) return false;
    HUB_COUNT(thinned, first - s->seen);
    credit_take(s, first, 40);
    s->seen = first;
    return true;
}

bool points_deliver(struct sub *s, i64 now)
{
    const struct point_ring *r = &s->topic->points;
    if (s->seen >= r->end || !credit_left(s)) return false;
    if (now < s->due_us || !tell_gap(s)) return true;
    while (s->seen < r->end && credit_left(s)) {
        struct points_out p = take(r, s->seen, (u32)MIN(r->end - s->seen, POINTS_A_FRAME));
        p.late = p.t[0] <= s->newest_t;
        if (!s->client->ops->points(s->client, s, &p)) return true;
        HUB_COUNT(frames, 1);
        credit_take(s, p.seq, 40 + 16 * (size_t)p.n);
        s->newest_t = MAX(s->newest_t, p.t[p.n - 1]);
        s->seen = p.seq;
    }
    s->due_us = now + s->every_us;
    return false;
}

void topic_points(str name, const i64 *t, const double *v, size_t n)
{
    struct hub_topic *topic = topic_find(name);
    if (!topic) return;
    if (topic->kind->delivery == TOPIC_POINTS && n) {
        pthread_mutex_lock(&topic->lock);
        add(&topic->points, t, v, n);
        pthread_mutex_unlock(&topic->lock);
        hub_topic_dirty(topic);
    }
    topic_unref(topic);
}

bool sub_behind(struct sub *s)
{
    pthread_mutex_lock(&s->client->lock);
    pthread_mutex_lock(&s->topic->lock);
    bool behind = s->seen < oldest(&s->topic->points);
    pthread_mutex_unlock(&s->topic->lock);
    pthread_mutex_unlock(&s->client->lock);
    return behind;
}

void sub_skip(struct sub *s)
{
    pthread_mutex_lock(&s->client->lock);
    pthread_mutex_lock(&s->topic->lock);
    s->seen = s->topic->points.end;
    pthread_mutex_unlock(&s->topic->lock);
    pthread_mutex_unlock(&s->client->lock);
}
