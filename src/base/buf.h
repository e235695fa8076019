/* Output text that grows in an arena. `limit` bounds what untrusted input can make it grow to: past it, bytes
 * are dropped and `over` is set, which the maker of the text checks once at its end. */
#pragma once
#include "base/arena.h"

struct buf {
    struct arena *arena;
    char *p;
    size_t n, cap;
    size_t limit;
    bool over;
};

#define BUF(arena_) ((struct buf){ .arena = (arena_) })
char *buf_room(struct buf *, size_t n)
    __attribute__((returns_nonnull)); /* place for n bytes behind the end; buf_grew() after writing */
static inline void buf_grew(struct buf *b, size_t n) { b->n += n; }
void buf_put(struct buf *, str);
void buf_char_slow(struct buf *, char);
static inline void buf_char(struct buf *b, char c)
{
    if (b->n < b->cap && !b->limit) b->p[b->n++] = c;
    else buf_char_slow(b, c);
}
void buf_i64(struct buf *, i64);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF(2, 3);
static inline void buf_z(struct buf *b, const char *z) { buf_put(b, str_of(z)); }
static inline str buf_str(const struct buf *b) { return (str){ b->p ? b->p : "", b->n }; }
