/* Group commit. One connection writes; operations take turns on it inside one open BEGIN IMMEDIATE (the
 * group), each in savepoints of its own. A thread, the committer, ends the group with COMMIT, which returns
 * when the write-ahead log is on disk, and then tells every operation that took part. A worker never waits
 * for the disk: it parks the answer and takes the next operation, whose work joins the next group.
 *
 * When to commit: at once while operations come one at a time; when the last group was shared, as soon as no
 * operation has arrived for QUIET_US, at the latest GATHER_US after the group was opened. While the committer
 * wants the connection nobody else gets it, so that it is never starved.
 *
 * A group that could not be committed (disk full, I/O error) is rolled back as a whole and everybody in it
 * gets ERR_UNAVAILABLE. Checkpoints copy the log into the database when the log has grown past WAL_BYTES, or
 * when there has been nothing to do for IDLE_US; then the file of the log is emptied, too. */
#include "base/log.h"
#include "port/db/db_sqlite.h"
#include <errno.h>
#include <sys/prctl.h>

enum { QUIET_US = 40, GATHER_US = 2000, IDLE_US = 300000, WAL_BYTES = 6 << 20, SMALL_LOG = 64 };

struct group_waiter {
    struct group_waiter *next;
    void (*done)(void *, err_t);
    void *arg;
};

static err_t outcome(const struct group *g) { return g->state == GROUP_LOST ? ERR_UNAVAILABLE : OK; }

static void unref(struct group *g)
{
    if (--g->refs) return;
    mem_free(g);
}

/* false: the time has come. */
static bool wait_until(pthread_cond_t *c, pthread_mutex_t *m, i64 mono_us)
{
    struct timespec ts = { mono_us / 1000000, mono_us % 1000000 * 1000 };
    return pthread_cond_timedwait(c, m, &ts) != ETIMEDOUT;
}

/* The outcome is known: hooks first (what they refresh must be fresh when an answer leaves), then everybody
 * who waits. Called without the mutex. */
static void tell(struct writer *wr, struct group *g)
{
    pthread_mutex_lock(&wr->m);
    while (g->hooks) {
        struct db_hook *h = g->hooks;
        g->hooks = NULL;
        g->hooks_end = &g->hooks;
        pthread_mutex_unlock(&wr->m);
        if (outcome(g)) db_hooks_drop(h);
        else db_hooks_run(h);
        pthread_mutex_lock(&wr->m);
    }
    g->told = true;
    struct group_waiter *first = g->waiters;
    err_t code = outcome(g);
    unref(g);
    pthread_mutex_unlock(&wr->m);
    while (first) {
        struct group_waiter *next = first->next;
        first->done(first->arg, code);
        mem_free(first);
        first = next;
    }
}

/* Ends the open group in the hands of who is busy. */
static struct group *group_close(struct writer *wr, enum group_state state)
{
    pthread_mutex_lock(&wr->m);
    struct group *g = wr->group;
    g->state = state;
    wr->group = NULL;
    wr->dirty = false;
    wr->last_size = g->nwaiters;
    pthread_mutex_unlock(&wr->m);
    return g;
}

static void give_turn(struct writer *wr)
{
    pthread_mutex_lock(&wr->m);
    wr->busy = false;
    if (wr->due || (wr->nap == NAP_IDLE && wr->group)) pthread_cond_signal(&wr->ready);
    if (!wr->due && wr->queue) pthread_cond_signal(&wr->turn);
    pthread_mutex_unlock(&wr->m);
}

/* A checkpoint that cannot finish (a reader needs old pages, the disk is full) leaves the log as it is and is
 * tried again after a later commit: no answer depends on it. */
static void checkpoint(struct writer *wr, bool quiet)
{
    int left = 0, copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(wr->conn->h, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &copied);
    if (quiet && rc == SQLITE_OK && left == copied && left > SMALL_LOG) {
        sqlite3_busy_timeout(wr->conn->h, 0);
        rc = sqlite3_wal_checkpoint_v2(wr->conn->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_timeout(wr->conn->h, BUSY_MS);
    }
    if (rc != SQLITE_OK) LOG_DEBUG("checkpoint", KV("result", sqlite3_errstr(rc)));
    wr->full_at = wr->wal_pages + wr->most_pages; /* should the log not begin anew */
    wr->idle_pages = wr->wal_pages;
}

/* In the committer's hands: COMMIT, or back to a clean state. */
static void commit_group(struct writer *wr)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system, .id = { "commit", 6 } };
    i64 began = time_mono_us();
    err_t e = sq_simple(&op, wr->conn, "COMMIT");
    meter_add(&CONTAINER_OF(wr, struct sqlite, writer)->db.commits, time_mono_us() - began);
    if (e && !sqlite3_get_autocommit(wr->conn->h) && sq_simple(&op, wr->conn, "ROLLBACK"))
        bug("the database cannot roll back");
    arena_free(&a);
    struct group *g = group_close(wr, e ? GROUP_LOST : GROUP_KEPT);
    bool full = wr->wal_pages > wr->full_at;
    if (!full) give_turn(wr);
    tell(wr, g);
    if (!full) return;
    checkpoint(wr, false);
    give_turn(wr);
}

