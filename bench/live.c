/* Ten thousand listeners to one topic: `bench-live [N]`. The server is this process, the clients are a child:
 * N WebSockets over loopback, each subscribed to the same topic; then events one at a time, each timed until
 * the last client has it. Prints one line a figure. */
#include "base/log.h"
#include "feature/account/right.h"
#include "feature/channel/channel.h"
#include "feature/feature.h"
#include "net/http.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 20, TEXT = 2048 };

static const struct topic topics[] = {
    { "bench/all", TOPIC_EVENTS, NULL, &nothing_desc, RIGHT_PUBLIC, .doc = "To everybody." },
};
static const struct feature bench = { .name = "bench", .topics = topics, .ntopics = 1 };

static i64 resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1) bug("no /proc/self/statm");
    fclose(f);
    return (i64)pages * sysconf(_SC_PAGESIZE);
}

/* The clients. */

struct conn {
    int fd;
    bool shaken;
    size_t n;
    char text[TEXT];
};
struct crowd {
    int n, epoll, port;
    struct conn *conn;
    int subscribed, heard;
};

static void say(int fd, const void *p, size_t n)
{
    if (write(fd, p, n) != (ssize_t)n) bug("a client cannot write: %s", strerror(errno));
}

static void subscribe(struct conn *c)
{
    static const char text[] = "{\"op\":\"sub\",\"id\":1,\"topic\":\"bench/all\"}";
    u8 frame[6 + sizeof text] = { 0x81, 0x80 | (sizeof text - 1) }; /* a mask of zeros */
    memcpy(frame + 6, text, sizeof text - 1);
    say(c->fd, frame, 6 + sizeof text - 1);
}

/* One whole message at p, or 0: its length with the head. */
static size_t message_size(const char *p, size_t n)
{
    size_t length = n >= 2 ? (u8)p[1] : 0, head = 2;
    if (n < 2) return 0;
    if (length == 126) {
        if (n < 4) return 0;
        length = (size_t)(u8)p[2] << 8 | (u8)p[3];
        head = 4;
    }
    return n >= head + length ? head + length : 0;
}

static void take(struct crowd *w, struct conn *c)
{
    size_t used = 0, size;
    if (!c->shaken) {
        char *end = memmem(c->text, c->n, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(c->text, "HTTP/1.1 101", 12) != 0) bug("refused: %.*s", (int)c->n, c->text);
        c->shaken = true;
        used = (size_t)(end + 4 - c->text);
        subscribe(c);
    }
    for (; (size = message_size(c->text + used, c->n - used)); used += size) {
        const char *text = c->text + used + (((u8)c->text[used + 1]) == 126 ? 4 : 2);
        w->subscribed += !memcmp(text, "{\"op\":\"sub.ok\"", 14);
        w->heard += !memcmp(text, "{\"op\":\"evt\"", 11);
    }
    memmove(c->text, c->text + used, c->n - used);
    c->n -= used;
}

static void service(struct crowd *w)
{
    struct epoll_event e[512];
    int n = epoll_wait(w->epoll, e, 512, 1000);
    for (int i = 0; i < n; i++) {
        struct conn *c = e[i].data.ptr;
        ssize_t got = read(c->fd, c->text + c->n, TEXT - c->n);
        if (got <= 0) bug("a client was sent away: %s", got ? strerror(errno) : "the end");
        c->n += (size_t)got;
        take(w, c);
    }
}

static void join_one(struct crowd *w, struct conn *c)
{
    static const char hello[] =
        "GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((u16)w->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to)) bug("connect: %s", strerror(errno));
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, c->fd, &e)) bug("epoll_ctl: %s", strerror(errno));
    say(c->fd, hello, sizeof hello - 1);
}

static void crowd_main(int n, int from_server, int to_server)
{
    struct crowd w = { .n = n, .epoll = epoll_create1(EPOLL_CLOEXEC) };
    i64 began;
    if (read(from_server, &w.port, sizeof w.port) != sizeof w.port) bug("the server is gone");
    w.conn = mem_alloc((size_t)n * sizeof *w.conn);
    began = time_mono_us();
    for (int i = 0; i < n; i++) {
        join_one(&w, &w.conn[i]);
        while (w.subscribed < i - 200) service(&w);
    }
    while (w.subscribed < n) service(&w);
    i64 took = time_mono_us() - began;
    say(to_server, &took, sizeof took);
    for (int e = 1; e <= EVENTS; e++) {
        while (w.heard < n * e) service(&w);
        i64 now = time_mono_us();
        say(to_server, &now, sizeof now);
    }
    char end;
    if (read(from_server, &end, 1) < 0) bug("the server is gone");
    exit(0);
}

/* The server. */

static i64 told(int from_crowd)
{
    i64 v;
    if (read(from_crowd, &v, sizeof v) != sizeof v) bug("the clients are gone");
    return v;
}

static int compare(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return (x > y) - (x < y);
}

static void serve(int n, int to_crowd, int from_crowd)
{
    static const struct feature *const all[] = { &channel_feature, &bench };
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system, .id = S("bench") };
    const struct route *routes[] = { channel_feature.routes };
    size_t nroutes[] = { channel_feature.nroutes };
    struct http_options o = { .listen = S("127.0.0.1:0"), .max_connections = n + 100 };
    struct http *http;
    channel_know_features(all, 2);
    if (channel_feature.start(&op) || http_start(&op, &o, routes, nroutes, 1, &http))
        bug("no server: %.*s", STR(op.err.msg));
    i64 before = resident(), took[EVENTS];
    int port = http_port(http);
    say(to_crowd, &port, sizeof port);
    printf("%d subscribers came in %.1f s\n", n, (double)told(from_crowd) / 1e6);
    printf("%.1f KiB of memory a subscriber\n", (double)(resident() - before) / n / 1024);
    for (int e = 0; e < EVENTS; e++) {
        usleep(100000);
        i64 began = time_mono_us();
        channel_send(S("bench/all"), (str){ 0 },
                     S("{\"what\":\"an event of some eighty bytes, as a state is: running, 12345\"}"));
        took[e] = told(from_crowd) - began;
    }
    qsort(took, EVENTS, sizeof *took, compare);
    printf("one event to all: %.1f ms (median of %d), at most %.1f ms\n", (double)took[EVENTS / 2] / 1e3,
           EVENTS, (double)took[EVENTS - 1] / 1e3);
    printf("%.1f KiB of memory a subscriber after that\n", (double)(resident() - before) / n / 1024);
    close(to_crowd);
    http_stop(http, SEC(5));
    channel_feature.stop();
    arena_free(&a);
}

int main(int argc, char **argv)
{
    i64 n = 10000;
    struct rlimit r;
    if (argc > 1 && !str_to_i64(str_of(argv[1]), &n)) bug("usage: bench-live [N]");
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    log_setup(LOG_LEVEL_WARN, false);
    int down[2], up[2];
    if (pipe(down) || pipe(up)) bug("no pipe");
    pid_t crowd = fork();
    if (crowd < 0) bug("fork: %s", strerror(errno));
    if (!crowd) {
        close(down[1]);
        close(up[0]);
        crowd_main((int)n, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    serve((int)n, down[1], up[0]);
    int status;
    waitpid(crowd, &status, 0);
    return status != 0;
}
