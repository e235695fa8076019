/* SQLite: connections, statements, errors. Reads run on connections of their own, one an operation, taken
 * from a pool that grows with the number of operations that read at the same time. Whatever may write, and
 * reads of an operation that must see its own changes, run on the write connection (db_group.c). */
#include "port/db/db_sqlite.h"
#include "base/fs.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/file.h>
#include <unistd.h>

enum { READERS = 16 };

struct sq_stmt {
    struct db_cached cached;
    sqlite3_stmt *h;
    struct db_map map;
    int prepared; /* SQLite has prepared it anew so many times: the columns may be others */
    bool kept;
};

static const struct {
    int rc; /* primary result code */
    err_t code;
} errors[] = {
    { SQLITE_BUSY, ERR_UNAVAILABLE },     { SQLITE_LOCKED, ERR_UNAVAILABLE },
    { SQLITE_FULL, ERR_UNAVAILABLE },     { SQLITE_IOERR, ERR_UNAVAILABLE },
    { SQLITE_NOMEM, ERR_UNAVAILABLE },    { SQLITE_CANTOPEN, ERR_UNAVAILABLE },
    { SQLITE_READONLY, ERR_UNAVAILABLE }, { SQLITE_PROTOCOL, ERR_UNAVAILABLE },
    { SQLITE_TOOBIG, ERR_LIMIT },         { SQLITE_MISMATCH, ERR_INVALID },
};

static const struct {
    int rc; /* extended result code */
    err_t code;
    const char *what;
} constraints[] = {
    { SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, "already taken" },
    { SQLITE_CONSTRAINT_PRIMARYKEY, ERR_CONFLICT, "already taken" },
    { SQLITE_CONSTRAINT_ROWID, ERR_CONFLICT, "already taken" },
    { SQLITE_CONSTRAINT_FOREIGNKEY, ERR_CONFLICT, "is in use, or refers to what does not exist" },
    { SQLITE_CONSTRAINT_NOTNULL, ERR_INVALID, "is required" },
    { SQLITE_CONSTRAINT_CHECK, ERR_INVALID, "is not allowed" },
};

/* "UNIQUE constraint failed: unit.project_id, unit.name" -> "project_id,name" */
static str constraint_columns(struct op *op, str msg)
{
    struct buf b = BUF(op->arena);
    str what, list;
    if (!str_cut(msg, ':', &what, &list)) return (str){ 0 };
    for (str piece; str_next(&list, ',', &piece);) {
        str table, column;
        piece = str_trim(piece);
        if (!str_cut(piece, '.', &table, &column)) column = piece;
        if (b.n) buf_char(&b, ',');
        buf_put(&b, column);
    }
    return buf_str(&b);
}

err_t sq_error(struct op *op, struct sq_conn *c)
{
    int rc = sqlite3_extended_errcode(c->h);
    for (size_t i = 0; i < LEN(constraints); i++)
        if (constraints[i].rc == rc) {
            str columns = constraint_columns(op, str_of(sqlite3_errmsg(c->h)));
            return op_fail(op, constraints[i].code, HERE, columns, "%s", constraints[i].what);
        }
    err_t code = ERR_INTERNAL;
    for (size_t i = 0; i < LEN(errors); i++)
        if (errors[i].rc == (rc & 0xff)) code = errors[i].code;
    return fail_detail(op, code, "SQLite: %s (%d)", sqlite3_errmsg(c->h), rc);
}

static void stmt_drop(void *ctx UNUSED, struct db_cached *cached)
{
    struct sq_stmt *s = (struct sq_stmt *)cached;
    sqlite3_finalize(s->h);
    db_map_done(&s->map);
    if (!cached->literal) mem_free((void *)(uintptr_t)cached->text);
    mem_free(s);
}

