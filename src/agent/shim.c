/* The life of a unit's program: started, watched, ended, started again. One loop, no threads, no blocking
 * calls; phases say what is awaited. A phase ends only when the kernel says so (a report's end, no child
 * left), never after a guess. */
#include "agent/memory.h"
#include "agent/shim_impl.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    KILL_AGAIN_US = 50000,
    TRIM_AFTER_US = 500000,
    SETTLE_US = 2000,
};
const char *const shim_healths[] = { "", "starting", "healthy", "unhealthy", NULL };

static struct shim the_shim;

/* ---- telling ---- */

static void write_state(struct shim *s)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system };
    const struct shim_state *t = &s->state;
    struct unit_state f = {
        .boot_id = str_of(proc_boot_id()),
        .status = t->status,
        .reason = str_of(t->reason),
        .health = str_of(shim_healths[t->health]),
        .isolation = str_of(t->isolation),
        .pid = t->pid,
        .pid_start = t->pid_start,
        .shim_pid = t->shim_pid,
        .shim_start = t->shim_start,
        .restarts = t->restarts,
        .exit_code = t->exit_code,
        .port = t->port,
        .last = t->last,
        .started_at = { t->started_us },
        .stopped_at = { t->stopped_us },
    };
    /* A full disk must not stop the unit: the agent hears the state all the same. */
    if (unit_state_write(&op, s->start->dirs->unit, &f)) op_clear(&op);
    arena_free(&a);
}

void shim_changed(struct shim *s)
{
    shim_send_states(s, true);
    write_state(s);
}

static void put_event(struct shim *s, int level, const char *event, str message)
{
    struct arena a = { 0 };
    struct buf data = BUF(&a), line = BUF(&a);
    buf_put(&data, S("{\"event\":"));
    json_put_str(&data, str_of(event));
    buf_printf(&data, ",\"pid\":%lld,\"restarts\":%lld}", (long long)s->state.pid,
               (long long)s->state.restarts);
    struct telemetry t = { .telemetry_type = level >= LEVEL_ERROR ? TELEMETRY_ERROR : TELEMETRY_EVENT,
                           .level = level,
                           .message = message,
                           .data = { buf_str(&data) },
                           .timestamp = time_now() };
    desc_write(&line, &telemetry_desc, &t);
    buf_char(&line, '\n');
    capture_write(&s->log[SHIM_LOG_EVENTS], 0, buf_str(&line));
    arena_free(&a);
}

void shim_event(struct shim *s, int level, const char *event, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    put_event(s, level, event, str_of(text));
}

static void set_reason(struct shim *s, const char *text)
{
    snprintf(s->state.reason, sizeof s->state.reason, "%s", text);
}

/* ---- the end of it all ---- */

static NORETURN void leave(struct shim *s)
{
    shim_io_flush(s, true, time_mono_us());
    shim_spare_end(s);
    s->phase = PHASE_OVER;
    s->state.last = s->interrupted ? SHIM_INTERRUPTED : SHIM_LAST;
    /* Whoever hears the last words may start the unit anew at once: by then nothing holds it any more. */
    write_state(s);
    cgroup_remove(s->start->cgroups, s->start->dirs->id);
    close(s->start->lock);
    shim_accept(s); /* an agent that was not heard yet hears the end */
    shim_send_states(s, true);
    _exit(0);
}

static NORETURN void finish(struct shim *s, int status, const char *reason)
{
    s->state.status = status;
    s->state.pid = s->state.pid_start = s->state.restart_at_us = 0;
    set_reason(s, reason);
    if (status == UNIT_FAILED) shim_event(s, LEVEL_ERROR, "failed", "failed: %s", reason);
    else shim_event(s, LEVEL_INFO, "stopped", "stopped%s%s", reason[0] ? ": " : "", reason);
    leave(s);
}

/* ---- starting ---- */

err_t shim_prepare(struct shim *s, struct op *op, struct unit_ports *io, struct launch *l)
{
    TRY(launch_prepare(op, s->spec, s->start->dirs, io, l));
    memcpy(l->skip, s->skip, sizeof l->skip);
    l->out = s->in[STREAM_OUT].wr;
    l->err = s->in[STREAM_ERR].wr;
    l->cgroup = s->cgroup;
    bool by_cgroup = s->limits & CGROUP_PIDS;
    l->user_tasks = l->limits->pids && !by_cgroup && geteuid() ? proc_user_tasks() : -1;
    return OK;
}

