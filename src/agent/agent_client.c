#include "agent/agent_client.h"
#include "agent/proc.h"
#include "agent/unit_file.h"
#include "base/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define D struct login
static const struct field login_fields[] = {
    { F(server), .flags = REQUIRED, .min = 1, .max = 2000, .doc = "Address of the server." },
    { F(token), .flags = REQUIRED, .min = 1, .max = 8192, .doc = "Access token." },
    { F(refresh_token), .max = 8192, .doc = "Token to renew it." },
    { F(login), .max = 200, .doc = "Name of the user." },
    { F(insecure), .doc = "Certificates are not checked." },
};
#undef D
DESC(login);

err_t login_read(struct op *op, struct login *out)
{
    str text;
    *out = (struct login){ 0 };
    err_t e = fs_read(op, spark_path(op, "login.json").p, 65536, &text);
    if (e == ERR_NOT_FOUND) {
        op_clear(op);
        return OK;
    }
    return e ? e : desc_read_answer(op, &login_desc, text, out);
}

err_t login_now(struct op *op, struct login *out)
{
    str url = str_of(getenv("NETBIT_URL")), token = str_of(getenv("NETBIT_TOKEN"));
    TRY(login_read(op, out));
    if (url.n && !str_eq(url, out->server)) *out = (struct login){ .server = url };
    if (token.n) out->token = token;
    return OK;
}

str netbit_home(struct op *op)
{
    const char *env = getenv("NETBIT_HOME"), *home = getenv("HOME");
    if (env && env[0] == '/') return str_copy(op->arena, str_of(env));
    const struct passwd *p = home && home[0] == '/' ? NULL : getpwuid(geteuid());
    return arena_printf(op->arena, "%s/.netbit", p ? p->pw_dir : home ? home : "");
}

str spark_path(struct op *op, const char *rest)
{
    str home = netbit_home(op);
    return arena_printf(op->arena, "%.*s/spark%s%s", STR(home), rest[0] ? "/" : "", rest);
}

/* ---- connecting ---- */

static int try_connect(struct op *op)
{
    AUTO(fd) int dir = open(spark_path(op, "").p, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = dir < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/agent.sock", dir);
    if (!connect(fd, (struct sockaddr *)&to, sizeof to)) return fd;
    close(fd);
    return -1;
}

/* The agent is netbit: this program, or what stands beside it when this is the small `spark`. */
static void exec_netbit(char *const argv[])
{
    char exe[PATH_MAX], path[PATH_MAX + 8];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
    str self = { exe, n > 0 ? (size_t)n : 0 };
    if (str_is(fs_base_name(self), "spark")) {
        snprintf(path, sizeof path, "%.*s/netbit", STR(fs_dir_name(self)));
        execv(path, argv);
    }
    execv("/proc/self/exe", argv);
}

static NORETURN void exec_agent(int ready)
{
    char number[16];
    snprintf(number, sizeof number, "%d", ready);
    char *const argv[] = { (char[]){ "netbit" },
                           (char[]){ "agent" },
                           (char[]){ "--daemon" },
                           (char[]){ "--ready-fd" },
                           number,
                           NULL };
    fcntl(ready, F_SETFD, 0);
    /* Started from within a unit, it must not be taken for a process of that unit. */
    unsetenv("NETBIT_UNIT_ID");
    exec_netbit(argv);
    _exit(127);
}

/* Returns when the new agent hears requests, or has found that another one does. */
static err_t start_agent(struct op *op)
{
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC)) return fail(op, ERR_UNAVAILABLE, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (!pid) exec_agent(ready[1]);
    close(ready[1]);
    if (pid > 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
        while (read(ready[0], &byte, 1) < 0 && errno == EINTR) continue;
    }
    close(ready[0]);
    return pid > 0 ? OK : fail(op, ERR_UNAVAILABLE, "fork: %s", strerror(errno));
}

err_t agent_connect(struct op *op, unsigned flags, struct agent_conn *out)
{
    enum { TRIES = 5 }; /* an agent that is just ending or being replaced */
    *out = (struct agent_conn){ .fd = try_connect(op), .in = BUF(op->arena) };
    for (int i = 0; out->fd < 0 && i < TRIES && !(flags & AGENT_MUST_RUN); i++) {
        TRY(start_agent(op));
        out->fd = try_connect(op);
    }
    if (out->fd >= 0) return OK;
    return fail(op, ERR_UNAVAILABLE,
                flags & AGENT_MUST_RUN ? "no agent runs" : "the agent does not start; see %s",
                spark_path(op, "agent.log").p);
}

void agent_close(struct agent_conn *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}

/* ---- calling ---- */

