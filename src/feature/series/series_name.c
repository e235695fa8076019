/* The catalogue: what a series is called, and the cache that finds its id without the database. */
#include "base/hash.h"
#include "base/log.h"
#include "feature/series/series_impl.h"
#include <pthread.h>

const char *const series_kinds[] = { "f64", "i64", "text", NULL };
static_assert(LEN(series_kinds) == SERIES_TEXT + 2, "a name for each kind");

#define D struct series_info
static const struct field series_info_fields[] = {
    { F(id), .flags = READONLY, .doc = "Identifies the series." },
    { F(owner_id), .flags = READONLY | NULLABLE, .doc = "Who made it." },
    { F(project_id), .flags = READONLY | NULLABLE,
      .doc = "Project that it belongs to; null: its owner's own." },
    { F(name), .flags = READONLY, .doc = "What is measured." },
    { F(unit), .flags = READONLY | NULLABLE, .doc = "Unit of the values." },
    { F(help), .flags = READONLY | NULLABLE, .doc = "What it means, for people." },
    { F_ENUM(kind, series_kinds), .flags = READONLY, .doc = "Kind of the values." },
    { F(labels), .flags = READONLY, .doc = "Labels: an object of texts." },
    { F(created_at), .flags = READONLY, .doc = "When the series was made." },
};
#undef D
DESC(series_info);

static void sort_labels(const struct series_spec *s, const struct series_label **out)
{
    for (size_t i = 0; i < s->nlabels; i++) {
        size_t k = i;
        for (; k && str_cmp(out[k - 1]->name, s->labels[i].name) > 0; k--) out[k] = out[k - 1];
        out[k] = &s->labels[i];
    }
}

static err_t check(struct op *op, const struct series_spec *s)
{
    const struct series_label *label[SERIES_MAX_LABELS];
    if (!s->name.n || s->name.n > SERIES_MAX_NAME || !str_utf8_ok(s->name))
        return fail_field(op, "name", "must be a text of 1 to %d bytes", SERIES_MAX_NAME);
    if (s->nlabels > SERIES_MAX_LABELS)
        return fail_field(op, "labels", "must be %d at most", SERIES_MAX_LABELS);
    for (size_t i = 0; i < s->nlabels; i++) {
        const struct series_label *l = &s->labels[i];
        if (!l->name.n || l->name.n > SERIES_MAX_LABEL_NAME || !str_utf8_ok(l->name))
            return fail_field(op, "labels", "must have names of 1 to %d bytes", SERIES_MAX_LABEL_NAME);
        if (l->value.n > SERIES_MAX_LABEL_VALUE || !str_utf8_ok(l->value))
            return fail_field(op, "labels", "must have values of at most %d bytes", SERIES_MAX_LABEL_VALUE);
        if (memchr(l->name.p, 0, l->name.n) || (l->value.n && memchr(l->value.p, 0, l->value.n)))
            return fail_field(op, "labels", "must not contain U+0000");
    }
    if (memchr(s->name.p, 0, s->name.n)) return fail_field(op, "name", "must not contain U+0000");
    sort_labels(s, label);
    for (size_t i = 1; i < s->nlabels; i++)
        if (str_eq(label[i - 1]->name, label[i]->name))
            return fail_field(op, "labels", "'%.*s' is there twice", STR(label[i]->name));
    return OK;
}

/* Whose it is, name and labels, with zero bytes between: no two identities share a key. */
static str key_of(struct arena *a, const struct series_spec *s)
{
    const struct series_label *label[SERIES_MAX_LABELS];
    sort_labels(s, label);
    size_t n = 32 + s->name.n;
    for (size_t i = 0; i < s->nlabels; i++) n += label[i]->name.n + label[i]->value.n + 2;
    char *p = arena_alloc_raw(a, n), *to = p;
    i64 whose = s->project_id ? s->project_id : s->owner_id;
    *to++ = s->project_id ? 'p' : 'o';
    to = mempcpy(to, &whose, sizeof whose);
    to = mempcpy(to, s->name.p, s->name.n);
    for (size_t i = 0; i < s->nlabels; i++) {
        *to++ = 0;
        to = mempcpy(to, label[i]->name.p, label[i]->name.n);
        *to++ = 0;
        if (label[i]->value.n) to = mempcpy(to, label[i]->value.p, label[i]->value.n);
    }
    return str_sub(p, to);
}

