/* Local programs: one JSON object a line in, one out, in order. A client has one request under way; what it
 * sends meanwhile waits in its buffer. Requests that change a unit are answered when the change has happened,
 * not when it was ordered. */
#include "agent/agent_impl.h"
#include "base/fs.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void api_describe(const struct unit *u, struct arena *arena, struct local_unit *out)
{
    const struct shim_state *t = &u->state;
    *out = (struct local_unit){
        .unit_id = u->id,
        .name = u->name,
        .package_name = u->package_name,
        .version = u->version,
        .command = u->command,
        .status = unit_seen(u),
        .desired = u->desired,
        .reason = str_copy(arena, str_of(t->reason)),
        .pid = t->pid,
        .port = t->port,
        .restarts = t->restarts,
        .exit_code = t->exit_code,
        .health = str_of(shim_healths[t->health]),
        .isolation = str_copy(arena, str_of(t->isolation)),
        .created_at = u->created_at,
        .started_at = { t->started_us },
        .stopped_at = { t->stopped_us },
        .restart_at = { t->restart_at_us },
        .cpu_percent = u->now.cpu_percent,
        .rss_bytes = u->now.rss_bytes,
        .vsz_bytes = u->now.vsz_bytes,
        .threads = u->now.threads,
        .open_files = u->now.open_files,
        .read_bytes = u->now.read_bytes,
        .written_bytes = u->now.written_bytes,
        .dir = str_of(u->dir),
        .server = S(""),
    };
}

/* ---- answers ---- */

static void client_free(struct agent *a, struct client *c)
{
    for (size_t i = 0; i < AGENT_CLIENTS; i++)
        if (a->client[i] == c) a->client[i] = NULL;
    agent_unwatch(a, &c->source);
    mem_free(c->in);
    mem_free(c->out);
    mem_free(c);
    a->dirty = true;
}

/* Sends as much as the reader takes; the rest waits for it. False: it is gone. */
static bool flush(struct agent *a, struct client *c)
{
    while (c->out_at < c->out_n) {
        ssize_t n = send(c->source.fd, c->out + c->out_at, c->out_n - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno != EAGAIN) return false;
        if (n < 0) {
            agent_watch(a, &c->source, EPOLLIN | EPOLLOUT);
            return true;
        }
        c->out_at += (size_t)n;
    }
    mem_free(c->out);
    c->out = NULL;
    c->out_n = c->out_at = 0;
    agent_watch(a, &c->source, EPOLLIN);
    return true;
}

static void send_answer(struct agent *a, struct op *op, struct client *c, struct local_answer *answer)
{
    struct buf b = BUF(op->arena);
    answer->pid = getpid();
    answer->version = S(NETBIT_VERSION);
    answer->server = str_of(uplink_status(a));
    desc_write(&b, &local_answer_desc, answer);
    buf_char(&b, '\n');
    c->out = mem_resize(c->out, c->out_n + b.n);
    memcpy(c->out + c->out_n, b.p, b.n);
    c->out_n += b.n;
    c->op = -1;
}

static void finish_command(struct agent *a, struct client *c, const struct op_error *e)
{
    uplink_done(a, c->command, e);
    c->op = -1;
}

static void answer_units(struct agent *a, struct op *op, struct client *c, struct unit **u, size_t n)
{
    if (!uuid_is_nil(c->command)) {
        finish_command(a, c, &(struct op_error){ OK });
        return;
    }
    struct local_answer answer = { .ok = true };
    answer.units.item = NEWN(op->arena, struct local_unit, n + 1);
    answer.units.n = n;
    for (size_t i = 0; i < n; i++) api_describe(u[i], op->arena, &answer.units.item[i]);
    send_answer(a, op, c, &answer);
}

static void answer_error(struct agent *a, struct op *op, struct client *c)
{
    if (!uuid_is_nil(c->command)) {
        finish_command(a, c, &op->err);
        return;
    }
    struct local_answer answer = { .code = str_of(err_name(op->err.code)),
                                   .field = op->err.field,
                                   .error = op->err.msg };
    send_answer(a, op, c, &answer);
}

