#include "net/outgoing.h"
#include "tests/unit/test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

static bool is_public(const char *text)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    struct sockaddr_in6 b = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &a.sin_addr) == 1) return address_is_public((const void *)&a);
    assert_int_equal(inet_pton(AF_INET6, text, &b.sin6_addr), 1);
    return address_is_public((const void *)&b);
}

TEST(outgoing_knows_public_addresses)
{
    static const char *const closed[] = {
        "127.0.0.1",       "127.255.1.2",     "0.0.0.0",         "10.1.2.3",    "172.16.0.1",
        "172.31.255.255",  "192.168.1.1",     "169.254.169.254", "100.64.0.1",  "192.0.2.1",
        "198.18.0.1",      "224.0.0.1",       "255.255.255.255", "::1",         "::",
        "fe80::1",         "fc00::1",         "fd12::1",         "ff02::1",     "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",   "2001:db8::1", "2001::1",
        "3fff::1",         "::127.0.0.1",
    };
    static const char *const open[] = { "8.8.8.8",         "172.32.0.1",     "172.15.0.1",
                                        "100.63.0.1",      "100.128.0.1",    "192.169.0.1",
                                        "2a00:1450::1",    "::ffff:8.8.8.8", "64:ff9b::808:808",
                                        "2002:808:808::1", "2606:4700::1" };
    for (size_t i = 0; i < LEN(closed); i++)
        if (is_public(closed[i])) test_fail(__FILE__, __LINE__, "%s", closed[i]);
    for (size_t i = 0; i < LEN(open); i++)
        if (!is_public(open[i])) test_fail(__FILE__, __LINE__, "%s", open[i]);
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_is_public(&other));
}

TEST(outgoing_checks_urls)
{
    static const char *const bad[] = { "ftp://example.org/x",
                                       "file:///etc/passwd",
                                       "http://127.0.0.1/",
                                       "http://localhost:80/",
                                       "http://[::1]/",
                                       "http://2130706433/",
                                       "http://0x7f.1/",
                                       "http://user:pw@example.org/",
                                       "gopher://x",
                                       "",
                                       "http://",
                                       "nonsense",
                                       "http://169.254.169.254/latest/meta-data" };
    for (size_t i = 0; i < LEN(bad); i++) {
        if (outgoing_check(op, "url", str_of(bad[i]), false) != ERR_INVALID)
            test_fail(__FILE__, __LINE__, "%s", bad[i]);
        assert_str(op->err.field, S("url"));
        op_clear(op);
    }
    assert_ok(op, outgoing_check(op, "url", S("http://127.0.0.1:9/x"), true));
    assert_ok(op, outgoing_check(op, "url", S("https://8.8.8.8/hook?a=b"), false));
    assert_ok(op, outgoing_check(op, "url", S("https://a-name-that-nobody-has.invalid/"), false));
    assert_err(op, ERR_INVALID, outgoing_check(op, "url", S("ftp://8.8.8.8/"), true));
}

/* A listener that answers one connection with what it is told to. */
struct listener {
    int fd, port;
    pthread_t thread;
    const char *answer;
    _Atomic int met;
    char got[4096];
};
static void *serve_one(void *arg)
{
    struct listener *l = arg;
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0) return NULL;
    l->met++;
    ssize_t n = recv(fd, l->got, sizeof l->got - 1, 0);
    if (n > 0 && l->answer && write(fd, l->answer, strlen(l->answer)) < 0) l->met = -1;
    close(fd);
    return NULL;
}
static void listener_start(struct listener *l, const char *answer)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    *l = (struct listener){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .answer = answer };
    assert_int_equal(bind(l->fd, (const void *)&a, sizeof a), 0);
    assert_int_equal(listen(l->fd, 4), 0);
    assert_int_equal(getsockname(l->fd, (void *)&a, &n), 0);
    l->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&l->thread, NULL, serve_one, l), 0);
}
static void listener_stop(struct listener *l)
{
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->thread, NULL);
    close(l->fd);
}

TEST(outgoing_posts_and_is_guarded)
{
    struct listener l;
    int status = 0;
    listener_start(&l, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    struct outgoing_header h = { "Netbit-Event", S("firing") };
    struct outgoing o = { .url = arena_printf(op->arena, "http://127.0.0.1:%d/hook", l.port),
                          .content_type = S("application/json"),
                          .body = S("{\"a\":1}"),
                          .header = &h,
                          .nheaders = 1 };
    assert_err(op, ERR_FORBIDDEN, outgoing_post(op, &o, &status));
    o.url = arena_printf(op->arena, "http://localhost:%d/hook", l.port); /* by name, too */
    assert_err(op, ERR_FORBIDDEN, outgoing_post(op, &o, &status));
    assert_int_equal(l.met, 0);
    o.private_too = true;
    o.url = arena_printf(op->arena, "http://127.0.0.1:%d/hook", l.port);
    assert_ok(op, outgoing_post(op, &o, &status));
    assert_int_equal(status, 302); /* is not followed */
    listener_stop(&l);
    assert_int_equal(l.met, 1);
    size_t at;
    assert_true(str_starts(str_of(l.got), S("POST /hook HTTP/1.1\r\n")));
    assert_true(str_find(str_of(l.got), S("\r\nNetbit-Event: firing\r\n"), &at));
    assert_true(str_ends(str_of(l.got), S("\r\n\r\n{\"a\":1}")));
    o.timeout_us = SEC(2);
    assert_err(op, ERR_UNAVAILABLE, outgoing_post(op, &o, &status)); /* nobody listens any more */
}

TEST(outgoing_mail_addresses)
{
    static const char *const bad[] = {
        "", "a", "a@", "@b", "a b@c", "a@b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "a@b,c@d", "\"a\"@b", "é@b"
    };
    for (size_t i = 0; i < LEN(bad); i++)
        if (mail_address_ok(str_of(bad[i]))) test_fail(__FILE__, __LINE__, "%s", bad[i]);
    assert_true(mail_address_ok(S("ops+netbit@mail.example.org")));
}
