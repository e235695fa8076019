/* Walking a series: its blocks a page at a time, and the tail laid over them: where both have a point of the
 * same time, the tail's counts. The tail is looked at first: a merge that comes in between shows its points
 * twice, which does no harm, instead of not at all. */
#include "feature/series/series_impl.h"

enum { PAGE_DATA = 16, PAGE_ROWS = 512 };

struct walk {
    struct op *op;
    struct series_range r;
    const struct series_out *to;
    struct overlay over;
    struct block_buckets buckets; /* width 0: all points are wanted */
    struct block_points *room;    /* a block's */
    i64 done;                     /* points before it have been passed on */
    struct block_after after;     /* the last block of the page before */
    int kind;
    bool stop;
    u32 n; /* points of both, merged, that wait to be passed on */
    i64 t[BLOCK_POINTS];
    union {
        u64 bits[BLOCK_POINTS];
        double f[BLOCK_POINTS];
        i64 i[BLOCK_POINTS];
        str s[BLOCK_POINTS];
    };
};

err_t series_damaged(struct op *op, struct series_damage *d, const struct block_at *b)
{
    char from[TIME_TEXT], to[TIME_TEXT];
    str text =
        arena_printf(op->arena, "series %lld: the block of %lld points from %.*s to %.*s is damaged: %s",
                     (long long)b->series, (long long)b->count, STR(time_text((time_us){ b->t_first }, from)),
                     STR(time_text((time_us){ b->t_last }, to)), block_faults[b->fault]);
    if (!d) return fail(op, ERR_INTERNAL, "%.*s", STR(text));
    if (!d->blocks++) *d = (struct series_damage){ 1, 0, b->t_first, b->t_last, text };
    d->points += b->count;
    d->from = MIN(d->from, b->t_first);
    d->to = MAX(d->to, b->t_last);
    return OK;
}

static void give(struct walk *w, const struct series_run *run)
{
    if (run->n && !w->stop) w->stop = !w->to->run(w->to->ctx, run);
}

static void flush(struct walk *w)
{
    struct series_run run = { w->r.id, w->n, w->kind, w->t, { w->f } };
    if (w->kind == SERIES_TEXT) run.s = w->s;
    give(w, &run);
    w->n = 0;
}

static void add(struct walk *w, i64 t, u64 bits)
{
    if (w->n == BLOCK_POINTS) flush(w);
    w->t[w->n] = t;
    if (w->kind == SERIES_TEXT) w->s[w->n++] = *(const str *)(uintptr_t)bits;
    else w->bits[w->n++] = bits;
}

static void add_points(struct walk *w, const struct point *p, size_t n)
{
    w->kind = w->over.kind;
    for (size_t i = 0; i < n; i++)
        if (p[i].t >= w->r.from) add(w, p[i].t, p[i].bits);
}

/* The tail's points before `until`. */
static err_t tail_until(struct walk *w, i64 until)
{
    const struct point *p;
    size_t n = 1;
    while (n && !w->stop) {
        TRY(overlay_next(&w->over, until, &p, &n));
        add_points(w, p, n);
    }
    return OK;
}

/* [from, to) of a run. */
static struct series_run slice(const struct series_run *run, u32 from, u32 to)
{
    struct series_run s = *run;
    s.t += from;
    s.n = to - from;
    if (run->kind == SERIES_TEXT) s.s += from;
    else s.i += from;
    return s;
}

static void give_slice(struct walk *w, const struct series_run *run, u32 from, u32 to)
{
    if (from >= to) return;
    struct series_run s = slice(run, from, to);
    flush(w);
    give(w, &s);
}

/* A block's points with the tail's among them. Neighbours that are few are copied together. */
static err_t blend(struct walk *w, const struct series_run *run)
{
    enum { FEW = 512 };
    const struct point *p;
    size_t n = 1;
    u32 at = 0;
    while (run->n && !w->stop) {
        TRY(overlay_next(&w->over, run->t[run->n - 1] + 1, &p, &n));
        if (!n) break;
        w->kind = run->kind;
        for (size_t i = 0; i < n && !w->stop; i++) {
            u32 next = at;
            while (next < run->n && run->t[next] < p[i].t) next++;
            if (next - at > FEW) give_slice(w, run, at, next);
            else
                for (; at < next; at++)
                    add(w, run->t[at],
                        run->kind == SERIES_TEXT ? (u64)(uintptr_t)&run->s[at] : (u64)run->i[at]);
            at = next + (next < run->n && run->t[next] == p[i].t);
            if (p[i].t >= w->r.from) add(w, p[i].t, p[i].bits);
        }
    }
    give_slice(w, run, at, run->n);
    return OK;
}

