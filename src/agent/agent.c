/* The loop: signals, local programs, shims, the server, and what is due by the clock. */
#include "agent/agent.h"
#include "agent/agent_client.h"
#include "agent/agent_impl.h"
#include "agent/memory.h"
#include "agent/sandbox.h"
#include "base/fs.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIM_AFTER_US = 2000000 };

void agent_watch(struct agent *a, struct source *s, u32 events)
{
    struct epoll_event e = { .events = events, .data.ptr = s };
    if (epoll_ctl(a->epoll, EPOLL_CTL_MOD, s->fd, &e) && epoll_ctl(a->epoll, EPOLL_CTL_ADD, s->fd, &e))
        bug("epoll_ctl: %s", strerror(errno));
}

/* Sources that were closed while their events still waited in this turn's batch. */
static struct epoll_event *batch;
static int batch_n;

void agent_unwatch(struct agent *a, struct source *s)
{
    int fd = s->fd;
    agent_forget(a, s);
    if (fd >= 0) close(fd);
}

void agent_forget(struct agent *a, struct source *s)
{
    if (s->fd < 0) return;
    epoll_ctl(a->epoll, EPOLL_CTL_DEL, s->fd, NULL);
    s->fd = -1;
    for (int i = 0; i < batch_n; i++)
        if (batch[i].data.ptr == s) batch[i].data.ptr = NULL;
}