static err_t stmt_get(struct op *op, struct sq_conn *c, const struct db_query *q, struct sq_stmt **out)
{
    struct db_cached *known = q->once ? NULL : db_cache_find(&c->cache, q);
    if (known && !known->busy) {
        *out = (struct sq_stmt *)known;
        known->busy = true;
        return OK;
    }
    sqlite3_stmt *h;
    const char *rest = "";
    bool keep = !q->once && !known;
    if (sqlite3_prepare_v3(c->h, q->text, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &h, &rest) != SQLITE_OK)
        return fail_detail(op, ERR_INTERNAL, "SQLite: %s: %s", sqlite3_errmsg(c->h), q->text);
    if (!h || rest[strspn(rest, " \n\t;")]) {
        sqlite3_finalize(h);
        return fail_detail(op, ERR_INTERNAL, "not one statement: %s", q->text);
    }
    struct sq_stmt *s = MEM_NEW(struct sq_stmt);
    const char *text = q->literal ? q->text : mem_str(str_of(q->text)).p;
    *s = (struct sq_stmt){ .cached = { text, q->literal, true }, .h = h, .kept = keep };
    if (keep) db_cache_add(&c->cache, &s->cached);
    *out = s;
    return OK;
}

static void stmt_put(struct sq_stmt *s)
{
    sqlite3_reset(s->h); /* repeats the error of the last step, which is known */
    s->cached.busy = false;
    if (!s->kept) stmt_drop(NULL, &s->cached);
}

/* Texts and bytes are not copied: they live at least as long as the statement runs. */
static int bind_one(sqlite3_stmt *h, int at, const struct db_arg *a)
{
    char t[UUID_TEXT];
    if (a->null) return sqlite3_bind_null(h, at);
    switch (a->kind) {
    case 'i':
    case 'b':
    case 't': return sqlite3_bind_int64(h, at, a->i);
    case 'f': return isnan(a->f) ? sqlite3_bind_null(h, at) : sqlite3_bind_double(h, at, a->f);
    case 's':
    case 'j': return sqlite3_bind_text64(h, at, a->s.p, a->s.n, SQLITE_STATIC, SQLITE_UTF8);
    case 'x': return sqlite3_bind_blob64(h, at, a->s.p, a->s.n, SQLITE_STATIC);
    case 'u': return sqlite3_bind_text(h, at, uuid_text(a->u, t).p, 36, SQLITE_TRANSIENT);
    }
    bug("argument kind '%c'", a->kind);
}

static err_t bind(struct op *op, struct sq_conn *c, struct sq_stmt *s, const struct db_arg *arg, size_t n)
{
    if ((size_t)sqlite3_bind_parameter_count(s->h) != n)
        return fail_detail(op, ERR_INTERNAL, "%zu arguments for: %s", n, s->cached.text);
    for (size_t i = 0; i < n; i++)
        if (bind_one(s->h, (int)i + 1, &arg[i]) != SQLITE_OK) return sq_error(op, c);
    return OK;
}

static struct db_value column(sqlite3_stmt *h, int i)
{
    switch (sqlite3_column_type(h, i)) {
    case SQLITE_INTEGER: return (struct db_value){ 'i', { .i = sqlite3_column_int64(h, i) } };
    case SQLITE_FLOAT: return (struct db_value){ 'f', { .f = sqlite3_column_double(h, i) } };
    case SQLITE_NULL: return (struct db_value){ 0 };
    }
    bool text = sqlite3_column_type(h, i) == SQLITE_TEXT;
    const void *p = text ? (const void *)sqlite3_column_text(h, i) : sqlite3_column_blob(h, i);
    return (struct db_value){ text ? 's' : 'x', { .s = { p ? p : "", (size_t)sqlite3_column_bytes(h, i) } } };
}

static const char *column_name(void *h, int i) { return sqlite3_column_name(h, i); }

static err_t take_row(struct op *op, struct sq_stmt *s, struct db_result *r, bool *more)
{
    void *record = db_row_begin(op, r);
    if (r->want == DB_WANT_I64) {
        struct db_value v = column(s->h, 0);
        TRY(db_row_number(op, &v, record));
    } else if (record) {
        int prepared = sqlite3_stmt_status(s->h, SQLITE_STMTSTATUS_REPREPARE, 0);
        if (prepared != s->prepared) db_map_done(&s->map);
        s->prepared = prepared;
        db_map_for(&s->map, r->desc, sqlite3_column_count(s->h), column_name, s->h);
        for (int i = 0; i < s->map.n; i++) {
            if (!s->map.slot[i].store) continue;
            struct db_value v = column(s->h, i);
            TRY(db_row_store(op, &s->map.slot[i], &v, record));
        }
    }
    return db_row_end(op, r, more);
}

