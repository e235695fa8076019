/* The shim's end of its socket: orders in, states out, and the agent started again when it vanished without
 * a word. */
#include "agent/shim_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GREW_EVERY_US = 50000 };

static bool trusted(int fd)
{
    struct ucred who;
    socklen_t size = sizeof who;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) && (who.uid == geteuid() || who.uid == 0);
}

static void send_report(struct shim *s, struct conn *c, int kind, u64 id, err_t code)
{
    struct shim_report r = {
        .size = sizeof r, .kind = (u32)kind, .id = id, .code = (i32)code, .state = s->state
    };
    for (int i = 0; i < SHIM_LOGS; i++) r.state.log_end[i] = s->log[i].offset;
    if (send(c->fd, &r, sizeof r, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == ENOBUFS))
        c->dirty = true;
}

void shim_accept(struct shim *s)
{
    int fd = accept4(s->start->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    for (int i = 0; i < SHIM_CONNS && trusted(fd); i++)
        if (s->conn[i].fd < 0) {
            s->conn[i] = (struct conn){ .fd = fd };
            send_report(s, &s->conn[i], REPORT_STATE, 0, OK);
            return;
        }
    close(fd);
}

/* A stop is answered when all is over, a restart when the program runs or will not. */
static u64 answered(struct shim *s, struct conn *c)
{
    u64 id = 0;
    bool settled = s->phase == PHASE_RUNNING || s->phase == PHASE_OVER || s->phase == PHASE_WAITING;
    if (s->phase == PHASE_OVER && c->stop_id) {
        id = c->stop_id;
        c->stop_id = 0;
    } else if (settled && s->goal == GOAL_RUN && c->restart_id) {
        id = c->restart_id;
        c->restart_id = 0;
    }
    return id;
}

void shim_send_states(struct shim *s, bool changed)
{
    for (int i = 0; i < SHIM_CONNS; i++) {
        struct conn *c = &s->conn[i];
        if (c->fd < 0 || (!changed && !c->dirty)) continue;
        c->dirty = false;
        send_report(s, c, REPORT_STATE, answered(s, c), OK);
    }
}

void shim_grew(struct shim *s, i64 now)
{
    if (now < s->grew_us) return;
    for (int i = 0; i < SHIM_CONNS; i++) {
        struct conn *c = &s->conn[i];
        bool grew = false;
        for (int k = 0; k < SHIM_LOGS; k++) grew |= s->log[k].offset > c->seen[k];
        if (c->fd < 0 || !c->watching || !grew) continue;
        c->watching = false;
        s->grew_us = now + GREW_EVERY_US;
        send_report(s, c, REPORT_GREW, 0, OK);
    }
}

static void lost(struct shim *s, struct conn *c, i64 now)
{
    close(c->fd);
    *c = (struct conn){ .fd = -1 };
    if (!s->revive || s->phase == PHASE_OVER) return;
    /* Shims do not all try at once; the lock decides between those that do. */
    s->revive_us = now + MSEC(20) + (i64)rand_below((u64)MSEC(200));
}

static void obey(struct shim *s, struct conn *c, const struct shim_order *o)
{
    err_t e = OK;
    switch ((enum shim_order_kind)o->kind) {
    case ORDER_HELLO:
        s->revive = o->flags & ORDER_REVIVE;
        s->revive_us = 0;
        break;
    case ORDER_BYE: s->revive = false; return;
    case ORDER_STOP:
        if (o->id) c->stop_id = o->id;
        shim_order_stop(s, o->flags & ORDER_FORCE);
        return;
    case ORDER_RESTART:
        c->restart_id = o->id;
        shim_order_restart(s, o->flags & ORDER_FORCE);
        return;
    case ORDER_PAUSE: e = shim_order_pause(s, true); break;
    case ORDER_RESUME: e = shim_order_pause(s, false); break;
    case ORDER_WATCH:
        memcpy(c->seen, o->seen, sizeof c->seen);
        c->watching = true;
        return;
    }
    if (o->id) send_report(s, c, REPORT_STATE, o->id, e);
}

void shim_receive(struct shim *s, struct conn *c)
{
    struct shim_order o = { 0 };
    ssize_t n = recv(c->fd, &o, sizeof o, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) lost(s, c, time_mono_us());
    else if (n >= (ssize_t)offsetof(struct shim_order, seen)) obey(s, c, &o);
}

static bool agent_is_away(const struct shim *s)
{
    int fd = open(s->start->lock_path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT;
    bool away = !lock_is_taken(fd);
    close(fd);
    return away;
}

/* The new agent becomes our sibling: as our child it would belong to the unit and die with it. */
static void start_agent(const struct shim *s)
{
    struct clone_args a = { .flags = CLONE_PARENT };
    if (syscall(SYS_clone3, &a, sizeof a)) return;
    char *const argv[] = { (char[]){ "netbit" }, (char[]){ "agent" }, (char[]){ "--daemon" }, NULL };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    launch_restore_files();
    execv(s->start->agent_program, argv);
    execv("/proc/self/exe", argv); /* the program was moved meanwhile: this one still is open */
    _exit(127);
}

void shim_revive(struct shim *s, i64 now)
{
    if (!s->revive_us || now < s->revive_us) return;
    for (int i = 0; i < SHIM_CONNS; i++)
        if (s->conn[i].fd >= 0) s->revive_us = 0;
    if (!s->revive || !s->revive_us) return;
    s->revive_us = now + SEC(3);
    if (agent_is_away(s)) start_agent(s);
}
