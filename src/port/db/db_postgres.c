/* PostgreSQL: statements, transactions, errors. A statement outside a transaction takes a connection for as
 * long as it runs, a transaction keeps one. Single statements are repeated when that is certain to be right:
 * after a serialization failure or deadlock, and reads after the loss of a connection. A write whose
 * connection died has an unknown outcome and is reported as such (ERR_UNAVAILABLE). */
#include "base/log.h"
#include "port/db/db_pg.h"

enum { CONNECTIONS = 10, WAIT_US = 30000000, ATTEMPTS = 4, FETCH_ROWS = 256, PIPELINE_ROWS = 256 };

struct pg_stmt {
    struct db_cached cached;
    char name[16];
    struct db_map map;
    size_t n;
    Oid *type;
    bool kept;
};
struct pg_work {
    struct db_work work;
    struct pg_conn *conn; /* the open transaction's */
    bool lost;            /* its connection died */
};

/* What to do about a failure. */
enum cure { CURE_NONE, CURE_REPEAT, CURE_RECONNECT };

static const struct {
    const char *state; /* SQLSTATE or its first characters */
    err_t code;
    enum cure cure;
    const char *what; /* for the caller; NULL: only for the log */
} errors[] = {
    { "23505", ERR_CONFLICT, CURE_NONE, "already taken" },
    { "23503", ERR_CONFLICT, CURE_NONE, "is in use, or refers to what does not exist" },
    { "23P01", ERR_CONFLICT, CURE_NONE, "already taken" },
    { "23502", ERR_INVALID, CURE_NONE, "is required" },
    { "23514", ERR_INVALID, CURE_NONE, "is not allowed" },
    { "22", ERR_INVALID, CURE_NONE, "a value cannot be stored" },
    { "54", ERR_LIMIT, CURE_NONE, "a value is too large to be stored" },
    { "40", ERR_UNAVAILABLE, CURE_REPEAT, NULL },     /* serialization failure, deadlock */
    { "0A000", ERR_INTERNAL, CURE_REPEAT, NULL },     /* prepared before a table changed */
    { "26000", ERR_INTERNAL, CURE_REPEAT, NULL },     /* prepared statement unknown: a proxy between us */
    { "08", ERR_UNAVAILABLE, CURE_RECONNECT, NULL },  /* connection */
    { "57P", ERR_UNAVAILABLE, CURE_RECONNECT, NULL }, /* server shuts down or starts */
    { "57", ERR_UNAVAILABLE, CURE_NONE, NULL },       /* cancelled */
    { "53", ERR_UNAVAILABLE, CURE_NONE, NULL },       /* disk full, out of memory */
    { "55", ERR_UNAVAILABLE, CURE_NONE, NULL },       /* lock not available */
    { "58", ERR_UNAVAILABLE, CURE_NONE, NULL },       /* I/O error */
    { "25006", ERR_UNAVAILABLE, CURE_NONE, NULL },    /* read-only: a standby */
    { "", ERR_INTERNAL, CURE_NONE, NULL },
};

/* "Key (project_id, name)=(1, x) already exists." -> "project_id,name" */
static str key_columns(struct op *op, const char *detail)
{
    str s = str_of(detail), before, list = { 0 };
    size_t end;
    if (!str_cut(s, '(', &before, &list) || !str_find(list, S(")="), &end)) return (str){ 0 };
    struct buf b = BUF(op->arena);
    list = str_head(list, end);
    for (str piece; str_next(&list, ',', &piece);) {
        if (b.n) buf_char(&b, ',');
        buf_put(&b, str_trim(piece));
    }
    return buf_str(&b);
}

static str blamed(struct op *op, const PGresult *res)
{
    str columns = key_columns(op, PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL));
    if (!columns.p) columns = str_of(PQresultErrorField(res, PG_DIAG_COLUMN_NAME));
    return columns.p ? columns : str_of(PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME));
}

