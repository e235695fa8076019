/* Uploads. The handler runs on a thread of its own and pulls bytes from a bounded ring; the connection's
 * thread fills the ring and suspends the connection while it is full. The connection is also suspended until
 * the handler asks for the first byte, so that a refusal comes before the body (and before "100 Continue").
 */
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_int.h"
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>

enum { RING = 256 * 1024, SLOWEST_BYTES_S = 256, CHECK_MS = 200 };
struct http_body {
    pthread_mutex_t lock;
    pthread_cond_t bytes;
    struct http_request *request;
    char *ring;
    size_t at, n; /* first byte, how many */
    bool suspended;
    bool wanted; /* the handler reads: the head has been accepted */
    bool resumed_head;
    bool end, gone, over, done;
};

static void body_free(void *arg)
{
    struct http_body *b = arg;
    pthread_cond_destroy(&b->bytes);
    pthread_mutex_destroy(&b->lock);
    mem_free(b->ring);
    mem_free(b);
}

static struct http_body *body_new(struct http_request *r)
{
    struct http_body *b = MEM_NEW(struct http_body);
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_t mono;
    pthread_condattr_init(&mono);
    pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
    pthread_cond_init(&b->bytes, &mono);
    b->ring = mem_alloc(RING);
    b->request = r;
    arena_defer(&r->arena, body_free, b);
    return b;
}

/* Under the lock. After `gone` the connection does not exist any more. */
static void wake_connection(struct http_body *b)
{
    if (!b->suspended || b->gone) return;
    b->suspended = false;
    MHD_resume_connection(b->request->mhd);
}

/* The handler's side. */

i64 http_body_length(const struct http_body *b) { return b->request->length; }

/* libmicrohttpd misses a client's end that comes together with its last bytes (one edge of epoll for both),
 * and would notice it only when the connection times out. Shutting the socket down is an edge of its own. */
static void check_end(struct http_body *b)
{
    if (b->gone || b->suspended || b->end) return;
    int fd = b->request->conn->fd,
        unread = 0; /* open for as long as `gone` is not set, which needs the lock */
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };
    if (poll(&p, 1, 0) == 1 && !ioctl(fd, FIONREAD, &unread) && !unread) shutdown(fd, SHUT_RDWR);
}

static void wait_bytes(struct http_body *b, const struct op *op)
{
    i64 until = time_mono_us() + MSEC(CHECK_MS);
    if (op->deadline_us) until = MIN(until, op->deadline_us);
    struct timespec ts = { .tv_sec = until / SEC(1), .tv_nsec = until % SEC(1) * 1000 };
    if (pthread_cond_timedwait(&b->bytes, &b->lock, &ts) == ETIMEDOUT) check_end(b);
}

static size_t ring_take(struct http_body *b, char *out, size_t n)
{
    n = MIN(n, b->n);
    size_t first = MIN(n, RING - b->at);
    memcpy(out, b->ring + b->at, first);
    memcpy(out + first, b->ring, n - first);
    b->at = (b->at + n) % RING;
    b->n -= n;
    return n;
}

err_t http_body_read(struct http_body *b, struct op *op, void *out, size_t n, size_t *got)
{
    pthread_mutex_lock(&b->lock);
    if (!b->wanted) {
        b->wanted = true;
        wake_connection(b);
    }
    while (!b->n && !b->end && !b->gone && !b->over && !op_late(op)) wait_bytes(b, op);
    bool over = b->over, gone = b->gone && !b->end, late = !b->n && !b->end;
    *got = over || gone ? 0 : ring_take(b, out, n);
    if (b->n <= RING / 2) wake_connection(b);
    pthread_mutex_unlock(&b->lock);
    if (over)
        return fail(op, ERR_LIMIT, "the body is larger than %lld bytes",
                    (long long)b->request->row->max_body);
    if (gone) return fail(op, ERR_UNAVAILABLE, "the client went away");
    return late ? fail(op, ERR_TIMEOUT, "the body came too slowly") : OK;
}

static err_t run(struct http_request *r)
{
    const struct row *row = r->row;
    struct op *op = &r->op;
    TRY(request_authorise(r));
    void *in = arena_alloc(&r->arena, row->in->size),
         *out = arena_alloc(&r->arena, row->out ? row->out->size : 1);
    TRY(request_bind(r, in));
    TRY(row->route->upload->run(op, in, r->upload, out));
    answer_json(r, row->status, row->out, out);
    return OK;
}

