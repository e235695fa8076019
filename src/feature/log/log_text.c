/* The intrinsics come first: their header allocates, which the house forbids. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "feature/log/log_text.h"

/* ---- case ----
 * Cyrillic capitals in UTF-8 all begin with D0:
 *   U+0400..040F  D0 80..8F -> D1 90..9F
 *   U+0410..041F  D0 90..9F -> D0 B0..BF
 *   U+0420..042F  D0 A0..AF -> D1 80..8F  */

void log_fold(const char *in, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        u8 c = (u8)in[i], capital = (u8)((u8)(c - 'A') < 26);
        out[i] = (char)(c + (u8)(capital << 5));
    }
    if (!n) return;
    const char *end = out + n;
    for (char *p = out; (p = memchr(p, 0xd0, (size_t)(end - p))); p++) {
        if (p + 1 == end) return;
        u8 next = (u8)p[1];
        if (next < 0x80 || next > 0xaf) continue;
        if (next < 0x90 || next >= 0xa0) p[0] = (char)0xd1;
        p[1] = (char)(next < 0x90 ? next + 0x10 : next < 0xa0 ? next + 0x20 : next - 0x20);
    }
}

bool log_unfold(char *p, size_t n)
{
    u8 c = n ? (u8)p[0] : 0;
    if (c >= 'a' && c <= 'z') {
        p[0] = (char)(c - 32);
        return true;
    }
    u8 next = n > 1 ? (u8)p[1] : 0;
    u8 was = 0;
    if (c == 0xd0 && next >= 0xb0 && next <= 0xbf) was = (u8)(next - 0x20);
    if (c == 0xd1 && next >= 0x80 && next <= 0x8f) was = (u8)(next + 0x20);
    if (c == 0xd1 && next >= 0x90 && next <= 0x9f) was = (u8)(next - 0x10);
    if (!was) return false;
    p[0] = (char)0xd0;
    p[1] = (char)was;
    return true;
}

/* ---- terms ---- */

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Takes the next word or phrase off rest; a phrase that nothing closes reaches to the end. */
static str next_term(str *rest)
{
    while (rest->n && blank(rest->p[0])) *rest = str_skip(*rest, 1);
    size_t n = 0;
    if (rest->n && rest->p[0] == '"') {
        str phrase, after;
        if (!str_cut(str_skip(*rest, 1), '"', &phrase, &after)) after = (str){ 0 };
        *rest = after;
        return phrase;
    }
    while (n < rest->n && !blank(rest->p[n]) && rest->p[n] != '"') n++;
    str word = str_head(*rest, n);
    *rest = str_skip(*rest, n);
    return word;
}

struct log_terms log_terms_of(struct arena *a, str question)
{
    str *item = NEWN(a, str, question.n + 1);
    size_t n = 0;
    while (question.n) {
        str term = next_term(&question);
        if (!term.n) continue;
        char *folded = arena_alloc_raw(a, term.n);
        log_fold(term.p, term.n, folded);
        size_t at = n++;
        for (; at && item[at - 1].n < term.n; at--) item[at] = item[at - 1];
        item[at] = (str){ folded, term.n };
    }
    return (struct log_terms){ item, n };
}

/* ---- finding ---- */

bool log_seek_plain(str s, str what, size_t *at)
{
    const char *p = what.n <= s.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
    if (!p) return false;
    *at = (size_t)(p - s.p);
    return true;
}

#ifdef __SSE2__
/* Sixteen places at a time where the first and the last byte are right. */
bool log_seek(str s, str what, size_t *at)
{
    if (what.n < 2 || s.n < what.n + 16) return log_seek_plain(s, what, at);
    const __m128i first = _mm_set1_epi8(what.p[0]), last = _mm_set1_epi8(what.p[what.n - 1]);
    size_t i = 0;
    for (; i + 16 + what.n - 1 <= s.n; i += 16) {
        __m128i a = _mm_loadu_si128((const void *)(s.p + i));
        __m128i b = _mm_loadu_si128((const void *)(s.p + i + what.n - 1));
        unsigned bits =
            (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));
        for (; bits; bits &= bits - 1) {
            size_t k = i + (unsigned)__builtin_ctz(bits);
            if (memcmp(s.p + k, what.p, what.n)) continue;
            *at = k;
            return true;
        }
    }
    if (!log_seek_plain(str_skip(s, i), what, at)) return false;
    *at += i;
    return true;
}
#else
bool log_seek(str s, str what, size_t *at) { return log_seek_plain(s, what, at); }
#endif