static err_t pg_error(struct op *op, struct pg_conn *c, const PGresult *res, enum cure *cure)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    if (PQstatus(c->h) != CONNECTION_OK || !state) {
        *cure = CURE_RECONNECT;
        c->tired = true;
        return fail_detail(op, ERR_UNAVAILABLE, "PostgreSQL: %s", PQerrorMessage(c->h));
    }
    size_t i = 0;
    while (strncmp(state, errors[i].state, strlen(errors[i].state))) i++;
    *cure = errors[i].cure;
    if (*cure == CURE_RECONNECT) c->tired = true;
    if (errors[i].what) return op_fail(op, errors[i].code, HERE, blamed(op, res), "%s", errors[i].what);
    return fail_detail(op, errors[i].code, "PostgreSQL %s: %s", state, PQresultErrorMessage(res));
}

/* Takes the result: OK, or its error. */
static err_t check(struct op *op, struct pg_conn *c, PGresult *res, enum cure *cure)
{
    ExecStatusType s = PQresultStatus(res);
    err_t e = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK ? OK : pg_error(op, c, res, cure);
    if (e) PQclear(res);
    return e;
}

static err_t simple(struct op *op, struct pg_conn *c, const char *text)
{
    enum cure cure;
    PGresult *res = PQexec(c->h, text);
    TRY(check(op, c, res, &cure));
    PQclear(res);
    return OK;
}

void pg_stmt_drop(void *ctx, struct db_cached *cached)
{
    struct pg_stmt *s = (struct pg_stmt *)cached;
    struct pg_conn *c = ctx;
    char text[64];
    snprintf(text, sizeof text, "DEALLOCATE %s", s->name);
    if (!c->tired) {
        PGresult *res = PQexec(c->h, text);
        c->tired = PQresultStatus(res) != PGRES_COMMAND_OK;
        PQclear(res);
    }
    db_map_done(&s->map);
    if (!cached->literal) mem_free((void *)(uintptr_t)cached->text);
    mem_free(s->type);
    mem_free(s);
}

static bool same_types(const struct pg_stmt *s, const struct pg_params *p)
{
    return s->n == (size_t)p->n && (!s->n || !memcmp(s->type, p->type, s->n * sizeof *s->type));
}

static err_t stmt_get(struct op *op, struct pg_conn *c, const struct db_query *q, const struct pg_params *p,
                      struct pg_stmt **out, enum cure *cure)
{
    struct db_cached *known = db_cache_find(&c->cache, q);
    if (known && same_types((struct pg_stmt *)known, p)) {
        *out = (struct pg_stmt *)known;
        return OK;
    }
    if (known) db_cache_remove(&c->cache, known);
    struct pg_stmt *s = MEM_NEW(struct pg_stmt);
    snprintf(s->name, sizeof s->name, "s%u", ++c->names);
    PGresult *res = PQprepare(c->h, s->name, pg_rewrite(op->arena, q->text), p->n, p->type);
    err_t e = check(op, c, res, cure);
    if (e) {
        mem_free(s);
        return e;
    }
    PQclear(res);
    s->cached = (struct db_cached){ q->literal ? q->text : mem_str(str_of(q->text)).p, q->literal, false };
    s->n = (size_t)p->n;
    s->type = mem_alloc(s->n * sizeof *s->type);
    if (s->n) memcpy(s->type, p->type, s->n * sizeof *s->type);
    db_cache_add(&c->cache, &s->cached);
    *out = s;
    return OK;
}

static const char *column_name(void *res, int i) { return PQfname(res, i); }

static err_t take_row(struct op *op, PGresult *res, int row, const struct db_map *map, struct db_result *r)
{
    struct db_value v;
    void *record = db_row_begin(op, r);
    if (r->want == DB_WANT_I64) {
        TRY(pg_column(op, res, row, 0, &v));
        return db_row_number(op, &v, record);
    }
    for (int i = 0; i < map->n; i++) {
        if (!map->slot[i].store) continue;
        TRY(pg_column(op, res, row, i, &v));
        TRY(db_row_store(op, &map->slot[i], &v, record));
    }
    return OK;
}

