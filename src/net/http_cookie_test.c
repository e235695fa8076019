/* Whom a session cookie speaks for, over real sockets: our own page and nobody else. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <unistd.h>

#define COOKIE "Cookie: theme=dark; site_session=writer\r\n"
#define OWN    "Origin: http://site.test\r\n"
#define ASKED  "X-Requested-By: netbit-web\r\n"

static struct reply ask(struct site *s, struct op *op, const char *line, const char *headers)
{
    const char *body = strstr(line, "POST") ? "Content-Type: application/json\r\nContent-Length: 5\r\n" : "";
    return site_raw(s, op,
                    arena_printf(op->arena, "%s HTTP/1.1\r\nHost: site.test\r\n%s%s\r\n%s", line, body,
                                 headers, *body ? "[\"a\"]" : ""));
}

TEST(http_cookie_speaks_for_our_own_page_only)
{
    struct site *s = site_start(op, NULL);
    static const struct {
        const char *line, *headers;
        int status;
    } all[] = {
        { "POST /api/words", "", 401 },
        { "POST /api/words", COOKIE OWN ASKED, 201 },
        { "POST /api/words", COOKIE ASKED, 201 },                          /* a program with a cookie jar */
        { "POST /api/words", COOKIE OWN, 403 },                            /* a form */
        { "POST /api/words", COOKIE "Origin: http://evil.test\r\n", 403 }, /* another site */
        { "POST /api/words", COOKIE ASKED "Origin: http://evil.test\r\n", 403 },
        { "POST /api/words", COOKIE ASKED "Origin: http://site.test:81\r\n", 403 }, /* another port */
        { "POST /api/words", COOKIE ASKED "Origin: null\r\n", 403 },                /* a sandboxed frame */
        { "POST /api/words", COOKIE ASKED "Sec-Fetch-Site: same-site\r\n", 403 },
        { "POST /api/words", COOKIE ASKED "Sec-Fetch-Site: cross-site\r\n", 403 },
        { "POST /api/words", COOKIE ASKED OWN "Sec-Fetch-Site: same-origin\r\n", 201 },
        { "POST /api/words", "Cookie: site_session=nobody\r\n" OWN ASKED, 401 },
        { "POST /api/words", "Cookie: site_session=writer; site_session=reader\r\n" OWN ASKED, 401 },
        { "POST /api/words", "Cookie: xsite_session=writer\r\n" OWN ASKED, 401 },
        { "POST /api/words", "Cookie: site_session=reader\r\n" OWN ASKED, 403 }, /* lacks the right */
        { "POST /api/words", "Authorization: Bearer writer\r\n", 201 },          /* a header needs no page */
        { "POST /api/words", "Authorization: Bearer nobody\r\n" COOKIE ASKED, 401 },
        { "POST /api/words", "Authorization: Bearer writer\r\n" ASKED "Origin: http://evil.test\r\n", 403 },
        { "GET /api/text/a?size=1", "Cookie: site_session=over\r\n", 200 }, /* open to anyone */
        { "GET /api/text/a?size=1", COOKIE "Origin: http://evil.test\r\n", 200 },
        { "GET /secret/echo", COOKIE, 403 },
        { "GET /secret/echo", COOKIE OWN, 426 },
    };
    for (size_t i = 0; i < LEN(all); i++) {
        struct reply r = ask(s, op, all[i].line, all[i].headers);
        if (r.status != all[i].status)
            test_fail(__FILE__, __LINE__, "%s %s: %d instead of %d: %.*s", all[i].line, all[i].headers,
                      r.status, all[i].status, STR(r.body));
    }
    struct reply r = ask(s, op, "POST /api/words", COOKIE OWN ASKED);
    size_t at;
    assert_true(str_find(r.body, S("\"who\":\"writer\""), &at));
    site_stop(s);
}

#define UPGRADE \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* A page of another origin could otherwise open the socket with the person's cookie (CSWSH). */
TEST(http_cookie_opens_sockets_of_our_own_origin_only)
{
    struct site *s = site_start(op, NULL);
    struct reply r = ask(s, op, "GET /secret/echo", UPGRADE);
    assert_problem(&r, 401, "unauthenticated");
    r = ask(s, op, "GET /secret/echo", UPGRADE COOKIE);
    assert_problem(&r, 403, "forbidden");
    r = ask(s, op, "GET /secret/echo", UPGRADE COOKIE "Origin: http://evil.test\r\n");
    assert_problem(&r, 403, "forbidden");
    /* A session that is over is told, although nobody may come in, too. */
    r = ask(s, op, "GET /echo", UPGRADE OWN "Cookie: site_session=over\r\n");
    assert_problem(&r, 401, "unauthenticated");
    int fd = site_connect(s);
    RAW(fd, "GET /secret/echo HTTP/1.1\r\nHost: site.test\r\n" UPGRADE COOKIE OWN "\r\n");
    r = raw_reply(op, fd, true);
    assert_int_equal(r.status, 101);
    close(fd);
    site_stop(s);
}

TEST(http_cookie_answers_with_headers)
{
    struct site *s = site_start(op, NULL);
    str value;
    struct reply r = ask(s, op, "DELETE /api/session", ASKED OWN);
    assert_int_equal(r.status, 204);
    assert_int_equal(r.body.n, 0);
    assert_true(reply_header(&r, "Set-Cookie", &value));
    assert_str(value, S("site_session=; page=1"));
    r = ask(s, op, "DELETE /api/session", ASKED "Origin: https://site.test\r\n");
    assert_true(reply_header(&r, "Set-Cookie", &value));
    assert_str(value, S("site_session=; page=2"));
    r = ask(s, op, "DELETE /api/session", "");
    assert_int_equal(r.status, 204);
    assert_false(reply_header(&r, "Set-Cookie", &value));
    site_stop(s);
}
