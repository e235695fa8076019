#include "base/json.h"
#include "base/rand.h"
#include "tests/unit/test.h"
#include <math.h>

static str show_f64(struct op *op, double v)
{
    struct buf b = BUF(op->arena);
    json_put_f64(&b, v);
    return buf_str(&b);
}

static bool number(str text, double *v)
{
    struct json j = json_reader(NULL, text);
    return json_number(&j, v) && json_end(&j);
}

static bool integer(str text, i64 *v)
{
    struct json j = json_reader(NULL, text);
    return json_i64(&j, v) && json_end(&j);
}

/* Shortest by trial, and read back by the C library: the reference for both directions. */
static void same_number(struct op *op, double v)
{
    char want[40];
    for (int d = 1; d <= 17; d++) {
        snprintf(want, sizeof want, "%.*g", d, v);
        if (strtod(want, NULL) == v) break;
    }
    str got = show_f64(op, v);
    double back, reference = strtod(str_z(op->arena, got), NULL);
    if (memcmp(&reference, &v, sizeof v) != 0)
        test_fail(__FILE__, __LINE__, "%.17g printed as %.*s", v, STR(got));
    if (!number(got, &back) || memcmp(&back, &v, sizeof v) != 0)
        test_fail(__FILE__, __LINE__, "%.*s read as %.17g", STR(got), back);
    if (!number(str_of(want), &back) || memcmp(&back, &v, sizeof v) != 0)
        test_fail(__FILE__, __LINE__, "%s read as %.17g", want, back);
    size_t digits[2] = { 0, 0 };
    for (size_t i = 0; i < got.n && (got.p[i] | 0x20) != 'e'; i++)
        digits[0] += got.p[i] >= '0' && got.p[i] <= '9';
    for (size_t i = 0; want[i] && want[i] != 'e'; i++) digits[1] += want[i] >= '0' && want[i] <= '9';
    if (fabs(v) < 1e15 && digits[0] > digits[1] + 16)
        test_fail(__FILE__, __LINE__, "%.*s, not %s", STR(got), want);
}

TEST(json_f64_texts)
{
    static const struct {
        double v;
        const char *text;
    } row[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 1, "1" },
        { -5, "-5" },
        { 0.1, "0.1" },
        { 0.3, "0.3" },
        { 21.5, "21.5" },
        { 1e-5, "0.00001" },
        { 123456.789, "123456.789" },
        { 1e15, "1000000000000000" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 1e22, "1e+22" },
        { 5e-324, "4.94065645841247e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 1e15 + 0.5, "1000000000000000.5" },
        { 4503599627370495.5, "4503599627370495.5" },
        { 9007199254740991, "9007199254740991" },
        { NAN, "null" },
        { INFINITY, "null" },
    };
    for (size_t i = 0; i < LEN(row); i++) assert_str(show_f64(op, row[i].v), str_of(row[i].text));
}

TEST(json_f64_short_is_what_printf_finds)
{
    u64 x = 88172645463325252u;
    for (int i = 0; i < 300000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        static const double ten[] = { 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7 };
        double v = (double)(i64)(x >> 20 >> x % 40) / ten[x >> 8 & 3 ? x % 6 : 6];
        char want[40];
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(want, sizeof want, "%.*g", digits, v);
            if (strtod(want, NULL) == v) break;
        }
        struct buf b = { .arena = op->arena, .p = NULL }, limited = { .arena = op->arena, .limit = 100 };
        json_put_f64(&b, v);
        json_put_f64(&limited, v);
        assert_str(buf_str(&limited), buf_str(&b));
        if (!strchr(want, 'e')) assert_str(buf_str(&b), str_of(want));
        if (i % 1000 == 0) arena_reset(op->arena);
    }
}

TEST(json_i64_texts)
{
    u64 ten = 1;
    for (int digits = 1; digits <= 19; digits++, ten *= 10)
        for (int k = -1; k < 3; k++) {
            i64 v = (i64)(ten - 1) + k * (k < 2 ? 1 : (i64)(ten / 3));
            struct buf b = BUF(op->arena);
            char want[64];
            snprintf(want, sizeof want, "%lld,%lld", (long long)v, (long long)-v);
            buf_i64(&b, v);
            buf_char(&b, ',');
            buf_i64(&b, -v);
            assert_str(buf_str(&b), str_of(want));
        }
    struct buf b = BUF(op->arena), small = { .arena = op->arena, .limit = 5 };
    buf_i64(&b, INT64_MIN);
    assert_str(buf_str(&b), S("-9223372036854775808"));
    buf_i64(&small, 1234);
    buf_i64(&small, 12);
    assert_true(small.over);
    assert_str(buf_str(&small), S("1234"));
}

