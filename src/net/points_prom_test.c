#include "net/points_test.h"
#include "net/protobuf.h"
#include "tests/unit/test.h"

static void fixed64(struct buf *b, u32 number, u64 bits)
{
    buf_char(b, (char)(number << 3 | PB_FIXED64));
    buf_put(b, (str){ (const char *)&bits, 8 });
}

static u64 bits_of(double d)
{
    u64 bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void put_sample(struct op *op, struct buf *series, u64 bits, i64 ms)
{
    struct buf b = BUF(op->arena);
    fixed64(&b, 1, bits);
    pb_put_varint(&b, 2, (u64)ms);
    pb_put_bytes(series, 2, buf_str(&b));
}

static void put_label(struct op *op, struct buf *series, const char *name, const char *value)
{
    struct buf b = BUF(op->arena);
    pb_put_bytes(&b, 1, str_of(name));
    pb_put_bytes(&b, 2, str_of(value));
    pb_put_bytes(series, 1, buf_str(&b));
}

static const u64 stale = 0x7ff0000000000002;

static str request1(struct op *op)
{
    struct buf all = BUF(op->arena), a = BUF(op->arena), c = BUF(op->arena), meta = BUF(op->arena);
    put_label(op, &a, "__name__", "up");
    put_label(op, &a, "job", "netbit");
    put_label(op, &a, "empty", "");
    put_sample(op, &a, bits_of(1), 1000);
    put_sample(op, &a, stale, -2000);
    pb_put_bytes(&a, 3, S("exemplar"));
    pb_put_bytes(&all, 1, buf_str(&a));
    put_sample(op, &c, bits_of(2.5), 3000); /* samples before labels */
    put_label(op, &c, "b", "2");
    put_label(op, &c, "a", "1");
    put_label(op, &c, "__name__", "m");
    pb_put_bytes(&all, 1, buf_str(&c));
    pb_put_bytes(&meta, 2, S("up"));
    pb_put_bytes(&all, 3, buf_str(&meta));
    return buf_str(&all);
}

TEST(points_prom_1)
{
    struct points b = { .arena = op->arena };
    assert_ok(op, points_read_prom(op, &b, request1(op), 1));
    assert_str(told(op, &b), S("up{job=netbit}@1000000=1@-2000000=nan m{a=1,b=2}@3000000=2.5"));
    assert_int_equal(b.total, 3);
    u64 bits;
    memcpy(&bits, &b.series[0].f[1], sizeof bits);
    assert_true(bits == stale);
    b = (struct points){ .arena = op->arena, .max = 1 };
    assert_ok(op, points_read_prom(op, &b, request1(op), 1));
    assert_true(b.over);
}

TEST(points_prom_2)
{
    static const char *const symbols[] = { "", "__name__", "temp", "unit of temp", "celsius", "dev", "d1" };
    struct buf all = BUF(op->arena), s = BUF(op->arena), refs = BUF(op->arena), meta = BUF(op->arena);
    buf_put(&refs, (str){ "\1\2\5\6", 4 });
    pb_put_bytes(&s, 1, buf_str(&refs));
    put_sample(op, &s, bits_of(21.5), 7);
    pb_put_varint(&meta, 1, 2);
    pb_put_varint(&meta, 3, 3);
    pb_put_varint(&meta, 4, 4);
    pb_put_bytes(&s, 5, buf_str(&meta));
    pb_put_bytes(&all, 5, buf_str(&s));
    for (size_t i = 0; i < LEN(symbols); i++) pb_put_bytes(&all, 4, str_of(symbols[i]));
    struct points b = { .arena = op->arena };
    assert_ok(op, points_read_prom(op, &b, buf_str(&all), 2));
    assert_str(told(op, &b), S("temp[celsius]{dev=d1}@7000=21.5"));
    assert_str(b.series[0].help, S("unit of temp"));
    struct buf odd = BUF(op->arena), wrong = BUF(op->arena);
    pb_put_bytes(&s, 1, (str){ "\1", 1 }); /* a name without its value */
    pb_put_bytes(&odd, 5, buf_str(&s));
    assert_err(op, ERR_INVALID, points_read_prom(op, &b, buf_str(&odd), 2));
    pb_put_bytes(&wrong, 4, S("not empty"));
    assert_err(op, ERR_INVALID, points_read_prom(op, &b, buf_str(&wrong), 2));
}

TEST(points_prom_rejects)
{
    struct buf all = BUF(op->arena), s[4];
    for (size_t i = 0; i < LEN(s); i++) {
        s[i] = BUF(op->arena);
        if (i != 1) put_label(op, &s[i], "__name__", i == 0 ? "good" : "bad");
        if (i == 2) put_label(op, &s[i], "a", "\xff");
        if (i == 3) pb_put_bytes(&s[i], 4, S("histogram"));
        put_sample(op, &s[i], bits_of(1), i == 3 ? INT64_MAX : 1);
        pb_put_bytes(&all, 1, buf_str(&s[i]));
    }
    struct points b = { .arena = op->arena };
    assert_ok(op, points_read_prom(op, &b, buf_str(&all), 1));
    assert_str(told(op, &b), S("good{}@1000=1"));
    assert_int_equal(b.rejected, 4);
    assert_str(b.faults[0].why, S("the name is empty"));
    str whole = request1(op);
    u32 refused = 0;
    for (size_t n = 1; n < whole.n; n++) { /* a cut is noticed, unless it is between two messages */
        struct points cut = { .arena = op->arena };
        refused += points_read_prom(op, &cut, str_head(whole, n), 1) == ERR_INVALID;
        op_clear(op);
    }
    assert_int_equal(refused, whole.n - 3);
}

TEST(protobuf_reads)
{
    static const struct {
        str bytes;
        bool ok;
        u64 v;
    } row[] = {
        { { "\x08\x00", 2 }, 1, 0 },
        { { "\x08\xac\x02", 3 }, 1, 300 },
        { { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, 1, UINT64_MAX },
        { { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11 }, 0, 0 },
        { { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, 0, 0 },
        { { "\x08", 1 }, 0, 0 },
        { { "\x08\x80", 2 }, 0, 0 },
        { { "\x0d\x01\x00\x00\x80", 5 }, 1, 0x80000001 },
        { { "\x0d\x01\x00\x00", 4 }, 0, 0 },
        { { "\x09\x01\x00\x00\x00\x00\x00\x00\x80", 9 }, 1, 0x8000000000000001 },
        { { "\x09\x01\x00\x00\x00\x00\x00\x00", 8 }, 0, 0 },
        { { "\x0a\x02xy", 4 }, 1, 0 },
        { { "\x0a\x03xy", 4 }, 0, 0 },
        { { "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, 0, 0 },
        { { "\x0b", 1 }, 0, 0 },
        { { "\x0e", 1 }, 0, 0 },
        { { "\x00\x01", 2 }, 0, 0 },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct pb m = pb_reader(row[i].bytes);
        struct pb_field f = { 0 };
        if (pb_next(&m, &f) != row[i].ok || m.bad == row[i].ok) test_fail(__FILE__, __LINE__, "row %zu", i);
        if (row[i].ok) assert_true(f.v == row[i].v && f.number == 1);
        assert_false(pb_next(&m, &f));
    }
    (void)op;
}
