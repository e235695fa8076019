#include "base/buf.h"
#include "base/rand.h"
#include "net/points_test.h"
#include "tests/unit/test.h"

static struct points read_lines(struct op *op, str body, enum points_precision precision)
{
    struct points b = { .arena = op->arena, .now_us = 77 };
    points_read_line(&b, body, precision);
    return b;
}

TEST(points_line_grammar)
{
    static const struct {
        const char *line, *told;
    } row[] = {
        { "cpu v=1 1000", "cpu_v{}@1=1" },
        { "cpu,b=2,a=1 v=1.5 2000", "cpu_v{a=1,b=2}@2=1.5" },
        { "cpu v=1", "cpu_v{}@77=1" },
        { "cpu v=1\r\n", "cpu_v{}@77=1" },
        { "  cpu  v=1   3000  ", "cpu_v{}@3=1" },
        { "cpu v=1i,w=-2i 1000", "cpu_v{}@1=1i cpu_w{}@1=-2i" },
        { "cpu v=9223372036854775807i 0", "cpu_v{}@0=9223372036854775807i" },
        { "cpu v=7u 0", "cpu_v{}@0=7i" },
        { "cpu a=t,b=F,c=TRUE,d=false,e=True 0",
          "cpu_a{}@0=1i cpu_b{}@0=0i cpu_c{}@0=1i cpu_d{}@0=0i cpu_e{}@0=1i" },
        { "cpu v=\"on fire\" 0", "cpu_v{}@0='on fire'" },
        { "cpu v=\"a \\\"b\\\" \\\\ \\n, c=d\" 0", "cpu_v{}@0='a \"b\" \\ \\n, c=d'" },
        { "cpu v=\"two\nlines\" 0", "cpu_v{}@0='two\nlines'" },
        { "cpu v=\"\" 0", "cpu_v{}@0=''" },
        { "cpu\\,a\\ b v=1 0", "cpu,a b_v{}@0=1" },
        { "cpu\\=a v=1 0", "cpu\\=a_v{}@0=1" },
        { "cpu=a v=1 0", "cpu=a_v{}@0=1" },
        { "cpu,a\\,b\\=c\\ d=e\\,f\\=g\\ h v=1 0", "cpu_v{a,b=c d=e,f=g h}@0=1" },
        { "cpu,a=b\\c v=1 0", "cpu_v{a=b\\c}@0=1" },
        { "cpu v\\,a\\=b\\ c=1 0", "cpu_v,a=b c{}@0=1" },
        { "cpu,host=\"a\" v=1 0", "cpu_v{host=\"a\"}@0=1" },
        { "cpu v=1 -1", "cpu_v{}@-1=1" },
        { "cpu v=1 -1000", "cpu_v{}@-1=1" },
        { "cpu v=1e3,w=-.5,x=2.,y=+4,z=1E-2 0",
          "cpu_v{}@0=1000 cpu_w{}@0=-0.5 cpu_x{}@0=2 cpu_y{}@0=4 cpu_z{}@0=0.01" },
        { "# v=1 0\n\n \ncpu v=1 0", "cpu_v{}@0=1" },
        { "cpu v=1 0\ncpu v=2 1000\ncpu v=3 2000", "cpu_v{}@0=1@1=2@2=3" },
        { "m a=1,b=2 0\nm b=3,a=4 1000", "m_a{}@0=1@1=4 m_b{}@0=2@1=3" },
        { "m,t=1 a=1 0\nm,t=2 a=2 0\nm,t=1 a=3 1000\nm,t=2 a=4 1000\nm,t=2 a=5 2000",
          "m_a{t=1}@0=1@1=3 m_a{t=2}@0=2@1=4@2=5" },
        { "m a=1 0\nm a=2i 1000", "m_a{}@0=1@1=2" },
        { "m a=1 1000\nm a=2 1000 \nm a=3 1000\r\nm a=4 1000\nm a=5 10000\nm a=6 1000\nm a=7\nm a=8 1000",
          "m_a{}@1=1@1=2@1=3@1=4@10=5@1=6@77=7@1=8" },
        { "m a=1,b=1 1000\nm a=2,b=2 1000\nm a=3 1000\nm a=4,b=4 1000\nm a=5,b=5i,c=t 1000\nm a=6,b=6 1000",
          "m_a{}@1=1@1=2@1=3@1=4@1=5@1=6 m_b{}@1=1@1=2@1=4@1=5@1=6 m_c{}@1=1i" },
        { "m a=1,a=2 0", "m_a{}@0=1@0=2" },
        { "имя,т=ё v=1 0", "имя_v{т=ё}@0=1" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct points b = read_lines(op, str_of(row[i].line), POINTS_NS);
        if (b.rejected) test_fail(__FILE__, __LINE__, "'%s': %.*s", row[i].line, STR(b.faults[0].why));
        assert_str(told(op, &b), str_of(row[i].told));
    }
}

TEST(points_line_refuses)
{
    static const struct {
        const char *line, *why;
    } row[] = {
        { "cpu", "missing fields" },
        { "cpu ", "missing fields" },
        { "cpu,a=b", "missing fields" },
        { ",a=b v=1", "missing measurement" },
        { "cpu,a v=1", "missing tag value" },
        { "cpu,a= v=1", "missing tag value" },
        { "cpu,=b v=1", "missing tag key" },
        { "cpu, v=1", "missing tag value" },
        { "cpu,a=b=c v=1", "invalid tag format" },
        { "cpu,a=b,a=c v=1", "duplicate tags" },
        { "cpu v", "missing field value" },
        { "cpu v=", "missing field value" },
        { "cpu v= 1000", "missing field value" },
        { "cpu =1", "missing field key" },
        { "cpu v=1,", "missing fields" },
        { "cpu v=1,,w=2", "missing fields" },
        { "cpu v=one", "invalid field value" },
        { "cpu v=NaN", "invalid field value" },
        { "cpu v=truth", "invalid field value" },
        { "cpu v=1x", "invalid field value" },
        { "cpu v=1.5i", "an integer of more than 64 bits" },
        { "cpu v=9223372036854775808i", "an integer of more than 64 bits" },
        { "cpu v=1e999", "invalid number" },
        { "cpu v=\"open", "unbalanced quotes" },
        { "cpu v=\"\xff\" 0", "a string that is not UTF-8" },
        { "cpu,a=\xff v=1 0", "a label's value is over 1024 bytes or not UTF-8" },
        { "cpu v=1 now", "invalid timestamp" },
        { "cpu v=1 1000 2", "invalid timestamp" },
        { "cpu v=1 1.5", "invalid timestamp" },
        { "cpu v=1 99999999999999999999", "invalid timestamp" },
        { "cpu v=1\tw=2", "invalid field value" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        /* Between good lines, which stay. */
        str body = arena_printf(op->arena, "good v=1 1000\n\n%s\ngood v=2 2000\n", row[i].line);
        if (strstr(row[i].why, "quotes")) body = str_head(body, body.n - 1);
        struct points b = read_lines(op, body, POINTS_NS);
        if (b.rejected != 1) test_fail(__FILE__, __LINE__, "'%s': %u rejected", row[i].line, b.rejected);
        assert_str(b.faults[0].why, str_of(row[i].why));
        assert_int_equal(b.faults[0].line, 3);
        assert_str(told(op, &b), S("good_v{}@1=1@2=2"));
    }
}

/* Also where the quick way expects the field of another series next, and at the very end. */
TEST(points_line_comma_without_a_field)
{
    static const char known[] = "m,t=1 a=1 0\nm,t=2 a=2 0\nm,t=1 a=3 1000\nm,t=2 a=4 1000\n";
    static const char *const bad[] = { "m,t=1 a=5, 2000", "m,t=1 a=5,", "m,t=1 a=5,\nm,t=2 a=6 3000" };
    for (size_t i = 0; i < LEN(bad); i++) {
        str body = arena_printf(op->arena, "%s%s", known, bad[i]);
        char *exact = mem_alloc(body.n); /* what stands behind it is not looked at (ASan) */
        memcpy(exact, body.p, body.n);
        struct points b = read_lines(op, (str){ exact, body.n }, POINTS_NS);
        assert_int_equal(b.rejected, 1);
        assert_str(b.faults[0].why, S("missing fields"));
        assert_int_equal(b.faults[0].line, 5);
        assert_int_equal(b.total, i == 2 ? 5 : 4);
        mem_free(exact);
    }
}

TEST(points_line_kind_is_that_of_the_first_good_line)
{
    struct points b = read_lines(op, S("m a=1i x\nm a=1.5 1000\nm a=t 2000\nm a=\"s\" 3000"), POINTS_NS);
    assert_str(told(op, &b), S("m_a{}@1=1.5@2=1"));
    assert_int_equal(b.rejected, 2);
    b = read_lines(op, S("m a=1i 0\nm a=1.5 1000"), POINTS_NS);
    assert_str(b.faults[0].why, S("field type conflict"));
}

TEST(points_line_precision_and_db)
{
    static const i64 want[] = { [POINTS_NS] = 3,
                                [POINTS_US] = 3000,
                                [POINTS_MS] = 3000000,
                                [POINTS_S] = 3000000000,
                                [POINTS_MINUTES] = 180000000000,
                                [POINTS_HOURS] = 10800000000000 };
    for (size_t i = 0; i < LEN(want); i++) {
        struct points b = read_lines(op, S("m a=1 3000"), (enum points_precision)i);
        assert_int_equal(b.series[0].t[0], want[i]);
    }
    struct points b = read_lines(op, S("m a=1 9000000000000000"), POINTS_HOURS);
    assert_int_equal(b.rejected, 1);
    b = (struct points){ .arena = op->arena, .also = { S("db"), S("plant") } };
    points_read_line(&b, S("m,z=1 a=1 0\nm,db=own a=1 0"), POINTS_NS);
    assert_str(told(op, &b), S("m_a{db=plant,z=1}@0=1 m_a{db=own}@0=1"));
}

TEST(points_line_guesses_the_precision_of_each_time)
{
    static const struct {
        const char *time;
        i64 us;
    } row[] = {
        { "0", 0 },
        { "1700000000", 1700000000000000 },
        { "4999999999", 4999999999000000 },
        { "5000000000", 5000000000000 },
        { "1700000000001", 1700000000001000 },
        { "4999999999999", 4999999999999000 },
        { "5000000000000", 5000000000000 },
        { "1700000000000002", 1700000000000002 },
        { "4999999999999999", 4999999999999999 },
        { "5000000000000000", 5000000000000 },
        { "1700000000000003000", 1700000000000003 },
        { "-1700000000", -1700000000000000 },
        { "-4999999999999", -4999999999999000 },
        { "-5000000000000", -5000000000000 },
        { "-9223372036854775808", -9223372036854776 },
    };
    struct buf all = BUF(op->arena);
    for (size_t i = 0; i < LEN(row); i++) buf_printf(&all, "m a=1 %s\n", row[i].time);
    struct points b = read_lines(op, buf_str(&all), POINTS_GUESS);
    assert_int_equal(b.total, LEN(row));
    for (size_t i = 0; i < LEN(row); i++) assert_int_equal(b.series[0].t[i], row[i].us);
}

TEST(points_line_tells_each_bad_line)
{
    struct points b = read_lines(op, S("x\nm a=1 0\nm a=\"two\nlines\" 0\n\nm a= 0"), POINTS_NS);
    assert_int_equal(b.rejected, 3);
    assert_int_equal(b.nfaults, 3);
    static const struct {
        u32 line;
        const char *text, *why;
    } want[] = { { 1, "x", "missing fields" },
                 { 3, "m a=\"two\nlines\" 0", "field type conflict" },
                 { 6, "m a= 0", "missing field value" } };
    for (size_t i = 0; i < LEN(want); i++) {
        assert_int_equal(b.faults[i].line, want[i].line);
        assert_str(b.faults[i].text, str_of(want[i].text));
        assert_str(b.faults[i].why, str_of(want[i].why));
    }
    struct buf many = BUF(op->arena);
    for (int i = 0; i < 3 * POINTS_MAX_FAULTS; i++) buf_put(&many, S("x\n"));
    b = read_lines(op, buf_str(&many), POINTS_NS);
    assert_int_equal(b.rejected, 3 * POINTS_MAX_FAULTS);
    assert_int_equal(b.nfaults, POINTS_MAX_FAULTS);
    assert_int_equal(b.faults[POINTS_MAX_FAULTS - 1].line, POINTS_MAX_FAULTS);
}

/* The expectation of the next slot must never change what is read: the same lines in random order, with and
 * without what makes the fast way miss. */
TEST(points_line_any_order)
{
    enum { SERIES = 40, LINES = 4000 };
    struct buf body = BUF(op->arena);
    double sum[SERIES] = { 0 };
    u32 count[SERIES] = { 0 };
    for (int i = 0; i < LINES; i++) {
        u64 r = rand_u64();
        u32 k = i < 2000 ? (u32)i % SERIES : (u32)(r % SERIES);
        buf_printf(&body, "%sm%u,host=h%u%s f%u=%u,g=%u %d\n", r >> 60 ? "" : " ", k % 3, k,
                   r & 256 ? ",z=1" : "", k, (unsigned)(r % 1000), i, i);
        if (r & 256) continue;
        sum[k] += (double)(r % 1000);
        count[k]++;
    }
    struct points b = read_lines(op, buf_str(&body), POINTS_US);
    assert_int_equal(b.rejected, 0);
    assert_int_equal(b.total, 2 * LINES);
    for (u32 i = 0; i < b.n; i++) {
        struct points_series *s = &b.series[i];
        u32 k;
        if (s->nlabels != 1 || sscanf(s->name.p, "m%*u_f%u", &k) != 1) continue;
        assert_int_equal(s->n, count[k]);
        for (u32 p = 0; p < s->n; p++) sum[k] -= s->f[p];
        assert_true(sum[k] == 0);
        count[k] = 0;
    }
    for (int k = 0; k < SERIES; k++) assert_int_equal(count[k], 0);
}

TEST(points_line_bounded)
{
    struct points b = { .arena = op->arena, .max = 2 };
    points_read_line(&b, S("m a=1 0\nm a=1 1\nm a=1 2\nm a=1 3"), POINTS_NS);
    assert_true(b.over);
    struct buf line = BUF(op->arena), many = BUF(op->arena);
    for (int i = 0; i < 100; i++) buf_printf(&many, "m a=%d,b=2 %d\n", i, i);
    for (u32 max = 1; max < 201; max++) {
        b = (struct points){ .arena = op->arena, .max = max };
        points_read_line(&b, buf_str(&many), POINTS_NS);
        assert_true(b.over == (max < 200));
        assert_true(b.total <= max + 2);
    }
    buf_z(&line, "m ");
    for (int i = 0; i < 1001; i++) buf_printf(&line, "%sf%d=1", i ? "," : "", i);
    b = read_lines(op, buf_str(&line), POINTS_NS);
    assert_str(b.faults[0].why, S("more than 1000 fields"));
}