/* ---- waiting for a unit ---- */

static bool settled(const struct unit *u)
{
    return unit_rests(u) || u->state.status == UNIT_RUNNING || u->state.status == UNIT_PAUSED ||
           u->state.restart_at_us;
}

static bool reached(const struct client *c, const struct unit *u, u64 order)
{
    switch ((enum local_op)c->op) {
    case LOCAL_START: return settled(u);
    case LOCAL_STOP:
    case LOCAL_REMOVE: return unit_rests(u);
    case LOCAL_RESTART: return (order == c->order && settled(u)) || unit_rests(u);
    default: return order == c->order || unit_rests(u);
    }
}

static err_t outcome(struct op *op, const struct client *c, const struct unit *u, err_t code)
{
    bool bad = u->state.status == UNIT_FAILED && (c->op == LOCAL_START || c->op == LOCAL_RESTART);
    if (bad) return fail(op, ERR_CONFLICT, "unit '%.*s' failed: %s", STR(u->name), u->state.reason);
    if (code) return fail(op, code, "unit '%.*s' is %s", STR(u->name), unit_statuses[unit_seen(u)]);
    return OK;
}

static void proceed(struct agent *, struct client *);

void api_unit_changed(struct agent *a, struct unit *u, u64 order, err_t code)
{
    uuid id = u->id;
    bool forget = false;
    struct client *waiting[AGENT_CLIENTS];
    size_t n = 0;
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    for (size_t i = 0; i < AGENT_CLIENTS; i++) {
        struct client *c = a->client[i];
        if (!c || c->op < 0 || !uuid_eq(c->unit, id) || !reached(c, u, order)) continue;
        forget |= c->op == LOCAL_REMOVE;
        if (outcome(&op, c, u, order == c->order ? code : OK)) answer_error(a, &op, c);
        else answer_units(a, &op, c, &u, 1);
        op_clear(&op);
        waiting[n++] = c;
    }
    arena_free(op.arena);
    if (forget) unit_forget(a, u);
    for (size_t i = 0; i < n; i++) proceed(a, waiting[i]);
}

/* ---- requests ---- */

struct request {
    struct agent *a;
    struct op *op;
    struct client *c;
    const struct local_request *in;
    struct unit *u; /* of operations that name one */
};

static err_t do_list(struct request *r)
{
    measure_unseen(r->a);
    answer_units(r->a, r->op, r->c, r->a->unit, r->a->nunits);
    return OK;
}

static err_t do_ping(struct request *r)
{
    answer_units(r->a, r->op, r->c, NULL, 0);
    return OK;
}

static err_t do_status(struct request *r)
{
    measure_unseen(r->a);
    answer_units(r->a, r->op, r->c, &r->u, 1);
    return OK;
}

static void wait_for(struct request *r)
{
    r->c->op = r->in->op;
    r->c->unit = r->u->id;
    r->c->order = ++r->a->next_order;
}

static err_t order(struct request *r, int kind)
{
    wait_for(r);
    if (unit_order(r->a, r->u, kind, r->in->force ? ORDER_FORCE : 0, r->c->order)) return OK;
    r->c->op = -1;
    return fail(r->op, ERR_UNAVAILABLE, "unit '%.*s' is being taken over, try again", STR(r->u->name));
}

static err_t start_known(struct request *r)
{
    if (!unit_rests(r->u)) return fail(r->op, ERR_CONFLICT, "unit '%.*s' runs already", STR(r->u->name));
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_RUNNING));
    /* What the last run left is no reason not to start it, should we be gone before the shim has said more.
     */
    const char *state = arena_printf(r->op->arena, "%s/" STATE_FILE, r->u->dir).p;
    if (unlink(state) && errno != ENOENT)
        return fail(r->op, ERR_UNAVAILABLE, "remove '%s': %s", state, strerror(errno));
    r->u->state.restarts = 0;
    wait_for(r);
    return unit_start(r->a, r->op, r->u);
}

