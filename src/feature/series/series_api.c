/* Series over HTTP. */
#include "feature/account/account.h"
#include "feature/feature.h"
#include "feature/series/series_rollup.h"
#include "feature/series/series_wire.h"

#define D struct series_find_in
struct series_find_in {
    str name, cursor, rest;
    i64 project, limit;
};
static const struct field series_find_in_fields[] = {
    { F(name), .flags = QUERY | NULLABLE, .max = SERIES_MAX_NAME, .doc = "Name of the series." },
    { F(project), .flags = QUERY | NULLABLE, .min = 1, .max = INT64_MAX, .doc = "Project that they are in." },
    { F(cursor), .flags = QUERY | NULLABLE, .max = 20, .doc = "Where the page before ended." },
    { F(limit), .flags = QUERY, .min = 1, .max = SERIES_MOST_ROWS, .def = "100", .doc = "Rows of the page." },
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1 << 16,
      .doc = "label.NAME=VALUE: series with that label; several: with all of them." },
};
#undef D
static DESC(series_find_in);

#define D struct series_page
struct series_page {
    series_list items;
    str next;
};
static const struct field series_page_fields[] = {
    { F_LIST(items, &series_info_desc), .flags = READONLY, .doc = "The series, oldest first." },
    { F_AS("next_cursor", next), .flags = READONLY | NULLABLE,
      .doc = "Cursor of the next page; null: this is the last." },
};
#undef D
static DESC(series_page);

#define D struct series_ref
struct series_ref {
    i64 id;
};
static const struct field series_ref_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The series." },
};
#undef D
static DESC(series_ref);

#define DAMAGE \
    { \
        F(damage), .flags = READONLY | NULLABLE, \
                   .doc = "Tells of the first damaged block that was left out; null: nothing is missing." \
    }
#define D struct series_points
static const struct field series_points_fields[] = {
    { F(id), .flags = READONLY, .doc = "The series." },
    { F_ENUM(kind, series_kinds), .flags = READONLY, .doc = "Kind of the values." },
    { F(from), .flags = READONLY, .doc = "First time, microseconds." },
    { F(to), .flags = READONLY, .doc = "Time behind the last, microseconds." },
    { F(points), .flags = READONLY,
      .doc = "Pairs of time in microseconds and value, in time order; what is no number is null." },
    { F_AS("next_from", next), .flags = READONLY | NULLABLE,
      .doc = "More points than the limit: time of the next one." },
    { F(thinned), .flags = READONLY, .doc = "With thin: whether points were left out." },
    DAMAGE,
};
#undef D
static DESC(series_points);

#define D struct series_buckets
struct series_buckets {
    i64 id, from, to, width;
    json_raw buckets;
    str damage;
};
static const struct field series_buckets_fields[] = {
    { F(id), .flags = READONLY, .doc = "The series." },
    { F(from), .flags = READONLY, .doc = "Begin of the first bucket, microseconds." },
    { F(to), .flags = READONLY, .doc = "End of the range, microseconds." },
    { F(width), .flags = READONLY, .doc = "Microseconds of a bucket." },
    { F(buckets), .flags = READONLY,
      .doc =
          "Objects: t (begin), count, min, max, avg, sum, first, last and the times t_min, t_max, t_first, "
          "t_last; all null where count is 0." },
    DAMAGE,
};
#undef D
static DESC(series_buckets);

/* Parameters label.NAME=VALUE; another name is a mistake. */
static err_t labels_of(struct op *op, const struct series_find_in *in, struct series_match *m, size_t *n)
{
    struct http_pair p;
    if (in->name.p) m[(*n)++] = (struct series_match){ MATCH_EQUAL, { 0 }, in->name };
    for (str rest = in->rest; http_form_next(op->arena, &rest, &p);) {
        if (p.bad) return fail_field(op, "query", "is not well-formed");
        if (desc_field(&series_find_in_desc, p.name) && !str_is(p.name, QUERY_REST)) continue;
        if (!str_starts(p.name, S("label.")))
            return op_fail(op, ERR_INVALID, HERE, str_head(p.name, 100), "is not a known query parameter");
        if (*n > SERIES_MAX_LABELS) return fail_field(op, "label", "is given too often");
        m[(*n)++] = (struct series_match){ MATCH_EQUAL, str_skip(p.name, 6), p.value };
    }
    return OK;
}

