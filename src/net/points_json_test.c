#include "base/buf.h"
#include "base/json.h"
#include "base/rand.h"
#include "net/points_test.h"
#include "tests/unit/test.h"
#include <math.h>

static err_t read_json(struct op *op, const char *text, struct points *b)
{
    *b = (struct points){ .arena = op->arena, .now_us = 77, .max = 1000 };
    return points_read_json(op, b, str_of(text));
}

TEST(points_json_shapes)
{
    static const struct {
        const char *json, *told;
    } row[] = {
        { "{\"name\":\"a\",\"t\":1,\"v\":2.5}", "a{}@1=2.5" },
        { "{\"v\":2,\"name\":\"a\"}", "a{}@77=2" },
        { "{\"name\":\"a\",\"t\":\"2026-11-20T00:00:00.5Z\",\"v\":1}", "a{}@1795132800500000=1" },
        { "{\"name\":\"a\",\"v\":true}", "a{}@77=1" },
        { "{\"name\":\"a\",\"v\":null}", "a{}@77=nan" },
        { "{\"name\":\"a\",\"v\":\"on\"}", "a{}@77='on'" },
        { "{\"name\":\"a\",\"kind\":\"i64\",\"v\":9007199254740993}", "a{}@77=9007199254740993i" },
        { "{\"name\":\"a\",\"labels\":{\"y\":\"2\",\"x\":\"1\"},\"unit\":\"V\",\"v\":1}",
          "a[V]{x=1,y=2}@77=1" },
        { "[{\"name\":\"a\",\"t\":1,\"v\":1},{\"name\":\"b\",\"t\":1,\"v\":2},{\"name\":\"a\",\"t\":2,\"v\":"
          "3}]",
          "a{}@1=1@2=3 b{}@1=2" },
        { "[{\"name\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"t\":1,\"v\":1},"
          "{\"name\":\"a\",\"labels\":{\"y\":\"2\",\"x\":\"1\"},\"t\":2,\"v\":2},{\"name\":\"a\",\"t\":3,"
          "\"v\":3}]",
          "a{x=1,y=2}@1=1@2=2 a{}@3=3" },
        { "[]", "" },
        { "{\"series\":[]}", "" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[]}]}", "" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2,-3.5],[3,1e3]]},{\"points\":[[5,6]],\"name\":"
          "\"b\"}]}",
          "a{}@1=2@2=-3.5@3=1000 b{}@5=6" },
        { "{\"name\":\"a\",\"points\":[[1,2],[2,3]]}", "a{}@1=2@2=3" },
        { "[{\"name\":\"a\",\"points\":[[1,2]]},{\"name\":\"a\",\"points\":[[2,3],[3,4]]}]",
          "a{}@1=2@2=3@3=4" },
        { "{\"name\":\"a\",\"points\":[ [ 1 , 2 ] ,\n\t[2,null], [-3, true],[\"1970-01-01T00:00:01Z\",0]] }",
          "a{}@1=2@2=nan@-3=1@1000000=0" },
        { "{\"name\":\"a\",\"points\":[[1,\"x\"],[2,\"y\\n\"]]}", "a{}@1='x'@2='y\n'" },
        { "{\"name\":\"a\",\"kind\":\"i64\",\"points\":[[1,5],[2,-9223372036854775808]]}",
          "a{}@1=5i@2=-9223372036854775808i" },
        { "{\"name\":\"a\",\"points\":[[1.0,2],[2e3,3]]}", "a{}@1=2@2000=3" },
        { "{\"name\":\"a\",\"points\":[[0,2],[1700000000000000,-0.0]]}", "a{}@0=2@1700000000000000=-0" },
        { "{\"name\":\"\\u0430\",\"v\":1}", "\xd0\xb0{}@77=1" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct points b;
        if (read_json(op, row[i].json, &b))
            test_fail(__FILE__, __LINE__, "%s: %.*s %.*s", row[i].json, STR(op->err.field), STR(op->err.msg));
        assert_str(told(op, &b), str_of(row[i].told));
    }
}

