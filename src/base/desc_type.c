/* The scalar types. Each reads, binds, writes and describes one C type. */
#include "base/desc_impl.h"
#include <math.h>

/* ---- shared ---- */
static bool has_range(const struct field *f) { return f->min != f->max; }
static bool in_range(const struct field *f, i64 v) { return !has_range(f) || (v >= f->min && v <= f->max); }

static err_t number_range(struct op *op, const struct field *f)
{
    return fail_field(op, f->name, TR("must be from %lld to %lld", "должно быть от %lld до %lld"),
                      (long long)f->min, (long long)f->max);
}

void desc_schema_type(struct buf *b, const struct field *f, const char *type)
{
    if (f->flags & NULLABLE) buf_printf(b, "\"type\":[\"%s\",\"null\"]", type);
    else buf_printf(b, "\"type\":\"%s\"", type);
}

void desc_schema_range(struct buf *b, const struct field *f, const char *min, const char *max)
{
    if (!has_range(f)) return;
    if (f->min > 0 || *min == 'm') buf_printf(b, ",\"%s\":%lld", min, (long long)f->min);
    buf_printf(b, ",\"%s\":%lld", max, (long long)f->max);
}

/* ---- str ---- */
static err_t str_range(struct op *op, const struct field *f, str s)
{
    if (s.n && memchr(s.p, 0, s.n))
        return fail_field(op, f->name,
                          TR("must not contain the character U+0000", "не может содержать символ U+0000"));
    if (!has_range(f) || ((i64)s.n <= f->max && (i64)s.n >= f->min * 4)) return OK;
    i64 n = (i64)str_utf8_count(s);
    if (n >= f->min && n <= f->max) return OK;
    if (!n) return fail_field(op, f->name, TR("must not be empty", "не может быть пустым"));
    if (f->min == 0)
        return fail_field(op, f->name, TR("must have at most %lld characters", "не длиннее %lld символов"),
                          (long long)f->max);
    return fail_field(op, f->name, TR("must have %lld to %lld characters", "от %lld до %lld символов"),
                      (long long)f->min, (long long)f->max);
}

static err_t str_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str s;
    if (json_peek(j) != JSON_STRING) return desc_wrong(op, f, j, TR("a string", "строка"));
    if (!json_str(j, &s)) return desc_syntax(op, j);
    if (!j->answer) TRY(str_range(op, f, s));
    *(str *)out = s;
    return OK;
}

static err_t str_bind(struct op *op, const struct field *f, str text, void *out)
{
    if (!str_utf8_ok(text)) return fail_field(op, f->name, TR("must be UTF-8", "должно быть в UTF-8"));
    TRY(str_range(op, f, text));
    *(str *)out = text.p ? text : S("");
    return OK;
}

static void str_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    json_put_str(b, *(const str *)val);
}

static void str_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "string");
    desc_schema_range(b, f, "minLength", "maxLength");
}

static bool str_is_null(const void *val) { return !((const str *)val)->p; }

const struct type type_str = { "str", str_read, str_bind, str_write, str_schema, str_is_null, sizeof(str) };

/* ---- i64, int ---- */
static err_t integer(struct op *op, const struct field *f, struct json *j, i64 *v)
{
    if (json_peek(j) != JSON_NUMBER) return desc_wrong(op, f, j, TR("an integer", "целое число"));
    struct json at = *j;
    if (!json_i64(j, v)) return desc_wrong(op, f, &at, TR("an integer of 64 bits", "целое число в 64 бита"));
    return in_range(f, *v) || j->answer ? OK : number_range(op, f);
}

static err_t i64_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    i64 v;
    TRY(integer(op, f, j, &v));
    *(i64 *)out = v;
    return OK;
}

static err_t i64_bind(struct op *op, const struct field *f, str text, void *out)
{
    i64 v;
    if (!str_to_i64(text, &v))
        return fail_field(op, f->name, TR("must be an integer", "должно быть целым числом"));
    if (!in_range(f, v)) return number_range(op, f);
    *(i64 *)out = v;
    return OK;
}

static void i64_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    buf_i64(b, *(const i64 *)val);
}

static void i64_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "integer");
    if (f->type == &type_i64) buf_put(b, S(",\"format\":\"int64\""));
    else if (f->type == &type_int) buf_put(b, S(",\"format\":\"int32\""));
    desc_schema_range(b, f, "minimum", "maximum");
}

static bool i64_is_null(const void *val) { return !*(const i64 *)val; }

static err_t to_int(struct op *op, const struct field *f, i64 v, void *out)
{
    if (v < INT32_MIN || v > INT32_MAX)
        return fail_field(op, f->name,
                          TR("must be an integer of 32 bits", "должно быть целым числом в 32 бита"));
    *(int *)out = (int)v;
    return OK;
}

