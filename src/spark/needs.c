#include "spark/needs.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool need_parse(str text, struct need *out)
{
    *out = (struct need){ 0 };
    text = str_trim(text);
    if (str_ends(text, S("?"))) out->optional = true, text.n--;
    if (str_starts(text, S("cmd:"))) text = str_skip(text, 4);
    size_t at;
    if (str_find(text, S(">="), &at)) {
        out->least = str_trim(str_skip(text, at + 2));
        text = str_head(text, at);
    }
    out->program = str_trim(text);
    return out->program.n > 0 && !str_find_char(out->program, '/', &at);
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

str version_in(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!digit(text.p[i]) || (i && (digit(text.p[i - 1]) || text.p[i - 1] == '.'))) continue;
        size_t end = i, dots = 0;
        while (end < text.n &&
               (digit(text.p[end]) || (text.p[end] == '.' && end + 1 < text.n && digit(text.p[end + 1]))))
            dots += text.p[end++] == '.';
        if (dots) return str_sub(text.p + i, text.p + end);
        i = end - 1;
    }
    return (str){ 0 };
}

int version_order(str a, str b)
{
    while (a.n || b.n) {
        str ha = { 0 }, hb = { 0 };
        i64 na = 0, nb = 0;
        if (!str_next(&a, '.', &ha) || !str_to_i64(ha, &na)) na = 0;
        if (!str_next(&b, '.', &hb) || !str_to_i64(hb, &nb)) nb = 0;
        if (na != nb) return na < nb ? -1 : 1;
    }
    return 0;
}

static bool find_program(struct op *op, str name, str *out)
{
    for (str rest = str_of(getenv("PATH")), dir; str_next(&rest, ':', &dir);) {
        *out = arena_printf(op->arena, "%.*s/%.*s", STR(dir), STR(name));
        if (!access(out->p, X_OK)) return true;
    }
    return false;
}

/* What `PROGRAM --version` prints, at most two seconds of it. */
static str ask_version(struct op *op, str path)
{
    int pipe_fd[2];
    if (pipe2(pipe_fd, O_CLOEXEC)) return S("");
    posix_spawn_file_actions_t io;
    posix_spawn_file_actions_init(&io);
    posix_spawn_file_actions_addopen(&io, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&io, pipe_fd[1], 1);
    posix_spawn_file_actions_adddup2(&io, pipe_fd[1], 2);
    char *argv[] = { str_z(op->arena, path), str_z(op->arena, S("--version")), NULL };
    pid_t pid;
    int failed = posix_spawn(&pid, argv[0], &io, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&io);
    close(pipe_fd[1]);
    char *text = arena_alloc(op->arena, 4096);
    size_t n = 0;
    i64 until = time_mono_us() + SEC(2);
    struct pollfd wait = { .fd = pipe_fd[0], .events = POLLIN };
    while (!failed && n < 4096 && poll(&wait, 1, (int)(MAX(until - time_mono_us(), 0) / 1000)) == 1) {
        ssize_t k = read(pipe_fd[0], text + n, 4096 - n);
        if (k <= 0) break;
        n += (size_t)k;
    }
    close(pipe_fd[0]);
    if (!failed) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    }
    return (str){ text, n };
}

static void warn_need(struct cli *cli, const struct need *n)
{
    static const struct {
        const char *name, *program;
    } known[] = { { "python", "python3" }, { "nodejs", "node" }, { "java", "java" } };
    str program = n->program, path;
    for (size_t i = 0; i < LEN(known); i++)
        if (str_is(n->program, known[i].name)) program = str_of(known[i].program);
    enum tone tone = n->optional ? TONE_DIM : TONE_WARN;
    if (!find_program(cli->op, program, &path)) {
        term_say(
            cli->term, tone,
            TR("needs '%.*s', which is not on this machine", "нужна программа '%.*s', её нет на этой машине"),
            STR(program));
        return;
    }
    if (!n->least.n) return;
    str have = version_in(ask_version(cli->op, path));
    if (have.n && version_order(have, n->least) >= 0) return;
    term_say(cli->term, tone,
             TR("needs '%.*s' %.*s or newer, here is %.*s", "нужна '%.*s' %.*s или новее, здесь %.*s"),
             STR(program), STR(n->least), STR(have.n ? have : S("?")));
}

static bool listed(const str *item, size_t n, str what)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_fold(item[i], what)) return true;
    return !n;
}

err_t needs_check(struct cli *cli, const struct manifest_runtime *r)
{
    struct utsname u;
    uname(&u);
    if (!listed(r->os.item, r->os.n, S("linux")))
        return fail(cli->op, ERR_PRECONDITION,
                    TR("the package is for %.*s, this is linux", "пакет для %.*s, а здесь linux"),
                    STR(str_join(cli->op->arena, r->os.item, r->os.n, S(", "))));
    if (!listed(r->arch.item, r->arch.n, str_of(u.machine)))
        return fail(cli->op, ERR_PRECONDITION,
                    TR("the package is for %.*s, this is %s", "пакет для %.*s, а здесь %s"),
                    STR(str_join(cli->op->arena, r->arch.item, r->arch.n, S(", "))), u.machine);
    for (size_t i = 0; i < r->needs.n; i++) {
        struct need n;
        if (need_parse(r->needs.item[i], &n)) warn_need(cli, &n);
    }
    return OK;
}
