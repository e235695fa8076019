/* Load for stores of series, over keep-alive HTTP/1.1 connections with one request in flight each.
 *
 *   bench-series-load write PORT PATH line|json|binary POINTS BATCH START_SECOND TOKEN CONNECTIONS [SERIES
 * STEP NAME]
 *   bench-series-load keep PORT PATH line|binary POINTS BATCH START_SECOND TOKEN CONNECTIONS SECONDS
 *   bench-series-load read PORT SECONDS TOKEN CONNECTIONS < paths, one a line, asked in turn
 *
 * `keep` writes for so many seconds without a pause: the bodies of POINTS points again and again, each time
 * later by as many seconds as they cover. Who is told to come again later (503) does, with the same body.
 * It prints a line for each ten seconds, too.
 *
 * What is written: 200 series `NAME,dev=d042 temp=` (in JSON and binary NAME_temp), a point every STEP
 * seconds each, random walks of two decimals. All bodies are made before the clock starts. TOKEN "-": none.
 * Prints one JSON object. */
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include <arpa/inet.h>
#include <endian.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERIES = 200, CONNECTIONS_MAX = 256, RUN = 10000 /* most points of a series in a batch */ };

struct request {
    str bytes, body;
    bool busy; /* under way */
};
struct answer { /* as far as it has been read */
    bool head, chunked, done;
    i64 left; /* of the body, or of the chunk */
    i64 again_s;
    int status;
    size_t n; /* of line or head that is being read */
    char text[8192];
};
struct connection {
    int fd;
    struct request *request; /* NULL: idle */
    size_t sent;
    i64 began_us, not_before_us;
    struct answer answer;
};
struct load {
    struct request *request;
    size_t n;
    struct connection connection[CONNECTIONS_MAX];
    int connections;
    i64 *took_us;
    size_t asked, answered, wrong, bytes;
    bool keeps;
    void (*later)(str body, i64 seconds); /* moves a body's times on, */
    i64 cover, batch;                     /* by how much; points of one */
    size_t taken, refused;                /* of the requests, for ever; answers that said "later" */
    struct {
        i64 began_us;
        size_t answered, refused; /* before it */
    } window;
};

/* A number in fixed notation with two decimals; a good deal faster than printf. */
static void put_centi(struct buf *b, i64 v)
{
    if (v < 0) buf_char(b, '-');
    v = v < 0 ? -v : v;
    buf_i64(b, v / 100);
    char tail[3] = { '.', (char)('0' + v / 10 % 10), (char)('0' + v % 10) };
    buf_put(b, (str){ tail, 3 });
}

struct walk {
    double v[SERIES];
    i64 second, step;
    size_t series;
    const char *name;
    size_t n; /* points given out */
};
static i64 walk_next(struct walk *w, size_t *series, i64 *second)
{
    *series = w->n % w->series;
    *second = w->second + (i64)(w->n++ / w->series) * w->step;
    w->v[*series] += (drand48() - 0.5) * 0.2;
    return llround(w->v[*series] * 100);
}

static void put_name(struct buf *b, const struct walk *w, str before, size_t s, str after)
{
    char digits[] = { (char)('0' + s / 100), (char)('0' + s / 10 % 10), (char)('0' + s % 10) };
    buf_z(b, w->name);
    buf_put(b, before);
    buf_put(b, (str){ digits, sizeof digits });
    buf_put(b, after);
}

static void body_line(struct buf *b, struct walk *w, size_t points)
{
    for (size_t i = 0, s; i < points; i++) {
        i64 second, v = walk_next(w, &s, &second);
        put_name(b, w, S(",dev=d"), s, S(" temp="));
        put_centi(b, v);
        buf_char(b, ' ');
        buf_i64(b, second);
        buf_put(b, S("000000000\n"));
    }
}

