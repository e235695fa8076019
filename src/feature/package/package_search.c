/* Full text search that gives the same answer on both databases: the index and its ranks are plain tables
 * (docs/adr/0040). Each word of the question stands for its own stem and for stems that begin with it or are
 * a slip of the finger away; packages that have more of the words come first, then those that have them in
 * weightier places and rarer words. */
#include "feature/package/package_rules.h"
#include "feature/package/stem.h"
#include <math.h>

enum {
    WORDS_OF_PACKAGE = 400,
    WORDS_OF_QUESTION = 8,
    MEANINGS = 6, /* stems that one word may stand for */
};
enum { EXACT = 100, BEGINS = 40, SLIP = 25, SLIP2 = 12 }; /* per cent of a stem's weight */
enum { AS_NAME = 100, AS_DISPLAY_NAME = 60, AS_TAG = 50, AS_CATEGORY = 30, AS_DESCRIPTION = 10 };

struct terms {
    struct stemmer *stemmer;
    struct package_term *item;
    size_t n;
};

static void add_term(struct terms *t, str stem, i64 weight)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!str_eq(t->item[i].stem, stem)) continue;
        t->item[i].weight = MAX(t->item[i].weight, weight);
        return;
    }
    if (t->n < WORDS_OF_PACKAGE) t->item[t->n++] = (struct package_term){ stem, weight };
}
static void add_text(struct terms *t, struct arena *a, str text, i64 weight)
{
    struct stem *s = NEWN(a, struct stem, WORDS_OF_PACKAGE);
    size_t n = stem_text(t->stemmer, text, s, WORDS_OF_PACKAGE);
    for (size_t i = 0; i < n; i++) add_term(t, s[i].stem, weight);
}

static str without_separators(struct arena *a, str name)
{
    struct buf b = BUF(a);
    for (size_t i = 0; i < name.n && b.n < STEM_WORD_MAX; i++)
        if (name.p[i] != '-' && name.p[i] != '_' && name.p[i] != '.') buf_char(&b, name.p[i]);
    return buf_str(&b);
}

static err_t index_trigrams(struct op *op, const struct terms *t)
{
    struct db_arg *rows = NEWN(op->arena, struct db_arg, t->n * STEM_TRIGRAMS_MAX * 2);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        str gram[STEM_TRIGRAMS_MAX];
        size_t grams = stem_trigrams(op->arena, t->item[i].stem, gram);
        for (size_t k = 0; k < grams; k++, n++) {
            rows[n * 2] = A(gram[k]);
            rows[n * 2 + 1] = A(t->item[i].stem);
        }
    }
    return package_sql_stem_trigrams(op, rows, n);
}

err_t package_index(struct op *op, const struct package *p)
{
    struct arena *a = op->arena;
    struct terms t = { stemmer_new(a), NEWN(a, struct package_term, WORDS_OF_PACKAGE), 0 };
    add_text(&t, a, p->name, AS_NAME);
    add_term(&t, without_separators(a, p->name), AS_NAME);
    add_text(&t, a, p->display_name, AS_DISPLAY_NAME);
    for (size_t i = 0; i < p->tags.n; i++) add_text(&t, a, p->tags.item[i], AS_TAG);
    add_text(&t, a, p->category, AS_CATEGORY);
    add_text(&t, a, p->description, AS_DESCRIPTION);
    TRY(package_sql_index(op, p->id, t.item, t.n));
    return index_trigrams(op, &t);
}

/* How well a stem of the index answers the word that was asked for, 0: not at all. A short word must not
 * slip: "c" is not "r". */
static i64 likeness(const struct stem *asked, str stem)
{
    if (str_eq(stem, asked->stem)) return EXACT;
    if (asked->word.n >= 2 && str_starts(stem, asked->word)) return BEGINS;
    size_t letters = str_utf8_count(asked->stem);
    int limit = letters >= 8 ? 2 : letters >= 4 ? 1 : 0;
    int slips = limit ? stem_distance(asked->stem, stem, limit) : 1;
    return slips > limit ? 0 : slips == 1 ? SLIP : SLIP2;
}

struct meaning {
    str stem;
    i64 factor;
};
static int best_first(const void *a, const void *b)
{
    const struct meaning *x = a, *y = b;
    if (x->factor != y->factor) return x->factor < y->factor ? 1 : -1;
    return str_cmp(x->stem, y->stem);
}

/* A rare stem says more than a common one. */
static i64 rarity(i64 packages) { return 1 + (i64)(10 * log2(1000.0 / (double)packages)); }

static err_t meanings_of(struct op *op, const struct stem *asked, struct meaning *out, size_t *n)
{
    str gram[2 * STEM_TRIGRAMS_MAX];
    LIST(struct stem_candidate) c = { 0 };
    struct buf b = BUF(op->arena);
    size_t grams = stem_trigrams(op->arena, asked->stem, gram);
    grams += stem_trigrams(op->arena, asked->word, gram + grams);
    for (size_t i = 0; i < grams; i++) {
        buf_char(&b, i ? ',' : '[');
        json_put_str(&b, gram[i]);
    }
    buf_char(&b, ']');
    TRY(package_sql_stems_like(op, buf_str(&b), &c));
    struct meaning *m = NEWN(op->arena, struct meaning, c.n + 1);
    size_t found = 0;
    for (size_t i = 0; i < c.n; i++) {
        i64 like = c.item[i].packages ? likeness(asked, c.item[i].stem) : 0;
        if (like) m[found++] = (struct meaning){ c.item[i].stem, like * rarity(c.item[i].packages) };
    }
    qsort(m, found, sizeof *m, best_first);
    *n = MIN(found, (size_t)MEANINGS);
    memcpy(out, m, *n * sizeof *m);
    return OK;
}

err_t package_search(struct op *op, str text, i64 limit, package_list *out)
{
    struct stem asked[WORDS_OF_QUESTION];
    struct buf terms = BUF(op->arena);
    size_t words = stem_text(stemmer_new(op->arena), text, asked, LEN(asked)), written = 0;
    buf_char(&terms, '[');
    for (size_t i = 0; i < words; i++) {
        struct meaning m[MEANINGS];
        size_t n;
        TRY(meanings_of(op, &asked[i], m, &n));
        for (size_t k = 0; k < n; k++, written++) {
            buf_z(&terms, written ? ",{\"s\":" : "{\"s\":");
            json_put_str(&terms, m[k].stem);
            buf_printf(&terms, ",\"w\":%zu,\"f\":%lld}", i, (long long)m[k].factor);
        }
    }
    buf_char(&terms, ']');
    out->n = 0;
    if (!written) return OK;
    struct package_seer seer = package_seer_of(op->who);
    return package_sql_search(op, &seer, buf_str(&terms),
                              package_name_key(op->arena, str_lower(op->arena, str_trim(text))), limit, out);
}
