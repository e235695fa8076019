/* The pull reader. Strings are the hot path: sixteen bytes at a time up to the first byte that means
 * something (quote, backslash, control, non-ASCII). A scan checks a string completely, so that unescaping
 * cannot fail. */
#include "base/json_impl.h"

struct json json_reader(struct arena *a, str text)
{
    const char *p = text.p ? text.p : "";
    return (struct json){ .p = p, .end = p + text.n, .begin = p, .arena = a };
}

bool json_fail(struct json *j, const char *why)
{
    if (j->error) return false;
    j->error = why;
    j->error_at = (size_t)(j->p - j->begin);
    j->p = j->end;
    return false;
}

static bool fail_at(struct json *j, const char *p, const char *why)
{
    if (!j->error) j->p = p;
    return json_fail(j, why);
}

str json_error_text(const struct json *j, struct arena *a)
{
    return arena_printf(a, "%s at byte %zu", j->error ? j->error : "unexpected text", j->error_at);
}

static bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Next character that is not white space, 0 at the end (a real NUL is no JSON either). */
static char look(struct json *j)
{
    while (j->p < j->end && blank(*j->p)) j->p++;
    return j->p < j->end ? *j->p : 0;
}

static bool unexpected(struct json *j)
{
    return json_fail(j, j->p < j->end ? "unexpected character" : "unexpected end of the text");
}

enum json_kind json_peek(struct json *j)
{
    static const u8 kind[256] = {
        ['n'] = JSON_NULL,   ['t'] = JSON_BOOL,   ['f'] = JSON_BOOL,   ['-'] = JSON_NUMBER,
        ['0'] = JSON_NUMBER, ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER,
        ['4'] = JSON_NUMBER, ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER,
        ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER, ['"'] = JSON_STRING, ['['] = JSON_ARRAY,
        ['{'] = JSON_OBJECT,
    };
    return kind[(u8)look(j)];
}

static bool enter(struct json *j, char open, const char *why)
{
    char c = look(j);
    if (c != open) return c ? json_fail(j, why) : unexpected(j);
    if (j->depth == JSON_DEPTH) return json_fail(j, "nested too deeply");
    j->p++;
    j->depth++;
    j->fresh = true;
    return true;
}

bool json_object(struct json *j) { return enter(j, '{', "an object must stand here"); }
bool json_array(struct json *j) { return enter(j, '[', "an array must stand here"); }

/* True: one more element is to come, and the comma before it has been read. */
static bool more(struct json *j, char close)
{
    char c = look(j);
    if (c == close && !j->error) {
        j->p++;
        j->depth--;
        j->fresh = false;
        return false;
    }
    if (!j->fresh) {
        if (c != ',') return unexpected(j);
        j->p++;
    }
    j->fresh = false;
    return !j->error;
}

bool json_next(struct json *j) { return more(j, ']'); }

static int hex4(const char *p, const char *end)
{
    if (end - p < 4) return -1;
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 0x20);
        int d = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

