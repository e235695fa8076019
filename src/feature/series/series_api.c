/* Series as a feature. */
#include "feature/series/series_api.h"
#include "feature/feature.h"

extern const struct migration migrations_series[];

static err_t start(struct op *op)
{
    series_names_forget();
    tail_forget();
    return tail_load(op);
}

static void stop(void)
{
    series_names_forget();
    tail_forget();
}

static const struct job series_jobs[] = {
    { "series.merge", 500000, series_merge_job, "Puts points that have come into blocks.",
      .every_node = true },
};

static err_t metrics(struct op *op UNUSED, struct prom_text *page)
{
    struct tail_state s = tail_state();
    prom_gauge(page, "netbit_series_tail_rows", "Appended batches that wait to be merged.", (double)s.rows);
    prom_gauge(page, "netbit_series_tail_bytes", "Their size in memory.", (double)s.bytes);
    prom_gauge(page, "netbit_series_tail_points", "Their points.", (double)s.points);
    return OK;
}

const struct feature series_feature = {
    .name = "series",
    .doc = "Series of numbers: catalogue, points, aggregates, retention.",
    .jobs = series_jobs,
    .njobs = LEN(series_jobs),
    .migrations = migrations_series,
    .nmigrations = 2,
    .start = start,
    .stop = stop,
    .metrics = metrics,
    .forget_user = series_forget_user,
    .export_user = series_export_user,
};
