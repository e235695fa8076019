#include "main/serve.h"
#include "base/fs.h"
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/channel/channel.h"
#include "main/demo.h"
#include "main/features.h"
#include "main/jobs.h"
#include "main/node.h"
#include "net/http.h"
#include "net/trace.h"
#include "port/blob/blob.h"
#include "port/db/db.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

extern const struct static_file static_files[];
extern const size_t nstatic_files;

err_t ports_open(struct op *op, struct config *config, struct ports *out)
{
    TRY(config_complete(op, config));
    err_t e = db_open(op, config->database_url, &(struct db_options){ 0 }, &out->db);
    if (e == ERR_UNAVAILABLE && str_is(op->err.msg, err_title(e))) /* the log has the reason */
        return fail(op, e, "%s",
                    TR("the database is not available, see the line before; does its server run, and is "
                       "DATABASE_URL right?",
                       "база данных недоступна, причина строкой выше; работает ли её сервер и верен ли "
                       "DATABASE_URL?"));
    if (e) return e;
    e = blob_open(op, config->blob_url, &out->blob);
    if (e) {
        db_close(out->db);
        return e;
    }
    out->config = config;
    op->ports = out;
    return OK;
}

void ports_close(struct op *op, struct ports *p)
{
    db_leave(op);
    op->ports = NULL;
    blob_close(p->blob);
    db_close(p->db);
}

/* One server a data folder: two would overwrite each other's stages and both believe to own the SQLite file's
 * writes. */
static err_t lock_data(struct op *op, const struct config *c, int *fd)
{
    str path = arena_printf(op->arena, "%.*s/netbit.lock", STR(c->data));
    *fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) return fail(op, ERR_UNAVAILABLE, "cannot open '%s': %s", path.p, strerror(errno));
    if (!flock(*fd, LOCK_EX | LOCK_NB)) return OK;
    return fail(
        op, ERR_CONFLICT,
        TR("another netbit serves from '%.*s': stop it, or choose another folder with --data",
           "из папки '%.*s' уже работает другой netbit: остановите его или укажите другую папку (--data)"),
        STR(c->data));
}

static void raise_file_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= r.rlim_max) return;
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r)) LOG_WARN("open file limit stays", KV("limit", (i64)r.rlim_cur));
}

static err_t start_features(struct op *op)
{
    for (size_t i = 0; i < nfeatures; i++)
        if (features[i]->start) TRY(features[i]->start(op));
    return OK;
}

static void stop_features(void)
{
    for (size_t i = nfeatures; i-- > 0;)
        if (features[i]->stop) features[i]->stop();
}

static str local_url(struct op *op, const struct config *c, int port)
{
    if (c->public_url.p) return c->public_url;
    const char *colon = memrchr(c->listen.p, ':', c->listen.n);
    str host = colon ? str_sub(c->listen.p, colon) : c->listen;
    if (!host.n || str_is(host, "0.0.0.0") || str_is(host, "[::]")) host = S("localhost");
    return arena_printf(op->arena, "http://%.*s:%d", STR(host), port);
}

static err_t start_http(struct op *op, const struct config *c, const struct tables *t, struct http **out)
{
    const struct http_options options = {
        .listen = c->listen,
        .io_threads = (int)c->io_threads,
        .workers = (int)c->workers,
        .max_connections = (int)c->max_connections,
        .max_uploads = (int)c->max_uploads,
        .rate_per_minute = c->rate_per_minute,
        .sign_in_per_minute = c->sign_in_per_minute,
        .trusted_proxies = c->trusted_proxies,
        .public_url = c->public_url,
        .ports = op->ports,
        .authenticate = account_authenticate,
        .cookie = account_cookie(),
        .authenticate_cookie = account_authenticate_cookie,
        .when_durable = db_when_durable,
        .refused = account_audit_refused,
        .idempotency = &account_idempotency,
        .files = static_files,
        .nfiles = nstatic_files,
    };
    return http_start(op, &options, t->routes, t->nroutes, t->n, out);
}

/* The person at the console reads their language, the API's callers English. */
static enum lang console = LANG_EN;

