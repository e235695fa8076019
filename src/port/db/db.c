/* What is the same for every engine: an operation's state, nesting of transactions, the before-commit hook,
 * after-commit hooks, results. A failed statement dooms its transaction on both engines: PostgreSQL insists
 * on it, and SQLite is held to it so that code tested on one runs on the other. */
#include "base/log.h"
#include "port/db/db_port.h"
#include "port/ports.h"
#include <pthread.h>

static const struct db_ops *const engines[] = { &db_sqlite_ops, &db_postgres_ops };

static const struct db_ops *engine_of(str url)
{
    str scheme, rest;
    if (!str_cut(url, ':', &scheme, &rest)) return NULL;
    for (size_t i = 0; i < LEN(engines); i++)
        for (const char *const *s = engines[i]->scheme; *s; s++)
            if (str_is(scheme, *s)) return engines[i];
    return NULL;
}

err_t db_open(struct op *op, str url, const struct db_options *options, struct db **out)
{
    static const struct db_options none;
    const struct db_ops *ops = engine_of(url);
    if (!ops) return fail(op, ERR_INVALID, "the database URL begins with none of sqlite:, postgresql:");
    struct db *db = NULL;
    TRY(ops->open(op, url, options ? options : &none, &db));
    db->ops = ops;
    *out = db;
    return OK;
}

void db_close(struct db *db)
{
    if (db) db->ops->close(db);
}

enum db_engine db_engine(const struct db *db) { return db->ops->engine; }
const char *const db_engines[] = { "sqlite", "postgresql", NULL };
const struct meter *db_commits(const struct db *db) { return &db->commits; }

void db_set_hook(struct db *db, err_t (*before_commit)(struct op *)) { db->before_commit = before_commit; }

void db_hooks_run(struct db_hook *h)
{
    while (h) {
        struct db_hook *next = h->next;
        h->fn(h->arg);
        mem_free(h);
        h = next;
    }
}

void db_hooks_drop(struct db_hook *h)
{
    while (h) {
        struct db_hook *next = h->next;
        if (h->lost) h->lost(h->arg);
        mem_free(h);
        h = next;
    }
}

/* Takes the hooks of depth `least` and deeper off the work, in the order in which they were added. */
static struct db_hook *hooks_take(struct db_work *w, int least)
{
    struct db_hook *taken = NULL;
    while (w->hooks && w->hooks->depth >= least) {
        struct db_hook *h = w->hooks;
        w->hooks = h->next;
        h->next = taken;
        taken = h;
    }
    return taken;
}

static err_t level_end(struct op *op, struct db_work *w, bool commit)
{
    err_t e = w->db->ops->end(op, w, commit);
    int ended = w->depth--;
    if (w->failed >= ended) w->failed = 0;
    if (!commit || e) db_hooks_drop(hooks_take(w, ended));
    else if (w->depth)
        for (struct db_hook *h = w->hooks; h && h->depth == ended; h = h->next) h->depth = w->depth;
    else w->db->ops->settle(w, hooks_take(w, 1), NULL, NULL);
    return e;
}

/* Rolls back to below `depth` and keeps the error that led there. */
static void roll_back(struct op *op, struct db_work *w, int depth)
{
    struct op_error kept = op->err;
    while (w->depth >= depth)
        if (level_end(op, w, false)) LOG_DEBUG("rollback failed", KV("request", op->id));
    op->err = kept;
}

static void nobody(void *arg UNUSED, err_t code UNUSED) {}

static void work_done(void *arg)
{
    struct db_work *w = arg;
    if (w->ended) return;
    /* The operation itself may be gone: its error slot is replaced by one of our own. */
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    roll_back(&op, w, 1);
    w->db->ops->release(w);
    w->db->ops->settle(w, NULL, nobody, NULL);
    w->ended = true;
    arena_free(&a);
}

void db_leave(struct op *op)
{
    if (op->work) work_done(op->work);
    op->work = NULL;
}

static struct db_work *work_of(struct op *op)
{
    if (op->work && !op->work->ended) return op->work;
    if (!op->ports || !op->ports->db) bug("operation without a database");
    struct db_work *w = arena_alloc(op->arena, op->ports->db->ops->work_size);
    w->db = op->ports->db;
    arena_defer(op->arena, work_done, w);
    return op->work = w;
}

