/* From columns to series. The common case costs one look into the cache of names a series, and one row in the
 * database; everything else (other kinds, series named twice) is worth some more. */
#include "feature/ingest/ingest.h"
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/ingest/ingest_impl.h"
#include "feature/series/series.h"
#include "net/prom_text.h"
#include <math.h>
#include <stdatomic.h>

static_assert(SERIES_F64 == (int)POINTS_F64 && SERIES_I64 == (int)POINTS_I64 &&
                  SERIES_TEXT == (int)POINTS_TEXT,
              "kinds are the same numbers");
static_assert(sizeof(struct series_label) == sizeof(struct points_label), "labels are handed on as they are");
static_assert(SERIES_MAX_NAME >= (int)POINTS_MAX_NAME && SERIES_MAX_LABELS >= (int)POINTS_MAX_LABELS &&
                  SERIES_MAX_LABEL_NAME >= (int)POINTS_MAX_LABEL_NAME &&
                  SERIES_MAX_LABEL_VALUE >= (int)POINTS_MAX_LABEL_VALUE &&
                  SERIES_MAX_TEXT >= (int)POINTS_MAX_TEXT,
              "what is read can be stored");

struct store {
    struct op *op;
    struct points *b;
    enum ingest_mode mode;
    i64 owner_id, project_id;
    struct series_spec *spec; /* of b->series[0..n) */
    i64 *id;                  /* 0: rejected */
    i64 oldest;               /* time of a point */
    struct ingest_done done;
};

/* ---- whose ---- */

static err_t find_scope(struct store *x, i64 wish)
{
    const struct principal *who = x->op->who;
    i64 project_id = wish ? wish : who->project_id;
    x->owner_id = who->user_id;
    x->project_id = project_id;
    return project_id ? account_project_need(x->op, project_id, ROLE_EDITOR, "project") : OK;
}

/* ---- what does not fit ---- */

static err_t reject(struct store *x, struct points_series *s, u32 n, const char *why)
{
    if (x->mode == INGEST_ALL)
        return fail_for(x->op, ERR_CONFLICT, "series", "'%.*s': %s", STR(s->name), why);
    points_reject(x->b, n, 0, s->name, why);
    return OK;
}

static bool exact_i64(double v)
{
    return v >= -9223372036854775808.0 && v < 9223372036854775808.0 && v == trunc(v);
}

/* Whole numbers are at home in both kinds of number; what is not is left out. Returns how many. */
static u32 convert(struct arena *a, struct points_series *s, int kind)
{
    u32 n = s->n, kept = 0;
    if (s->kind == POINTS_TEXT || kind == POINTS_TEXT) {
        s->n = 0;
        return n;
    }
    i64 *out = arena_alloc_raw(a, n * sizeof *out);
    for (u32 k = 0; k < n; k++) {
        double d = s->kind == POINTS_F64 ? s->f[k] : (double)s->i[k];
        if (!exact_i64(d) || (s->kind == POINTS_I64 && (i64)d != s->i[k])) continue;
        if (kind == POINTS_I64) out[kept] = (i64)d;
        else memcpy(&out[kept], &d, sizeof d);
        s->t[kept++] = s->t[k];
    }
    s->kind = kind;
    s->i = out;
    s->n = kept;
    return n - kept;
}

static err_t resolve_other(struct store *x, u32 i)
{
    struct points_series *s = &x->b->series[i];
    u32 lost = s->n;
    err_t e = ERR_CONFLICT;
    op_clear(x->op);
    if (s->kind != POINTS_TEXT) {
        x->spec[i].kind = s->kind == POINTS_F64 ? SERIES_I64 : SERIES_F64;
        e = series_resolve(x->op, &x->spec[i], 1, &x->id[i]);
    }
    if (e && e != ERR_CONFLICT) return e;
    if (e) op_clear(x->op);
    else lost = convert(x->op->arena, s, x->spec[i].kind);
    if (e || !s->n) x->id[i] = 0;
    return lost ? reject(x, s, lost, "field type conflict: the series has values of another kind") : OK;
}

/* One of the series is there with another kind: one by one, then. */
static err_t resolve_each(struct store *x, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        err_t e = series_resolve(x->op, &x->spec[i], 1, &x->id[i]);
        if (e && e != ERR_CONFLICT) return e;
        if (e) TRY(resolve_other(x, i));
    }
    return OK;
}

/* A label without a value is no label, as in Prometheus. */
static void drop_empty(struct points_series *s)
{
    u32 kept = 0;
    for (u32 i = 0; i < s->nlabels; i++)
        if (s->labels[i].value.n) s->labels[kept++] = s->labels[i];
    s->nlabels = kept;
}

static err_t resolve(struct store *x, u32 n)
{
    x->spec = NEWN(x->op->arena, struct series_spec, n);
    x->id = NEWN(x->op->arena, i64, n);
    for (u32 i = 0; i < n; i++) {
        struct points_series *s = &x->b->series[i];
        drop_empty(s);
        x->spec[i] = (struct series_spec){ .owner_id = x->owner_id,
                                           .project_id = x->project_id,
                                           .name = s->name,
                                           .unit = s->unit,
                                           .help = s->help,
                                           .kind = s->kind,
                                           .labels = (const struct series_label *)(const void *)s->labels,
                                           .nlabels = s->nlabels };
    }
    err_t e = series_resolve(x->op, x->spec, n, x->id);
    if (e != ERR_CONFLICT) return e;
    op_clear(x->op);
    return resolve_each(x, n);
}

/* ---- runs ---- */