static err_t take_rows(struct op *op, PGresult *res, struct db_map *map, struct db_result *r)
{
    bool more = true;
    if (r->want == DB_WANT_NONE) return OK;
    if (r->desc) db_map_for(map, r->desc, PQnfields(res), column_name, res);
    for (int row = 0; more && row < PQntuples(res); row++) {
        TRY(take_row(op, res, row, map, r));
        TRY(db_row_end(op, r, &more));
    }
    return OK;
}

/* The number of affected rows; statements that have none give "". */
static i64 affected(PGresult *res)
{
    i64 n = 0;
    return str_to_i64(str_of(PQcmdTuples(res)), &n) ? n : 0;
}

static err_t run_prepared(struct op *op, struct pg_conn *c, const struct db_query *q, struct db_result *r,
                          enum cure *cure)
{
    struct pg_params p = pg_params(op->arena, q->arg, q->n);
    struct pg_stmt *s = NULL;
    PGresult *res;
    if (q->once) {
        res = PQexecParams(c->h, q->text, p.n, p.type, p.value, p.length, p.format, 1);
    } else {
        TRY(stmt_get(op, c, q, &p, &s, cure));
        res = PQexecPrepared(c->h, s->name, p.n, p.value, p.length, p.format, 1);
    }
    err_t e = check(op, c, res, cure);
    if (e) {
        /* Made anew at the next attempt; in a failed transaction the server would not let go of it. */
        if (s && *cure == CURE_REPEAT) c->tired = true;
        return e;
    }
    struct db_map once = { 0 };
    r->changed = affected(res);
    e = take_rows(op, res, s ? &s->map : &once, r);
    db_map_done(&once);
    PQclear(res);
    return e;
}

/* Large results come through a cursor, so that neither side holds them whole and a transaction's connection
 * stays usable in between. */
static err_t fetch_all(struct op *op, struct pg_conn *c, const char *fetch, struct db_result *r,
                       enum cure *cure)
{
    struct db_map map = { 0 };
    err_t e = OK;
    for (int rows = FETCH_ROWS; !e && rows == FETCH_ROWS;) {
        PGresult *res = PQexecParams(c->h, fetch, 0, NULL, NULL, NULL, NULL, 1);
        if ((e = check(op, c, res, cure))) break;
        rows = PQntuples(res);
        e = take_rows(op, res, &map, r);
        PQclear(res);
    }
    db_map_done(&map);
    return e;
}

static err_t run_cursor(struct op *op, struct pg_conn *c, const struct db_query *q, struct db_result *r,
                        enum cure *cure)
{
    struct pg_params p = pg_params(op->arena, q->arg, q->n);
    unsigned id = ++c->names;
    str declare =
        arena_printf(op->arena, "DECLARE c%u NO SCROLL CURSOR FOR %s", id, pg_rewrite(op->arena, q->text));
    str fetch = arena_printf(op->arena, "FETCH %d FROM c%u", FETCH_ROWS, id);
    PGresult *res = PQexecParams(c->h, declare.p, p.n, p.type, p.value, p.length, p.format, 1);
    TRY(check(op, c, res, cure));
    PQclear(res);
    err_t e = fetch_all(op, c, fetch.p, r, cure);
    if (PQtransactionStatus(c->h) != PQTRANS_INTRANS) return e;
    struct op_error kept = op->err;
    err_t closed = simple(op, c, arena_printf(op->arena, "CLOSE c%u", id).p);
    if (e) op->err = kept;
    return e ? e : closed;
}

static err_t run_alone(struct op *op, struct pg_conn *c, const struct db_query *q, struct db_result *r,
                       enum cure *cure)
{
    if (r->want != DB_WANT_EACH || !db_query_reads(q->text)) return run_prepared(op, c, q, r, cure);
    TRY(simple(op, c, "BEGIN READ ONLY"));
    err_t e = run_cursor(op, c, q, r, cure);
    struct op_error kept = op->err;
    if (simple(op, c, "ROLLBACK")) c->tired = true;
    op->err = kept;
    return e;
}