static err_t do_start(struct request *r)
{
    struct unit_spec spec;
    if (!r->in->spec.s.p) {
        TRY(unit_find(r->a, r->op, r->in->unit, &r->u));
        return start_known(r);
    }
    TRY(desc_read(r->op, &unit_spec_desc, r->in->spec.s, &spec));
    TRY(unit_new(r->a, r->op, &spec, &r->u));
    wait_for(r);
    err_t e = unit_start(r->a, r->op, r->u);
    /* Durable before it is acknowledged; the program is being started meanwhile. */
    if (!e) e = unit_file_sync(r->op, r->u->dir);
    if (e && r->u->link.fd < 0) unit_forget(r->a, r->u);
    return e;
}

static err_t do_stop(struct request *r)
{
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_STOPPED));
    if (unit_rests(r->u)) return do_status(r);
    if (r->u->wait == WAIT_NONE) return order(r, ORDER_STOP);
    wait_for(r); /* what a dead shim left is being cleared */
    return OK;
}

static err_t do_restart(struct request *r)
{
    if (unit_rests(r->u)) return start_known(r);
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_RUNNING));
    return order(r, ORDER_RESTART);
}

static err_t do_pause(struct request *r)
{
    if (unit_seen(r->u) != UNIT_RUNNING)
        return fail(r->op, ERR_CONFLICT, "unit '%.*s' does not run", STR(r->u->name));
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_PAUSED));
    return order(r, ORDER_PAUSE);
}

static err_t do_resume(struct request *r)
{
    if (unit_seen(r->u) != UNIT_PAUSED)
        return fail(r->op, ERR_CONFLICT, "unit '%.*s' is not paused", STR(r->u->name));
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_RUNNING));
    return order(r, ORDER_RESUME);
}

static err_t do_remove(struct request *r)
{
    TRY(unit_desire(r->a, r->op, r->u, DESIRED_REMOVED));
    if (unit_rests(r->u)) {
        answer_units(r->a, r->op, r->c, &r->u, 1);
        unit_forget(r->a, r->u);
        return OK;
    }
    if (r->u->wait == WAIT_NONE) return order(r, ORDER_STOP);
    wait_for(r);
    return OK;
}

static err_t do_cleanup(struct request *r)
{
    for (size_t i = r->a->nunits; i-- > 0;)
        if (unit_rests(r->a->unit[i])) unit_forget(r->a, r->a->unit[i]);
    return do_list(r);
}

static err_t do_reload(struct request *r)
{
    r->a->reload = r->a->stop = true;
    return do_ping(r);
}

static err_t do_shutdown(struct request *r)
{
    r->a->stop = true;
    return do_ping(r);
}

static const struct {
    err_t (*run)(struct request *);
    bool names_unit;
} operations[] = {
    [LOCAL_PING] = { do_ping },           [LOCAL_START] = { do_start },
    [LOCAL_STOP] = { do_stop, true },     [LOCAL_RESTART] = { do_restart, true },
    [LOCAL_PAUSE] = { do_pause, true },   [LOCAL_RESUME] = { do_resume, true },
    [LOCAL_REMOVE] = { do_remove, true }, [LOCAL_LIST] = { do_list },
    [LOCAL_STATUS] = { do_status, true }, [LOCAL_RELOAD] = { do_reload },
    [LOCAL_CLEANUP] = { do_cleanup },     [LOCAL_SHUTDOWN] = { do_shutdown },
};

static err_t perform(struct agent *a, struct op *op, struct client *c, str line)
{
    struct local_request in;
    TRY(desc_read(op, &local_request_desc, line, &in));
    struct request r = { a, op, c, &in, NULL };
    if (operations[in.op].names_unit) TRY(unit_find(a, op, in.unit, &r.u));
    return operations[in.op].run(&r);
}

/* ---- connections ---- */

