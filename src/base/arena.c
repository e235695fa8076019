#define ALLOW_MALLOC
#include "base/arena.h"
#include "base/log.h"

enum { CHUNK_BYTES = 4096 - 32 };
struct arena_chunk {
    struct arena_chunk *next;
    size_t cap, used;
    _Alignas(16) char mem[];
};
struct arena_defer {
    struct arena_defer *next;
    void (*fn)(void *);
    void *arg;
};

static struct arena_chunk *chunk_new(size_t need, struct arena_chunk *next)
{
    size_t cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    /* Chunks double with the arena, so that a large operation makes few of them. */
    if (next && next->cap * 2 > cap && next->cap < (size_t)MIB(1)) cap = next->cap * 2;
    struct arena_chunk *c = malloc(sizeof *c + cap);
    if (!c) bug("out of memory for %zu bytes", cap);
    c->next = next;
    c->cap = cap;
    c->used = 0;
    return c;
}

void *arena_alloc_raw(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 4) bug("allocation of %zu bytes", n);
    n = (n + 15) & ~(size_t)15;
    if (!n) n = 16;
    if (!a->head || a->head->cap - a->head->used < n) a->head = chunk_new(n, a->head);
    void *p = a->head->mem + a->head->used;
    a->head->used += n;
    a->total += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n) { return memset(arena_alloc_raw(a, n), 0, n); }

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct arena_defer *d = NEW(a, struct arena_defer);
    *d = (struct arena_defer){ a->defer, fn, arg };
    a->defer = d;
}

static void run_deferred(struct arena *a)
{
    while (a->defer) {
        struct arena_defer *d = a->defer;
        a->defer = d->next;
        d->fn(d->arg);
    }
}

void arena_free(struct arena *a)
{
    run_deferred(a);
    for (struct arena_chunk *c = a->head, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = (struct arena){ .limit = a->limit };
}

void arena_reset(struct arena *a)
{
    run_deferred(a);
    struct arena_chunk *keep = NULL;
    for (struct arena_chunk *c = a->head, *next; c; c = next) {
        next = c->next;
        if (!keep && c->cap <= (size_t)KIB(64)) {
            keep = c;
            continue;
        }
        free(c);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    *a = (struct arena){ .head = keep, .limit = a->limit };
}

void arena_done(struct arena *a) { arena_free(a); }

str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) bug("bad format '%s'", fmt);
    char *p = arena_alloc_raw(a, (size_t)n + 1);
    if ((size_t)n < sizeof small) memcpy(p, small, (size_t)n + 1);
    else vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (str){ p, (size_t)n };
}

str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

static char *put_z(char *to, str s)
{
    if (s.n) memcpy(to, s.p, s.n);
    to[s.n] = 0;
    return to;
}

str str_copy(struct arena *a, str s)
{
    if (!s.p) return s;
    return (str){ put_z(arena_alloc_raw(a, s.n + 1), s), s.n };
}

char *str_z(struct arena *a, str s) { return put_z(arena_alloc_raw(a, s.n + 1), s); }

str str_join(struct arena *a, const str *piece, size_t n, str sep)
{
    size_t total = n ? sep.n * (n - 1) : 0;
    for (size_t i = 0; i < n; i++) total += piece[i].n;
    char *p = arena_alloc(a, total + 1), *at = p;
    for (size_t i = 0; i < n; i++) {
        if (i) at = mempcpy(at, sep.p, sep.n);
        if (piece[i].n) at = mempcpy(at, piece[i].p, piece[i].n);
    }
    return (str){ p, total };
}

str str_lower(struct arena *a, str s)
{
    char *p = str_z(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z') p[i] = (char)(p[i] | 0x20);
    return (str){ p, s.n };
}

void *mem_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p) bug("out of memory for %zu bytes", n);
    return p;
}

void *mem_resize(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p) bug("out of memory for %zu bytes", n);
    return p;
}

void mem_free(void *p) { free(p); }

str mem_str(str s)
{
    if (!s.p) return s;
    return (str){ put_z(mem_alloc(s.n + 1), s), s.n };
}
