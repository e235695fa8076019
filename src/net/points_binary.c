/* The compact binary batch, application/vnd.netbit.points (docs/wire-points.md): all numbers little-endian.
 *
 *     "nbp1", u32 series, u32 bytes of the dictionary, u32 0
 *     dictionary, a series: u8 kind, u8 labels, u16 name, u16 unit (bytes), u32 points; the bytes of name and
 *         unit; a label: u16 name, u16 value (bytes), the bytes of both. Zero bytes up to a multiple of 8.
 *     columns, a series: i64 times; then f64 or i64 values, or for texts u32 lengths and the bytes, both with
 * zero bytes up to a multiple of 8.
 *
 * Columns are used where they lie. */
#include "net/points.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are used as they are");

enum { HEAD = 16, ENTRY = 10 };

struct reader {
    struct op *op;
    struct points *b;
    char *begin, *p, *end;
    u32 series;
};

static err_t wrong(struct reader *r, const char *why)
{
    if (r->series == UINT32_MAX) return fail(r->op, ERR_INVALID, "%s", why);
    str field = arena_printf(r->op->arena, "series[%u]", r->series);
    return op_fail(r->op, ERR_INVALID, HERE, field, "%s", why);
}

static bool take(struct reader *r, size_t n, char **out)
{
    if ((size_t)(r->end - r->p) < n) return false;
    *out = r->p;
    r->p += n;
    return true;
}

static bool take_str(struct reader *r, size_t n, str *out)
{
    char *p;
    if (!take(r, n, &p)) return false;
    *out = (str){ p, n };
    return true;
}

static u32 get_u32(const char *p)
{
    u32 v;
    memcpy(&v, p, sizeof v);
    return v;
}
static u16 get_u16(const char *p)
{
    u16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* To the next multiple of eight from the body's beginning. */
static bool pad(struct reader *r)
{
    size_t n = -(size_t)(r->p - r->begin) & 7;
    char *p;
    if (!take(r, n, &p)) return false;
    for (size_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

static bool read_labels(struct reader *r, struct points_series *s, u32 n)
{
    s->labels = arena_alloc_raw(r->op->arena, n * sizeof *s->labels + 1);
    for (; s->nlabels < n; s->nlabels++) {
        struct points_label *l = &s->labels[s->nlabels];
        char *head;
        if (!take(r, 4, &head)) return false;
        if (!take_str(r, get_u16(head), &l->name) || !take_str(r, get_u16(head + 2), &l->value)) return false;
    }
    return true;
}

static err_t read_entry(struct reader *r)
{
    u32 index;
    struct points_series *s = points_new(r->b, &index);
    char *head;
    if (!take(r, ENTRY, &head)) return wrong(r, "the dictionary is cut off");
    s->kind = (u8)head[0];
    s->n = s->cap = get_u32(head + 6);
    if (s->kind >= POINTS_KINDS) return wrong(r, "no such kind");
    if ((u8)head[1] > POINTS_MAX_LABELS) return wrong(r, "more than 32 labels");
    if (!take_str(r, get_u16(head + 2), &s->name) || !take_str(r, get_u16(head + 4), &s->unit) ||
        !read_labels(r, s, (u8)head[1]))
        return wrong(r, "the dictionary is cut off");
    const char *member, *why = points_series_fault(s, &member);
    if (why) return wrong(r, why);
    if (!points_sort_labels(s->labels, s->nlabels)) return wrong(r, "a label is given twice");
    u32 max = r->b->max ? r->b->max : POINTS_MAX;
    if (s->n > max - r->b->total) return fail(r->op, ERR_LIMIT, "more than %u points in a request", max);
    r->b->total += s->n;
    return OK;
}

/* n numbers of eight bytes; a body at an odd address (nobody makes one) is copied. */
static bool column(struct reader *r, u32 n, i64 **out)
{
    union {
        char *c;
        i64 *i;
    } at;
    if (!take(r, (size_t)n * 8, &at.c)) return false;
    if ((uintptr_t)at.c % sizeof(i64)) {
        i64 *copy = arena_alloc_raw(r->op->arena, (size_t)n * 8 + 1);
        at.i = memcpy(copy, at.c, (size_t)n * 8);
    }
    *out = at.i;
    return true;
}

static err_t read_texts(struct reader *r, struct points_series *s)
{
    char *lengths;
    s->s = NEWN(r->op->arena, str, s->n + 1);
    if (!take(r, (size_t)s->n * 4, &lengths) || !pad(r)) return wrong(r, "the lengths are cut off");
    for (u32 i = 0; i < s->n; i++) {
        if (!take_str(r, get_u32(lengths + 4 * i), &s->s[i])) return wrong(r, "the texts are cut off");
        if (s->s[i].n > POINTS_MAX_TEXT) return wrong(r, "a text of more than 4096 bytes");
        if (!str_utf8_ok(s->s[i]) || (s->s[i].n && memchr(s->s[i].p, 0, s->s[i].n)))
            return wrong(r, "a text that is not UTF-8, or has U+0000");
    }
    return pad(r) ? OK : wrong(r, "the texts are cut off");
}

static err_t read_columns(struct reader *r, struct points_series *s)
{
    if (!column(r, s->n, &s->t)) return wrong(r, "the times are cut off");
    if (s->kind == POINTS_TEXT) return read_texts(r, s);
    i64 *values;
    if (!column(r, s->n, &values)) return wrong(r, "the values are cut off");
    s->i = values;
    return OK;
}

err_t points_read_binary(struct op *op, struct points *b, str body)
{
    struct reader r = { .op = op, .b = b, .series = UINT32_MAX };
    union {
        const char *c;
        char *m;
    } in = { body.p };
    char *head, *dictionary, *end;
    r.begin = r.p = in.m;
    r.end = in.m + body.n;
    if (!take(&r, HEAD, &head) || memcmp(head, "nbp1", 4) || get_u32(head + 12))
        return wrong(&r, "the body is not a batch of version 1");
    u32 n = get_u32(head + 4);
    if (n > POINTS_MAX) return fail(op, ERR_LIMIT, "more than %d series in a request", POINTS_MAX);
    if (!take(&r, get_u32(head + 8), &dictionary)) return wrong(&r, "the dictionary is cut off");
    end = r.end;
    r.end = r.p;
    r.p = dictionary;
    for (r.series = 0; r.series < n; r.series++) TRY(read_entry(&r));
    r.series = UINT32_MAX;
    if (r.p != r.end) return wrong(&r, "the dictionary is longer than its series");
    r.end = end;
    if (!pad(&r)) return wrong(&r, "zero bytes must follow the dictionary up to a multiple of 8");
    for (r.series = 0; r.series < n; r.series++) TRY(read_columns(&r, &b->series[r.series]));
    r.series = UINT32_MAX;
    return r.p == r.end ? OK : wrong(&r, "there is more behind the last column");
}
