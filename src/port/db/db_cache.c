/* Prepared statements of one connection: an open-addressing table. Literals are found by their address (the
 * usual case, no look at the text), composed statements by their text. The program has some hundreds of
 * literals; composed texts are bounded by dropping everything idle when the table has grown past its limit.
 */
#include "base/arena.h"
#include "port/db/db_port.h"

enum { CACHE_FIRST = 64, CACHE_MOST = 1024 };

static size_t place(const struct db_cache *c, const char *text, bool literal)
{
    u64 h = literal ? (u64)(uintptr_t)text * 0x9e3779b97f4a7c15u : str_hash(str_of(text));
    return (size_t)(h >> 20) & (c->cap - 1);
}

static bool same(const struct db_cached *s, const char *text, bool literal)
{
    return s->literal == literal && (literal ? s->text == text : !strcmp(s->text, text));
}

struct db_cached *db_cache_find(struct db_cache *c, const struct db_query *q)
{
    if (!c->cap) return NULL;
    for (size_t i = place(c, q->text, q->literal); c->slot[i]; i = (i + 1) & (c->cap - 1))
        if (same(c->slot[i], q->text, q->literal)) return c->slot[i];
    return NULL;
}

static void put(struct db_cache *c, struct db_cached *s)
{
    size_t i = place(c, s->text, s->literal);
    while (c->slot[i]) i = (i + 1) & (c->cap - 1);
    c->slot[i] = s;
    c->n++;
}

/* Moves the statements that keep() wants into a table of `cap` slots. */
static void rebuild(struct db_cache *c, size_t cap, const struct db_cached *without, bool busy_only)
{
    struct db_cached **old = c->slot;
    size_t n = c->cap;
    c->slot = mem_alloc(cap * sizeof *c->slot);
    c->cap = cap;
    c->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!old[i] || old[i] == without) continue;
        if (busy_only && !old[i]->busy) c->drop(c->ctx, old[i]);
        else put(c, old[i]);
    }
    mem_free(old);
}

void db_cache_add(struct db_cache *c, struct db_cached *s)
{
    if (c->n >= CACHE_MOST) rebuild(c, CACHE_MOST * 2, NULL, true);
    else if (c->n * 2 >= c->cap) rebuild(c, MAX(c->cap * 2, (size_t)CACHE_FIRST), NULL, false);
    put(c, s);
}

void db_cache_remove(struct db_cache *c, struct db_cached *s)
{
    rebuild(c, c->cap, s, false);
    c->drop(c->ctx, s);
}

void db_cache_done(struct db_cache *c)
{
    for (size_t i = 0; i < c->cap; i++)
        if (c->slot[i]) c->drop(c->ctx, c->slot[i]);
    mem_free(c->slot);
    c->slot = NULL;
    c->cap = c->n = 0;
}
