/* Followers and WebSockets, over real sockets. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static str read_until(struct op *op, int fd, str end)
{
    struct buf b = BUF(op->arena);
    size_t at;
    while (!str_find(buf_str(&b), end, &at)) {
        char *room = buf_room(&b, 65536);
        ssize_t n = recv(fd, room, 65536, 0);
        if (n <= 0) test_fail(__FILE__, __LINE__, "the stream ended: %.*s", STR(buf_str(&b)));
        buf_grew(&b, (size_t)n);
    }
    return buf_str(&b);
}

TEST(http_follow_sse)
{
    struct site *s = site_start(op, NULL);
    int fd = site_connect(s);
    RAW(fd, "GET /live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    str got = read_until(op, fd, S("data: {\"hello\":true}\n\n"));
    size_t at;
    assert_true(str_starts(got, S("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")));
    assert_true(str_find(got, S("\r\n\r\nevent: hello\nid: 1\ndata: "), &at));
    site_broadcast(s, S("{\"n\":\n1}"));
    got = read_until(op, fd, S("\n\n"));
    assert_str(got, S("event: tick\ndata: {\"n\": 1}\n\n"));
    assert_int_equal(site_followers(s), 1);
    close(fd);
    WAIT_FOR(site_seen(s).follow_closed == 1);
    assert_int_equal(site_followers(s), 0);
    site_stop(s);
}

TEST(http_follow_is_another_form_of_an_answer)
{
    struct site *s = site_start(op, NULL);
    struct reply r = site_raw(s, op, S("GET /both?follow=0 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(r.status, 204);
    int fd = site_connect(s);
    RAW(fd, "GET /both?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    read_until(op, fd, S("data: {\"hello\":true}\n\n"));
    close(fd);
    WAIT_FOR(site_seen(s).follow_closed == 1);
    site_stop(s);
}

TEST(http_follow_ndjson_and_tokens)
{
    struct site *s = site_start(op, NULL);
    int fd = site_connect(s);
    RAW(fd,
        "GET /secret/live?access_token=reader HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n\r\n");
    str got = read_until(op, fd, S("}\n"));
    assert_true(str_ends(got, S("{\"event\":\"hello\",\"id\":\"1\",\"data\":{\"hello\":true}}\n")));
    struct reply r = site_raw(s, op, S("GET /secret/live HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_problem(&r, 401, "unauthenticated");
    r = site_raw(s, op, S("HEAD /live HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(r.status, 200);
    site_stop(s); /* ends the follower: */
    assert_true(raw_closed(fd));
    close(fd);
}