static bool has_from(str folded, const struct log_terms *t, size_t from)
{
    size_t at;
    for (size_t i = from; i < t->n; i++)
        if (!log_seek(folded, t->item[i], &at)) return false;
    return true;
}
bool log_has(str folded, const struct log_terms *t) { return has_from(folded, t, 0); }

static u32 count_ends(const char *from, const char *to)
{
    u32 n = 0;
    for (; from < to; from++) n += !*from;
    return n;
}

/* No term has U+0000 in it, so what is found lies within one line. */
size_t log_search(str folded, const struct log_terms *t, u32 *line, size_t most)
{
    const char *begin = folded.p, *end = folded.p + folded.n; /* begin: of line number `number` */
    u32 number = 0;
    size_t n = 0, at;
    while (n < most && begin < end && log_seek(str_sub(begin, end), t->item[0], &at)) {
        const char *hit = begin + at, *start = memrchr(begin, 0, at);
        start = start ? start + 1 : begin;
        const char *stop = memchr(hit, 0, (size_t)(end - hit));
        if (!stop) stop = end;
        number += count_ends(begin, start);
        if (has_from(str_sub(start, stop), t, 1)) line[n++] = number;
        number++;
        begin = stop + 1;
    }
    return n;
}

/* ---- filter ---- */

/* Triples of characters, as far as bytes tell: three code points of well-formed text. */
struct triples {
    const u8 *p, *end;
    u64 last; /* the last three characters, 21 bits each */
    unsigned n;
};

static bool next_triple(struct triples *t, u64 *hash)
{
    while (t->p < t->end) {
        u32 c = *t->p++;
        if (c >= 0xc0)
            while (t->p < t->end && (*t->p & 0xc0) == 0x80) c = c << 6 ^ *t->p++;
        t->last = (t->last << 21 | (c & 0x1fffff)) & 0x7fffffffffffffff;
        t->n = c ? t->n + 1 : 0; /* never across lines */
        if (t->n < 3) continue;
        *hash = t->last * 0x9e3779b97f4a7c15u >> 32;
        return true;
    }
    return false;
}
static struct triples triples_of(str s)
{
    return (struct triples){ (const u8 *)s.p, (const u8 *)s.p + s.n, 0, 0 };
}

static size_t ones(const u8 *p, size_t n)
{
    size_t sum = 0;
    u64 w;
    for (size_t i = 0; i < n; i += sizeof w) {
        memcpy(&w, p + i, sizeof w);
        sum += (size_t)__builtin_popcountll(w);
    }
    return sum;
}

/* The low bits of a hash say where in a smaller set, so a set is halved by laying its halves upon each other.
 */
str log_filter_make(struct arena *a, str folded)
{
    u8 *bits = arena_alloc(a, LOG_FILTER_MAX);
    size_t n = LOG_FILTER_MAX;
    struct triples t = triples_of(folded);
    for (u64 h; next_triple(&t, &h);) bits[h / 8 % n] |= (u8)(1 << h % 8);
    while (n > 64 && ones(bits, n) * 8 <= n * 8) {
        n /= 2;
        for (size_t i = 0; i < n; i++) bits[i] |= bits[n + i];
    }
    return (str){ (const char *)bits, n };
}

bool log_filter_may(str filter, const struct log_terms *terms)
{
    if (filter.n < 64 || filter.n & (filter.n - 1)) return true; /* not one of ours: it says nothing */
    for (size_t i = 0; i < terms->n; i++) {
        struct triples t = triples_of(terms->item[i]);
        for (u64 h; next_triple(&t, &h);)
            if (!((u8)filter.p[h / 8 % filter.n] & 1 << h % 8)) return false;
    }
    return true;
}
