/* Record to JSON, and to text for people. One engine writes answers and requests: they differ in which
 * members count. */
#include "base/desc_impl.h"

static void write_record(struct buf *b, const struct desc *d, const void *val, bool request);

static void write_list(struct buf *b, const struct field *f, const struct list *l, bool request)
{
    size_t size = desc_item_size(f);
    buf_char(b, '[');
    for (size_t i = 0; i < l->n; i++) {
        const char *item = (const char *)l->item + i * size;
        if (i) buf_char(b, ',');
        if (f->sub) write_record(b, f->sub, item, request);
        else desc_write_value(b, f->elem, item, request);
    }
    buf_char(b, ']');
}

static void write_map(struct buf *b, const struct field *f, const struct list *l, bool request)
{
    const struct field *k = &f->sub->field[0], *v = &f->sub->field[1];
    buf_char(b, '{');
    for (size_t i = 0; i < l->n; i++) {
        const char *item = (const char *)l->item + i * f->sub->size;
        if (i) buf_char(b, ',');
        json_put_str(b, *(const str *)(const void *)(item + k->off));
        buf_char(b, ':');
        desc_write_value(b, v, item + v->off, request);
    }
    buf_char(b, '}');
}

void desc_write_value(struct buf *b, const struct field *f, const void *val, bool request)
{
    if (f->flags & NULLABLE && desc_value_is_null(f, val)) buf_put(b, S("null"));
    else if (f->type == &type_list) write_list(b, f, val, request);
    else if (f->type == &type_map) write_map(b, f, val, request);
    else if (f->type == &type_object) write_record(b, f->sub, val, request);
    else f->type->write(b, f, val);
}

static const struct present *presence(const struct desc *d, const void *val)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].type == &type_present)
            return (const struct present *)(const void *)((const char *)val + d->field[i].off);
    return NULL;
}

/* A request leaves out what was not set, where "not set" has a value of its own. */
static bool unset(const struct field *f, const void *val)
{
    static const struct type *const kinds[] = { &type_str,  &type_time, &type_uuid,
                                                &type_json, &type_list, &type_map };
    for (size_t i = 0; i < LEN(kinds); i++)
        if (f->type == kinds[i]) return f->type->is_null(val);
    return desc_value_is_null(f, val) && f->flags & NULLABLE;
}

static void write_record(struct buf *b, const struct desc *d, const void *val, bool request)
{
    unsigned hidden = INTERNAL | HEADER | (request ? READONLY | FROM_ELSEWHERE : WRITEONLY);
    const struct present *given = presence(d, val);
    buf_char(b, '{');
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        const char *at = (const char *)val + f->off;
        if (f->flags & hidden || f->type == &type_pad || f->type == &type_present) continue;
        if (given ? !(given->set >> i & 1) : request && unset(f, at)) continue;
        json_put_key(b, f->name);
        if (given && given->null >> i & 1) buf_put(b, S("null"));
        else desc_write_value(b, f, at, request);
    }
    buf_char(b, '}');
}

/* A BODY member is the whole text. */
static void write_whole(struct buf *b, const struct desc *d, const void *val, bool request)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].flags & BODY) {
            desc_write_value(b, &d->field[i], (const char *)val + d->field[i].off, request);
            return;
        }
    write_record(b, d, val, request);
}

void desc_write(struct buf *b, const struct desc *d, const void *val) { write_whole(b, d, val, false); }

void desc_write_list(struct buf *b, const char *key, const struct desc *d, const void *list)
{
    const struct list *l = list;
    json_put_key(b, key);
    buf_char(b, '[');
    for (size_t i = 0; i < l->n; i++) {
        if (i) buf_char(b, ',');
        desc_write(b, d, (const char *)l->item + i * d->size);
    }
    buf_char(b, ']');
}

void desc_write_request(struct buf *b, const struct desc *d, const void *val)
{
    write_whole(b, d, val, true);
}

static void text_list(struct buf *b, const struct field *f, const struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (i) buf_put(b, S(", "));
        field_text(b, f->elem, (const char *)l->item + i * desc_item_size(f) - f->elem->off);
    }
}

static void text_time(struct buf *b, time_us t)
{
    char text[TIME_TEXT];
    buf_put(b, time_text_local(t, text));
}

void field_text(struct buf *b, const struct field *f, const void *record)
{
    const void *val = (const char *)record + f->off;
    char text[UUID_TEXT];
    if (f->flags & WRITEONLY || desc_value_is_null(f, val)) {
        if (!(f->flags & WRITEONLY) && !(f->flags & NULLABLE) && f->type->size == sizeof(i64))
            buf_put(b, S("0"));
        return;
    }
    if (f->type == &type_str) buf_put(b, *(const str *)val);
    else if (f->type == &type_time) text_time(b, *(const time_us *)val);
    else if (f->type == &type_uuid) buf_put(b, uuid_text(*(const uuid *)val, text));
    else if (f->type == &type_enum) buf_z(b, f->choice[*(const int *)val]);
    else if (f->type == &type_list && f->elem) text_list(b, f, val);
    else if (f->type->write) desc_write_value(b, f, val, false);
}
