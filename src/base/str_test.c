#include "base/enc.h"
#include "base/rand.h"
#include "tests/unit/test.h"

TEST(str_numbers)
{
    i64 v;
    assert_true(str_to_i64(S("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(str_to_i64(S("9223372036854775807"), &v) && v == INT64_MAX);
    assert_false(str_to_i64(S("9223372036854775808"), &v));
    assert_false(str_to_i64(S(""), &v) || str_to_i64(S("-"), &v) || str_to_i64(S("1 "), &v) ||
                 str_to_i64(S("0x1"), &v));
    double d;
    assert_true(str_to_f64(S("-1.5e3"), &d) && d == -1500);
    assert_false(str_to_f64(S("01"), &d) || str_to_f64(S(".5"), &d) || str_to_f64(S("1."), &d) ||
                 str_to_f64(S("nan"), &d) || str_to_f64(S("1e999"), &d));
    assert_true(str_to_bytes(S("1.5M"), &v) && v == 1572864);
    assert_true(str_to_duration(S("200ms"), &v) && v == 200000);
    assert_false(str_to_duration(S("10x"), &v));
}

TEST(str_utf8)
{
    assert_true(str_utf8_ok(S("Биомедицина \xf0\x9f\x98\x80")));
    assert_false(str_utf8_ok(S("\xc0\x80")) || str_utf8_ok(S("\xed\xa0\x80")) ||
                 str_utf8_ok(S("\xf4\x90\x80\x80")) || str_utf8_ok(S("abc\xd0")));
    assert_int_equal(str_utf8_count(S("Био")), 3);
}

TEST(str_pieces)
{
    str rest = S("a,,b"), p;
    assert_true(str_next(&rest, ',', &p) && str_is(p, "a"));
    assert_true(str_next(&rest, ',', &p) && str_is(p, ""));
    assert_true(str_next(&rest, ',', &p) && str_is(p, "b"));
    assert_false(str_next(&rest, ',', &p));
    rest = S("");
    assert_false(str_next(&rest, ',', &p));
}

TEST(time_round_trip)
{
    time_us t;
    char text[TIME_TEXT];
    assert_true(time_parse(S("2026-11-20T16:14:00.25+03:00"), &t));
    assert_str(time_text(t, text), S("2026-11-20T13:14:00.250000Z"));
    assert_false(time_parse(S("2026-02-29T00:00:00Z"), &t) || time_parse(S("2026-01-01"), &t) ||
                 time_parse(S("2026-01-01T24:00:00Z"), &t));
    assert_true(time_parse(S("2024-02-29T00:00:00Z"), &t));
}

TEST(time_moments)
{
    static const struct {
        const char *text;
        i64 us;
    } good[] = {
        { "now", 1000000 },
        { "now-1s", 0 },
        { "-250ms", 750000 },
        { "now+1h", 3601000000 },
        { "+1w", 604801000000 },
        { "-1", -1 },
        { "1700000000000000", 1700000000000000 },
        { "1970-01-02", 86400000000 },
        { "2024-02-29", 1709164800000000 },
        { "1970-01-01T01:00:01+01:00", 1000000 },
    };
    static const char *const bad[] = {
        "",           "-",         "now-",    "now 1h", "1h",     "2026-02-29", "2026-11-18T", "2026-11-18x",
        "18.11.2026", "now-1h30m", "now--1h", "-1hour", "-1e30d", "+292000y",   "yesterday"
    };
    time_us t = { 0 }, now = { 1000000 };
    for (size_t i = 0; i < LEN(good); i++) {
        assert_true(time_moment(str_of(good[i].text), now, &t));
        assert_int_equal(t.us, good[i].us);
    }
    for (size_t i = 0; i < LEN(bad); i++) assert_false(time_moment(str_of(bad[i]), now, &t));
    assert_false(time_moment(S("now+9000000000000s"), (time_us){ INT64_MAX - 5 }, &t));
}

TEST(enc_round_trip)
{
    for (size_t n = 0; n < 40; n++) {
        char raw[40];
        rand_bytes(raw, n);
        str in = { raw, n }, out;
        assert_true(base64_decode(op->arena, base64_text(op->arena, in), &out) && str_eq(in, out));
        assert_true(base64url_decode(op->arena, base64url_text(op->arena, in), &out) && str_eq(in, out));
        assert_true(base32_decode(op->arena, base32_text(op->arena, in), &out) && str_eq(in, out));
        if (!memchr(raw, 0, n))
            assert_true(percent_decode(op->arena, percent_encode(op->arena, in), false, &out) &&
                        str_eq(in, out));
    }
    str out;
    assert_false(base64_decode(op->arena, S("QQ"), &out) || base64_decode(op->arena, S("QR=="), &out) ||
                 base64_decode(op->arena, S("Q Q="), &out));
    assert_false(percent_decode(op->arena, S("%4"), false, &out) ||
                 percent_decode(op->arena, S("%00"), false, &out));
    uuid u = uuid_new(), v;
    char text[UUID_TEXT];
    assert_true(uuid_parse(uuid_text(u, text), &v) && uuid_eq(u, v));
}