static void say_ready(struct cli *cli, str url)
{
    term_say(cli->term, TONE_GOOD,
             console == LANG_RU ? "Netbit работает: %.*s   (API: %.*s/docs, Ctrl-C остановит)"
                                : "Netbit serves %.*s   (API: %.*s/docs, Ctrl-C stops it)",
             STR(url), STR(url));
}

/* The usual reason not to begin, for the person at the console. */
static err_t start_listening(struct op *op, const struct config *c, const struct tables *t, struct http **out)
{
    err_t e = start_http(op, c, t, out);
    if (e != ERR_CONFLICT) return e;
    return fail(op, e,
                console == LANG_RU
                    ? "на %.*s уже слушает другая программа: остановите её или выберите другой "
                      "порт (--listen HOST:PORT или переменная PORT)"
                    : "another program listens on %.*s: stop it, or choose another port "
                      "(--listen HOST:PORT, or PORT in the environment)",
                STR(c->listen));
}

static err_t serve_until_signal(struct op *op, struct cli *cli, struct config *c, const sigset_t *signals)
{
    struct tables t = tables_of_features(op->arena);
    i64 applied;
    TRY(migrate_up(op, t.migrations, t.nmigrations, &applied));
    TRY(migrate_known(op, t.migrations, t.nmigrations));
    lang_now = LANG_EN; /* from here on texts are for the network */
    if (applied) LOG_INFO("database migrated", KV("migrations", applied));
    db_set_hook(op->ports->db, account_audit);
    account_know_features(features, nfeatures);
    channel_know_features(features, nfeatures);
    TRY(start_features(op));
    struct http *http;
    TRY(start_listening(op, c, &t, &http));
    str url = local_url(op, c, http_port(http));
    struct trace_options traces = { c->otlp_url, S("netbit"), c->trace_percent };
    err_t e = traces.url.n ? trace_start(op, &traces) : OK;
    if (!e) e = account_start(op, url, console);
    if (!e) e = db_flush(op);
    struct jobs *jobs = NULL;
    const struct jobs_options repeated = { .features = features, .nfeatures = nfeatures };
    if (!e) e = jobs_start(op, &repeated, &jobs);
    if (!e) node_serves(http, jobs);
    struct demo *demo = NULL;
    if (!e && c->demo) e = demo_start(op, url, &demo);
    if (!e) {
        say_ready(cli, url);
        int got;
        sigwait(signals, &got);
        LOG_INFO("stopping", KV("signal", got));
    }
    demo_stop(demo);
    node_leaves();
    http_stop(http, SEC(10)); /* before the jobs, whose figures its answers show */
    jobs_stop(jobs);
    trace_stop();
    return e;
}

err_t serve(struct cli *cli, const struct config *given)
{
    struct op *op = cli->op;
    struct config c = *given;
    TRY(config_from_env(op, &c));
    enum log_level level;
    if (!log_level_of(c.log_level, &level))
        return fail_field(op, "log_level", "must be debug, info, warn, error or off");
    log_setup(level, str_is(c.log_format, "auto") ? !cli->term->err_tty : !str_is(c.log_format, "text"));
    raise_file_limit();
    console = lang_now;
    /* Blocked before any thread is made, so that only sigwait() sees them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct ports ports = { 0 };
    AUTO(fd) int lock = -1;
    TRY(fs_make_dirs(op, str_z(op->arena, c.data), 0700));
    TRY(lock_data(op, &c, &lock));
    TRY(ports_open(op, &c, &ports));
    /* What lives as long as the server has memory of its own, gone before the database closes. */
    struct arena life = { 0 };
    struct op inner = { .arena = &life, .ports = &ports, .who = &principal_system, .id = S("serve") };
    err_t e = serve_until_signal(&inner, cli, &c, &signals);
    stop_features();
    op->err = inner.err;
    op->err.msg = str_copy(op->arena, inner.err.msg);
    op->err.field = str_copy(op->arena, inner.err.field);
    arena_free(&life);
    ports_close(op, &ports);
    return e;
}
