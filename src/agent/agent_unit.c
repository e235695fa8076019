/* Units as the agent sees them. The shim does the supervising; the agent makes shims, hears them, and does
 * what a dead one cannot: end what it left behind and start anew (agent_adopt.c: those of a former agent).
 * Rules that keep a unit single: a shim is only made by whoever takes the unit's lock, the lock is held by
 * the shim as long as it lives, and before a new one is made nothing of the old one's session or marked with
 * the unit's id is left. */
#include "agent/agent_impl.h"
#include "agent/unit_dir.h"
#include "base/fs.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { LOOK_AGAIN_US = 5000, KEPT_FILES = 16 };
/* A shim that dies is replaced at once, one that keeps dying ever more slowly, and never given up. */
static const struct unit_restart shim_policy = { .policy = RESTART_ALWAYS,
                                                 .min_us = 0,
                                                 .max_us = SEC(10),
                                                 .factor = 2,
                                                 .jitter = 0.1,
                                                 .reset_after_us = SEC(30) };

/* ---- looking up ---- */

struct unit *unit_by_id(const struct agent *a, uuid id)
{
    for (size_t i = 0; i < a->nunits; i++)
        if (uuid_eq(a->unit[i]->id, id)) return a->unit[i];
    return NULL;
}

err_t unit_find(const struct agent *a, struct op *op, str what, struct unit **out)
{
    struct unit *by_name = NULL, *by_prefix = NULL;
    size_t names = 0, prefixes = 0;
    if (!what.n) return fail_field(op, "unit", "is required");
    for (size_t i = 0; i < a->nunits; i++) {
        char text[UUID_TEXT];
        struct unit *u = a->unit[i];
        str id = uuid_text(u->id, text);
        if (str_eq_fold(what, id)) {
            *out = u;
            return OK;
        }
        if (str_eq(what, u->name)) by_name = u, names++;
        if (what.n <= id.n && str_eq_fold(what, str_head(id, what.n))) by_prefix = u, prefixes++;
    }
    if (!names && prefixes > 1)
        return fail(op, ERR_CONFLICT, "%zu units begin with '%.*s'", prefixes, STR(what));
    *out = names ? by_name : by_prefix;
    return *out ? OK : fail(op, ERR_NOT_FOUND, "no unit '%.*s'", STR(what));
}

bool unit_rests(const struct unit *u) { return u->link.fd < 0 && u->wait == WAIT_NONE; }

int unit_seen(const struct unit *u)
{
    if (u->wait != WAIT_NONE) return UNIT_STARTING;
    return u->state.status;
}

/* ---- records ---- */

struct unit *unit_add(struct agent *a, const struct unit_file *f)
{
    struct unit *u = a->pool;
    while (u->used) u++;
    char id[UUID_TEXT];
    *u = (struct unit){ .used = true };
    u->id = f->spec.unit_id;
    u->name = mem_str(f->spec.name);
    u->package_name = mem_str(f->spec.package_name);
    u->version = mem_str(f->spec.version);
    u->command = mem_str(f->spec.entry.command);
    u->desired = f->desired;
    u->created_at = f->created_at;
    u->link.fd = u->death.fd = -1;
    snprintf(u->dir, sizeof u->dir, "%s/units/%.*s", a->root, STR(uuid_text(u->id, id)));
    a->unit[a->nunits++] = u;
    return u;
}

static void drop_link(struct agent *a, struct unit *u)
{
    agent_unwatch(a, &u->link);
    agent_unwatch(a, &u->death);
    u->heard = false;
}

static void drop_record(struct agent *a, struct unit *u)
{
    for (size_t i = 0; i < a->nunits; i++)
        if (a->unit[i] == u) a->unit[i] = a->unit[--a->nunits];
    const str own[] = { u->name, u->package_name, u->version, u->command };
    for (size_t i = 0; i < LEN(own); i++) mem_free((void *)(uintptr_t)own[i].p);
    u->used = false;
}