TEST(json_f64_round_trips)
{
    struct arena scratch = { 0 };
    struct op inner = test_op(&scratch);
    for (int i = 0; i < 200000; i++) {
        u64 bits = rand_u64();
        double v;
        memcpy(&v, &bits, sizeof v);
        switch (i % 4) {
        case 0: v = isfinite(v) ? v : 0; break;            /* any double */
        case 1: v = (double)(i64)bits / 1e13; break;       /* sensible size, all digits */
        case 2: v = round((double)(i32)bits) / 1e4; break; /* short decimals */
        default: v = ldexp((double)(bits >> 11), (int)(bits % 120) - 110); break; /* 53 bits near 1 */
        }
        same_number(&inner, v);
        if (i % 256 == 0) arena_reset(&scratch);
    }
    arena_free(&scratch);
}

/* Decimal texts of any length and exponent, halfway cases among them, against strtod. */
TEST(json_number_texts)
{
    for (int i = 0; i < 100000; i++) {
        char text[80];
        u64 r = rand_u64();
        int digits = 1 + (int)(r % 22), exp = (int)(r / 22 % 80) - 40, at = 1 + (int)(r / 2000 % (u64)digits),
            n = 0;
        text[n++] = (char)('1' + rand_below(9));
        for (int k = 1; k < digits; k++) {
            if (k == at) text[n++] = '.';
            text[n++] = (char)('0' + rand_below(10));
        }
        snprintf(text + n, sizeof text - (size_t)n, "e%d", exp);
        double want = strtod(text, NULL), got;
        if (!number(str_of(text), &got) || got != want)
            test_fail(__FILE__, __LINE__, "%s read as %.17g", text, got);
    }
    static const char *const half[] = { "9007199254740993",   "9007199254740995",    "9007199254740992.5",
                                        "4503599627370496.5", "4503599627370497.5",  "0.500000000000000055",
                                        "18014398509481990",  "9007199254740993e-5", "36028797018963966e1" };
    for (size_t i = 0; i < LEN(half); i++) {
        double got;
        assert_true(number(str_of(half[i]), &got) && got == strtod(half[i], NULL));
    }
}