static const char *text_of(const struct db_work *w, struct sql sql)
{
    return w->db->ops->engine == DB_SQLITE ? sql.sqlite : sql.postgres;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strcasestr(p, word)); p += n)
        if ((p == text || strchr(" \n\t(", p[-1])) && strchr(" \n\t", p[n])) return true;
    return false;
}

bool db_query_reads(const char *text)
{
    text += strspn(text, " \n\t(");
    if (!strncasecmp(text, "SELECT", 6) || !strncasecmp(text, "VALUES", 6)) return true;
    return !strncasecmp(text, "WITH", 4) && !has_word(text, "INSERT") && !has_word(text, "UPDATE") &&
           !has_word(text, "DELETE");
}

static err_t run_in(struct op *op, struct db_work *w, const struct db_query *q, struct db_result *r)
{
    if (w->failed) return fail_detail(op, ERR_INTERNAL, "a statement of this transaction has failed before");
    return w->db->ops->run(op, w, q, r);
}

static err_t run(struct op *op, const struct db_query *q, struct db_result *r)
{
    struct db_work *w = work_of(op);
    bool noted = op->note && w->db->before_commit && !w->depth && !db_query_reads(q->text);
    if (!noted) return run_in(op, w, q, r);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(run_in(op, w, q, r));
    return db_commit(&tx);
}

static err_t run_sql(struct op *op, struct sql sql, const struct db_arg *arg, size_t n, struct db_result *r)
{
    struct db_query q = { text_of(work_of(op), sql), .literal = true, .arg = arg, .n = n };
    return run(op, &q, r);
}

err_t db_run_text(struct op *op, const char *text)
{
    struct db_result r = { .want = DB_WANT_NONE };
    return run(op, &(struct db_query){ text, .once = true }, &r);
}

err_t db_exec_sql(struct op *op, i64 *changed, struct sql sql, const struct db_arg *arg, size_t n)
{
    struct db_result r = { .want = DB_WANT_NONE };
    TRY(run_sql(op, sql, arg, n, &r));
    if (changed) *changed = r.changed;
    return OK;
}

static err_t no_row(struct op *op, const struct db_result *r, const char *what)
{
    return r->n ? OK : fail(op, ERR_NOT_FOUND, "%s not found", what);
}

err_t db_one_sql(struct op *op, struct db_row row, struct sql sql, const struct db_arg *arg, size_t n)
{
    struct db_result r = { .want = DB_WANT_ONE, .desc = row.desc, .out = row.out };
    TRY(run_sql(op, sql, arg, n, &r));
    if (!row.found) return no_row(op, &r, row.desc->name);
    *row.found = r.n > 0;
    return OK;
}

err_t db_all_sql(struct op *op, const struct desc *d, void *list, struct sql sql, const struct db_arg *arg,
                 size_t n)
{
    *(struct list *)list = (struct list){ 0 };
    struct db_result r = { .want = DB_WANT_ALL, .desc = d, .out = list };
    return run_sql(op, sql, arg, n, &r);
}

err_t db_i64_sql(struct op *op, i64 *out, struct sql sql, const struct db_arg *arg, size_t n)
{
    struct db_result r = { .want = DB_WANT_I64, .out = out };
    TRY(run_sql(op, sql, arg, n, &r));
    return no_row(op, &r, "row");
}

err_t db_each_sql(struct op *op, struct db_walk walk, struct sql sql, const struct db_arg *arg, size_t n)
{
    void *record = arena_alloc(op->arena, walk.desc->size);
    struct db_result r = { DB_WANT_EACH, walk.desc, record, walk.each, walk.ctx };
    return run_sql(op, sql, arg, n, &r);
}

struct db_text db_text_new(struct op *op) { return (struct db_text){ .op = op, .text = BUF(op->arena) }; }

void db_text_add_sql(struct db_text *t, struct sql sql, const struct db_arg *arg, size_t n)
{
    if (t->n + n > LEN(t->arg)) bug("more than %zu arguments in a composed statement", LEN(t->arg));
    buf_z(&t->text, text_of(work_of(t->op), sql));
    for (size_t i = 0; i < n; i++) t->arg[t->n++] = arg[i];
}

static err_t text_run(struct db_text *t, struct db_result *r)
{
    struct db_query q = { str_z(t->op->arena, buf_str(&t->text)), .arg = t->arg, .n = t->n };
    return run(t->op, &q, r);
}

err_t db_text_all(struct db_text *t, const struct desc *d, void *list)
{
    *(struct list *)list = (struct list){ 0 };
    struct db_result r = { .want = DB_WANT_ALL, .desc = d, .out = list };
    return text_run(t, &r);
}