void unit_forget(struct agent *a, struct unit *u)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    uplink_unit_forgotten(a, u);
    drop_link(a, u);
    cgroup_remove(&a->cgroups, str_z(op.arena, fs_base_name(str_of(u->dir)))); /* a dead shim could not */
    unit_dir_remove(&op, u->dir);
    metrics_socket_forget(&op, a->root, u->id);
    arena_free(op.arena);
    drop_record(a, u);
}

err_t unit_desire(struct agent *a, struct op *op, struct unit *u, int desired)
{
    (void)a;
    if (u->desired == desired) return OK;
    struct unit_file f;
    TRY(unit_file_read(op, u->dir, &f));
    f.desired = desired;
    TRY(unit_file_write(op, u->dir, &f));
    u->desired = desired;
    return OK;
}

static bool name_taken(const struct agent *a, str name)
{
    for (size_t i = 0; i < a->nunits; i++)
        if (str_eq(a->unit[i]->name, name)) return true;
    return false;
}

static void choose_name(const struct agent *a, struct op *op, struct unit_spec *spec)
{
    spec->name = spec->package_name;
    for (int i = 2; name_taken(a, spec->name); i++)
        spec->name = arena_printf(op->arena, "%.*s-%d", STR(spec->package_name), i);
}

err_t unit_new(struct agent *a, struct op *op, struct unit_spec *spec, struct unit **out)
{
    TRY(unit_spec_check(op, spec));
    if (a->nunits == AGENT_UNITS) return fail(op, ERR_LIMIT, "more than %d units", AGENT_UNITS);
    if (uuid_is_nil(spec->unit_id)) spec->unit_id = uuid_new();
    if (unit_by_id(a, spec->unit_id)) return fail(op, ERR_CONFLICT, "there is a unit with this id already");
    if (!spec->name.n) choose_name(a, op, spec);
    if (name_taken(a, spec->name))
        return fail(op, ERR_CONFLICT, "there is a unit named '%.*s' already", STR(spec->name));
    struct unit_file f = { .spec = *spec, .desired = DESIRED_RUNNING, .created_at = time_now() };
    struct unit *u = unit_add(a, &f);
    err_t e = unit_dir_make(op, u->dir);
    if (e) {
        drop_record(a, u); /* what stands there already is another's */
        return e;
    }
    e = unit_file_make(op, u->dir, &f);
    if (e) unit_forget(a, u);
    else *out = u;
    return e;
}

/* ---- the way to a shim ---- */

/* The socket's path may be longer than an address can hold, so it is reached through its directory. */
static err_t unit_address(struct op *op, const struct unit *u, int *dir, struct sockaddr_un *out)
{
    *dir = open(u->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir < 0) return fail(op, ERR_NOT_FOUND, "open '%s': %s", u->dir, strerror(errno));
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" SHIM_SOCK, *dir);
    return OK;
}

static void on_report(struct agent *, struct source *, u32);
static void on_death(struct agent *, struct source *, u32);

/* The last descriptors are not for units: files, local programs and the server want theirs for a moment. */
static bool scarce(int fd)
{
    struct rlimit r;
    return !getrlimit(RLIMIT_NOFILE, &r) && (rlim_t)fd + KEPT_FILES >= r.rlim_cur;
}

/* Without it the end of the link tells of the shim's. */
static void watch_death(struct agent *a, struct unit *u, int pidfd)
{
    if (scarce(pidfd)) fd_done(&pidfd);
    else if (pidfd >= 0) {
        u->death = (struct source){ pidfd, on_death };
        agent_watch(a, &u->death, EPOLLIN);
    }
}

bool unit_connect(struct agent *a, struct op *op, struct unit *u)
{
    AUTO(fd) int dir = -1;
    struct sockaddr_un to;
    if (unit_address(op, u, &dir, &to)) {
        op_clear(op);
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || scarce(fd) || connect(fd, (struct sockaddr *)&to, sizeof to)) {
        if (fd >= 0) close(fd);
        return false;
    }
    u->link = (struct source){ fd, on_report };
    agent_watch(a, &u->link, EPOLLIN);
    u->born_us = time_mono_us();
    unit_order(a, u, ORDER_HELLO, a->detached ? ORDER_REVIVE : 0, 0);
    return true;
}

