#include "agent/spool.h"
#include "agent/unit_text.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <unistd.h>

static struct spool *open_spool(struct op *op, const char *dir, i64 limit)
{
    struct spool *s;
    assert_ok(op, spool_open(op, dir, limit, &s));
    return s;
}

static void add(struct op *op, struct spool *s, uuid unit, i64 n, size_t bytes)
{
    char *text = arena_alloc(op->arena, bytes + 1);
    memset(text, 'x', bytes);
    struct spool_entry e = {
        .unit = unit, .told = { (u64)n }, .count = 3, .status = S("{s}"), .telemetry = { text, bytes }
    };
    assert_ok(op, spool_add(s, op, &e));
    assert_int_equal(e.seq, n);
}

TEST(spool_numbers_go_on_over_restarts)
{
    const char *dir = arena_printf(op->arena, "%s/s", test_dir()).p;
    uuid unit = uuid_new(), epoch = { 0 };
    struct spool_entry e;
    u64 told[SHIM_LOGS];
    i64 n = 0;
    for (int round = 0; round < 5; round++) {
        struct spool *s = open_spool(op, dir, 0);
        if (!round) epoch = spool_epoch(s);
        assert_true(uuid_eq(epoch, spool_epoch(s)));
        assert_int_equal(spool_last_seq(s), n);
        assert_int_equal(spool_told(s, unit, told), round > 0);
        if (round) assert_int_equal(told[0], n);
        for (int i = 0; i < 100; i++) add(op, s, unit, ++n, 20000);
        i64 next = spool_acked_seq(s);
        assert_ok(op, spool_sync(s, op));
        while (spool_next(s, op->arena, next, &e)) {
            assert_int_equal(e.seq, next + 1);
            assert_int_equal(e.told[0], e.seq);
            assert_str(e.status, S("{s}"));
            assert_int_equal(e.telemetry.n, 20000);
            next++;
        }
        assert_int_equal(next, n);
        assert_ok(op, spool_acked(s, op, n - 30));
        assert_int_equal(spool_acked_seq(s), n - 30);
        spool_close(s);
        struct spool *again = open_spool(op, dir, 0);
        i64 acked =
            spool_acked_seq(again); /* may be of the last file that went: then the server says the rest */
        assert_true(acked <= n - 30);
        assert_ok(op, spool_acked(again, op, n - 30));
        spool_close(again);
    }
}

TEST(spool_gives_nothing_before_it_is_synced)
{
    struct spool *s = open_spool(op, arena_printf(op->arena, "%s/s", test_dir()).p, 0);
    struct spool_entry e;
    add(op, s, uuid_new(), 1, 10);
    assert_false(spool_next(s, op->arena, 0, &e));
    assert_ok(op, spool_sync(s, op));
    assert_true(spool_next(s, op->arena, 0, &e));
    spool_close(s);
}

TEST(spool_torn_end_is_cut)
{
    const char *dir = arena_printf(op->arena, "%s/s", test_dir()).p;
    const char *file = arena_printf(op->arena, "%s/%019d.seg", dir, 1).p;
    uuid unit = uuid_new();
    struct spool *s = open_spool(op, dir, 0);
    for (i64 i = 1; i <= 10; i++) add(op, s, unit, i, 100);
    spool_close(s);
    str whole;
    assert_ok(op, fs_read(op, file, 1 << 20, &whole));
    for (size_t cut = whole.n - 1; cut > whole.n - 180; cut -= 13) {
        assert_int_equal(truncate(file, (off_t)cut), 0);
        s = open_spool(op, dir, 0);
        assert_int_equal(spool_last_seq(s), 9);
        add(op, s, unit, 10, 5);
        spool_close(s);
        s = open_spool(op, dir, 0);
        assert_int_equal(spool_last_seq(s), 10);
        spool_close(s);
        unlink(arena_printf(op->arena, "%s/%019d.seg", dir, 10).p);
        AUTO(fd) int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(fs_write_all(fd, whole));
    }
    /* A flipped bit ends what can be trusted. */
    AUTO(fd) int fd = open(file, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "!", 1, (off_t)whole.n - 50), 1);
    s = open_spool(op, dir, 0);
    assert_int_equal(spool_last_seq(s), 9);
    spool_close(s);
}

TEST(spool_full_drops_oldest_telemetry_and_counts)
{
    const char *dir = arena_printf(op->arena, "%s/s", test_dir()).p;
    uuid unit = uuid_new();
    struct spool *s = open_spool(op, dir, 3 << 20);
    enum { N = 1000 };
    for (i64 i = 1; i <= N; i++) {
        struct arena scratch = { 0 };
        struct op sub = test_op(&scratch);
        add(&sub, s, unit, i, 10000);
        arena_free(&scratch);
    }
    assert_true(spool_bytes(s) < (5 << 20));
    assert_ok(op, spool_sync(s, op));
    struct spool_entry e;
    u64 records = 0;
    i64 next = 0;
    for (; spool_next(s, op->arena, next, &e); next++) {
        assert_int_equal(e.seq, next + 1);
        assert_str(e.status, S("{s}")); /* kept */
        records += e.count;
        assert_int_equal(e.telemetry.n, e.count ? 10000 : 0);
    }
    assert_int_equal(next, N);
    u64 lost = spool_take_lost(s, unit);
    assert_true(lost > 0);
    assert_int_equal(records + lost, 3 * N);
    assert_int_equal(spool_take_lost(s, unit), 0);
    spool_close(s);
}