/* Steps to the end or as far as the caller wants. *refused: the engine failed, not the caller. */
static err_t step(struct op *op, struct sq_conn *c, struct sq_stmt *s, struct db_result *r, bool *refused)
{
    for (bool more = true; more;) {
        int rc = sqlite3_step(s->h);
        if (rc == SQLITE_DONE) break;
        *refused = rc != SQLITE_ROW;
        if (*refused) return sq_error(op, c);
        TRY(take_row(op, s, r, &more));
        more |= r->want == DB_WANT_NONE;
    }
    r->changed = sqlite3_changes64(c->h);
    return OK;
}

static err_t run_on(struct op *op, struct sq_conn *c, const struct db_query *q, struct db_result *r,
                    bool *refused, bool *wrote)
{
    struct sq_stmt *s = NULL;
    *refused = true;
    TRY(stmt_get(op, c, q, &s));
    err_t e = bind(op, c, s, q->arg, q->n);
    *refused = e;
    if (!e) {
        *wrote = !sqlite3_stmt_readonly(s->h);
        e = step(op, c, s, r, refused);
    }
    stmt_put(s);
    return e;
}

err_t sq_simple(struct op *op, struct sq_conn *c, const char *literal)
{
    struct db_result r = { .want = DB_WANT_NONE };
    bool refused, wrote;
    return run_on(op, c, &(struct db_query){ literal, .literal = true }, &r, &refused, &wrote);
}

void sq_conn_close(struct sq_conn *c)
{
    if (!c) return;
    db_cache_done(&c->cache);
    sqlite3_close(c->h);
    mem_free(c);
}

static err_t pragmas(struct op *op, struct sq_conn *c, const char *const *pragma)
{
    sqlite3_busy_timeout(c->h, BUSY_MS);
    sqlite3_extended_result_codes(c->h, 1);
    for (; *pragma; pragma++)
        if (sqlite3_exec(c->h, *pragma, NULL, NULL, NULL) != SQLITE_OK) return sq_error(op, c);
    return OK;
}

/* A file system without shared memory silently gets another journal. *page: bytes of one. */
static err_t check_durable(struct op *op, struct sq_conn *c, i64 *page)
{
    struct db_result r = { .want = DB_WANT_I64, .out = page };
    struct db_query q = { "SELECT p.page_size * (j.journal_mode = 'wal' AND s.synchronous = 2)"
                          " FROM pragma_journal_mode j, pragma_synchronous s, pragma_page_size p",
                          .once = true };
    bool refused, wrote;
    TRY(run_on(op, c, &q, &r, &refused, &wrote));
    return *page
               ? OK
               : fail_detail(op, ERR_UNAVAILABLE, "the file system of the database cannot hold SQLite's WAL");
}

