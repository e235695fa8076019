/* The database: SQLite (WAL) or PostgreSQL behind one SQL-level port, chosen by URL ("sqlite:data/netbit.db",
 * "postgresql://..."). SQL must be a string literal to compile; arguments are typed by A(); rows land in
 * structs by descriptor (column name = field name). Common dialect: `?` placeholders, ON CONFLICT, RETURNING,
 * CTEs, windows, keyset paging; times are time_us, ids i64 or uuid.
 *
 *     TRY(db_one(op, &unit_desc, &u, "SELECT * FROM unit WHERE id = ?", A(id)));
 *
 *     AUTO(db_tx) struct db_tx tx = { 0 };
 *     TRY(db_begin(op, &tx));                   // rolled back when tx leaves scope uncommitted
 *     TRY(db_exec(op, "UPDATE ..."));
 *     return db_commit(&tx);
 *
 * Durability. On SQLite one write connection serves all threads: a transaction is a savepoint inside an open
 * group, and db_commit() returns when the savepoint is released; the group's commit (synchronous=FULL)
 * follows in the committer thread and many operations share it. The operation's answer must not leave before
 * that: the dispatcher passes it through db_when_durable(), code that acts on the outside world in
 * mid-operation calls db_flush(). Never hold a transaction while waiting for anything but the database. After
 * an operation has written, its reads go through the write connection, so it sees its own writes. On
 * PostgreSQL db_commit() is durable. All functions may block; a struct db is safe for use by all threads.
 *
 * The operation's state is op->work. It lives in op->arena: after arena_reset() begin with a new struct op. A
 * copy of a struct op (to act as somebody else) shares it only if the original has used the database before:
 * what a copy wrote on its own account, the original does not wait for.
 *
 * Errors. A statement that failed dooms its transaction (db_commit refuses it, later statements fail);
 * whoever wants to go on after a conflict puts the statement in a nested one or uses ON CONFLICT.
 * ERR_CONFLICT is UNIQUE and FOREIGN KEY, ERR_INVALID is NOT NULL, CHECK and values that cannot be stored;
 * field then has the columns ("project_id,name"), except that SQLite does not know those of a foreign key.
 * ERR_UNAVAILABLE: disk full, server away, deadlock; nothing was changed, unless a PostgreSQL connection died
 * while a write was on its way.
 *
 * Values. NaN is stored as NULL. C's `true` is an int: write TRUE in the SQL, or A((bool)true). JSON comes
 * back with the same meaning, not always the same text. Columns that the struct has no field for are skipped.
 */
#pragma once
#include "base/desc.h"

struct db;
struct db_options {
    int readers; /* SQLite read connections; PostgreSQL connections. 0: chosen by engine */
    i64 wait_us; /* how long to wait for an absent PostgreSQL before ERR_UNAVAILABLE; 0: 30 s */
};
err_t db_open(struct op *, str url, const struct db_options *, struct db **out) MUST_USE;
void db_close(struct db *); /* NULL is fine; commits what is open */
struct meter;
enum db_engine { DB_SQLITE, DB_POSTGRES };
enum db_engine db_engine(const struct db *);
extern const char *const db_engines[];
/* Commits that went to disk: groups of many operations on SQLite. Lives as long as the database. */
const struct meter *db_commits(const struct db *);

struct db_arg {
    char kind;
    bool null;
    union {
        i64 i;
        double f;
        str s;
        uuid u;
    };
}; /* kind: i b f s t u j x(bytes) */
static inline struct db_arg db_arg_i(i64 v) { return (struct db_arg){ 'i', false, { .i = v } }; }
static inline struct db_arg db_arg_b(bool v) { return (struct db_arg){ 'b', false, { .i = v } }; }
static inline struct db_arg db_arg_f(double v) { return (struct db_arg){ 'f', false, { .f = v } }; }
static inline struct db_arg db_arg_s(str v) { return (struct db_arg){ 's', !v.p, { .s = v } }; }
static inline struct db_arg db_arg_t(time_us v) { return (struct db_arg){ 't', !v.us, { .i = v.us } }; }
static inline struct db_arg db_arg_u(uuid v) { return (struct db_arg){ 'u', uuid_is_nil(v), { .u = v } }; }
static inline struct db_arg db_arg_j(json_raw v) { return (struct db_arg){ 'j', !v.s.p, { .s = v.s } }; }
static inline struct db_arg db_arg_x(str v) { return (struct db_arg){ 'x', !v.p, { .s = v } }; }
/* Absent str, time 0, nil uuid and absent json are NULL; numbers never are, except through A_NULL0 (0 is
 * NULL). */
#define A(v) \
    _Generic((v), i64 \
             : db_arg_i, int \
             : db_arg_i, bool \
             : db_arg_b, double \
             : db_arg_f, str \
             : db_arg_s, time_us \
             : db_arg_t, uuid \
             : db_arg_u, json_raw \
             : db_arg_j)(v)
#define A_BYTES(s) db_arg_x(s)
static inline struct db_arg db_arg_i0(i64 v) { return (struct db_arg){ 'i', !v, { .i = v } }; }
#define A_NULL0(v) db_arg_i0(v)

