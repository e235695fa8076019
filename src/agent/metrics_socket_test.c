#include "agent/metrics_socket.h"
#include "base/buf.h"
#include "tests/unit/test.h"

static struct metrics_socket named(struct op *op, size_t spark_bytes, const char **spark)
{
    static uuid unit = { { 0xfb, 0xff, 0xfe, 3 } };
    struct buf b = BUF(op->arena);
    while (b.n < spark_bytes) buf_char(&b, b.n % 10 ? 'd' : '/');
    *spark = str_z(op->arena, buf_str(&b));
    const char *data =
        arena_printf(op->arena, "%s/units/01234567-89ab-cdef-0123-456789abcdef/data", *spark).p;
    return metrics_socket_name(op, *spark, data, unit);
}

TEST(metrics_socket_has_a_name_that_fits)
{
    /* "/units/", the id, "/data/metrics.sock" are 61 bytes; "/sock/" and the id in letters 28. */
    const char *spark;
    for (size_t n = 1; n <= 46; n++) {
        struct metrics_socket m = named(op, n, &spark);
        assert_null(m.link_to);
        assert_int_equal(strlen(m.address), n + 61);
    }
    for (size_t n = 47; n <= 79; n++) {
        struct metrics_socket m = named(op, n, &spark);
        assert_string_equal(m.address, arena_printf(op->arena, "%s/sock/-__-AwAAAAAAAAAAAAAAAA", spark).p);
        assert_true(strlen(m.address) <= METRICS_ADDRESS);
        assert_string_equal(m.link_to, "../units/01234567-89ab-cdef-0123-456789abcdef/data/metrics.sock");
    }
    assert_string_equal(named(op, 80, &spark).address, "");
}