static err_t run_in_tx(struct op *op, struct pg_work *w, const struct db_query *q, struct db_result *r)
{
    enum cure cure = CURE_NONE;
    if (w->lost) return fail(op, ERR_UNAVAILABLE, "the connection to the database was lost");
    bool cursor = r->want == DB_WANT_EACH && db_query_reads(q->text);
    err_t e = (cursor ? run_cursor : run_prepared)(op, w->conn, q, r, &cure);
    w->lost = PQstatus(w->conn->h) != CONNECTION_OK;
    if (PQtransactionStatus(w->conn->h) != PQTRANS_INTRANS) w->work.failed = w->work.depth;
    return e;
}

static err_t pg_run(struct op *op, struct db_work *work, const struct db_query *q, struct db_result *r)
{
    struct pg_work *w = (struct pg_work *)work;
    struct pg *db = (struct pg *)work->db;
    if (work->depth) return run_in_tx(op, w, q, r);
    for (int attempt = 1;; attempt++) {
        struct pg_conn *c;
        enum cure cure = CURE_NONE;
        TRY(pg_get(op, db, &c));
        err_t e = run_alone(op, c, q, r, &cure);
        pg_put(db, c);
        bool again = cure == CURE_REPEAT || (cure == CURE_RECONNECT && db_query_reads(q->text));
        if (!e || !again || r->n || attempt == ATTEMPTS) return e;
        op_clear(op);
    }
}

static void send_row(struct pg_conn *c, const struct pg_stmt *s, const struct db_arg *arg, struct arena *a,
                     bool *sent)
{
    struct pg_params p = pg_params(a, arg, s->n);
    *sent = *sent && PQsendQueryPrepared(c->h, s->name, p.n, p.value, p.length, p.format, 1);
}

/* Reads the answers of one pipeline up to its end; the first error counts, what follows it was not run. */
static err_t drain(struct op *op, struct pg_conn *c, enum cure *cure)
{
    err_t e = OK;
    for (bool end = false; !end;) {
        PGresult *res = PQgetResult(c->h);
        if (!res && PQstatus(c->h) == CONNECTION_OK) continue; /* between two answers */
        ExecStatusType s = res ? PQresultStatus(res) : PGRES_FATAL_ERROR;
        end = s == PGRES_PIPELINE_SYNC || PQstatus(c->h) != CONNECTION_OK;
        if (s == PGRES_FATAL_ERROR && !e) e = pg_error(op, c, res, cure);
        PQclear(res);
    }
    return e;
}

static err_t pipeline(struct op *op, struct pg_conn *c, const struct pg_stmt *s, const struct db_arg *arg,
                      size_t nrows)
{
    AUTO(arena) struct arena scratch = { 0 };
    enum cure cure;
    err_t e = OK;
    bool sent = true;
    for (size_t at = 0; at < nrows && !e; at += PIPELINE_ROWS) {
        for (size_t i = at; i < nrows && i < at + PIPELINE_ROWS; i++)
            send_row(c, s, arg + i * s->n, &scratch, &sent);
        if (!sent || !PQpipelineSync(c->h)) return pg_error(op, c, NULL, &cure);
        e = drain(op, c, &cure);
        arena_reset(&scratch);
    }
    return e;
}

static err_t pg_many(struct op *op, struct db_work *work, const struct db_query *q, size_t nrows)
{
    struct pg_work *w = (struct pg_work *)work;
    if (w->lost) return fail(op, ERR_UNAVAILABLE, "the connection to the database was lost");
    struct pg_conn *c = w->conn;
    struct pg_params p = pg_params(op->arena, q->arg, q->n);
    struct pg_stmt *s;
    enum cure cure;
    err_t e = stmt_get(op, c, q, &p, &s, &cure);
    if (!e && !PQenterPipelineMode(c->h)) e = pg_error(op, c, NULL, &cure);
    if (!e) {
        e = pipeline(op, c, s, q->arg, nrows);
        if (!PQexitPipelineMode(c->h)) c->tired = true;
    }
    w->lost = PQstatus(c->h) != CONNECTION_OK;
    if (e) work->failed = work->depth;
    return e;
}

