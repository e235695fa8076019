#include "base/buf.h"
#include "feature/package/stem.h"
#include "tests/unit/test.h"

static str stems(struct op *op, const char *text)
{
    struct stem s[16];
    struct buf b = BUF(op->arena);
    size_t n = stem_text(stemmer_new(op->arena), str_of(text), s, LEN(s));
    for (size_t i = 0; i < n; i++) {
        if (i) buf_char(&b, ' ');
        buf_put(&b, s[i].stem);
    }
    return buf_str(&b);
}

TEST(stem_cuts_both_languages)
{
    assert_str(stems(op, "Signal Processing, signals & PROCESSES"), S("signal process signal process"));
    assert_str(stems(op, "Обработка измерений; обработки измерение"), S("обработк измерен обработк измерен"));
    assert_str(stems(op, "Учёный ученый"), stems(op, "ученый УЧЁНЫЙ"));
    assert_str(stems(op, "neural-net_v2"), S("neural net v2"));
    assert_str(stems(op, " \xff\xfe — «» "), S(""));
    assert_str(stems(op, ""), S(""));
}

TEST(stem_bounds_words)
{
    struct stem s[3];
    char text[1000];
    memset(text, 'a', sizeof text);
    assert_int_equal(stem_text(stemmer_new(op->arena), (str){ text, sizeof text }, s, LEN(s)), 1);
    assert_int_equal(s[0].word.n, STEM_WORD_MAX);
    assert_int_equal(stem_text(stemmer_new(op->arena), S("a b c d e"), s, LEN(s)), 3);
}

TEST(stem_makes_trigrams)
{
    str t[STEM_TRIGRAMS_MAX];
    assert_int_equal(stem_trigrams(op->arena, S("sip"), t), 3);
    assert_str(t[0], S("^si"));
    assert_str(t[2], S("ip$"));
    assert_int_equal(stem_trigrams(op->arena, S("ж"), t), 1);
    assert_str(t[0], S("^ж$"));
    assert_int_equal(stem_trigrams(op->arena, S("abcdefghijklmnopqrstuvwxyz0123"), t), STEM_WORD_MAX);
}

TEST(stem_counts_edits)
{
    assert_int_equal(stem_distance(S("signal"), S("signal"), 2), 0);
    assert_int_equal(stem_distance(S("signal"), S("singal"), 2), 1);
    assert_int_equal(stem_distance(S("signal"), S("sgnal"), 2), 1);
    assert_int_equal(stem_distance(S("сигнал"), S("сегналл"), 2), 2);
    assert_int_equal(stem_distance(S("abc"), S("xyz"), 2), 3);
    assert_int_equal(stem_distance(S(""), S("abc"), 2), 3);
    assert_int_equal(stem_distance(S(""), S("ab"), 2), 2);
}
