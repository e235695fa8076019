#include "feature/series/series_test.h"

static u64 noise(void)
{
    static struct random r = { 5 };
    return random_below(&r, 1 << 20);
}

/* Each with a length of its own, as blocks of noise would have. */
TEST(series_pages_order_wastes_little)
{
    enum { N = 300, PAGE = 1024 };
    struct block_row row[N];
    static char data[20000];
    size_t room = 0, used = 0, pages = 0, full = 0;
    for (size_t i = 0; i < N; i++)
        row[i] = (struct block_row){ .id = (i64)i,
                                     .s.count = i % 3 ? SERIES_FULL : 100,
                                     .data = { data, noise() % sizeof data } };
    struct block_row *by = pages_order(op->arena, PAGE, row, N);
    u64 seen[N] = { 0 };
    for (size_t i = 0; i < N; i++) {
        size_t all = by[i].data.n + 95, kept = all <= 989 ? all : 103 + (all - 103) % 1020;
        if (kept > 989) kept = 103;
        kept += 11;
        seen[by[i].id]++;
        assert_true(by[i].s.count == SERIES_FULL ? full == i : full < i || full == i);
        full += by[i].s.count == SERIES_FULL;
        if (room < kept) {
            room = PAGE - 8;
            pages++;
        }
        room -= kept;
        used += kept;
    }
    for (size_t i = 0; i < N; i++) assert_int_equal(seen[i], 1);
    assert_int_equal(full, N - N / 3);
    if (pages * (PAGE - 8) > used + used / 10)
        test_fail(__FILE__, __LINE__, "%zu pages for %zu bytes", pages, used);
}

TEST(series_pages_fitting_leaves_small_remainders)
{
    enum { PAGE = 1024, N = SERIES_FULL };
    for (size_t data = 2000; data < 40000; data += 37) {
        size_t n = pages_fitting(PAGE, N, data), cut = data * n / N;
        assert_true(n <= N && n >= SERIES_ENOUGH);
        if (n < N) assert_true((cut + 95 - 103) % 1020 <= PAGE / 16);
        assert_int_equal(pages_fitting(0, N, data), N);
    }
}

/* History that comes last part first, as from an import: its blocks become as full as if it had come in
 * order. */
WORLD(series_history_backwards_makes_full_blocks)
{
    enum { PART = 5000, PARTS = 14 };
    i64 id = one_series(op, world_person(w, "ann").id, "x", SERIES_F64), *t = NEWN(op->arena, i64, PART);
    double *v = NEWN(op->arena, double, PART);
    struct series_range all = { id, INT64_MIN, INT64_MAX };
    for (i64 part = PARTS; part-- > 0;) {
        for (i64 i = 0; i < PART; i++) {
            t[i] = (part * PART + i) * 1000000;
            v[i] = (double)(noise() % 1000);
        }
        for (u32 at = 0, n = PART / 5; at < PART; at += n, n = PART - at) { /* a part of it is merged first */
            put(op, id, t + at, v + at, n);
            assert_ok(op, series_merge(op, true));
            assert_ok(op, db_flush(op));
        }
    }
    block_rows blocks;
    assert_ok(op, block_sql_range(op, all, &(struct block_after){ INT64_MIN, 0, 100 }, &blocks));
    assert_in_range(blocks.n, 2, 4);
    i64 n = 0;
    for (size_t i = 0; i < blocks.n; i++) n += blocks.item[i].s.count;
    assert_int_equal(n, PART * PARTS);
    struct model m = scan_all(op, id, INT64_MIN, INT64_MAX);
    assert_int_equal(m.n, PART * PARTS);
    for (size_t i = 0; i < m.n; i++) assert_int_equal(m.t[i], (i64)i * 1000000);
}
