#include "base/rand.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/time.h"
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

/* A thread's stock of random bytes. The pid tells a forked child that its stock is its parent's. */
static _Thread_local struct {
    u8 p[512];
    size_t left;
    pid_t pid;
} stock;

void rand_bytes(void *out, size_t n)
{
    u8 *to = out;
    while (n) {
        if (!stock.left || stock.pid != getpid()) {
            ssize_t got = getrandom(stock.p, sizeof stock.p, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) bug("getrandom: errno %d", errno);
            stock.left = (size_t)got;
            stock.pid = getpid();
        }
        size_t k = MIN(n, stock.left);
        u8 *from = stock.p + stock.left - k;
        memcpy(to, from, k);
        memset(from, 0, k);
        stock.left -= k;
        to += k;
        n -= k;
    }
}

u64 rand_u64(void)
{
    u64 v;
    rand_bytes(&v, sizeof v);
    return v;
}

u64 rand_below(u64 n)
{
    u64 limit = UINT64_MAX - UINT64_MAX % n, v;
    do v = rand_u64();
    while (v >= limit);
    return v % n;
}

uuid uuid_new(void)
{
    uuid u;
    rand_bytes(u.b, sizeof u.b);
    u64 ms = (u64)time_now().us / 1000;
    for (int i = 0; i < 6; i++) u.b[i] = (u8)(ms >> (40 - 8 * i));
    u.b[6] = (u8)(0x70 | (u.b[6] & 0x0f));
    u.b[8] = (u8)(0x80 | (u.b[8] & 0x3f));
    return u;
}

bool uuid_parse(str s, uuid *out)
{
    if (s.n != 36) return false;
    uuid u;
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            if (s.p[at++] != '-') return false;
        if (!hex_decode(str_head(str_skip(s, at), 2), &u.b[i])) return false;
        at += 2;
    }
    *out = u;
    return true;
}

str uuid_text(uuid u, char out[static UUID_TEXT])
{
    static const char digit[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
        out[at++] = digit[u.b[i] >> 4];
        out[at++] = digit[u.b[i] & 15];
    }
    out[at] = 0;
    return (str){ out, at };
}

str rand_text(struct arena *a, size_t n)
{
    static const char set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char *p = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) p[i] = set[rand_below(sizeof set - 1)];
    return (str){ p, n };
}
