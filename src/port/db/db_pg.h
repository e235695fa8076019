/* What the files of the PostgreSQL backend share: db_pg_pool.c keeps connections, db_pg_value.c knows the
 * wire form of values, db_postgres.c runs statements and transactions. */
#pragma once
#include "port/db/db_port.h"
#include <libpq-fe.h>
#include <pthread.h>

struct pg_conn {
    PGconn *h;
    struct db_cache cache;
    unsigned names;       /* of prepared statements and cursors, ever */
    bool tired;           /* to be closed, not kept: its state is not as we want it */
    struct pg_conn *next; /* of the idle ones */
};
struct pg {
    struct db db;
    char *url;
    i64 wait_us;
    i64 away_us;       /* under m: since when no connection can be made; 0: they can */
    pthread_mutex_t m; /* guards the rest */
    pthread_cond_t freed;
    struct pg_conn *idle;
    int count, most;
};

/* Of pg_conn.cache, ctx is the connection: forgets a statement, on the server too unless it is tired. */
void pg_stmt_drop(void *ctx, struct db_cached *);
/* A connection for this operation alone; waits for a free one and for a server that is away. */
err_t pg_get(struct op *, struct pg *, struct pg_conn **out) MUST_USE;
void pg_put(struct pg *, struct pg_conn *); /* NULL is fine; closes what is broken or not idle */
void pg_close_idle(struct pg *);
void pg_wait_init(struct pg *); /* the mutex and the condition */

struct pg_params { /* arguments in wire form, in the arena */
    int n;
    Oid *type;
    const char **value;
    int *length, *format;
};
struct pg_params pg_params(struct arena *, const struct db_arg *, size_t n);
/* `?` outside quotes and comments becomes $1, $2, ... */
char *pg_rewrite(struct arena *, const char *text);
err_t pg_column(struct op *, const PGresult *, int row, int column, struct db_value *out) MUST_USE;