static err_t take_block(struct walk *w, struct arena *page, const struct block_row *b)
{
    i64 from = w->done;
    TRY(tail_until(w, MIN(b->s.t_first, w->r.to)));
    if (b->s.t_last < from || w->stop) return OK;
    if (!b->data.p) {
        flush(w);
        w->to->whole(w->to->ctx, &b->s);
        w->done = b->s.t_last + 1;
        return OK;
    }
    struct series_run run;
    enum block_fault fault = block_read_range(b->data, from, w->r.to, page, w->room, &run);
    if (fault)
        return series_damaged(w->op, w->r.damage,
                              &(struct block_at){ w->r.id, b->s.t_first, b->s.t_last, b->s.count, fault });
    err_t e = blend(w, &run);
    w->done = MAX(w->done, MIN(b->s.t_last + 1, w->r.to));
    /* Texts are views of the page. */
    if (run.kind == SERIES_TEXT) flush(w);
    return e;
}

static err_t page_of(struct walk *w, block_rows *rows, size_t *limit)
{
    *limit = w->buckets.width ? PAGE_ROWS : PAGE_DATA;
    w->after.limit = (i64)*limit;
    if (w->buckets.width) return block_sql_buckets(w->op, w->r, &w->buckets, &w->after, rows);
    return block_sql_range(w->op, w->r, &w->after, rows);
}

/* In an arena of its own, so that a long range does not pile up. */
static err_t take_page(struct walk *w, struct arena *page, bool *more)
{
    block_rows rows;
    size_t limit;
    struct arena *outer = w->op->arena;
    w->op->arena = page;
    err_t e = page_of(w, &rows, &limit);
    w->op->arena = outer;
    if (e) {
        w->op->err.msg = str_copy(outer, w->op->err.msg);
        return e;
    }
    for (size_t i = 0; i < rows.n && !w->stop; i++) {
        TRY(take_block(w, page, &rows.item[i]));
        w->after.t_first = rows.item[i].s.t_first;
        w->after.id = rows.item[i].id;
    }
    *more = rows.n == limit;
    return OK;
}

err_t series_walk(struct op *op, struct series_range r, i64 width, const struct series_out *to)
{
    r.from = MAX(r.from, SERIES_T_MIN);
    r.to = MIN(r.to, SERIES_T_MAX + 1);
    if (r.from >= r.to) return OK;
    struct walk *w = arena_alloc_raw(op->arena, sizeof *w);
    struct spots spots;
    TRY(tail_refresh(op));
    db_join(op);
    tail_of(op->arena, r, &spots);
    memset(w, 0, offsetof(struct walk, t));
    w->op = op;
    w->r = r;
    w->to = to;
    w->done = r.from;
    w->after = (struct block_after){ .t_first = INT64_MIN };
    w->buckets = (struct block_buckets){ r.from, r.to, width, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < spots.n; i++) {
        w->buckets.tail_first = MIN(w->buckets.tail_first, spots.item[i].piece->t_first);
        w->buckets.tail_last = MAX(w->buckets.tail_last, spots.item[i].piece->t_last);
    }
    w->room = arena_alloc_raw(op->arena, sizeof *w->room);
    overlay_init(&w->over, op, &spots, r.damage);
    AUTO(arena) struct arena page = { 0 };
    for (bool more = true; more && !w->stop;) {
        TRY(take_page(w, &page, &more));
        if (more) arena_reset(&page);
    }
    if (!w->stop) TRY(tail_until(w, r.to));
    if (!w->stop) flush(w);
    return OK;
}

err_t series_scan(struct op *op, struct series_range r, series_sink *sink, void *ctx)
{
    return series_walk(op, r, 0, &(struct series_out){ .run = sink, .ctx = ctx });
}
