#include "base/buf.h"
#include "base/digits.h"

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
    char text[DIGITS_I64];
    if (b->limit) {
        buf_put(b, str_sub(text, digits_i64(text, v)));
        return;
    }
    /* Straight into the text: a number that was just put together elsewhere is slow to copy. */
    char *p = buf_room(b, DIGITS_I64);
    buf_grew(b, (size_t)(digits_i64(p, v) - p));
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
