/* Clients that are slow, silent or too many, over real sockets. The times are those of production divided by
 * hundreds: what is tested is that each of them ends what it should, and that nobody else waits for it. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool readable(int fd, int ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, ms) == 1;
}

/* Reads until the text came n times; false: the stream ended or took more than 10 s. */
static bool hears(struct op *op, int fd, str what, int n)
{
    struct buf b = BUF(op->arena);
    i64 until = test_deadline();
    while (time_mono_us() < until) {
        int seen = 0;
        size_t at;
        for (str rest = buf_str(&b); str_find(rest, what, &at); rest = str_skip(rest, at + what.n)) seen++;
        if (seen >= n) return true;
        if (!readable(fd, 100)) continue;
        char *room = buf_room(&b, 4096);
        ssize_t k = recv(fd, room, 4096, MSG_DONTWAIT);
        if (k <= 0) return false;
        buf_grew(&b, (size_t)k);
    }
    return false;
}

static void wait_followers_gone(struct site *s, i64 n) { WAIT_FOR(site_seen(s).follow_closed == n); }

static void still_serves(struct site *s, struct op *op)
{
    struct reply r = site_raw(s, op, S("GET /api/text/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    assert_int_equal(r.status, 200);
}

TEST(http_patience_slow_head)
{
    struct site *s = site_start(op, &(struct site_options){ .slow_head_us = MSEC(400) });
    static const char head[] = "GET /api/text/a HTTP/1.1\r\nHost: x\r\nX-Long: ";
    int drip = site_connect(s), mute = site_connect(s), body = site_connect(s);
    i64 from = time_mono_us(), until = test_deadline();
    RAW(body, "PUT /api/things/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
              "50\r\n\r\n{");
    raw_send(drip, str_of(head));
    while (!readable(drip, 20) && time_mono_us() < until) raw_send(drip, S("x")); /* never idle */
    assert_true(raw_closed(drip));
    assert_true(time_mono_us() - from >= MSEC(400));
    assert_true(raw_closed(mute));
    assert_true(raw_closed(body));
    still_serves(s, op);
    close(drip), close(mute), close(body);
    site_stop(s);
}

TEST(http_patience_followers_hear_a_beat)
{
    struct site *s = site_start(op, &(struct site_options){ .beat_us = MSEC(100) });
    int sse = site_connect(s), lines = site_connect(s);
    RAW(sse, "GET /live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    RAW(lines, "GET /live HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n\r\n");
    assert_true(hears(op, sse, S(": beat\n\n"), 3));
    assert_true(hears(op, lines, S("\n\n\n"), 1));
    close(sse), close(lines);
    wait_followers_gone(s, 2);
    site_stop(s);
}

TEST(http_patience_lost_peers)
{
    struct site *s = site_start(op, &(struct site_options){ .beat_us = MSEC(100), .stuck_us = MSEC(500) });
    int follower = site_connect(s), socket = site_connect(s), small = 4096;
    setsockopt(follower, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    RAW(follower, "GET /live HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hears(op, follower, S("hello"), 1));
    i64 from = time_mono_us();
    /* A follower that takes nothing, as one whose machine has vanished. */
    char text[16400];
    int n = snprintf(text, sizeof text, "{\"pad\":\"%016000d\"}", 0);
    for (int i = 0; i < 200; i++) { /* no faster than the kernel takes them, or the ring only drops them */
        site_broadcast(s, (str){ text, (size_t)n });
        usleep(500);
    }
    wait_followers_gone(s, 1);
    assert_true(time_mono_us() - from >= MSEC(500));
    /* A WebSocket that never answers a ping. */
    RAW(socket, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assert_true(hears(op, socket, S("\x89"), 1)); /* a ping */
    assert_true(raw_closed(socket));
    WAIT_FOR(site_seen(s).ws_closed == 1);
    still_serves(s, op);
    close(follower), close(socket);
    site_stop(s);
}

TEST(http_patience_full_queue)
{
    enum { CLIENTS = 60 };
    struct site *s = site_start(op, &(struct site_options){ .workers = 2, .max_queue = 5 });
    int fd[CLIENTS], served = 0, refused = 0;
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = site_connect(s);
        RAW(fd[i], "GET /api/text/a?wait_ms=100 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for (int i = 0; i < CLIENTS; i++) {
        struct reply r = raw_reply(op, fd[i], false);
        str after;
        if (r.status == 200) served++;
        else {
            assert_problem(&r, 503, "unavailable");
            assert_true(reply_header(&r, "Retry-After", &after));
            assert_str(after, S("1"));
            refused++;
        }
        close(fd[i]);
    }
    assert_true(served >= 2 && refused > 0); /* every one of them had an answer */
    assert_int_equal(served + refused, CLIENTS);
    still_serves(s, op);
    site_stop(s);
}

/* Two hundred that drip, do not read or only hold on, beside those who work. */
TEST(http_patience_slow_clients_starve_nobody)
{
    enum { SLOW = 200 };
    struct site *s = site_start(op, NULL);
    int fd[SLOW], small = 4096;
    for (int i = 0; i < SLOW; i++) {
        fd[i] = site_connect(s);
        setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        if (i % 4 == 0)
            RAW(fd[i], "GET /api/text/a?size=3000000 HTTP/1.1\r\nHost: x\r\n\r\n"); /* reads nothing */
        if (i % 4 == 1) RAW(fd[i], "GET /api/text/a HTTP/1.1\r\nHo");
        if (i % 4 == 2)
            RAW(fd[i], "PUT /api/things/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       "Content-Length: 5000\r\n\r\n{\"na");
    }
    i64 worst = 0;
    for (int i = 0; i < 200; i++) {
        i64 from = time_mono_us();
        still_serves(s, op);
        worst = MAX(worst, time_mono_us() - from);
        if (i % 10 == 0)
            for (int k = 1; k < SLOW; k += 4) raw_send(fd[k], S("s"));
    }
    assert_true(worst < SEC(20)); /* a client that starves others does so for half a minute or for good */
    for (int i = 0; i < SLOW; i++) close(fd[i]);
    site_stop(s);
}
