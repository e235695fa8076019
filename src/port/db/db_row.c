/* From an engine's values to the members of a struct: one small function a C type, chosen by the field's type
 * when the statement's columns are matched with the descriptor. A column that has no field is skipped, so
 * that a program keeps working beside a newer one that has added a column. */
#include "base/json.h"
#include "base/log.h"
#include "port/db/db_port.h"

static err_t mismatch(struct op *op, const struct field *f, const struct db_value *v)
{
    return fail_detail(op, ERR_INTERNAL, "column '%s' of kind '%c' does not fit a member of type %s", f->name,
                       v->kind, f->type->name);
}

static bool textual(char kind) { return kind == 's' || kind == 'x' || kind == 'j'; }

/* Sums and averages come from PostgreSQL as doubles; whole ones fit an integer. */
static bool whole(const struct db_value *v, i64 *out)
{
    if (v->kind == 'f' && v->f >= -9007199254740992.0 && v->f <= 9007199254740992.0 &&
        (double)(i64)v->f == v->f) {
        *out = (i64)v->f;
        return true;
    }
    *out = v->i;
    return v->kind == 'i' || v->kind == 'b' || v->kind == 't';
}

static err_t store_str(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    char t[UUID_TEXT];
    if (v->kind == 'u') *(str *)to = str_copy(op->arena, uuid_text(v->u, t));
    else if (textual(v->kind)) *(str *)to = str_copy(op->arena, v->s);
    else return mismatch(op, f, v);
    return OK;
}

static err_t store_json(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    if (!textual(v->kind)) return mismatch(op, f, v);
    ((json_raw *)to)->s = str_copy(op->arena, v->s);
    return OK;
}

static err_t store_i64(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    return whole(v, to) ? OK : mismatch(op, f, v);
}

static err_t store_int(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    i64 i;
    if (!whole(v, &i) || i < INT32_MIN || i > INT32_MAX) return mismatch(op, f, v);
    *(int *)to = (int)i;
    return OK;
}

static err_t store_bool(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    i64 i;
    if (!whole(v, &i)) return mismatch(op, f, v);
    *(bool *)to = i != 0;
    return OK;
}

static err_t store_f64(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    if (v->kind == 'f') *(double *)to = v->f;
    else if (v->kind == 'i') *(double *)to = (double)v->i;
    else return mismatch(op, f, v);
    return OK;
}

static err_t store_uuid(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    if (v->kind == 'u') *(uuid *)to = v->u;
    else if (!textual(v->kind) || !uuid_parse(v->s, to)) return mismatch(op, f, v);
    return OK;
}

/* Kept as the number or as the word. */
static err_t store_enum(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    if (!textual(v->kind)) return store_int(op, f, v, to);
    for (int i = 0; f->choice[i]; i++) {
        if (!str_is(v->s, f->choice[i])) continue;
        *(int *)to = i;
        return OK;
    }
    return mismatch(op, f, v);
}

/* Lists, maps and objects are columns of JSON. What was written under older ranges is still read. */
static err_t store_parsed(struct op *op, const struct field *f, const struct db_value *v, void *to)
{
    if (!textual(v->kind)) return mismatch(op, f, v);
    struct json j = json_reader(op->arena, str_copy(op->arena, v->s));
    j.answer = true;
    return f->type->read(op, f, &j, to);
}

static const struct db_store {
    const struct type *type;
    err_t (*store)(struct op *, const struct field *, const struct db_value *, void *to);
} stores[] = {
    { &type_str, store_str },     { &type_i64, store_i64 },       { &type_int, store_int },
    { &type_bool, store_bool },   { &type_f64, store_f64 },       { &type_time, store_i64 },
    { &type_uuid, store_uuid },   { &type_json, store_json },     { &type_enum, store_enum },
    { &type_list, store_parsed }, { &type_object, store_parsed }, { &type_map, store_parsed },
};

static const struct db_store *store_of(const struct type *t)
{
    for (size_t i = 0; i < LEN(stores); i++)
        if (stores[i].type == t) return &stores[i];
    return NULL;
}

void db_map_for(struct db_map *m, const struct desc *d, int columns, const char *(*name)(void *, int),
                void *ctx)
{
    if (m->desc == d && m->n == columns) return;
    db_map_done(m);
    *m = (struct db_map){ d, mem_alloc((size_t)columns * sizeof *m->slot), columns };
    for (int i = 0; i < columns; i++) {
        const char *column = name(ctx, i);
        for (size_t k = 0; k < d->n && !m->slot[i].store; k++)
            if (!strcmp(d->field[k].name, column))
                m->slot[i] = (struct db_slot){ &d->field[k], store_of(d->field[k].type) };
    }
}

void db_map_done(struct db_map *m)
{
    mem_free(m->slot);
    *m = (struct db_map){ 0 };
}

err_t db_row_store(struct op *op, const struct db_slot *slot, const struct db_value *v, void *record)
{
    const struct field *f = slot->field;
    void *to = (char *)record + f->off;
    if (v->kind) return slot->store->store(op, f, v, to);
    memset(to, 0, f->type->size ? f->type->size : f->sub->size);
    return OK;
}

err_t db_row_number(struct op *op, const struct db_value *v, i64 *out)
{
    if (!v->kind) *out = 0;
    else if (!whole(v, out))
        return fail_detail(op, ERR_INTERNAL, "a result of kind '%c' is no integer", v->kind);
    return OK;
}

static void *list_grow(struct op *op, struct db_result *r)
{
    struct list *list = r->out;
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        void *item = arena_alloc(op->arena, r->cap * r->desc->size);
        if (r->n) memcpy(item, list->item, r->n * r->desc->size);
        list->item = item;
    }
    return (char *)list->item + r->n * r->desc->size;
}

void *db_row_begin(struct op *op, struct db_result *r)
{
    switch (r->want) {
    case DB_WANT_NONE: return NULL;
    case DB_WANT_I64: return r->out;
    case DB_WANT_ALL: return list_grow(op, r);
    case DB_WANT_ONE:
    case DB_WANT_EACH: return memset(r->out, 0, r->desc->size);
    }
    bug("want %d", r->want);
}

err_t db_row_end(struct op *op, struct db_result *r, bool *more)
{
    r->n++;
    *more = r->want == DB_WANT_ALL || r->want == DB_WANT_EACH;
    if (r->want == DB_WANT_ALL) ((struct list *)r->out)->n = r->n;
    if (r->want == DB_WANT_EACH) return r->each(op, r->ctx, r->out);
    if (arena_over(op->arena)) return fail(op, ERR_LIMIT, "the result is too large");
    return OK;
}
