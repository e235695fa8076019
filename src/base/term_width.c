/* How wide a character is on a terminal, and which ones must not reach it. Ranges after the Unicode 15
 * character database (East Asian Width W and F, general categories Mn, Me, Cf), condensed to blocks. */
#include "base/term_impl.h"

struct range {
    u32 from, to;
};

static const struct range zero[] = {
    { 0x300, 0x36f },   { 0x483, 0x489 },     { 0x591, 0x5bd },     { 0x610, 0x61a },   { 0x64b, 0x65f },
    { 0x6d6, 0x6dc },   { 0x900, 0x902 },     { 0x93c, 0x93c },     { 0x941, 0x948 },   { 0xe31, 0xe31 },
    { 0xe34, 0xe3a },   { 0xe47, 0xe4e },     { 0x1160, 0x11ff },   { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
    { 0x200b, 0x200d }, { 0x2060, 0x2064 },   { 0x20d0, 0x20ff },   { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
    { 0xfeff, 0xfeff }, { 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};
static const struct range two[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },   { 0x23e9, 0x23ec },
    { 0x23f0, 0x23f0 },   { 0x23f3, 0x23f3 },   { 0x25fd, 0x25fe },   { 0x2614, 0x2615 },
    { 0x2648, 0x2653 },   { 0x267f, 0x267f },   { 0x2693, 0x2693 },   { 0x26a1, 0x26a1 },
    { 0x26aa, 0x26ab },   { 0x26bd, 0x26be },   { 0x26c4, 0x26c5 },   { 0x26ce, 0x26ce },
    { 0x26d4, 0x26d4 },   { 0x26ea, 0x26ea },   { 0x26f2, 0x26f3 },   { 0x26f5, 0x26f5 },
    { 0x26fa, 0x26fa },   { 0x26fd, 0x26fd },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },
    { 0x2728, 0x2728 },   { 0x274c, 0x274c },   { 0x274e, 0x274e },   { 0x2753, 0x2755 },
    { 0x2757, 0x2757 },   { 0x2795, 0x2797 },   { 0x27b0, 0x27b0 },   { 0x27bf, 0x27bf },
    { 0x2b1b, 0x2b1c },   { 0x2b50, 0x2b50 },   { 0x2b55, 0x2b55 },   { 0x2e80, 0x303e },
    { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },
    { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },
    { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x16fe0, 0x18cff },
    { 0x1b000, 0x1b2ff }, { 0x1f004, 0x1f004 }, { 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e },
    { 0x1f191, 0x1f19a }, { 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f335 }, { 0x1f337, 0x1f37c },
    { 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 }, { 0x1f3e0, 0x1f3f0 },
    { 0x1f3f4, 0x1f3f4 }, { 0x1f3f8, 0x1f43e }, { 0x1f440, 0x1f440 }, { 0x1f442, 0x1f4fc },
    { 0x1f4ff, 0x1f53d }, { 0x1f54b, 0x1f54e }, { 0x1f550, 0x1f567 }, { 0x1f57a, 0x1f57a },
    { 0x1f595, 0x1f596 }, { 0x1f5a4, 0x1f5a4 }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 },
    { 0x1f6cc, 0x1f6cc }, { 0x1f6d0, 0x1f6d2 }, { 0x1f6d5, 0x1f6d7 }, { 0x1f6dc, 0x1f6df },
    { 0x1f6eb, 0x1f6ec }, { 0x1f6f4, 0x1f6fc }, { 0x1f7e0, 0x1f7f0 }, { 0x1f90c, 0x1f9ff },
    { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};
/* What changes the direction of the text around it can make a line read as another one. */
static const struct range steering[] = { { 0, 0x1f },         { 0x7f, 0x9f },     { 0x200e, 0x200f },
                                         { 0x2028, 0x202e },  { 0x2066, 0x2069 }, { 0xfff9, 0xfffb },
                                         { 0xe0000, 0xe007f } };

static bool within(const struct range *r, size_t n, u32 c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].from && c <= r[i].to) return true;
    return false;
}

/* The character at p and its length; malformed: -1 and 1. */
static i32 decode(const char *p, size_t n, size_t *len)
{
    const u8 *u = (const u8 *)p;
    *len = utf8_len(p, n);
    switch (*len) {
    case 1: return u[0];
    case 2: return (u[0] & 0x1f) << 6 | (u[1] & 0x3f);
    case 3: return (u[0] & 0x0f) << 12 | (u[1] & 0x3f) << 6 | (u[2] & 0x3f);
    case 4: return (u[0] & 0x07) << 18 | (u[1] & 0x3f) << 12 | (u[2] & 0x3f) << 6 | (u[3] & 0x3f);
    default: *len = 1; return -1;
    }
}

static size_t columns(i32 c)
{
    if (c < 0) return 1;
    if (c < 0x20 || c == 0x7f) return 0;
    if (c < 0x300) return 1;
    if (within(zero, LEN(zero), (u32)c)) return 0;
    return within(two, LEN(two), (u32)c) ? 2 : 1;
}

size_t term_width_of(str s)
{
    size_t width = 0, len;
    for (; s.n; s = str_skip(s, len)) width += columns(decode(s.p, s.n, &len));
    return width;
}

str term_head(str s, size_t width)
{
    size_t used = 0, at = 0, len;
    for (; at < s.n; at += len) {
        used += columns(decode(s.p + at, s.n - at, &len));
        if (used > width) break;
    }
    return str_head(s, at);
}

static bool safe(i32 c) { return c >= 0 && !within(steering, LEN(steering), (u32)c); }

str term_safe(struct arena *a, str s)
{
    size_t len, at = 0;
    while (at < s.n && safe(decode(s.p + at, s.n - at, &len))) at += len;
    if (at == s.n) return s;
    char *out = arena_alloc(a, s.n), *to = out;
    for (; s.n; s = str_skip(s, len)) {
        i32 c = decode(s.p, s.n, &len);
        if (c == '\n' || c == '\t') *to++ = ' ';
        else if (c == '\r' && s.n > 1 && s.p[1] == '\n') continue;
        else if (!safe(c)) *to++ = '?';
        else to = mempcpy(to, s.p, len);
    }
    return str_sub(out, to);
}
