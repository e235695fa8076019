/* Descriptor to JSON Schema (draft 2020-12), as OpenAPI 3.1 uses it. */
#include "base/desc_impl.h"

static bool shown(const struct field *f, bool in)
{
    if (f->type == &type_pad || f->type == &type_present || f->flags & INTERNAL) return false;
    return !(f->flags & (in ? READONLY | FROM_ELSEWHERE : WRITEONLY | HEADER));
}

static bool quoted(const struct field *f)
{
    return f->type == &type_str || f->type == &type_enum || f->type == &type_time || f->type == &type_uuid;
}

static void put_notes(struct buf *b, const struct field *f)
{
    bool known =
        f->type == &type_time || f->type == &type_uuid || f->type == &type_i64 || f->type == &type_int;
    if (f->format && !known) {
        buf_put(b, S(",\"format\":"));
        json_put_str(b, str_of(f->format));
    }
    if (f->def && (quoted(f) || f->type->size <= sizeof(i64))) {
        buf_put(b, S(",\"default\":"));
        if (quoted(f)) json_put_str(b, str_of(f->def));
        else buf_z(b, f->def);
    }
    if (f->flags & READONLY) buf_put(b, S(",\"readOnly\":true"));
    if (f->flags & WRITEONLY) buf_put(b, S(",\"writeOnly\":true"));
    if (f->doc) {
        buf_put(b, S(",\"description\":"));
        json_put_str(b, str_of(f->doc));
    }
}

void desc_schema_field(struct buf *b, const struct field *f)
{
    buf_char(b, '{');
    f->type->schema(b, f);
    put_notes(b, f);
    buf_char(b, '}');
}

/* Answers hold every member, but only what a table promises is said to be required. */
static bool required(const struct field *f, bool in)
{
    return f->flags & (in ? REQUIRED : REQUIRED | READONLY);
}

void desc_schema(struct buf *b, const struct desc *d, bool in)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].flags & BODY) {
            desc_schema_field(b, &d->field[i]);
            return;
        }
    buf_put(b, S("{\"type\":\"object\",\"properties\":{"));
    for (size_t i = 0; i < d->n; i++) {
        if (!shown(&d->field[i], in)) continue;
        json_put_key(b, d->field[i].name);
        desc_schema_field(b, &d->field[i]);
    }
    buf_char(b, '}');
    bool any = false;
    for (size_t i = 0; i < d->n; i++) {
        if (!shown(&d->field[i], in) || !required(&d->field[i], in)) continue;
        buf_put(b, any ? S(",") : S(",\"required\":["));
        json_put_str(b, str_of(d->field[i].name));
        any = true;
    }
    if (any) buf_char(b, ']');
    if (in) buf_put(b, S(",\"additionalProperties\":false"));
    buf_char(b, '}');
}
