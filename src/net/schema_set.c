#include "net/schema_set.h"

static void add_field(struct schema_set *x, const struct field *f, bool in)
{
    if (f->type == &type_pad || f->type == &type_present || f->flags & INTERNAL) return;
    if (in && f->flags & (PATH | QUERY | HEADER | READONLY)) return;
    if (!in && f->flags & (WRITEONLY | HEADER)) return;
    if (f->type == &type_map) add_field(x, &f->sub->field[1], in);
    else if (f->sub) schema_set_add(x, f->sub, in);
    else if (f->elem) add_field(x, f->elem, in);
}

void schema_set_add_members(struct schema_set *x, const struct desc *d, bool in)
{
    for (size_t i = 0; i < d->n; i++) add_field(x, &d->field[i], in);
}

void schema_set_add(struct schema_set *x, const struct desc *d, bool in)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->part[i].desc != d) continue;
        if (in || !x->part[i].in) return;
        x->part[i].in = false;
        schema_set_add_members(x, d, false);
        return;
    }
    if (x->n == x->cap) {
        struct schema_part *more = NEWN(x->arena, struct schema_part, x->cap * 2 + 16);
        if (x->n) memcpy(more, x->part, sizeof *more * x->n);
        x->part = more;
        x->cap = x->cap * 2 + 16;
    }
    x->part[x->n++] = (struct schema_part){ d, in };
    schema_set_add_members(x, d, in);
}

static bool same_name_before(const struct schema_set *x, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!strcmp(x->part[i].desc->name, x->part[at].desc->name)) return true;
    return false;
}

void schema_set_write(struct buf *b, const struct schema_set *x)
{
    for (size_t i = 0; i < x->n; i++) {
        if (same_name_before(x, i)) continue;
        json_put_key(b, x->part[i].desc->name);
        desc_schema(b, x->part[i].desc, x->part[i].in);
    }
}

static str schema_of(struct arena *a, const struct schema_part *p)
{
    struct buf b = BUF(a);
    desc_schema(&b, p->desc, p->in);
    return buf_str(&b);
}

size_t schema_set_check(struct buf *out, const struct schema_set *x)
{
    size_t faults = 0;
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < i; k++) {
            if (strcmp(x->part[i].desc->name, x->part[k].desc->name)) continue;
            if (str_eq(schema_of(out->arena, &x->part[i]), schema_of(out->arena, &x->part[k]))) continue;
            buf_printf(out, "two different descriptors are named '%s'\n", x->part[i].desc->name);
            faults++;
        }
    return faults;
}
