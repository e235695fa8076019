/* Descriptors: one table a C struct. It drives JSON in, validation with messages that name the field, JSON
 * out, JSON Schema, path, query and command-line binding, and database rows (port/db.h). A struct's members
 * are plain C; F(member) takes name, offset and codec from the member itself, so table and struct cannot
 * disagree:
 *
 *     struct package { i64 id; str name; enum visibility visibility; bool is_public; time_us created_at;
 * LIST(str) tags; }; #define D struct package static const struct field package_fields[] = { { F(id), .flags
 * = READONLY, .doc = "Assigned by the server." }, { F(name), .flags = REQUIRED, .min = 1, .max = 64, .check =
 * package_name_check, .doc = "Unique name." }, { F(is_public), .def = "true" },
 *         ...
 *     };
 *     #undef D
 *     static DESC(package);                     // defines package_desc
 *
 * Input rules: unknown members, members given twice, READONLY members and null for what is not NULLABLE are
 * errors; so are U+0000 in texts (databases cannot hold it) and values outside the range. A str that was not
 * given is absent; it views the input where it can, so the input must live as long as the record. An empty
 * list that was given has n == 0 and item != NULL. */
#pragma once
#include "base/json.h"
#include "base/op.h"
#include "base/rand.h"

enum field_flag {
    REQUIRED = 1 << 0,    /* input must have it */
    READONLY = 1 << 1,    /* output only */
    WRITEONLY = 1 << 2,   /* input only: passwords; never written, never logged */
    PATH = 1 << 3,        /* bound from {name} of the route's path */
    QUERY = 1 << 4,       /* bound from the query string */
    BODY = 1 << 5,        /* the whole body is this member (lists, free JSON) */
    NULLABLE = 1 << 6,    /* null <-> absent str, 0 of a number, time 0, nil uuid, absent json */
    ONE_OR_MANY = 1 << 7, /* a list that also takes a single element without brackets */
    ARG = 1 << 8,         /* command line: positional */
    REST = 1 << 9,        /* command line: LIST(str) of what is left, or follows "--" */
    HEADER = 1 << 10,     /* bound from the request header whose name is the field's with - for _; in an
                           * answer: sent as that header, when it holds something */
    INTERNAL = 1 << 11,   /* a row's column that JSON never shows */
};

struct field;
struct desc;
/* How one C type is read, written and described. The reader j stands before the value. */
struct type {
    const char *name; /* "str", "i64", ...: what the database port switches on */
    err_t (*read)(struct op *, const struct field *, struct json *, void *out);
    err_t (*bind)(struct op *, const struct field *, str text,
                  void *out); /* path, query, command line, default */
    void (*write)(struct buf *, const struct field *, const void *val);
    void (*schema)(
        struct buf *,
        const struct field *); /* members of the JSON Schema object, with leading comma-free text */
    bool (*is_null)(const void *val);
    size_t size; /* of the C member; 0: a struct's, see field.sub */
};
extern const struct type type_str, type_i64, type_int, type_bool, type_f64, type_time, type_uuid, type_json,
    type_enum, type_list, type_map, type_object, type_present, type_pad;

struct field {
    const char *name;
    const struct type *type;
    size_t off;
    unsigned flags;
    i64 min,
        max; /* characters of a str, items of a list, value of a number, bytes of a json; equal: no range */
    const char *const *choice; /* enum: NULL-terminated; "" at [0] stands for null */
    const struct desc *sub;    /* object; list of objects */
    const struct field *elem;  /* list of other things */
    err_t (*check)(struct op *, const struct field *,
                   const void *val); /* after the range; fails with fail_field(op, f->name, ...) */
    const char *format;              /* JSON Schema format or our own name of the check ("semver") */
    const char *def;                 /* text bound when the input lacks it */
    char alt;                        /* command line: -n */
    const char *doc, *doc_ru;
};
struct desc {
    const char *name;
    size_t size;
    const struct field *field;
    size_t n;
};

#define TYPE_OF(m) \
    _Generic((m), str \
             : &type_str, i64 \
             : &type_i64, int \
             : &type_int, bool \
             : &type_bool, double \
             : &type_f64, time_us \
             : &type_time, uuid \
             : &type_uuid, json_raw \
             : &type_json, struct present \
             : &type_present)
#define F(m)               #m, .type = TYPE_OF(((D *)0)->m), .off = offsetof(D, m)
#define F_AS(json_name, m) json_name, .type = TYPE_OF(((D *)0)->m), .off = offsetof(D, m)
#define F_ENUM(m, c) \
#m, .type = &type_enum, .choice = (c), \
        .off = _Generic(((D *)0)->m, int \
                        : offsetof(D, m), unsigned \
                        : offsetof(D, m))
#define F_OBJ(m, d)     #m, .type = &type_object, .sub = (d), .off = offsetof(D, m)
#define F_LIST(m, d)    #m, .type = &type_list, .sub = (d), .off = offsetof(D, m.item)
#define F_LIST_OF(m, e) #m, .type = &type_list, .elem = (e), .off = offsetof(D, m.item)
/* A JSON object with free keys: LIST(struct { str key; T value; }) whose descriptor has two rows, key first.
 */