/* Points by series, as senders that keep a buffer a series have them. */
struct column {
    size_t n;
    i64 second[RUN], v[RUN];
};
static void columns(struct column *c, struct walk *w, size_t points)
{
    for (size_t s = 0; s < SERIES; s++) c[s].n = 0;
    for (size_t i = 0, s; i < points; i++) {
        i64 second, v = walk_next(w, &s, &second);
        if (c[s].n == LEN(c[s].v)) bug("a batch is too large");
        c[s].second[c[s].n] = second;
        c[s].v[c[s].n++] = v;
    }
}

static void body_json(struct buf *b, struct walk *w, size_t points)
{
    static struct column c[SERIES];
    columns(c, w, points);
    buf_put(b, S("{\"series\":["));
    for (size_t s = 0; s < SERIES; s++) {
        if (!c[s].n) continue;
        buf_put(b, s ? S(",{\"name\":\"") : S("{\"name\":\""));
        put_name(b, w, S("_temp\",\"labels\":{\"dev\":\"d"), s, S("\"},\"points\":["));
        for (size_t i = 0; i < c[s].n; i++) {
            buf_put(b, i ? S(",[") : S("["));
            buf_i64(b, c[s].second[i]);
            buf_put(b, S("000000,"));
            put_centi(b, c[s].v[i]);
            buf_char(b, ']');
        }
        buf_put(b, S("]}"));
    }
    buf_put(b, S("]}"));
}

static void put_le(struct buf *b, u64 v, size_t bytes)
{
    v = htole64(v);
    buf_put(b, (str){ (const char *)&v, bytes });
}

/* docs/wire-points.md */
static void body_binary(struct buf *b, struct walk *w, size_t points)
{
    static struct column c[SERIES];
    struct arena a = { 0 };
    struct buf names = BUF(&a);
    columns(c, w, points);
    for (size_t s = 0; s < w->series; s++) {
        char dev[] = { 'd', (char)('0' + s / 100), (char)('0' + s / 10 % 10), (char)('0' + s % 10) };
        put_le(&names, 0, 1); /* double */
        put_le(&names, 1, 1); /* label */
        put_le(&names, strlen(w->name) + 5, 2);
        put_le(&names, 0, 2); /* no unit */
        put_le(&names, c[s].n, 4);
        buf_z(&names, w->name);
        buf_put(&names, S("_temp"));
        put_le(&names, 3, 2);
        put_le(&names, sizeof dev, 2);
        buf_put(&names, S("dev"));
        buf_put(&names, (str){ dev, sizeof dev });
    }
    buf_put(b, S("nbp1"));
    put_le(b, w->series, 4);
    put_le(b, names.n, 4);
    put_le(b, 0, 4);
    buf_put(b, buf_str(&names));
    put_le(b, 0, -b->n & 7);
    for (size_t s = 0; s < w->series; s++) {
        for (size_t i = 0; i < c[s].n; i++) put_le(b, (u64)c[s].second[i] * 1000000, 8);
        for (size_t i = 0; i < c[s].n; i++) {
            double v = (double)c[s].v[i] / 100;
            u64 bits;
            memcpy(&bits, &v, sizeof bits);
            put_le(b, bits, 8);
        }
    }
    arena_free(&a);
}

/* All of a line's time but its nanoseconds are ten digits. */
static void later_line(str body, i64 seconds)
{
    enum { DIGITS = 10, NANOS = 9 };
    char *at = (char *)(uintptr_t)body.p, *end = at + body.n;
    for (char *line; (line = memchr(at, '\n', (size_t)(end - at))); at = line + 1) {
        char *digit = line - NANOS - DIGITS;
        i64 v = 0;
        for (int i = 0; i < DIGITS; i++) v = v * 10 + digit[i] - '0';
        v += seconds;
        for (int i = DIGITS; i-- > 0; v /= 10) digit[i] = (char)('0' + v % 10);
    }
}

