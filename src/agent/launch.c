#include "agent/launch.h"
#include "agent/proc.h"
#include "base/fs.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

#define UNCHECKED __attribute__((no_sanitize("address", "undefined", "thread")))

/* ---- words with ${...} ---- */

struct names {
    const struct unit_spec *spec;
    const struct unit_dirs *dirs;
    const struct unit_ports *ports;
};

static bool find_port(const struct names *n, str name, i64 *out)
{
    for (size_t i = 0; i < n->spec->entry.ports.n && i < LEN(n->ports->port); i++)
        if (str_eq(n->spec->entry.ports.item[i].name, name)) {
            *out = n->ports->port[i];
            return true;
        }
    return false;
}

static err_t put_name(struct op *op, struct buf *b, const struct names *n, str name)
{
    const struct {
        const char *name;
        str value;
    } known[] = {
        { "pkg", n->spec->package_dir }, { "data", str_of(n->dirs->data) }, { "tmp", str_of(n->dirs->tmp) },
        { "unit", str_of(n->dirs->id) }, { "name", n->spec->name },
    };
    i64 port;
    for (size_t i = 0; i < LEN(known); i++)
        if (str_is(name, known[i].name)) {
            buf_put(b, known[i].value);
            return OK;
        }
    if (str_starts(name, S("port.")) && find_port(n, str_skip(name, 5), &port)) {
        buf_i64(b, port);
        return OK;
    }
    return fail_field(op, "entry", "unknown name '${%.*s}'", STR(name));
}

static err_t expand(struct op *op, const struct names *n, str s, char **out)
{
    struct buf b = BUF(op->arena);
    for (size_t at; str_find(s, S("${"), &at);) {
        buf_put(&b, str_head(s, at));
        s = str_skip(s, at + 2);
        size_t end;
        if (!str_find_char(s, '}', &end)) return fail_field(op, "entry", "'${' without '}'");
        TRY(put_name(op, &b, n, str_head(s, end)));
        s = str_skip(s, end + 1);
    }
    buf_put(&b, s);
    *out = str_z(op->arena, buf_str(&b));
    return OK;
}

/* ---- environment ---- */

struct env {
    struct arena *arena;
    char **item;
    size_t n, cap;
};

static void env_put(struct env *e, str key, str value)
{
    str line = arena_printf(e->arena, "%.*s=%.*s", STR(key), STR(value));
    char *z = str_z(e->arena, line);
    for (size_t i = 0; i < e->n; i++)
        if (!strncmp(e->item[i], z, key.n + 1)) {
            e->item[i] = z;
            return;
        }
    if (e->n + 1 >= e->cap) {
        char **more = NEWN(e->arena, char *, e->cap = e->cap ? e->cap * 2 : 64);
        if (e->n) memcpy(more, e->item, e->n * sizeof *more);
        e->item = more;
    }
    e->item[e->n++] = z;
    e->item[e->n] = NULL;
}

/* What a program gets of the agent's own environment: who and where it is, not what else the shell had. */
static const char *const passed[] = {
    "PATH",     "HOME",       "USER",        "LOGNAME",         "SHELL",        "LANG",
    "LC_ALL",   "LC_CTYPE",   "TZ",          "XDG_RUNTIME_DIR", "HTTP_PROXY",   "HTTPS_PROXY",
    "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",        "SSL_CERT_FILE"
};

static void env_base(struct env *e, const struct names *n)
{
    env_put(e, S("PATH"), S("/usr/local/bin:/usr/bin:/bin"));
    for (size_t i = 0; i < LEN(passed); i++)
        if (getenv(passed[i])) env_put(e, str_of(passed[i]), str_of(getenv(passed[i])));
    bool own_tmp = n->spec->entry.sandbox.profile == SANDBOX_NONE;
    env_put(e, S("TMPDIR"), own_tmp ? str_of(n->dirs->tmp) : S("/tmp"));
    env_put(e, S("NETBIT_UNIT_ID"), str_of(n->dirs->id));
    env_put(e, S("NETBIT_UNIT_NAME"), n->spec->name);
    env_put(e, S("NETBIT_DATA"), str_of(n->dirs->data));
    if (n->dirs->metrics.address[0]) env_put(e, S("NETBIT_SOCKET"), str_of(n->dirs->metrics.address));
    env_put(e, S("NETBIT_UDP"), arena_printf(e->arena, "127.0.0.1:%lld", (long long)n->ports->udp));
}