static err_t pg_begin(struct op *op, struct db_work *work)
{
    struct pg_work *w = (struct pg_work *)work;
    struct pg *db = (struct pg *)work->db;
    char text[32];
    if (work->depth) {
        if (w->lost) return fail(op, ERR_UNAVAILABLE, "the connection to the database was lost");
        snprintf(text, sizeof text, "SAVEPOINT t%d", work->depth + 1);
        return simple(op, w->conn, text);
    }
    for (int attempt = 1;; attempt++) {
        TRY(pg_get(op, db, &w->conn));
        err_t e = simple(op, w->conn, "BEGIN");
        if (!e) break;
        pg_put(db, w->conn);
        w->conn = NULL;
        if (attempt == ATTEMPTS) return e;
        op_clear(op);
    }
    w->lost = false;
    return OK;
}

/* COMMIT of a transaction that the server has given up is answered with ROLLBACK. */
static err_t commit(struct op *op, struct pg_conn *c)
{
    enum cure cure;
    PGresult *res = PQexec(c->h, "COMMIT");
    TRY(check(op, c, res, &cure));
    bool done = !strcmp(PQcmdStatus(res), "COMMIT");
    PQclear(res);
    return done ? OK : fail(op, ERR_UNAVAILABLE, "the change could not be stored");
}

static err_t end_nested(struct op *op, struct pg_work *w, bool keep)
{
    char text[64];
    int n = w->work.depth;
    snprintf(text, sizeof text, keep ? "RELEASE t%d" : "ROLLBACK TO t%d; RELEASE t%d", n, n);
    return simple(op, w->conn, text);
}

static err_t pg_end(struct op *op, struct db_work *work, bool keep)
{
    struct pg_work *w = (struct pg_work *)work;
    err_t e = OK;
    if (w->lost) e = keep ? fail(op, ERR_UNAVAILABLE, "the connection to the database was lost") : OK;
    else if (work->depth > 1) e = end_nested(op, w, keep);
    else if (!keep) e = simple(op, w->conn, "ROLLBACK");
    else {
        i64 began = time_mono_us();
        e = commit(op, w->conn);
        meter_add(&work->db->commits, time_mono_us() - began);
    }
    w->lost |= PQstatus(w->conn->h) != CONNECTION_OK;
    if (work->depth > 1) return e;
    pg_put((struct pg *)work->db, w->conn);
    w->conn = NULL;
    return e;
}

/* What is committed is durable. */
static void pg_settle(struct db_work *work UNUSED, struct db_hook *hooks, void (*done)(void *, err_t),
                      void *arg)
{
    db_hooks_run(hooks);
    if (done) done(arg, OK);
}

/* A transaction's connection is given back by its end, a statement's when it has run. */
static void pg_release(struct db_work *work UNUSED) {}

static void pg_close(struct db *port)
{
    struct pg *db = (struct pg *)port;
    pg_close_idle(db);
    pthread_mutex_destroy(&db->m);
    pthread_cond_destroy(&db->freed);
    mem_free(db->url);
    mem_free(db);
}

static err_t pg_open(struct op *op, str url, const struct db_options *options, struct db **out)
{
    struct pg *db = MEM_NEW(struct pg);
    db->url = (char *)(uintptr_t)mem_str(url).p;
    db->most = options->readers ? options->readers : CONNECTIONS;
    db->wait_us = options->wait_us ? options->wait_us : WAIT_US;
    pg_wait_init(db);
    struct pg_conn *c = NULL;
    err_t e = pg_get(op, db, &c);
    pg_put(db, c);
    if (e) pg_close(&db->db);
    else *out = &db->db;
    return e;
}

static const char *const schemes[] = { "postgresql", "postgres", NULL };
const struct db_ops db_postgres_ops = {
    .scheme = schemes,
    .engine = DB_POSTGRES,
    .work_size = sizeof(struct pg_work),
    .open = pg_open,
    .close = pg_close,
    .run = pg_run,
    .many = pg_many,
    .begin = pg_begin,
    .end = pg_end,
    .settle = pg_settle,
    .release = pg_release,
};
