#include "base/buf.h"

char *buf_room(struct buf *b, size_t n)
{
    if (b->cap - b->n < n) {
        size_t cap = MAX((b->cap + n) + (b->cap + n) / 2, (size_t)128);
        char *p = arena_alloc_raw(b->arena, cap);
        if (b->n) memcpy(p, b->p, b->n);
        b->p = p;
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, str s)
{
    if (!s.n) return;
    if (b->limit && b->n + s.n > b->limit) {
        b->over = true;
        return;
    }
    memcpy(buf_room(b, s.n), s.p, s.n);
    b->n += s.n;
}

void buf_char_slow(struct buf *b, char c) { buf_put(b, (str){ &c, 1 }); }

void buf_i64(struct buf *b, i64 v)
{
    char t[20], *p = t + sizeof t;
    u64 u = v < 0 ? 0 - (u64)v : (u64)v;
    do *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0) *--p = '-';
    buf_put(b, str_sub(p, t + sizeof t));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof small) buf_put(b, (str){ small, (size_t)n });
    else if (n > 0) buf_put(b, arena_vprintf(b->arena, fmt, again));
    va_end(again);
}
