/* Which coding an answer gets, and that it unpacks to the same bytes. */
#include "net/http_answer.h"
#include "net/http_inflate.h"
#include "net/http_int.h"
#include "net/http_test.h"
#include "tests/unit/test.h"

TEST(http_coding_is_the_clients_choice)
{
    enum { G = 1u << CODING_GZIP, Z = 1u << CODING_ZSTD };
    static const struct {
        const char *accept;
        unsigned have;
        enum coding want;
    } t[] = {
        { "", G | Z, CODING_IDENTITY },
        { "gzip", G | Z, CODING_GZIP },
        { "zstd", G | Z, CODING_ZSTD },
        { "gzip, deflate, br, zstd", G | Z, CODING_ZSTD },
        { "zstd, gzip", G | Z, CODING_ZSTD },
        { "gzip;q=1.0, zstd;q=0.5", G | Z, CODING_GZIP },
        { "gzip;q=0.5, zstd;q=0.6", G | Z, CODING_ZSTD },
        { "zstd;q=0, gzip", G | Z, CODING_GZIP },
        { "zstd;q=0, gzip;q=0", G | Z, CODING_IDENTITY },
        { "gzip;q=0", G | Z, CODING_IDENTITY },
        { "*", G | Z, CODING_ZSTD },
        { "*;q=0", G | Z, CODING_IDENTITY },
        { "gzip;q=0, *", G | Z, CODING_ZSTD },
        { "zstd;q=0, *;q=0.1", G | Z, CODING_GZIP },
        { "identity, gzip;q=0.5", G | Z, CODING_IDENTITY },
        { "identity;q=0.5, gzip;q=0.9", G | Z, CODING_GZIP },
        { "identity;q=0, gzip;q=0.1", G | Z, CODING_GZIP },
        { "x-gzip", G | Z, CODING_GZIP },
        { "GZIP , ZStd;Q=0.001", G | Z, CODING_GZIP },
        { "br, deflate", G | Z, CODING_IDENTITY },
        { "zstd", G, CODING_IDENTITY }, /* embedded files have gzip only */
        { "zstd, gzip;q=0.1", G, CODING_GZIP },
        { "zstd", 0, CODING_IDENTITY },
        { ",,;q=,gzip;q=x,", G | Z, CODING_IDENTITY },
    };
    (void)op;
    for (size_t i = 0; i < LEN(t); i++) {
        enum coding got = coding_for(str_of(t[i].accept), t[i].have);
        if (got != t[i].want)
            test_fail(__FILE__, __LINE__, "'%s': %s, not %s", t[i].accept, codings[got], codings[t[i].want]);
    }
}

#define H " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
TEST(http_answers_packed)
{
    struct site *s = site_start(op, NULL);
    struct reply plain = site_raw(s, op, S("GET /api/text/abc?size=100000" H "\r\n"));
    static const char *const how[] = { "gzip", "zstd" };
    str v;
    assert_int_equal(plain.status, 200);
    assert_false(reply_header(&plain, "Content-Encoding", &v));
    for (size_t i = 0; i < LEN(how); i++) {
        str ask = arena_printf(op->arena, "GET /api/text/abc?size=100000" H "Accept-Encoding: %s\r\n\r\n",
                               how[i]),
            out;
        struct reply r = site_raw(s, op, ask);
        assert_true(reply_header(&r, "Content-Encoding", &v));
        assert_str(v, str_of(how[i]));
        assert_true(reply_header(&r, "Vary", &v) && str_starts(v, S("Accept-Encoding")));
        assert_true(r.body.n < plain.body.n / 10);
        assert_ok(op, http_inflate(op, str_of(how[i]), r.body, (i64)plain.body.n, &out));
        assert_str(out, plain.body);
        /* Small answers go as they are. */
        r = site_raw(
            s, op,
            arena_printf(op->arena, "GET /api/text/abc?size=100" H "Accept-Encoding: %s\r\n\r\n", how[i]));
        assert_false(reply_header(&r, "Content-Encoding", &v));
    }
    site_stop(s);
}
