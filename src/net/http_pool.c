/* The worker pool. A bounded queue of tasks and a fixed set of threads, of which only as many are kept busy
 * as there are cores: more threads on the same cores only get in each other's way (measured: docs/adr/0010).
 * The others are a reserve for operations that wait (PostgreSQL, a slow disk, a password hash): when the head
 * of the queue has waited for LATE_US, the reserve's watcher takes it and wakes the next watcher. */
#include "base/log.h"
#include "net/http_int.h"
#include <sched.h>

enum { LATE_US = 2000 };
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* for the workers in front */
    pthread_cond_t late; /* for the reserve */
    struct task *head, **tail;
    size_t queued, most;
    u64 pushed;
    int front, idle_front;
    bool watched, ending;
    pthread_t *thread;
    int nthreads;
};

static struct task *take(struct pool *p)
{
    struct task *t = p->head;
    p->head = t->next;
    if (!p->head) p->tail = &p->head;
    p->queued--;
    return t;
}

static void run_one(struct pool *p)
{
    struct task *t = take(p);
    if (p->head && !p->watched) pthread_cond_signal(&p->late); /* this one may take long */
    pthread_mutex_unlock(&p->lock);
    t->run(t);
    pthread_mutex_lock(&p->lock);
}

static void *front_main(void *arg)
{
    struct pool *p = arg;
    bool yielded = false;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        if (p->head) {
            run_one(p);
            yielded = false;
            continue;
        }
        if (p->ending) break;
        if (!yielded) { /* on a busy core the pusher gets to push more, which saves waking this one for each
                         */
            yielded = true;
            pthread_mutex_unlock(&p->lock);
            sched_yield();
            pthread_mutex_lock(&p->lock);
            continue;
        }
        p->idle_front++;
        pthread_cond_wait(&p->work, &p->lock);
        p->idle_front--;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* One member of the reserve at a time watches, for as long as there is work: it looks every LATE_US, so that
 * a push need not wake it. */
static void watch(struct pool *p)
{
    u64 seen = p->pushed - 1;
    while (!p->ending && (p->head || p->pushed != seen)) {
        i64 now = time_mono_us(), due = (p->head ? p->head->since_us : now) + LATE_US;
        if (due <= now) {
            p->watched = false;
            pthread_cond_signal(&p->late); /* the next watcher: this one is going to work */
            run_one(p);
            return;
        }
        seen = p->pushed;
        struct timespec ts = { .tv_sec = due / SEC(1), .tv_nsec = due % SEC(1) * 1000 };
        pthread_cond_timedwait(&p->late, &p->lock, &ts);
    }
    p->watched = false;
}

static void *reserve_main(void *arg)
{
    struct pool *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->ending || p->head) {
        if (p->head && !p->watched) {
            p->watched = true;
            watch(p);
        } else if (!p->ending) {
            pthread_cond_wait(&p->late, &p->lock);
        } else if (p->head) {
            run_one(p);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(int workers, int front, size_t most)
{
    struct pool *p = MEM_NEW(struct pool);
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&p->work, &mono);
    pthread_cond_init(&p->late, &mono);
    p->tail = &p->head;
    p->front = front;
    p->most = most;
    p->thread = mem_alloc(sizeof *p->thread * (size_t)workers);
    for (int i = 0; i < workers; i++) {
        if (pthread_create(&p->thread[i], NULL, i < front ? front_main : reserve_main, p)) {
            if (i == 0) bug("no threads");
            LOG_WARN("fewer workers than asked for", KV("workers", i));
            break;
        }
        p->nthreads++;
    }
    return p;
}

bool pool_push(struct pool *p, struct task *t, bool force)
{
    t->next = NULL;
    t->since_us = time_mono_us();
    pthread_mutex_lock(&p->lock);
    bool ok = force || p->queued < p->most;
    if (ok) {
        *p->tail = t;
        p->tail = &t->next;
        p->queued++;
        p->pushed++;
    }
    bool front = ok && p->idle_front, late = ok && !front && !p->watched && p->nthreads > p->front;
    pthread_mutex_unlock(&p->lock);
    /* Outside the lock, or whom it wakes would run straight into it. */
    if (front) pthread_cond_signal(&p->work);
    if (late) pthread_cond_signal(&p->late);
    return ok;
}

void pool_end(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_cond_broadcast(&p->late);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->nthreads; i++) pthread_join(p->thread[i], NULL);
}

/* Who has pushed may still be about to signal: those threads have ended before. */
void pool_free(struct pool *p)
{
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->late);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->thread);
    mem_free(p);
}
