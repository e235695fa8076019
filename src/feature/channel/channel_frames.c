/* Points as binary frames: in the narrowest columns that hold them exactly. */
#include "feature/channel/channel_in.h"
#include "feature/channel/frame.h"
#include <math.h>

enum { ROWS = 8192, PAST_MOST = 65536 };

static bool all_f32(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]) && (fabs(v[i]) > 3e38 || (double)(float)v[i] != v[i])) return false;
    return true;
}

static bool all_i32(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(v[i]) < 2147483648.0) || (double)(i32)v[i] != v[i] || (v[i] == 0 && signbit(v[i])))
            return false;
    return true;
}

static void add_column(struct arena *a, struct frame *f, const double *v)
{
    u8 *type = &f->type[f->ncol];
    const void **col = &f->col[f->ncol++];
    if (all_f32(v, f->rows)) {
        float *to = NEWN(a, float, f->rows + 1);
        for (u32 i = 0; i < f->rows; i++) to[i] = (float)v[i];
        *type = FRAME_F32;
        *col = to;
    } else if (all_i32(v, f->rows)) {
        i32 *to = NEWN(a, i32, f->rows + 1);
        for (u32 i = 0; i < f->rows; i++) to[i] = (i32)v[i];
        *type = FRAME_I32;
        *col = to;
    } else {
        *type = FRAME_F64;
        *col = v;
    }
}

static void add_times(struct arena *a, struct frame *f, const i64 *t)
{
    f->t0 = f->rows ? t[0] : 0;
    i64 step = f->rows > 1 ? t[1] - t[0] : 0;
    bool regular = step > 0;
    for (u32 i = 2; i < f->rows && regular; i++) regular = t[i] - t[i - 1] == step;
    if (regular) {
        f->flags |= FRAME_REGULAR;
        f->dt = (double)step;
        return;
    }
    if (!f->rows) return;
    double *x = NEWN(a, double, f->rows);
    for (u32 i = 0; i < f->rows; i++) x[i] = (double)(t[i] - t[0]);
    f->type[f->ncol] = FRAME_F64;
    f->col[f->ncol++] = x;
}

static void put(struct buf *b, struct frame *f, const i64 *t, const double *v)
{
    AUTO(arena) struct arena a = { 0 };
    add_times(&a, f, t);
    if (f->rows) add_column(&a, f, v);
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

static void send(struct past *p, struct buf *b) { p->full |= !ws_send(p->ws, false, buf_str(b)); }

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
    for (int i = 0; i < 4; i++) add_column(&a, &f, column[i]);
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
