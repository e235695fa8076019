#include "net/points_test.h"
#include "net/protobuf.h"
#include "tests/unit/test.h"

static const char example[] =
    "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"scope\":{\"name\":\"lib\"},\"metrics\":["
    "{\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":true,\"dataPoints\":[{\"asInt\":\"5\","
    "\"timeUnixNano\":\"1544712660300000000\",\"attributes\":[{\"key\":\"my.attr\",\"value\":{"
    "\"stringValue\":\"x\"}},"
    "{\"key\":\"n\",\"value\":{\"intValue\":\"-7\"}},{\"key\":\"b\",\"value\":{\"boolValue\":true}},"
    "{\"key\":\"d\",\"value\":{\"doubleValue\":0.5}},{\"key\":\"list\",\"value\":{\"arrayValue\":{\"values\":"
    "[]}}}]}]},"
    "\"name\":\"my.counter\",\"unit\":\"1\",\"description\":\"I am a counter\"},"
    "{\"name\":\"my.gauge\",\"gauge\":{\"dataPoints\":[{\"asDouble\":10.5,\"timeUnixNano\":"
    "1544712660300000000,"
    "\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"own\"}}]},"
    "{\"flags\":1,\"timeUnixNano\":2000}]}},"
    "{\"name\":\"my.h\",\"histogram\":{\"dataPoints\":[{\"timeUnixNano\":\"3000\",\"count\":\"6\",\"sum\":7."
    "5,"
    "\"bucketCounts\":[\"1\",\"2\",\"3\"],\"explicitBounds\":[0.5,10]}]}},"
    "{\"name\":\"my.s\",\"summary\":{\"dataPoints\":[{\"timeUnixNano\":\"4000\",\"count\":\"2\",\"sum\":3,"
    "\"quantileValues\":[{\"quantile\":0.99,\"value\":2.5}]}]}},"
    "{\"name\":\"my.e\",\"exponentialHistogram\":{\"dataPoints\":[{\"count\":\"2\"}]}}"
    "]}],\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"my\"}}]}}]}";

static const char expected[] =
    "my.counter[1]{b=true,d=0.5,my.attr=x,n=-7,service.name=my}@1544712660300000=5i "
    "my.gauge{service.name=own}@1544712660300000=10.5 my.h_count{service.name=my}@3=6i "
    "my.h_sum{service.name=my}@3=7.5 "
    "my.h_bucket{le=0.5,service.name=my}@3=1i my.h_bucket{le=10,service.name=my}@3=3i "
    "my.h_bucket{le=+Inf,service.name=my}@3=6i my.s_count{service.name=my}@4=2i "
    "my.s_sum{service.name=my}@4=3 "
    "my.s{quantile=0.99,service.name=my}@4=2.5";

TEST(points_otlp_json)
{
    struct points b = { .arena = op->arena, .now_us = 77 };
    assert_ok(op, points_read_otlp(op, &b, str_of(example), POINTS_JSON));
    assert_str(told(op, &b), str_of(expected));
    assert_int_equal(b.rejected, 1);
    assert_str(b.faults[0].why, S("exponential histograms are not stored"));
    assert_str(b.series[0].help, S("I am a counter"));
}

/* ---- the same in protobuf ---- */

static struct buf fresh(struct op *op) { return BUF(op->arena); }
static void fixed64(struct buf *b, u32 number, u64 bits)
{
    buf_char(b, (char)(number << 3 | PB_FIXED64));
    buf_put(b, (str){ (const char *)&bits, 8 });
}
static void f64(struct buf *b, u32 number, double d)
{
    u64 bits;
    memcpy(&bits, &d, sizeof bits);
    fixed64(b, number, bits);
}
static str attribute(struct op *op, const char *name, u32 kind, str value)
{
    struct buf any = fresh(op), kv = fresh(op);
    if (kind == 1) pb_put_bytes(&any, 1, value);
    else buf_put(&any, value);
    pb_put_bytes(&kv, 1, str_of(name));
    pb_put_bytes(&kv, 2, buf_str(&any));
    return buf_str(&kv);
}
static void metric(struct op *op, struct buf *scope, const char *name, u32 data, str point)
{
    struct buf m = fresh(op), d = fresh(op);
    pb_put_bytes(&d, 1, point);
    pb_put_bytes(&m, data, buf_str(&d)); /* data before the name */
    pb_put_bytes(&m, 1, str_of(name));
    pb_put_bytes(scope, 2, buf_str(&m));
}