API(series_list_get, series_find_in, series_page);
static err_t series_list_get(struct op *op, const struct series_find_in *in, struct series_page *out)
{
    struct series_match match[SERIES_MAX_LABELS + 2];
    struct series_query q = { .match = match, .project_id = in->project, .limit = in->limit + 1 };
    if (in->cursor.p && (!str_to_i64(in->cursor, &q.after) || q.after < 1))
        return fail_field(op, "cursor", "is not one that the server gave");
    TRY(labels_of(op, in, match, &q.nmatch));
    TRY(series_find(op, &q, &out->items));
    if (out->items.n <= (size_t)in->limit) return OK;
    out->items.n = (size_t)in->limit;
    out->next = arena_printf(op->arena, "%lld", (long long)out->items.item[in->limit - 1].id);
    return OK;
}

API(series_show, series_ref, series_info);
static err_t series_show(struct op *op, const struct series_ref *in, struct series_info *out)
{
    return series_for(op, in->id, SERIES_SEE, out);
}

API(series_points_get, series_points_in, series_points);
static err_t series_points_get(struct op *op, const struct series_points_in *in, struct series_points *out)
{
    struct series_info info;
    struct series_damage damage = { 0 };
    struct series_range r = { .id = in->id, .damage = &damage };
    TRY(series_for(op, in->id, SERIES_SEE, &info));
    TRY(series_thin_check(op, in, &info));
    TRY(series_range_of(op, &in->at, &r));
    *out = (struct series_points){ .id = in->id, .kind = info.kind, .from = r.from, .to = r.to };
    if (in->thin) TRY(series_thin_json(op, r, in, out));
    else TRY(series_points_json(op, r, in->limit, out));
    out->damage = damage.first;
    return OK;
}

API(series_buckets_get, series_buckets_in, series_buckets);
static err_t series_buckets_get(struct op *op, const struct series_buckets_in *in, struct series_buckets *out)
{
    struct series_info info;
    struct series_damage damage = { 0 };
    struct series_range r = { .id = in->id, .damage = &damage };
    TRY(series_for(op, in->id, SERIES_SEE, &info));
    TRY(series_range_of(op, &in->at, &r));
    size_t n = (size_t)in->n;
    struct series_bucket *b = NEWN(op->arena, struct series_bucket, n);
    TRY(series_buckets(op, r, n, b));
    i64 width = n > 1 ? b[1].t - b[0].t : r.to - r.from;
    *out = (struct series_buckets){ in->id,      r.from, r.to, width, series_buckets_json(op->arena, b, n),
                                    damage.first };
    return OK;
}

API(series_remove, series_ref, nothing);
static err_t series_remove(struct op *op, const struct series_ref *in, struct nothing *out UNUSED)
{
    struct series_info info;
    TRY(series_for(op, in->id, SERIES_CHANGE, &info));
    TRY(account_audit_detail(op, audited_number(op, "series", info.id, info.name),
                             account_audit_json(op, &series_info_desc, &info), (json_raw){ 0 }));
    return series_delete(op, &in->id, 1);
}

/* Retention of a project, in seconds. */
enum { KEEP_MOST_S = INT32_MAX };
#define D struct series_retention
struct series_retention {
    i64 id, raw_s, minutes_s, hours_s;
};
#define KEEP(text) .flags = REQUIRED, .min = 0, .max = KEEP_MOST_S, .doc = text " Seconds; 0: for ever."
static const struct field series_retention_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The project." },
    { F(raw_s), KEEP("How long points are kept; then they become aggregates of minutes.") },
    { F(minutes_s), KEEP("How long aggregates of minutes are kept; then they become those of hours.") },
    { F(hours_s), KEEP("How long aggregates of hours are kept.") },
};
#undef D
static DESC(series_retention);

API(series_retention_get, series_ref, series_retention);
static err_t series_retention_get(struct op *op, const struct series_ref *in, struct series_retention *out)
{
    struct retained r;
    TRY(account_project_need(op, in->id, ROLE_VIEWER, "id"));
    TRY(retention_sql_get(op, in->id, &r));
    *out = (struct series_retention){ r.id, r.raw / SEC(1), r.minutes / SEC(1), r.hours / SEC(1) };
    return OK;
}

