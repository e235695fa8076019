#include "feature/package/package_page.h"
#include "feature/package/package.h"
#include "net/http.h"
#include "port/db/db.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
    SETS = 1024,
    WAYS = 4,
    PAGE_MAX = 4 << 20,
    PAGES_MAX = 128 << 20, /* bytes of all pages */
};
static const i64 fresh_us = SEC(1), stale_us = SEC(10);

/* Names fall into sets of four pages; a set has a lock of its own. */
static struct set {
    pthread_mutex_t lock;
    u64 changes; /* a ticket is the count when the page was begun */
    struct page {
        char name[PACKAGE_NAME_MAX];
        u8 name_n; /* 0: empty */
        size_t size;
        i64 due_us; /* when somebody should make it anew */
        i64 made_us;
        struct http_shared *answer;
    } page[WAYS];
} sets[SETS] = { [0 ... SETS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };
static _Atomic size_t bytes;

static struct set *set_of(str name) { return &sets[str_hash(name) % SETS]; }

static void empty(struct page *p)
{
    http_shared_unref(p->answer);
    atomic_fetch_sub(&bytes, p->size);
    *p = (struct page){ 0 };
}
static struct page *page_in(struct set *s, str name)
{
    for (size_t i = 0; i < WAYS; i++)
        if (name.n && s->page[i].name_n == name.n && !memcmp(s->page[i].name, name.p, name.n))
            return &s->page[i];
    return NULL;
}

/* The page to send now; NULL when this request should make it anew. */
static struct http_shared *take(str name)
{
    struct set *s = set_of(name);
    struct http_shared *answer = NULL;
    i64 now = time_mono_us();
    pthread_mutex_lock(&s->lock);
    struct page *p = page_in(s, name);
    if (p && now < p->due_us) {
        answer = p->answer;
        http_shared_ref(answer);
    } else if (p && now < p->made_us + stale_us) {
        p->due_us = now + fresh_us; /* this request makes it anew, the others need not wait for it */
    } else if (p) {
        empty(p);
    }
    pthread_mutex_unlock(&s->lock);
    return answer;
}

bool package_page_fast(struct http_request *r)
{
    str name;
    if (http_has_query(r) || !http_path_param(r, "name", &name)) return false;
    struct http_shared *answer = take(name);
    if (!answer) return false;
    bool sent = http_answer_shared(r, answer);
    http_shared_unref(answer);
    return sent;
}

u64 package_page_ticket(str name)
{
    struct set *s = set_of(name);
    pthread_mutex_lock(&s->lock);
    u64 ticket = s->changes;
    pthread_mutex_unlock(&s->lock);
    return ticket;
}

/* An empty place, else the oldest page's. */
static struct page *place_in(struct set *s)
{
    struct page *oldest = &s->page[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (!s->page[i].name_n) return &s->page[i];
        if (s->page[i].made_us < oldest->made_us) oldest = &s->page[i];
    }
    return oldest;
}

void package_page_put(str name, u64 ticket, str body)
{
    struct set *s = set_of(name);
    if (!name.n || name.n > PACKAGE_NAME_MAX || body.n > PAGE_MAX) return;
    struct http_shared *answer = http_shared_new(body, "application/json", "no-cache");
    i64 now = time_mono_us();
    pthread_mutex_lock(&s->lock);
    struct page *p = page_in(s, name);
    if (s->changes == ticket && !p) p = place_in(s);
    if (s->changes == ticket) {
        if (p->name_n) empty(p);
        if (atomic_load(&bytes) + body.n <= PAGES_MAX) {
            *p = (struct page){ .name_n = (u8)name.n,
                                .size = body.n,
                                .due_us = now + fresh_us,
                                .made_us = now,
                                .answer = answer };
            memcpy(p->name, name.p, name.n);
            atomic_fetch_add(&bytes, body.n);
            answer = NULL;
        }
    }
    pthread_mutex_unlock(&s->lock);
    http_shared_unref(answer);
}

static void drop_in(struct set *s)
{
    pthread_mutex_lock(&s->lock);
    s->changes++;
    for (size_t i = 0; i < WAYS; i++)
        if (s->page[i].name_n) empty(&s->page[i]);
    pthread_mutex_unlock(&s->lock);
}
void package_page_drop(str name) { drop_in(set_of(name)); }
static void drop_later(void *arg) { drop_in(arg); }
/* The set's other three pages go too: they cost one request each, and the name need not outlive the
 * operation. */
void package_page_changed(struct op *op, str name) { db_after_commit(op, drop_later, set_of(name)); }

void package_page_stop(void)
{
    for (size_t i = 0; i < SETS; i++) drop_in(&sets[i]);
}