static str request(struct op *op)
{
    struct buf number = fresh(op), d = fresh(op), n = fresh(op), flag = fresh(op), scope = fresh(op);
    f64(&d, 4, 0.5);
    pb_put_varint(&n, 3, (u64)-7);
    pb_put_varint(&flag, 2, 1);
    fixed64(&number, 3, 1544712660300000000);
    fixed64(&number, 6, 5);
    pb_put_bytes(&number, 7, attribute(op, "my.attr", 1, S("x")));
    pb_put_bytes(&number, 7, attribute(op, "n", 3, buf_str(&n)));
    pb_put_bytes(&number, 7, attribute(op, "b", 2, buf_str(&flag)));
    pb_put_bytes(&number, 7, attribute(op, "d", 4, buf_str(&d)));
    metric(op, &scope, "my.counter", 7, buf_str(&number));
    struct buf h = fresh(op), counts = fresh(op), bounds = fresh(op);
    fixed64(&h, 3, 3000);
    fixed64(&h, 4, 6);
    f64(&h, 5, 7.5);
    u64 count[] = { 1, 2, 3 };
    double bound[] = { 0.5, 10 };
    buf_put(&counts, (str){ (const char *)count, sizeof count });
    buf_put(&bounds, (str){ (const char *)bound, sizeof bound });
    pb_put_bytes(&h, 6, buf_str(&counts));
    pb_put_bytes(&h, 7, buf_str(&bounds));
    metric(op, &scope, "my.h", 9, buf_str(&h));
    struct buf q = fresh(op), s = fresh(op);
    f64(&q, 1, 0.99);
    f64(&q, 2, 2.5);
    pb_put_bytes(&s, 6, buf_str(&q));
    fixed64(&s, 3, 4000);
    fixed64(&s, 4, 2);
    f64(&s, 5, 3);
    metric(op, &scope, "my.s", 11, buf_str(&s));
    struct buf resource = fresh(op), one = fresh(op), all = fresh(op);
    pb_put_bytes(&resource, 1, attribute(op, "service.name", 1, S("my")));
    pb_put_bytes(&one, 2, buf_str(&scope));
    pb_put_bytes(&one, 1, buf_str(&resource));
    pb_put_bytes(&all, 1, buf_str(&one));
    return buf_str(&all);
}

TEST(points_otlp_protobuf)
{
    struct points b = { .arena = op->arena, .now_us = 77 };
    str whole = request(op);
    assert_ok(op, points_read_otlp(op, &b, whole, POINTS_PROTOBUF));
    assert_str(told(op, &b),
               S("my.counter{b=true,d=0.5,my.attr=x,n=-7,service.name=my}@1544712660300000=5i "
                 "my.h_count{service.name=my}@3=6i my.h_sum{service.name=my}@3=7.5 "
                 "my.h_bucket{le=0.5,service.name=my}@3=1i my.h_bucket{le=10,service.name=my}@3=3i "
                 "my.h_bucket{le=+Inf,service.name=my}@3=6i my.s_count{service.name=my}@4=2i "
                 "my.s_sum{service.name=my}@4=3 my.s{quantile=0.99,service.name=my}@4=2.5"));
    for (size_t n = 1; n < whole.n; n++) {
        struct points cut = { .arena = op->arena };
        assert_err(op, ERR_INVALID, points_read_otlp(op, &cut, str_head(whole, n), POINTS_PROTOBUF));
    }
}

TEST(points_otlp_refuses)
{
    static const char *const bad[] = {
        "",
        "7",
        "{\"resourceMetrics\":7}",
        "{\"resourceMetrics\":[{]}",
        "{\"resourceMetrics\":[]} x",
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":7}]}]}]}",
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"a\",\"gauge\":{\"dataPoints\":[5]"
        "}}]}]}]}",
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"a\",\"histogram\":{"
        "\"dataPoints\":["
        "{\"count\":1,\"bucketCounts\":[1],\"explicitBounds\":[1,2]}]}}]}]}]}",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct points b = { .arena = op->arena };
        err_t e = points_read_otlp(op, &b, str_of(bad[i]), POINTS_JSON);
        if (e != ERR_INVALID) test_fail(__FILE__, __LINE__, "%s", bad[i]);
        op_clear(op);
    }
    struct points b = { .arena = op->arena };
    assert_ok(op,
              points_read_otlp(op, &b, S("{\"other\":[1,{\"a\":2}],\"resourceMetrics\":null}"), POINTS_JSON));
    assert_ok(op, points_read_otlp(op, &b, S(""), POINTS_PROTOBUF));
}
