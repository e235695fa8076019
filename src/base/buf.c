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

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
    "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
    "9293949596979899";

static void eight_digits(char *to, u32 v)
{
    u32 high = v / 10000, low = v % 10000;
    memcpy(to, pairs + 2 * (high / 100), 2);
    memcpy(to + 2, pairs + 2 * (high % 100), 2);
    memcpy(to + 4, pairs + 2 * (low / 100), 2);
    memcpy(to + 6, pairs + 2 * (low % 100), 2);
}

static unsigned digits_of(u64 u)
{
    unsigned n = 1;
    for (; u >= 10000; u /= 10000) n += 4;
    return n + (u >= 10) + (u >= 100) + (u >= 1000);
}

/* Straight into the text: a number that was just put together elsewhere is slow to copy. */
void buf_i64(struct buf *b, i64 v)
{
    u64 u = v < 0 ? 0 - (u64)v : (u64)v;
    unsigned n = digits_of(u) + (v < 0);
    if (b->limit && b->n + n > b->limit) {
        b->over = true;
        return;
    }
    char *p = buf_room(b, n) + n;
    for (; u >= 100000000; u /= 100000000) eight_digits(p -= 8, (u32)(u % 100000000));
    u32 rest = (u32)u;
    for (; rest >= 100; rest /= 100) memcpy(p -= 2, pairs + 2 * (rest % 100), 2);
    if (rest >= 10) memcpy(p -= 2, pairs + 2 * rest, 2);
    else *--p = (char)('0' + rest);
    if (v < 0) *--p = '-';
    buf_grew(b, n);
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