static err_t conn_open(struct op *op, const char *path, const char *const *pragma, struct sq_conn **out)
{
    struct sq_conn *c = MEM_NEW(struct sq_conn);
    c->cache = (struct db_cache){ .drop = stmt_drop };
    int rc = sqlite3_open_v2(path, &c->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    err_t e = rc == SQLITE_OK ? pragmas(op, c, pragma)
                              : fail_detail(op, ERR_UNAVAILABLE, "open '%s': %s", path, sqlite3_errstr(rc));
    if (e) sq_conn_close(c);
    else *out = c;
    return e;
}

static const char *const writer_pragma[] = {
    "PRAGMA page_size = 1024", /* this and the next count for a new file only */
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA secure_delete = FAST", /* Debian's default writes whole freed pages anew, as zeros */
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    NULL,
};
static const char *const reader_pragma[] = {
    "PRAGMA query_only = ON",    "PRAGMA trusted_schema = OFF",  "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4096", "PRAGMA mmap_size = 268435456", NULL,
};

static err_t reader_get(struct op *op, struct sqlite *db, struct sq_work *w)
{
    if (w->reader) return OK;
    pthread_mutex_lock(&db->m);
    if ((w->reader = db->idle)) {
        db->idle = w->reader->next;
        db->nidle--;
    }
    pthread_mutex_unlock(&db->m);
    return w->reader ? OK : conn_open(op, db->path, reader_pragma, &w->reader);
}

static void sqlite_release(struct db_work *work)
{
    struct sq_work *w = (struct sq_work *)work;
    struct sqlite *db = (struct sqlite *)work->db;
    struct sq_conn *c = w->reader;
    if (!c) return;
    w->reader = NULL;
    pthread_mutex_lock(&db->m);
    bool keep = db->nidle < db->most_idle;
    if (keep) {
        c->next = db->idle;
        db->idle = c;
        db->nidle++;
    }
    pthread_mutex_unlock(&db->m);
    if (!keep) sq_conn_close(c);
}

/* The transaction's group has been rolled back under it by the engine. */
static err_t gone(struct op *op, struct sqlite *db, struct sq_work *w)
{
    if (!w->work.depth || w->tx == db->writer.group) return OK;
    w->work.failed = w->work.depth;
    return fail(op, ERR_UNAVAILABLE, "the change could not be stored");
}

static err_t write_run(struct op *op, struct sqlite *db, struct sq_work *w, const struct db_query *q,
                       struct db_result *r)
{
    bool refused = false, wrote = false;
    TRY(gone(op, db, w));
    err_t e = run_on(op, db->writer.conn, q, r, &refused, &wrote);
    if (refused) {
        w->work.failed = w->work.depth;
        if (writer_lost(db, w)) return e;
    }
    writer_ran(db, w, wrote);
    return e;
}

static err_t sqlite_run(struct op *op, struct db_work *work, const struct db_query *q, struct db_result *r)
{
    struct sq_work *w = (struct sq_work *)work;
    struct sqlite *db = (struct sqlite *)work->db;
    if (!w->held && db_query_reads(q->text) && !writer_pending(w)) {
        bool refused, wrote;
        TRY(reader_get(op, db, w));
        return run_on(op, w->reader, q, r, &refused, &wrote);
    }
    TRY(writer_enter(op, db, w));
    err_t e = write_run(op, db, w, q, r);
    writer_leave(db, w);
    return e;
}

static err_t sqlite_many(struct op *op, struct db_work *work, const struct db_query *q, size_t nrows)
{
    struct db_query one = *q;
    struct db_result r = { .want = DB_WANT_NONE };
    for (size_t i = 0; i < nrows; i++, one.arg += one.n) TRY(sqlite_run(op, work, &one, &r));
    return OK;
}

/* One name a level: nested savepoints of the same name would do, but names are clearer in a trace. */
static const struct {
    const char *save, *keep, *undo;
} level[] = {
    { "SAVEPOINT t1", "RELEASE t1", "ROLLBACK TO t1" }, { "SAVEPOINT t2", "RELEASE t2", "ROLLBACK TO t2" },
    { "SAVEPOINT t3", "RELEASE t3", "ROLLBACK TO t3" }, { "SAVEPOINT t4", "RELEASE t4", "ROLLBACK TO t4" },
    { "SAVEPOINT t5", "RELEASE t5", "ROLLBACK TO t5" }, { "SAVEPOINT t6", "RELEASE t6", "ROLLBACK TO t6" },
    { "SAVEPOINT t7", "RELEASE t7", "ROLLBACK TO t7" }, { "SAVEPOINT t8", "RELEASE t8", "ROLLBACK TO t8" },
};

static err_t sqlite_begin(struct op *op, struct db_work *work)
{
    struct sq_work *w = (struct sq_work *)work;
    struct sqlite *db = (struct sqlite *)work->db;
    if ((size_t)work->depth >= LEN(level)) return fail_detail(op, ERR_INTERNAL, "transactions nest too deep");
    TRY(gone(op, db, w));
    TRY(writer_enter(op, db, w));
    if (!work->depth) w->tx = db->writer.group;
    err_t e = sq_simple(op, db->writer.conn, level[work->depth].save);
    if (!e) return OK;
    writer_lost(db, w);
    writer_leave(db, w);
    return e;
}

static err_t sqlite_end(struct op *op, struct db_work *work, bool commit)
{
    struct sq_work *w = (struct sq_work *)work;
    struct sqlite *db = (struct sqlite *)work->db;
    struct sq_conn *c = db->writer.conn;
    int at = work->depth - 1;
    err_t e = gone(op, db, w);
    if (!e && commit) e = sq_simple(op, c, level[at].keep);
    if (w->tx == db->writer.group && (e || !commit)) {
        err_t undone = sq_simple(op, c, level[at].undo);
        if (!undone) undone = sq_simple(op, c, level[at].keep);
        if (undone && !writer_lost(db, w)) bug("the database cannot undo a transaction");
    }
    writer_leave(db, w);
    return e;
}

static void sqlite_close_db(struct db *port)
{
    struct sqlite *db = (struct sqlite *)port;
    for (struct sq_conn *c = db->idle, *next; c; c = next) {
        next = c->next;
        sq_conn_close(c);
    }
    if (db->writer.conn) writer_close(&db->writer);
    pthread_mutex_destroy(&db->m);
    mem_free(db->path);
    mem_free(db);
}

/* SQLite would make the file readable for all; it holds secrets. */
static err_t make_file(struct op *op, const char *path)
{
    str dir = fs_dir_name(str_of(path));
    TRY(fs_make_dirs(op, str_z(op->arena, dir), 0700));
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) return OK;
    if (fd < 0) return fail_detail(op, ERR_UNAVAILABLE, "create '%s': %s", path, strerror(errno));
    return fs_sync_dir(op, str_z(op->arena, dir));
}

