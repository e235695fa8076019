/* Appending: sorted runs become one row of the tail; when it is durable, it enters the index and the watchers
 * are told. */
#include "base/log.h"
#include "feature/series/series_impl.h"

enum { WATCHERS = 8, RETRY_US = 500000 };
static struct {
    void (*fn)(void *ctx, const struct series_run *, size_t n);
    void *ctx;
} watcher[WATCHERS];
static size_t nwatchers;
static _Atomic i64 came_us;

i64 series_came_us(void) { return came_us; }

void series_watch(void (*fn)(void *ctx, const struct series_run *, size_t n), void *ctx)
{
    if (nwatchers == WATCHERS) bug("more than %d watchers of series", WATCHERS);
    watcher[nwatchers].fn = fn;
    watcher[nwatchers++].ctx = ctx;
}

static bool rises(const struct series_run *r)
{
    for (u32 i = 1; i < r->n; i++)
        if (r->t[i] <= r->t[i - 1]) return false;
    return true;
}

struct place {
    i64 t;
    u32 at;
};
static int by_time(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* In time order; of equal times the last one. */
static struct series_run sorted(struct arena *a, const struct series_run *r)
{
    struct place *p = arena_alloc_raw(a, r->n * sizeof *p);
    for (u32 i = 0; i < r->n; i++) p[i] = (struct place){ r->t[i], i };
    qsort(p, r->n, sizeof *p, by_time);
    i64 *t = arena_alloc_raw(a, r->n * sizeof *t);
    size_t width = r->kind == SERIES_TEXT ? sizeof(str) : 8;
    char *v = arena_alloc_raw(a, r->n * width);
    struct series_run out = *r;
    out.n = 0;
    for (u32 i = 0; i < r->n; i++) {
        if (i + 1 < r->n && p[i + 1].t == p[i].t) continue;
        t[out.n] = p[i].t;
        memcpy(v + out.n++ * width, (const char *)r->f + p[i].at * width, width);
    }
    out.t = t;
    out.f = (const double *)(void *)v;
    return out;
}

static err_t check_run(struct op *op, const struct series_run *r)
{
    if (r->t[0] < SERIES_T_MIN || r->t[r->n - 1] > SERIES_T_MAX)
        return fail_field(op, "t", "is out of the range of times");
    for (u32 i = 0; r->kind == SERIES_TEXT && i < r->n; i++)
        if (r->s[i].n > SERIES_MAX_TEXT)
            return fail_field(op, "value", "must be at most %d bytes", SERIES_MAX_TEXT);
    return OK;
}

/* What becomes of a batch once it is durable. */
struct landing {
    struct tail_row *row;
    struct arena copies; /* of the runs, for the watchers */
    struct series_run *run;
    size_t n;
};

static void landing_lost(void *arg)
{
    struct landing *l = arg;
    if (l->row) tail_row_drop(l->row);
    arena_free(&l->copies);
    mem_free(l);
}

static void landed(void *arg)
{
    struct landing *l = arg;
    tail_add(l->row);
    came_us = time_mono_us();
    l->row = NULL;
    for (size_t i = 0; i < nwatchers; i++) watcher[i].fn(watcher[i].ctx, l->run, l->n);
    landing_lost(l);
}

static void copy_run(struct arena *a, struct series_run *to, const struct series_run *from)
{
    *to = *from;
    i64 *t = arena_alloc_raw(a, from->n * sizeof *t);
    to->t = memcpy(t, from->t, from->n * sizeof *t);
    if (from->kind != SERIES_TEXT) {
        i64 *v = arena_alloc_raw(a, from->n * sizeof *v);
        to->i = memcpy(v, from->i, from->n * sizeof *v);
        return;
    }
    str *s = arena_alloc_raw(a, from->n * sizeof *s);
    for (u32 i = 0; i < from->n; i++) s[i] = str_copy(a, from->s[i]);
    to->s = s;
}

err_t series_append(struct op *op, const struct series_run *runs, size_t n)
{
    struct series_run *run = NEWN(op->arena, struct series_run, n);
    size_t m = 0;
    if (tail_state().bytes > SERIES_TAIL_BYTES) {
        op->retry_after_us = RETRY_US;
        return fail(op, ERR_UNAVAILABLE, "points come faster than they are put in order; send again");
    }
    for (size_t i = 0; i < n; i++) {
        if (!runs[i].n) continue;
        run[m] = rises(&runs[i]) ? runs[i] : sorted(op->arena, &runs[i]);
        TRY(check_run(op, &run[m]));
        m++;
    }
    if (!m) return OK;
    str data = tail_write(op->arena, run, m);
    i64 id;
    if (data.n > SERIES_TAIL_BYTES / 2) return fail(op, ERR_LIMIT, "too many points at once");
    TRY(tail_sql_insert(op, data, &id));
    struct landing *l = MEM_NEW(struct landing);
    l->row = tail_row_read(id, data);
    if (!l->row) bug("a batch that was just made cannot be read");
    l->n = nwatchers ? m : 0;
    l->run = l->n ? NEWN(&l->copies, struct series_run, m) : NULL;
    for (size_t i = 0; i < l->n; i++) copy_run(&l->copies, &l->run[i], &run[i]);
    db_after_commit_or(op, landed, landing_lost, l);
    return OK;
}