/* Waits, holding the mutex, until the open group should be committed. */
static void gather(struct writer *wr)
{
    while (wr->group && !wr->stop) {
        bool asked = wr->group->waiters, alone = wr->last_size < 2 && wr->group->nwaiters < 2;
        i64 now = time_mono_us(), latest = wr->opened_us + GATHER_US;
        u64 seen = wr->entries;
        if (now >= latest || (asked && alone && !wr->busy && !wr->queue)) return;
        wr->nap = asked ? NAP_NONE : NAP_UNASKED;
        wait_until(&wr->ready, &wr->m, asked ? MIN(latest, now + QUIET_US) : latest);
        wr->nap = NAP_NONE;
        if (asked && seen == wr->entries && !wr->busy && !wr->queue) return;
    }
}

static void take_turn(struct writer *wr)
{
    wr->due = true;
    while (wr->busy) pthread_cond_wait(&wr->ready, &wr->m);
    wr->due = false;
    wr->busy = true;
}

/* Nothing to commit: waits for something, and uses a quiet time for the checkpoint. */
static void rest(struct writer *wr)
{
    bool woken = true;
    wr->nap = NAP_IDLE;
    if (wr->wal_pages != wr->idle_pages) woken = wait_until(&wr->ready, &wr->m, time_mono_us() + IDLE_US);
    else pthread_cond_wait(&wr->ready, &wr->m);
    wr->nap = NAP_NONE;
    if (woken || wr->group || wr->busy || wr->stop) return;
    wr->busy = true;
    pthread_mutex_unlock(&wr->m);
    checkpoint(wr, true);
    give_turn(wr);
    pthread_mutex_lock(&wr->m);
}

static void *committer(void *arg)
{
    struct writer *wr = arg;
    prctl(PR_SET_NAME, "db-committer");
    prctl(PR_SET_TIMERSLACK, 1000UL);
    pthread_mutex_lock(&wr->m);
    while (!wr->stop || wr->group) {
        if (!wr->group) {
            rest(wr);
            continue;
        }
        gather(wr);
        take_turn(wr);
        pthread_mutex_unlock(&wr->m);
        if (wr->group) commit_group(wr);
        else give_turn(wr); /* it was lost meanwhile */
        pthread_mutex_lock(&wr->m);
    }
    pthread_mutex_unlock(&wr->m);
    return NULL;
}

static int on_wal(void *arg, sqlite3 *h UNUSED, const char *name UNUSED, int pages)
{
    struct writer *wr = arg;
    if (pages < wr->wal_pages) wr->full_at = wr->most_pages; /* it has begun anew */
    wr->wal_pages = pages;
    return SQLITE_OK;
}

err_t writer_open(struct op *op, struct writer *wr, struct sq_conn *c, i64 page)
{
    int most = (int)(WAL_BYTES / page);
    *wr = (struct writer){ .conn = c, .full_at = most, .most_pages = most };
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_mutex_init(&wr->m, NULL);
    pthread_cond_init(&wr->turn, &mono);
    pthread_cond_init(&wr->ready, &mono);
    pthread_condattr_destroy(&mono);
    sqlite3_wal_hook(c->h, on_wal, wr);
    int e = pthread_create(&wr->committer, NULL, committer, wr);
    if (!e) return OK;
    wr->conn = NULL;
    sq_conn_close(c);
    return fail_detail(op, ERR_INTERNAL, "thread of the committer: %s", strerror(e));
}

void writer_close(struct writer *wr)
{
    pthread_mutex_lock(&wr->m);
    wr->stop = true;
    pthread_cond_signal(&wr->ready);
    pthread_mutex_unlock(&wr->m);
    pthread_join(wr->committer, NULL);
    pthread_mutex_destroy(&wr->m);
    pthread_cond_destroy(&wr->turn);
    pthread_cond_destroy(&wr->ready);
    sq_conn_close(wr->conn);
}

