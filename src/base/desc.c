/* Records as a whole: looking members up, defaults, binding from text, what is required. */
#include "base/desc_impl.h"
#include "base/log.h"

const struct field field_str_elem = { "", .type = &type_str, .min = 1, .max = 4096 };
static const struct field nothing_fields[] = { { "none", .type = &type_pad, .max = 1 } };
const struct desc nothing_desc = { "nothing", sizeof(struct nothing), nothing_fields, LEN(nothing_fields) };

const struct field *desc_field(const struct desc *d, str name)
{
    for (const struct field *f = d->field, *end = f + d->n; f < end; f++)
        if (strlen(f->name) == name.n && !memcmp(f->name, name.p, name.n)) return f;
    return NULL;
}

static bool bytes_are_zero(const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const u8 *)p)[i]) return false;
    return true;
}

static size_t value_size(const struct field *f)
{
    if (f->type->size) return f->type->size;
    return f->type == &type_object ? f->sub->size : 0;
}

bool desc_value_is_null(const struct field *f, const void *val)
{
    if (f->type == &type_object) return bytes_are_zero(val, value_size(f));
    if (f->type == &type_enum) return !*f->choice[*(const int *)val];
    return f->type->is_null && f->type->is_null(val);
}

bool field_is_null(const struct field *f, const void *record)
{
    return desc_value_is_null(f, (const char *)record + f->off);
}

size_t desc_item_size(const struct field *list)
{
    return list->sub ? list->sub->size : value_size(list->elem);
}

bool desc_list_is_null(const void *val) { return !((const struct list *)val)->item; }

void *desc_list_add(struct arena *a, const struct field *f, void *record)
{
    struct list *l = (void *)((char *)record + f->off);
    size_t size = desc_item_size(f), n = l->n++;
    /* Capacity is not stored: it is the least of 4, 8, 16, ... that holds n. */
    if (n < 4 ? n == 0 : !(n & (n - 1))) {
        char *item = arena_alloc(a, size * (n < 4 ? 4 : n * 2));
        if (n) memcpy(item, l->item, n * size);
        l->item = item;
    }
    return (char *)l->item + n * size;
}

void desc_defaults(const struct desc *d, struct arena *a, void *out)
{
    memset(out, 0, d->size);
    for (const struct field *f = d->field, *end = f + d->n; f < end; f++) {
        if (f->type == &type_object && !(f->flags & NULLABLE)) desc_defaults(f->sub, a, (char *)out + f->off);
        if (!f->def) continue;
        struct op op = { .arena = a, .who = &principal_nobody };
        if (desc_bind(&op, f, str_of(f->def), out))
            bug("default '%s' of %s.%s: %.*s", f->def, d->name, f->name, STR(op.err.msg));
    }
}

void desc_prefix(struct op *op, str name, i64 i)
{
    str rest = op->err.field;
    const char *dot = name.n && rest.n && rest.p[0] != '[' ? "." : "";
    if (i < 0) op->err.field = arena_printf(op->arena, "%.*s%s%.*s", STR(name), dot, STR(rest));
    else if (rest.n && rest.p[0] != '[')
        op->err.field = arena_printf(op->arena, "%.*s[%lld].%.*s", STR(name), (long long)i, STR(rest));
    else op->err.field = arena_printf(op->arena, "%.*s[%lld]%.*s", STR(name), (long long)i, STR(rest));
}

err_t desc_count(struct op *op, const struct field *f, size_t n)
{
    if (f->min == f->max || ((i64)n >= f->min && (i64)n <= f->max)) return OK;
    if ((i64)n > f->max)
        return fail_field(op, f->name, TR("must have at most %lld items", "не больше %lld элементов"),
                          (long long)f->max);
    return fail_field(op, f->name, TR("must have at least %lld items", "не меньше %lld элементов"),
                      (long long)f->min);
}

err_t field_check(struct op *op, const struct field *f, const void *val)
{
    return f->check ? f->check(op, f, val) : OK;
}

err_t desc_bind_item(struct op *op, const struct field *f, str text, void *record)
{
    struct list *l = (void *)((char *)record + f->off);
    TRY(desc_count(op, &(struct field){ f->name, .min = 0, .max = f->max }, l->n + 1));
    size_t at = l->n;
    void *item = desc_list_add(op->arena, f, record);
    err_t e = f->elem->type->bind(op, f->elem, text, item);
    if (!e) e = field_check(op, f->elem, item);
    if (e) desc_prefix(op, str_of(f->name), (i64)at);
    return e;
}

/* Whatever has no text form of its own is given as JSON. */
static err_t bind_json(struct op *op, const struct field *f, str text, void *val)
{
    struct json j = json_reader(op->arena, text);
    TRY(f->type->read(op, f, &j, val));
    return json_end(&j) ? OK : desc_syntax(op, &j);
}

err_t desc_bind(struct op *op, const struct field *f, str text, void *record)
{
    void *val = (char *)record + f->off;
    if (f->type == &type_list && f->elem) {
        for (str rest = text, piece; str_next(&rest, ',', &piece);) TRY(desc_bind_item(op, f, piece, record));
        TRY(desc_count(op, f, ((struct list *)val)->n));
    } else if (f->type->bind) {
        TRY(f->type->bind(op, f, text, val));
    } else {
        TRY(bind_json(op, f, text, val));
    }
    return field_check(op, f, val);
}

err_t desc_required(struct op *op, const struct desc *d, u64 given, unsigned sources)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (!(f->flags & REQUIRED) || given >> i & 1) continue;
        if (sources ? f->flags & sources : !(f->flags & FROM_ELSEWHERE))
            return fail_field(op, f->name, TR("is required", "обязательно"));
    }
    return OK;
}