static err_t start_child(struct shim *s, struct op *op)
{
    if (shim_spare_take(s)) return OK;
    arena_reset(&s->run);
    TRY(shim_prepare(s, op, &s->ports, &s->launch));
    return launch_start(op, &s->launch, &s->child, &s->report);
}

static void renew_cgroup(struct shim *s)
{
    if (s->cgroup >= 0) close(s->cgroup);
    s->cgroup = cgroup_make(s->start->cgroups, s->start->dirs->id, &s->spec->entry.resources, &s->limits);
}

static void launch(struct shim *s)
{
    if (s->goal == GOAL_RESTART) shim_spare_drop(s); /* the owner wants all of it fresh */
    if (s->forced) renew_cgroup(s);
    struct op op = { .arena = &s->run, .who = &principal_system };
    s->main_gone = s->forced = s->again = s->settle = false;
    s->settle_us = 0;
    s->cause[0] = 0;
    s->goal = GOAL_RUN;
    s->restart_us = s->kill_us = s->state.restart_at_us = 0;
    s->oom_kills = cgroup_oom_kills(s->cgroup);
    if (start_child(s, &op)) {
        char why[180];
        snprintf(why, sizeof why, "cannot start: %.*s", STR(op.err.msg));
        finish(s, UNIT_FAILED, why);
    }
    s->phase = PHASE_STARTING;
    s->state.port = s->ports.port[0];
    s->began_us = time_mono_us();
    s->state.status = UNIT_STARTING;
    s->state.pid = s->child;
}

static void started(struct shim *s)
{
    struct proc_stat st;
    s->phase = PHASE_RUNNING;
    s->state.status = UNIT_RUNNING;
    s->state.pid_start = proc_read(s->child, &st) ? st.start : 0;
    set_reason(s, "");
    shim_view_hold(s);
    shim_watch_begin(s);
    shim_cpu_begin(s, s->began_us);
    shim_health_begin(s, s->began_us);
    shim_describe_isolation(s);
    shim_spare_plan(s);
    shim_changed(s);
    shim_event(s, LEVEL_INFO, "started", "started with pid %d", s->child);
}

