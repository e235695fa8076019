#include "base/str.h"
#include <errno.h>
#include <math.h>

bool str_starts(str s, str prefix) { return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix); }
bool str_ends(str s, str suffix) { return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix); }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

bool str_eq_fold(str a, str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

int str_cmp(str a, str b)
{
    size_t n = MIN(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

str str_trim(str s)
{
    while (s.n && blank(s.p[0])) s = str_skip(s, 1);
    while (s.n && blank(s.p[s.n - 1])) s.n--;
    return s;
}

bool str_find(str s, str what, size_t *at)
{
    const char *p = s.n && what.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
    if (p) *at = (size_t)(p - s.p);
    return p != NULL;
}

bool str_find_char(str s, char c, size_t *at)
{
    const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
    if (p) *at = (size_t)(p - s.p);
    return p != NULL;
}

static bool tail(u8 c) { return (c & 0xc0) == 0x80; }

/* The second byte's range is what keeps out overlong forms, surrogates and what lies past U+10FFFF (Unicode
 * table 3-7). */
size_t utf8_len(const char *at, size_t n)
{
    const u8 *p = (const u8 *)at;
    u8 c = n ? p[0] : 0xff;
    if (c < 0x80) return 1;
    if (c < 0xc2 || c > 0xf4) return 0;
    if (c < 0xe0) return n > 1 && tail(p[1]) ? 2 : 0;
    if (c < 0xf0)
        return n > 2 && tail(p[1]) && tail(p[2]) && (c != 0xe0 || p[1] >= 0xa0) && (c != 0xed || p[1] < 0xa0)
                   ? 3
                   : 0;
    return n > 3 && tail(p[1]) && tail(p[2]) && tail(p[3]) && (c != 0xf0 || p[1] >= 0x90) &&
                   (c != 0xf4 || p[1] < 0x90)
               ? 4
               : 0;
}

bool str_utf8_ok(str s)
{
    const char *p = s.p, *end = p + s.n;
    while (p < end) {
        u64 eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
            p += 8;
            continue;
        }
        size_t n = utf8_len(p, (size_t)(end - p));
        if (!n) return false;
        p += n;
    }
    return true;
}

size_t str_utf8_count(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* FNV-1a with a final mix (Fowler, Noll, Vo). */
u64 str_hash(str s)
{
    u64 h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h ^ h >> 32;
}

bool str_cut(str s, char sep, str *head, str *rest)
{
    size_t at;
    bool found = str_find_char(s, sep, &at);
    *head = found ? str_head(s, at) : s;
    *rest = found ? str_skip(s, at + 1) : (str){ 0 };
    return found;
}

bool str_next(str *rest, char sep, str *piece)
{
    if (!rest->n) return false;
    str tail;
    str_cut(*rest, sep, piece, &tail);
    *rest = tail;
    return true;
}

bool str_to_i64(str s, i64 *out)
{
    bool minus = s.n && s.p[0] == '-';
    if (minus) s = str_skip(s, 1);
    if (!s.n || s.n > 19) return false;
    i64 v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(s.p[i] - '0');
        if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, (i64)d, &v)) return false;
    }
    if (!minus && v == INT64_MIN) return false;
    *out = minus ? v : -v;
    return true;
}

static size_t digits(str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') n++;
    return n;
}

bool str_to_f64(str s, double *out)
{
    str t = s;
    if (t.n && t.p[0] == '-') t = str_skip(t, 1);
    size_t n = digits(t);
    if (!n || (n > 1 && t.p[0] == '0')) return false;
    t = str_skip(t, n);
    if (t.n && t.p[0] == '.') {
        t = str_skip(t, 1);
        if (!(n = digits(t))) return false;
        t = str_skip(t, n);
    }
    if (t.n && (t.p[0] | 0x20) == 'e') {
        t = str_skip(t, 1);
        if (t.n && (t.p[0] == '+' || t.p[0] == '-')) t = str_skip(t, 1);
        if (!(n = digits(t))) return false;
        t = str_skip(t, n);
    }
    if (t.n) return false;
    char small[64], *z = small;
    if (s.n >= sizeof small) {
        if (s.n > 4096) return false;
        static _Thread_local char large[4097];
        z = large;
    }
    memcpy(z, s.p, s.n);
    z[s.n] = 0;
    double v = strtod(z, NULL); /* the process never calls setlocale(LC_NUMERIC) */
    if (!isfinite(v)) return false;
    *out = v;
    return true;
}

struct suffix {
    const char *name;
    double factor;
};

static bool scaled(str s, const struct suffix *suffix, size_t n, i64 *out)
{
    size_t len = 0;
    while (len < s.n && ((s.p[len] >= '0' && s.p[len] <= '9') || s.p[len] == '.')) len++;
    double v;
    if (!str_to_f64(str_head(s, len), &v)) return false;
    for (size_t i = 0; i < n; i++)
        if (str_eq_fold(str_skip(s, len), str_of(suffix[i].name))) {
            v *= suffix[i].factor;
            if (v > 9e18) return false;
            *out = (i64)v;
            return true;
        }
    return false;
}

bool str_to_bytes(str s, i64 *out)
{
    static const struct suffix row[] = {
        { "", 1 },           { "b", 1 },           { "k", 1024 },         { "kb", 1024 },
        { "kib", 1024 },     { "m", 1048576 },     { "mb", 1048576 },     { "mib", 1048576 },
        { "g", 1073741824 }, { "gb", 1073741824 }, { "gib", 1073741824 },
    };
    return scaled(s, row, LEN(row), out);
}

bool str_to_duration(str s, i64 *us)
{
    static const struct suffix row[] = {
        { "us", 1 },     { "ms", 1e3 },    { "s", 1e6 },      { "m", 60e6 },
        { "h", 3600e6 }, { "d", 86400e6 }, { "w", 604800e6 },
    };
    return scaled(s, row, LEN(row), us);
}
