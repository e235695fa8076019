/* PostgreSQL's binary formats: integers and doubles big-endian, times as microseconds since 2000-01-01, JSONB
 * with a version byte before the text. An argument's kind decides its type, so every literal is prepared with
 * types that are known, and nothing is ever parsed from text. */
#include "base/log.h"
#include "port/db/db_pg.h"
#include <endian.h>
#include <math.h>

enum { BOOL = 16, BYTEA = 17, NAME = 19, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, OID = 26, JSON = 114 };
enum { FLOAT4 = 700, FLOAT8 = 701, BPCHAR = 1042, VARCHAR = 1043, TIMESTAMPTZ = 1184, NUMERIC = 1700 };
enum { VOID = 2278, UUID_OID = 2950, JSONB = 3802 };
#define EPOCH_2000_US ((i64)946684800000000)

static const struct {
    char kind;
    Oid type;
} kinds[] = {
    { 'i', INT8 },        { 'b', BOOL },     { 'f', FLOAT8 }, { 's', TEXT },
    { 't', TIMESTAMPTZ }, { 'u', UUID_OID }, { 'j', JSONB },  { 'x', BYTEA },
};

static Oid type_of(char kind)
{
    for (size_t i = 0; i < LEN(kinds); i++)
        if (kinds[i].kind == kind) return kinds[i].type;
    bug("argument kind '%c'", kind);
}

struct wire {
    const void *p;
    size_t n;
};

static struct wire wire_u64(struct arena *a, u64 v)
{
    u64 *p = arena_alloc_raw(a, sizeof *p);
    *p = htobe64(v);
    return (struct wire){ p, sizeof *p };
}

static struct wire wire_copy(struct arena *a, const void *p, size_t n)
{
    return (struct wire){ memcpy(arena_alloc_raw(a, n), p, n), n };
}

static struct wire wire_jsonb(struct arena *a, str s)
{
    char *p = arena_alloc_raw(a, s.n + 1);
    p[0] = 1;
    memcpy(p + 1, s.p, s.n);
    return (struct wire){ p, s.n + 1 };
}

static struct wire wire_of(struct arena *a, const struct db_arg *arg)
{
    u64 bits;
    switch (arg->kind) {
    case 'i': return wire_u64(a, (u64)arg->i);
    case 't': return wire_u64(a, (u64)arg->i - (u64)EPOCH_2000_US);
    case 'b': return wire_copy(a, arg->i ? "\1" : "\0", 1);
    case 'f': memcpy(&bits, &arg->f, sizeof bits); return wire_u64(a, bits);
    case 'u': return wire_copy(a, arg->u.b, sizeof arg->u.b);
    case 'j': return wire_jsonb(a, arg->s);
    default: return (struct wire){ arg->s.p, arg->s.n };
    }
}

struct pg_params pg_params(struct arena *a, const struct db_arg *arg, size_t n)
{
    size_t some = MAX(n, (size_t)1);
    struct pg_params p = { (int)n, NEWN(a, Oid, some), NEWN(a, const char *, some), NEWN(a, int, some),
                           NEWN(a, int, some) };
    for (size_t i = 0; i < n; i++) {
        p.type[i] = type_of(arg[i].kind);
        p.format[i] = 1;
        if (arg[i].null || (arg[i].kind == 'f' && isnan(arg[i].f))) continue;
        struct wire w = wire_of(a, &arg[i]);
        p.value[i] = w.p;
        p.length[i] = (int)w.n;
    }
    return p;
}

/* Length of the quoted text or comment that s begins with, 0: of none. */
static size_t opaque(const char *s)
{
    const char *end = NULL;
    size_t close = 1;
    if (*s == '\'' || *s == '"') end = strchr(s + 1, *s);
    else if (s[0] == '-' && s[1] == '-') end = strchr(s, '\n');
    else if (s[0] == '/' && s[1] == '*') end = strstr(s + 2, "*/"), close = 2;
    else return 0;
    return end ? (size_t)(end - s) + close : strlen(s);
}

char *pg_rewrite(struct arena *a, const char *text)
{
    struct buf b = BUF(a);
    int n = 0;
    for (size_t k; *text; text += k) {
        if ((k = opaque(text))) buf_put(&b, (str){ text, k });
        else if (*text == '?') k = 1, buf_printf(&b, "$%d", ++n);
        else buf_put(&b, (str){ text, k = 1 + strcspn(text + 1, "?'\"-/") });
    }
    return str_z(a, buf_str(&b));
}

static u16 get_u16(const char *p)
{
    u16 v;
    memcpy(&v, p, sizeof v);
    return be16toh(v);
}