/* The child's words before exec; their end means that the program runs. */
static void on_report(struct shim *s)
{
    struct launch_report r;
    ssize_t n;
    while ((n = read(s->report, &r, sizeof r)) == sizeof r) {
        if (r.step == STEP_ISOLATION) {
            s->refused[r.level] = r.error;
            if (r.level == ISO_NAMESPACES) s->again = s->skip[r.level] = true;
        } else if (r.step != STEP_LIMITS) {
            snprintf(s->cause, sizeof s->cause, "cannot start '%s': %s",
                     r.step == STEP_CWD ? s->launch.cwd : s->launch.path, strerror(r.error));
        }
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    close(s->report);
    s->report = -1;
    if (s->phase != PHASE_STARTING || s->cause[0] || s->again || s->main_gone) return;
    s->state.started_us = time_now().us;
    /* After a crash the program comes first: our own bookkeeping would share a processor with its start. */
    if (s->settle) s->settle_us = time_mono_us() + SETTLE_US;
    else started(s);
}

static void settled(struct shim *s)
{
    s->settle_us = 0;
    if (s->phase != PHASE_STARTING) return;
    shim_send_states(s, true); /* that it was started again, then that it runs */
    started(s);
}

/* ---- ending ---- */

void shim_kill(struct shim *s, const char *cause)
{
    if (cause[0] && !s->cause[0]) snprintf(s->cause, sizeof s->cause, "%s", cause);
    s->forced = true;
    s->kill_us = time_mono_us() + KILL_AGAIN_US;
    shim_cpu_end(s);
    shim_spare_drop(s); /* it would be killed with the rest */
    if (s->phase == PHASE_STARTING || s->phase == PHASE_RUNNING) s->phase = PHASE_ENDING;
    if (!cgroup_kill(s->cgroup) && s->child > 0) kill(-s->child, SIGKILL);
    proc_kill_tree(getpid());
}

static void end_gently(struct shim *s, bool force)
{
    if (s->phase == PHASE_ENDING && !force) return;
    if (force) {
        shim_kill(s, "");
        return;
    }
    s->phase = PHASE_ENDING;
    shim_cpu_end(s);
    s->kill_us = time_mono_us() + s->spec->entry.stop.timeout_us;
    kill(-s->child, signal_of(s->spec->entry.stop.signal));
    if (s->state.status == UNIT_PAUSED) shim_still(s, false);
}

void shim_order_stop(struct shim *s, bool force)
{
    s->goal = GOAL_STOP;
    if (s->phase == PHASE_WAITING) finish(s, UNIT_STOPPED, "");
    end_gently(s, force);
}

void shim_order_restart(struct shim *s, bool force)
{
    if (s->goal == GOAL_STOP) return;
    s->goal = GOAL_RESTART;
    if (s->phase == PHASE_WAITING) s->restart_us = time_mono_us();
    else end_gently(s, force);
}

err_t shim_order_pause(struct shim *s, bool pause)
{
    int from = pause ? UNIT_RUNNING : UNIT_PAUSED;
    if (s->state.status != from || s->phase != PHASE_RUNNING)
        return s->state.status == from ? ERR_CONFLICT : OK;
    if (pause) shim_cpu_end(s);
    shim_still(s, pause);
    s->state.status = pause ? UNIT_PAUSED : UNIT_RUNNING;
    if (pause) shim_health_end(s); /* a check of what stands still would only fail */
    if (!pause) shim_health_begin(s, time_mono_us());
    if (!pause) shim_cpu_begin(s, time_mono_us());
    shim_event(s, LEVEL_INFO, pause ? "paused" : "resumed", pause ? "paused" : "resumed");
    shim_changed(s);
    return OK;
}

static void describe_end(struct shim *s, char *out, size_t cap)
{
    int w = s->wait_status;
    bool oom = WIFSIGNALED(w) && WTERMSIG(w) == SIGKILL && s->oom_kills >= 0 &&
               cgroup_oom_kills(s->cgroup) > s->oom_kills;
    s->state.exit_code = WIFSIGNALED(w) ? 128 + WTERMSIG(w) : WEXITSTATUS(w);
    if (s->cause[0]) snprintf(out, cap, "%s", s->cause);
    else if (oom)
        snprintf(out, cap, "out of memory: over the limit of %lld MiB",
                 (long long)(s->spec->entry.resources.memory_max >> 20));
    else if (WIFSIGNALED(w))
        snprintf(out, cap, "killed by signal %d (%s)", WTERMSIG(w), sigabbrev_np(WTERMSIG(w)));
    else if (WEXITSTATUS(w)) snprintf(out, cap, "exit %d", WEXITSTATUS(w));
    else out[0] = 0;
}

static void back_off(struct shim *s, const char *reason, i64 delay_us)
{
    s->phase = PHASE_WAITING;
    s->restart_us = time_mono_us() + delay_us;
    s->state.status = UNIT_STARTING;
    s->state.pid = s->state.pid_start = 0;
    s->state.restart_at_us = time_now().us + delay_us;
    set_reason(s, reason);
}

static void by_policy(struct shim *s, const char *reason)
{
    i64 now = time_mono_us(), delay = 0;
    struct policy_exit x = { .now_us = now,
                             .ran_us = now - s->began_us,
                             .failed = reason[0] != 0,
                             .random = (double)rand_below(1 << 20) / (1 << 20) };
    char text[260];
    switch (policy_next(&s->policy, &s->spec->entry.restart, &x, &delay)) {
    case POLICY_DONE: finish(s, UNIT_STOPPED, "ended by itself");
    case POLICY_FAILED: finish(s, UNIT_FAILED, reason);
    case POLICY_EXHAUSTED:
        snprintf(text, sizeof text, "%s; restarted %lld times, giving up", reason,
                 (long long)s->spec->entry.restart.budget);
        finish(s, UNIT_FAILED, text);
    case POLICY_RESTART: break;
    }
    s->state.restarts++;
    back_off(s, reason, delay);
    if (!delay) launch(s);
    shim_spare_plan_delayed(s, delay);
    shim_event(s, reason[0] ? LEVEL_ERROR : LEVEL_INFO, "restarting", "%s; starting again after %lld ms",
               reason[0] ? reason : "ended", (long long)(delay / 1000));
    if (!s->settle) shim_changed(s);
}

/* Nothing of the unit is left. */
static void ended(struct shim *s)
{
    char reason[200];
    for (int i = 0; i < 2; i++) shim_io_read(s, i, time_mono_us());
    shim_io_flush(s, true, time_mono_us());
    shim_health_end(s);
    s->watch_us = s->kill_us = s->still_us = 0;
    /* Killed while it stood still: what comes next is born into the same group. */
    if (s->state.status == UNIT_PAUSED || s->cpu.held) cgroup_freeze(s->cgroup, false);
    s->cpu = (struct cpu_keeper){ 0 };
    s->child = 0;
    bool never_ran = !s->state.pid_start;
    describe_end(s, reason, sizeof reason);
    s->state.pid = s->state.pid_start = 0;
    s->state.stopped_us = time_now().us;
    if (s->goal == GOAL_STOP) finish(s, UNIT_STOPPED, s->cause);
    if (s->again) launch(s); /* this kernel refuses namespaces: at once again without */
    else if (s->goal == GOAL_RESTART) {
        s->policy = (struct policy){ 0 };
        launch(s);
    } else if (never_ran && s->cause[0]) finish(s, UNIT_FAILED, reason);
    else by_policy(s, reason);
}

static void reaped(struct shim *s, pid_t pid, int status)
{
    if (pid == s->health.pid) shim_health_exited(s, status, time_mono_us());
    if (pid != s->child) return;
    s->main_gone = true;
    s->wait_status = status;
    if (s->report >= 0) on_report(s);
    s->phase = PHASE_ENDING;
}

static void on_children(struct shim *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | __WCLONE)) > 0) {
        if (pid != s->child) shim_spare_ended(s, pid);
        reaped(s, pid, status); /* it was a spare that did not come to its execve */
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) reaped(s, pid, status);
    if (!s->main_gone || s->phase != PHASE_ENDING) return;
    if (pid == 0) shim_kill(s, ""); /* what it left behind goes too */
    else if (!s->spare.dying) ended(s);
}

