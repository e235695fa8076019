#include "feature/series/series_block_impl.h"
#include "tests/unit/test.h"

TEST(series_block_crc_is_castagnoli)
{
    const u8 *nine = (const u8 *)"123456789";
    assert_int_equal(block_crc_portable(nine, 9), 0xe3069283u);
    assert_int_equal(block_crc(nine, 9), 0xe3069283u);
    u8 many[300];
    for (size_t i = 0; i < sizeof many; i++) many[i] = (u8)(i * 7 + i / 13);
    for (size_t n = 0; n <= sizeof many; n++)
        assert_int_equal(block_crc(many, n), block_crc_portable(many, n));
}

TEST(series_block_raw)
{
    i64 t[] = { 1, 2, 5 };
    double f[] = { 1.5, -0.0, 3 };
    str s[] = { S("a"), S(""), S("three") };
    struct block_points *to = NEW(op->arena, struct block_points);
    struct series_run run = { .n = 3, .kind = SERIES_F64, .t = t, .f = f }, got;
    struct buf b = BUF(op->arena);
    block_write(&b, &run, BLOCK_FAST);
    assert_int_equal(block_read(buf_str(&b), op->arena, to, &got), BLOCK_GOOD);
    assert_int_equal(got.n, 3);
    assert_memory_equal(got.f, f, sizeof f);
    assert_memory_equal(got.t, t, sizeof t);
    run.kind = SERIES_TEXT;
    run.s = s;
    b.n = 0;
    block_write(&b, &run, BLOCK_FAST);
    assert_int_equal(block_read(buf_str(&b), op->arena, to, &got), BLOCK_GOOD);
    for (size_t i = 0; i < 3; i++) assert_str(got.s[i], s[i]);
}
