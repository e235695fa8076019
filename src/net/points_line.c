/* InfluxDB line protocol: `measurement,tag=v field=1.5,other=2i 1700000000000000000`. A series is
 * measurement, tags and field; its name is "measurement_field", as VictoriaMetrics and Prometheus's exporters
 * make it.
 *
 * The fast way: senders repeat their series in the same order. Each (tags, field) is a slot that remembers
 * its text up to the '=' and which slot came after it the last time; where the next line begins with the text
 * of the slot that is expected, key and field are done with one comparison. Escapes, sorting and hashing are
 * for a slot's first line. */
#include "base/number.h"
#include "net/points.h"

enum { FIELDS_MAX = 1000, NO_SLOT = -1 };

/* Measurement and tags, by their raw text. */
struct key {
    str raw, measurement;
    struct points_label *labels;
    u32 nlabels;
};
struct slot {
    str prefix; /* "cpu,host=a usage=", or "usage=" after another field of the line */
    str field;  /* raw */
    u32 key, series;
    u32 next; /* the slot that came next the last time */
    bool first;
};
struct table {
    u32 *index; /* + 1 */
    u32 size;
};
struct value {
    int kind;
    u32 series;
    union {
        double f;
        i64 i;
        str s;
    };
};
struct reader {
    struct points *b;
    struct arena *arena;
    const char *p, *end, *line;
    const char *counted; /* the line ends before it are in `number` */
    u32 number;
    enum points_precision precision;
    struct key *keys;
    struct slot *slots;
    u32 nkeys, nslots, keys_cap, slots_cap;
    u32 nseries; /* before the line */
    struct table key_table, slot_table;
    u32 at; /* the last value's slot */
    const char *why;
    u32 nvalues;
    struct value value[FIELDS_MAX];
};

static bool bad(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

/* ---- first lines: keys and slots ---- */

static void *grown(struct arena *a, const void *old, u32 n, u32 *cap, size_t size)
{
    *cap = *cap ? *cap * 2 : 64;
    void *more = arena_alloc_raw(a, *cap * size);
    if (n) memcpy(more, old, n * size);
    return more;
}

static u64 slot_hash(u32 key, bool first, str field) { return points_hash(field, (u64)key * 2 + first); }

static void table_put(struct table *t, u64 hash, u32 index)
{
    u32 at = (u32)hash & (t->size - 1);
    while (t->index[at]) at = (at + 1) & (t->size - 1);
    t->index[at] = index + 1;
}

static bool table_full(struct reader *r, struct table *t, u32 n)
{
    if (n * 2 < t->size) return false;
    t->size = t->size ? t->size * 4 : 256;
    t->index = NEWN(r->arena, u32, t->size);
    return true;
}

/* Where an unescaped one of `stops` (or a blank or the line's end) is. */
static const char *token_end(const char *p, const char *end, char stop)
{
    for (; p < end; p++) {
        if (*p == '\\' && end - p > 1 && p[1] != '\n') p++;
        else if (*p == ',' || *p == ' ' || *p == '\n' || *p == stop) break;
    }
    return p;
}

/* Backslashes go before the characters that `escapable` names; others stay. */
static str unescaped(struct arena *a, str raw, const char *escapable)
{
    if (!raw.n || !memchr(raw.p, '\\', raw.n)) return raw;
    char *out = arena_alloc_raw(a, raw.n);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] == '\\' && i + 1 < raw.n && strchr(escapable, raw.p[i + 1])) i++;
        out[n++] = raw.p[i];
    }
    return (str){ out, n };
}

static bool read_tag(struct reader *r, struct key *k, const char **at)
{
    const char *p = *at, *name = p;
    p = token_end(p, r->end, '=');
    if (p == r->end || *p != '=') return bad(r, "missing tag value");
    if (p == name) return bad(r, "missing tag key");
    const char *value = p + 1;
    p = token_end(value, r->end, '=');
    if (p < r->end && *p == '=') return bad(r, "invalid tag format");
    if (p == value) return bad(r, "missing tag value");
    if (k->nlabels == POINTS_MAX_LABELS) return bad(r, "more than 32 tags");
    k->labels[k->nlabels++] = (struct points_label){ unescaped(r->arena, str_sub(name, value - 1), ",= "),
                                                     unescaped(r->arena, str_sub(value, p), ",= ") };
    *at = p;
    return true;
}

