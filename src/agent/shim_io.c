/* What the unit writes. Whole lines go to the log in as large pieces as the pipe gives. A unit that writes
 * line by line would wake us for each: after a small read the pipes are left alone for a millisecond, so one
 * read takes what has gathered, and no byte waits longer than that. */
#include "agent/shim_impl.h"
#include "base/fs.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIPE_SIZE = 256 << 10,
    SMALL = 16 << 10,       /* a read below this is worth waiting for more */
    QUIET_US = 1000,        /* how long */
    UNFINISHED_US = 200000, /* a line without its end is written after this */
    ROUNDS = 16,            /* reads at a stretch before other descriptors get their turn */
};
const char *const shim_logs[SHIM_LOGS] = { "out", "metrics", "events" };

static err_t open_pipe(struct op *op, struct pipe_in *p)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC)) return fail(op, ERR_UNAVAILABLE, "pipe: %s", strerror(errno));
    p->rd = fd[0];
    p->wr = fd[1];
    fcntl(p->rd, F_SETFL, O_NONBLOCK);
    fcntl(p->wr, F_SETPIPE_SZ, PIPE_SIZE); /* a wish: the kernel may keep its 64 KiB */
    return OK;
}

/* Sockets for the unit's own metrics. Without them it still runs. */
static void open_datagrams(struct shim *s)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof in;
    s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->udp >= 0 && !bind(s->udp, (struct sockaddr *)&in, size) &&
        !getsockname(s->udp, (struct sockaddr *)&in, &size))
        s->ports.udp = ntohs(in.sin_port);
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    if (metrics_socket_open(&op, s->start->dirs->data, &s->start->dirs->metrics, &s->unix_in))
        shim_event(s, LEVEL_WARN, "metrics_socket", "no socket for metrics: %.*s", STR(op.err.msg));
    arena_free(op.arena);
}

err_t shim_io_open(struct shim *s, struct op *op)
{
    const struct unit_logs *l = &s->spec->entry.logs;
    const struct {
        i64 rotate, keep;
    } size[SHIM_LOGS] = { { l->rotate, l->keep }, { MIB(4), 2 }, { MIB(1), 2 } };
    s->logs_dir = open(s->start->dirs->logs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->logs_dir < 0)
        return fail(op, ERR_UNAVAILABLE, "open '%s': %s", s->start->dirs->logs, strerror(errno));
    for (int i = 0; i < SHIM_LOGS; i++)
        TRY(capture_open(op, s->logs_dir, shim_logs[i], size[i].rotate, size[i].keep, &s->log[i]));
    for (int i = 0; i < 2; i++) TRY(open_pipe(op, &s->in[i]));
    open_datagrams(s);
    return OK;
}

static void tell_losses(struct shim *s)
{
    struct capture *c = &s->log[SHIM_LOG_OUT];
    if (!c->lost_bytes) return;
    u64 lines = c->lost_lines, bytes = c->lost_bytes;
    c->lost_lines = c->lost_bytes = 0;
    shim_event(s, LEVEL_ERROR, "log_lost", "%llu lines (%llu bytes) could not be written: is the disk full?",
               (unsigned long long)lines, (unsigned long long)bytes);
}

/* Writes what is whole, keeps the beginning of the next line. */
static void take(struct shim *s, int which, size_t upto)
{
    struct pipe_in *p = &s->in[which];
    bool ok = capture_write(&s->log[SHIM_LOG_OUT], (u16)which, (str){ p->bytes, upto });
    p->n -= upto;
    if (p->n) memmove(p->bytes, p->bytes + upto, p->n);
    if (ok) tell_losses(s);
}

void shim_io_read(struct shim *s, int which, i64 now)
{
    struct pipe_in *p = &s->in[which];
    size_t total = 0;
    for (int i = 0; i < ROUNDS; i++) {
        ssize_t n = read(p->rd, p->bytes + p->n, PIPE_BYTES - p->n);
        if (n <= 0) break;
        total += (size_t)n;
        size_t from = p->n;
        p->n += (size_t)n;
        const char *last = memrchr(p->bytes + from, '\n', (size_t)n);
        if (last) take(s, which, (size_t)(last + 1 - p->bytes));
        else if (p->n == PIPE_BYTES) take(s, which, p->n);
        if (p->n && last) p->since_us = now;
        if (!from && !last) p->since_us = now;
        if (n < SMALL) break;
    }
    if (total && total < SMALL && now - s->read_us < 2 * QUIET_US) s->quiet_us = now + QUIET_US;
    s->read_us = now;
}

void shim_io_flush(struct shim *s, bool all, i64 now)
{
    for (int i = 0; i < 2; i++)
        if (s->in[i].n && (all || now - s->in[i].since_us >= UNFINISHED_US)) take(s, i, s->in[i].n);
}

i64 shim_io_deadline(const struct shim *s)
{
    i64 least = 0;
    for (int i = 0; i < 2; i++) {
        i64 at = s->in[i].n ? s->in[i].since_us + UNFINISHED_US : 0;
        if (at && (!least || at < least)) least = at;
    }
    return least;
}

void shim_io_datagram(struct shim *s, int fd)
{
    static char text[65536];
    for (int i = 0; i < ROUNDS; i++) {
        ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (n <= 0) return;
        if (text[n - 1] != '\n') text[n++] = '\n';
        capture_write(&s->log[SHIM_LOG_METRICS], 0, (str){ text, (size_t)n });
    }
}