/* A statement: one literal, or a pair where the engines differ. */
struct sql {
    const char *sqlite, *postgres;
};
#define SQL(lit)       ((struct sql){ "" lit, "" lit })
#define SQL_PAIR(a, b) ((struct sql){ "" a, "" b })
#define DB_ARGS(...) \
    (const struct db_arg[]){ __VA_ARGS__ }, \
        sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg)

#define db_exec(op, lit, ...)            db_exec_sql((op), NULL, SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_exec_n(op, changed, lit, ...) db_exec_sql((op), (changed), SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_one(op, desc, out, lit, ...) \
    db_one_sql((op), (struct db_row){ (desc), (out), NULL }, SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_find(op, desc, out, found, lit, ...) \
    db_one_sql((op), (struct db_row){ (desc), (out), (found) }, SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_all(op, desc, list_, lit, ...) db_all_sql((op), (desc), (list_), SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_i64(op, out, lit, ...)         db_i64_sql((op), (out), SQL(lit), DB_ARGS(__VA_ARGS__))
#define db_each(op, desc, each, ctx, lit, ...) \
    db_each_sql((op), (struct db_walk){ (desc), (each), (ctx) }, SQL(lit), DB_ARGS(__VA_ARGS__))

err_t db_exec_sql(struct op *, i64 *changed, struct sql, const struct db_arg *, size_t n) MUST_USE;
/* One row, the first, into *out; the rest of the struct is zero. No row: ERR_NOT_FOUND when found is NULL,
 * else *found = false and OK. INSERT ... RETURNING works too. */
struct db_row {
    const struct desc *desc;
    void *out;
    bool *found;
};
err_t db_one_sql(struct op *, struct db_row, struct sql, const struct db_arg *, size_t n) MUST_USE;
/* All rows into a LIST(T); in op->arena. More than arena's limit: ERR_LIMIT. */
err_t db_all_sql(struct op *, const struct desc *, void *list, struct sql, const struct db_arg *,
                 size_t n) MUST_USE;
/* First column of the only row; NULL counts as 0; no row: ERR_NOT_FOUND. */
err_t db_i64_sql(struct op *, i64 *out, struct sql, const struct db_arg *, size_t n) MUST_USE;
/* For large results: calls each(op, ctx, record) a row at a time, record reused; stops at the first error. It
 * may use the database itself. */
struct db_walk {
    const struct desc *desc;
    err_t (*each)(struct op *, void *ctx, void *record);
    void *ctx;
};
err_t db_each_sql(struct op *, struct db_walk, struct sql, const struct db_arg *, size_t n) MUST_USE;

/* A statement put together from literal pieces (optional filters). Prepared once per distinct text. */
struct db_text {
    struct op *op;
    struct buf text;
    struct db_arg arg[32];
    size_t n;
};
struct db_text db_text_new(struct op *);
#define db_text_add(t, lit, ...) db_text_add_sql((t), SQL(lit), DB_ARGS(__VA_ARGS__))
void db_text_add_sql(struct db_text *, struct sql, const struct db_arg *, size_t n);
err_t db_text_all(struct db_text *, const struct desc *, void *list) MUST_USE;
err_t db_text_i64(struct db_text *, i64 *out) MUST_USE;
err_t db_text_exec(struct db_text *, i64 *changed) MUST_USE;

/* Many rows through one statement: at once on SQLite, pipelined on PostgreSQL. Inside a transaction of its
 * own unless one is open. */
#define db_many(op, lit, rows, nrows, width) db_many_sql((op), SQL(lit), (rows), (nrows), (width))
err_t db_many_sql(struct op *, struct sql, const struct db_arg *rows, size_t nrows, size_t width) MUST_USE;

struct db_tx {
    struct op *op;
    int depth;
};
err_t db_begin(struct op *, struct db_tx *) MUST_USE; /* nests */
err_t db_commit(struct db_tx *) MUST_USE; /* the outermost one first runs the hook of db_set_hook() */
void db_tx_done(struct db_tx *);          /* AUTO(db_tx): rolls back if still open */
/* Serialises one named concern across all nodes until the transaction ends. */
err_t db_lock(struct op *, i64 key) MUST_USE;

/* Runs inside every outermost transaction of an operation that carries op->note, right before it ends: the
 * audit row. A lone statement that writes counts as one. */
void db_set_hook(struct db *, err_t (*before_commit)(struct op *));
/* Runs fn(arg) once what this operation has committed is durable (at once if it already is); never if it was
 * lost or rolled back. On the committer's thread: it must neither block nor use the database. */
void db_after_commit(struct op *, void (*fn)(void *), void *arg);
/* The same for an arg that must be freed in any case: exactly one of fn(arg) and lost(arg) is called. */
void db_after_commit_or(struct op *, void (*fn)(void *), void (*lost)(void *), void *arg);
/* Begins the operation's use of the database now, in op->arena, so that op->arena may then be swapped for a
 * scratch arena while rows are read. */
void db_join(struct op *);

err_t db_flush(struct op *) MUST_USE; /* waits until everything this operation committed is durable */
/* Ends the operation's use of the database and calls done(arg, code) exactly once: OK when all it wrote is
 * durable, else the error. May call at once, on this thread, or later on the committer's, which done() must
 * not block. */
void db_when_durable(struct op *, void (*done)(void *arg, err_t), void *arg);

/* For an operation that outlives the database: rolls back what is open and ends its use, before db_close().
 */
void db_leave(struct op *);