/* ---- the loop ---- */

static void on_signal(struct shim *s)
{
    struct signalfd_siginfo si;
    bool stop = false;
    while (read(s->signals, &si, sizeof si) == sizeof si)
        stop |= si.ssi_signo != SIGCHLD && si.ssi_signo != SPARE_SIGNAL;
    on_children(s);
    /* The machine goes down, or somebody ends the shim: its unit goes with it in good order. */
    if (!stop) return;
    s->interrupted = true;
    shim_order_stop(s, false);
}

static i64 next_deadline(const struct shim *s, i64 now)
{
    bool held = false; /* a state or a growth that an agent still is to hear */
    for (int i = 0; i < SHIM_CONNS; i++) {
        if (s->conn[i].fd < 0 || !s->conn[i].watching) continue;
        for (int k = 0; k < SHIM_LOGS; k++) held |= s->log[k].offset > s->conn[i].seen[k];
    }
    i64 at[] = { s->restart_us,
                 s->phase == PHASE_ENDING ? s->kill_us : 0,
                 s->watch_us,
                 s->spare.make_us,
                 s->settle_us,
                 s->still_us,
                 s->phase == PHASE_RUNNING ? s->cpu.next_us : 0,
                 shim_health_deadline(s),
                 shim_io_deadline(s),
                 s->revive_us,
                 held ? s->grew_us + 1 : 0,
                 s->quiet_us > now ? s->quiet_us : 0 };
    i64 least = 0;
    for (size_t i = 0; i < LEN(at); i++)
        if (at[i] > 0 && (!least || at[i] < least)) least = at[i];
    return least;
}

static void on_time(struct shim *s)
{
    i64 now = time_mono_us();
    if (s->phase == PHASE_WAITING && now >= s->restart_us) launch(s);
    if (s->settle_us && now >= s->settle_us) settled(s);
    if (s->phase == PHASE_ENDING && s->kill_us && now >= s->kill_us) {
        bool late = s->goal != GOAL_RUN && !s->forced && !s->main_gone;
        shim_kill(s, late ? "did not end in time: killed" : "");
    }
    if (s->phase == PHASE_RUNNING && s->watch_us && now >= s->watch_us) shim_watch(s, now);
    shim_io_flush(s, false, now);
    shim_health_step(s, now, 0);
    shim_revive(s, now);
    shim_grew(s, now);
    shim_spare_step(s, now);
    if (s->phase == PHASE_RUNNING) shim_cpu_step(s, now);
    if (s->still_us && now >= s->still_us) shim_still(s, true);
    if (s->trim_us && now >= s->trim_us) {
        s->trim_us = 0;
        memory_give_back();
    }
}

enum {
    FD_SIGNALS,
    FD_LISTEN,
    FD_REPORT,
    FD_MOUNTS,
    FD_HEALTH,
    FD_UDP,
    FD_UNIX,
    FD_OUT,
    FD_ERR,
    FD_CONN,
    FD__COUNT = FD_CONN + SHIM_CONNS
};

