/* Points and buckets as the binary frames of the live channel (docs/live-protocol.md), for pages and programs
 * that draw: Accept: application/vnd.netbit.frame. Points are snapshot frames, the last of them marked;
 * buckets one frame of least, largest, first and last, NaN where there is nothing. What JSON tells beside
 * them is told by headers. */
#include "feature/account/account.h"
#include "feature/series/series_wire.h"
#include "net/frame.h"

enum { ROWS = 8192 }; /* a frame, so that a reader can begin early */

static void header(struct http_reply *reply, const char *name, str value)
{
    reply->header[reply->nheaders].name = name;
    reply->header[reply->nheaders++].value = value.p;
}

static void answer(struct op *op, const struct buf *b, const struct series_damage *damage,
                   struct http_reply *reply)
{
    reply->content_type = FRAME_MEDIA_TYPE;
    reply->body = buf_str(b);
    if (damage->blocks)
        header(reply, "Series-Damaged-Points", arena_printf(op->arena, "%lld", (long long)damage->points));
}

static err_t begin(struct op *op, i64 id, const struct series_window *at, struct series_info *info,
                   struct series_range *r)
{
    TRY(series_for(op, id, SERIES_SEE, info));
    if (info->kind == SERIES_TEXT) return fail_field(op, "accept", "frames have no texts: ask for JSON");
    return series_range_of(op, at, r);
}

static void put_points(struct op *op, struct buf *b, const struct series_points_of *x)
{
    size_t at = 0;
    do {
        size_t rows = MIN(x->n - at, ROWS);
        struct frame f = { .kind = FRAME_SNAPSHOT,
                           .flags = at + rows == x->n ? FRAME_LAST : 0,
                           .rows = (u32)rows };
        if (rows) {
            frame_add_times(op->arena, &f, x->t + at);
            frame_add_values(op->arena, &f, x->v + at);
        }
        frame_write(b, &f);
        at += rows;
    } while (at < x->n);
}

static err_t points_frames(struct op *op, const void *arg, str body UNUSED, struct http_reply *reply)
{
    const struct series_points_in *in = arg;
    struct series_info info;
    struct series_damage damage = { 0 };
    struct series_range r = { .id = in->id, .damage = &damage };
    struct series_points_of x;
    struct buf b = BUF(op->arena);
    bool thinned = false;
    i64 next = INT64_MIN;
    TRY(begin(op, in->id, &in->at, &info, &r));
    TRY(series_thin_check(op, in, &info));
    if (in->thin) TRY(series_thin(op, r, (enum series_thinning)in->thin, (size_t)in->limit, &x, &thinned));
    else TRY(series_gather(op, r, (size_t)in->limit, &x, &next));
    put_points(op, &b, &x);
    if (next != INT64_MIN)
        header(reply, "Series-Next-From", arena_printf(op->arena, "%lld", (long long)next));
    if (thinned) header(reply, "Series-Thinned", S("true"));
    answer(op, &b, &damage, reply);
    return OK;
}
const struct http_raw series_points_frames = { "series_points_frames", NULL,          FRAME_MEDIA_TYPE,
                                               &series_points_in_desc, points_frames, NULL };

static err_t buckets_frames(struct op *op, const void *arg, str body UNUSED, struct http_reply *reply)
{
    const struct series_buckets_in *in = arg;
    struct series_info info;
    struct series_damage damage = { 0 };
    struct series_range r = { .id = in->id, .damage = &damage };
    struct buf b = BUF(op->arena);
    size_t n = (size_t)in->n;
    TRY(begin(op, in->id, &in->at, &info, &r));
    struct series_bucket *x = NEWN(op->arena, struct series_bucket, n);
    TRY(series_buckets(op, r, n, x));
    double *column[4];
    for (int c = 0; c < 4; c++) column[c] = NEWN(op->arena, double, n);
    for (size_t i = 0; i < n; i++) {
        const double of[4] = { x[i].min, x[i].max, x[i].first, x[i].last };
        for (int c = 0; c < 4; c++) column[c][i] = x[i].count ? of[c] : __builtin_nan("");
    }
    struct frame f = { .kind = FRAME_BUCKETS,
                       .flags = FRAME_REGULAR | FRAME_LAST,
                       .rows = (u32)n,
                       .t0 = x[0].t,
                       .dt = n > 1 ? (double)(x[1].t - x[0].t) : (double)(r.to - r.from) };
    for (int c = 0; c < 4; c++) frame_add_values(op->arena, &f, column[c]);
    frame_write(&b, &f);
    answer(op, &b, &damage, reply);
    return OK;
}
const struct http_raw series_buckets_frames = { "series_buckets_frames", NULL,           FRAME_MEDIA_TYPE,
                                                &series_buckets_in_desc, buckets_frames, NULL };
