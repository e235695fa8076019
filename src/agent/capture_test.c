#include "agent/capture.h"
#include "agent/log_reader.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static int open_dir(void) { return open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

static void write_numbers(struct capture *c, u64 from, u64 to, u64 at_once)
{
    char text[4096];
    for (u64 i = from; i <= to;) {
        size_t n = 0;
        for (u64 k = 0; k < at_once && i <= to; k++, i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "line %llu\n", (unsigned long long)i);
        assert_true(capture_write(c, (u16)(i / 10 % 2), (str){ text, n }));
    }
}

/* Every line from `from` on, in order, with its number. */
static u64 read_numbers(struct op *op, int dir, u64 offset, u64 from)
{
    struct log_reader r;
    struct log_line line;
    u64 next = from;
    if (!reader_open(&r, dir, "out", arena_alloc_raw(op->arena, READER_BYTES), offset)) return 0;
    while (reader_next(&r, false, &line)) {
        char want[32];
        snprintf(want, sizeof want, "line %llu", (unsigned long long)next);
        assert_str(line.text, str_of(want));
        assert_int_equal(line.number, next);
        assert_true(line.time.us > 0);
        next++;
    }
    reader_close(&r);
    return next - from;
}

TEST(capture_rotates_without_loss)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    assert_ok(op, capture_open(op, dir, "out", 4096, 1000, &c));
    write_numbers(&c, 1, 20000, 7);
    assert_true(c.segment > 30);
    assert_int_equal(read_numbers(op, dir, 0, 1), 20000);
    capture_close(&c);
}

TEST(capture_goes_on_after_a_restart)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    for (u64 i = 0; i < 50; i++) {
        assert_ok(op, capture_open(op, dir, "out", 4096, 1000, &c));
        assert_int_equal(c.line, i * 100);
        write_numbers(&c, i * 100 + 1, i * 100 + 100, 1 + i % 9);
        capture_close(&c);
    }
    assert_int_equal(read_numbers(op, dir, 0, 1), 5000);
}

TEST(capture_keeps_as_many_files_as_asked)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    u32 have[64];
    assert_ok(op, capture_open(op, dir, "out", 4096, 3, &c));
    write_numbers(&c, 1, 20000, 5);
    assert_int_equal(segment_list(dir, "out", have, LEN(have)), 3);
    struct log_mark head;
    assert_true(segment_head(dir, "out", have[0], &head));
    /* A reader that comes too late goes on with the oldest that is left, and knows its number. */
    assert_int_equal(read_numbers(op, dir, 0, head.line + 1), 20000 - head.line);
    capture_close(&c);
}

TEST(capture_mends_a_crash_in_the_middle_of_a_rotation)
{
    static const char *const half[][2] = { { "out.idx", "out.3.idx" }, { "out.log", "out.3.log" } };
    for (size_t steps = 1; steps <= LEN(half); steps++) {
        AUTO(fd) int dir = open_dir();
        struct capture c;
        assert_ok(op, capture_open(op, dir, "out", 1 << 20, 10, &c));
        c.segment = 3;
        capture_close(&c);
        unlinkat(dir, "out.idx", 0);
        unlinkat(dir, "out.log", 0);
        assert_ok(op, capture_open(op, dir, "out", 1 << 20, 10, &c));
        write_numbers(&c, 1, 100, 3);
        u32 segment = c.segment;
        capture_close(&c);
        for (size_t i = 0; i < steps; i++) {
            char to[SEGMENT_NAME];
            segment_name(to, "out", segment, i ? "log" : "idx");
            assert_int_equal(renameat(dir, half[i][0], dir, to), 0);
        }
        assert_ok(op, capture_open(op, dir, "out", 1 << 20, 10, &c));
        assert_int_equal(c.line, 100);
        write_numbers(&c, 101, 200, 3);
        assert_int_equal(read_numbers(op, dir, 0, 1), 200);
        capture_close(&c);
    }
}

