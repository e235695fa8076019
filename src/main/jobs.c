#include "main/jobs.h"
#include "base/log.h"
#include "net/prom_text.h"
#include "net/trace.h"
#include "port/db/db.h"
#include <pthread.h>

/* Leases are renewed three times as often as they end. Threads: so that a long job does not hold up others.
 */
enum { LEASE_US = 15 * 1000000, RENEWALS = 3, THREADS = 3 };

/* A job and what has become of its runs here. */
struct due {
    const struct job *job;
    i64 at_us, renew_us; /* mono time; renew_us: while it runs */
    bool runs;
    struct meter took;
    u64 failed;
};
struct jobs {
    const struct ports *ports;
    uuid holder;
    i64 lease_us;
    pthread_t thread[THREADS], keeper;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake, rest;
    bool stop;
    size_t n;
    struct due due[64];
};

/* Takes the job if it is due and nobody holds it. */
static err_t take(struct op *op, struct jobs *j, const struct job *job, bool *mine)
{
    time_us now = time_now(), until = { now.us + j->lease_us };
    str name = str_of(job->name);
    i64 changed;
    TRY(db_exec(op,
                "INSERT INTO job_lease (name, holder, held_until, next_at) VALUES (?, ?, ?, ?) ON CONFLICT "
                "(name) DO NOTHING",
                A(name), A(j->holder), A(now), A(now)));
    TRY(db_exec_n(
        op, &changed,
        "UPDATE job_lease SET holder = ?, held_until = ? WHERE name = ? AND next_at <= ? AND held_until <= ?",
        A(j->holder), A(until), A(name), A(now), A(now)));
    TRY(db_flush(op));
    *mine = changed == 1;
    return OK;
}

static const time_us not_held = { 1 }; /* 0 would be no time at all */

static err_t release(struct op *op, struct jobs *j, const struct job *job)
{
    time_us next = { time_now().us + job->every_us };
    TRY(db_exec(op, "UPDATE job_lease SET held_until = ?, next_at = ? WHERE name = ? AND holder = ?",
                A(not_held), A(next), A(str_of(job->name)), A(j->holder)));
    return db_flush(op);
}

/* Only what is held is held longer: the job may have ended meanwhile. */
static err_t renew(struct op *op, struct jobs *j, struct due *d)
{
    time_us until = { time_now().us + j->lease_us };
    TRY(db_exec(op, "UPDATE job_lease SET held_until = ? WHERE name = ? AND holder = ? AND held_until > ?",
                A(until), A(str_of(d->job->name)), A(j->holder), A(not_held)));
    return db_flush(op);
}

/* Where the database is this process's alone, whoever held a lease is dead. */
static err_t inherit(struct op *op)
{
    if (db_engine(op->ports->db) != DB_SQLITE) return OK;
    TRY(db_exec(op, "UPDATE job_lease SET held_until = ?", A(not_held)));
    return db_flush(op);
}

static void run_now(struct op *op, struct jobs *j, struct due *d)
{
    i64 began = time_mono_us();
    struct trace_span span;
    trace_begin(op, &span, (str){ 0 });
    err_t e = d->job->run(op);
    if (!e) e = db_flush(op);
    trace_end(op, &(struct span_end){ .kind = SPAN_INTERNAL, .name = str_of(d->job->name) });
    if (e) LOG_WARN("job failed", KV("job", d->job->name), KV("error", op->err.msg));
    op_clear(op);
    meter_add(&d->took, time_mono_us() - began);
    pthread_mutex_lock(&j->lock);
    d->failed += e != OK;
    pthread_mutex_unlock(&j->lock);
}

static err_t run(struct op *op, struct jobs *j, struct due *d)
{
    const struct job *job = d->job;
    bool mine = job->every_node;
    if (!mine) TRY(take(op, j, job, &mine));
    if (mine) run_now(op, j, d);
    return mine && !job->every_node ? release(op, j, job) : OK;
}

static void in_operation(err_t (*what)(struct op *, struct jobs *, struct due *), struct jobs *j,
                         struct due *d)
{
    AUTO(arena) struct arena a = { 0 };
    str name = str_of(d->job->name);
    struct op op = { .arena = &a, .ports = j->ports, .who = &principal_system, .id = name };
    if (what(&op, j, d)) LOG_WARN("job lease", KV("job", name), KV("error", op.err.msg));
}

static void wait_until(pthread_cond_t *c, pthread_mutex_t *lock, i64 at_us)
{
    struct timespec t = { at_us / SEC(1), at_us % SEC(1) * 1000 };
    pthread_cond_timedwait(c, lock, &t);
}