/* Serves what is whole in the buffer until a request has to wait. */
static void proceed(struct agent *a, struct client *c)
{
    if (!uuid_is_nil(c->command)) {
        if (c->op < 0) client_free(a, c);
        return;
    }
    char *end;
    while (c->op < 0 && c->n && (end = memchr(c->in, '\n', c->n))) {
        struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
        str line = { str_copy(op.arena, str_sub(c->in, end)).p, (size_t)(end - c->in) };
        c->n -= line.n + 1;
        memmove(c->in, end + 1, c->n);
        if (perform(a, &op, c, line)) answer_error(a, &op, c);
        arena_free(op.arena);
    }
    if (!flush(a, c)) client_free(a, c);
}

static void on_client(struct agent *a, struct source *from, u32 events)
{
    struct client *c = CONTAINER_OF(from, struct client, source);
    if (events & EPOLLOUT) {
        if (!flush(a, c)) client_free(a, c);
        return;
    }
    if (c->n == c->cap) c->in = mem_resize(c->in, c->cap = c->cap ? c->cap * 2 : 4096);
    ssize_t n = recv(c->source.fd, c->in + c->n, c->cap - c->n, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0 || c->n + (size_t)n > LINE_MAX_BYTES) {
        client_free(a, c);
        return;
    }
    c->n += (size_t)n;
    proceed(a, c);
}

static struct client *new_client(struct agent *a, int fd)
{
    for (size_t i = 0; i < AGENT_CLIENTS; i++) {
        if (a->client[i]) continue;
        struct client *c = a->client[i] = MEM_NEW(struct client);
        c->source = (struct source){ fd, on_client };
        c->op = -1;
        return c;
    }
    return NULL;
}

static void on_connection(struct agent *a, struct source *from, u32 events)
{
    (void)events;
    int fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who;
    socklen_t size = sizeof who;
    if (fd < 0) return;
    bool ours =
        !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) && (who.uid == geteuid() || who.uid == 0);
    struct client *c = ours ? new_client(a, fd) : NULL;
    if (c) agent_watch(a, &c->source, EPOLLIN);
    else close(fd);
}

/* Commands may come twice: a unit that is where it should be has obeyed. */
static bool obeyed(int op, err_t e)
{
    if (op == LOCAL_REMOVE || op == LOCAL_STOP) return e == ERR_NOT_FOUND;
    return e == ERR_CONFLICT && op != LOCAL_RESTART;
}

void api_command(struct agent *a, uuid command, uuid unit, int local_op)
{
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    char id[UUID_TEXT];
    struct local_request in = { .op = local_op, .unit = uuid_text(unit, id) };
    for (size_t i = 0; i < AGENT_CLIENTS; i++)
        if (a->client[i] && uuid_eq(a->client[i]->command, command)) return; /* under way */
    struct client *c = new_client(a, -1);
    if (!c) return; /* the server sends it again */
    c->command = command;
    struct request r = { a, &op, c, &in, NULL };
    err_t e = unit_find(a, &op, in.unit, &r.u);
    if (!e) e = operations[local_op].run(&r);
    if (e && obeyed(local_op, e)) finish_command(a, c, &(struct op_error){ OK });
    else if (e) answer_error(a, &op, c);
    proceed(a, c);
    arena_free(op.arena);
}

static err_t new_listener(struct agent *a, struct op *op, int *out)
{
    AUTO(fd) int dir = open(a->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/agent.sock", dir);
    *out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t old = umask(0177);
    unlinkat(dir, "agent.sock", 0);
    bool ok = dir >= 0 && *out >= 0 && !bind(*out, (struct sockaddr *)&at, sizeof at) &&
              !listen(*out, AGENT_CLIENTS);
    umask(old);
    return ok ? OK : fail(op, ERR_UNAVAILABLE, "listen on '%s/agent.sock': %s", a->root, strerror(errno));
}

err_t api_listen(struct agent *a, struct op *op)
{
    int fd = a->listen.fd; /* handed over */
    if (fd < 0) TRY(new_listener(a, op, &fd));
    a->listen = (struct source){ fd, on_connection };
    agent_watch(a, &a->listen, EPOLLIN);
    return OK;
}

void api_close(struct agent *a)
{
    for (size_t i = 0; i < AGENT_CLIENTS; i++)
        if (a->client[i]) client_free(a, a->client[i]);
}
