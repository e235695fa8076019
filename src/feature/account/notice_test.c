/* Notices, heard by a listener inside the program. */
#include "feature/account/account.h"
#include "feature/channel/channel.h"
#include "tests/unit/world.h"
#include <pthread.h>

struct heard {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct arena arena;
    str json[64];
    size_t n;
};

static void on_notice(void *ctx, str topic UNUSED, u64 seq UNUSED, str json)
{
    struct heard *h = ctx;
    pthread_mutex_lock(&h->lock);
    if (h->n < LEN(h->json)) h->json[h->n++] = str_copy(&h->arena, json);
    pthread_cond_signal(&h->more);
    pthread_mutex_unlock(&h->lock);
}

/* The nth notice (from 0), once it has come; absent: it has not within a minute. */
static str nth(struct heard *h, size_t n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&h->lock);
    while (h->n <= n)
        if (pthread_cond_timedwait(&h->more, &h->lock, &until)) break;
    str json = n < h->n ? h->json[n] : (str){ 0 };
    pthread_mutex_unlock(&h->lock);
    return json;
}

static void expect(struct world *w, struct heard *h, size_t n, const char *kind, const char *name,
                   const char *by)
{
    struct said s = { .body = nth(h, n) };
    assert_at(w, s, "kind", kind);
    assert_at(w, s, "name", name);
    assert_at(w, s, "by", by);
}

WORLD(notice_reaches_its_person)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    struct heard h = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
    i64 project = world_project(w, "plant", &ann);
    struct channel_listener *l =
        channel_listen(arena_printf(op->arena, "me/%lld", (long long)bob.id), on_notice, &h);
    assert_non_null(l);
    const char *member = arena_printf(op->arena, "/api/v1/projects/%lld/members/bob", (long long)project).p;
    assert_said(say(w, ann.token, PUT, member, "{\"role\":\"viewer\"}"), 200);
    expect(w, &h, 0, "member.set", "plant", "ann");
    assert_said(say(w, ann.token, DELETE, member, NULL), 204);
    expect(w, &h, 1, "member.removed", "plant", "ann");
    assert_said(
        say(w, ann.token, POST, "/api/spark/packages", "{\"name\":\"tool\",\"display_name\":\"Tool\"}"), 201);
    assert_said(say(w, ann.token, POST, "/api/spark/packages/tool/grants", "{\"login\":\"bob\"}"), 201);
    expect(w, &h, 2, "grant.given", "tool", "ann");
    assert_said(say(w, ann.token, DELETE, "/api/spark/packages/tool/grants/users/bob", NULL), 204);
    expect(w, &h, 3, "grant.ended", "tool", "ann");
    assert_refused(w, say(w, ann.token, DELETE, "/api/spark/packages/tool/grants/users/bob", NULL), 404, "");
    channel_unlisten(l);
    assert_int_equal(h.n, 4);
    arena_free(&h.arena);
}

/* Others have no such topic, whatever it is called. */
WORLD(notice_is_private)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    const char *his = arena_printf(op->arena, "/api/v1/live/follow?topic=me/%lld", (long long)bob.id).p;
    assert_refused(w, say(w, ann.token, GET, his, NULL), 404, "");
    assert_said(say(w, (str){ 0 }, GET, "/api/v1/live/follow?topic=me", NULL), 401);
}
