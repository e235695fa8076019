/* Connections to PostgreSQL: at most `most`, made when needed, given to one operation at a time, the latest
 * used first. A server that is away (restart, failover, network) is waited for: attempts with growing pauses
 * until wait_us or the operation's deadline is over. When it has been away for a while, those who come then
 * try once and are told at once, or waiting ones would soon hold every worker. A connection that died while
 * idle is noticed before it is given out, so that its death costs nobody an error. */
#include "base/log.h"
#include "port/db/db_pg.h"
#include <errno.h>
#include <poll.h>

enum {
    PAUSE_FIRST_US = 20000,
    PAUSE_MOST_US = 1000000,
    LONG_AWAY_US = 5000000,
    LATE_WAIT_US = 200000,
    LEAST_VERSION = 150000
};

/* Durable means durable, whatever the server's configuration says; the rest is what our dialect assumes. */
static const char session[] = "SET TIME ZONE 'UTC'; SET standard_conforming_strings = on; SET "
                              "default_transaction_isolation = 'read committed';"
                              "SELECT set_config('synchronous_commit', 'on', false) WHERE "
                              "current_setting('synchronous_commit') = 'off'";

static void on_notice(void *arg UNUSED, const PGresult *res)
{
    LOG_DEBUG("notice", KV("text", str_trim(str_of(PQresultErrorMessage(res)))));
}

static void conn_close(struct pg_conn *c)
{
    c->tired = true;
    db_cache_done(&c->cache);
    PQfinish(c->h);
    mem_free(c);
}

/* True when waiting cannot help: the server answered and will answer the same again. Servers that speak
 * another language are waited for in vain, no worse. */
static bool hopeless(const char *message)
{
    static const char *const text[] = { "does not exist",       "authentication failed",
                                        "no pg_hba.conf entry", "invalid connection option",
                                        "invalid URI",          "no password supplied" };
    for (size_t i = 0; i < LEN(text); i++)
        if (strstr(message, text[i])) return true;
    return false;
}

static const char *unfit(struct pg_conn *c)
{
    const char *encoding = PQparameterStatus(c->h, "server_encoding");
    if (PQserverVersion(c->h) < LEAST_VERSION) return "the server is older than PostgreSQL 15";
    if (!encoding || strcmp(encoding, "UTF8")) return "the database's encoding is not UTF8";
    return NULL;
}

/* *again: the failure may pass. */
static err_t conn_open(struct op *op, struct pg *db, struct pg_conn **out, bool *again)
{
    static const char *const key[] = { "fallback_application_name",
                                       "connect_timeout",
                                       "keepalives_idle",
                                       "tcp_user_timeout",
                                       "dbname",
                                       "client_encoding",
                                       NULL };
    const char *const value[] = { "netbit", "5", "15", "30000", db->url, "UTF8", NULL };
    struct pg_conn *c = MEM_NEW(struct pg_conn);
    c->cache = (struct db_cache){ .drop = pg_stmt_drop, .ctx = c };
    c->h = PQconnectdbParams(key, value, 1);
    PQsetNoticeReceiver(c->h, on_notice, NULL);
    bool connected = PQstatus(c->h) == CONNECTION_OK, fit = connected && !unfit(c);
    PGresult *res = fit ? PQexec(c->h, session) : NULL;
    bool ready = res && (PQresultStatus(res) == PGRES_TUPLES_OK || PQresultStatus(res) == PGRES_COMMAND_OK);
    PQclear(res);
    if (ready) {
        *out = c;
        return OK;
    }
    *again = !(connected && !fit) && !hopeless(PQerrorMessage(c->h));
    str why =
        str_copy(op->arena, str_trim(connected && !fit ? str_of(unfit(c)) : str_of(PQerrorMessage(c->h))));
    conn_close(c);
    LOG_DEBUG("no connection", KV("why", why));
    return op_fail(op, ERR_UNAVAILABLE, HERE, (str){ 0 }, "%.*s", STR(why));
}

static bool healthy(struct pg_conn *c)
{
    struct pollfd p = { PQsocket(c->h), POLLIN, 0 };
    /* Nothing comes to an idle connection but its end, or news that are no loss with it. */
    return PQstatus(c->h) == CONNECTION_OK && poll(&p, 1, 0) == 0;
}