static void collect(const struct shim *s, i64 now, struct pollfd p[static FD__COUNT])
{
    bool quiet = s->quiet_us > now;
    const int fd[FD_CONN] = { s->signals,
                              s->start->listen,
                              s->report,
                              s->spare.pid ? s->spare.mounts : -1,
                              s->health.fd,
                              s->udp,
                              s->unix_in,
                              quiet ? -1 : s->in[0].rd,
                              quiet ? -1 : s->in[1].rd };
    for (int i = 0; i < FD_CONN; i++) p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
    if (s->health.fd >= 0 && !s->health.sent) p[FD_HEALTH].events = POLLOUT;
    p[FD_MOUNTS].events = POLLPRI;
    for (int i = 0; i < SHIM_CONNS; i++)
        p[FD_CONN + i] = (struct pollfd){ .fd = s->conn[i].fd,
                                          .events = (short)(POLLIN | (s->conn[i].dirty ? POLLOUT : 0)) };
}

static void dispatch(struct shim *s, const struct pollfd p[static FD__COUNT])
{
    i64 now = time_mono_us();
    if (p[FD_REPORT].revents && s->report >= 0) on_report(s);
    if (p[FD_MOUNTS].revents) shim_spare_renew(s, now);
    if (p[FD_SIGNALS].revents) on_signal(s);
    if (p[FD_LISTEN].revents) shim_accept(s);
    for (int i = 0; i < 2; i++)
        if (p[FD_OUT + i].revents) shim_io_read(s, i, now);
    if (p[FD_UDP].revents) shim_io_datagram(s, s->udp);
    if (p[FD_UNIX].revents) shim_io_datagram(s, s->unix_in);
    if (p[FD_HEALTH].revents && p[FD_HEALTH].fd == s->health.fd)
        shim_health_step(s, now, p[FD_HEALTH].revents);
    for (int i = 0; i < SHIM_CONNS; i++)
        if (p[FD_CONN + i].revents && s->conn[i].fd == p[FD_CONN + i].fd) shim_receive(s, &s->conn[i]);
    shim_send_states(s, false);
}

static NORETURN void loop(struct shim *s)
{
    struct pollfd p[FD__COUNT];
    for (;;) {
        i64 now = time_mono_us(), at = next_deadline(s, now), left = MAX(at - now, 0);
        struct timespec wait = { left / 1000000, left % 1000000 * 1000 };
        collect(s, now, p);
        int n = ppoll(p, FD__COUNT, at ? &wait : NULL, NULL);
        if (n > 0) dispatch(s, p);
        on_time(s);
    }
}

/* ---- becoming a shim ---- */

/* The agent's descriptors are not ours: all but two go. */
static void keep_only(struct shim_start *st)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++) dup2(null, i);
    launch_close_others(st->listen, st->lock);
}

/* Shown by ps in place of the agent's command line, which was inherited. */
static void set_title(str name)
{
    prctl(PR_SET_NAME, "netbit-shim", 0, 0, 0);
    char line[4096];
    AUTO(fd) int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t room = fd < 0 ? -1 : read(fd, line, sizeof line);
    if (room < 2) return;
    memset(program_invocation_name, 0, (size_t)room);
    snprintf(program_invocation_name, (size_t)room, "netbit-shim %.*s", STR(name));
}

static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    static const int taken[] = { SIGCHLD, SPARE_SIGNAL, SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < LEN(taken); i++) sigaddset(&set, taken[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void shim_run(const struct shim_start *start)
{
    static struct shim_start own;
    struct shim *s = &the_shim;
    own = *start;
    keep_only(&own);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    /* Member by member: writing all of it would make its buffers real memory. */
    s->start = &own;
    s->spec = own.spec;
    s->report = s->udp = s->unix_in = s->cgroup = s->view = s->health.fd = -1;
    s->spare.go = s->spare.report = s->spare.mounts = -1;
    s->revive = own.revive;
    s->trim_us = time_mono_us() + TRIM_AFTER_US;
    for (int i = 0; i < SHIM_CONNS; i++) s->conn[i].fd = -1;
    s->signals = catch_signals();
    struct proc_id me = proc_self();
    s->state = (struct shim_state){
        .status = UNIT_STARTING, .shim_pid = me.pid, .shim_start = me.start, .restarts = own.restarts
    };
    struct op op = { .arena = &s->run, .who = &principal_system };
    if (shim_io_open(s, &op)) {
        snprintf(s->state.reason, sizeof s->state.reason, "cannot start: %.*s", STR(op.err.msg));
        s->state.status = UNIT_FAILED;
        leave(s);
    }
    renew_cgroup(s);
    launch(s);
    set_title(own.spec->name);
    loop(s);
}