static str labels_json(struct arena *a, const struct series_spec *s)
{
    const struct series_label *label[SERIES_MAX_LABELS];
    struct buf b = BUF(a);
    sort_labels(s, label);
    buf_char(&b, '{');
    for (size_t i = 0; i < s->nlabels; i++) {
        if (i) buf_char(&b, ',');
        json_put_str(&b, label[i]->name);
        buf_char(&b, ':');
        json_put_str(&b, label[i]->value.p ? label[i]->value : S(""));
    }
    buf_char(&b, '}');
    return buf_str(&b);
}

/* The cache: open addressing, never more than half full, emptied when it holds SERIES_CACHED. */
struct known {
    u64 hash;
    str key; /* mem_str; absent: a free slot */
    i64 id;
    u8 kind;
    bool has_unit, has_help;
};
static struct {
    pthread_rwlock_t lock;
    struct known *slot;
    size_t cap, n;
    u64 emptied; /* counts: what was read from the database before must not come in after */
} names = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static struct known *slot_of(const struct known *slot, size_t cap, u64 hash, str key)
{
    for (size_t i = hash & (cap - 1);; i = (i + 1) & (cap - 1)) {
        const struct known *k = &slot[i];
        if (!k->key.p || (k->hash == hash && str_eq(k->key, key))) return (struct known *)(uintptr_t)k;
    }
}

/* Holding the lock for writing. */
static void empty(void)
{
    for (size_t i = 0; i < names.cap; i++) mem_free((void *)(uintptr_t)names.slot[i].key.p);
    mem_free(names.slot);
    names.slot = NULL;
    names.cap = names.n = 0;
    names.emptied++;
}

void series_names_forget(void)
{
    pthread_rwlock_wrlock(&names.lock);
    empty();
    pthread_rwlock_unlock(&names.lock);
}

static void grow(void)
{
    size_t cap = names.cap ? names.cap * 2 : 256;
    struct known *slot = mem_alloc(cap * sizeof *slot);
    for (size_t i = 0; i < names.cap; i++)
        if (names.slot[i].key.p) *slot_of(slot, cap, names.slot[i].hash, names.slot[i].key) = names.slot[i];
    mem_free(names.slot);
    names.slot = slot;
    names.cap = cap;
}

/* What an operation has found or made, for the cache once it is durable. */
struct fresh {
    u64 emptied;
    size_t n;
    struct known item[];
};

static void fresh_drop(void *arg)
{
    struct fresh *f = arg;
    for (size_t i = 0; i < f->n; i++) mem_free((void *)(uintptr_t)f->item[i].key.p);
    mem_free(f);
}

static void fresh_keep(void *arg)
{
    struct fresh *f = arg;
    pthread_rwlock_wrlock(&names.lock);
    if (names.n + f->n > SERIES_CACHED) empty();
    else if (f->emptied == names.emptied)
        for (size_t i = 0; i < f->n; i++) {
            if (names.n * 2 >= names.cap) grow();
            struct known *k = slot_of(names.slot, names.cap, f->item[i].hash, f->item[i].key);
            names.n += !k->key.p;
            mem_free((void *)(uintptr_t)k->key.p);
            *k = f->item[i];
            f->item[i].key = (str){ 0 };
        }
    pthread_rwlock_unlock(&names.lock);
    fresh_drop(f);
}

/* One spec on its way to an id. */
struct asked {
    str key, hash; /* hash: of the key, for the database */
    struct known is;
    bool found;
};

static u64 look_up(struct asked *ask, size_t n)
{
    pthread_rwlock_rdlock(&names.lock);
    for (size_t i = 0; i < n && names.cap; i++) {
        const struct known *k = slot_of(names.slot, names.cap, ask[i].is.hash, ask[i].key);
        ask[i].found = k->key.p != NULL;
        if (ask[i].found) ask[i].is = *k;
    }
    u64 emptied = names.emptied;
    pthread_rwlock_unlock(&names.lock);
    return emptied;
}

static err_t match_kind(struct op *op, const struct series_spec *s, const struct known *k)
{
    if (s->kind == k->kind) return OK;
    return fail_for(op, ERR_CONFLICT, "kind", "series '%.*s' is there with values of kind %s", STR(s->name),
                    series_kinds[k->kind]);
}

static bool lacks_words(const struct series_spec *s, const struct known *k)
{
    return (s->unit.n && !k->has_unit) || (s->help.n && !k->has_help);
}

