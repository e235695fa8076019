/* How connections end: those whose peer goes at the wrong moment, and all of them when the server stops. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static void reset(int fd)
{
    struct linger now = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* The connection is gone between the answer of the operation and the live thread: what was opened is closed.
 */
TEST(http_stop_peers_that_leave_before_they_are_served)
{
    static const char *const ask[] = {
        "GET /live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    };
    enum { ROUNDS = 20 };
    struct site *s = site_start(op, NULL);
    for (i64 i = 0; i < ROUNDS * (i64)LEN(ask); i++) {
        site_hold(s, true);
        int fd = site_connect(s);
        raw_send(fd, str_of(ask[i % (i64)LEN(ask)]));
        WAIT_FOR(site_seen(s).live_opened == i + 1);
        reset(fd);
        site_hold(s, false);
        WAIT_FOR(site_seen(s).follow_closed + site_seen(s).ws_closed == i + 1);
    }
    assert_int_equal(site_followers(s), 0);
    site_stop(s);
}

struct fire {
    int port;
    atomic_bool over;
    _Atomic i64 answered;
};

/* Keeps requests under way on a connection until the server ends it, then on another, until nobody listens.
 */
static void *fire_main(void *arg)
{
    struct fire *f = arg;
    static const char request[] = "GET /api/text/a?size=10 HTTP/1.1\r\nHost: x\r\n\r\n";
    char got[16384];
    while (!atomic_load(&f->over)) {
        int fd = raw_connect(f->port);
        if (fd < 0) break;
        for (bool ok = true; ok;) {
            ok = send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0 &&
                 send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0 && recv(fd, got, sizeof got, 0) > 0;
            atomic_fetch_add(&f->answered, ok);
        }
        close(fd);
    }
    return NULL;
}

TEST(http_stop_under_fire)
{
    enum { ROUNDS = 20, GUNS = 12 };
    for (int round = 0; round < ROUNDS; round++) {
        struct site *s = site_start(op, NULL);
        struct fire f = { .port = site_port(s) };
        pthread_t gun[GUNS];
        for (size_t i = 0; i < GUNS; i++) pthread_create(&gun[i], NULL, fire_main, &f);
        WAIT_FOR(atomic_load(&f.answered) > 200);
        site_stop(s);
        atomic_store(&f.over, true);
        for (size_t i = 0; i < GUNS; i++) pthread_join(gun[i], NULL);
    }
}

/* One connection after the other, each for one request. */
static void *leave_main(void *arg)
{
    struct fire *f = arg;
    static const char request[] = "GET /api/text/a?size=10 HTTP/1.1\r\nHost: x\r\n\r\n";
    char got[16384];
    while (!atomic_load(&f->over)) {
        int fd = raw_connect(f->port);
        if (fd < 0) break;
        bool ok = send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0 && recv(fd, got, sizeof got, 0) > 0;
        atomic_fetch_add(&f->answered, ok);
        close(fd);
    }
    return NULL;
}

/* Its threads are busy with connections that end while it begins to stop. */
TEST(http_stop_while_peers_leave)
{
    enum { ROUNDS = 150, PEERS = 8 };
    for (int round = 0; round < ROUNDS; round++) {
        struct site *s = site_start(op, NULL);
        struct fire f = { .port = site_port(s) };
        pthread_t gun;
        pthread_create(&gun, NULL, leave_main, &f);
        WAIT_FOR(atomic_load(&f.answered) > round % PEERS);
        site_stop(s);
        atomic_store(&f.over, true);
        pthread_join(gun, NULL);
    }
}