/* Holding the lock: the job that has waited longest, or when the next one is due. */
static struct due *next_due(struct jobs *j, i64 *at_us)
{
    struct due *first = NULL;
    for (size_t i = 0; i < j->n; i++)
        if (!j->due[i].runs && (!first || j->due[i].at_us < first->at_us)) first = &j->due[i];
    *at_us = first ? first->at_us : time_mono_us() + SEC(1);
    return first && first->at_us <= time_mono_us() ? first : NULL;
}

/* The node's own clock says when to look; the lease row decides whether the job really is due. */
static void *loop(void *arg)
{
    struct jobs *j = arg;
    pthread_mutex_lock(&j->lock);
    while (!j->stop) {
        i64 at_us;
        struct due *d = next_due(j, &at_us);
        if (!d) {
            wait_until(&j->wake, &j->lock, at_us);
            continue;
        }
        d->runs = true;
        d->renew_us = time_mono_us() + j->lease_us / RENEWALS;
        pthread_mutex_unlock(&j->lock);
        in_operation(run, j, d);
        pthread_mutex_lock(&j->lock);
        d->runs = false;
        d->at_us = time_mono_us() + d->job->every_us;
        pthread_cond_signal(&j->wake); /* others may sleep until later than this one's next run */
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Holding the lock: one whose lease is to be renewed; else *at_us: when to look again. */
static struct due *next_renewal(struct jobs *j, i64 *at_us)
{
    i64 now = time_mono_us();
    *at_us = now + j->lease_us / RENEWALS;
    for (size_t i = 0; i < j->n; i++) {
        struct due *d = &j->due[i];
        if (!d->runs || d->job->every_node) continue;
        if (d->renew_us <= now) return d;
        *at_us = MIN(*at_us, d->renew_us);
    }
    return NULL;
}

/* A thread of its own: the others may all be in jobs that take long. */
static void *keep(void *arg)
{
    struct jobs *j = arg;
    pthread_mutex_lock(&j->lock);
    while (!j->stop) {
        i64 at_us;
        struct due *d = next_renewal(j, &at_us);
        if (!d) {
            wait_until(&j->rest, &j->lock, at_us);
            continue;
        }
        d->renew_us = time_mono_us() + j->lease_us / RENEWALS;
        pthread_mutex_unlock(&j->lock);
        in_operation(renew, j, d);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

static void begin_threads(struct jobs *j)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->wake, &attr);
    pthread_cond_init(&j->rest, &attr);
    pthread_condattr_destroy(&attr);
    int failed = pthread_create(&j->keeper, NULL, keep, j);
    for (size_t i = 0; i < THREADS; i++) failed |= pthread_create(&j->thread[i], NULL, loop, j);
    if (failed) bug("no thread for jobs");
}

err_t jobs_start(struct op *op, const struct jobs_options *o, struct jobs **out)
{
    TRY(inherit(op));
    struct jobs *j = *out = MEM_NEW(struct jobs);
    j->ports = op->ports;
    j->holder = uuid_new();
    j->lease_us = o->lease_us ? o->lease_us : LEASE_US;
    for (size_t i = 0; i < o->nfeatures; i++)
        for (size_t k = 0; k < o->features[i]->njobs; k++) {
            if (j->n == LEN(j->due)) bug("more than %zu jobs", LEN(j->due));
            j->due[j->n++] = (struct due){ .job = &o->features[i]->jobs[k] };
        }
    begin_threads(j);
    return OK;
}

void jobs_stop(struct jobs *j)
{
    if (!j) return;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_broadcast(&j->wake);
    pthread_cond_broadcast(&j->rest);
    pthread_mutex_unlock(&j->lock);
    for (size_t i = 0; i < THREADS; i++) pthread_join(j->thread[i], NULL);
    pthread_join(j->keeper, NULL);
    pthread_cond_destroy(&j->wake);
    pthread_cond_destroy(&j->rest);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}

void jobs_metrics(struct jobs *j, struct prom_text *page)
{
    prom_family(page, "netbit_job_seconds", "histogram", "Runs of background jobs on this node.");
    for (size_t i = 0; i < j->n; i++)
        if (meter_count(&j->due[i].took))
            prom_meter(page, PROM_LABELS({ "job", str_of(j->due[i].job->name) }), &j->due[i].took);
    prom_family(page, "netbit_job_failures_total", "counter", "Runs that ended with an error.");
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->n; i++)
        if (meter_count(&j->due[i].took))
            prom_sample(page, PROM_LABELS({ "job", str_of(j->due[i].job->name) }), (double)j->due[i].failed);
    pthread_mutex_unlock(&j->lock);
}
