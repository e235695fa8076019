#include "agent/agent_test.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

bool contains(str text, const char *what) { return str_find(text, str_of(what), &(size_t){ 0 }); }

/* A test that failed leaves its agent, shims and children behind: all of them know its home or their unit. */
static char leftover[256];
static void clean_up(void)
{
    if (!leftover[0]) return;
    for (int i = 0; i < 100 && proc_kill_marked(leftover); i++) test_nap();
    leftover[0] = 0;
}

void host_open(struct host *h, struct op *op) { host_open_at(h, op, test_dir()); }

void host_open_at(struct host *h, struct op *op, const char *home)
{
    if (!leftover[0]) atexit(clean_up);
    clean_up();
    static char env[256]; /* putenv keeps it */
    char self[300];
    *h = (struct host){ .op = op, .conn = { .fd = -1 } };
    snprintf(h->home, sizeof h->home, "%s", home);
    snprintf(env, sizeof env, "NETBIT_HOME=%s", h->home);
    putenv(env);
    snprintf(leftover, sizeof leftover, "%s", env);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    snprintf(h->children, sizeof h->children, "%.*s/tests/children",
             STR(fs_dir_name((str){ self, (size_t)n })));
}

void host_connect(struct host *h)
{
    agent_close(&h->conn);
    assert_ok(h->op, agent_connect(h->op, AGENT_MUST_RUN, &h->conn));
}

void host_agent(struct host *h, const char *option)
{
    int ready[2];
    char byte, number[16], program[400];
    assert_int_equal(pipe(ready), 0);
    snprintf(program, sizeof program, "%s/test-agent", h->children);
    snprintf(number, sizeof number, "%d", ready[1]);
    h->agent = fork();
    if (!h->agent) {
        close(ready[0]);
        int log =
            open(arena_printf(h->op->arena, "%s/agent.out", h->home).p, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, 1); /* nobody who waits for the test's output waits for an agent */
        dup2(log, 2);
        struct rlimit files = { (rlim_t)h->files, (rlim_t)h->files_max };
        if (h->files && setrlimit(RLIMIT_NOFILE, &files)) _exit(126);
        execl(program, "test-agent", "agent", "--ready-fd", number, option, NULL);
        _exit(127);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    host_connect(h);
}

void host_kill_agent(struct host *h)
{
    kill(h->agent, SIGKILL);
    assert_int_equal(waitpid(h->agent, NULL, 0), h->agent);
    h->agent = 0;
    agent_close(&h->conn);
}

i64 host_agent_pid(struct host *h)
{
    struct local_answer a;
    struct local_request r = { .op = LOCAL_PING };
    assert_ok(h->op, agent_call(&h->conn, h->op, &r, &a));
    return a.pid;
}

err_t host_try(struct host *h, int op, const char *unit, struct local_unit *out)
{
    struct local_request r = { .op = op, .unit = str_of(unit) };
    struct local_answer a;
    TRY(agent_call(&h->conn, h->op, &r, &a));
    if (out && a.units.n) *out = a.units.item[0];
    return OK;
}

void host_do(struct host *h, int op, const char *unit, struct local_unit *out)
{
    assert_ok(h->op, host_try(h, op, unit, out));
}

bool host_status_is(struct host *h, const char *unit, int status)
{
    struct local_unit u = { 0 };
    host_do(h, LOCAL_STATUS, unit, &u);
    return u.status == status;
}

err_t host_try_start(struct host *h, const char *name, const char *args, const char *more,
                     struct local_unit *out)
{
    struct buf b = BUF(h->op->arena);
    struct unit_spec spec;
    bool first = true;
    buf_put(&b, S("{\"name\":"));
    json_put_str(&b, str_of(name));
    buf_printf(&b,
               ",\"package_name\":\"test\",\"package_dir\":\"%s\",\"entry\":{\"command\":\"./"
               "test-child\",\"args\":[",
               h->children);
    for (str rest = str_of(args), word; str_next(&rest, ' ', &word); first = false) {
        if (!first) buf_char(&b, ',');
        json_put_str(&b, word);
    }
    buf_printf(&b, "]%s%s}}", more ? "," : "", more ? more : "");
    assert_ok(h->op, desc_read(h->op, &unit_spec_desc, buf_str(&b), &spec));
    return agent_start(&h->conn, h->op, &spec, out);
}

void host_start(struct host *h, const char *name, const char *args, const char *more, struct local_unit *out)
{
    assert_ok(h->op, host_try_start(h, name, args, more, out));
}

str host_log(struct host *h, const struct local_unit *u, const char *name)
{
    str text = { 0 };
    err_t e = fs_read(h->op, arena_printf(h->op->arena, "%.*s/logs/%s", STR(u->dir), name).p, 1 << 28, &text);
    if (e == ERR_NOT_FOUND) op_clear(h->op); /* made with its first line */
    else assert_ok(h->op, e);
    return text;
}

struct count {
    char mark[80];
    size_t n;
};

static void count_marked(void *ctx, const struct proc_stat *s)
{
    struct count *c = ctx;
    char path[64], text[65536];
    snprintf(path, sizeof path, "/proc/%lld/environ", (long long)s->pid);
    int fd = s->state == 'Z' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0) close(fd);
    if (n > 0 && contains((str){ text, (size_t)n }, c->mark)) c->n++;
}

size_t host_processes(const struct local_unit *u)
{
    struct count c = { .n = 0 };
    char id[UUID_TEXT];
    snprintf(c.mark, sizeof c.mark, "NETBIT_UNIT_ID=%.*s", STR(uuid_text(u->unit_id, id)));
    proc_each(count_marked, &c);
    return c.n;
}

void host_close(struct host *h)
{
    struct local_request list = { .op = LOCAL_LIST }, bye = { .op = LOCAL_SHUTDOWN };
    struct local_answer a, ignored;
    assert_ok(h->op, agent_call(&h->conn, h->op, &list, &a));
    for (size_t i = 0; i < a.units.n; i++) {
        char id[UUID_TEXT];
        struct local_request r = { .op = LOCAL_REMOVE,
                                   .unit = uuid_text(a.units.item[i].unit_id, id),
                                   .force = true };
        assert_ok(h->op, agent_call(&h->conn, h->op, &r, &ignored));
        assert_int_equal(host_processes(&a.units.item[i]), 0);
    }
    i64 pid = host_agent_pid(h);
    struct proc_stat s;
    assert_true(proc_read(pid, &s));
    assert_ok(h->op, agent_call(&h->conn, h->op, &bye, &ignored));
    if (h->agent == pid) assert_int_equal(waitpid(h->agent, NULL, 0), h->agent);
    else WAIT_FOR(!proc_is((struct proc_id){ pid, s.start }));
    agent_close(&h->conn);
    clean_up();
}