static const i64 t_max = (i64)1 << 61;

static err_t check_times(struct store *x, struct points_series *s)
{
    size_t width = s->kind == POINTS_TEXT ? sizeof(str) : 8;
    u64 bad = 0;
    for (u32 i = 0; i < s->n; i++) {
        bad |= (u64)s->t[i] + (u64)t_max > (u64)t_max * 2;
        x->oldest = MIN(x->oldest, s->t[i]);
    }
    if (!bad) return OK;
    u32 kept = 0;
    for (u32 i = 0; i < s->n; i++) {
        if ((u64)s->t[i] + (u64)t_max > (u64)t_max * 2) continue;
        s->t[kept] = s->t[i];
        memmove((char *)s->f + kept++ * width, (const char *)s->f + i * width, width);
    }
    u32 lost = s->n - kept;
    s->n = kept;
    return reject(x, s, lost, "time out of range");
}

/* Series that have points, in front. */
static err_t compact(struct store *x, u32 *n)
{
    struct points *b = x->b;
    *n = 0;
    for (u32 i = 0; i < b->n; i++) {
        if (b->series[i].n) TRY(check_times(x, &b->series[i]));
        if (b->series[i].n) b->series[(*n)++] = b->series[i];
    }
    return OK;
}

/* Two ways to write one series (labels in another order, say) give two runs of one id: one takes in the
 * other. */
static u32 join(struct store *x, u32 n)
{
    u32 size = 16, kept = 0;
    while (size < n * 2) size *= 2;
    u32 *table = NEWN(x->op->arena, u32, size);
    for (u32 i = 0; i < n; i++) {
        struct points_series *s = &x->b->series[i];
        if (!x->id[i]) continue;
        u32 at = (u32)((u64)x->id[i] * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
        while (table[at] && x->id[table[at] - 1] != x->id[i]) at = (at + 1) & (size - 1);
        if (table[at]) {
            points_join(x->b, &x->b->series[table[at] - 1], s);
            continue;
        }
        x->b->series[kept] = *s;
        x->id[kept++] = x->id[i];
        table[at] = kept;
    }
    return kept;
}

/* An import of old points is welcome, but does not stay as it is: whoever sends it should know. */
static err_t count_past(struct store *x, const struct series_run *run, u32 n)
{
    static const i64 looks_old_us = SEC(3600); /* what is newer is nobody's past */
    i64 now = time_now().us;
    if (x->oldest > now - looks_old_us) return OK;
    TRY(series_keeps(x->op, x->project_id, &x->done.keep_us));
    if (!x->done.keep_us) return OK;
    i64 limit = now - x->done.keep_us;
    for (u32 i = 0; i < n && x->oldest < limit; i++)
        for (u32 k = 0; k < run[i].n; k++) x->done.past += run[i].t[k] < limit;
    return OK;
}

static err_t append(struct store *x, u32 n)
{
    struct series_run *run = NEWN(x->op->arena, struct series_run, n);
    for (u32 i = 0; i < n; i++) {
        const struct points_series *s = &x->b->series[i];
        run[i] = (struct series_run){ .id = x->id[i], .n = s->n, .kind = s->kind, .t = s->t, .f = s->f };
        x->done.points += s->n;
    }
    x->done.series = n;
    TRY(count_past(x, run, n));
    return series_append(x->op, run, n);
}

/* Once a minute at most: an import has many batches. */
static void log_past(const struct store *x)
{
    static _Atomic i64 next_us;
    i64 now = time_mono_us(), due = atomic_load(&next_us);
    if (now < due || !atomic_compare_exchange_strong(&next_us, &due, now + SEC(60))) return;
    LOG_WARN("points are older than their full resolution is kept and will become aggregates",
             KV("user", x->op->who->login), KV("project", x->project_id), KV("points", x->done.past),
             KV("kept_days", x->done.keep_us / SEC(86400)));
}

/* Since the start, for /metrics. */
static struct {
    _Atomic u64 batches, points, rejected, past;
} counts;

static void count(const struct store *x)
{
    atomic_fetch_add_explicit(&counts.batches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts.points, (u64)x->done.points, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts.rejected, x->b->rejected, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts.past, (u64)x->done.past, memory_order_relaxed);
}

err_t ingest_metrics(struct op *op UNUSED, struct prom_text *page)
{
    prom_counter(page, "netbit_ingest_batches_total", "Requests and messages with points that were taken.",
                 (double)atomic_load(&counts.batches));
    prom_counter(page, "netbit_ingest_points_total", "Points of them.", (double)atomic_load(&counts.points));
    prom_counter(page, "netbit_ingest_rejected_total", "Points that could not be stored.",
                 (double)atomic_load(&counts.rejected));
    prom_counter(page, "netbit_ingest_past_retention_total",
                 "Points older than full resolution is kept: they become aggregates.",
                 (double)atomic_load(&counts.past));
    return OK;
}

err_t ingest_store(struct op *op, i64 project_id, struct points *b, enum ingest_mode mode,
                   struct ingest_done *out)
{
    struct store x = { .op = op, .b = b, .mode = mode, .oldest = INT64_MAX };
    u32 n;
    if (b->over) return fail(op, ERR_LIMIT, "more than %u points in a request", b->max ? b->max : POINTS_MAX);
    TRY(find_scope(&x, project_id));
    TRY(compact(&x, &n));
    if (n) {
        TRY(resolve(&x, n));
        TRY(append(&x, join(&x, n)));
    }
    *out = x.done;
    count(&x);
    if (x.done.past) log_past(&x);
    return OK;
}
