#include "net/points.h"
#include "base/rand.h"
#include <pthread.h>

enum { FIRST_ROOM = 4 };

struct points_series *points_new(struct points *b, u32 *index)
{
    if (b->n == b->cap) {
        u32 cap = b->cap ? b->cap * 2 : 64;
        struct points_series *more = arena_alloc_raw(b->arena, cap * sizeof *more);
        if (b->n) memcpy(more, b->series, b->n * sizeof *more);
        b->series = more;
        b->cap = cap;
    }
    struct points_series *s = &b->series[b->n];
    *s = (struct points_series){ 0 };
    *index = b->n++;
    return s;
}

static size_t width(const struct points_series *s) { return s->kind == POINTS_TEXT ? sizeof(str) : 8; }

void points_reserve(struct points *b, struct points_series *s, u32 n)
{
    if (s->cap - s->n >= n) return;
    u32 cap = s->n + n;
    i64 *t = arena_alloc_raw(b->arena, cap * sizeof *t);
    void *v = arena_alloc_raw(b->arena, cap * width(s));
    if (s->n) {
        memcpy(t, s->t, s->n * sizeof *t);
        memcpy(v, s->f, s->n * width(s));
    }
    s->t = t;
    s->f = v;
    s->cap = cap;
}

void points_join(struct points *b, struct points_series *into, const struct points_series *from)
{
    if (!from->n) return;
    size_t w = width(from);
    points_reserve(b, into, from->n);
    memcpy(into->t + into->n, from->t, from->n * sizeof *from->t);
    memcpy((char *)into->f + into->n * w, from->f, from->n * w);
    into->n += from->n;
}

void points_grow(struct points *b, struct points_series *s)
{
    points_reserve(b, s, s->n < 4096 ? MAX(s->n * 3, FIRST_ROOM) : s->n);
}

static u64 seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;
static void make_seed(void) { seed = rand_u64() | 1; }

static u64 fold(u64 a, u64 b)
{
    unsigned __int128 x = (unsigned __int128)a * b;
    return (u64)x ^ (u64)(x >> 64);
}

/* Eight bytes a step, seeded: what a sender chooses must not make one long chain of the table. */
u64 points_hash(str s, u64 with)
{
    static const u64 odd = 0x9e3779b97f4a7c15u;
    pthread_once(&seeded, make_seed);
    u64 h = fold(seed ^ with, odd ^ s.n), w = 0;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, 8);
        h = fold(h ^ w, seed ^ odd);
    }
    w = 0;
    if (s.n > i) memcpy(&w, s.p + i, s.n - i);
    return fold(h ^ w, odd);
}

/* The hash's low bits find the place, its others are kept beside the index: a comparison is then nearly
 * always the right one. */
static void rehash(struct points *b)
{
    u32 size = b->table_size ? b->table_size * 4 : 256, *table = NEWN(b->arena, u32, (size_t)size * 2);
    for (u32 i = 0; i < b->table_size; i++) {
        u32 hash = b->table[2 * i + 1];
        if (!b->table[2 * i]) continue;
        u32 at = hash & (size - 1);
        while (table[2 * at]) at = (at + 1) & (size - 1);
        table[2 * at] = b->table[2 * i];
        table[2 * at + 1] = hash;
    }
    b->table = table;
    b->table_size = size;
}

static bool same(const struct points_series *s, const struct points_series *k)
{
    if (s->kind != k->kind || s->nlabels != k->nlabels || !str_eq(s->name, k->name)) return false;
    for (u32 i = 0; i < s->nlabels; i++)
        if (!str_eq(s->labels[i].name, k->labels[i].name) || !str_eq(s->labels[i].value, k->labels[i].value))
            return false;
    return true;
}

u32 points_find_series(struct points *b, const struct points_series *key, bool *made)
{
    u64 hash = points_hash(key->name, (u64)key->kind);
    for (u32 i = 0; i < key->nlabels; i++)
        hash = points_hash(key->labels[i].value, points_hash(key->labels[i].name, hash));
    u32 low = (u32)(hash ^ hash >> 32), index;
    if (b->n * 2 >= b->table_size) rehash(b);
    u32 at = low & (b->table_size - 1);
    for (; b->table[2 * at]; at = (at + 1) & (b->table_size - 1)) {
        index = b->table[2 * at] - 1;
        if (b->table[2 * at + 1] != low || !same(&b->series[index], key)) continue;
        *made = false;
        return index;
    }
    *points_new(b, &index) = *key;
    b->table[2 * at] = index + 1;
    b->table[2 * at + 1] = low;
    *made = true;
    return index;
}

void points_reject(struct points *b, u32 n, u32 line, str text, const char *why)
{
    if (!n) return;
    if (!b->nfaults) b->faults = NEWN(b->arena, struct points_fault, POINTS_MAX_FAULTS);
    if (b->nfaults < POINTS_MAX_FAULTS)
        b->faults[b->nfaults++] = (struct points_fault){ line, str_head(text, 200), str_of(why) };
    b->rejected += n;
}

/* Labels mostly come sorted already. */
bool points_sort_labels(struct points_label *l, u32 n)
{
    for (u32 i = 1; i < n; i++)
        for (u32 k = i; k; k--) {
            int order = str_cmp(l[k - 1].name, l[k].name);
            if (!order) return false;
            if (order < 0) break;
            struct points_label swap = l[k];
            l[k] = l[k - 1];
            l[k - 1] = swap;
        }
    return true;
}

static bool sound(str s, size_t max)
{
    return !s.n || (s.n <= max && str_utf8_ok(s) && !memchr(s.p, 0, s.n));
}

const char *points_series_fault(const struct points_series *s, const char **member)
{
    *member = "name";
    if (!s->name.n) return "the name is empty";
    if (!sound(s->name, POINTS_MAX_NAME)) return "the name is over 256 bytes or not UTF-8";
    *member = "unit";
    if (!sound(s->unit, POINTS_MAX_UNIT)) return "the unit is over 64 bytes or not UTF-8";
    *member = "help";
    if (!sound(s->help, POINTS_MAX_HELP)) return "the help is over 1024 bytes or not UTF-8";
    *member = "labels";
    if (s->nlabels > POINTS_MAX_LABELS) return "more than 32 labels";
    for (u32 i = 0; i < s->nlabels; i++) {
        const struct points_label *l = &s->labels[i];
        if (!l->name.n) return "a label's name is empty";
        if (!sound(l->name, POINTS_MAX_LABEL_NAME)) return "a label's name is over 128 bytes or not UTF-8";
        if (!sound(l->value, POINTS_MAX_LABEL_VALUE))
            return "a label's value is over 1024 bytes or not UTF-8";
    }
    return NULL;
}