/* Code point of the \uXXXX (or pair of them) at p, -1 when malformed or half a surrogate pair. */
static int unicode(const char *p, const char *end, size_t *n)
{
    int c = hex4(p + 2, end);
    *n = 6;
    if (c < 0xd800 || c > 0xdfff) return c;
    if (c > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u') return -1;
    int low = hex4(p + 8, end);
    *n = 12;
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static const char unescaped[256] = { ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t' };

static size_t escape_len(const char *p, const char *end)
{
    if (end - p < 2) return 0;
    if (unescaped[(u8)p[1]]) return 2;
    size_t n;
    return p[1] == 'u' && unicode(p, end, &n) >= 0 ? n : 0;
}

/* From behind the opening quote to behind the closing one. */
static bool scan(struct json *j, str *raw, bool *escaped)
{
    const char *p = j->p;
    for (*escaped = false;;) {
        p = json_plain_end(p, j->end);
        if (p == j->end) return fail_at(j, p, "string without end");
        if (*p == '"') break;
        size_t n;
        if (*p == '\\') {
            if (!(n = escape_len(p, j->end))) return fail_at(j, p, "bad escape in a string");
            *escaped = true;
        } else if ((u8)*p < 0x20) {
            return fail_at(j, p, "control character in a string");
        } else if (!(n = utf8_len(p, (size_t)(j->end - p)))) {
            return fail_at(j, p, "malformed UTF-8 in a string");
        }
        for (p += n; p < j->end && (i8)*p < 0 && (n = utf8_len(p, (size_t)(j->end - p))); p += n) {}
    }
    *raw = str_sub(j->p, p);
    j->p = p + 1;
    return true;
}

static char *put_utf8(char *to, u32 c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

static str unescape(struct arena *a, str raw)
{
    char *out = arena_alloc_raw(a, raw.n), *to = out; /* no escape is shorter than what it stands for */
    for (const char *p = raw.p, *end = p + raw.n; p < end;) {
        const char *stop = memchr(p, '\\', (size_t)(end - p));
        if (!stop) stop = end;
        to = mempcpy(to, p, (size_t)(stop - p));
        if ((p = stop) == end) break;
        if (p[1] != 'u') {
            *to++ = unescaped[(u8)p[1]];
            p += 2;
            continue;
        }
        size_t n;
        to = put_utf8(to, (u32)unicode(p, end, &n));
        p += n;
    }
    return str_sub(out, to);
}

/* Before a string; with no out it is only checked. */
static bool string(struct json *j, str *out)
{
    char c = look(j);
    if (c != '"') return c ? json_fail(j, "a string must stand here") : unexpected(j);
    j->p++;
    str raw;
    bool escaped;
    if (!scan(j, &raw, &escaped)) return false;
    if (out) *out = escaped ? unescape(j->arena, raw) : raw;
    return true;
}

bool json_str(struct json *j, str *out) { return string(j, out); }

static bool key(struct json *j, str *out)
{
    if (!more(j, '}') || !string(j, out)) return false;
    if (look(j) != ':') return unexpected(j);
    j->p++;
    return true;
}

bool json_key(struct json *j, str *out) { return key(j, out); }

static bool word(struct json *j, str w)
{
    if ((size_t)(j->end - j->p) < w.n || memcmp(j->p, w.p, w.n) != 0) return unexpected(j);
    j->p += w.n;
    return true;
}

bool json_bool(struct json *j, bool *out)
{
    char c = look(j);
    if (c != 't' && c != 'f') return c ? json_fail(j, "true or false must stand here") : unexpected(j);
    if (!word(j, c == 't' ? S("true") : S("false"))) return false;
    *out = c == 't';
    return true;
}

bool json_null(struct json *j)
{
    look(j);
    return word(j, S("null"));
}

bool json_skip(struct json *j)
{
    bool b;
    double number;
    switch (json_peek(j)) {
    case JSON_NULL: return json_null(j);
    case JSON_BOOL: return json_bool(j, &b);
    case JSON_NUMBER: return json_number(j, &number);
    case JSON_STRING: return string(j, NULL);
    case JSON_ARRAY:
        for (json_array(j); json_next(j);)
            if (!json_skip(j)) return false;
        return !j->error;
    case JSON_OBJECT:
        for (json_object(j); key(j, NULL);)
            if (!json_skip(j)) return false;
        return !j->error;
    default: return unexpected(j);
    }
}

bool json_raw_value(struct json *j, str *out)
{
    look(j);
    const char *from = j->p;
    if (!json_skip(j)) return false;
    *out = str_sub(from, j->p);
    return true;
}

bool json_end(struct json *j)
{
    if (j->error) return false;
    return (look(j) || j->p < j->end || j->depth) ? unexpected(j) : true;
}

bool json_valid(str text)
{
    struct json j = json_reader(NULL, text);
    return json_skip(&j) && json_end(&j);
}