/* Holding the mutex: an idle connection, or the right to open one (*out == NULL). False: all are in use. */
static bool take(struct pg *db, struct pg_conn **out)
{
    if ((*out = db->idle)) {
        db->idle = (*out)->next;
        return true;
    }
    if (db->count == db->most) return false;
    db->count++;
    return true;
}

static void give_up_place(struct pg *db)
{
    pthread_mutex_lock(&db->m);
    db->count--;
    pthread_cond_signal(&db->freed);
    pthread_mutex_unlock(&db->m);
}

static bool wait_freed(struct pg *db, i64 mono_us)
{
    struct timespec ts = { mono_us / 1000000, mono_us % 1000000 * 1000 };
    return pthread_cond_timedwait(&db->freed, &db->m, &ts) != ETIMEDOUT;
}

static err_t wait_place(struct op *op, struct pg *db, i64 until, struct pg_conn **out)
{
    pthread_mutex_lock(&db->m);
    bool have;
    while (!(have = take(db, out)) && wait_freed(db, until)) continue;
    if (!have) have = take(db, out);
    pthread_mutex_unlock(&db->m);
    return have ? OK : fail(op, ERR_UNAVAILABLE, "all connections to the database are in use");
}

/* Sleeps between attempts; ends early when somebody else's connection comes free, a sign of life. */
static void pause_between(struct pg *db, i64 pause, i64 until)
{
    pthread_mutex_lock(&db->m);
    wait_freed(db, MIN(time_mono_us() + pause, until));
    pthread_mutex_unlock(&db->m);
}

static void tell_away(struct pg *db, bool away)
{
    pthread_mutex_lock(&db->m);
    if (!away) db->away_us = 0;
    else if (!db->away_us) db->away_us = time_mono_us();
    pthread_mutex_unlock(&db->m);
}

static i64 patience(const struct op *op, struct pg *db)
{
    i64 now = time_mono_us(), until = now + db->wait_us;
    pthread_mutex_lock(&db->m);
    bool late = db->away_us && now - db->away_us > LONG_AWAY_US;
    pthread_mutex_unlock(&db->m);
    if (late) until = MIN(until, now + LATE_WAIT_US);
    return op->deadline_us ? MIN(until, op->deadline_us) : until;
}

err_t pg_get(struct op *op, struct pg *db, struct pg_conn **out)
{
    i64 until = patience(op, db), pause = PAUSE_FIRST_US;
    for (;;) {
        struct pg_conn *c;
        TRY(wait_place(op, db, until, &c));
        if (c && healthy(c)) {
            *out = c;
            return OK;
        }
        if (c) conn_close(c);
        bool again = true;
        err_t e = conn_open(op, db, out, &again);
        tell_away(db, e && again);
        if (!e) {
            op_clear(op);
            return OK;
        }
        give_up_place(db);
        if (!again || time_mono_us() + pause >= until)
            return fail_detail(op, e, "PostgreSQL: %.*s", STR(op->err.msg));
        pause_between(db, pause, until);
        pause = MIN(pause * 2, (i64)PAUSE_MOST_US);
    }
}

void pg_put(struct pg *db, struct pg_conn *c)
{
    if (!c) return;
    bool keep = !c->tired && PQstatus(c->h) == CONNECTION_OK && PQtransactionStatus(c->h) == PQTRANS_IDLE;
    if (!keep) conn_close(c);
    pthread_mutex_lock(&db->m);
    if (keep) {
        c->next = db->idle;
        db->idle = c;
    } else db->count--;
    pthread_cond_signal(&db->freed);
    pthread_mutex_unlock(&db->m);
}

void pg_close_idle(struct pg *db)
{
    while (db->idle) {
        struct pg_conn *c = db->idle;
        db->idle = c->next;
        conn_close(c);
    }
}

void pg_wait_init(struct pg *db)
{
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_mutex_init(&db->m, NULL);
    pthread_cond_init(&db->freed, &mono);
    pthread_condattr_destroy(&mono);
}
