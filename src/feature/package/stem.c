#include "feature/package/stem.h"
#include <libstemmer.h>

struct stemmer {
    struct arena *arena;
    struct sb_stemmer *english, *russian;
};

static void stemmer_free(void *arg)
{
    struct stemmer *s = arg;
    sb_stemmer_delete(s->english);
    sb_stemmer_delete(s->russian);
}
struct stemmer *stemmer_new(struct arena *a)
{
    struct stemmer *s = NEW(a, struct stemmer);
    *s = (struct stemmer){ a, sb_stemmer_new("english", "UTF_8"), sb_stemmer_new("russian", "UTF_8") };
    arena_defer(a, stemmer_free, s);
    return s;
}

/* The code point at the head of well-formed UTF-8; malformed bytes count as blanks. */
static u32 next_char(str *s)
{
    u8 c = (u8)s->p[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    u32 v = n == 1 ? c : n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 0x07u;
    bool ok = n && n <= s->n;
    for (size_t i = 1; ok && i < n; i++) {
        ok = ((u8)s->p[i] & 0xc0) == 0x80;
        v = v << 6 | ((u8)s->p[i] & 0x3fu);
    }
    *s = str_skip(*s, ok ? n : 1);
    return ok ? v : ' ';
}
static size_t put_char(u32 c, char out[static 4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    size_t n = c < 0x10000 ? 3 : 4;
    out[0] = (char)((n == 3 ? 0xe0 : 0xf0) | c >> (6 * (n - 1)));
    for (size_t i = 1; i < n; i++) out[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
    return n;
}

/* Lower case of Latin, Greek and Cyrillic capitals; other scripts that have case are rare in our texts. */
static u32 lower(u32 c)
{
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
    if (c >= 0x391 && c <= 0x3a9) return c + 32;
    if (c >= 0x410 && c <= 0x42f) return c + 32;
    if (c == 0x401 || c == 0x451) return 0x435; /* ё is typed as е by most */
    if (c >= 0x400 && c <= 0x40f) return c + 80;
    return c;
}
static bool letter(u32 c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    return c >= 0xc0 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) &&
           !(c >= 0x3000 && c <= 0x303f);
}

/* The next word of *rest, lower case, at most STEM_WORD_MAX letters; absent at the end. `script` gets a
 * letter of it. */
static str next_word(struct arena *a, str *rest, u32 *script)
{
    char text[STEM_WORD_MAX * 4];
    size_t n = 0, letters = 0;
    while (rest->n) {
        u32 c = lower(next_char(rest));
        if (!letter(c)) {
            if (letters) break;
            continue;
        }
        if (letters == STEM_WORD_MAX) continue;
        letters++;
        if (c > '9') *script = c;
        n += put_char(c, text + n);
    }
    return letters ? str_copy(a, (str){ text, n }) : (str){ 0 };
}

static str stem_word(struct stemmer *s, str word, u32 script)
{
    struct sb_stemmer *sb = script >= 'a' && script <= 'z'       ? s->english
                            : script >= 0x430 && script <= 0x44f ? s->russian
                                                                 : NULL;
    if (!sb) return word;
    const sb_symbol *p = sb_stemmer_stem(sb, (const sb_symbol *)word.p, (int)word.n);
    int n = sb_stemmer_length(sb);
    return p && n > 0 ? str_copy(s->arena, (str){ (const char *)p, (size_t)n }) : word;
}

size_t stem_text(struct stemmer *s, str text, struct stem *out, size_t max)
{
    size_t n = 0;
    for (str rest = text; n < max;) {
        u32 script = 0;
        str word = next_word(s->arena, &rest, &script);
        if (!word.p) break;
        out[n++] = (struct stem){ word, stem_word(s, word, script) };
    }
    return n;
}

size_t stem_trigrams(struct arena *a, str word, str out[static STEM_TRIGRAMS_MAX])
{
    u32 c[STEM_WORD_MAX + 2] = { '^' };
    size_t letters = 1, n = 0;
    for (str rest = word; rest.n && letters <= STEM_WORD_MAX;) c[letters++] = next_char(&rest);
    c[letters++] = '$';
    for (size_t i = 0; i + 3 <= letters; i++) {
        char text[12];
        size_t bytes = 0;
        for (size_t k = 0; k < 3; k++) bytes += put_char(c[i + k], text + bytes);
        out[n++] = str_copy(a, (str){ text, bytes });
    }
    return n;
}

int stem_distance(str a, str b, int limit)
{
    u32 x[STEM_WORD_MAX], y[STEM_WORD_MAX];
    int nx = 0, ny = 0, row[3][STEM_WORD_MAX + 1];
    while (a.n && nx < STEM_WORD_MAX) x[nx++] = next_char(&a);
    while (b.n && ny < STEM_WORD_MAX) y[ny++] = next_char(&b);
    if (abs(nx - ny) > limit) return limit + 1;
    for (int k = 0; k <= ny; k++) row[0][k] = k;
    for (int i = 1; i <= nx; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (int k = 1; k <= ny; k++) {
            int best = before[k - 1] + (x[i - 1] != y[k - 1]);
            best = MIN(best, MIN(before[k], now[k - 1]) + 1);
            if (i > 1 && k > 1 && x[i - 1] == y[k - 2] && x[i - 2] == y[k - 1])
                best = MIN(best, earlier[k - 2] + 1);
            now[k] = best;
        }
    }
    return MIN(row[nx % 3][ny], limit + 1);
}