/* 50 readers, one of them asleep: the others see every event, the sleeper loses the oldest and is told. */
TEST(http_follow_slow_reader)
{
    enum { READERS = 50, EVENTS = 100 };
    struct site *s = site_start(op, NULL);
    int fd[READERS], small = 32768;
    for (int i = 0; i < READERS; i++) {
        fd[i] = site_connect(s);
        if (i == 0) setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        RAW(fd[i], "GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
        read_until(op, fd[i], S("true}\n\n"));
    }
    char text[16400];
    for (int e = 0; e < EVENTS; e++) {
        int n = snprintf(text, sizeof text, "{\"n\":%d,\"pad\":\"%016000d\"}", e, 0);
        site_broadcast(s, (str){ text, (size_t)n });
        for (int i = 1; i < READERS; i++) { /* the awake ones keep up */
            str got = read_until(op, fd[i], S("\n\n"));
            snprintf(text, 32, "{\"n\":%d,", e);
            size_t at;
            if (!str_find(got, str_of(text), &at))
                test_fail(__FILE__, __LINE__, "reader %d lacks event %d", i, e);
        }
        arena_reset(op->arena);
    }
    snprintf(text, sizeof text, "{\"n\":%d,", EVENTS - 1);
    str got = read_until(op, fd[0], str_of(text));
    size_t at;
    assert_true(str_find(got, S("event: dropped\ndata: {\"dropped\":"), &at));
    i64 dropped = strtoll(got.p + at + 32, NULL, 10), seen = 0;
    for (str rest = got; str_find(rest, S("event: tick"), &at); rest = str_skip(rest, at + 1)) seen++;
    assert_true(dropped > 0);
    for (str rest = got; str_find(rest, S("{\"dropped\":"), &at); rest = str_skip(rest, at + 1))
        dropped = rest.p == got.p ? strtoll(rest.p + at + 11, NULL, 10)
                                  : dropped + strtoll(rest.p + at + 11, NULL, 10);
    assert_int_equal(seen + dropped, EVENTS);
    for (int i = 0; i < READERS; i++) close(fd[i]);
    WAIT_FOR(site_seen(s).follow_closed == READERS);
    site_stop(s);
}

/* WebSocket, from the program's own client. */

struct got {
    struct op *op;
    int n;
    bool text;
    str last;
    size_t bytes;
};

static void on_message(void *ctx, bool text, str data)
{
    struct got *g = ctx;
    g->n++;
    g->text = text;
    g->bytes += data.n;
    g->last = str_copy(g->op->arena, data);
}

static err_t service_until(struct op *op, struct wsc *w, struct got *g, int n)
{
    i64 until = test_deadline();
    while (g->n < n && time_mono_us() < until) {
        struct pollfd p = { wsc_fd(w), (short)(POLLIN | (wsc_wants_write(w) ? POLLOUT : 0)), 0 };
        poll(&p, 1, 100);
        TRY(wsc_service(w, op, on_message, g));
    }
    return OK;
}

static struct wsc *ws_connect(struct site *s, struct op *op, const char *path, const char *token)
{
    struct client_options o = { .base_url = arena_printf(op->arena, "http://127.0.0.1:%d", site_port(s)),
                                .token = str_of(token),
                                .timeout_us = test_patience_us() };
    struct wsc *w;
    assert_ok(op, wsc_open(op, &o, str_of(path), &w));
    return w;
}

TEST(ws_echo)
{
    struct site *s = site_start(op, NULL);
    struct wsc *w = ws_connect(s, op, "/secret/echo", "reader");
    struct got g = { .op = op };
    assert_ok(op, wsc_send(w, op, true, S("Привет")));
    assert_ok(op, service_until(op, w, &g, 1));
    assert_str(g.last, S("Привет"));
    assert_true(g.text);
    char *big = arena_alloc(op->arena, 65536);
    assert_ok(op, wsc_send(w, op, false, (str){ big, 65536 }));
    assert_ok(op, service_until(op, w, &g, 2));
    assert_int_equal(g.last.n, 65536);
    assert_false(g.text);
    for (int i = 0; i < 5000; i++) assert_ok(op, wsc_send(w, op, true, S("in order")));
    assert_ok(op, service_until(op, w, &g, 5002));
    assert_int_equal(g.n, 5002);
    wsc_free(w);
    WAIT_FOR(site_seen(s).ws_closed == 1);
    site_stop(s);
}

TEST(ws_refusals)
{
    struct site *s = site_start(op, NULL);
    struct client_options o = { .base_url = arena_printf(op->arena, "http://127.0.0.1:%d", site_port(s)),
                                .timeout_us = test_patience_us() };
    struct wsc *w = NULL;
    assert_err(op, ERR_UNAUTHENTICATED, wsc_open(op, &o, S("/secret/echo"), &w));
    assert_err(op, ERR_NOT_FOUND, wsc_open(op, &o, S("/nothing"), &w));
    struct reply r = site_raw(s, op, S("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_problem(&r, 426, "invalid");
    str version;
    assert_true(reply_header(&r, "Sec-WebSocket-Version", &version));
    assert_str(version, S("13"));
#define UPGRADE \
    "GET /echo HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: keep-alive, " \
    "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    r = site_raw(s, op, S(UPGRADE "Sec-WebSocket-Key: short\r\n\r\n"));
    assert_problem(&r, 400, "invalid");
    r = site_raw(
        s, op,
        S(UPGRADE "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://evil.example\r\n\r\n"));
    assert_problem(&r, 403, "forbidden");
    int fd = site_connect(s);
    RAW(fd, UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://here\r\n\r\n");
    str head = read_until(op, fd, S("\r\n\r\n"));
    size_t at;
    assert_true(str_find(head, S("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
                         &at)); /* RFC 6455's example */
    close(fd);
    site_stop(s);
}

/* Frames as they come off the wire, after a handshake: what goes in, what must come back. */
static void frames(struct site *s, struct op *op, int line, str in, str want)
{
    int fd = site_connect(s);
    RAW(fd, UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    char c;
    struct buf head = BUF(op->arena);
    while (!str_ends(buf_str(&head), S("\r\n\r\n")) && recv(fd, &c, 1, 0) == 1) buf_char(&head, c);
    raw_send(fd, in);
    char got[4096] = { 0 };
    size_t n = 0;
    while (n < want.n) {
        ssize_t r = recv(fd, got + n, MIN(sizeof got - n, want.n - n), 0);
        if (r <= 0) break;
        n += (size_t)r;
    }
    if (n != want.n || memcmp(got, want.p, n) != 0) {
        struct buf hex = BUF(op->arena);
        for (size_t i = 0; i < n; i++) buf_printf(&hex, "%02x ", (u8)got[i]);
        test_fail(__FILE__, line, "answered %zu bytes: %.*s", n, STR(buf_str(&hex)));
    }
    close(fd);
}
#define FRAMES(in, want) frames(s, op, __LINE__, S(in), S(want))
#define MASK             "\0\0\0\0" /* masking with zeros keeps bytes readable */

TEST(ws_frames)
{
    struct site *s = site_start(op, NULL);
    FRAMES("\x81\x85" MASK "hello", "\x81\x05hello");
    FRAMES("\x01\x83" MASK "hel\x80\x82" MASK "lo", "\x81\x05hello"); /* two fragments */
    FRAMES("\x01\x83" MASK "hel\x89\x81" MASK "p\x80\x82" MASK "lo",
           "\x8a\x01p\x81\x05hello"); /* a ping between */
    FRAMES("\x89\x80" MASK, "\x8a\x00");
    FRAMES("\x88\x82" MASK "\x03\xe8", "\x88\x02\x03\xe8");           /* close 1000 is answered */
    FRAMES("\x88\x80" MASK, "\x88\x00");                              /* close without a code */
    FRAMES("\x88\x82" MASK "\x03\xed", "\x88\x02\x03\xea");           /* 1005 must not be sent */
    FRAMES("\x88\x81" MASK "\x03", "\x88\x00");                       /* half a code */
    FRAMES("\x81\x05hello", "\x88\x02\x03\xea");                      /* not masked */
    FRAMES("\x83\x80" MASK, "\x88\x02\x03\xea");                      /* reserved opcode */
    FRAMES("\xc1\x80" MASK, "\x88\x02\x03\xea");                      /* reserved bit */
    FRAMES("\x09\x80" MASK, "\x88\x00");                              /* fragmented ping */
    FRAMES("\x89\xfe\x00\x7e" MASK, "\x88\x00");                      /* long ping */
    FRAMES("\x80\x81" MASK "x", "\x88\x02\x03\xea");                  /* continues nothing */
    FRAMES("\x01\x81" MASK "x\x81\x81" MASK "y", "\x88\x02\x03\xea"); /* a message inside another */
    FRAMES("\x81\x82" MASK "\xc3\x28", "\x88\x02\x03\xef");           /* not UTF-8 */
    FRAMES("\x81\xff\x00\x00\x00\x00\x00\x01\x00\x01" MASK "x", "\x88\x02\x03\xf1"); /* over max_message */
    FRAMES("\x81\x85" MASK "close", "\x88\x0d\x0f\xa0"
                                    "as you wish");
    site_stop(s);
}

TEST(ws_slow_client_is_bounded)
{
    struct site *s = site_start(op, NULL);
    struct wsc *w = ws_connect(s, op, "/echo", "");
    struct got g = { .op = op };
    assert_ok(op, wsc_send(w, op, true, S("flood"))); /* the handler sends until ws_send() refuses */
    assert_ok(op, wsc_send(w, op, true, S("after")));
    while (!str_is(g.last, "after")) {
        int before = g.n;
        assert_ok(op, service_until(op, w, &g, before + 1));
        if (g.n == before) break; /* the echo of "after" may have been refused, too */
    }
    assert_true(g.n > 1000);
    wsc_free(w);
    WAIT_FOR(site_seen(s).ws_closed == 1);
    site_stop(s);
}

TEST(ws_stop_says_good_bye)
{
    struct site *s = site_start(op, NULL);
    int fd = site_connect(s);
    RAW(fd, UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    read_until(op, fd, S("\r\n\r\n"));
    site_stop(s);
    char got[64];
    ssize_t n = recv(fd, got, sizeof got, 0);
    assert_true(n > 4);
    assert_memory_equal(got, "\x88\x12\x03\xe9", 4); /* 1001 */
    close(fd);
}