bool unit_order(struct agent *a, struct unit *u, int kind, u32 flags, u64 id)
{
    (void)a;
    struct shim_order o = { .size = sizeof o, .kind = (u32)kind, .flags = flags, .id = id };
    if (kind == ORDER_WATCH) memcpy(o.seen, u->state.log_end, sizeof o.seen);
    return u->link.fd >= 0 && send(u->link.fd, &o, sizeof o, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof o;
}

/* ---- making a shim ---- */

/* All that a shim is made of, in memory that it inherits: struct unit is not. */
static void describe_shim(struct agent *a, struct op *op, const struct unit *u, struct shim_start *st)
{
    struct unit_dirs *d = NEW(op->arena, struct unit_dirs);
    *d = (struct unit_dirs){
        .unit = str_z(op->arena, str_of(u->dir)),
        .spark = a->root,
        .home = a->home,
        .data = arena_printf(op->arena, "%s/data", u->dir).p,
        .tmp = arena_printf(op->arena, "%s/tmp", u->dir).p,
        .logs = arena_printf(op->arena, "%s/logs", u->dir).p,
    };
    uuid_text(u->id, d->id);
    d->metrics = metrics_socket_name(op, a->root, d->data, u->id);
    st->dirs = d;
    st->cgroups = &a->cgroups;
    st->agent_program = a->program;
    st->lock_path = arena_printf(op->arena, "%s/agent.lock", a->root).p;
    st->restarts = u->state.restarts;
    st->revive = a->detached;
}

static err_t take_lock(struct op *op, const struct unit *u, int *out)
{
    *out = unit_lock(u->dir);
    if (*out >= 0) return OK;
    bool taken = errno == EWOULDBLOCK;
    return taken ? fail(op, ERR_CONFLICT, "unit '%.*s' is supervised already", STR(u->name))
                 : fail(op, ERR_UNAVAILABLE, "open '%s': %s", u->dir, strerror(errno));
}

static err_t shim_listen(struct op *op, const struct unit *u, int *out)
{
    AUTO(fd) int dir = -1;
    struct sockaddr_un at;
    TRY(unit_address(op, u, &dir, &at));
    unlinkat(dir, SHIM_SOCK, 0);
    *out = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0 || bind(*out, (struct sockaddr *)&at, sizeof at) || listen(*out, 8))
        return fail(op, ERR_UNAVAILABLE, "listen in '%s': %s", u->dir, strerror(errno));
    return OK;
}

err_t unit_start(struct agent *a, struct op *op, struct unit *u)
{
    struct unit_file f;
    AUTO(fd) int lock = -1;
    AUTO(fd) int listener = -1;
    TRY(unit_file_read(op, u->dir, &f));
    TRY(take_lock(op, u, &lock));
    TRY(shim_listen(op, u, &listener));
    if (scarce(listener)) return fail(op, ERR_LIMIT, "the agent has no descriptors left for another unit");
    struct shim_start st = { .spec = &f.spec, .listen = listener, .lock = lock };
    describe_shim(a, op, u, &st);
    pid_t pid = fork();
    if (!pid) shim_run(&st);
    if (pid < 0) return fail(op, ERR_UNAVAILABLE, "fork: %s", strerror(errno));
    struct proc_stat shim;
    u->wait = WAIT_NONE;
    u->state = (struct shim_state){ .status = UNIT_STARTING,
                                    .restarts = u->state.restarts,
                                    .shim_pid = pid,
                                    .shim_start = proc_read(pid, &shim) ? shim.start : 0 };
    if (!unit_connect(a, op, u))
        return fail(op, ERR_UNAVAILABLE, "the shim of '%.*s' does not answer", STR(u->name));
    watch_death(a, u, (int)syscall(SYS_pidfd_open, pid, 0));
    a->dirty = true;
    return OK;
}

/* ---- what a dead shim left ---- */

struct hunt {
    const struct unit *unit;
    size_t alive;
};

