/* Memory with one lifetime: allocate freely, release once. The four lifetimes of the program are process,
 * object (a connection, a unit: owns an arena), operation (op->arena) and scratch (a local arena in a loop).
 * Memory is zeroed and never NULL: out of memory aborts the process, because everything acknowledged is on
 * disk. An arena belongs to one thread at a time. */
#pragma once
#include "base/str.h"

struct arena_chunk;
struct arena_defer;
struct arena {
    struct arena_chunk *head;
    struct arena_defer *defer;
    size_t total; /* bytes handed out */
    size_t limit; /* soft: arena_over() tells; 0 means none */
};

void *arena_alloc(struct arena *, size_t n) __attribute__((returns_nonnull, alloc_size(2)));
void *arena_alloc_raw(struct arena *, size_t n)
    __attribute__((returns_nonnull, alloc_size(2)));             /* not zeroed */
void arena_defer(struct arena *, void (*fn)(void *), void *arg); /* runs at free or reset, last one first */
void arena_free(struct arena *);
void arena_reset(struct arena *); /* like free, but keeps one chunk of ordinary size for reuse */
void arena_done(struct arena *);  /* for AUTO(arena) */

#define NEW(a, T)     ((T *)arena_alloc((a), sizeof(T)))
#define NEWN(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
static inline bool arena_over(const struct arena *a) { return a->limit && a->total > a->limit; }

str arena_printf(struct arena *, const char *fmt, ...) PRINTF(2, 3); /* NUL-terminated behind its end */
str arena_vprintf(struct arena *, const char *fmt, va_list ap) PRINTF(2, 0);
str str_copy(struct arena *, str s); /* NUL-terminated behind its end; absent stays absent */
char *str_z(struct arena *, str s);  /* a C string for the OS or a library; absent gives "" */
str str_join(struct arena *, const str *piece, size_t n, str sep);
str str_lower(struct arena *, str s); /* ASCII letters */

/* Memory of objects that outlive operations: zeroed, aborts when there is none. */
void *mem_alloc(size_t n) __attribute__((returns_nonnull, alloc_size(1)));
void *mem_resize(void *p, size_t n)
    __attribute__((returns_nonnull, alloc_size(2))); /* new part is not zeroed */
void mem_free(void *p);
str mem_str(str s); /* a copy for mem_free((void *)s.p), NUL-terminated behind its end */
#define MEM_NEW(T) ((T *)mem_alloc(sizeof(T)))
