/* `netbit agent`. */
#include "agent/agent.h"
#include "agent/agent_client.h"
#include "base/fs.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct agent_args {
    bool daemon, detached;
    i64 ready_fd, listen_fd, lock_fd;
};
#define D struct agent_args
static const struct field agent_args_fields[] = {
    { F(daemon), .doc = "Go to the background.", .doc_ru = "Уйти в фон." },
    { F(detached), .doc = "It is in the background already (used when it replaces itself).",
      .doc_ru = "Уже в фоне (так агент запускает себя заново)." },
    { F_AS("ready-fd", ready_fd), .min = -1, .max = 1 << 20, .def = "-1",
      .doc = "Descriptor that gets a byte when requests are heard.",
      .doc_ru = "Дескриптор, в который пишется байт, когда агент готов." },
    { F_AS("listen-fd", listen_fd), .min = -1, .max = 1 << 20, .def = "-1",
      .doc = "Socket handed over when the agent replaces itself.",
      .doc_ru = "Сокет, который агент передаёт себе при замене." },
    { F_AS("lock-fd", lock_fd), .min = -1, .max = 1 << 20, .def = "-1",
      .doc = "Lock handed over when the agent replaces itself.",
      .doc_ru = "Блокировка, которую агент передаёт себе при замене." },
};
#undef D
static DESC(agent_args);

/* The second fork leaves a process that no terminal can take back. */
static err_t go_to_background(struct op *op)
{
    enum { LOG_MAX = 1 << 20 };
    TRY(fs_make_dirs(op, spark_path(op, "").p, 0700));
    const char *path = spark_path(op, "agent.log").p;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) return fail(op, ERR_UNAVAILABLE, "fork: %s", strerror(errno));
        if (pid) _exit(0);
        if (!i) setsid();
    }
    AUTO(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    AUTO(fd) int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat st;
    if (log >= 0 && !fstat(log, &st) && st.st_size > LOG_MAX && ftruncate(log, 0))
        return fail(op, ERR_UNAVAILABLE, "empty '%s': %s", path, strerror(errno));
    dup2(null, 0);
    dup2(null, 1);
    dup2(log >= 0 ? log : null, 2);
    if (chdir("/")) return fail(op, ERR_UNAVAILABLE, "chdir: %s", strerror(errno));
    log_setup(log_least, true);
    return OK;
}

static err_t agent_command(struct cli *cli, const void *in)
{
    const struct agent_args *args = in;
    if (args->daemon) TRY(go_to_background(cli->op));
    struct agent_options o = { .detached = args->daemon || args->detached,
                               .ready_fd = (int)args->ready_fd,
                               .listen_fd = (int)args->listen_fd,
                               .lock_fd = (int)args->lock_fd };
    err_t e = agent_run(cli->op, &o);
    if (e && args->daemon) LOG_ERROR("agent ends", KV("why", cli->op->err.msg));
    return e;
}

const struct command agent_commands[] = {
    { .program = "netbit",
      .name = "agent",
      .in = &agent_args_desc,
      .run = agent_command,
      .doc = "Supervise this user's units.",
      .doc_ru = "Следить за юнитами этого пользователя.",
      .more =
          "Starts units, restarts them by their policies, collects logs and metrics and reports to the "
          "server "
          "of `spark login`. `spark run` starts it when it is needed; ending it leaves the units running.",
      .more_ru =
          "Запускает юниты, перезапускает их по правилам, собирает логи и метрики и отправляет их на сервер, "
          "заданный `spark login`. `spark run` запускает агент сам; завершение агента юниты не "
          "останавливает.",
      .example = "netbit agent --daemon" },
};
const size_t agent_ncommands = LEN(agent_commands);
