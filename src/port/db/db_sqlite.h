/* What the two files of the SQLite backend share: db_sqlite.c runs statements, db_group.c owns the write
 * connection and the group commit. */
#pragma once
#include "port/db/db_port.h"
#include <pthread.h>
#include <sqlite3.h>

enum { BUSY_MS = 10000 };

struct sq_conn {
    sqlite3 *h;
    struct db_cache cache;
    struct sq_conn *next; /* of the idle readers */
};

/* Everything between a BEGIN IMMEDIATE and its COMMIT: the work of many operations that becomes durable, or
 * is lost, together. Freed when the last operation that took part has learned the outcome. */
enum group_state { GROUP_OPEN, GROUP_KEPT, GROUP_LOST };
struct group {
    int refs;
    _Atomic enum group_state state;
    bool told; /* hooks have run: nobody needs to wait any more */
    struct db_hook *hooks, **hooks_end;
    struct group_waiter *waiters, **waiters_end;
    size_t nwaiters;
};

struct writer {
    struct sq_conn *conn;
    pthread_mutex_t m;    /* guards all below and every member of groups but state; never held over SQL */
    pthread_cond_t turn;  /* operations: the connection is free */
    pthread_cond_t ready; /* committer: something to do */
    bool busy;            /* the connection is in somebody's hands */
    bool due;             /* the committer wants it next */
    enum { NAP_NONE, NAP_IDLE, NAP_UNASKED } nap; /* what would wake the committer: a group; a request */
    bool stop;
    size_t queue;        /* operations waiting for their turn */
    u64 entries;         /* operations that had it, ever */
    struct group *group; /* open; NULL: none */
    i64 opened_us;
    bool dirty; /* something was written in it; belongs to who is busy */
    size_t last_size;
    /* The committer's, or of who is busy: pages in the log, when it is due for a checkpoint, and what the
     * last checkpoint left. */
    int wal_pages, full_at, idle_pages;
    int most_pages; /* from so many on a checkpoint is due */
    pthread_t committer;
};

struct sqlite {
    struct db db;
    char *path;
    pthread_mutex_t m; /* guards idle */
    struct sq_conn *idle;
    size_t nidle, most_idle;
    struct writer writer;
};
struct sq_work {
    struct db_work work;
    struct sq_conn *reader;
    struct group *group; /* the last one that this operation depends on */
    struct group *tx;    /* the group of the open transaction */
    int held;            /* how many times over this operation holds the writer */
};

/* Takes the connection, to a file of pages of so many bytes. */
err_t writer_open(struct op *, struct writer *, struct sq_conn *, i64 page) MUST_USE;
void writer_close(struct writer *); /* commits and stops */
/* The write connection for this operation alone, inside an open group; nests. */
err_t writer_enter(struct op *, struct sqlite *, struct sq_work *) MUST_USE;
void writer_leave(struct sqlite *, struct sq_work *);
/* After a statement: this operation depends on the open group if anything was written in it. */
void writer_ran(struct sqlite *, struct sq_work *, bool wrote);
/* After an error: true when the engine has thrown the whole group away. */
bool writer_lost(struct sqlite *, struct sq_work *);
bool writer_pending(const struct sq_work *); /* must this operation read through the write connection? */
void writer_settle(struct db_work *, struct db_hook *, void (*done)(void *, err_t), void *arg);
void writer_forget(struct sq_work *); /* lets go of the group */

err_t sq_error(struct op *, struct sq_conn *); /* the connection's last error in our terms */
err_t sq_simple(struct op *, struct sq_conn *, const char *literal) MUST_USE; /* a statement without rows */
void sq_conn_close(struct sq_conn *);
