#include "base/buf.h"
#include "base/enc.h"
#include "net/points.h"
#include "tests/unit/test.h"

/* The batch of docs/wire-points.md, byte for byte. */
static const char golden[] = "6e6270310200000028000000000000000001040002000200000074656d70c2b0"
                             "03000200646576643102000500000001000000737461746500d03fac6bff0500"
                             "40124fac6bff050000000000000035409a9999999919354000d03fac6bff0500"
                             "02000000000000006f6e000000000000";

static str bytes(struct op *op)
{
    u8 *p = arena_alloc(op->arena, sizeof golden / 2 + 8);
    assert_true(hex_decode(str_of(golden), p));
    return (str){ (char *)p, sizeof golden / 2 };
}

TEST(points_binary_golden)
{
    struct points b = { .arena = op->arena };
    assert_ok(op, points_read_binary(op, &b, bytes(op)));
    assert_int_equal(b.n, 2);
    assert_int_equal(b.total, 3);
    const struct points_series *s = b.series;
    assert_str(s[0].name, S("temp"));
    assert_str(s[0].unit, S("\xc2\xb0"));
    assert_int_equal(s[0].nlabels, 1);
    assert_str(s[0].labels[0].name, S("dev"));
    assert_str(s[0].labels[0].value, S("d1"));
    assert_int_equal(s[0].t[0], 1688212800000000);
    assert_int_equal(s[0].t[1], 1688212801000000);
    assert_true(s[0].f[0] == 21.0 && s[0].f[1] == 21.1);
    assert_int_equal(s[1].kind, POINTS_TEXT);
    assert_str(s[1].s[0], S("on"));
}

/* Every cut and every changed byte is read safely; a cut is never taken for a batch. */
TEST(points_binary_damaged)
{
    str whole = bytes(op);
    for (size_t n = 0; n < whole.n; n++) {
        struct points b = { .arena = op->arena };
        assert_err(op, ERR_INVALID, points_read_binary(op, &b, str_copy(op->arena, str_head(whole, n))));
    }
    for (size_t i = 0; i < whole.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct points b = { .arena = op->arena };
            char *p = str_z(op->arena, whole);
            memcpy(p, whole.p, whole.n);
            p[i] = (char)(p[i] ^ 1 << bit);
            err_t e = points_read_binary(op, &b, (str){ p, whole.n });
            if (e && e != ERR_INVALID && e != ERR_LIMIT)
                test_fail(__FILE__, __LINE__, "byte %zu: %s", i, err_name(e));
            op_clear(op);
        }
    struct points b = { .arena = op->arena, .max = 2 };
    assert_err(op, ERR_LIMIT, points_read_binary(op, &b, whole));
}

TEST(points_binary_at_odd_addresses)
{
    str whole = bytes(op);
    for (size_t odd = 0; odd < 8; odd++) {
        struct points b = { .arena = op->arena };
        char *p = (char *)arena_alloc(op->arena, whole.n + 8) + odd;
        memcpy(p, whole.p, whole.n);
        assert_ok(op, points_read_binary(op, &b, (str){ p, whole.n }));
        assert_true(b.series[0].f[1] == 21.1);
    }
}
