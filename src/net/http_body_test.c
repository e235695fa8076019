/* Raw rows: bytes in, bytes out; compressed bodies; other protocols' credentials and errors. */
#include "net/http_inflate.h"
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define AUTH "Authorization: Bearer writer\r\n"

static struct reply post(struct site *s, struct op *op, const char *path, const char *headers, str body)
{
    struct buf b = BUF(op->arena);
    buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", path, headers, body.n);
    buf_put(&b, body);
    return site_raw(s, op, buf_str(&b));
}

static str gzipped(str body, char *out, size_t n)
{
    z_stream z = { 0 };
    Bytef copy[1 << 18];
    memcpy(copy, body.p, body.n);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = copy;
    z.avail_in = (uInt)body.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)n;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return (str){ out, z.total_out };
}

static str packed(struct op *op, const char *how, str body)
{
    size_t n = body.n * 2 + 1000;
    char *out = arena_alloc(op->arena, n);
    if (!strcmp(how, "gzip")) return gzipped(body, out, n);
    if (!strcmp(how, "zstd")) return (str){ out, ZSTD_compress(out, n, body.p, body.n, 1) };
    assert_int_equal(snappy_compress(body.p, body.n, out, &n), SNAPPY_OK);
    return (str){ out, n };
}

TEST(http_raw_row)
{
    struct site *s = site_start(op, NULL);
    struct reply r = post(s, op, "/raw/strict?tone=low", AUTH "Content-Type: text/odd\r\n", S("hello"));
    assert_int_equal(r.status, 200);
    assert_str(r.body, S("writer/low/text/odd/5"));
    r = post(s, op, "/raw/strict", AUTH, S(""));
    assert_str(r.body, S("writer///0"));
    r = post(s, op, "/raw/strict", AUTH, S("bad"));
    assert_problem(&r, 400, "invalid");
    r = post(s, op, "/raw/strict", "", S("x"));
    assert_problem(&r, 401, "unauthenticated");
    r = post(s, op, "/raw/strict?u=u&p=p", "Authorization: Token writer\r\n", S("x"));
    assert_problem(&r, 401, "unauthenticated");
    char *big = arena_alloc(op->arena, 100001);
    memset(big, 'x', 100001);
    r = post(s, op, "/raw/strict", AUTH, (str){ big, 100001 });
    assert_problem(&r, 413, "too_large");
    r = post(s, op, "/raw/strict", AUTH, (str){ big, 100000 });
    assert_str(r.body, S("writer///100000"));
    site_stop(s);
}

TEST(http_raw_of_others)
{
    struct site *s = site_start(op, NULL);
    static const struct {
        const char *path, *headers, *body;
        int status;
        const char *answer;
    } row[] = {
        { "/raw/others?other=1&tone=a", AUTH, "x", 200, "writer/a//1" },
        { "/raw/others", "Authorization: Token writer\r\n", "x", 200, "token///1" },
        { "/raw/others", "Authorization: Basic dTpw\r\n", "x", 200, "basic///1" },
        { "/raw/others?u=u&p=p", "", "x", 200, "basic///1" },
        { "/raw/others?u=u&p=q", "", "x", 401, "no: unknown token" },
        { "/raw/others", "", "x", 401, "no: this operation needs a token" },
        { "/raw/others", "Authorization: Bearer reader\r\n", "x", 403,
          "no: your rights do not include this operation" },
        { "/raw/others", AUTH, "bad", 400, "no: body: is bad" },
        { "/raw/others", AUTH, "broken", 500, "no: Internal error" },
        { "/raw/others?tone=12345678901", AUTH, "x", 400, NULL },
        { "/raw/others", AUTH "Content-Encoding: br\r\n", "x", 415,
          "no: content-encoding: send gzip, zstd, snappy or nothing compressed" },
        { "/raw/others", AUTH "Content-Encoding: gzip\r\n", "x", 400,
          "no: content-encoding: the body is not whole and well-formed gzip" },
        { "/raw/others", AUTH "Content-Encoding: zstd\r\n", "x", 400,
          "no: content-encoding: the body is not whole and well-formed zstd" },
        { "/raw/others", AUTH "Content-Encoding: snappy\r\n", "\xff\xff", 400,
          "no: content-encoding: the body is not well-formed snappy" },
        { "/raw/others", AUTH "Content-Encoding: identity\r\n", "x", 200, "writer///1" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct reply r = post(s, op, row[i].path, row[i].headers, str_of(row[i].body));
        if (r.status != row[i].status)
            test_fail(__FILE__, __LINE__, "row %zu: %d %.*s", i, r.status, STR(r.body));
        if (row[i].answer) assert_str(r.body, str_of(row[i].answer));
    }
    site_stop(s);
}

TEST(http_raw_compressed)
{
    struct site *s = site_start(op, NULL);
    static const char *const how[] = { "gzip", "zstd", "snappy" };
    char *text = arena_alloc(op->arena, 200000);
    for (size_t i = 0; i < 200000; i++) text[i] = (char)('a' + i * i % 17 % 7);
    for (size_t h = 0; h < LEN(how); h++) {
        const char *headers = arena_printf(op->arena, AUTH "Content-Encoding: %s\r\n", how[h]).p;
        static const size_t size[] = { 1, 1000, 99999, 100000 };
        for (size_t i = 0; i < LEN(size); i++) {
            str body = packed(op, how[h], (str){ text, size[i] }), out;
            assert_ok(op, http_inflate(op, str_of(how[h]), body, 100000, &out));
            assert_str(out, ((str){ text, size[i] }));
            for (size_t cut = 0; cut < body.n; cut += 1 + body.n / 20) /* cut off: never taken for whole */
                assert_err(op, ERR_INVALID,
                           http_inflate(op, str_of(how[h]), str_head(body, cut), 100000, &out));
        }
        str bomb = packed(op, how[h], (str){ text, 100001 }), out;
        assert_err(op, ERR_LIMIT, http_inflate(op, str_of(how[h]), bomb, 100000, &out));
        struct reply r = post(s, op, "/raw/strict", headers, packed(op, how[h], S("hello")));
        assert_str(r.body, S("writer///5"));
    }
    struct buf two = BUF(op->arena);
    str out;
    buf_put(&two, packed(op, "gzip", S("hel")));
    buf_put(&two, packed(op, "gzip", S("lo")));
    assert_ok(op, http_inflate(op, S("gzip"), buf_str(&two), 5, &out));
    assert_str(out, S("hello"));
    site_stop(s);
}