/* Those of missing[] that the database has. */
static err_t find_rows(struct op *op, struct asked **missing, size_t n)
{
    str keys[SERIES_SQL_KEYS];
    for (size_t from = 0; from < n; from += SERIES_SQL_KEYS) {
        size_t part = MIN(n - from, (size_t)SERIES_SQL_KEYS);
        name_rows rows;
        for (size_t i = 0; i < part; i++) keys[i] = missing[from + i]->hash;
        TRY(series_sql_names(op, keys, part, &rows));
        for (size_t i = 0; i < part; i++)
            for (size_t k = 0; k < rows.n && !missing[from + i]->found; k++) {
                const struct name_row *r = &rows.item[k];
                struct asked *a = missing[from + i];
                if (!str_eq(r->key, a->hash)) continue;
                a->found = true;
                a->is.id = r->id;
                a->is.kind = (u8)r->kind;
                a->is.has_unit = r->has_unit;
                a->is.has_help = r->has_help;
            }
    }
    return OK;
}

static err_t make_rows(struct op *op, const struct series_spec *spec, struct asked *ask,
                       struct asked **missing, size_t n)
{
    struct series_new *row = NEWN(op->arena, struct series_new, n);
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        const struct series_spec *s = &spec[missing[i] - ask];
        if (missing[i]->found) continue;
        TRY(check(op, s));
        row[rows++] = (struct series_new){ s, missing[i]->hash, labels_json(op->arena, s) };
    }
    if (!rows) return OK;
    TRY(series_sql_insert(op, row, rows));
    return find_rows(op, missing, n);
}

static err_t resolve_missing(struct op *op, const struct series_spec *spec, struct asked *ask,
                             struct asked **missing, size_t n)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    for (size_t i = 0; i < n; i++) {
        sha256 h = sha256_of(missing[i]->key);
        missing[i]->hash = missing[i]->hash.p ? missing[i]->hash : sha256_text(op->arena, h);
    }
    TRY(db_begin(op, &tx));
    TRY(find_rows(op, missing, n));
    TRY(make_rows(op, spec, ask, missing, n));
    for (size_t i = 0; i < n; i++) {
        const struct series_spec *s = &spec[missing[i] - ask];
        struct known *k = &missing[i]->is;
        if (!missing[i]->found)
            return fail(op, ERR_UNAVAILABLE, "series '%.*s' is being deleted", STR(s->name));
        if (!lacks_words(s, k)) continue;
        TRY(series_sql_describe(op, k->id, s->unit.n ? s->unit : (str){ 0 },
                                s->help.n ? s->help : (str){ 0 }));
        k->has_unit |= s->unit.n > 0;
        k->has_help |= s->help.n > 0;
    }
    return db_commit(&tx);
}

static void remember(struct op *op, u64 emptied, struct asked **missing, size_t n)
{
    struct fresh *f = mem_alloc(sizeof *f + n * sizeof f->item[0]);
    *f = (struct fresh){ .emptied = emptied, .n = n };
    for (size_t i = 0; i < n; i++) {
        f->item[i] = missing[i]->is;
        f->item[i].key = mem_str(missing[i]->key);
    }
    db_after_commit_or(op, fresh_keep, fresh_drop, f);
}

err_t series_resolve(struct op *op, const struct series_spec *spec, size_t n, i64 *ids)
{
    struct asked *ask = NEWN(op->arena, struct asked, n), **missing;
    size_t lack = 0;
    for (size_t i = 0; i < n; i++) {
        if (spec[i].nlabels > SERIES_MAX_LABELS) return check(op, &spec[i]);
        ask[i].key = key_of(op->arena, &spec[i]);
        ask[i].is.hash = str_hash(ask[i].key);
    }
    u64 emptied = look_up(ask, n);
    for (size_t i = 0; i < n; i++) lack += !ask[i].found || lacks_words(&spec[i], &ask[i].is);
    if (lack) {
        missing = NEWN(op->arena, struct asked *, lack);
        size_t m = 0;
        for (size_t i = 0; i < n; i++)
            if (!ask[i].found || lacks_words(&spec[i], &ask[i].is)) missing[m++] = &ask[i];
        TRY(resolve_missing(op, spec, ask, missing, lack));
        remember(op, emptied, missing, lack);
    }
    for (size_t i = 0; i < n; i++) TRY(match_kind(op, &spec[i], &ask[i].is));
    for (size_t i = 0; i < n; i++) ids[i] = ask[i].is.id;
    return OK;
}
