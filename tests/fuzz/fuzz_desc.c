/* Records by descriptor: what is accepted is written as valid JSON, reads back, and is then written the same.
 * The same bytes are also tried as a server's answer and as the text of each field. */
#include "base/desc.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = { "", "sensor", "gateway", NULL };
struct item {
    str key;
    double value;
};
#define D struct item
static const struct field item_fields[] = { { F(key), .flags = REQUIRED, .min = 1, .max = 8 }, { F(value) } };
#undef D
static DESC(item);

struct record {
    struct present given;
    str s, nullable;
    i64 i;
    int n, kind;
    bool b;
    double f;
    time_us t;
    uuid u;
    json_raw j;
    struct item object;
    LIST(struct item) items;
    LIST(str) texts;
    LIST(struct item) map;
};
#define D struct record
static const struct field record_fields[] = {
    { F(given) },
    { F(s), .min = 1, .max = 20 },
    { F(nullable), .flags = NULLABLE, .max = 20 },
    { F(i), .min = -1000, .max = 1000000 },
    { F(n), .flags = NULLABLE },
    { F_ENUM(kind, kinds), .flags = NULLABLE },
    { F(b), .def = "true" },
    { F(f), .min = -10, .max = 1000000000 },
    { F(t), .flags = NULLABLE },
    { F(u), .flags = NULLABLE },
    { F(j), .flags = NULLABLE, .max = 200 },
    { F_OBJ(object, &item_desc), .flags = NULLABLE },
    { F_LIST(items, &item_desc), .max = 10, .flags = ONE_OR_MANY },
    { F_LIST_OF(texts, &field_str_elem), .max = 10 },
    { F_MAP(map, &item_desc), .max = 10 },
};
#undef D
static DESC(record);

static str written(struct arena *a, const struct record *r)
{
    struct buf b = BUF(a);
    desc_write(&b, &record_desc, r);
    if (!json_valid(buf_str(&b))) bug("wrote %.*s", STR(buf_str(&b)));
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    str text = { (const char *)data, size };
    struct record r, again;
    if (desc_read(&op, &record_desc, text, &r)) {
        if (!op.err.msg.n || !str_utf8_ok(op.err.msg)) bug("refused without a message");
    } else {
        str once = written(&a, &r);
        if (desc_read(&op, &record_desc, once, &again)) bug("%.*s: %.*s", STR(once), STR(op.err.msg));
        if (!str_eq(once, written(&a, &again))) bug("not the same: %.*s", STR(once));
    }
    if (!desc_read_answer(&op, &record_desc, text, &r)) written(&a, &r);
    struct buf people = BUF(&a);
    desc_defaults(&record_desc, &a, &r);
    for (size_t i = 1; i < record_desc.n; i++) {
        if (desc_bind(&op, &record_desc.field[i], text, &r)) op_clear(&op);
        field_text(&people, &record_desc.field[i], &r);
    }
    arena_free(&a);
    return 0;
}