/* SQLite does not wait for its turn to switch a database to WAL: openers do it one after the other, under the
 * lock that this descriptor of the folder holds. */
static err_t lock_folder(struct op *op, const char *path, int *fd)
{
    const char *dir = str_z(op->arena, fs_dir_name(str_of(path)));
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd >= 0 && !flock(*fd, LOCK_EX)) return OK;
    return fail_detail(op, ERR_UNAVAILABLE, "lock '%s': %s", dir, strerror(errno));
}

static void configure(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static err_t sqlite_open_db(struct op *op, str url, const struct db_options *options, struct db **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure);
    str path = str_skip(url, strlen("sqlite:"));
    if (!path.n || path.p[0] == ':') return fail(op, ERR_INVALID, "sqlite: wants the path of a file");
    struct sqlite *db = MEM_NEW(struct sqlite);
    db->path = (char *)(uintptr_t)mem_str(path).p;
    db->most_idle = options->readers ? (size_t)options->readers : READERS;
    pthread_mutex_init(&db->m, NULL);
    struct sq_conn *c = NULL;
    AUTO(fd) int folder = -1;
    err_t e = make_file(op, db->path);
    if (!e) e = lock_folder(op, db->path, &folder);
    if (!e) e = conn_open(op, db->path, writer_pragma, &c);
    i64 page = 0;
    if (!e) e = check_durable(op, c, &page);
    if (!e) e = writer_open(op, &db->writer, c, page);
    else sq_conn_close(c);
    if (e) sqlite_close_db(&db->db);
    else *out = &db->db;
    return e;
}

static const char *const schemes[] = { "sqlite", NULL };
const struct db_ops db_sqlite_ops = {
    .scheme = schemes,
    .engine = DB_SQLITE,
    .work_size = sizeof(struct sq_work),
    .open = sqlite_open_db,
    .close = sqlite_close_db,
    .run = sqlite_run,
    .many = sqlite_many,
    .begin = sqlite_begin,
    .end = sqlite_end,
    .settle = writer_settle,
    .release = sqlite_release,
};
