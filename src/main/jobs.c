#include "main/jobs.h"
#include "base/log.h"
#include "main/features.h"
#include "port/db/db.h"
#include <pthread.h>

enum { LEASE_US = 5 * 60 * 1000000 }; /* longer than any job may take */

struct jobs {
    const struct ports *ports;
    uuid holder;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    size_t n;
    struct due {
        const struct job *job;
        i64 at_us;
    } due[64];
};

/* Takes the job if it is due and nobody holds it. */
static err_t take(struct op *op, struct jobs *j, const struct job *job, bool *mine)
{
    time_us now = time_now(), until = { now.us + LEASE_US };
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

static err_t release(struct op *op, struct jobs *j, const struct job *job)
{
    time_us now = time_now(), next = { now.us + job->every_us };
    TRY(db_exec(op, "UPDATE job_lease SET held_until = ?, next_at = ? WHERE name = ? AND holder = ?", A(now),
                A(next), A(str_of(job->name)), A(j->holder)));
    return db_flush(op);
}

static void run_now(struct op *op, const struct job *job)
{
    i64 began = time_mono_us();
    err_t e = job->run(op);
    if (!e) e = db_flush(op);
    if (e) LOG_WARN("job failed", KV("job", job->name), KV("error", op->err.msg));
    op_clear(op);
    LOG_DEBUG("job", KV("job", job->name), KV("us", time_mono_us() - began));
}

static err_t run(struct op *op, struct jobs *j, const struct job *job)
{
    bool mine = job->every_node;
    if (!mine) TRY(take(op, j, job, &mine));
    if (mine) run_now(op, job);
    return mine && !job->every_node ? release(op, j, job) : OK;
}

static void run_in_operation(struct jobs *j, const struct job *job)
{
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .ports = j->ports, .who = &principal_system, .id = str_of(job->name) };
    if (run(&op, j, job)) LOG_WARN("job lease", KV("job", job->name), KV("error", op.err.msg));
}

static bool wait_for(struct jobs *j, i64 us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    i64 ns = t.tv_nsec + us * 1000;
    t.tv_sec += ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&j->lock);
    while (!j->stop && !pthread_cond_timedwait(&j->wake, &j->lock, &t)) continue;
    bool stop = j->stop;
    pthread_mutex_unlock(&j->lock);
    return !stop;
}

/* The node's own clock says when to look; the lease row decides whether the job really is due. */
static void *loop(void *arg)
{
    struct jobs *j = arg;
    do {
        for (size_t i = 0; i < j->n; i++) {
            if (j->due[i].at_us > time_mono_us()) continue;
            run_in_operation(j, j->due[i].job);
            j->due[i].at_us = time_mono_us() + j->due[i].job->every_us;
        }
    } while (wait_for(j, SEC(1)));
    return NULL;
}

struct jobs *jobs_start(const struct ports *ports)
{
    struct jobs *j = MEM_NEW(struct jobs);
    j->ports = ports;
    j->holder = uuid_new();
    for (size_t i = 0; i < nfeatures; i++)
        for (size_t k = 0; k < features[i]->njobs; k++) {
            if (j->n == LEN(j->due)) bug("more than %zu jobs", LEN(j->due));
            j->due[j->n++] = (struct due){ .job = &features[i]->jobs[k] };
        }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&j->thread, NULL, loop, j)) bug("no thread for jobs");
    return j;
}

void jobs_stop(struct jobs *j)
{
    if (!j) return;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    pthread_cond_destroy(&j->wake);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}
