/* The database port as its backends see it. db.c keeps everything that is the same for all engines
 * (operations, nesting, hooks, results); a backend brings connections, statements and durability, in one
 * `struct db_ops` with no optional members. A backend's struct begins with struct db, its state of an
 * operation with struct db_work. */
#pragma once
#include "base/meter.h"
#include "port/db/db.h"

struct db_hook { /* fn(arg) of db_after_commit(), or lost(arg); made by mem_alloc, freed by db_hooks_run() or
                    _drop() */
    struct db_hook *next;
    int depth; /* of the transaction it belongs to */
    void (*fn)(void *);
    void (*lost)(void *); /* NULL: nobody wants to know */
    void *arg;
};
void db_hooks_run(struct db_hook *);  /* all, in order; NULL is fine */
void db_hooks_drop(struct db_hook *); /* none */

struct db {
    const struct db_ops *ops;
    err_t (*before_commit)(struct op *);
    struct meter commits;
};
struct db_work {
    struct db *db;
    int depth;  /* open transactions */
    int failed; /* depth at which a statement failed; only its rollback helps. 0: none */
    bool ended; /* db_when_durable() was called: the database may be closed before the arena goes */
    struct db_hook *hooks; /* of open transactions, last one first */
};

struct db_query {
    const char *text; /* NUL-terminated */
    bool literal;     /* text lives for ever and its address is its identity */
    bool once;        /* not worth keeping prepared */
    const struct db_arg *arg;
    size_t n;
};
/* True for statements that change nothing: they may run on a reader and may be run again. */
bool db_query_reads(const char *text);

/* Where a statement's rows go. */
enum db_want { DB_WANT_NONE, DB_WANT_I64, DB_WANT_ONE, DB_WANT_ALL, DB_WANT_EACH };
struct db_result {
    enum db_want want;
    const struct desc *desc; /* ONE, ALL, EACH */
    void *out;               /* i64, record or list; EACH: the record that is reused */
    err_t (*each)(struct op *, void *ctx, void *record);
    void *ctx;
    size_t n, cap; /* rows taken so far */
    i64 changed;
};

/* One column's value on its way from an engine to a member. Kinds as in struct db_arg, and 0 for NULL. */
struct db_value {
    char kind;
    union {
        i64 i;
        double f;
        str s; /* views the engine's memory */
        uuid u;
    };
};
/* Which field each column of a statement's result lands in; field NULL: in none. Kept with the prepared
 * statement, made anew for another descriptor. */
struct db_slot {
    const struct field *field;
    const struct db_store *store; /* db_row.c */
};
struct db_map {
    const struct desc *desc;
    struct db_slot *slot;
    int n;
};
void db_map_for(struct db_map *, const struct desc *, int columns, const char *(*name)(void *, int), void *);
void db_map_done(struct db_map *);
/* A row: begin gives the record (NULL: rows are not wanted), store fills it a column at a time, end hands it
 * on. *more = false: the caller needs no further rows. */
void *db_row_begin(struct op *, struct db_result *);
err_t db_row_store(struct op *, const struct db_slot *, const struct db_value *, void *record) MUST_USE;
err_t db_row_number(struct op *, const struct db_value *, i64 *out) MUST_USE;
err_t db_row_end(struct op *, struct db_result *, bool *more) MUST_USE;

/* Statements of one connection, found by the address of a literal or by text. */
struct db_cache {
    struct db_cached **slot;
    size_t cap, n;
    void (*drop)(void *ctx, struct db_cached *); /* releases what the backend's struct holds, and itself */
    void *ctx;
};
struct db_cached { /* a backend's prepared statement begins with it */
    const char *text;
    bool literal, busy; /* busy: being stepped; a second user prepares its own */
};
struct db_cached *db_cache_find(struct db_cache *, const struct db_query *);
void db_cache_add(struct db_cache *, struct db_cached *); /* owns it; makes room by dropping idle ones */
void db_cache_remove(struct db_cache *, struct db_cached *);
void db_cache_done(struct db_cache *);

struct db_ops {
    const char *const *scheme; /* NULL-terminated; what stands before ':' in the URL */
    enum db_engine engine;
    size_t work_size;
    err_t (*open)(struct op *, str url, const struct db_options *, struct db **out);
    void (*close)(struct db *);
    /* One statement; a failure that leaves the open transaction unusable, or would on another engine, sets
     * work->failed = work->depth. */
    err_t (*run)(struct op *, struct db_work *, const struct db_query *, struct db_result *);
    /* The same statement for nrows rows of q->n arguments each, in an open transaction. */
    err_t (*many)(struct op *, struct db_work *, const struct db_query *, size_t nrows);
    err_t (*begin)(struct op *, struct db_work *);            /* opens level work->depth + 1 */
    err_t (*end)(struct op *, struct db_work *, bool commit); /* ends level work->depth, on failure too */
    /* Takes over hooks and, unless NULL, done: runs them when all that the operation committed is durable.
     * done() gets the error if it was lost; hooks are dropped then. */
    void (*settle)(struct db_work *, struct db_hook *, void (*done)(void *, err_t), void *arg);
    void (*release)(struct db_work *); /* gives back what the operation holds; twice is fine */
};
extern const struct db_ops db_sqlite_ops, db_postgres_ops;

/* A statement in text form, run once: migrations. */
err_t db_run_text(struct op *, const char *text) MUST_USE;