static void hunt_session(void *ctx, const struct proc_stat *s)
{
    struct hunt *h = ctx;
    const struct shim_state *t = &h->unit->state;
    bool ours =
        t->shim_pid > 0 && s->session == t->shim_pid && s->start >= t->shim_start && s->pid != t->shim_pid;
    if (!ours || s->state == 'Z' || s->state == 'X') return;
    h->alive++;
    proc_signal((struct proc_id){ s->pid, s->start }, SIGKILL);
}

/* True when nothing is left. A session's number cannot be taken by another process while anything of it
 * lives, and what began before the shim is a stranger. */
static bool clear_orphans(struct agent *a, struct unit *u)
{
    char id[UUID_TEXT], mark[80];
    struct hunt h = { u, 0 };
    uuid_text(u->id, id);
    AUTO(fd) int group = cgroup_open(&a->cgroups, id);
    if (group >= 0 && !cgroup_empty(group)) h.alive += cgroup_kill(group);
    proc_each(hunt_session, &h);
    snprintf(mark, sizeof mark, "NETBIT_UNIT_ID=%s", id);
    h.alive += proc_kill_marked(mark);
    return !h.alive;
}

void unit_wait(struct unit *u, enum unit_wait what, i64 us)
{
    u->wait = what;
    u->wait_us = time_mono_us() + us;
}

static void settle(struct agent *a, struct unit *u, u64 order)
{
    uplink_unit_changed(a, u);
    api_unit_changed(a, u, order, OK); /* may forget it */
}

static void give_up(struct agent *a, struct unit *u, const char *why)
{
    u->wait = WAIT_NONE;
    u->state.status = UNIT_FAILED;
    snprintf(u->state.reason, sizeof u->state.reason, "%s", why);
    settle(a, u, 0);
}

static void start_again(struct agent *a, struct unit *u)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    if (unit_start(a, &op, u)) {
        LOG_ERROR("start unit", KV("unit", u->name), KV("why", op.err.msg));
        if (u->link.fd < 0 && op.err.code != ERR_CONFLICT) give_up(a, u, str_z(op.arena, op.err.msg));
        else unit_wait(u, WAIT_LOCK, 50000);
    }
    arena_free(op.arena);
}

static void shim_left(struct agent *a, struct unit *u)
{
    bool interrupted = u->state.last == SHIM_INTERRUPTED && u->desired == DESIRED_RUNNING;
    drop_link(a, u);
    if (interrupted) unit_wait(u, WAIT_ORPHANS, SEC(1));
    u->state.pid = u->state.pid_start = 0;
    u->now = (struct figures){ 0 };
}

/* A shim may end before it hears us, when its program cannot be started: then its last words are on disk. */
static bool last_words(struct unit *u)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct unit_state t;
    unit_state_read(&op, u->dir, &t);
    bool its = t.last && str_is(t.boot_id, proc_boot_id()) && t.shim_pid == u->state.shim_pid &&
               t.shim_start == u->state.shim_start;
    if (its) unit_remember(u, &t);
    arena_free(op.arena);
    return its;
}

/* The shim is gone. */
static void shim_died(struct agent *a, struct unit *u)
{
    i64 now = time_mono_us(), delay = 0;
    struct policy_exit x = { .now_us = now, .ran_us = now - u->born_us, .failed = true, .random = 0.5 };
    if (last_words(u)) {
        shim_left(a, u);
        settle(a, u, 0);
        return;
    }
    LOG_WARN("a shim died", KV("unit", u->name), KV("shim", u->state.shim_pid));
    drop_link(a, u);
    (void)policy_next(&u->shims, &shim_policy, &x, &delay);
    u->state.restarts++;
    unit_wait(u, WAIT_ORPHANS, delay);
    settle(a, u, 0);
}

/* ---- reports ---- */

/* What its owner wishes is on disk before it is ordered; an agent that ended in between leaves the order to
 * the next. */
static void fulfil(struct agent *a, struct unit *u)
{
    bool wanted = u->desired == DESIRED_RUNNING || u->desired == DESIRED_PAUSED;
    if (!wanted) unit_order(a, u, ORDER_STOP, 0, 0);
    else if (u->desired == DESIRED_RUNNING && u->state.status == UNIT_PAUSED)
        unit_order(a, u, ORDER_RESUME, 0, 0);
    else if (u->desired == DESIRED_PAUSED && u->state.status == UNIT_RUNNING)
        unit_order(a, u, ORDER_PAUSE, 0, 0);
}

