/* Numbers of metric records go to series: every member of `data` that is a number is a point of the series of
 * its name, with the unit's labels and those of the member `labels`. What the agent measures is called
 * unit_...; the record itself stays in the log store as it was sent. */
#include "base/log.h"
#include "feature/series/series.h"
#include "feature/unit/unit_rules.h"

enum { OWN_LABELS = 16, UNIT_LABELS = 4 };

static const struct {
    const char *name, *series, *unit, *help;
} figures[] = {
    { "cpu_percent", "unit_cpu_percent", "percent", "CPU use of a unit; 100 is one core" },
    { "rss_bytes", "unit_rss_bytes", "bytes", "Resident memory of a unit" },
    { "vsz_bytes", "unit_vsz_bytes", "bytes", "Virtual memory of a unit" },
    { "threads", "unit_threads", NULL, "Threads of a unit's processes" },
    { "open_files", "unit_open_files", NULL, "Open descriptors of a unit" },
    { "read_bytes", "unit_read_bytes", "bytes", "Bytes that a unit has read from storage" },
    { "written_bytes", "unit_written_bytes", "bytes", "Bytes that a unit has written to storage" },
    { "gpu_percent", "unit_gpu_percent", "percent", "GPU use of a unit" },
    { "gpu_memory_bytes", "unit_gpu_memory_bytes", "bytes", "GPU memory of a unit" },
};

/* The points of one series, as they come. */
struct line {
    struct line *next; /* of the same bucket */
    str name, labels;  /* labels: JSON of the record's own, absent for none */
    struct series_spec spec;
    i64 id;
    size_t n, room;
    i64 *t;
    double *v;
};
enum { BUCKETS = 1024 };
struct gather {
    struct op *op;
    const struct unit *unit;
    struct line *bucket[BUCKETS];
    struct line **line;
    size_t n, room;
};

static bool is_unit_label(const struct series_label *l, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(l[i].name, name)) return true;
    return false;
}

static size_t own_labels(struct arena *a, str labels, struct series_label *l, size_t n, size_t most)
{
    struct json j = json_reader(a, labels);
    str key, value;
    if (!labels.n || json_peek(&j) != JSON_OBJECT) return n;
    for (json_object(&j); json_key(&j, &key);) {
        if (json_peek(&j) != JSON_STRING) {
            json_skip(&j);
            continue;
        }
        bool fits = json_str(&j, &value) && key.n && key.n <= SERIES_MAX_LABEL_NAME &&
                    value.n <= SERIES_MAX_LABEL_VALUE;
        if (fits && n < most && !is_unit_label(l, n, key)) l[n++] = (struct series_label){ key, value };
    }
    return n;
}

static void describe(struct gather *g, struct line *line)
{
    const struct unit *u = g->unit;
    struct arena *a = g->op->arena;
    char id[UUID_TEXT];
    struct series_label *l = NEWN(a, struct series_label, UNIT_LABELS + OWN_LABELS);
    size_t n = 0;
    l[n++] = (struct series_label){ S("unit"), u->name };
    l[n++] = (struct series_label){ S("unit_id"), str_copy(a, uuid_text(u->unit_id, id)) };
    l[n++] = (struct series_label){ S("package"), u->package_name };
    if (u->device_name.n) l[n++] = (struct series_label){ S("host"), u->device_name };
    n = own_labels(a, line->labels, l, n, UNIT_LABELS + OWN_LABELS);
    line->spec = (struct series_spec){ .owner_id = u->owner_id,
                                       .project_id = u->project_id,
                                       .name = line->name,
                                       .kind = SERIES_F64,
                                       .labels = l,
                                       .nlabels = n };
    for (size_t i = 0; i < LEN(figures); i++)
        if (str_is(line->name, figures[i].name)) {
            line->spec.name = str_of(figures[i].series);
            line->spec.unit = str_of(figures[i].unit);
            line->spec.help = str_of(figures[i].help);
        }
}