/* What is kept longer than the next coarser step would leave a hole. */
static err_t check_steps(struct op *op, const struct series_retention *r)
{
    if (r->minutes_s && r->raw_s && r->minutes_s < r->raw_s)
        return fail_field(op, "minutes_s", "must not be less than raw_s");
    if (r->minutes_s && !r->raw_s) return fail_field(op, "minutes_s", "must be 0 when raw_s is");
    if (r->hours_s && !r->minutes_s) return fail_field(op, "hours_s", "must be 0 when minutes_s is");
    if (r->hours_s && r->hours_s < r->minutes_s)
        return fail_field(op, "hours_s", "must not be less than minutes_s");
    return OK;
}

API(series_retention_put, series_retention, series_retention);
static err_t series_retention_put(struct op *op, const struct series_retention *in,
                                  struct series_retention *out)
{
    struct retained r = { in->id, SEC(in->raw_s), SEC(in->minutes_s), SEC(in->hours_s) };
    TRY(series_retention_get(op, &(struct series_ref){ in->id }, out));
    TRY(account_project_need(op, in->id, ROLE_OWNER, "id"));
    TRY(check_steps(op, in));
    TRY(account_audit_detail(op, audited_number(op, "project", in->id, (str){ 0 }),
                             account_audit_json(op, &series_retention_desc, out),
                             account_audit_json(op, &series_retention_desc, in)));
    *out = *in;
    return retention_sql_set(op, &r);
}

static const struct route series_routes[] = {
    { GET, "/api/v1/projects/{id}/retention", &series_retention_get_api, .auth = RIGHT_SERIES_READ,
      .doc = "How long a project's series are kept, and how finely." },
    { PUT, "/api/v1/projects/{id}/retention", &series_retention_put_api, .auth = RIGHT_SERIES_WRITE,
      .audit = "series.retention", .doc = "Change how long a project's series are kept." },
    { GET, "/api/v1/series", &series_list_get_api, .auth = RIGHT_SERIES_READ,
      .doc = "The series that one may see, by name and labels." },
    { GET, "/api/v1/series/{id}", &series_show_api, .auth = RIGHT_SERIES_READ, .doc = "One series." },
    { GET, "/api/v1/series/{id}/points", &series_points_get_api, .raw_too = &series_points_frames,
      .auth = RIGHT_SERIES_READ,
      .doc = "Points of a range, in time order; as binary frames where Accept asks for them." },
    { GET, "/api/v1/series/{id}/buckets", &series_buckets_get_api, .raw_too = &series_buckets_frames,
      .auth = RIGHT_SERIES_READ,
      .doc = "A range in buckets of equal width: exact least, largest, average, first and last values." },
    { DELETE, "/api/v1/series/{id}", &series_remove_api, .auth = RIGHT_SERIES_WRITE, .audit = "series.delete",
      .doc = "Remove a series with all its points." },
};

static const struct job series_jobs[] = {
    { "series.merge", 500000, series_merge_job, "Puts points that have come into blocks.",
      .every_node = true },
    { "series.retain", 600 * SEC(1), series_retain_job,
      "Rolls up and deletes points that are past their project's retention." },
};

extern const struct migration migrations_series[];
extern const size_t nmigrations_series;

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

static err_t metrics(struct op *op UNUSED, struct prom_text *page)
{
    struct tail_state s = tail_state();
    prom_gauge(page, "netbit_series_tail_rows", "Appended batches that wait to be merged.", (double)s.rows);
    prom_gauge(page, "netbit_series_tail_bytes", "Their size in memory.", (double)s.bytes);
    prom_gauge(page, "netbit_series_tail_points", "Their points.", (double)s.points);
    prom_gauge(page, "netbit_series_tail_series", "Series that they belong to.", (double)s.series);
    prom_gauge(page, "netbit_series_tail_seconds", "How long the oldest of them waits.",
               s.oldest_us ? (double)(time_mono_us() - s.oldest_us) / 1e6 : 0);
    return OK;
}

const struct feature series_feature = {
    .name = "series",
    .doc = "Series of numbers: catalogue, points, aggregates, retention.",
    .routes = series_routes,
    .nroutes = LEN(series_routes),
    .jobs = series_jobs,
    .njobs = LEN(series_jobs),
    .migrations = migrations_series,
    .nmigrations = &nmigrations_series,
    .start = start,
    .stop = stop,
    .metrics = metrics,
    .forget_user = series_forget_user,
    .export_user = series_export_user,
};