#define F_MAP(m, d)     #m, .type = &type_map, .sub = (d), .off = offsetof(D, m.item)
#define F_SKIP(m) \
#m, .type = &type_pad, .off = offsetof(D, m), \
        .max = sizeof(((D *)0)->m) /* a member that no codec touches */
#define DESC(tag) const struct desc tag##_desc = { #tag, sizeof(struct tag), tag##_fields, LEN(tag##_fields) }

struct list {
    void *item;
    size_t n;
}; /* layout shared by every LIST(T) */
#define LIST(T) \
    struct { \
        T *item; \
        size_t n; \
    }
extern const struct field field_str_elem; /* for LIST(str): each 1..4096 characters */

/* PATCH: which members the input had. A struct that has `struct present given;` with { F(given) } gets bit i
 * set in .set for field i of its table that was given, and in .null where it was null. Writing such a struct
 * writes the members of .set only. */
struct present {
    u64 set, null;
};

/* In and out. desc_read clears *out, fills defaults, reads and checks everything, also that REQUIRED members
 * of the body are there; on failure it names the field as a path: "tags[2].key". PATH, QUERY and HEADER
 * members are no part of the body: bind them afterwards with desc_bind, then ask desc_required. */
err_t desc_read(struct op *, const struct desc *, str json, void *out) MUST_USE;
err_t desc_read_value(struct op *, const struct desc *, struct json *,
                      void *out) MUST_USE; /* at a reader's position */
/* What a server answered, for clients: READONLY members count, unknown ones are skipped (it may be newer),
 * nothing is required and no range or check holds. */
err_t desc_read_answer(struct op *, const struct desc *, str json, void *out) MUST_USE;
/* A json member of a shape that another member tells (a union: `type` beside `with`): read it, once its
 * record is read, by the descriptor that a table gives for the type. Errors are named below f's name.
 * docs/adr/0002. */
err_t desc_read_raw(struct op *, const struct field *f, json_raw, const struct desc *, void *out) MUST_USE;
void desc_defaults(const struct desc *, struct arena *, void *out); /* clears *out and fills defaults */
/* One field from text, range and check too. A list takes pieces between commas and keeps what it has;
 * objects, lists of objects and maps take JSON. */
err_t desc_bind(struct op *, const struct field *, str text, void *record) MUST_USE;
err_t desc_bind_item(struct op *, const struct field *list, str text,
                     void *record) MUST_USE; /* one more item of a list of scalars, commas and all */
/* Room for one more item, zeroed, in a list that is empty or that these functions have filled. */
void *desc_list_add(struct arena *, const struct field *list, void *record);
/* The REQUIRED fields that carry one of `sources` (PATH | QUERY | HEADER); 0: those of the body; ~0u: all. */
err_t desc_required(struct op *, const struct desc *, u64 given, unsigned sources) MUST_USE;
/* As an answer: all members but WRITEONLY and INTERNAL ones. */
void desc_write(struct buf *, const struct desc *, const void *val);
/* "key":[...] of a LIST of records, behind whatever members stand there. */
void desc_write_list(struct buf *, const char *key, const struct desc *, const void *list);
/* As a request's body, for clients: without READONLY, PATH, QUERY, HEADER and INTERNAL members, and without
 * those that hold nothing (absent str, json or list, time 0, nil uuid, NULLABLE null); a BODY member stands
 * alone. */
void desc_write_request(struct buf *, const struct desc *, const void *val);
const struct field *desc_field(const struct desc *, str name); /* NULL: none */
bool field_is_null(const struct field *, const void *record);
void field_text(struct buf *, const struct field *,
                const void *record); /* for people and tables: no quotes, local times */
/* Range and check of a value that is already in the record. */
err_t field_check(struct op *, const struct field *, const void *val) MUST_USE;
/* JSON Schema (draft 2020-12): an object schema; refs point to "#/components/schemas/NAME". `in`: as request
 * body, else as answer. */
void desc_schema(struct buf *, const struct desc *, bool in);
void desc_schema_field(struct buf *, const struct field *); /* one member's own schema object */
/* Finds mistakes in a table: a struct byte that no row covers and padding does not explain, an input str or
 * list without .max, a missing .sub, more than 64 fields. Writes one line a fault. Run over every reachable
 * descriptor by a test and at boot. */
size_t desc_check(struct buf *, const struct desc *);

/* A handler with its real types, tied to its descriptors: the compiler refuses a handler that differs.
 *     API(package_create, package_new, package);    // err_t package_create(struct op *, const struct
 * package_new *, struct package *) */
struct api {
    const char *name;
    err_t (*call)(struct op *, const void *in, void *out);
    const struct desc *in, *out;
};
#define API(fn, In, Out) \
    static err_t fn(struct op *, const struct In *, struct Out *); \
    static err_t fn##_call(struct op *op, const void *in, void *out) { return fn(op, in, out); } \
    static const struct api fn##_api = { #fn, fn##_call, &In##_desc, &Out##_desc }
struct nothing {
    char none;
}; /* no input, or 204 */
extern const struct desc nothing_desc;
