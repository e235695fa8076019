#include "base/enc.h"
#include "base/buf.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void hex_encode(const u8 *p, size_t n, char *out)
{
    static const char set[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = set[p[i] >> 4];
        out[2 * i + 1] = set[p[i] & 15];
    }
}

str hex_text(struct arena *a, const u8 *p, size_t n)
{
    char *out = arena_alloc(a, 2 * n + 1);
    hex_encode(p, n, out);
    return (str){ out, 2 * n };
}

bool hex_decode(str s, u8 *out)
{
    if (s.n % 2) return false;
    for (size_t i = 0; i < s.n; i += 2) {
        int hi = hex_digit(s.p[i]), lo = hex_digit(s.p[i + 1]);
        if (hi < 0 || lo < 0) return false;
        out[i / 2] = (u8)(hi << 4 | lo);
    }
    return true;
}

/* One bit-packing coder for the base-2^k alphabets: 64 (6 bits a character) and 32 (5 bits). */
static const char set64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char set64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char set32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static str pack(struct arena *a, str bytes, const char *set, unsigned width)
{
    char *out = arena_alloc(a, bytes.n * 8 / width + 8), *at = out;
    u32 acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        acc = acc << 8 | (u8)bytes.p[i];
        for (bits += 8; bits >= width; bits -= width)
            *at++ = set[acc >> (bits - width) & ((1u << width) - 1)];
    }
    if (bits) *at++ = set[acc << (width - bits) & ((1u << width) - 1)];
    return str_sub(out, at);
}

static bool unpack(struct arena *a, str s, const char *set, unsigned width, bool fold, str *out)
{
    char *to = arena_alloc(a, s.n * width / 8 + 1), *at = to;
    u32 acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (fold && c >= 'a' && c <= 'z') c = (char)(c - 32);
        const char *q = c ? strchr(set, c) : NULL;
        if (!q) return false;
        acc = acc << width | (u32)(q - set);
        if ((bits += width) >= 8) *at++ = (char)(acc >> (bits -= 8));
    }
    if (bits >= width || (acc & ((1u << bits) - 1)))
        return false; /* a lone character, or bits that say nothing */
    *out = str_sub(to, at);
    return true;
}

str base64url_text(struct arena *a, str bytes) { return pack(a, bytes, set64url, 6); }
str base32_text(struct arena *a, str bytes) { return pack(a, bytes, set32, 5); }
str base64_text(struct arena *a, str bytes)
{
    str s = pack(a, bytes, set64, 6); /* pack left room for the padding */
    char *p = (char *)(uintptr_t)s.p;
    while (s.n % 4) p[s.n++] = '=';
    return s;
}

static str unpadded(str s)
{
    while (s.n && s.p[s.n - 1] == '=') s.n--;
    return s;
}

bool base64_decode(struct arena *a, str s, str *out)
{
    str t = unpadded(s);
    return s.n % 4 == 0 && s.n - t.n <= 2 && unpack(a, t, set64, 6, false, out);
}
bool base64url_decode(struct arena *a, str s, str *out) { return unpack(a, s, set64url, 6, false, out); }
bool base32_decode(struct arena *a, str s, str *out) { return unpack(a, unpadded(s), set32, 5, true, out); }

bool percent_decode(struct arena *a, str s, bool plus_is_blank, str *out)
{
    char *to = arena_alloc(a, s.n + 1), *at = to;
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n || !hex_decode((str){ s.p + i + 1, 2 }, &c)) return false;
            i += 2;
        } else if (c == '+' && plus_is_blank) c = ' ';
        if (!c) return false;
        *at++ = (char)c;
    }
    *out = str_sub(to, at);
    return true;
}

str percent_encode(struct arena *a, str s)
{
    struct buf b = BUF(a);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
        if (c && plain) buf_char(&b, c);
        else buf_printf(&b, "%%%02X", (u8)c);
    }
    return buf_str(&b);
}