/* As body_binary() makes it: every series has as many points. */
static void later_binary(str body, i64 seconds)
{
    u32 series, names;
    memcpy(&series, body.p + 4, sizeof series);
    memcpy(&names, body.p + 8, sizeof names);
    char *at = (char *)(uintptr_t)body.p + ((16 + (size_t)le32toh(names) + 7) & ~(size_t)7);
    size_t each = (size_t)(body.p + body.n - at) / 16 / le32toh(series);
    for (u32 s = 0; s < le32toh(series); s++, at += 8 * each)
        for (size_t i = 0; i < each; i++, at += 8) {
            u64 t;
            memcpy(&t, at, sizeof t);
            t = htole64(le64toh(t) + (u64)seconds * 1000000);
            memcpy(at, &t, sizeof t);
        }
}

static const struct format {
    const char *name, *type;
    void (*body)(struct buf *, struct walk *, size_t points);
    void (*later)(str body, i64 seconds);
} formats[] = { { "line", "text/plain", body_line, later_line },
                { "json", "application/json", body_json, NULL },
                { "binary", "application/vnd.netbit.points", body_binary, later_binary } };

static const struct format *format_of(const char *name)
{
    for (size_t i = 0; i < LEN(formats); i++)
        if (str_eq(str_of(formats[i].name), str_of(name))) return &formats[i];
    bug("no format '%s'", name);
}

static void head_of(struct buf *b, const char *method, str path, const char *port, const char *token)
{
    buf_printf(b, "%s %.*s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n", method, STR(path), port);
    if (token[0] != '-') buf_printf(b, "Authorization: Bearer %s\r\n", token);
}

static void add_request(struct load *l, const struct buf *b, size_t body)
{
    char *copy = mem_alloc(b->n);
    str all = { memcpy(copy, b->p, b->n), b->n };
    l->request[l->n++] = (struct request){ .bytes = all, .body = str_skip(all, all.n - body) };
}

static i64 number(const char *text)
{
    i64 v;
    if (!str_to_i64(str_of(text), &v)) bug("'%s' is not a number", text);
    return v;
}