TEST(spool_renumbers_for_a_server_with_another_past)
{
    const char *dir = arena_printf(op->arena, "%s/s", test_dir()).p;
    uuid unit = uuid_new();
    struct spool *s = open_spool(op, dir, 0);
    for (i64 i = 1; i <= 10; i++) add(op, s, unit, i, 10);
    assert_ok(op, spool_acked(s, op, 4));
    uuid old = spool_epoch(s);
    assert_ok(op, spool_renumber(s, op));
    assert_false(uuid_eq(old, spool_epoch(s)));
    assert_int_equal(spool_last_seq(s), 6);
    add(op, s, unit, 7, 10);
    assert_ok(op, spool_sync(s, op));
    struct spool_entry e;
    assert_true(spool_next(s, op->arena, 0, &e));
    assert_int_equal(e.seq, 1);
    assert_int_equal(e.told[0], 5);
    spool_close(s);
    s = open_spool(op, dir, 0);
    assert_int_equal(spool_last_seq(s), 7);
    spool_close(s);
}

TEST(unit_text_levels)
{
    static const struct {
        const char *line;
        int stream, level;
        const char *message;
    } rows[] = {
        { "plain", STREAM_OUT, LEVEL_INFO, "plain" },
        { "plain", STREAM_ERR, LEVEL_WARN, "plain" },
        { "2026-11-20 10:00:00 ERROR something", STREAM_OUT, LEVEL_ERROR, NULL },
        { "[warn] x", STREAM_OUT, LEVEL_WARN, NULL },
        { "debug: y", STREAM_ERR, LEVEL_DEBUG, NULL },
        { "an error occurred", STREAM_OUT, LEVEL_INFO, NULL },
        { "ERRORS: 0", STREAM_OUT, LEVEL_INFO, NULL },
        { "\033[31mFATAL\033[0m end", STREAM_OUT, LEVEL_FATAL, "FATAL end" },
        { "{\"level\":\"error\",\"msg\":\"m\",\"n\":1}", STREAM_OUT, LEVEL_ERROR, "m" },
        { "{\"level\":50,\"msg\":\"pino\"}", STREAM_OUT, LEVEL_ERROR, "pino" },
        { "{\"severity\":\"WARNING\",\"message\":\"g\"}", STREAM_OUT, LEVEL_WARN, "g" },
        { "{\"broken\":", STREAM_OUT, LEVEL_INFO, "{\"broken\":" },
        { "{\"msg\":\"a\\u0000b\"}", STREAM_OUT, LEVEL_INFO, "{\"msg\":\"a\\u0000b\"}" },
        { "", STREAM_OUT, LEVEL_INFO, "" },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct log_line l = { .text = str_of(rows[i].line), .stream = rows[i].stream, .time = { 5 } };
        struct telemetry t;
        unit_log_line(op->arena, &l, &t);
        if (t.level != rows[i].level) test_fail(__FILE__, __LINE__, "%s: level %d", rows[i].line, t.level);
        if (rows[i].message) assert_str(t.message, str_of(rows[i].message));
        assert_int_equal(t.telemetry_type, TELEMETRY_LOG);
    }
    struct log_line z = { .text = { "a\0b", 3 } };
    struct telemetry t;
    unit_log_line(op->arena, &z, &t);
    assert_str(t.message, S("a b"));
}

TEST(unit_text_line_protocol)
{
    static const struct {
        const char *line, *data, *message;
        i64 at;
    } good[] = {
        { "loss value=0.5", "{\"loss\":0.5}", "loss", 7 },
        { "loss,epoch=3 value=1i,acc=0.25 1700000000000000000",
          "{\"labels\":{\"epoch\":\"3\"},\"loss\":1,\"loss.acc\":0.25}", "loss", 1700000000000000 },
        { "on state=true", "{\"on.state\":1}", "on", 7 },
        { "event all done ", NULL, "all done", 7 },
    };
    static const char *const bad[] = { "",
                                       "loss",
                                       "loss value=",
                                       "loss value=abc",
                                       ",a=b value=1",
                                       "loss,a value=1",
                                       "loss value=1 yesterday",
                                       "loss value=1 -5",
                                       "event  ",
                                       "loss value=NaN",
                                       "loss value=1e999" };
    for (size_t i = 0; i < LEN(good); i++) {
        struct telemetry t;
        assert_ok(op, unit_metric_line(op, str_of(good[i].line), (time_us){ 7 }, &t));
        assert_str(t.message, str_of(good[i].message));
        assert_int_equal(t.timestamp.us, good[i].at);
        assert_int_equal(t.telemetry_type, good[i].data ? TELEMETRY_METRIC : TELEMETRY_EVENT);
        if (good[i].data) assert_str(t.data.s, str_of(good[i].data));
        if (good[i].data) assert_true(json_valid(t.data.s));
    }
    for (size_t i = 0; i < LEN(bad); i++) {
        struct telemetry t;
        if (unit_metric_line(op, str_of(bad[i]), (time_us){ 7 }, &t) != ERR_INVALID)
            test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
        op_clear(op);
    }
}