static err_t int_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    i64 v;
    TRY(integer(op, f, j, &v));
    return to_int(op, f, v, out);
}

static err_t int_bind(struct op *op, const struct field *f, str text, void *out)
{
    i64 v = 0;
    TRY(i64_bind(op, f, text, &v));
    return to_int(op, f, v, out);
}

static void int_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    buf_i64(b, *(const int *)val);
}

static bool int_is_null(const void *val) { return !*(const int *)val; }

const struct type type_i64 = { "i64", i64_read, i64_bind, i64_write, i64_schema, i64_is_null, sizeof(i64) };
const struct type type_int = { "int", int_read, int_bind, int_write, i64_schema, int_is_null, sizeof(int) };

/* ---- bool ---- */
static err_t bool_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    bool v;
    if (json_peek(j) != JSON_BOOL) return desc_wrong(op, f, j, TR("true or false", "true или false"));
    if (!json_bool(j, &v)) return desc_syntax(op, j);
    *(bool *)out = v;
    return OK;
}

static err_t bool_bind(struct op *op, const struct field *f, str text, void *out)
{
    bool yes = str_is(text, "true") || str_is(text, "1");
    if (!yes && !str_is(text, "false") && !str_is(text, "0"))
        return fail_field(op, f->name, TR("must be true or false", "должно быть true или false"));
    *(bool *)out = yes;
    return OK;
}

static void bool_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    buf_put(b, *(const bool *)val ? S("true") : S("false"));
}

static void bool_schema(struct buf *b, const struct field *f) { desc_schema_type(b, f, "boolean"); }

const struct type type_bool = { "bool", bool_read, bool_bind, bool_write, bool_schema, NULL, sizeof(bool) };

/* ---- f64 ---- */
static err_t f64_range(struct op *op, const struct field *f, double v, void *out)
{
    if (has_range(f) && !(v >= (double)f->min && v <= (double)f->max)) return number_range(op, f);
    *(double *)out = v;
    return OK;
}

static err_t f64_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    double v;
    if (json_peek(j) != JSON_NUMBER) return desc_wrong(op, f, j, TR("a number", "число"));
    if (!json_number(j, &v)) return desc_syntax(op, j);
    if (!j->answer) return f64_range(op, f, v, out);
    *(double *)out = v;
    return OK;
}

static err_t f64_bind(struct op *op, const struct field *f, str text, void *out)
{
    double v;
    if (!str_to_f64(text, &v)) return fail_field(op, f->name, TR("must be a number", "должно быть числом"));
    return f64_range(op, f, v, out);
}

static void f64_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    json_put_f64(b, *(const double *)val);
}

static void f64_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "number");
    desc_schema_range(b, f, "minimum", "maximum");
}

static bool f64_is_null(const void *val)
{
    double v = *(const double *)val;
    return v == 0 || !isfinite(v);
}

const struct type type_f64 = {
    "f64", f64_read, f64_bind, f64_write, f64_schema, f64_is_null, sizeof(double)
};

/* ---- time ---- */
/* As text of its own, in a query or on the command line, a time may be said as people say it; in JSON it is
 * what programs exchange. */
static err_t time_bind(struct op *op, const struct field *f, str text, void *out)
{
    static const i64 most_us = SEC(253402300800); /* the year 10000 */
    time_us t;
    if (!time_moment(text, time_now(), &t) || t.us < 0 || t.us >= most_us)
        return fail_field(op, f->name,
                          TR("must be a time: 2026-11-20T16:14:00Z, a date, now, -1h, or microseconds",
                             "должно быть временем: 2026-11-20T16:14:00Z, дата, now, -1h или микросекунды"));
    *(time_us *)out = t;
    return OK;
}

static err_t time_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str s;
    if (json_peek(j) != JSON_STRING) return desc_wrong(op, f, j, TR("a time as a string", "время строкой"));
    if (!json_str(j, &s)) return desc_syntax(op, j);
    if (time_parse(s, out)) return OK;
    return fail_field(op, f->name,
                      TR("must be a time like 2026-11-20T16:14:00Z (RFC 3339, years 1970 to 9999)",
                         "должно быть временем вида 2026-11-20T16:14:00Z (RFC 3339, годы 1970-9999)"));
}

static void time_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    char text[TIME_TEXT];
    buf_char(b, '"');
    buf_put(b, time_text(*(const time_us *)val, text));
    buf_char(b, '"');
}

static void time_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "string");
    if (f->flags & QUERY)
        buf_put(b,
                S(",\"format\":\"moment\",\"examples\":[\"2026-11-20T16:14:00Z\",\"2026-11-20\",\"-1h\"]"));
    else buf_put(b, S(",\"format\":\"date-time\""));
}

