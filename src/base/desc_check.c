/* Finds mistakes in descriptor tables. A forgotten member shows as bytes that no row covers and alignment
 * does not explain; a small one hidden in padding does not show (docs/adr/0001), which is why tables follow
 * the struct. */
#include "base/desc_impl.h"

struct faults {
    struct buf *out;
    const struct desc *desc;
    size_t n;
};

static void fault(struct faults *x, const char *name, const char *what)
{
    buf_printf(x->out, "%s.%s: %s\n", x->desc->name, name, what);
    x->n++;
}

static size_t row_size(const struct field *f)
{
    if (f->type == &type_pad) return (size_t)f->max;
    if (f->type == &type_object) return f->sub ? f->sub->size : 0;
    return f->type->size;
}

static size_t row_align(const struct field *f)
{
    if (f->type == &type_bool || f->type == &type_uuid || f->type == &type_pad) return 1;
    if (f->type == &type_int || f->type == &type_enum) return sizeof(int);
    if (f->type != &type_object || !f->sub) return sizeof(void *);
    size_t most = 1;
    for (size_t i = 0; i < f->sub->n; i++) most = MAX(most, row_align(&f->sub->field[i]));
    return most;
}

static size_t up(size_t n, size_t align) { return (n + align - 1) / align * align; }

static const struct field *row_after(const struct desc *d, size_t off)
{
    const struct field *best = NULL;
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].off >= off && (!best || d->field[i].off < best->off)) best = &d->field[i];
    return best;
}

static void check_layout(struct faults *x)
{
    const struct desc *d = x->desc;
    size_t end = 0, align = 1;
    const char *last = "(begin)";
    for (const struct field *f; (f = row_after(d, end)); last = f->name) {
        size_t a = f->type == &type_pad && f->off % 8 == 0 ? 8 : row_align(f);
        if (f->off >= up(end, a) + 1 || (f->off > end && a == 1))
            fault(x, last, "bytes behind it belong to no row");
        align = MAX(align, row_align(f));
        end = f->off + MAX(row_size(f), (size_t)1);
    }
    if (up(end, align) < d->size && up(end, sizeof(void *)) != d->size)
        fault(x, last, "bytes behind it belong to no row");
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = i + 1; k < d->n; k++)
            /* Rows may name parts of a member that is skipped as a whole. */
            if (d->field[i].type != &type_pad && d->field[k].type != &type_pad &&
                d->field[i].off < d->field[k].off + row_size(&d->field[k]) &&
                d->field[k].off < d->field[i].off + row_size(&d->field[i]))
                fault(x, d->field[k].name, "its bytes belong to another row too");
}

static bool given_by_input(const struct field *f) { return !(f->flags & (READONLY | INTERNAL)); }

static void check_members(struct faults *x, const struct field *f)
{
    bool many = f->type == &type_list || f->type == &type_map;
    if (f->type == &type_object && !f->sub) fault(x, f->name, "an object without .sub");
    if (f->type == &type_list && !f->sub == !f->elem) fault(x, f->name, "a list needs either .sub or .elem");
    if (f->type == &type_list && f->elem && *f->elem->name)
        fault(x, f->name, "its .elem must have the name \"\"");
    if (f->type == &type_map && (!f->sub || f->sub->n != 2 || f->sub->field[0].type != &type_str))
        fault(x, f->name, "a map needs a .sub of two rows, the first a str");
    if (f->type == &type_enum && (!f->choice || !f->choice[0])) fault(x, f->name, "an enum without .choice");
    if (given_by_input(f) && (many || f->type == &type_str) && !f->max)
        fault(x, f->name, "input of any length: .max is missing");
    if (many && f->def) fault(x, f->name, "a list has no default");
    if (f->min > f->max) fault(x, f->name, ".min is above .max");
    if (f->flags & NULLABLE && (f->type == &type_bool || f->type == &type_pad))
        fault(x, f->name, "NULLABLE, but every value means something");
    if (f->flags & REST && f->type != &type_list) fault(x, f->name, "REST must be a list");
    if (f->flags & REQUIRED && f->flags & READONLY) fault(x, f->name, "REQUIRED and READONLY");
    if (f->flags & REQUIRED && f->def) fault(x, f->name, "REQUIRED, yet it has a default");
}

static void check_default(struct faults *x, const struct field *f)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    if (desc_bind(&op, f, str_of(f->def), arena_alloc(&a, x->desc->size)))
        fault(x, f->name, "its default is refused");
    arena_free(&a);
}

size_t desc_check(struct buf *out, const struct desc *d)
{
    struct faults x = { .out = out, .desc = d };
    size_t body = 0;
    if (d->n > 64) fault(&x, "*", "more than 64 rows");
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        check_members(&x, f);
        if (f->def) check_default(&x, f);
        body += !!(f->flags & BODY);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(f->name, d->field[k].name)) fault(&x, f->name, "two rows of that name");
    }
    if (body > 1) fault(&x, "*", "more than one BODY row");
    check_layout(&x);
    return x.n;
}