/* PORT PATH FORMAT POINTS BATCH START_SECOND TOKEN CONNECTIONS [SERIES STEP NAME] */
static void make_writes(struct load *l, char **arg, bool more)
{
    static struct walk w;
    const struct format *f = format_of(arg[2]);
    i64 points = number(arg[3]), batch = number(arg[4]);
    w.second = number(arg[5]);
    w.series = more ? (size_t)number(arg[8]) : SERIES;
    w.step = more ? number(arg[9]) : 1;
    w.name = more ? arg[10] : "sensor";
    if (w.series < 1 || w.series > SERIES) bug("at most %d series", SERIES);
    srand48(7);
    for (size_t s = 0; s < SERIES; s++) w.v[s] = 20 + drand48() * 10;
    l->request = mem_alloc((size_t)(points / batch) * sizeof *l->request);
    l->later = f->later;
    l->batch = batch;
    l->cover = points / batch * batch / (i64)w.series * w.step;
    for (i64 done = 0; done + batch <= points; done += batch) {
        struct arena a = { 0 };
        struct buf body = BUF(&a), all = BUF(&a);
        buf_room(&body, (size_t)batch * 50 + 65536);
        f->body(&body, &w, (size_t)batch);
        buf_room(&all, body.n + 1024);
        head_of(&all, "POST", str_of(arg[1]), arg[0], arg[6]);
        buf_printf(&all, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", f->type, body.n);
        buf_put(&all, buf_str(&body));
        add_request(l, &all, body.n);
        arena_free(&a);
    }
}

/* PORT TOKEN, paths from stdin. */
static void make_reads(struct load *l, const char *port, const char *token)
{
    char line[4096];
    size_t cap = 0;
    while (fgets(line, sizeof line, stdin)) {
        struct arena a = { 0 };
        struct buf b = BUF(&a);
        if (l->n == cap) l->request = mem_resize(l->request, (cap = cap * 2 + 64) * sizeof *l->request);
        head_of(&b, "GET", str_trim(str_of(line)), port, token);
        buf_put(&b, S("\r\n"));
        add_request(l, &b, 0);
        arena_free(&a);
    }
    if (!l->n) bug("no paths");
}

static void open_connections(struct load *l, i64 port, i64 count)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((u16)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int yes = 1;
    if (count < 1 || count > CONNECTIONS_MAX) bug("at most %d connections", CONNECTIONS_MAX);
    l->connections = (int)count;
    for (int i = 0; i < l->connections; i++) {
        int fd = l->connection[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) bug("cannot connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
}

static void head_line(struct answer *a)
{
    str line = str_trim((str){ a->text, a->n }), name, value;
    i64 n;
    a->n = 0;
    if (!line.n) {
        a->head = true;
        a->done = !a->chunked && (!a->left || a->status == 204);
    } else if (str_starts(line, S("HTTP/1.1 "))) {
        a->status = str_to_i64(str_head(str_skip(line, 9), 3), &n) ? (int)n : 0;
    } else if (str_cut(line, ':', &name, &value)) {
        if (str_eq_fold(name, S("content-length")) && str_to_i64(str_trim(value), &n)) a->left = n;
        if (str_eq_fold(name, S("retry-after")) && str_to_i64(str_trim(value), &n)) a->again_s = n;
        if (str_eq_fold(name, S("transfer-encoding"))) a->chunked = true;
    }
}

static void chunk_line(struct answer *a)
{
    a->text[a->n] = 0;
    str line = str_trim((str){ a->text, a->n });
    a->n = 0;
    if (!line.n) return; /* the end of the chunk before, or of all */
    a->left = (i64)strtoull(line.p, NULL, 16);
    a->done = !a->left; /* its blank line is skipped when the next answer begins */
}

/* Reads on; how many bytes were taken. */
static size_t answer_add(struct answer *a, const char *p, size_t n)
{
    size_t at = 0;
    while (at < n && !a->done) {
        if (a->head && a->left) {
            size_t some = MIN(n - at, (size_t)a->left);
            at += some;
            a->left -= (i64)some;
            a->done = !a->left && !a->chunked;
            continue;
        }
        if (a->n + 1 == sizeof a->text) bug("a line too long");
        a->text[a->n++] = p[at++];
        if (a->text[a->n - 1] != '\n') continue;
        if (!a->head) head_line(a);
        else chunk_line(a);
    }
    return at;
}

static void begin(struct load *l, struct connection *c)
{
    do c->request = &l->request[l->taken++ % l->n];
    while (l->keeps && c->request->busy);
    if (l->keeps && l->taken > l->n) l->later(c->request->body, l->cover);
    c->request->busy = true;
    l->asked++;
    c->sent = 0;
    c->began_us = time_mono_us();
    c->answer = (struct answer){ 0 };
}

static int by_size(const void *a, const void *b)
{
    const i64 *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell_window(struct load *l)
{
    i64 now = time_mono_us(), *took = l->took_us + l->window.answered;
    size_t n = l->answered - l->window.answered;
    double seconds = (double)(now - l->window.began_us) / 1e6;
    if (!n) return;
    qsort(took, n, sizeof *took, by_size);
    fprintf(stderr, "%.1f s: %.2f M points/s, p50 %.1f p99 %.1f max %.1f ms, %zu times later\n", seconds,
            (double)n * (double)l->batch / seconds / 1e6, (double)took[n / 2] / 1e3,
            (double)took[n * 99 / 100] / 1e3, (double)took[n - 1] / 1e3, l->refused - l->window.refused);
    l->window.began_us = now;
    l->window.answered = l->answered;
    l->window.refused = l->refused;
}

static void end(struct load *l, struct connection *c)
{
    i64 now = time_mono_us();
    if (l->keeps && c->answer.status == 503) {
        l->refused++;
        c->not_before_us = now + MAX(c->answer.again_s, 1) * 1000000;
        c->answer = (struct answer){ 0 };
        c->sent = 0;
        return;
    }
    l->took_us[l->answered++] = now - c->began_us;
    if (c->answer.status / 100 != 2) l->wrong++;
    c->request->busy = false;
    c->request = NULL;
    if (l->keeps && now - l->window.began_us >= 10000000) tell_window(l);
}

static void serve(struct load *l, struct connection *c, short events)
{
    static char in[1 << 16];
    if (events & POLLOUT) {
        ssize_t n = send(c->fd, c->request->bytes.p + c->sent, c->request->bytes.n - c->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) c->sent += (size_t)n;
    }
    if (!(events & (POLLIN | POLLHUP | POLLERR))) return;
    ssize_t n = recv(c->fd, in, sizeof in - 1, MSG_DONTWAIT);
    if (!n) bug("the server hung up");
    if (n < 0) return;
    l->bytes += (size_t)n;
    size_t at = 0;
    if (!c->request) return; /* the blank line behind the last chunk */
    while (c->answer.n == 0 && !c->answer.head && at < (size_t)n && (in[at] == '\r' || in[at] == '\n')) at++;
    answer_add(&c->answer, in + at, (size_t)n - at);
    if (!c->answer.done) return;
    if (c->answer.status / 100 != 2 && !l->wrong && !l->refused)
        fprintf(stderr, "%.*s\n", (int)MIN(n, 600), in);
    end(l, c);
}

/* Until `most` requests are answered or the time is up. Seconds that it took. */
static double run(struct load *l, size_t most, i64 us)
{
    struct pollfd wait[CONNECTIONS_MAX];
    l->took_us = mem_alloc(most * sizeof *l->took_us);
    i64 from = time_mono_us();
    l->window.began_us = from;
    for (;;) {
        i64 now = time_mono_us(), again_us = now + 30000000;
        bool more = l->asked < most && now - from < us;
        size_t busy = 0;
        for (int i = 0; i < l->connections; i++) {
            struct connection *c = &l->connection[i];
            if (!c->request && more && l->asked < most) begin(l, c);
            busy += c->request != NULL;
            bool sending = c->request && c->sent < c->request->bytes.n && c->not_before_us <= now;
            if (c->request && c->not_before_us > now) again_us = MIN(again_us, c->not_before_us);
            wait[i] = (struct pollfd){ .fd = c->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0)) };
        }
        if (!busy) break;
        int got = poll(wait, (nfds_t)l->connections, (int)((again_us - now) / 1000) + 1);
        if (got <= 0 && time_mono_us() - now >= 30000000) bug("no answer for 30 seconds");
        for (int i = 0; i < l->connections; i++)
            if (wait[i].revents) serve(l, &l->connection[i], wait[i].revents);
    }
    qsort(l->took_us, l->answered, sizeof *l->took_us, by_size);
    return (double)(time_mono_us() - from) / 1e6;
}

int main(int argc, char **argv)
{
    static struct load l;
    bool writing = (argc == 10 || argc == 13) && !strcmp(argv[1], "write");
    l.keeps = argc == 11 && !strcmp(argv[1], "keep");
    if (!writing && !l.keeps && !(argc == 6 && !strcmp(argv[1], "read"))) {
        fprintf(stderr, "see the head of load.c\n");
        return 2;
    }
    if (writing || l.keeps) make_writes(&l, argv + 2, argc == 13);
    else make_reads(&l, argv[2], argv[4]);
    if (l.keeps && !l.later) bug("these bodies cannot be sent again");
    open_connections(&l, number(argv[2]), number(argv[writing || l.keeps ? 9 : 5]));
    double seconds =
        writing ? run(&l, l.n, INT64_MAX / 2) : run(&l, 10000000, number(argv[l.keeps ? 10 : 3]) * 1000000);
    double points = (double)l.answered * (double)l.batch;
    printf("{\"requests\":%zu,\"wrong\":%zu,\"later\":%zu,\"seconds\":%.3f,\"points_per_s\":%.0f,"
           "\"requests_per_s\":%.1f,\"p50_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"max_ms\":%.3f,\"bytes\":%zu}\n",
           l.answered, l.wrong, l.refused, seconds, points / seconds, (double)l.answered / seconds,
           (double)l.took_us[l.answered / 2] / 1e3, (double)l.took_us[l.answered * 99 / 100] / 1e3,
           (double)l.took_us[l.answered - 1] / 1e3, l.bytes);
    return 0;
}