static u32 get_u32(const char *p)
{
    u32 v;
    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

static u64 get_u64(const char *p)
{
    u64 v;
    memcpy(&v, p, sizeof v);
    return be64toh(v);
}

static struct db_value of_i64(i64 v) { return (struct db_value){ 'i', { .i = v } }; }
static struct db_value read_bool(str s) { return (struct db_value){ 'b', { .i = s.p[0] != 0 } }; }
static struct db_value read_int2(str s) { return of_i64((i16)get_u16(s.p)); }
static struct db_value read_int4(str s) { return of_i64((i32)get_u32(s.p)); }
static struct db_value read_int8(str s) { return of_i64((i64)get_u64(s.p)); }
static struct db_value read_oid(str s) { return of_i64(get_u32(s.p)); }
static struct db_value read_text(str s) { return (struct db_value){ 's', { .s = s } }; }
static struct db_value read_bytes(str s) { return (struct db_value){ 'x', { .s = s } }; }
static struct db_value read_jsonb(str s) { return (struct db_value){ 'j', { .s = str_skip(s, 1) } }; }
static struct db_value read_void(str s UNUSED) { return (struct db_value){ 0 }; }

static struct db_value read_float4(str s)
{
    u32 bits = get_u32(s.p);
    float f;
    memcpy(&f, &bits, sizeof f);
    return (struct db_value){ 'f', { .f = (double)f } };
}

static struct db_value read_float8(str s)
{
    u64 bits = get_u64(s.p);
    double f;
    memcpy(&f, &bits, sizeof f);
    return (struct db_value){ 'f', { .f = f } };
}

static struct db_value read_uuid(str s)
{
    struct db_value v = { 'u', { 0 } };
    memcpy(v.u.b, s.p, sizeof v.u.b);
    return v;
}

/* The infinities of a timestamp are the ends of ours. */
static struct db_value read_time(str s)
{
    i64 us = (i64)get_u64(s.p), out;
    if (us == INT64_MAX || us == INT64_MIN || __builtin_add_overflow(us, EPOCH_2000_US, &out)) out = us;
    return (struct db_value){ 't', { .i = out } };
}

/* What sum(bigint) and avg() give: digits of base 10,000. An integer where it is one and fits. */
static struct db_value read_numeric(str s)
{
    int n = get_u16(s.p), weight = (i16)get_u16(s.p + 2), sign = get_u16(s.p + 4);
    double f = 0;
    i64 i = 0;
    bool fits = weight < n + 5 && n <= weight + 1;
    if (sign & 0x8000) return (struct db_value){ 0 }; /* NaN, infinity */
    for (int k = 0; k < n; k++) f += get_u16(s.p + 8 + 2 * k) * pow(10000, weight - k);
    for (int k = 0; fits && k <= weight; k++) {
        int digit = k < n ? get_u16(s.p + 8 + 2 * k) : 0;
        fits = !__builtin_mul_overflow(i, (i64)10000, &i) &&
               !__builtin_add_overflow(i, (i64)(sign ? -digit : digit), &i);
    }
    return fits ? of_i64(i) : (struct db_value){ 'f', { .f = sign ? -f : f } };
}

static const struct {
    Oid type;
    size_t least; /* bytes */
    struct db_value (*read)(str);
} readers[] = {
    { INT8, 8, read_int8 },       { TEXT, 0, read_text },      { TIMESTAMPTZ, 8, read_time },
    { BOOL, 1, read_bool },       { UUID_OID, 16, read_uuid }, { INT4, 4, read_int4 },
    { JSONB, 1, read_jsonb },     { FLOAT8, 8, read_float8 },  { BYTEA, 0, read_bytes },
    { NUMERIC, 8, read_numeric }, { VARCHAR, 0, read_text },   { BPCHAR, 0, read_text },
    { NAME, 0, read_text },       { JSON, 0, read_text },      { INT2, 2, read_int2 },
    { FLOAT4, 4, read_float4 },   { OID, 4, read_oid },        { VOID, 0, read_void },
};

err_t pg_column(struct op *op, const PGresult *res, int row, int column, struct db_value *out)
{
    *out = (struct db_value){ 0 };
    if (PQgetisnull(res, row, column)) return OK;
    Oid type = PQftype(res, column);
    str s = { PQgetvalue(res, row, column), (size_t)PQgetlength(res, row, column) };
    for (size_t i = 0; i < LEN(readers); i++) {
        if (readers[i].type != type || s.n < readers[i].least) continue;
        *out = readers[i].read(s);
        return OK;
    }
    return fail_detail(op, ERR_INTERNAL, "column '%s' is of PostgreSQL type %u, which has no reader",
                       PQfname(res, column), type);
}