TEST(points_json_names_what_is_wrong)
{
    static const struct {
        const char *json, *field;
    } row[] = {
        { "{\"t\":1,\"v\":1}", "name" },
        { "{\"name\":\"\",\"v\":1}", "name" },
        { "{\"name\":1,\"v\":1}", "name" },
        { "{\"name\":\"\\u0000\",\"v\":1}", "name" },
        { "{\"name\":\"a\",\"v\":1,\"vv\":1}", "vv" },
        { "{\"name\":\"a\",\"v\":1,\"v\":1}", "v" },
        { "{\"name\":\"a\"}", "points" },
        { "{\"name\":\"a\",\"v\":1,\"points\":[]}", "points" },
        { "{\"name\":\"a\",\"t\":1,\"points\":[]}", "points" },
        { "{\"name\":\"a\",\"v\":[]}", "v" },
        { "{\"name\":\"a\",\"v\":1e999}", "v" },
        { "{\"name\":\"a\",\"t\":1.5,\"v\":1}", "t" },
        { "{\"name\":\"a\",\"t\":\"noon\",\"v\":1}", "t" },
        { "{\"name\":\"a\",\"kind\":\"f32\",\"v\":1}", "kind" },
        { "{\"name\":\"a\",\"v\":1,\"kind\":\"i64\"}", "kind" },
        { "{\"name\":\"a\",\"labels\":[],\"v\":1}", "labels" },
        { "{\"name\":\"a\",\"labels\":{\"x\":1},\"v\":1}", "labels" },
        { "{\"name\":\"a\",\"labels\":{\"x\":\"1\",\"x\":\"2\"},\"v\":1}", "labels" },
        { "{\"name\":\"a\",\"labels\":{\"\":\"1\"},\"v\":1}", "labels" },
        { "[{\"name\":\"a\",\"v\":1},{\"name\":\"a\",\"v\":{}}]", "[1].v" },
        { "[{\"name\":\"a\",\"v\":1},7]", "[1].points" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2,\"x\"]]}]}", "series[0].points[1][1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2,]]}]}", "series[0].points[1][1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[x,2]]}]}", "series[0].points[1][0]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2]]}]}", "series[0].points[1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2,3,4]]}]}", "series[0].points[1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],]}]}", "series[0].points[1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[007,2]]}]}", "series[0].points[1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2],[2,01]]}]}", "series[0].points[1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2] [2,3]]}]}", "series[0].points" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,\"x\"],[2,1]]}]}", "series[0].points[1][1]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[99999999999999999999,1]]}]}", "series[0].points[0][0]" },
        { "{\"series\":[{\"name\":\"a\",\"points\":{}}]}", "series[0].points" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[]}],\"name\":\"b\"}", "name" },
        { "{\"series\":{}}", "series" },
        { "{\"series\":[{\"name\":\"a\",\"points\":[[1,2]]}", "series[1]" },
        { "{\"name\":\"a\",\"v\":1} x", "" },
        { "7", "" },
        { "", "" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct points b;
        err_t e = read_json(op, row[i].json, &b);
        if (e != ERR_INVALID) test_fail(__FILE__, __LINE__, "%s: %s", row[i].json, err_name(e));
        if (!str_is(op->err.field, row[i].field))
            test_fail(__FILE__, __LINE__, "%s: at '%.*s' (%.*s)", row[i].json, STR(op->err.field),
                      STR(op->err.msg));
        op_clear(op);
    }
}

TEST(points_json_bounded)
{
    struct points b = { .arena = op->arena, .max = 3 };
    assert_ok(op, points_read_json(op, &b, S("{\"name\":\"a\",\"points\":[[1,1],[2,2],[3,3]]}")));
    b = (struct points){ .arena = op->arena, .max = 3 };
    assert_err(op, ERR_LIMIT,
               points_read_json(op, &b, S("{\"name\":\"a\",\"points\":[[1,1],[2,2],[3,3],[4,4]]}")));
    b = (struct points){ .arena = op->arena, .max = 1 };
    assert_err(op, ERR_LIMIT,
               points_read_json(op, &b, S("[{\"name\":\"a\",\"v\":1},{\"name\":\"b\",\"v\":1}]")));
}

/* The quick loop against the strict reader: the same bits, whatever the writer's taste. */
TEST(points_json_bits)
{
    struct buf body = BUF(op->arena);
    buf_z(&body, "{\"series\":[");
    for (int s = 0; s < 20; s++) {
        buf_printf(&body, "%s{\"name\":\"s%d\",\"points\":[", s ? "," : "", s);
        for (int i = 0; i < 500; i++) {
            double v = (double)(i64)(rand_u64() >> 20) / (double)(1 + rand_below(1000000)) - 1000;
            long long t = 1700000000000000 + i;
            const char *comma = i ? ", " : "";
            if (s % 4 == 0) buf_printf(&body, "%s[%lld,%.17g]", comma, t, v);
            if (s % 4 == 1) buf_printf(&body, "%s[ %lld , %.3f ]", comma, t, v);
            if (s % 4 == 2) buf_printf(&body, "%s[%lld,\n%.9e]", comma, t, v);
            if (s % 4 == 3) buf_printf(&body, "%s[%lld,%.1f]", comma, t, v);
        }
        buf_z(&body, "]}");
    }
    buf_z(&body, "]}");
    struct points b = { .arena = op->arena };
    assert_ok(op, points_read_json(op, &b, buf_str(&body)));
    assert_int_equal(b.total, 10000);
    struct json j = json_reader(op->arena, buf_str(&body));
    str key;
    json_object(&j);
    json_key(&j, &key);
    json_array(&j);
    for (u32 s = 0; json_next(&j); s++) {
        u32 n = 0;
        for (json_object(&j); json_key(&j, &key);) {
            if (!str_is(key, "points")) {
                json_skip(&j);
                continue;
            }
            for (json_array(&j); json_next(&j); n++) {
                i64 t = 0;
                double v = 0;
                json_array(&j);
                assert_true(json_next(&j) && json_i64(&j, &t) && json_next(&j) && json_number(&j, &v));
                assert_false(json_next(&j));
                assert_int_equal(b.series[s].t[n], t);
                assert_memory_equal(&b.series[s].f[n], &v, sizeof v);
            }
        }
        assert_int_equal(n, b.series[s].n);
    }
    assert_false(json_key(&j, &key));
    assert_true(json_end(&j));
}