static struct line *line_of(struct gather *g, str name, str labels)
{
    struct line **b = &g->bucket[(str_hash(name) ^ str_hash(labels)) % BUCKETS];
    for (struct line *l = *b; l; l = l->next)
        if (str_eq(l->name, name) && str_eq(l->labels, labels)) return l;
    struct line *l = NEW(g->op->arena, struct line);
    *l = (struct line){ .next = *b, .name = name, .labels = labels };
    *b = l;
    describe(g, l);
    if (g->n == g->room) {
        struct line **more = NEWN(g->op->arena, struct line *, g->room = g->room ? g->room * 2 : 16);
        if (g->n) memcpy(more, g->line, g->n * sizeof(struct line *));
        g->line = more;
    }
    return g->line[g->n++] = l;
}

static void add_point(struct gather *g, struct line *l, i64 t, double v)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 4;
        i64 *ts = NEWN(g->op->arena, i64, room);
        double *vs = NEWN(g->op->arena, double, room);
        if (l->n) memcpy(ts, l->t, l->n * sizeof *ts);
        if (l->n) memcpy(vs, l->v, l->n * sizeof *vs);
        l->t = ts;
        l->v = vs;
        l->room = room;
    }
    l->t[l->n] = t;
    l->v[l->n++] = v;
}

static void add_record(struct gather *g, const struct telemetry *r)
{
    struct json j = json_reader(g->op->arena, r->data.s), again = j;
    str key, labels = { 0 };
    double v;
    if (!r->data.s.n || json_peek(&j) != JSON_OBJECT) return;
    for (json_object(&j); json_key(&j, &key);)
        if (!str_is(key, "labels")) json_skip(&j);
        else json_raw_value(&j, &labels);
    for (json_object(&again); json_key(&again, &key);) {
        if (json_peek(&again) != JSON_NUMBER) json_skip(&again);
        else if (json_number(&again, &v) && key.n && key.n <= SERIES_MAX_NAME)
            add_point(g, line_of(g, key, labels), r->timestamp.us, v);
    }
}

/* One that somebody else has made with another kind keeps its points to itself: a record must not be refused
 * for ever because of it. */
static err_t resolve(struct gather *g)
{
    struct op *op = g->op;
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        err_t e = series_resolve(op, &g->line[i]->spec, 1, &g->line[i]->id);
        if (!e) g->line[n++] = g->line[i];
        if (!e) continue;
        if (e != ERR_CONFLICT && e != ERR_INVALID) return e;
        LOG_WARN("a metric is not stored as a series", KV("name", g->line[i]->name),
                 KV("message", op->err.msg));
        op_clear(op);
    }
    g->n = n;
    return OK;
}

err_t telemetry_to_series(struct op *op, const struct unit *u, const struct telemetry *rows, size_t n)
{
    struct gather *g = NEW(op->arena, struct gather);
    g->op = op;
    g->unit = u;
    for (size_t i = 0; i < n; i++)
        if (rows[i].telemetry_type == TELEMETRY_METRIC) add_record(g, &rows[i]);
    TRY(resolve(g));
    struct series_run *run = NEWN(op->arena, struct series_run, g->n + 1);
    for (size_t i = 0; i < g->n; i++) {
        const struct line *l = g->line[i];
        run[i] = (struct series_run){ .id = l->id, .n = (u32)l->n, .kind = SERIES_F64, .t = l->t, .f = l->v };
    }
    return g->n ? series_append(op, run, g->n) : OK;
}

err_t telemetry_drop_series(struct op *op, uuid unit_id)
{
    enum { PAGE = 500 };
    char id[UUID_TEXT];
    struct series_match m = { MATCH_EQUAL, S("unit_id"), uuid_text(unit_id, id) };
    struct series_query q = { .match = &m, .nmatch = 1, .limit = PAGE };
    for (size_t n = PAGE; n == PAGE;) {
        series_list list = { 0 };
        TRY(series_find(op, &q, &list));
        i64 *ids = NEWN(op->arena, i64, list.n + 1);
        for (size_t i = 0; i < list.n; i++) ids[i] = list.item[i].id;
        n = list.n;
        if (n) TRY(series_delete(op, ids, n));
    }
    return OK;
}