static void env_ports(struct env *e, const struct names *n)
{
    for (size_t i = 0; i < n->spec->entry.ports.n && i < LEN(n->ports->port); i++) {
        const struct unit_port *p = &n->spec->entry.ports.item[i];
        str key = p->env.n ? p->env : i ? arena_printf(e->arena, "PORT_%.*s", STR(p->name)) : S("PORT");
        char *z = str_z(e->arena, key);
        for (char *c = z; *c && !p->env.n; c++)
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c == '-' ? '_' : *c;
        env_put(e, str_of(z), arena_printf(e->arena, "%lld", (long long)n->ports->port[i]));
    }
}

static err_t env_secrets(struct op *op, struct env *e, str path)
{
    enum { LIMIT = 1 << 20 };
    struct stat st;
    str text;
    const char *z = str_z(op->arena, path);
    if (stat(z, &st)) return fail_field(op, "secrets", "'%s': %s", z, strerror(errno));
    if (st.st_mode & 077 || st.st_uid != geteuid())
        return fail_field(op, "secrets", "'%s' must be yours alone: chmod 600", z);
    TRY(fs_read(op, z, LIMIT, &text));
    for (str rest = text, line, key, value; str_next(&rest, '\n', &line);) {
        line = str_trim(line);
        if (!line.n || line.p[0] == '#') continue;
        if (!str_cut(line, '=', &key, &value)) return fail_field(op, "secrets", "a line without '='");
        env_put(e, str_trim(key), value);
    }
    return OK;
}

static err_t make_env(struct op *op, const struct names *n, char ***out)
{
    struct env e = { .arena = op->arena };
    env_base(&e, n);
    env_ports(&e, n);
    for (size_t i = 0; i < n->spec->entry.env.n; i++) {
        const struct pair *p = &n->spec->entry.env.item[i];
        char *value;
        TRY(expand(op, n, p->value, &value));
        env_put(&e, p->key, str_of(value));
    }
    if (n->spec->entry.secrets.n) TRY(env_secrets(op, &e, n->spec->entry.secrets));
    *out = e.item;
    return OK;
}

/* ---- the program ---- */

const char *launch_env(char *const *env, const char *key)
{
    size_t n = strlen(key);
    for (; *env; env++)
        if (!strncmp(*env, key, n) && (*env)[n] == '=') return *env + n + 1;
    return "";
}

