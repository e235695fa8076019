/* The types made of others: object, list, map. */
#include "base/desc_impl.h"

/* ---- object ---- */
static err_t object_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    err_t e = desc_read_value(op, f->sub, j, out);
    if (e && op->err.field.p) desc_prefix(op, str_of(f->name), -1);
    return e;
}

static void object_write(struct buf *b, const struct field *f, const void *val)
{
    desc_write(b, f->sub, val);
}

static void put_ref(struct buf *b, const struct desc *d)
{
    buf_printf(b, "\"$ref\":\"#/components/schemas/%s\"", d->name);
}

static void object_schema(struct buf *b, const struct field *f)
{
    if (!(f->flags & NULLABLE)) {
        put_ref(b, f->sub);
        return;
    }
    buf_put(b, S("\"anyOf\":[{"));
    put_ref(b, f->sub);
    buf_put(b, S("},{\"type\":\"null\"}]"));
}

const struct type type_object = { "object", object_read, NULL, object_write, object_schema, NULL, 0 };

/* ---- list ---- */
static err_t item_read(struct op *op, const struct field *f, struct json *j, void *item)
{
    if (f->sub) return desc_read_value(op, f->sub, j, item);
    if (json_peek(j) == JSON_NULL) {
        if (!(f->elem->flags & NULLABLE) && !j->answer)
            return fail_field(op, "", TR("must not be null", "не может быть null"));
        return json_null(j) ? OK : desc_syntax(op, j);
    }
    TRY(f->elem->type->read(op, f->elem, j, item));
    return j->answer ? OK : field_check(op, f->elem, item);
}

static void *list_begin(struct op *op, struct list *l)
{
    *l = (struct list){ arena_alloc(op->arena, 1), 0 };
    return l;
}

/* Lists without a range take this many items, so that none is unbounded. */
enum { MOST_ITEMS = 1000000 };

static err_t next_item(struct op *op, const struct field *f, struct json *j, void *record)
{
    struct list *l = (void *)((char *)record + f->off);
    i64 most = f->min != f->max && !j->answer ? f->max : MOST_ITEMS;
    if ((i64)l->n >= most)
        return fail_field(op, f->name, TR("must have at most %lld items", "не больше %lld элементов"),
                          (long long)most);
    if (arena_over(op->arena))
        return fail(op, ERR_LIMIT, TR("the list needs too much memory", "списку нужно слишком много памяти"));
    return OK;
}

static err_t list_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    struct list *l = list_begin(op, out);
    char *record = (char *)out - f->off;
    if (json_peek(j) != JSON_ARRAY) {
        if (!(f->flags & ONE_OR_MANY)) return desc_wrong(op, f, j, TR("a list", "список"));
        err_t e = item_read(op, f, j, desc_list_add(op->arena, f, record));
        if (e && op->err.field.p) desc_prefix(op, str_of(f->name), -1);
        return e;
    }
    if (!json_array(j)) return desc_syntax(op, j);
    while (json_next(j)) {
        TRY(next_item(op, f, j, record));
        i64 at = (i64)l->n;
        err_t e = item_read(op, f, j, desc_list_add(op->arena, f, record));
        if (e && op->err.field.p) desc_prefix(op, str_of(f->name), at);
        TRY(e);
    }
    if (j->error) return desc_syntax(op, j);
    return j->answer ? OK : desc_count(op, f, l->n);
}

static void list_write(struct buf *b, const struct field *f, const void *val)
{
    desc_write_value(b, f, val, false);
}

static void item_schema(struct buf *b, const struct field *f)
{
    buf_char(b, '{');
    if (f->sub) put_ref(b, f->sub);
    else f->elem->type->schema(b, f->elem);
    buf_char(b, '}');
}

static void array_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "array");
    buf_put(b, S(",\"items\":"));
    item_schema(b, f);
    desc_schema_range(b, f, "minItems", "maxItems");
}

static void list_schema(struct buf *b, const struct field *f)
{
    if (!(f->flags & ONE_OR_MANY)) {
        array_schema(b, f);
        return;
    }
    buf_put(b, S("\"oneOf\":["));
    item_schema(b, f);
    buf_put(b, S(",{"));
    array_schema(b, f);
    buf_put(b, S("}]"));
}

const struct type type_list = {
    "list", list_read, NULL, list_write, list_schema, desc_list_is_null, sizeof(struct list)
};

/* ---- map: {"free key": value, ...} as a list of { key, value } in the order given ---- */
static err_t map_key(struct op *op, const struct field *f, const struct list *l, str key, void *item)
{
    const struct field *k = &f->sub->field[0];
    TRY(k->type->bind(op, k, key, (char *)item + k->off));
    TRY(field_check(op, k, (char *)item + k->off));
    for (size_t i = 0; i + 1 < l->n; i++)
        if (str_eq(*(const str *)(const void *)((char *)l->item + i * f->sub->size + k->off), key))
            return fail_field(op, "", TR("is given twice", "указано дважды"));
    return OK;
}

static err_t map_value(struct op *op, const struct field *f, struct json *j, void *item)
{
    const struct field *v = &f->sub->field[1];
    struct field unnamed = *v; /* the key names it */
    unnamed.name = "";
    if (json_peek(j) == JSON_NULL) {
        if (!(v->flags & NULLABLE) && !j->answer)
            return fail_field(op, "", TR("must not be null", "не может быть null"));
        return json_null(j) ? OK : desc_syntax(op, j);
    }
    TRY(v->type->read(op, &unnamed, j, (char *)item + v->off));
    return j->answer ? OK : field_check(op, &unnamed, (char *)item + v->off);
}

/* The check for doubles compares with all earlier keys, hence a bound of its own. */
enum { MOST_KEYS = 10000 };

static err_t map_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    struct list *l = list_begin(op, out);
    char *record = (char *)out - f->off;
    if (json_peek(j) != JSON_OBJECT) return desc_wrong(op, f, j, TR("an object", "объект"));
    if (!json_object(j)) return desc_syntax(op, j);
    for (str key; json_key(j, &key);) {
        if (l->n >= MOST_KEYS)
            return fail_field(op, f->name, TR("must have at most %d members", "не больше %d элементов"),
                              MOST_KEYS);
        TRY(next_item(op, f, j, record));
        void *item = desc_list_add(op->arena, f, record);
        err_t e = map_key(op, f, l, key, item);
        if (!e) e = map_value(op, f, j, item);
        if (e && op->err.field.p) {
            desc_prefix(op, str_head(key, 100), -1);
            desc_prefix(op, str_of(f->name), -1);
        }
        TRY(e);
    }
    if (j->error) return desc_syntax(op, j);
    return j->answer ? OK : desc_count(op, f, l->n);
}

static void map_write(struct buf *b, const struct field *f, const void *val)
{
    desc_write_value(b, f, val, false);
}

static void map_schema(struct buf *b, const struct field *f)
{
    const struct field *v = &f->sub->field[1];
    desc_schema_type(b, f, "object");
    buf_put(b, S(",\"additionalProperties\":{"));
    v->type->schema(b, v);
    buf_char(b, '}');
    desc_schema_range(b, f, "minProperties", "maxProperties");
}

const struct type type_map = {
    "map", map_read, NULL, map_write, map_schema, desc_list_is_null, sizeof(struct list)
};