static void take_state(struct agent *a, struct unit *u, const struct shim_report *r)
{
    bool first = !u->heard;
    i32 was = u->state.status;
    i64 pid = u->state.pid;
    u->state = r->state;
    u->heard = true;
    if (first && u->death.fd < 0) /* an adopted one */
        watch_death(a, u, proc_open((struct proc_id){ r->state.shim_pid, r->state.shim_start }));
    if (first) fulfil(a, u);
    else if (u->desired == DESIRED_PAUSED && u->state.status == UNIT_RUNNING && was == UNIT_STARTING &&
             !r->id)
        unit_order(a, u, ORDER_PAUSE, 0, 0);
    if (r->state.last) shim_left(a, u);
    else if (u->state.pid != pid) {
        measure_forget(a, u);
        a->measure_us = MIN(a->measure_us, time_mono_us() + SEC(1));
    }
    if (first || was != u->state.status || pid != u->state.pid || r->state.last) uplink_unit_changed(a, u);
    else uplink_unit_grew(a, u);
    api_unit_changed(a, u, r->id, (err_t)r->code); /* may forget it */
}

static void on_report(struct agent *a, struct source *from, u32 events)
{
    struct unit *u = CONTAINER_OF(from, struct unit, link);
    struct shim_report r;
    (void)events;
    for (;;) {
        memset(&r, 0, sizeof r);
        ssize_t n = recv(u->link.fd, &r, sizeof r, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n < (ssize_t)offsetof(struct shim_report, state)) break;
        if (r.kind == REPORT_GREW) {
            memcpy(u->state.log_end, r.state.log_end, sizeof u->state.log_end);
            uplink_unit_grew(a, u);
        } else if (r.kind == REPORT_STATE) {
            take_state(a, u, &r);
            if (r.state.last || !u->used) return;
        }
    }
    shim_died(a, u);
}

static void on_death(struct agent *a, struct source *from, u32 events)
{
    struct unit *u = CONTAINER_OF(from, struct unit, death);
    /* Its last words may still be in the socket; their end then tells the rest. */
    if (u->link.fd >= 0) on_report(a, &u->link, events);
    else agent_unwatch(a, from);
}

/* ---- waiting ---- */

static void look_again(struct agent *a, struct unit *u, i64 now)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    AUTO(fd) int lock = unit_lock(u->dir);
    if (lock < 0 && errno != EWOULDBLOCK && errno != ENOENT) {
        /* Out of descriptors or the like: nothing is known of it. */
        unit_wait(u, WAIT_LOCK, SEC(1));
    } else if (lock < 0 && errno == EWOULDBLOCK) {
        /* Alive after all: it was only just being made, or its socket was not yet there. */
        if (unit_connect(a, &op, u)) u->wait = WAIT_NONE;
        else unit_wait(u, WAIT_LOCK, LOOK_AGAIN_US * 4);
    } else if (!clear_orphans(a, u)) {
        unit_wait(u, WAIT_ORPHANS, LOOK_AGAIN_US);
    } else if (u->desired == DESIRED_RUNNING || u->desired == DESIRED_PAUSED) {
        fd_done(&lock); /* the shim takes it */
        lock = -1;
        start_again(a, u);
    } else {
        u->wait = WAIT_NONE;
        u->state.status = UNIT_STOPPED;
        u->state.pid = 0;
        settle(a, u, 0);
    }
    (void)now;
    arena_free(op.arena);
}

void units_step(struct agent *a, i64 now)
{
    for (size_t i = 0; i < a->nunits; i++)
        if (a->unit[i]->wait != WAIT_NONE && now >= a->unit[i]->wait_us) look_again(a, a->unit[i], now);
}

i64 units_deadline(const struct agent *a)
{
    i64 least = 0;
    for (size_t i = 0; i < a->nunits; i++)
        if (a->unit[i]->wait != WAIT_NONE && (!least || a->unit[i]->wait_us < least))
            least = a->unit[i]->wait_us;
    return least;
}