static bool runnable(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static err_t find_program(struct op *op, str package, char *const *env, const char *word, const char **out)
{
    if (strchr(word, '/')) {
        *out = word[0] == '/' ? word : arena_printf(op->arena, "%.*s/%s", STR(package), word).p;
        if (runnable(*out)) return OK;
        return fail(op, ERR_NOT_FOUND, "'%s' is not a program%s", *out,
                    fs_exists(*out) ? " (not executable?)" : "");
    }
    for (str rest = str_of(launch_env(env, "PATH")), dir; str_next(&rest, ':', &dir);) {
        *out = arena_printf(op->arena, "%.*s/%s", STR(dir), word).p;
        if (dir.n && runnable(*out)) return OK;
    }
    return fail(op, ERR_NOT_FOUND, "no program '%s' in PATH", word);
}

static err_t make_argv(struct op *op, const struct names *n, const str *word, size_t nwords,
                       struct launch *out)
{
    out->argv = NEWN(op->arena, char *, nwords + 1);
    for (size_t i = 0; i < nwords; i++) TRY(expand(op, n, word[i], &out->argv[i]));
    return find_program(op, n->spec->package_dir, out->envp, out->argv[0], &out->path);
}

static err_t choose_ports(struct op *op, const struct unit_spec *spec, struct unit_ports *io)
{
    for (size_t i = 0; i < spec->entry.ports.n && i < LEN(io->port); i++) {
        const struct unit_port *p = &spec->entry.ports.item[i];
        io->port[i] = p->port;
        if (p->port) continue;
        AUTO(fd)
        int fd = socket(AF_INET, (p->proto == PROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        struct sockaddr_in a = { .sin_family = AF_INET };
        socklen_t size = sizeof a;
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) || getsockname(fd, (struct sockaddr *)&a, &size))
            return fail(op, ERR_UNAVAILABLE, "no free port: %s", strerror(errno));
        io->port[i] = ntohs(a.sin_port);
    }
    return OK;
}

static err_t make_sandbox(struct op *op, const struct names *n, struct launch *out)
{
    struct unit_sandbox box = n->spec->entry.sandbox;
    str *path = NEWN(op->arena, str, box.rw.n + box.ro.n + 1);
    for (size_t i = 0; i < box.rw.n + box.ro.n; i++) {
        char *z;
        TRY(expand(op, n, i < box.rw.n ? box.rw.item[i] : box.ro.item[i - box.rw.n], &z));
        if (z[0] != '/')
            z = str_z(op->arena, arena_printf(op->arena, "%.*s/%s", STR(n->spec->package_dir), z));
        path[i] = str_of(z);
    }
    box.ro.item = path + box.rw.n;
    box.rw.item = path;
    struct sandbox_paths at = { .package = str_z(op->arena, n->spec->package_dir),
                                .data = n->dirs->data,
                                .tmp = n->dirs->tmp,
                                .spark = n->dirs->spark,
                                .home = n->dirs->home,
                                .link = n->dirs->metrics.link_to ? n->dirs->metrics.address : NULL,
                                .link_to = n->dirs->metrics.link_to };
    return sandbox_plan(op, &box, &at, &out->box);
}

err_t launch_prepare(struct op *op, const struct unit_spec *spec, const struct unit_dirs *dirs,
                     struct unit_ports *ports, struct launch *out)
{
    const struct unit_entry *e = &spec->entry;
    struct names n = { spec, dirs, ports };
    TRY(choose_ports(op, spec, ports));
    TRY(make_env(op, &n, &out->envp));
    str *word = NEWN(op->arena, str, e->args.n + 1);
    word[0] = e->command;
    for (size_t i = 0; i < e->args.n; i++) word[i + 1] = e->args.item[i];
    TRY(make_argv(op, &n, word, e->args.n + 1, out));
    char *cwd;
    TRY(expand(op, &n, e->cwd.n ? e->cwd : spec->package_dir, &cwd));
    out->cwd = cwd[0] == '/' ? cwd : arena_printf(op->arena, "%.*s/%s", STR(spec->package_dir), cwd).p;
    out->limits = &e->resources;
    return make_sandbox(op, &n, out);
}

err_t launch_command(struct op *op, const struct unit_spec *spec, const struct unit_dirs *dirs,
                     const struct unit_ports *ports, const str *word, size_t n, struct launch *io)
{
    struct names names = { spec, dirs, ports };
    return make_argv(op, &names, word, n, io);
}

/* ---- the child ---- */

static void tell(int fd, int step, int level, int error)
{
    struct launch_report r = { step, level, error };
    while (write(fd, &r, sizeof r) < 0 && errno == EINTR) continue;
}

static struct rlimit files_before; /* rlim_max 0: not raised */

void launch_raise_files(void)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) || now.rlim_cur == now.rlim_max) return;
    files_before = now;
    now.rlim_cur = now.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &now)) files_before.rlim_max = 0;
}

void launch_restore_files(void)
{
    if (files_before.rlim_max) setrlimit(RLIMIT_NOFILE, &files_before);
}

static void set_limit(int what, i64 n)
{
    struct rlimit was, now = { (rlim_t)n, (rlim_t)n };
    if (getrlimit(what, &was)) return;
    if (was.rlim_max != RLIM_INFINITY && now.rlim_max > was.rlim_max)
        now = (struct rlimit){ was.rlim_max, was.rlim_max };
    setrlimit(what, &now);
}

static void apply_limits(const struct launch *l, int report)
{
    launch_restore_files();
    if (l->limits->nofile) set_limit(RLIMIT_NOFILE, l->limits->nofile);
    AUTO(fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "200", 3) != 3) tell(report, STEP_LIMITS, 0, errno);
}

/* Stops a fork bomb at once; root is never bound by it. Counts all tasks of the user, but within a user
 * namespace only those inside. */
static void limit_processes(const struct launch *l, bool inside)
{
    if (!l->limits->pids || l->user_tasks < 0 || !geteuid()) return;
    set_limit(RLIMIT_NPROC, l->limits->pids + (inside ? 0 : l->user_tasks));
}

static void isolate(const struct launch *l, int report)
{
    int profile = l->box.profile, e = l->skip[ISO_NAMESPACES] ? 0 : sandbox_enter(&l->box);
    if (e) {
        tell(report, STEP_ISOLATION, ISO_NAMESPACES, e);
        _exit(127); /* half made: a fresh child goes without */
    }
    limit_processes(l, !l->skip[ISO_NAMESPACES] && (profile != SANDBOX_NONE || l->box.net == NET_NONE));
    if ((e = sandbox_privileges(profile))) tell(report, STEP_ISOLATION, ISO_PRIVILEGES, e);
    if (chdir(l->cwd)) {
        tell(report, STEP_CWD, 0, errno);
        _exit(127);
    }
    if (profile != SANDBOX_NONE && (e = sandbox_seccomp())) tell(report, STEP_ISOLATION, ISO_SECCOMP, e);
}