static bool has_label(const struct key *k, str name)
{
    for (u32 i = 0; i < k->nlabels; i++)
        if (str_eq(k->labels[i].name, name)) return true;
    return false;
}

/* The key at p, up to the blank before the fields. */
static bool read_key(struct reader *r, struct key *k)
{
    struct points_label label[POINTS_MAX_LABELS + 1];
    *k = (struct key){ .labels = label };
    const char *p = token_end(r->p, r->end, ',');
    k->measurement = unescaped(r->arena, str_sub(r->p, p), ", ");
    if (!k->measurement.n) return bad(r, "missing measurement");
    while (p < r->end && *p == ',') {
        p++;
        if (!read_tag(r, k, &p)) return false;
    }
    if (p == r->end || *p != ' ') return bad(r, "missing fields");
    k->raw = str_sub(r->p, p);
    if (r->b->also.value.n && !has_label(k, r->b->also.name)) k->labels[k->nlabels++] = r->b->also;
    if (!points_sort_labels(k->labels, k->nlabels)) return bad(r, "duplicate tags");
    k->labels = arena_alloc_raw(r->arena, k->nlabels * sizeof *label + 1);
    memcpy(k->labels, label, k->nlabels * sizeof *label);
    r->p = p;
    return true;
}

/* The raw text of the key at p without reading it. */
static str raw_key(const struct reader *r)
{
    const char *p = token_end(r->p, r->end, ',');
    while (p < r->end && (*p == ',' || *p == '=')) p = token_end(p + 1, r->end, '=');
    return str_sub(r->p, p);
}

static bool find_key(struct reader *r, u32 *out)
{
    str raw = raw_key(r);
    u64 hash = points_hash(raw, 0);
    struct table *t = &r->key_table;
    if (table_full(r, t, r->nkeys))
        for (u32 i = 0; i < r->nkeys; i++) table_put(t, points_hash(r->keys[i].raw, 0), i);
    for (u32 at = (u32)hash & (t->size - 1); t->index[at]; at = (at + 1) & (t->size - 1)) {
        if (!str_eq(r->keys[t->index[at] - 1].raw, raw)) continue;
        *out = t->index[at] - 1;
        r->p += raw.n;
        return true;
    }
    struct key k;
    if (!read_key(r, &k)) return false;
    if (r->nkeys == r->keys_cap) r->keys = grown(r->arena, r->keys, r->nkeys, &r->keys_cap, sizeof k);
    table_put(t, hash, r->nkeys);
    r->keys[r->nkeys] = k;
    *out = r->nkeys++;
    return true;
}

static u32 find_slot(struct reader *r, u32 key, bool first, str field)
{
    struct table *t = &r->slot_table;
    if (table_full(r, t, r->nslots))
        for (u32 i = 0; i < r->nslots; i++)
            table_put(t, slot_hash(r->slots[i].key, r->slots[i].first, r->slots[i].field), i);
    u64 hash = slot_hash(key, first, field);
    u32 at = (u32)hash & (t->size - 1);
    for (; t->index[at]; at = (at + 1) & (t->size - 1)) {
        const struct slot *s = &r->slots[t->index[at] - 1];
        if (s->key == key && s->first == first && str_eq(s->field, field)) return t->index[at] - 1;
    }
    return (u32)NO_SLOT;
}

static bool new_slot(struct reader *r, u32 key, bool first, str field, int kind, u32 *out)
{
    /* The same field elsewhere in a line is the same series. */
    u32 twin = find_slot(r, key, !first, field), series;
    const struct key *k = &r->keys[key];
    if (twin != (u32)NO_SLOT) series = r->slots[twin].series;
    else {
        str name = unescaped(r->arena, field, ",= ");
        name = arena_printf(r->arena, "%.*s_%.*s", STR(k->measurement), STR(name));
        struct points_series one = { .name = name, .labels = k->labels, .nlabels = k->nlabels, .kind = kind };
        const char *member, *why = points_series_fault(&one, &member);
        if (why) return bad(r, why);
        *points_new(r->b, &series) = one;
    }
    if (r->nslots == r->slots_cap)
        r->slots = grown(r->arena, r->slots, r->nslots, &r->slots_cap, sizeof *r->slots);
    *out = r->nslots++;
    r->slots[*out] = (struct slot){ .key = key, .series = series, .first = first, .field = field };
    const char *from = first ? field.p - 1 - k->raw.n : field.p;
    if (!first || !memcmp(from, k->raw.p, k->raw.n))
        r->slots[*out].prefix = str_sub(from, field.p + field.n + 1);
    table_put(&r->slot_table, slot_hash(key, first, field), *out);
    return true;
}

