/* What clients may send, byte for byte: framing, smuggling, methods, limits, conditions, ranges. Each row is
 * one request on a connection of its own and the status it must get; every error must be a problem document.
 */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#define H    " HTTP/1.1\r\nHost: x\r\n"
#define JSON "Content-Type: application/json\r\n"
#define AUTH "Authorization: Bearer writer\r\n"
struct row {
    int status;
    const char *code; /* of the problem document; NULL: no error */
    const char *request;
};

static const struct row rows[] = {
    { 200, NULL, "GET /api/text/abc" H "\r\n" },
    { 200, NULL, "GET http://x/api/text/abc" H "\r\n" },
    { 200, NULL, "GET /api/text/a%2Fb%20%D0%B8" H "\r\n" },
    { 200, NULL, "GET /api/te%78t/abc" H "\r\n" },
    { 200, NULL, "GET /api/text/abc?size=5&" H "\r\n" },
    { 204, NULL, "DELETE /api/things/all" H AUTH "\r\n" },
    { 400, "invalid", "GET /hot?x" H "\r\n" },
    { 204, NULL, "OPTIONS /api/text/abc" H "\r\n" },
    { 204, NULL, "OPTIONS *" H "\r\n" },
    { 404, "not_found",
      "GET /"
      "nothing" H "\r\n" },
    { 404, "not_found", "GET /api/text/" H "\r\n" },
    { 404, "not_found", "GET /api/text" H "\r\n" },
    { 404, "not_found", "GET /api/../api/text/abc" H "\r\n" },
    { 404, "not_found", "GET //api/text/abc" H "\r\n" },
    { 405, "method_not_allowed", "POST /api/text/abc" H "Content-Length: 0\r\n\r\n" },
    { 405, "method_not_allowed", "BREW /api/text/abc" H "\r\n" },
    { 405, "method_not_allowed", "PATCH /index.html" H "\r\n" },
    { 400, "invalid", "GET /api/text/a%zz" H "\r\n" },
    { 400, "invalid", "GET /api/text/a%2" H "\r\n" },
    { 400, "invalid", "GET /api/text/%00" H "\r\n" },
    { 400, "invalid", "GET /api/text/%ff%fe" H "\r\n" },
    { 400, "invalid", "GET /api/text/\xff\xfe" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc?size=%zz" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc?size=x" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc?size=99999999999999999999" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc?size=1&size=2" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc?sise=1" H "\r\n" },
    { 400, "invalid", "GET /api/text/abc" H "X-Color: 123456789012345678901\r\n\r\n" },
    { 400, "invalid", "PUT /api/things/0" H JSON "Content-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "PUT /api/things/x" H JSON "Content-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 200, NULL, "PUT /api/things/1" H JSON "Content-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 200, NULL,
      "PUT /api/things/1" H
      "content-type: Application/JSON ; charset=utf-8\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 200, NULL,
      "PUT /api/things/1" H JSON
      "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n7\r\ne\":\"x\"}\r\n0\r\nTrailer: x\r\n\r\n" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: 11\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: 2\r\n\r\n{}" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: 0\r\n\r\n" },
    { 400, "invalid", "PUT /api/things/1" H "\r\n" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Content-Length: 14\r\n\r\n{\"name\":\"\xff\xfe\"}"
      "x" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Content-Length: 22\r\n\r\n{\"name\":\"x\",\"other\":1}"
      "x" },
    { 415, "unsupported_media_type", "PUT /api/things/1" H "Content-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 415, "unsupported_media_type",
      "PUT /api/things/1" H "Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "GET /api/text/abc" H "Content-Length: 1\r\n\r\nx" },
    { 500, "internal", "PUT /api/things/1" H JSON "Content-Length: 17\r\n\r\n{\"name\":\"broken\"}" },
    { 409, "conflict", "PUT /api/things/1" H JSON "Content-Length: 19\r\n\r\n{\"name\":\"conflict\"}" },
    { 401, "unauthenticated", "DELETE /api/things/all" H "\r\n" },
    { 401, "unauthenticated", "DELETE /api/things/all" H "Authorization: Bearer nobody\r\n\r\n" },
    { 401, "unauthenticated", "GET /api/text/abc" H "Authorization: Basic eDp5\r\n\r\n" },
    { 403, "forbidden", "DELETE /api/things/all" H "Authorization: Bearer reader\r\n\r\n" },
    { 504, "timeout", "GET /api/slow/x?wait_ms=100" H "\r\n" },
    { 204, NULL, "POST /raw" H AUTH "Content-Length: 0\r\n\r\n" },
    { 202, NULL, "POST /raw?precision=ms" H AUTH "Content-Length: 3\r\n\r\na\xff\x7f" },
    { 400, "invalid", "POST /raw" H AUTH "Content-Length: 4\r\n\r\nfail" },
    { 202, NULL, "POST /raw?other=1&other=2" H AUTH "Content-Length: 1\r\n\r\nx" },
    { 400, "invalid", "POST /raw?other=%zz" H AUTH "Content-Length: 1\r\n\r\nx" },
    { 413, "too_large", "POST /raw" H AUTH "Content-Length: 999999999\r\n\r\n" },
    { 401, "unauthenticated", "POST /raw" H "Content-Length: 1\r\n\r\nx" },
    /* Smuggling. */
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n0\r\n\r\n" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Content-Length: 12\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Content-Length: 12\r\nContent-Length: 13\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
    { 400, "invalid",
      "PUT /api/things/1" H JSON "Transfer-Encoding: \x0b"
      "chunked\r\n\r\n0\r\n\r\n" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: +12\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: 0x0c\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: 12, 12\r\n\r\n{\"name\":\"x\"}" },
    { 400, "invalid", "PUT /api/things/1" H JSON "Content-Length: -1\r\n\r\n" },
    { 413, "too_large", "PUT /api/things/1" H JSON "Content-Length: 99999999999999999999999\r\n\r\n" },
    { 413, "too_large", "PUT /api/things/1" H JSON "Content-Length: 9999999999999\r\n\r\n" },
    { 413, "too_large",
      "PUT /api/things/1" H JSON "Content-Length: 9999999999999\r\nExpect: 100-continue\r\n\r\n" },
    { 400, "invalid", "GET /api/text/abc" H "Host: y\r\n\r\n" },
    { 400, "invalid", "GET /api/text/abc HTTP/1.1\r\n\r\n" },
    { 400, "invalid", "GET /api/text/abc HTTP/x.1\r\nHost: x\r\n\r\n" },
    { 505, "invalid", "GET /api/text/abc HTTP/9.1\r\nHost: x\r\n\r\n" },
    /* Static files and conditions. */
    { 200, NULL, "GET /" H "\r\n" },
    { 200, NULL, "GET /index.html" H "\r\n" },
    { 304, NULL, "GET /index.html" H "If-None-Match: W/\"a\", \"html1\"\r\n\r\n" },
    { 200, NULL, "GET /index.html" H "If-None-Match: \"html\"\r\n\r\n" },
    { 404, "not_found", "GET /../index.html" H "\r\n" },
    /* Addresses that only the application knows: a page for who wants one, 404 for scripts and the API. */
    { 200, NULL, "GET /units/1?tab=logs" H "Accept: text/html,*/*;q=0.8\r\n\r\n" },
    { 404, "not_found", "GET /units/1" H "Accept: */*\r\n\r\n" },
    { 404, "not_found", "GET /assets/gone-01234567.js" H "Accept: text/html\r\n\r\n" },
    { 404, "not_found", "GET /api/v1/none" H "Accept: text/html\r\n\r\n" },
    { 404, "not_found", "DELETE /units/1" H "Accept: text/html\r\n\r\n" },
    { 200, NULL, "GET /hot" H "\r\n" },
    { 304, NULL, "GET /hot" H "If-None-Match: *\r\n\r\n" },
    { 302, NULL, "GET /files/elsewhere" H "\r\n" },
    { 404, "not_found", "GET /files/none" H "\r\n" },
    { 200, NULL, "GET /files/0" H "\r\n" },
    { 416, "invalid", "GET /files/0" H "Range: bytes=0-\r\n\r\n" },
    { 416, "invalid", "GET /files/100" H "Range: bytes=100-\r\n\r\n" },
    { 416, "invalid", "GET /files/100" H "Range: bytes=-0\r\n\r\n" },
    { 206, NULL, "GET /files/100" H "Range: bytes=99-200\r\n\r\n" },
    { 200, NULL, "GET /files/100" H "Range: bytes=5-4\r\n\r\n" },
    { 200, NULL, "GET /files/100" H "Range: bytes=0-1,5-6\r\n\r\n" },
    { 200, NULL, "GET /files/100" H "Range: lines=0-1\r\n\r\n" },
    { 206, NULL, "GET /files/100" H "Range: bytes=0-1\r\nIf-Range: \"v100\"\r\n\r\n" },
    { 200, NULL, "GET /files/100" H "Range: bytes=0-1\r\nIf-Range: \"v99\"\r\n\r\n" },
    { 200, NULL, "GET /files/100" H "Range: bytes=0-1\r\nIf-Range: Sat, 29 Oct 1994 19:43:31 GMT\r\n\r\n" },
    { 304, NULL, "GET /files/100" H "If-None-Match: \"v100\"\r\n\r\n" },
};

TEST(http_table_of_requests)
{
    struct site *s = site_start(op, NULL);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct reply r = site_raw(s, op, str_of(rows[i].request));
        if (r.status != rows[i].status)
            test_fail(__FILE__, __LINE__, "%d, want %d:\n%s\n%.*s%.*s", r.status, rows[i].status,
                      rows[i].request, STR(r.head), STR(r.body));
        if (rows[i].code) assert_problem(&r, rows[i].status, rows[i].code);
    }
    site_stop(s);
}

static void assert_header(struct reply r, const char *name, const char *want)
{
    str got;
    if (!reply_header(&r, name, &got))
        test_fail(__FILE__, __LINE__, "no header %s:\n%.*s", name, STR(r.head));
    assert_str(got, str_of(want));
}

TEST(http_chunk_extension)
{
    struct site *s = site_start(op, NULL);
    struct reply r = site_raw(s, op,
                              S("PUT /api/things/1" H JSON "Transfer-Encoding: chunked\r\n\r\n"
                                "5;ext=1\r\n{\"nam\r\n7\r\ne\":\"x\"}\r\n0\r\n\r\n"));
    bool refuses = str_starts(str_of(MHD_get_version()), S("1.0.")); /* docs/adr/0010 */
    assert_int_equal(r.status, refuses ? 400 : 200);
    site_stop(s);
}

TEST(http_headers_of_answers)
{
    struct site *s = site_start(op, NULL);
    str v;
    struct reply r = site_raw(s, op, S("GET /api/text/abc" H "X-Request-Id: my-id.1\r\n\r\n"));
    assert_header(r, "X-Request-Id", "my-id.1");
    assert_header(r, "X-Content-Type-Options", "nosniff");
    assert_header(r, "Content-Type", "application/json");
    assert_str(r.body, S("{\"name\":\"abc\",\"text\":\"\"}"));
    assert_true(reply_header(&r, "ETag", &v));
    str again = arena_printf(op->arena, "GET /api/text/abc" H "If-None-Match: %.*s\r\n\r\n", STR(v));
    r = site_raw(s, op, again);
    assert_int_equal(r.status, 304);
    r = site_raw(s, op, S("GET /api/text/abc" H "X-Request-Id: bad id\r\n\r\n"));
    assert_true(reply_header(&r, "X-Request-Id", &v) && v.n == 16);
    r = site_raw(s, op, S("PUT /api/text/abc" H "\r\n"));
    assert_header(r, "Allow", "GET, HEAD, OPTIONS");
    r = site_raw(s, op, S("DELETE /api/things/all" H "\r\n"));
    assert_header(r, "WWW-Authenticate", "Bearer realm=\"netbit\"");
    r = site_raw(s, op, S("GET /" H "\r\n"));
    assert_header(r, "X-Frame-Options", "DENY");
    assert_header(r, "Cache-Control", "no-cache");
    assert_true(reply_header(&r, "Content-Security-Policy", &v));
    r = site_raw(s, op, S("GET /app-0123abcd.js" H "Accept-Encoding: br, gzip;q=0.5\r\n\r\n"));
    assert_header(r, "Content-Encoding", "gzip");
    assert_header(r, "Cache-Control", "public, max-age=31536000, immutable");
    assert_str(r.body, S("zipped"));
    r = site_raw(s, op, S("GET /app-0123abcd.js" H "Accept-Encoding: gzip;q=0\r\n\r\n"));
    assert_str(r.body, S("alert(1)"));
    r = site_raw(s, op, S("GET /api/text/abc?size=100000" H "Accept-Encoding: gzip\r\n\r\n"));
    assert_header(r, "Content-Encoding", "gzip");
    assert_true(r.body.n < 1000);
    r = site_raw(s, op, S("HEAD /api/text/abc?size=1000" H "\r\n"));
    assert_header(r, "Content-Length", "1024");
    r = site_raw(s, op, S("GET /files/300" H "Range: bytes=250-252\r\n\r\n"));
    assert_header(r, "Content-Range", "bytes 250-252/300");
    assert_memory_equal(r.body.p, "\xfa\x00\x01", 3);
    assert_header(r, "Content-Disposition",
                  "attachment; filename=\"________.bin\"; filename*=UTF-8''%D1%84%D0%B0%D0%B9%D0%BB.bin");
    site_stop(s);
}

TEST(http_raw_rows)
{
    struct site *s = site_start(op, NULL);
    struct reply r = site_raw(
        s, op, S("POST /raw?precision=ms" H AUTH "Content-Type: text/csv\r\nContent-Length: 4\r\n\r\na,b\n"));
    assert_int_equal(r.status, 202);
    assert_header(r, "X-Written", "7");
    assert_header(r, "Content-Type", "text/plain");
    assert_str(r.body, S("ms|text/csv|a,b\n"));
    r = site_raw(s, op,
                 S("POST /raw?match[]=a%7Bb%3D%22c%22%7D&x&match[]=d" H AUTH "Content-Length: 1\r\n\r\ny"));
    assert_str(r.body, S("||y+a{b=\"c\"}+d"));
    site_stop(s);
}

TEST(http_huge_head)
{
    struct site *s = site_start(op, NULL);
    struct buf b = BUF(op->arena);
    buf_put(&b, S("GET /api/text/abc" H "X-Big: "));
    for (int i = 0; i < 40000; i++) buf_char(&b, 'x');
    buf_put(&b, S("\r\n\r\n"));
    struct reply r = site_raw(s, op, buf_str(&b));
    assert_int_equal(r.status, 431);
    assert_problem(&r, 431, "invalid");
    b.n = 0;
    buf_put(&b, S("GET /"));
    for (int i = 0; i < 40000; i++) buf_char(&b, 'x');
    buf_put(&b, S(H "\r\n"));
    r = site_raw(s, op, buf_str(&b));
    assert_problem(&r, 414, "invalid");
    site_stop(s);
}

TEST(http_keep_alive_and_pipelining)
{
    struct site *s = site_start(op, NULL);
    int fd = site_connect(s);
    RAW(fd, "PUT /api/things/1" H JSON "Content-Length: 12\r\n\r\n{\"name\":\"a\"}GET /hot" H
            "\r\nGET /nothing" H "\r\nPUT /api/things/2" H JSON
            "Transfer-Encoding: chunked\r\n\r\nc\r\n{\"name\":\"b\"}\r\n0\r\n\r\nGET /api/text/z" H "\r\n");
    struct reply r = raw_reply(op, fd, false);
    assert_str(r.body, S("{\"id\":1,\"name\":\"a\",\"who\":\"\",\"ip\":\"127.0.0.1\",\"ntags\":0}"));
    r = raw_reply(op, fd, false);
    assert_str(r.body, S("{\"hot\":true}"));
    r = raw_reply(op, fd, false);
    assert_problem(&r, 404, "not_found");
    r = raw_reply(op, fd, false);
    assert_true(str_starts(r.body, S("{\"id\":2,")));
    r = raw_reply(op, fd, false);
    assert_true(str_starts(r.body, S("{\"name\":\"z\"")));
    RAW(fd, "GET /hot" H "Connection: close\r\n\r\n");
    r = raw_reply(op, fd, false);
    assert_true(raw_closed(fd));
    close(fd);
    fd = site_connect(s); /* a body that comes a byte at a time */
    str slow = S("PUT /api/things/3" H JSON "Content-Length: 12\r\n\r\n{\"name\":\"c\"}");
    for (size_t i = 0; i < slow.n; i++) raw_send(fd, (str){ slow.p + i, 1 });
    r = raw_reply(op, fd, false);
    assert_true(str_starts(r.body, S("{\"id\":3,")));
    close(fd);
    site_stop(s);
}

TEST(http_expect_and_oversize)
{
    struct site *s = site_start(op, NULL);
    int fd = site_connect(s);
    RAW(fd, "POST /api/words" H JSON AUTH "Content-Length: 7\r\nExpect: 100-continue\r\n\r\n");
    struct reply r = raw_reply(op, fd, false);
    assert_int_equal(r.status, 100);
    RAW(fd, "[\"a\"]  ");
    r = raw_reply(op, fd, false);
    assert_int_equal(r.status, 201);
    close(fd);
    /* Refused before the body, without 100. */
    r = site_raw(s, op,
                 S("POST /api/words" H JSON AUTH "Content-Length: 3000\r\nExpect: 100-continue\r\n\r\n"));
    assert_problem(&r, 413, "too_large");
    /* A body without end is cut off. */
    fd = site_connect(s);
    RAW(fd, "POST /api/words" H JSON AUTH "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30; i++)
        RAW(fd, "64\r\n[                                                                                     "
                "              \r\n");
    RAW(fd, "0\r\n\r\n");
    r = raw_reply(op, fd, false);
    assert_problem(&r, 413, "too_large");
    close(fd);
    site_stop(s);
}

TEST(http_idempotency_key)
{
    struct site *s = site_start(op, NULL);
    str first = S("POST /api/words" H JSON AUTH "Idempotency-Key: k1\r\nContent-Length: 5\r\n\r\n[\"a\"]");
    struct reply a = site_raw(s, op, first), b = site_raw(s, op, first);
    assert_int_equal(a.status, 201);
    assert_int_equal(b.status, 201);
    assert_str(b.body, a.body); /* the handler counts its calls: it ran once */
    assert_header(b, "Idempotent-Replayed", "true");
    b = site_raw(s, op,
                 S("POST /api/words" H JSON AUTH "Idempotency-Key: k1\r\nContent-Length: 5\r\n\r\n[\"b\"]"));
    assert_problem(&b, 409, "conflict");
    b = site_raw(s, op,
                 S("POST /api/words" H JSON AUTH "Idempotency-Key: k2\r\nContent-Length: 2\r\n\r\n{}"));
    assert_problem(&b, 400, "invalid");
    site_stop(s);
}

TEST(http_rate_limits)
{
    struct site *s =
        site_start(op, &(struct site_options){
                           .rate_per_minute = 20, .sign_in_per_minute = 3, .trusted_proxies = "127.0.0.1" });
    struct reply r = site_raw(s, op, S("GET /api/text/abc" H "\r\n"));
    assert_header(r, "RateLimit-Limit", "20");
    assert_header(r, "RateLimit-Remaining", "19");
    for (int i = 0; i < 19; i++) r = site_raw(s, op, S("GET /api/text/abc" H "\r\n"));
    assert_int_equal(r.status, 200);
    r = site_raw(s, op, S("GET /api/text/abc" H "\r\n"));
    assert_problem(&r, 429, "rate_limited");
    str v;
    assert_true(reply_header(&r, "Retry-After", &v));
    r = site_raw(s, op, S("GET /hot" H "\r\n")); /* not counted */
    assert_int_equal(r.status, 200);
    /* Another address, seen through the trusted proxy; a /64 of IPv6 is one. */
    r = site_raw(s, op,
                 S("PUT /api/things/1" H JSON
                   "X-Forwarded-For: 6.6.6.6, 2001:db8::1\r\nContent-Length: 12\r\n\r\n{\"name\":\"x\"}"));
    size_t at;
    assert_true(str_find(r.body, S("\"ip\":\"2001:db8::1\""), &at));
    r = site_raw(s, op, S("GET /api/text/abc" H "X-Forwarded-For: 2001:db8::ffff:2\r\n\r\n"));
    assert_header(r, "RateLimit-Remaining", "18");
    for (int i = 0; i < 4; i++)
        r = site_raw(s, op,
                     S("POST /api/sign-in" H JSON "X-Forwarded-For: 7.7.7.7\r\nContent-Length: 2\r\n\r\n[]"));
    assert_problem(&r, 429, "rate_limited");
    /* Guessing tokens uses up the address. */
    for (int i = 0; i < 6; i++)
        r = site_raw(s, op,
                     arena_printf(op->arena,
                                  "GET /api/text/a" H
                                  "X-Forwarded-For: 8.8.8.8\r\nAuthorization: Bearer %d\r\n\r\n",
                                  i));
    assert_problem(&r, 429, "rate_limited");
    site_stop(s);
}

TEST(http_many_connections)
{
    enum { N = 200 };
    struct site *s = site_start(op, NULL);
    int fd[N];
    for (int i = 0; i < N; i++) {
        fd[i] = site_connect(s);
        str req = arena_printf(op->arena, "GET /api/text/c%d?wait_ms=%d" H "\r\n", i, i % 3);
        raw_send(fd[i], req);
    }
    struct http_stats stats;
    for (int i = 0; i < N; i++) {
        struct reply r = raw_reply(op, fd[i], false);
        str want = arena_printf(op->arena, "{\"name\":\"c%d\",\"text\":\"\"}", i);
        assert_str(r.body, want);
    }
    http_stats(site_http(s), &stats);
    assert_int_equal(stats.connections, N);
    for (int i = 0; i < N; i++) close(fd[i]);
    site_stop(s);
}

/* Two workers sleep; the reserve serves the third request meanwhile. */
TEST(http_waiting_operations_do_not_block_others)
{
    struct site *s = site_start(op, &(struct site_options){ .workers = 8 });
    int slow[4];
    for (size_t i = 0; i < LEN(slow); i++) {
        slow[i] = site_connect(s);
        RAW(slow[i], "GET /api/text/slow?wait_ms=1500" H "\r\n");
    }
    struct reply r = site_raw(s, op, S("GET /api/text/quick" H "\r\n"));
    assert_int_equal(r.status, 200);
    for (size_t i = 0; i < LEN(slow); i++) {
        char byte;
        assert_int_equal(recv(slow[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1); /* it still waits */
    }
    for (size_t i = 0; i < LEN(slow); i++) {
        assert_int_equal(raw_reply(op, slow[i], false).status, 200);
        close(slow[i]);
    }
    site_stop(s);
}