static void restore_signals(void)
{
    for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The mappings of shared libraries but the C library's: an execve takes its time to take hundreds of them
 * apart, and a waiting child needs them no more. */
struct range {
    unsigned long from, to;
};
static size_t find_libraries(struct range *out, size_t cap)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char line[512];
    size_t n = 0;
    while (f && n < cap && fgets(line, sizeof line, f)) {
        bool needed = strstr(line, "/libc.so") || strstr(line, "/ld-");
        if (strstr(line, ".so") && !needed && sscanf(line, "%lx-%lx", &out[n].from, &out[n].to) == 2) n++;
    }
    if (f) fclose(f);
    return n;
}

/* Nothing but system calls from the moment on that the libraries are gone, among them that which binds
 * symbols and those of sanitizers. */
UNCHECKED static NORETURN void wait_to_go(const struct launch *l, int report, int go)
{
    static struct range library[1024];
    struct launch_report failed = { .step = STEP_EXEC };
    char byte;
    prctl(PR_SET_NAME, "netbit-spare", 0, 0, 0);
    size_t libraries = find_libraries(library, LEN(library));
    syscall(SYS_getpid); /* binds it */
    int *error = &errno;
    for (size_t i = 0; i < libraries; i++)
        syscall(SYS_munmap, library[i].from, library[i].to - library[i].from);
    long n;
    while ((n = syscall(SYS_read, go, &byte, 1)) < 0 && *error == EINTR) continue;
    if (n == 1) {
        syscall(SYS_execve, l->path, l->argv, l->envp);
        failed.error = *error;
        syscall(SYS_write, report, &failed, sizeof failed);
    }
    for (;;) syscall(SYS_exit_group, n == 1 ? 127 : 0);
}

static NORETURN void child(const struct launch *l, int report, int go, pid_t shim)
{
    setpgid(0, 0);
    restore_signals();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(null, 0) < 0 || dup2(l->out, 1) < 0 || dup2(l->err, 2) < 0) _exit(127);
    if (go >= 0) {
        /* What a started one shares with its shim for a moment, a waiting one must not hold: the lock,
         * connections, logs that are rotated away. */
        launch_close_others(report, go);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    apply_limits(l, report);
    isolate(l, report);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* last: taking on other privileges clears it */
    if (getppid() != shim) _exit(127);
    if (go >= 0) wait_to_go(l, report, go);
    execve(l->path, l->argv, l->envp);
    tell(report, STEP_EXEC, 0, errno);
    _exit(127);
}

/* Straight into its control group when there is one: moving a running process costs milliseconds. */
static pid_t fork_into(int cgroup, int exit_signal)
{
    struct clone_args a = { .exit_signal = (u64)exit_signal };
    if (cgroup >= 0) {
        a.flags = CLONE_INTO_CGROUP;
        a.cgroup = (u64)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &a, sizeof a);
}

/* A child with another exit signal than SIGCHLD is nobody's but __WCLONE's until its execve gives it that. */
static err_t start(struct op *op, const struct launch *l, const int go[2], pid_t *pid, int *report)
{
    int pipes[2], sig = go ? SPARE_SIGNAL : SIGCHLD;
    pid_t shim = getpid();
    if (pipe2(pipes, O_CLOEXEC)) return fail(op, ERR_UNAVAILABLE, "pipe: %s", strerror(errno));
    *pid = fork_into(l->cgroup, sig);
    if (*pid < 0 && l->cgroup >= 0) *pid = fork_into(-1, sig);
    if (*pid < 0 && errno == ENOSYS && !go) *pid = fork();
    if (!*pid) child(l, pipes[1], go ? go[0] : -1, shim);
    int e = errno;
    close(pipes[1]);
    if (*pid < 0) {
        close(pipes[0]);
        return fail(op, ERR_UNAVAILABLE, "fork: %s", strerror(e));
    }
    setpgid(*pid, *pid);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    *report = pipes[0];
    return OK;
}

err_t launch_start(struct op *op, const struct launch *l, pid_t *pid, int *report)
{
    return start(op, l, NULL, pid, report);
}

err_t launch_spare(struct op *op, const struct launch *l, pid_t *pid, int *report, int *go)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC)) return fail(op, ERR_UNAVAILABLE, "pipe: %s", strerror(errno));
    err_t e = start(op, l, pipes, pid, report);
    close(pipes[0]);
    if (e) close(pipes[1]);
    else *go = pipes[1];
    return e;
}
