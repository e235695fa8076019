/* Handshakes, and followers, over plain sockets. */
#include "base/fs.h"
#include "feature/channel/channel_test_util.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int plain(const struct world *w)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((u16)w->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(connect(fd, (struct sockaddr *)&to, sizeof to), errno);
    return fd;
}

/* The head of the answer to a handshake. */
static str shake(struct world *w, const char *path, const char *headers)
{
    struct buf b = BUF(w->op->arena);
    AUTO(fd) int fd = plain(w);
    str ask = arena_printf(w->op->arena,
                           "GET %s HTTP/1.1\r\nHost: node.test\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                           path, headers);
    assert_true(fs_write_all(fd, ask));
    while (!str_find(buf_str(&b), S("\r\n\r\n"), &(size_t){ 0 })) {
        ssize_t n = recv(fd, buf_room(&b, 4096), 4096, 0);
        assert_true(n > 0);
        buf_grew(&b, (size_t)n);
    }
    return buf_str(&b);
}

/* Its own page, or a program; a page of another origin may not even when it has a token. */
WORLD(channel_handshake)
{
    know();
    struct person ann = world_person(w, "ann");
    str path = arena_printf(op->arena, "/api/v1/live?access_token=%.*s", STR(ann.token));
    const struct {
        const char *path, *headers, *answer;
    } all[] = {
        { "/api/v1/live", "", "HTTP/1.1 101" },
        { "/api/v1/live", "Origin: http://evil.example\r\n", "HTTP/1.1 403" },
        { "/api/v1/live", "Origin: http://node.test\r\n", "HTTP/1.1 101" },
        { path.p, "", "HTTP/1.1 101" },
        { path.p, "Origin: http://evil.example\r\n", "HTTP/1.1 403" },
        { "/api/v1/live?access_token=nbp_wrong", "", "HTTP/1.1 401" },
        { "/api/v1/live", "Sec-WebSocket-Protocol: other\r\n", "HTTP/1.1 400" },
    };
    size_t at;
    for (size_t i = 0; i < LEN(all); i++) {
        str head = shake(w, all[i].path, all[i].headers);
        if (!str_starts(head, str_of(all[i].answer)))
            test_fail(__FILE__, __LINE__, "%s %s: %.*s", all[i].path, all[i].headers, STR(head));
    }
    str head = shake(w, "/api/v1/live", "Sec-WebSocket-Protocol: x, live.v1\r\n");
    assert_true(str_find(head, S("\r\nSec-WebSocket-Protocol: live.v1\r\n"), &at));
    assert_false(str_find(shake(w, "/api/v1/live", ""), S("Sec-WebSocket-Protocol"), &at));
}

/* Followers. */

static str read_until(struct world *w, int fd, const char *end)
{
    struct buf b = BUF(w->op->arena);
    while (!str_find(buf_str(&b), str_of(end), &(size_t){ 0 })) {
        ssize_t n = recv(fd, buf_room(&b, 4096), 4096, 0);
        if (n <= 0) test_fail(__FILE__, __LINE__, "ended: %.*s", STR(buf_str(&b)));
        buf_grew(&b, (size_t)n);
    }
    return buf_str(&b);
}

static int follow(struct world *w, const char *topic, const char *headers)
{
    int fd = plain(w);
    assert_true(fs_write_all(
        fd, arena_printf(w->op->arena, "GET /api/v1/live/follow?topic=%s HTTP/1.1\r\nHost: x\r\n%s\r\n",
                         topic, headers)));
    return fd;
}

WORLD(channel_followers)
{
    know();
    size_t at;
    int fd = follow(w, "t/a/state", "");
    str got = read_until(w, fd, "{\"name\":\"a\"}\n\n");
    assert_true(str_find(got, S("Content-Type: text/event-stream"), &at));
    assert_true(str_find(got, S("event: snap\nid: "), &at));
    send_numbered("t/a/state", NULL, 1);
    got = read_until(w, fd, "data: {\"n\":1}\n\n");
    close(fd);

    fd = follow(w, "t/a/events", "Accept: application/x-ndjson\r\n");
    read_until(w, fd, "\r\n\r\n");
    for (int i = 0; i < 2; i++) send_numbered("t/a/events", NULL, i);
    got = read_until(w, fd, "{\"n\":1}}\n");
    close(fd);
    assert_true(str_find(got, S("{\"id\":\""), &at));
    str id, rest = str_skip(got, at + 7);
    str_cut(rest, '"', &id, &rest); /* of the first */
    for (int i = 2; i < 4; i++) send_numbered("t/a/events", NULL, i);
    fd = follow(w, "t/a/events", arena_printf(op->arena, "Last-Event-ID: %.*s\r\n", STR(id)).p);
    got = read_until(w, fd, "data: {\"n\":3}\n\n");
    assert_true(str_find(got, S("data: {\"n\":1}\n\n"), &at));
    assert_true(str_find(got, S("data: {\"n\":2}\n\n"), &at));
    assert_false(str_find(got, S("data: {\"n\":0}\n\n"), &at));
    atomic_store(&closed_to_all, true);
    OTHER_OP(o, op);
    assert_ok(o, account_token_drop(o, world_person(w, "x").id, S("test"))); /* something was revoked */
    assert_ok(o, db_flush(o));
    ask_again(op);
    read_until(w, fd, "event: err\ndata: {\"code\":\"forbidden\"}\n\n");
    char end;
    assert_int_equal(recv(fd, &end, 1, 0), 0);
    close(fd);
    fd = follow(w, "t/hidden/events", "");
    assert_true(str_starts(read_until(w, fd, "\r\n\r\n"), S("HTTP/1.1 404")));
    close(fd);
    fd = follow(w, "t/hidden/nothing", "");
    assert_true(str_starts(read_until(w, fd, "\r\n\r\n"), S("HTTP/1.1 404")));
    close(fd);
}

WORLD(channel_follows_points)
{
    know();
    int fd = follow(w, "t/a/points", "");
    read_until(w, fd, "\r\n\r\n");
    const i64 t[] = { 5, 6 };
    const double v[] = { 1.5, -2 };
    channel_points(S("t/a/points"), t, v, 2);
    read_until(w, fd, "data: [[5,1.5],[6,-2]]\n\n");
    close(fd);
}