TEST(json_integers)
{
    i64 v;
    assert_true(integer(S("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(integer(S("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(integer(S("1.0"), &v) && v == 1);
    assert_true(integer(S("1e3"), &v) && v == 1000);
    assert_true(integer(S("12.50e1"), &v) && v == 125);
    assert_true(integer(S("-0"), &v) && v == 0);
    assert_true(integer(S("0.000"), &v) && v == 0);
    assert_true(integer(S("1.00000000000000000000000000"), &v) && v == 1);
    static const char *const bad[] = { "9223372036854775808",
                                       "-9223372036854775809",
                                       "1.5",
                                       "1e19",
                                       "99999999999999999999",
                                       "1e-1",
                                       "01",
                                       "1.",
                                       "1.00000000000000000000001",
                                       "",
                                       "\"1\"",
                                       "- 1" };
    for (size_t i = 0; i < LEN(bad); i++) assert_false(integer(str_of(bad[i]), &v));
}

TEST(json_number_bounds)
{
    double v;
    assert_true(number(S("4.9e-324"), &v) && v > 0);
    assert_true(number(S("0e999999999"), &v) && v == 0);
    assert_false(number(S("1e309"), &v) || number(S("-1e99999999999"), &v) || number(S("1e-400"), &v));
    struct buf b = BUF(op->arena);
    for (int i = 0; i < 1001; i++) buf_char(&b, '1');
    assert_false(json_valid(buf_str(&b)));
    assert_false(json_valid((str){ b.p, 400 }));
    b = BUF(op->arena);
    buf_put(&b, S("0."));
    for (int i = 0; i < 900; i++) buf_char(&b, '7');
    assert_true(number(buf_str(&b), &v) && v == strtod(str_z(op->arena, buf_str(&b)), NULL));
}

TEST(json_pull)
{
    struct json j = json_reader(op->arena, S(" {\"a\" : [1, 2.5,\"x\\n\\u20ac\\ud83d\\ude00\"], \"b\":{}, "
                                             "\"c\":[[],{\"d\":null}] , \"e\":true} "));
    str key, s;
    i64 i;
    double d;
    bool b;
    assert_true(json_object(&j) && json_key(&j, &key) && str_is(key, "a") && json_array(&j));
    assert_true(json_next(&j) && json_i64(&j, &i) && i == 1 && json_next(&j) && json_number(&j, &d) &&
                d == 2.5);
    assert_true(json_next(&j) && json_str(&j, &s) && str_is(s, "x\n\u20ac\U0001f600") && !json_next(&j));
    assert_true(json_key(&j, &key) && str_is(key, "b") && json_object(&j) && !json_key(&j, &key));
    assert_true(json_key(&j, &key) && str_is(key, "c") && json_raw_value(&j, &s));
    assert_str(s, S("[[],{\"d\":null}]"));
    assert_true(json_key(&j, &key) && json_bool(&j, &b) && b && !json_key(&j, &key) && json_end(&j));
}

TEST(json_first_error_sticks)
{
    struct json j = json_reader(op->arena, S("[1,x]"));
    i64 i;
    assert_true(json_array(&j) && json_next(&j) && json_i64(&j, &i) && json_next(&j));
    assert_false(json_i64(&j, &i) || json_next(&j) || json_skip(&j) || json_end(&j));
    assert_str(json_error_text(&j, op->arena), S("a number must stand here at byte 3"));
    j = json_reader(op->arena, S("[[1]"));
    assert_false(json_skip(&j) && json_end(&j));
    assert_str(json_error_text(&j, op->arena), S("unexpected end of the text at byte 4"));
}

TEST(json_strings)
{
    static const struct {
        const char *raw, *out;
    } row[] = {
        { "plain", "\"plain\"" },
        { "", "\"\"" },
        { "q\"b\\s/", "\"q\\\"b\\\\s/\"" },
        { "\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
        { "Привет, 世界 😀", "\"Привет, 世界 😀\"" },
        { "\xff"
          "a\xd0",
          "\"\xef\xbf\xbd"
          "a\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct buf b = BUF(op->arena);
        json_put_str(&b, str_of(row[i].raw));
        assert_str(buf_str(&b), str_of(row[i].out));
        struct json j = json_reader(op->arena, buf_str(&b));
        str back;
        assert_true(json_str(&j, &back) && json_end(&j));
        if (str_utf8_ok(str_of(row[i].raw))) assert_str(back, str_of(row[i].raw));
    }
}

/* Something special at each position of the block of sixteen and around it. */
TEST(json_string_scan_at_every_position)
{
    static const char *const special[] = { "\\n", "ж", "世", "\x01", "\xff", "\"", "\\u0041", "\\x" };
    for (size_t n = 0; n < 40; n++)
        for (size_t k = 0; k < LEN(special); k++) {
            char text[128];
            snprintf(text, sizeof text, "\"%.*s%s%.*s\"", (int)n, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     special[k], (int)(40 - n), "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
            bool good = k < 3 || k == 6;
            if (json_valid(str_of(text)) != good) test_fail(__FILE__, __LINE__, "%s", text);
            for (size_t cut = 0; cut < strlen(text); cut++) {
                char *copy = NEWN(op->arena, char, cut + 1);
                memcpy(copy, text, cut);
                if (k != 5) assert_false(json_valid((str){ copy, cut }));
            }
        }
}

TEST(json_depth)
{
    char text[2 * JSON_DEPTH + 2];
    memset(text, '[', JSON_DEPTH);
    memset(text + JSON_DEPTH, ']', JSON_DEPTH);
    assert_true(json_valid((str){ text, 2 * JSON_DEPTH }));
    memset(text, '[', JSON_DEPTH + 1);
    memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
    assert_false(json_valid((str){ text, 2 * JSON_DEPTH + 2 }));
}

TEST(json_canonical_form)
{
    str out, again;
    assert_true(
        json_canonical(op->arena,
                       S(" {\"b\" : 1.0, \"a\":[1e2, 0.50 ,{ \"z\":null,\"y\":\"\\u0041\\/\" }], \"\":true,"
                         " \"n\": 9223372036854775807, \"m\":-0 } "),
                       &out));
    assert_str(
        out,
        S("{\"\":true,\"a\":[100,0.5,{\"y\":\"A/\",\"z\":null}],\"b\":1,\"m\":0,\"n\":9223372036854775807}"));
    assert_true(json_canonical(op->arena, out, &again));
    assert_str(again, out);
    assert_false(json_canonical(op->arena, S("{\"a\":1,\"a\":2}"), &out));
    assert_false(json_canonical(op->arena, S("[1,]"), &out) || json_canonical(op->arena, S(""), &out) ||
                 json_canonical(op->arena, S("1 2"), &out));
}
