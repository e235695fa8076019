/* Writers: strings, keys, the canonical form. */
#include "base/json_impl.h"
#include <math.h>

/* Behind what may be copied as it is. */
static const char *copyable_end(const char *p, const char *end)
{
    for (size_t n;; p += n) {
        p = json_plain_end(p, end);
        if (p == end || (i8)*p >= 0 || !(n = utf8_len(p, (size_t)(end - p)))) return p;
    }
}

static void put_escape(struct buf *b, u8 c)
{
    static const char letter[256] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
    };
    static const char hex[] = "0123456789abcdef";
    if (letter[c]) buf_put(b, (str){ (char[]){ '\\', letter[c] }, 2 });
    else if (c >= 0x80) buf_put(b, S("\xef\xbf\xbd"));
    else buf_put(b, (str){ (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6 });
}

void json_put_str(struct buf *b, str s)
{
    buf_char(b, '"');
    for (const char *p = s.n ? s.p : "", *end = p + s.n; p < end;) { /* NULL + 0 is not defined */
        const char *stop = copyable_end(p, end);
        buf_put(b, str_sub(p, stop));
        p = stop;
        if (p < end) put_escape(b, (u8)*p++);
    }
    buf_char(b, '"');
}

void json_put_key(struct buf *b, const char *key)
{
    if (b->n && b->p[b->n - 1] != '{') buf_char(b, ',');
    json_put_str(b, str_of(key));
    buf_char(b, ':');
}

struct member {
    str key, value;
};

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static bool canonical(struct json *j, struct buf *out);

static bool canonical_object(struct json *j, struct buf *out)
{
    struct member *m = NULL, one = { 0 };
    size_t n = 0, cap = 0;
    for (json_object(j); json_key(j, &one.key);) {
        if (!json_raw_value(j, &one.value)) return false;
        if (n == cap) {
            struct member *more = NEWN(out->arena, struct member, cap = cap * 2 + 8);
            if (n) memcpy(more, m, n * sizeof *m);
            m = more;
        }
        m[n++] = one;
    }
    if (n) qsort(m, n, sizeof *m, by_key);
    buf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i && str_eq(m[i - 1].key, m[i].key)) return json_fail(j, "member given twice");
        if (i) buf_char(out, ',');
        json_put_str(out, m[i].key);
        buf_char(out, ':');
        struct json value = json_reader(out->arena, m[i].value);
        if (!canonical(&value, out)) return json_fail(j, value.error);
    }
    buf_char(out, '}');
    return !j->error;
}

static bool canonical_array(struct json *j, struct buf *out)
{
    buf_char(out, '[');
    for (bool first = (json_array(j), true); json_next(j); first = false) {
        if (!first) buf_char(out, ',');
        if (!canonical(j, out)) return false;
    }
    buf_char(out, ']');
    return !j->error;
}

static bool canonical_number(struct json *j, struct buf *out)
{
    struct json trial = *j;
    i64 i;
    double v;
    if (json_i64(&trial, &i)) {
        buf_i64(out, i);
        *j = trial;
        return true;
    }
    if (!json_number(j, &v)) return false;
    /* A large double's shortest text would be an integer when it is read again. */
    if (v == floor(v) && fabs(v) < 9.2e18) buf_i64(out, (i64)v);
    else json_put_f64(out, v);
    return true;
}

static bool canonical(struct json *j, struct buf *out)
{
    str s;
    switch (json_peek(j)) {
    case JSON_OBJECT: return canonical_object(j, out);
    case JSON_ARRAY: return canonical_array(j, out);
    case JSON_NUMBER: return canonical_number(j, out);
    case JSON_STRING:
        if (!json_str(j, &s)) return false;
        json_put_str(out, s);
        return true;
    default:
        if (!json_raw_value(j, &s)) return false;
        buf_put(out, s);
        return true;
    }
}

bool json_canonical(struct arena *a, str text, str *out)
{
    struct json j = json_reader(a, text);
    struct buf b = BUF(a);
    if (!canonical(&j, &b) || !json_end(&j)) return false;
    *out = buf_str(&b);
    return true;
}