static void finish(void *arg, err_t e)
{
    struct http_request *r = arg;
    struct http *h = r->http;
    struct http_body *b = r->upload;
    if (e && !r->op.err.code) {
        r->op.err = (struct op_error){ .code = e,
                                       .msg = str_of("what was written could not be made durable"),
                                       .at = HERE };
        answer_problem(r);
    }
    answer_build(r);
    atomic_fetch_sub(&h->uploads, 1); /* before the client knows, who may begin the next one at once */
    pthread_mutex_lock(&b->lock);
    b->done = true;
    wake_connection(b);
    pthread_mutex_unlock(&b->lock);
    request_unref(r);
    request_end(h);
}

static void *upload_main(void *arg)
{
    struct http_request *r = arg;
    request_op_begin(r);
    if (!r->row->route->deadline_us) r->op.deadline_us = 0; /* as long as bytes come */
    request_end_run(r, run(r), finish);
    return NULL;
}

/* The connection's side. */

static bool start_thread(struct http_request *r)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = !pthread_create(&thread, &attr, upload_main, r);
    pthread_attr_destroy(&attr);
    return ok;
}

bool upload_begin(struct http_request *r)
{
    struct http *h = r->http;
    atomic_fetch_add(&h->in_flight, 1); /* before it looks whether the server stops */
    bool room = atomic_fetch_add(&h->uploads, 1) < h->options.max_uploads && !atomic_load(&h->sealed);
    r->stage = STAGE_UPLOAD;
    r->conn->idle_since_us = 0;
    request_copy_strings(r);
    r->upload = body_new(r);
    if (room) {
        request_ref(r);
        r->upload->suspended = true;
        MHD_suspend_connection(r->mhd);
        if (start_thread(r)) return true;
        bug("no thread for an upload"); /* their number is bounded: the system is out of everything */
    }
    atomic_fetch_sub(&h->uploads, 1);
    request_end(h);
    r->op.retry_after_us = SEC(5);
    answer_fail(r, ERR_UNAVAILABLE, NULL, "too many uploads at once: try again");
    r->upload->done = true;
    return false;
}

/* The first call again, after the suspension. False: it was the last call, the body is complete. */
bool upload_proceed(struct http_request *r)
{
    struct http_body *b = r->upload;
    pthread_mutex_lock(&b->lock);
    bool first = !b->resumed_head;
    b->resumed_head = true;
    bool done = b->done;
    pthread_mutex_unlock(&b->lock);
    if (first && done) r->stage = STAGE_ANSWER; /* the handler wants nothing of the body */
    return first;
}

static size_t ring_put(struct http_body *b, const char *p, size_t n)
{
    n = MIN(n, RING - b->n);
    size_t to = (b->at + b->n) % RING, first = MIN(n, RING - to);
    memcpy(b->ring + to, p, first);
    memcpy(b->ring, p + first, n - first);
    b->n += n;
    return n;
}

static bool too_slow(const struct http_request *r)
{
    i64 us = time_mono_us() - r->start_us;
    return us > SEC(60) && r->received / (us / SEC(1)) < SLOWEST_BYTES_S;
}

bool upload_data(struct http_request *r, const char *p, size_t *n)
{
    struct http_body *b = r->upload;
    if (too_slow(r)) return false; /* closes the connection: upload_gone() tells the handler */
    pthread_mutex_lock(&b->lock);
    if (b->done) { /* answered before the end: what still comes is thrown away */
        r->stage = STAGE_DRAIN;
        r->received = 0;
        *n = 0;
    } else {
        size_t took = ring_put(b, p, *n);
        r->received += (i64)took;
        if (r->received > r->row->max_body) b->over = true;
        if (took < *n) {
            b->suspended = true;
            MHD_suspend_connection(r->mhd);
        }
        *n -= took;
        pthread_cond_signal(&b->bytes);
    }
    pthread_mutex_unlock(&b->lock);
    return true;
}

void upload_end(struct http_request *r)
{
    struct http_body *b = r->upload;
    pthread_mutex_lock(&b->lock);
    b->end = true;
    if (b->done) {
        r->stage = STAGE_ANSWER;
    } else {
        b->suspended = true;
        MHD_suspend_connection(r->mhd);
        pthread_cond_signal(&b->bytes);
    }
    pthread_mutex_unlock(&b->lock);
}

void upload_gone(struct http_request *r)
{
    struct http_body *b = r->upload;
    pthread_mutex_lock(&b->lock);
    b->gone = true;
    pthread_cond_signal(&b->bytes);
    pthread_mutex_unlock(&b->lock);
}