/* ---- values ---- */

static bool word(struct reader *r, struct value *v)
{
    static const struct {
        str text;
        bool value;
    } words[] = { { S("true"), 1 },  { S("True"), 1 },  { S("TRUE"), 1 },  { S("t"), 1 }, { S("T"), 1 },
                  { S("false"), 0 }, { S("False"), 0 }, { S("FALSE"), 0 }, { S("f"), 0 }, { S("F"), 0 } };
    str rest = str_sub(r->p, r->end);
    for (size_t i = 0; i < LEN(words); i++) {
        if (!str_starts(rest, words[i].text)) continue;
        r->p += words[i].text.n;
        *v = (struct value){ .kind = POINTS_I64, .i = words[i].value };
        return true;
    }
    return bad(r, "invalid field value");
}

static bool text(struct reader *r, struct value *v)
{
    const char *from = ++r->p;
    while (r->p < r->end && *r->p != '"') r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
    if (r->p >= r->end) {
        r->p = from;
        return bad(r, "unbalanced quotes");
    }
    *v = (struct value){ .kind = POINTS_TEXT, .s = unescaped(r->arena, str_sub(from, r->p++), "\"\\") };
    if (v->s.n > POINTS_MAX_TEXT) return bad(r, "a string over 4096 bytes");
    return str_utf8_ok(v->s) && !(v->s.n && memchr(v->s.p, 0, v->s.n)) ? true
                                                                       : bad(r, "a string that is not UTF-8");
}

static bool integer(struct reader *r, const char *from, struct value *v)
{
    const char *p = number_i64(from, r->end, &v->i);
    v->kind = POINTS_I64;
    if (p != r->p) return bad(r, "an integer of more than 64 bits");
    r->p++;
    return true;
}

