#include "main/demo.h"
#include "base/fs.h"
#include "base/log.h"
#include "feature/account/account.h"
#include "port/config.h"
#include "port/db/db.h"
#include "port/ports.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the demo runs, in order: a package's folder below NETBIT_DEMO_DIR and the unit's name. */
static const struct demo_unit {
    const char *package, *unit, *restart;
} units[] = {
    { "node-service", "demo-web", "always" },
    { "python-sensor", "demo-sensor", "always" },
    { "c-program", "demo-counter", "always" },
    { "crasher", "demo-crasher", "always" },
};

struct demo {
    struct arena arena;
    const char *dir; /* of the demo packages */
    char **env;
    pthread_t thread;
    pthread_mutex_t lock;
    bool stop;
};

/* Runs `spark ARG...` as a person would; its complaints are this server's unless it is only asked. False: it
 * failed. */
static bool spark(struct demo *d, bool ask, const char *const *args)
{
    char *argv[12] = { (char *)(uintptr_t) "spark" };
    for (size_t i = 0; args[i] && i < LEN(argv) - 2; i++) argv[i + 1] = (char *)(uintptr_t)args[i];
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_t attr;
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (ask) posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int e = posix_spawn(&pid, "/proc/self/exe", &files, &attr, argv, d->env), status = 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    while (!e && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return false;
    return !e && status == 0;
}
#define SPARK(d, ...)     spark((d), false, (const char *const[]){ __VA_ARGS__, NULL })
#define SPARK_ASK(d, ...) spark((d), true, (const char *const[]){ __VA_ARGS__, NULL })

static bool stopping(struct demo *d)
{
    pthread_mutex_lock(&d->lock);
    bool stop = d->stop;
    pthread_mutex_unlock(&d->lock);
    return stop;
}

static void *fill(void *arg)
{
    struct demo *d = arg;
    for (size_t i = 0; i < LEN(units) && !stopping(d); i++) {
        const struct demo_unit *u = &units[i];
        /* Known from an earlier run of the server; after a kill -9 of it they never stopped. */
        if (SPARK_ASK(d, "start", u->unit) || SPARK_ASK(d, "status", u->unit)) continue;
        str dir = arena_printf(&d->arena, "%s/%s", d->dir, u->package);
        bool ok = SPARK(d, "publish", dir.p, "--quiet", "--yes") &&
                  SPARK(d, "install", u->package, "--quiet") &&
                  SPARK(d, "run", u->package, "--name", u->unit, "--restart", u->restart, "--quiet");
        if (!ok && !stopping(d))
            LOG_WARN("the demo could not start a unit", KV("unit", u->unit), KV("package", dir));
    }
    return NULL;
}

static char **environment(struct op *op, struct demo *d, str url, str token)
{
    size_t n = 0;
    while (environ[n]) n++;
    char **env = NEWN(&d->arena, char *, n + 4);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        str e = str_of(environ[i]);
        if (!str_starts(e, S("NETBIT_")) && !str_starts(e, S("DATABASE_URL="))) env[k++] = environ[i];
    }
    char here[4096];
    const char *data = str_z(op->arena, op->ports->config->data);
    if (!realpath(data, here)) bug("realpath %s", data);
    env[k++] = (char *)(uintptr_t)arena_printf(&d->arena, "NETBIT_HOME=%s/demo", here).p;
    env[k++] = (char *)(uintptr_t)arena_printf(&d->arena, "NETBIT_URL=%.*s", STR(url)).p;
    env[k++] = (char *)(uintptr_t)arena_printf(&d->arena, "NETBIT_TOKEN=%.*s", STR(token)).p;
    return env;
}

err_t demo_start(struct op *op, str url, struct demo **out)
{
    *out = NULL;
    const char *dir = getenv("NETBIT_DEMO_DIR");
    if (!dir || !fs_exists(dir)) {
        LOG_WARN("no demo: NETBIT_DEMO_DIR does not name the folder of demo packages");
        return OK;
    }
    i64 user;
    str token;
    TRY(account_user_ensure(op, S("demo"), S("Demo"), &user));
    TRY(account_token_drop(op, user, S("demo agent")));
    const struct account_token wanted = {
        .user_id = user,
        .name = S("demo agent"),
        .scopes = S("user package:read package:write unit:read unit:write telemetry:write series:read "
                    "series:write project"),
    };
    TRY(account_token_new(op, &wanted, &token));
    TRY(db_flush(op));
    struct demo *d = MEM_NEW(struct demo);
    d->dir = str_z(&d->arena, str_of(dir));
    d->env = environment(op, d, url, token);
    pthread_mutex_init(&d->lock, NULL);
    if (pthread_create(&d->thread, NULL, fill, d)) bug("no thread for the demo");
    *out = d;
    return OK;
}

void demo_stop(struct demo *d)
{
    if (!d) return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    for (size_t i = 0; i < LEN(units); i++)
        if (!SPARK(d, "stop", units[i].unit, "--quiet"))
            LOG_WARN("a demo unit did not stop", KV("unit", units[i].unit));
    if (!SPARK(d, "agent", "stop", "--quiet")) LOG_WARN("the demo's agent did not stop");
    pthread_mutex_destroy(&d->lock);
    arena_free(&d->arena);
    mem_free(d);
}