err_t db_text_i64(struct db_text *t, i64 *out)
{
    struct db_result r = { .want = DB_WANT_I64, .out = out };
    TRY(text_run(t, &r));
    return no_row(t->op, &r, "row");
}

err_t db_text_exec(struct db_text *t, i64 *changed)
{
    struct db_result r = { .want = DB_WANT_NONE };
    TRY(text_run(t, &r));
    if (changed) *changed = r.changed;
    return OK;
}

err_t db_many_sql(struct op *op, struct sql sql, const struct db_arg *rows, size_t nrows, size_t width)
{
    if (!nrows) return OK;
    struct db_work *w = work_of(op);
    struct db_query q = { text_of(w, sql), .literal = true, .arg = rows, .n = width };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(w->db->ops->many(op, w, &q, nrows));
    return db_commit(&tx);
}

err_t db_begin(struct op *op, struct db_tx *tx)
{
    *tx = (struct db_tx){ .op = op };
    struct db_work *w = work_of(op);
    if (w->failed) return fail_detail(op, ERR_INTERNAL, "a statement of this transaction has failed before");
    TRY(w->db->ops->begin(op, w));
    tx->depth = ++w->depth;
    return OK;
}

err_t db_commit(struct db_tx *tx)
{
    struct op *op = tx->op;
    struct db_work *w = op->work;
    if (!tx->depth || w->depth != tx->depth) bug("commit of level %d at level %d", tx->depth, w->depth);
    if (w->failed) return fail_detail(op, ERR_INTERNAL, "commit after a failed statement");
    if (tx->depth == 1 && op->note && w->db->before_commit) TRY(w->db->before_commit(op));
    tx->depth = 0;
    return level_end(op, w, true);
}

void db_tx_done(struct db_tx *tx)
{
    if (tx->depth) roll_back(tx->op, tx->op->work, tx->depth);
    tx->depth = 0;
}

err_t db_lock(struct op *op, i64 key)
{
    struct db_work *w = work_of(op);
    if (!w->depth) bug("db_lock outside a transaction");
    /* One writer at a time: whoever is in a transaction is alone already. */
    if (w->db->ops->engine == DB_SQLITE) return OK;
    return db_exec(op, "SELECT pg_advisory_xact_lock(?)", A(key));
}

void db_join(struct op *op) { work_of(op); }

void db_after_commit(struct op *op, void (*fn)(void *), void *arg) { db_after_commit_or(op, fn, NULL, arg); }

void db_after_commit_or(struct op *op, void (*fn)(void *), void (*lost)(void *), void *arg)
{
    struct db_work *w = work_of(op);
    struct db_hook *h = MEM_NEW(struct db_hook);
    *h = (struct db_hook){ NULL, w->depth, fn, lost, arg };
    if (!w->depth) {
        w->db->ops->settle(w, h, NULL, NULL);
        return;
    }
    h->next = w->hooks;
    w->hooks = h;
}

struct gate {
    pthread_mutex_t m;
    pthread_cond_t opened;
    bool open;
    err_t code;
};

static void gate_open(void *arg, err_t code)
{
    struct gate *g = arg;
    pthread_mutex_lock(&g->m);
    g->open = true;
    g->code = code;
    pthread_cond_signal(&g->opened);
    pthread_mutex_unlock(&g->m);
}

err_t db_flush(struct op *op)
{
    struct db_work *w = work_of(op);
    if (w->depth) bug("db_flush inside a transaction");
    struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };
    w->db->ops->settle(w, NULL, gate_open, &g);
    pthread_mutex_lock(&g.m);
    while (!g.open) pthread_cond_wait(&g.opened, &g.m);
    pthread_mutex_unlock(&g.m);
    pthread_mutex_destroy(&g.m);
    pthread_cond_destroy(&g.opened);
    return g.code ? fail(op, g.code, "the change could not be stored") : OK;
}

void db_when_durable(struct op *op, void (*done)(void *arg, err_t), void *arg)
{
    struct db_work *w = op->work;
    if (!w || w->ended) {
        done(arg, OK);
        return;
    }
    if (w->depth) bug("an operation ends inside a transaction");
    const struct db_ops *ops = w->db->ops;
    ops->release(w);
    w->ended = true;
    /* From here on the arena, and the work in it, may go at any moment. */
    ops->settle(w, NULL, done, arg);
}