static bool read_value(struct reader *r, struct value *v)
{
    if (r->p == r->end || *r->p == ' ' || *r->p == ',' || *r->p == '\n' || *r->p == '\r')
        return bad(r, "missing field value");
    if (*r->p == '"') return text(r, v);
    if ((*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z') return word(r, v);
    const char *from = r->p, *p = number_f64(from, r->end, NUMBER_LOOSE, &v->f);
    if (!p) return bad(r, "invalid number");
    r->p = p;
    v->kind = POINTS_F64;
    return p < r->end && (*p == 'i' || *p == 'u') ? integer(r, from, v) : true;
}

/* An integer among doubles is one; the others do not mix. */
static bool fit(struct reader *r, struct value *v, int kind)
{
    if (v->kind == kind) return true;
    if (kind == POINTS_KINDS) {
        r->b->series[v->series].kind = v->kind;
        return true;
    }
    if (v->kind != POINTS_I64 || kind != POINTS_F64) return bad(r, "field type conflict");
    v->kind = POINTS_F64;
    v->f = (double)v->i;
    return true;
}

/* ---- a line ---- */

static bool expected(const struct reader *r, u32 slot, bool first, u32 key)
{
    if (slot >= r->nslots) return false;
    const struct slot *s = &r->slots[slot];
    return s->first == first && (first || s->key == key) && s->prefix.n &&
           (size_t)(r->end - r->p) >= s->prefix.n && !memcmp(r->p, s->prefix.p, s->prefix.n);
}

/* Not where it was expected: by its text. The slot of a field that is new is made once its value is known. */
static bool look_up(struct reader *r, bool first, u32 *key, str *field, u32 *slot)
{
    if (first) {
        if (!find_key(r, key)) return false;
        while (r->p < r->end && *r->p == ' ') r->p++;
    }
    const char *from = r->p, *p = token_end(from, r->end, '=');
    *field = str_sub(from, p);
    if (p == r->end || *p != '=') return bad(r, p == from ? "missing fields" : "missing field value");
    if (p == from) return bad(r, "missing field key");
    r->p = p + 1;
    *slot = find_slot(r, *key, first, *field);
    return true;
}

static bool read_field(struct reader *r, bool first, u32 *key)
{
    u32 before = r->at, slot = r->nslots ? r->slots[before].next : 0;
    str field = { 0 };
    if (expected(r, slot, first, *key)) r->p += r->slots[slot].prefix.n;
    else if (!look_up(r, first, key, &field, &slot)) return false;
    if (r->nvalues == FIELDS_MAX) return bad(r, "more than 1000 fields");
    struct value *v = &r->value[r->nvalues];
    if (!read_value(r, v)) return false;
    if (slot == (u32)NO_SLOT && !new_slot(r, *key, first, field, v->kind, &slot)) return false;
    r->slots[before].next = slot;
    r->at = slot;
    *key = r->slots[slot].key;
    v->series = r->slots[slot].series;
    int kind = r->b->series[v->series].kind;
    if (v->kind != kind && !fit(r, v, kind)) return false;
    r->nvalues++;
    return true;
}

static enum points_precision guess(i64 t)
{
    static const i64 below[] = {
        [POINTS_S] = 5000000000, [POINTS_MS] = 5000000000000, [POINTS_US] = 5000000000000000
    };
    enum points_precision is = POINTS_S;
    while (is > POINTS_NS && (t >= below[is] || t <= -below[is])) is--;
    return is;
}

static bool to_us(i64 t, enum points_precision precision, i64 *out)
{
    static const i64 factor[] = {
        [POINTS_MS] = 1000, [POINTS_S] = SEC(1), [POINTS_MINUTES] = SEC(60), [POINTS_HOURS] = SEC(3600)
    };
    *out = t;
    if (precision == POINTS_GUESS) precision = guess(t);
    if (precision == POINTS_US) return true;
    if (precision != POINTS_NS) return !__builtin_mul_overflow(t, factor[precision], out);
    *out = t / 1000 - (t % 1000 < 0);
    return true;
}

static bool read_time(struct reader *r, i64 *t)
{
    const char *p = r->p;
    while (p < r->end && *p == ' ') p++;
    *t = r->b->now_us;
    if (p < r->end && *p != '\n' && *p != '\r') {
        p = number_i64(p, r->end, t);
        if (!p || !to_us(*t, r->precision, t)) return bad(r, "invalid timestamp");
    }
    while (p < r->end && (*p == ' ' || *p == '\r')) p++;
    if (p < r->end && *p != '\n') return bad(r, "invalid timestamp");
    r->p = p;
    return true;
}

static void keep(struct reader *r, i64 t)
{
    struct points *b = r->b;
    for (u32 i = 0; i < r->nvalues; i++) {
        const struct value *v = &r->value[i];
        struct points_series *s = &b->series[v->series];
        points_room(b, s);
        s->t[s->n] = t;
        if (v->kind == POINTS_TEXT) s->s[s->n++] = v->s;
        else s->i[s->n++] = v->i; /* a double's bits too */
    }
    b->total += r->nvalues;
    if (b->total > (b->max ? b->max : POINTS_MAX)) b->over = true;
}

static bool read_line(struct reader *r)
{
    u32 key = 0;
    i64 t;
    r->nvalues = 0;
    if (!read_field(r, true, &key)) return false;
    while (r->p < r->end && *r->p == ',') {
        r->p++;
        if (!read_field(r, false, &key)) return false;
    }
    if (r->p < r->end && *r->p != ' ' && *r->p != '\n' && *r->p != '\r') return bad(r, "invalid field value");
    if (!read_time(r, &t)) return false;
    keep(r, t);
    return true;
}

/* ---- lines of doubles by known series, in the expected order: nearly all of them ---- */

enum { QUICK_FIELDS = 16 };
struct stamp { /* the last line's time: the next one's is mostly the same text */
    const char *p;
    size_t n; /* with the line's end; 0: none that can be compared */
    i64 t;
};

/* memcmp() == 0 without the call. */
static inline bool same_text(const char *a, const char *b, size_t n)
{
    u64 x, y;
    if (n < 8) return !memcmp(a, b, n);
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y) return false;
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return x == y;
}

/* The next field, if it is the expected slot's and a double; what follows it. */
static inline const char *quick_field(const struct reader *r, const char *p, u32 slot, bool first, double *v)
{
    const struct slot *s = &r->slots[slot];
    size_t n = s->prefix.n;
    if (s->first != first || !n || (size_t)(r->end - p) <= n || !same_text(p, s->prefix.p, n)) return NULL;
    if (r->b->series[s->series].kind != POINTS_F64) return NULL;
    p = number_f64(p + n, r->end, NUMBER_LOOSE, v);
    return p && p < r->end ? p : NULL;
}

/* The line's time and end, from the blank on; what follows the line. */
static inline const char *quick_time(const struct reader *r, const char *p, struct stamp *last)
{
    if (last->n && (size_t)(r->end - p) >= last->n && same_text(p, last->p, last->n)) return p + last->n;
    i64 t;
    const char *from = p;
    if (*p != ' ') return NULL;
    p = number_i64(p + 1, r->end, &t);
    if (!p || p == r->end || *p != '\n' || !to_us(t, r->precision, &last->t)) return NULL;
    *last = (struct stamp){ from, (size_t)(p + 1 - from), last->t };
    return p + 1;
}

static inline void quick_keep(struct points *b, u32 series, i64 t, double v)
{
    struct points_series *s = &b->series[series];
    points_room(b, s);
    s->t[s->n] = t;
    s->f[s->n++] = v;
}

/* As many lines as go; r->p stands at the beginning of one that does not. */
static void quick_lines(struct reader *r)
{
    struct points *b = r->b;
    struct stamp last = { 0 };
    u32 at = r->at, slot[QUICK_FIELDS], max = b->max ? b->max : POINTS_MAX;
    double v[QUICK_FIELDS];
    const char *p = r->p;
    while (b->total + QUICK_FIELDS <= max) {
        u32 n = 0, now = r->slots[at].next, key = r->slots[now].key;
        for (;;) {
            p = quick_field(r, p, now, !n, &v[n]);
            if (!p) break;
            slot[n++] = now;
            if (*p != ',' || n == QUICK_FIELDS) break;
            p++;
            now = r->slots[now].next;
            if (r->slots[now].key != key) { /* another field than those of the line before, or none */
                p = NULL;
                break;
            }
        }
        if (!p || *p != ' ' || !(p = quick_time(r, p, &last))) break;
        for (u32 i = 0; i < n; i++) quick_keep(b, r->slots[slot[i]].series, last.t, v[i]);
        b->total += n;
        at = slot[n - 1];
        r->p = p;
    }
    r->at = at;
}

static const char *line_end(const char *p, const char *end)
{
    const char *at = memchr(p, '\n', (size_t)(end - p));
    return at ? at : end;
}

/* The end of a line that could not be read. A string may hold line ends: a quote after '=' begins one. */
static void skip_line(struct reader *r)
{
    const char *p = r->p;
    for (; p < r->end && *p != '\n'; p++) {
        if (*p != '"' || p == r->line || p[-1] != '=') continue;
        const char *q = p + 1;
        while (q < r->end && *q != '"') q += *q == '\\' && r->end - q > 1 ? 2 : 1;
        if (q < r->end) p = q;
    }
    r->p = p;
}

static void reject(struct reader *r)
{
    for (; r->counted < r->line; r->counted++) r->number += *r->counted == '\n';
    points_reject(r->b, 1, r->number, str_sub(r->line, r->p), r->why);
    /* What has no point yet takes the kind of the first good line. */
    for (u32 i = r->nseries; i < r->b->n; i++) r->b->series[i].kind = POINTS_KINDS;
}

void points_read_line(struct points *b, str body, enum points_precision precision)
{
    struct reader *r = arena_alloc_raw(b->arena, sizeof *r);
    *r = (struct reader){ .b = b,
                          .arena = b->arena,
                          .p = body.p,
                          .end = body.p + body.n,
                          .counted = body.p,
                          .number = 1,
                          .precision = precision };
    r->slots = grown(r->arena, NULL, 0, &r->slots_cap, sizeof *r->slots);
    while (r->p < r->end && !b->over) {
        if (r->nslots) quick_lines(r);
        r->line = r->p;
        while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r')) r->p++;
        if (r->p == r->end) break;
        r->nseries = b->n;
        if (*r->p == '#') r->p = line_end(r->p, r->end);
        else if (*r->p != '\n' && !read_line(r)) {
            skip_line(r);
            reject(r);
        }
        if (r->p < r->end) r->p++;
    }
}