static bool time_is_null(const void *val) { return !((const time_us *)val)->us; }

const struct type type_time = { "time",      time_read,    time_bind,      time_write,
                                time_schema, time_is_null, sizeof(time_us) };

/* ---- uuid ---- */
static err_t uuid_bind(struct op *op, const struct field *f, str text, void *out)
{
    uuid u;
    if (!uuid_parse(text, &u)) return fail_field(op, f->name, TR("must be a UUID", "должно быть UUID"));
    memcpy(out, &u, sizeof u);
    return OK;
}

static err_t uuid_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str s;
    if (json_peek(j) != JSON_STRING) return desc_wrong(op, f, j, TR("a UUID as a string", "UUID строкой"));
    if (!json_str(j, &s)) return desc_syntax(op, j);
    return uuid_bind(op, f, s, out);
}

static void uuid_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    char text[UUID_TEXT];
    buf_char(b, '"');
    buf_put(b, uuid_text(*(const uuid *)val, text));
    buf_char(b, '"');
}

static void uuid_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "string");
    buf_put(b, S(",\"format\":\"uuid\""));
}

static bool uuid_is_null(const void *val) { return uuid_is_nil(*(const uuid *)val); }

const struct type type_uuid = { "uuid",      uuid_read,    uuid_bind,   uuid_write,
                                uuid_schema, uuid_is_null, sizeof(uuid) };

/* ---- enum ---- */
static err_t enum_bind(struct op *op, const struct field *f, str text, void *out)
{
    for (int i = 0; f->choice[i]; i++)
        if (text.n && str_is(text, f->choice[i])) {
            *(int *)out = i;
            return OK;
        }
    struct buf b = BUF(op->arena);
    for (int i = 0; f->choice[i]; i++)
        if (*f->choice[i]) buf_printf(&b, "%s'%s'", b.n ? ", " : "", f->choice[i]);
    return fail_field(op, f->name, TR("must be one of %.*s", "должно быть одним из: %.*s"), STR(buf_str(&b)));
}

static err_t enum_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str s;
    if (json_peek(j) != JSON_STRING) return desc_wrong(op, f, j, TR("a string", "строка"));
    if (!json_str(j, &s)) return desc_syntax(op, j);
    return enum_bind(op, f, s, out);
}

static void enum_write(struct buf *b, const struct field *f, const void *val)
{
    const char *name = f->choice[*(const int *)val];
    if (*name) json_put_str(b, str_of(name));
    else buf_put(b, S("null"));
}

static void enum_schema(struct buf *b, const struct field *f)
{
    desc_schema_type(b, f, "string");
    buf_put(b, S(",\"enum\":["));
    const char *comma = "";
    for (int i = 0; f->choice[i]; i++, comma = ",")
        if (*f->choice[i]) buf_printf(b, "%s\"%s\"", comma, f->choice[i]);
        else buf_put(b, S("null"));
    buf_char(b, ']');
}

const struct type type_enum = { "enum", enum_read, enum_bind, enum_write, enum_schema, NULL, sizeof(int) };

/* ---- json ---- */
/* \u0000 written as an escape, but not a backslash followed by u0000. */
static bool has_nul(str text)
{
    size_t at;
    if (!str_find(text, S("\\u0000"), &at)) return false;
    for (const char *p = text.p + 1, *end = text.p + text.n; p < end; p++) {
        if (p[-1] != '\\') continue;
        if (str_starts(str_sub(p, end), S("u0000"))) return true;
        p++;
    }
    return false;
}

static err_t json_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str text;
    if (!json_raw_value(j, &text)) return desc_syntax(op, j);
    if (has_nul(text))
        return fail_field(op, f->name,
                          TR("must not contain the character U+0000", "не может содержать символ U+0000"));
    if (has_range(f) && (i64)text.n > f->max && !j->answer)
        return fail_field(op, f->name, TR("must have at most %lld bytes as JSON", "не больше %lld байт JSON"),
                          (long long)f->max);
    *(json_raw *)out = (json_raw){ text };
    return OK;
}

static void json_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    str s = ((const json_raw *)val)->s;
    buf_put(b, s.n ? s : S("null"));
}

/* Any value: an empty schema says so, its description is added by the caller. */
static void json_schema(struct buf *b, const struct field *f)
{
    (void)f;
    buf_put(b, S("\"type\":[\"object\",\"array\",\"string\",\"number\",\"boolean\",\"null\"]"));
}

static bool json_is_null(const void *val) { return !((const json_raw *)val)->s.p; }

const struct type type_json = { "json",       json_read,       NULL, json_write, json_schema,
                                json_is_null, sizeof(json_raw) };

/* ---- present, pad: no part of any text ---- */
const struct type type_present = { "present", .size = sizeof(struct present) };
const struct type type_pad = { "pad" };
