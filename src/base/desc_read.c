/* JSON to record. Members usually come in the order of the table, so the search for a name starts behind the
 * last one found. */
#include "base/desc_impl.h"

enum { NOT_IN_BODY = FROM_ELSEWHERE | INTERNAL };

err_t desc_syntax(struct op *op, const struct json *j)
{
    return fail(op, ERR_INVALID, TR("the text is not valid JSON: %.*s", "это не JSON: %.*s"),
                STR(json_error_text(j, op->arena)));
}

err_t desc_wrong(struct op *op, const struct field *f, struct json *j, const char *want)
{
    struct json ahead = *j; /* broken JSON is the better message */
    if (!json_skip(&ahead)) return desc_syntax(op, &ahead);
    return fail_field(op, f->name, TR("must be %s", "нужно: %s"), want);
}

static bool visible(const struct field *f, bool answer)
{
    if (f->type == &type_pad || f->type == &type_present) return false;
    return !(f->flags & (answer ? INTERNAL | WRITEONLY : NOT_IN_BODY));
}

struct reading {
    const struct desc *desc;
    struct json *j;
    char *out;
    u64 given, null;
    size_t next;
};

static bool member(struct reading *r, str key, size_t *at)
{
    const struct desc *d = r->desc;
    for (size_t k = 0, i = r->next; k < d->n; k++, i++) {
        if (i >= d->n) i = 0;
        const char *name = d->field[i].name;
        if (strlen(name) != key.n || memcmp(name, key.p, key.n) != 0) continue;
        *at = i;
        r->next = i + 1;
        return visible(&d->field[i], r->j->answer);
    }
    return false;
}

static err_t read_null(struct op *op, struct reading *r, size_t i)
{
    const struct field *f = &r->desc->field[i];
    bool allowed = f->flags & NULLABLE || r->j->answer;
    if (!allowed) return fail_field(op, f->name, TR("must not be null", "не может быть null"));
    if (!json_null(r->j)) return desc_syntax(op, r->j);
    memset(r->out + f->off, 0, f->type->size ? f->type->size : f->sub->size);
    r->null |= (u64)1 << i;
    return OK;
}

static err_t read_member(struct op *op, struct reading *r, str key)
{
    size_t i;
    struct json *j = r->j;
    if (!member(r, key, &i)) {
        if (j->answer) return json_skip(j) ? OK : desc_syntax(op, j);
        return op_fail(op, ERR_INVALID, HERE, str_head(key, 100),
                       TR("is not a known field", "неизвестное поле"));
    }
    const struct field *f = &r->desc->field[i];
    if (f->flags & READONLY && !j->answer)
        return fail_field(
            op, f->name, TR("is set by the server and must not be given", "задаёт сервер, указывать нельзя"));
    if (r->given >> i & 1) return fail_field(op, f->name, TR("is given twice", "указано дважды"));
    r->given |= (u64)1 << i;
    if (json_peek(j) == JSON_NULL) return read_null(op, r, i);
    TRY(f->type->read(op, f, j, r->out + f->off));
    return f->check && !j->answer ? f->check(op, f, r->out + f->off) : OK;
}

static void note_presence(struct reading *r)
{
    for (size_t i = 0; i < r->desc->n; i++)
        if (r->desc->field[i].type == &type_present)
            memcpy(r->out + r->desc->field[i].off, &(struct present){ r->given, r->null },
                   sizeof(struct present));
}

static const struct field *body_field(const struct desc *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].flags & BODY) return &d->field[i];
    return NULL;
}

/* The whole text is one member: errors name what is inside it, not it. */
err_t desc_read_body(struct op *op, const struct field *f, struct json *j, void *record)
{
    struct field body = *f;
    body.name = "";
    if (json_peek(j) == JSON_NULL && f->flags & NULLABLE) return json_null(j) ? OK : desc_syntax(op, j);
    TRY(f->type->read(op, &body, j, (char *)record + f->off));
    return field_check(op, &body, (char *)record + f->off);
}

err_t desc_read_value(struct op *op, const struct desc *d, struct json *j, void *out)
{
    desc_defaults(d, op->arena, out);
    const struct field *body = body_field(d);
    if (body) return desc_read_body(op, body, j, out);
    if (json_peek(j) != JSON_OBJECT)
        return desc_wrong(op, &(struct field){ "" }, j, TR("an object", "объект"));
    struct reading r = { .desc = d, .j = j, .out = out };
    if (!json_object(j)) return desc_syntax(op, j);
    for (str key; json_key(j, &key);) TRY(read_member(op, &r, key));
    if (j->error) return desc_syntax(op, j);
    note_presence(&r);
    return j->answer ? OK : desc_required(op, d, r.given, 0);
}

static err_t read_all(struct op *op, const struct desc *d, struct json *j, void *out)
{
    if (!str_trim(str_sub(j->begin, j->end)).n)
        return fail(op, ERR_INVALID, TR("JSON is expected, the text is empty", "нужен JSON, а текст пуст"));
    TRY(desc_read_value(op, d, j, out));
    return json_end(j) ? OK : desc_syntax(op, j);
}

err_t desc_read(struct op *op, const struct desc *d, str text, void *out)
{
    struct json j = json_reader(op->arena, text);
    return read_all(op, d, &j, out);
}

err_t desc_read_answer(struct op *op, const struct desc *d, str text, void *out)
{
    struct json j = json_reader(op->arena, text);
    j.answer = true;
    return read_all(op, d, &j, out);
}

err_t desc_read_raw(struct op *op, const struct field *f, json_raw raw, const struct desc *d, void *out)
{
    err_t e = desc_read(op, d, raw.s.p ? raw.s : S("{}"), out);
    if (e) desc_prefix(op, str_of(f->name), -1);
    return e;
}