TEST(capture_reads_from_any_line)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    struct log_reader r;
    struct log_line line;
    char *buf = arena_alloc_raw(op->arena, READER_BYTES);
    assert_ok(op, capture_open(op, dir, "out", 4096, 1000, &c));
    write_numbers(&c, 1, 3000, 11);
    assert_true(reader_open(&r, dir, "out", buf, 0));
    for (u64 i = 1; i < 3000; i += 101) {
        while (reader_next(&r, false, &line) && line.number < i) continue;
        assert_int_equal(read_numbers(op, dir, r.offset, i + 1), 3000 - i);
    }
    reader_close(&r);
    capture_close(&c);
}

struct tail {
    u64 first, last, n;
};
static bool take(void *ctx, const struct log_line *line)
{
    struct tail *t = ctx;
    if (!t->n++) t->first = line->number;
    t->last = line->number;
    return true;
}

TEST(capture_tail_counts_back_over_files)
{
    const char *unit = str_z(op->arena, str_of(test_dir()));
    const char *logs = arena_printf(op->arena, "%s/logs", unit).p;
    assert_ok(op, fs_make_dirs(op, logs, 0700));
    AUTO(fd) int dir = open(logs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct capture c;
    assert_ok(op, capture_open(op, dir, "out", 4096, 1000, &c));
    write_numbers(&c, 1, 5000, 11);
    static const i64 want[] = { 1, 2, 10, 333, 334, 340, 1000, 4999, 5000, 9000, -1 };
    for (size_t i = 0; i < LEN(want); i++) {
        struct tail t = { 0 };
        assert_ok(op, log_read_last(op, unit, want[i], take, &t));
        u64 n = want[i] < 0 ? 5000 : (u64)MIN(want[i], 5000);
        assert_int_equal(t.last, 5000);
        assert_int_equal(t.n, n);
        assert_int_equal(t.first, 5001 - n);
    }
    struct tail none = { 0 };
    assert_ok(op, log_read_last(op, unit, 0, take, &none));
    assert_int_equal(none.n, 0);
    capture_close(&c);
}

TEST(capture_separates_streams_and_unfinished_lines)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    struct log_reader r;
    struct log_line line;
    assert_ok(op, capture_open(op, dir, "out", 1 << 20, 3, &c));
    capture_write(&c, STREAM_OUT, S("half"));
    capture_write(&c, STREAM_ERR, S("oops\n"));
    capture_write(&c, STREAM_OUT, S("end\nrest"));
    assert_true(reader_open(&r, dir, "out", arena_alloc_raw(op->arena, READER_BYTES), 0));
    static const struct {
        const char *text;
        int stream;
    } want[] = { { "half", STREAM_OUT }, { "oops", STREAM_ERR }, { "end", STREAM_OUT } };
    for (size_t i = 0; i < LEN(want); i++) {
        assert_true(reader_next(&r, false, &line));
        assert_str(line.text, str_of(want[i].text));
        assert_int_equal(line.stream, want[i].stream);
    }
    assert_false(reader_next(&r, false, &line));
    assert_true(reader_next(&r, true, &line));
    assert_str(line.text, S("rest"));
    reader_close(&r);
    capture_close(&c);
}

TEST(capture_reads_while_it_is_written)
{
    AUTO(fd) int dir = open_dir();
    struct capture c;
    struct log_reader r;
    struct log_line line;
    u64 seen = 0;
    assert_ok(op, capture_open(op, dir, "out", 4096, 1000, &c));
    assert_false(reader_open(&r, dir, "out", arena_alloc_raw(op->arena, READER_BYTES), 0));
    write_numbers(&c, 1, 1, 1);
    assert_true(reader_open(&r, dir, "out", arena_alloc_raw(op->arena, READER_BYTES), 0));
    for (u64 i = 0; i < 500; i++) {
        write_numbers(&c, i * 13 + 1 + !i, i * 13 + 13, 1 + i % 13);
        if (i % 7) continue;
        while (reader_next(&r, false, &line)) assert_int_equal(line.number, ++seen);
        assert_int_equal(seen, i * 13 + 13);
    }
    reader_close(&r);
    capture_close(&c);
}