static err_t await(struct agent_conn *c, struct op *op)
{
    for (;;) {
        i64 left = op->deadline_us ? (op->deadline_us - time_mono_us()) / 1000 : -1;
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        if (op->deadline_us && left <= 0) return fail(op, ERR_TIMEOUT, "the agent took too long");
        int n = poll(&p, 1, (int)MIN(left, 1000000));
        if (n > 0) return OK;
        if (n < 0 && errno != EINTR)
            return fail(op, ERR_UNAVAILABLE, "wait for the agent: %s", strerror(errno));
    }
}

static err_t read_line(struct agent_conn *c, struct op *op, str *out)
{
    for (;;) {
        const char *end = c->in.n ? memchr(c->in.p, '\n', c->in.n) : NULL;
        if (end) {
            *out = str_copy(op->arena, str_sub(c->in.p, end));
            c->in.n -= out->n + 1;
            memmove(c->in.p, end + 1, c->in.n);
            return OK;
        }
        TRY(await(c, op));
        ssize_t n = recv(c->fd, buf_room(&c->in, 65536), 65536, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail(op, ERR_UNAVAILABLE, "the agent went away");
        buf_grew(&c->in, (size_t)n);
    }
}

static err_t code_of(str name)
{
    for (int e = 1; e < ERR__COUNT; e++)
        if (str_is(name, err_name((err_t)e))) return (err_t)e;
    return ERR_INTERNAL;
}

err_t agent_call(struct agent_conn *c, struct op *op, const struct local_request *in,
                 struct local_answer *out)
{
    struct buf b = BUF(op->arena);
    str line;
    desc_write_request(&b, &local_request_desc, in);
    buf_char(&b, '\n');
    for (str rest = buf_str(&b); rest.n;) {
        ssize_t n = send(c->fd, rest.p, rest.n, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) return fail(op, ERR_UNAVAILABLE, "the agent went away");
        if (n > 0) rest = str_skip(rest, (size_t)n);
    }
    TRY(read_line(c, op, &line));
    TRY(desc_read_answer(op, &local_answer_desc, line, out));
    if (out->ok) return OK;
    return op_fail(op, code_of(out->code), HERE, out->field, "%.*s", STR(out->error));
}

err_t agent_start(struct agent_conn *c, struct op *op, const struct unit_spec *spec, struct local_unit *out)
{
    struct buf b = BUF(op->arena);
    struct local_answer answer;
    desc_write_request(&b, &unit_spec_desc, spec);
    struct local_request in = { .op = LOCAL_START, .spec = { buf_str(&b) } };
    TRY(agent_call(c, op, &in, &answer));
    if (answer.units.n != 1) return fail(op, ERR_INTERNAL, "the agent's answer has no unit");
    *out = answer.units.item[0];
    return OK;
}

/* ---- without an agent ---- */

static void describe(struct op *op, const char *dir, const struct unit_file *f, struct local_unit *out)
{
    struct unit_state t;
    unit_state_read(op, dir, &t);
    bool alive = str_is(t.boot_id, proc_boot_id()) && proc_is((struct proc_id){ t.pid, t.pid_start });
    *out = (struct local_unit){
        .unit_id = f->spec.unit_id,
        .name = f->spec.name,
        .package_name = f->spec.package_name,
        .version = f->spec.version,
        .command = f->spec.entry.command,
        .status = alive || t.status == UNIT_FAILED ? t.status : UNIT_STOPPED,
        .desired = f->desired,
        .reason = t.reason,
        .pid = alive ? t.pid : 0,
        .port = t.port,
        .restarts = t.restarts,
        .exit_code = t.exit_code,
        .health = t.health,
        .isolation = t.isolation,
        .created_at = f->created_at,
        .started_at = t.started_at,
        .stopped_at = t.stopped_at,
        .dir = str_of(dir),
        .server = S(""),
    };
}

err_t agent_units_on_disk(struct op *op, struct local_answer *out)
{
    enum { MANY = 4096 };
    *out = (struct local_answer){ .ok = true, .server = S("no agent runs") };
    const char *root = spark_path(op, "units").p;
    DIR *d = opendir(root);
    out->units.item = NEWN(op->arena, struct local_unit, MANY);
    for (struct dirent *x; d && out->units.n < MANY && (x = readdir(d));) {
        uuid id;
        struct unit_file f;
        const char *dir = arena_printf(op->arena, "%s/%s", root, x->d_name).p;
        if (!uuid_parse(str_of(x->d_name), &id)) continue;
        if (unit_file_read(op, dir, &f)) op_clear(op); /* half made or damaged: the agent says more */
        else describe(op, dir, &f, &out->units.item[out->units.n++]);
    }
    if (d) closedir(d);
    return OK;
}
