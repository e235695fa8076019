/* Health checks of a unit, one at a time, without ever blocking the shim: a connection that is polled, or a
 * process that is waited for. Failures within the start period do not count; `retries` in a row do. */
#include "agent/shim_impl.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct unit_health *rule(const struct shim *s) { return &s->spec->entry.health; }

void shim_health_begin(struct shim *s, i64 now)
{
    const struct unit_health *h = rule(s);
    s->health = (struct health){ .fd = -1 };
    s->state.health = h->type == HEALTH_NONE ? SHIM_HEALTH_NONE : SHIM_HEALTH_STARTING;
    /* The first look comes early, so that a good start is seen at once. */
    if (h->type != HEALTH_NONE) s->health.next_us = now + MIN(h->interval_us, MSEC(100));
}

void shim_health_end(struct shim *s)
{
    if (s->health.fd >= 0) close(s->health.fd);
    if (s->health.pid > 0) kill(-s->health.pid, SIGKILL);
    s->health = (struct health){ .fd = -1 };
    s->state.health = SHIM_HEALTH_NONE;
}

static void verdict(struct shim *s, bool good, const char *why, i64 now)
{
    struct health *h = &s->health;
    if (h->fd >= 0) close(h->fd);
    h->fd = -1;
    h->pid = 0;
    h->deadline_us = 0;
    bool early = s->state.health == SHIM_HEALTH_STARTING && now - s->began_us < rule(s)->start_period_us;
    h->next_us = now + (early ? MIN(rule(s)->interval_us, MSEC(250)) : rule(s)->interval_us);
    if (good) {
        h->failures = 0;
        if (s->state.health == SHIM_HEALTH_GOOD) return;
        s->state.health = SHIM_HEALTH_GOOD;
        shim_event(s, LEVEL_INFO, "healthy", "health check passed");
        shim_changed(s);
        return;
    }
    if (early || ++h->failures < rule(s)->retries) return;
    shim_event(s, LEVEL_ERROR, "unhealthy", "health check failed %lld times: %s", (long long)h->failures,
               why);
    char cause[160];
    snprintf(cause, sizeof cause, "unhealthy: %s", why);
    s->state.health = SHIM_HEALTH_BAD;
    h->next_us = 0;
    shim_kill(s, cause);
}

static void begin_exec(struct shim *s, i64 now)
{
    struct arena scratch = { 0 };
    struct op op = { .arena = &scratch, .who = &principal_system };
    struct launch l = s->launch;
    int report;
    pid_t pid = 0;
    err_t e = launch_command(&op, s->spec, s->start->dirs, &s->ports, rule(s)->command.item,
                             rule(s)->command.n, &l);
    if (!e) e = launch_start(&op, &l, &pid, &report);
    if (e) {
        char why[160];
        snprintf(why, sizeof why, "%.*s", STR(op.err.msg));
        verdict(s, false, why, now);
    } else {
        close(report); /* a command that cannot be run ends with 127 */
        s->health.pid = pid;
    }
    arena_free(&scratch);
}

static void begin_connect(struct shim *s, i64 now)
{
    i64 port = rule(s)->port ? rule(s)->port : s->ports.port[0];
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((u16)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    s->health.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->health.fd < 0 ||
        (connect(s->health.fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS))
        verdict(s, false, strerror(errno), now);
}

static void begin(struct shim *s, i64 now)
{
    s->health.deadline_us = now + rule(s)->timeout_us;
    s->health.next_us = 0;
    s->health.sent = false;
    s->health.n = 0;
    if (rule(s)->type == HEALTH_EXEC) begin_exec(s, now);
    else begin_connect(s, now);
}

static void ask(struct shim *s, i64 now)
{
    int e = 0;
    socklen_t size = sizeof e;
    char text[1400];
    if (getsockopt(s->health.fd, SOL_SOCKET, SO_ERROR, &e, &size) || e) {
        verdict(s, false, strerror(e), now);
        return;
    }
    if (rule(s)->type == HEALTH_TCP) {
        verdict(s, true, "", now);
        return;
    }
    int n = snprintf(
        text, sizeof text,
        "GET %.*s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: netbit-health\r\nConnection: close\r\n\r\n",
        STR(rule(s)->path));
    if (send(s->health.fd, text, (size_t)n, MSG_NOSIGNAL) != n) verdict(s, false, strerror(errno), now);
    s->health.sent = true;
}

/* "HTTP/1.1 204": the status is all that matters. */
static void hear(struct shim *s, i64 now)
{
    struct health *h = &s->health;
    ssize_t n = recv(h->fd, h->answer + h->n, sizeof h->answer - 1 - h->n, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) h->n += (size_t)n;
    h->answer[h->n] = 0;
    if (n > 0 && h->n < 12) return;
    int status = 0;
    bool http = sscanf(h->answer, "HTTP/1.%*1d %3d", &status) == 1;
    char why[64];
    snprintf(why, sizeof why, http ? "HTTP status %d" : "no HTTP answer", status);
    verdict(s, http && status >= 200 && status < 400, why, now);
}

void shim_health_exited(struct shim *s, int wait_status, i64 now)
{
    char why[64];
    snprintf(why, sizeof why, "the check ended with %d",
             WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1);
    verdict(s, WIFEXITED(wait_status) && !WEXITSTATUS(wait_status), why, now);
}

void shim_health_step(struct shim *s, i64 now, short ready)
{
    struct health *h = &s->health;
    if (rule(s)->type == HEALTH_NONE || s->phase != PHASE_RUNNING || s->state.status != UNIT_RUNNING) return;
    if (h->fd >= 0 && ready) {
        if (!h->sent) ask(s, now);
        else hear(s, now);
    }
    if (h->deadline_us && now >= h->deadline_us) {
        if (h->pid > 0) kill(-h->pid, SIGKILL);
        verdict(s, false, "no answer in time", now);
    } else if (h->next_us && now >= h->next_us) {
        begin(s, now);
    }
}

i64 shim_health_deadline(const struct shim *s)
{
    if (s->phase != PHASE_RUNNING || s->state.status != UNIT_RUNNING) return 0;
    return s->health.deadline_us ? s->health.deadline_us : s->health.next_us;
}
