/* The topic series/{series_id}: points of a series as they become durable, and those of the past. */
#include "feature/channel/channel_in.h"
#include "feature/series/series.h"

enum { PX = 4096, A_COLUMN = 4, RAW_MOST = 65536, CHUNK = 1024 };

struct series_topic {
    i64 series_id;
};
#define D struct series_topic
static const struct field series_topic_fields[] = {
    { F(series_id), .min = 1, .max = INT64_MAX, .doc = "Number of the series." },
};
#undef D
static DESC(series_topic);

static err_t find(struct op *op, const void *in, struct series_info *info)
{
    const struct series_topic *s = in;
    TRY(series_for(op, s->series_id, SERIES_SEE, info));
    return info->kind == SERIES_TEXT ? fail_for(op, ERR_INVALID, "topic", "texts have no points") : OK;
}

static err_t may(struct op *op, const void *in)
{
    struct series_info info;
    return find(op, in, &info);
}

static err_t about(struct op *op, const void *in, struct topic_about *out)
{
    struct series_info info;
    TRY(find(op, in, &info));
    *out = (struct topic_about){ info.name, info.unit, info.labels };
    return OK;
}

/* As doubles, some at a time; false: no more are wanted. */
static bool as_doubles(const struct series_run *r,
                       bool (*fn)(void *ctx, const i64 *t, const double *v, size_t n), void *ctx)
{
    if (r->kind == SERIES_F64) return fn(ctx, r->t, r->f, r->n);
    double v[CHUNK];
    bool more = true;
    for (u32 at = 0; at < r->n && more; at += CHUNK) {
        u32 n = MIN(CHUNK, r->n - at);
        for (u32 i = 0; i < n; i++) v[i] = (double)r->i[at + i];
        more = fn(ctx, r->t + at, v, n);
    }
    return more;
}

static bool on_run(void *ctx, const struct series_run *r)
{
    const struct topic_past *p = ctx;
    return as_doubles(r, p->points, p->ctx);
}

static void send_buckets(struct op *op, const struct topic_past *p, const struct series_bucket *b, size_t n,
                         double width)
{
    double *column[4];
    for (int c = 0; c < 4; c++) column[c] = NEWN(op->arena, double, n);
    for (size_t i = 0; i < n; i++) {
        bool any = b[i].count > 0;
        column[0][i] = any ? b[i].min : __builtin_nan("");
        column[1][i] = any ? b[i].max : __builtin_nan("");
        column[2][i] = any ? b[i].first : __builtin_nan("");
        column[3][i] = any ? b[i].last : __builtin_nan("");
    }
    p->buckets(p->ctx, p->from, width, (const double *const *)column, n);
}

/* Few points come as they are; more than a screen shows, or a message may hold, thinned exactly. */
static err_t past(struct op *op, const void *in, const struct topic_past *p)
{
    const struct series_topic *s = in;
    struct series_point last;
    size_t n = p->px ? (size_t)MIN(p->px, PX) : PX;
    i64 most = p->px ? A_COLUMN * (i64)n : RAW_MOST, count = 0;
    TRY(series_last(op, &s->series_id, 1, &last));
    i64 to = MIN(p->to, MAX(last.t, time_now().us) + 1);
    if (p->from >= to) return OK;
    struct series_range range = { s->series_id, p->from, to, NULL };
    struct series_bucket *b = NEWN(op->arena, struct series_bucket, n);
    TRY(series_buckets(op, range, n, b));
    for (size_t i = 0; i < n; i++) count += b[i].count;
    if (count <= most) return series_scan(op, range, on_run, (void *)(uintptr_t)p);
    send_buckets(op, p, b, n, (double)(to - p->from) / (double)n);
    return OK;
}

/* The committer's thread. */

struct target {
    str topic;
};
static bool to_topic(void *ctx, const i64 *t, const double *v, size_t n)
{
    const struct target *target = ctx;
    channel_points(target->topic, t, v, n);
    return true;
}

static void on_appended(void *unused UNUSED, const struct series_run *run, size_t n)
{
    for (size_t i = 0; i < n && topic_any(); i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "series/%lld", (long long)run[i].id);
        struct target target = { { name, (size_t)len } };
        if (run[i].kind != SERIES_TEXT && topic_wanted(target.topic)) as_doubles(&run[i], to_topic, &target);
    }
}

void channel_watch_series(void)
{
    static bool watches; /* once a process */
    if (!watches) series_watch(on_appended, NULL);
    watches = true;
}

const struct topic channel_topics[] = {
    { "series/{series_id}", TOPIC_POINTS, &series_topic_desc, NULL, RIGHT_SERIES_READ, may, .about = about,
      .past = past,
      .doc =
          "Points of a series once they are durable, in binary frames; `window` and `px` ask for the past." },
};