static void on_signal(struct agent *a, struct source *from, u32 events)
{
    struct signalfd_siginfo si;
    (void)events;
    while (read(from->fd, &si, sizeof si) == sizeof si) {
        if (si.ssi_signo == SIGCHLD) continue;
        if (si.ssi_signo == SIGHUP) a->reload = true;
        a->stop = true;
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
}

static void catch_signals(struct agent *a)
{
    sigset_t set;
    sigemptyset(&set);
    static const int caught[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < LEN(caught); i++) sigaddset(&set, caught[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    a->signals = (struct source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), on_signal };
    agent_watch(a, &a->signals, EPOLLIN);
}

/* ---- beginning ---- */

static const char *own_program(struct arena *arena)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? str_z(arena, (str){ path, (size_t)n }) : "/proc/self/exe";
}

static const char *users_home(struct arena *arena)
{
    const struct passwd *p = getpwuid(geteuid());
    const char *env = getenv("HOME");
    return str_z(arena, str_of(env && env[0] == '/' ? env : p ? p->pw_dir : "/"));
}

static err_t take_lock(struct agent *a, struct op *op)
{
    char pid[24];
    const char *path = arena_printf(op->arena, "%s/agent.lock", a->root).p;
    if (a->lock < 0) a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (a->lock < 0) return fail(op, ERR_UNAVAILABLE, "open '%s': %s", path, strerror(errno));
    if (!lock_take(a->lock)) return fail(op, ERR_CONFLICT, "another agent serves this user");
    int n = snprintf(pid, sizeof pid, "%d\n", getpid());
    if (ftruncate(a->lock, 0) || pwrite(a->lock, pid, (size_t)n, 0) != n)
        return fail(op, ERR_UNAVAILABLE, "write '%s': %s", path, strerror(errno));
    return OK;
}

static err_t begin(struct agent *a, struct op *op, const struct agent_options *o)
{
    *a = (struct agent){ .detached = o->detached, .lock = o->lock_fd, .listen = { .fd = o->listen_fd } };
    if (o->lock_fd >= 0) fcntl(o->lock_fd, F_SETFD, FD_CLOEXEC);
    if (o->listen_fd >= 0) fcntl(o->listen_fd, F_SETFD, FD_CLOEXEC);
    a->root = str_z(&a->arena, spark_path(op, ""));
    a->home = users_home(&a->arena);
    a->program = o->program ? o->program : own_program(&a->arena);
    TRY(fs_make_dirs(op, arena_printf(op->arena, "%s/units", a->root).p, 0700));
    TRY(take_lock(a, op));
    a->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (a->epoll < 0) return fail(op, ERR_UNAVAILABLE, "epoll: %s", strerror(errno));
    launch_raise_files();
    memory_setup();
    catch_signals(a);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    cgroup_find(&a->cgroups);
    if (sandbox_setup(op)) {
        LOG_WARN("units run without a system call filter", KV("why", op->err.msg));
        op_clear(op);
    }
    return api_listen(a, op);
}

/* ---- the loop ---- */

static int until(const struct agent *a, i64 now)
{
    i64 at[] = { units_deadline(a), uplink_deadline(a), a->nunits ? a->measure_us : 0,
                 a->dirty ? a->trim_us : 0 };
    i64 least = 0;
    for (size_t i = 0; i < LEN(at); i++)
        if (at[i] && (!least || at[i] < least)) least = at[i];
    if (!least) return -1;
    return least <= now ? 0 : (int)MIN((least - now) / 1000 + 1, 1000000);
}

static void on_time(struct agent *a)
{
    i64 now = time_mono_us();
    units_step(a, now);
    measure_step(a, now);
    uplink_step(a, now);
    if (!a->dirty) a->trim_us = now + TRIM_AFTER_US;
    else if (now >= a->trim_us) {
        memory_trim();
        a->dirty = false;
    }
}

static void loop(struct agent *a)
{
    static struct epoll_event events[32];
    batch = events;
    while (!a->stop) {
        batch_n = epoll_wait(a->epoll, events, LEN(events), until(a, time_mono_us()));
        for (int i = 0; i < batch_n; i++) {
            struct source *s = events[i].data.ptr;
            if (s) s->ready(a, s, events[i].events);
        }
        on_time(a);
    }
    batch_n = 0;
}

static bool finish(struct agent *a)
{
    bool waits = uplink_end(a);
    for (size_t i = 0; i < a->nunits && !a->reload; i++) unit_order(a, a->unit[i], ORDER_BYE, 0, 0);
    api_close(a);
    return waits;
}

/* The program now on disk takes over this process, its lock and its socket: nobody is refused meanwhile, and
 * the shims notice no more than a short absence. */
static err_t replace_self(struct agent *a, struct op *op)
{
    char listener[16], lock[16];
    snprintf(listener, sizeof listener, "%d", a->listen.fd);
    snprintf(lock, sizeof lock, "%d", a->lock);
    char *const argv[] = { (char[]){ "netbit" },
                           (char[]){ "agent" },
                           (char[]){ "--listen-fd" },
                           listener,
                           (char[]){ "--lock-fd" },
                           lock,
                           a->detached ? (char[]){ "--detached" } : NULL,
                           NULL };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    launch_restore_files();
    fcntl(a->lock, F_SETFD, 0);
    fcntl(a->listen.fd, F_SETFD, 0);
    execv(a->program, argv);
    return fail(op, ERR_UNAVAILABLE, "start '%s': %s", a->program, strerror(errno));
}

/* With what still waits for the server (uplink_end). */
static NORETURN void leave(struct op *op, err_t e)
{
    if (e) LOG_ERROR("agent ends", KV("why", op->err.msg));
    _exit(e != OK);
}

static err_t serve(struct agent *a, struct op *op, const struct agent_options *o)
{
    TRY(begin(a, op, o));
    a->pool = memory_unshared(AGENT_UNITS * sizeof *a->pool);
    a->unit = memory_unshared(AGENT_UNITS * sizeof *a->unit);
    uplink_begin(a);
    units_adopt(a);
    if (o->ready_fd >= 0) {
        if (write(o->ready_fd, "1", 1) != 1) LOG_WARN("nobody waits for the agent");
        close(o->ready_fd);
    }
    LOG_INFO("agent", KV("pid", getpid()), KV("units", a->nunits), KV("dir", a->root));
    a->dirty = true;
    arena_reset(op->arena);
    loop(a);
    bool waits = finish(a);
    err_t e = a->reload ? replace_self(a, op) : OK;
    if (waits) leave(op, e);
    return e;
}

err_t agent_run(struct op *op, const struct agent_options *o)
{
    struct agent *a = MEM_NEW(struct agent);
    err_t e = serve(a, op, o);
    arena_free(&a->arena);
    mem_free(a);
    return e;
}
