/* Points as binary frames. */
#include "feature/channel/channel_in.h"
#include "feature/channel/hub_count.h"
#include "net/frame.h"

enum { ROWS = 8192, PAST_MOST = 65536 };

static void put(struct buf *b, struct frame *f, const i64 *t, const double *v)
{
    AUTO(arena) struct arena a = { 0 };
    frame_add_times(&a, f, t);
    if (f->rows) frame_add_values(&a, f, v);
    frame_write(b, f);
}

void channel_put_points(struct buf *b, const struct sub *s, const struct points_out *p)
{
    struct frame f = { .kind = FRAME_APPEND,
                       .flags = p->late ? FRAME_BACKFILL : 0,
                       .chan = s->chan,
                       .seq = (u32)p->seq,
                       .rows = p->n };
    put(b, &f, p->t, p->v);
}

void channel_put_gap(struct buf *b, const struct sub *s, u64 seq, u64 dropped)
{
    struct frame f = { .kind = FRAME_GAP,
                       .chan = s->chan,
                       .seq = (u32)seq,
                       .rows = (u32)MIN(dropped, UINT32_MAX),
                       .t0 = s->newest_t == INT64_MIN ? 0 : s->newest_t };
    frame_write(b, &f);
}

/* The past. */

struct past {
    struct op *op;
    struct ws *ws;
    const struct sub *sub;
    i64 *t;
    double *v;
    size_t n, room;
    bool thinned, full;
};

static bool on_points(void *ctx, const i64 *t, const double *v, size_t n)
{
    struct past *p = ctx;
    n = MIN(n, PAST_MOST - p->n);
    if (p->n + n > p->room) {
        p->room = MAX(p->room * 2, p->n + n);
        i64 *more_t = NEWN(p->op->arena, i64, p->room);
        double *more_v = NEWN(p->op->arena, double, p->room);
        if (p->n) memcpy(more_t, p->t, p->n * sizeof *t), memcpy(more_v, p->v, p->n * sizeof *v);
        p->t = more_t;
        p->v = more_v;
    }
    if (n) memcpy(p->t + p->n, t, n * sizeof *t), memcpy(p->v + p->n, v, n * sizeof *v);
    p->n += n;
    return p->n < PAST_MOST;
}

static void send(struct past *p, struct buf *b)
{
    HUB_COUNT(frames, 1);
    HUB_COUNT(bytes, b->n);
    p->full |= !ws_send(p->ws, false, buf_str(b));
}

/* A snapshot without points clears what the client has; the buckets then stand for the past. */
static void on_buckets(void *ctx, i64 t0, double dt_us, const double *const column[4], size_t n)
{
    struct past *p = ctx;
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    p->thinned = true;
    frame_write(&b, &(struct frame){ .kind = FRAME_SNAPSHOT,
                                     .flags = FRAME_LAST,
                                     .chan = p->sub->chan,
                                     .seq = (u32)p->sub->seen });
    struct frame f = { .kind = FRAME_BUCKETS,
                       .flags = FRAME_REGULAR | FRAME_LAST,
                       .chan = p->sub->chan,
                       .seq = (u32)p->sub->seen,
                       .rows = (u32)n,
                       .t0 = t0,
                       .dt = dt_us };
    for (int i = 0; i < 4; i++) frame_add_values(&a, &f, column[i]);
    frame_write(&b, &f);
    send(p, &b);
}

static void send_snapshot(struct past *p)
{
    size_t at = 0;
    do {
        AUTO(arena) struct arena a = { 0 };
        struct buf b = BUF(&a);
        u32 rows = (u32)MIN(p->n - at, ROWS);
        struct frame f = { .kind = FRAME_SNAPSHOT,
                           .flags = at + rows == p->n ? FRAME_LAST : 0,
                           .chan = p->sub->chan,
                           .seq = (u32)p->sub->seen,
                           .rows = rows };
        put(&b, &f, rows ? p->t + at : NULL, rows ? p->v + at : NULL); /* an empty past has no arrays */
        send(p, &b);
        at += rows;
    } while (at < p->n);
}

err_t channel_send_past(struct op *op, struct ws *ws, const struct sub *s, const void *in, i64 t)
{
    struct past p = { .op = op, .ws = ws, .sub = s };
    i64 now = time_now().us;
    double window = MIN(MAX(s->window_s, 0), 100.0 * 366 * 86400);
    struct topic_past want = { .from = t ? t : now - (i64)(window * 1e6),
                               .to = INT64_MAX,
                               .px = s->px,
                               .ctx = &p,
                               .points = on_points,
                               .buckets = on_buckets };
    if (t || window > 0) TRY(s->topic->kind->past(op, in, &want));
    if (!p.thinned) send_snapshot(&p);
    return p.full ? fail(op, ERR_UNAVAILABLE, "the client reads too slowly") : OK;
}
