/* A feature: one folder, one literal of this struct, listed once in main/features.c. Nothing registers
 * itself. */
#pragma once
#include "base/cli.h"
#include "net/prom_text.h"
#include "net/route.h"
#include "port/db/migrate.h"
#include "port/ports.h"

/* Background work that repeats on one node at a time (a lease row in the database decides which), or on each
 * node when it is about that node's own connections. */
struct job {
    const char *name;
    i64 every_us;
    err_t (*run)(struct op *);
    const char *doc;
    bool every_node;
};

struct topic;
struct feature {
    const char *name, *doc;
    const struct route *routes;
    size_t nroutes;
    const struct command *commands;
    size_t ncommands;
    const struct job *jobs;
    size_t njobs;
    const struct topic *topics; /* of the live channel: feature/channel/channel.h */
    size_t ntopics;
    const struct migration *migrations; /* built from the folder's *.sql files: migrations_NAME */
    const size_t *nmigrations;          /* as tools/embed counts them; NULL: none */
    /* After migrations, before the first request; may keep process-wide caches. */
    err_t (*start)(struct op *);
    void (*stop)(void);
    /* Figures of the feature for /metrics; what it asks the database must be cheap. */
    err_t (*metrics)(struct op *, struct prom_text *);
    /* A person leaves: removes what is theirs, inside account's transaction, before the users row goes. NULL:
     * the feature keeps nothing of people that its foreign keys do not remove. */
    err_t (*forget_user)(struct op *, i64 user_id);
    /* One JSON value for the member `name` of the person's export: all that the feature holds of them. */
    err_t (*export_user)(struct op *, i64 user_id, struct buf *);
};
