#include "base/buf.h"
#include "feature/log/log_text.h"
#include "tests/unit/test.h"

static str fold(struct op *op, str s)
{
    char *p = arena_alloc(op->arena, s.n + 1);
    log_fold(s.p, s.n, p);
    return (str){ p, s.n };
}

TEST(log_text_folds_latin_and_cyrillic)
{
    assert_str(fold(op, S("Disk 100% FULL @[`{")), S("disk 100% full @[`{"));
    assert_str(fold(op, S("Ошибка ЁЖИК ђЂ ПРОСТЯ")), S("ошибка ёжик ђђ простя"));
    assert_str(fold(op, S("É Ω 日本 \xd0")), S("É Ω 日本 \xd0"));
}

/* Every capital comes back, and nothing else changes its length. */
TEST(log_text_unfolds_what_it_folded)
{
    for (u32 c = 1; c < 0x800; c++) {
        char in[2], out[2];
        size_t n = c < 0x80 ? 1 : 2;
        if (n == 1) in[0] = (char)c;
        else in[0] = (char)(0xc0 | c >> 6), in[1] = (char)(0x80 | (c & 63));
        log_fold(in, n, out);
        bool changed = memcmp(in, out, n) != 0;
        assert_int_equal(changed, (c >= 'A' && c <= 'Z') || (c >= 0x400 && c <= 0x42f));
        if (!changed) continue;
        assert_true(log_unfold(out, n));
        assert_memory_equal(in, out, n);
    }
}

TEST(log_text_terms)
{
    struct log_terms t = log_terms_of(op->arena, S("  Disk \"Out of  Space\" ЖЁ\"x"));
    assert_int_equal(t.n, 4);
    assert_str(t.item[0], S("out of  space"));
    assert_str(t.item[1], S("disk"));
    assert_str(t.item[2], S("жё"));
    assert_str(t.item[3], S("x"));
    assert_int_equal(log_terms_of(op->arena, S(" \t\"\"")).n, 0);
    t = log_terms_of(op->arena, S("\"open end "));
    assert_str(t.item[0], S("open end "));
}

static u32 lcg(u32 *x) { return (*x = *x * 1664525 + 1013904223) >> 8; }

TEST(log_text_seek_is_its_portable_twin)
{
    u32 x = 7;
    for (int round = 0; round < 20000; round++) {
        char hay[80], what[8];
        size_t n = lcg(&x) % sizeof hay, m = 1 + lcg(&x) % 5, a = 99, b = 99;
        for (size_t i = 0; i < n; i++) hay[i] = (char)('a' + lcg(&x) % 3);
        for (size_t i = 0; i < m; i++) what[i] = (char)('a' + lcg(&x) % 3);
        bool fast = log_seek((str){ hay, n }, (str){ what, m }, &a);
        bool plain = log_seek_plain((str){ hay, n }, (str){ what, m }, &b);
        assert_int_equal(fast, plain);
        assert_int_equal(a, b);
    }
}

TEST(log_text_search_tells_lines)
{
    str text = S("disk full\0\0disk empty\0a disk, full of holes, full\0full\0");
    u32 line[8];
    struct log_terms t = log_terms_of(op->arena, S("full DISK"));
    assert_int_equal(log_search(text, &t, line, LEN(line)), 2);
    assert_int_equal(line[0], 0);
    assert_int_equal(line[1], 3);
    assert_int_equal(log_search(text, &t, line, 1), 1);
    t = log_terms_of(op->arena, S("\"l d\"")); /* never across lines */
    assert_int_equal(log_search(text, &t, line, LEN(line)), 0);
}

TEST(log_text_filter_never_hides)
{
    struct buf b = BUF(op->arena);
    u32 x = 3;
    for (int i = 0; i < 3000; i++)
        buf_printf(&b, "запрос %u from 10.0.%u.%u took%c", lcg(&x), i % 7, i % 256, 0);
    str text = buf_str(&b), filter = log_filter_make(op->arena, text);
    assert_true(filter.n >= 64 && filter.n <= LOG_FILTER_MAX);
    for (int i = 0; i < 2000; i++) {
        size_t at = lcg(&x) % (text.n - 40), n = 1 + lcg(&x) % 30;
        while (((u8)text.p[at] & 0xc0) == 0x80) at++;
        str piece = str_head(str_skip(text, at), n);
        const char *end = memchr(piece.p, 0, piece.n);
        if (end) piece.n = (size_t)(end - piece.p);
        while (piece.n && ((u8)piece.p[piece.n] & 0xc0) == 0x80) piece.n--; /* whole characters */
        struct log_terms t = { &piece, 1 };
        assert_true(log_filter_may(filter, &t));
    }
    struct log_terms t = log_terms_of(op->arena, S("quixotic zebras"));
    assert_false(log_filter_may(filter, &t));
    t = log_terms_of(op->arena, S("подъёмный кран"));
    assert_false(log_filter_may(filter, &t));
}
