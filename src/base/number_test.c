#include "base/json.h"
#include "base/number.h"
#include "base/rand.h"
#include "tests/unit/test.h"

/* With and without bytes to spare behind the end: the fast way and the slow one. */
static void same(const char *text, enum number_form form, bool ok, double want, size_t used)
{
    size_t n = strlen(text);
    char far[1100] = { 0 };
    memcpy(far, text, n);
    far[n] = ',';
    for (int way = 0; way < 2; way++) {
        double v = -1;
        const char *p = way ? number_f64(text, text + n, form, &v) : number_f64(far, far + n + 40, form, &v);
        if (!ok) {
            if (p && p != text + n && p != far + n) continue; /* a number with something behind it */
            assert_null(p);
            continue;
        }
        assert_non_null(p);
        assert_int_equal(p - (way ? text : far), used);
        assert_memory_equal(&v, &want, sizeof v);
    }
}

TEST(number_reads_what_json_reads)
{
    static const struct {
        const char *text;
        bool json, loose;
        double v;
    } row[] = {
        { "0", 1, 1, 0 },
        { "-0", 1, 1, -0.0 },
        { "24.57", 1, 1, 24.57 },
        { "-1", 1, 1, -1 },
        { "1e3", 1, 1, 1000 },
        { "1E-3", 1, 1, 0.001 },
        { "12345678", 1, 1, 12345678 },
        { "123456789.123456789", 1, 1, 123456789.123456789 },
        { "9007199254740993", 1, 1, 9007199254740992.0 },
        { "0.1000000000000000055511151231257827021181583404541015625", 1, 1, 0.1 },
        { "1.7976931348623157e308", 1, 1, 1.7976931348623157e308 },
        { "1e400", 0, 0, 0 },
        { "1e-400", 0, 0, 0 },
        { "007", 0, 1, 7 },
        { ".5", 0, 1, 0.5 },
        { "5.", 0, 1, 5 },
        { "+5", 0, 1, 5 },
        { "-.25", 0, 1, -0.25 },
        { "00.50", 0, 1, 0.5 },
        { ".", 0, 0, 0 },
        { "-", 0, 0, 0 },
        { "", 0, 0, 0 },
        { "e5", 0, 0, 0 },
        { "1e", 0, 0, 0 },
        { "NaN", 0, 0, 0 },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        same(row[i].text, NUMBER_JSON, row[i].json, row[i].v, strlen(row[i].text));
        same(row[i].text, NUMBER_LOOSE, row[i].loose, row[i].v, strlen(row[i].text));
    }
    double v;
    assert_null(number_f64("", "", NUMBER_JSON, &v));
    assert_null(number_f64(" 1", &" 1"[2], NUMBER_JSON, &v));
    (void)op;
}

TEST(number_has_the_bits_of_json_number)
{
    char text[80];
    for (int i = 0; i < 300000; i++) {
        u64 r = rand_u64();
        int digits = 1 + (int)(r % 19), after = (int)(r / 32 % 20), n;
        u64 d = rand_u64() % (digits == 19 ? UINT64_MAX : (u64)10000000000000000000u / 10);
        if (i % 3 == 0) n = snprintf(text, sizeof text, "%.17g", (double)(i64)d / (double)(1 + r % 100000));
        else if (i % 3 == 1)
            n = snprintf(text, sizeof text, "%.*f", after, (double)(i64)(d % 1000000007) / 1000);
        else
            n = snprintf(text, sizeof text, "%llu.%0*llu", (unsigned long long)(d % 1000003), after + 1,
                         (unsigned long long)(r % 97));
        struct json j = json_reader(op->arena, (str){ text, (size_t)n });
        double want, got;
        assert_true(json_number(&j, &want));
        memset(text + n, ' ', 16);
        assert_ptr_equal(number_f64(text, text + n + 16, NUMBER_JSON, &got), text + n);
        assert_memory_equal(&want, &got, sizeof want);
    }
}

TEST(number_reads_integers)
{
    static const struct {
        const char *text;
        bool ok;
        i64 v;
    } row[] = {
        { "0", 1, 0 },
        { "-17", 1, -17 },
        { "1700000000000000000", 1, 1700000000000000000 },
        { "9223372036854775807", 1, INT64_MAX },
        { "-9223372036854775808", 1, INT64_MIN },
        { "9223372036854775808", 0, 0 },
        { "18446744073709551617", 0, 0 },
        { "", 0, 0 },
        { "-", 0, 0 },
        { "x", 0, 0 },
    };
    for (size_t i = 0; i < LEN(row); i++)
        for (size_t spare = 0; spare <= 16; spare += 8) {
            char text[64];
            size_t n = strlen(row[i].text);
            memset(text, ' ', sizeof text);
            memcpy(text, row[i].text, n);
            i64 v = 0;
            const char *p = number_i64(text, text + n + spare, &v);
            if (row[i].ok) assert_ptr_equal(p, text + n);
            else assert_null(p);
            if (row[i].ok) assert_int_equal(v, row[i].v);
        }
    (void)op;
}