static err_t wait_turn(struct op *op, struct writer *wr)
{
    err_t e = OK;
    pthread_mutex_lock(&wr->m);
    wr->queue++;
    while (!e && (wr->busy || wr->due)) {
        if (!op->deadline_us) pthread_cond_wait(&wr->turn, &wr->m);
        else if (!wait_until(&wr->turn, &wr->m, op->deadline_us) && (wr->busy || wr->due)) e = ERR_TIMEOUT;
    }
    wr->queue--;
    if (!e) {
        wr->busy = true;
        wr->entries++;
    }
    pthread_mutex_unlock(&wr->m);
    return e ? fail(op, e, "the database is busy") : OK;
}

/* With the connection in hand: a group to work in, and no past loss that this operation has not learned of.
 */
static err_t ready_group(struct op *op, struct writer *wr, struct sq_work *w)
{
    if (w->group && w->group != wr->group) {
        if (w->group->state == GROUP_LOST)
            return fail(op, ERR_UNAVAILABLE, "an earlier change of this operation could not be stored");
        pthread_mutex_lock(&wr->m);
        writer_forget(w);
        pthread_mutex_unlock(&wr->m);
    }
    if (wr->group) return OK;
    TRY(sq_simple(op, wr->conn, "BEGIN IMMEDIATE"));
    struct group *g = MEM_NEW(struct group);
    g->refs = 1;
    g->hooks_end = &g->hooks;
    g->waiters_end = &g->waiters;
    pthread_mutex_lock(&wr->m);
    wr->group = g;
    wr->opened_us = time_mono_us();
    pthread_mutex_unlock(&wr->m);
    return OK;
}

err_t writer_enter(struct op *op, struct sqlite *db, struct sq_work *w)
{
    if (w->held++) return OK;
    err_t e = wait_turn(op, &db->writer);
    if (!e && (e = ready_group(op, &db->writer, w))) {
        writer_leave(db, w);
        return e;
    }
    if (e) w->held--;
    return e;
}

void writer_leave(struct sqlite *db, struct sq_work *w)
{
    if (--w->held) return;
    give_turn(&db->writer);
}

void writer_ran(struct sqlite *db, struct sq_work *w, bool wrote)
{
    struct writer *wr = &db->writer;
    wr->dirty |= wrote;
    if (!wr->dirty || w->group == wr->group) return;
    pthread_mutex_lock(&wr->m);
    w->group = wr->group;
    w->group->refs++;
    pthread_mutex_unlock(&wr->m);
}

bool writer_lost(struct sqlite *db, struct sq_work *w)
{
    struct writer *wr = &db->writer;
    if (!wr->group) return true;
    if (!sqlite3_get_autocommit(wr->conn->h)) return false;
    writer_ran(db, w, true);
    tell(wr, group_close(wr, GROUP_LOST));
    return true;
}

bool writer_pending(const struct sq_work *w) { return w->group && w->group->state == GROUP_OPEN; }

/* With the mutex held. */
void writer_forget(struct sq_work *w)
{
    if (w->group) unref(w->group);
    w->group = NULL;
}

static bool park(struct writer *wr, struct group *g, struct db_hook *hooks, const struct group_waiter *like)
{
    if (g->told) return false;
    for (*g->hooks_end = hooks; *g->hooks_end;) g->hooks_end = &(*g->hooks_end)->next;
    if (!like->done) return true;
    struct group_waiter *x = MEM_NEW(struct group_waiter);
    *x = *like;
    *g->waiters_end = x; /* told in the order in which they asked */
    g->waiters_end = &x->next;
    g->nwaiters++;
    if (wr->nap) pthread_cond_signal(&wr->ready);
    return true;
}

void writer_settle(struct db_work *work, struct db_hook *hooks, void (*done)(void *, err_t), void *arg)
{
    struct sq_work *w = (struct sq_work *)work;
    struct writer *wr = &((struct sqlite *)work->db)->writer;
    err_t code = OK;
    if (w->group) {
        pthread_mutex_lock(&wr->m);
        struct group *g = w->group;
        bool parked = park(wr, g, hooks, &(struct group_waiter){ .done = done, .arg = arg });
        code = outcome(g);
        /* Whoever asked has been, or will be, told. Without `done` it is only the hooks that were handed
         * over. */
        if (done) writer_forget(w);
        pthread_mutex_unlock(&wr->m);
        if (parked) return;
    }
    if (code) db_hooks_drop(hooks);
    else db_hooks_run(hooks);
    if (done) done(arg, code);
}
