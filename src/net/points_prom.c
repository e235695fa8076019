/* Prometheus remote write, 1.0 (prometheus.WriteRequest) and 2.0 (io.prometheus.write.v2.Request, which
 * brings units and keeps texts in one table). A series is its labels; `__name__` is its name. Values keep
 * their bits, so that the marker of a series that went stale (a NaN of its own) stays one. Exemplars are
 * passed over; native histograms are counted as rejected. */
#include "net/points.h"
#include "net/protobuf.h"

enum {
    V1_SERIES = 1,
    V1_LABEL = 1, /* of a series: name 1, value 2 */
    V1_SAMPLE = 2,
    V1_HISTOGRAM = 4,
    V2_SYMBOL = 4,
    V2_SERIES = 5,
    V2_LABELS = 1, /* packed indexes of symbols, name and value in turn */
    V2_SAMPLE = 2,
    V2_HISTOGRAM = 3,
    V2_METADATA = 5, /* help 3, unit 4: indexes */
    SAMPLE_VALUE = 1,
    SAMPLE_TIME = 2,
};

struct reader {
    struct op *op;
    struct points *b;
    str *symbol;
    size_t nsymbols;
    struct points_series s; /* under way */
    struct points_label label[POINTS_MAX_LABELS];
    const char *why; /* it cannot be stored */
    u32 samples, histograms;
};

static err_t malformed(struct reader *r) { return fail(r->op, ERR_INVALID, "malformed protobuf"); }

static void add_label(struct reader *r, str name, str value)
{
    if (str_eq(name, S("__name__"))) r->s.name = value;
    else if (!value.n) return; /* an empty label is none */
    else if (r->s.nlabels == POINTS_MAX_LABELS) r->why = "more than 32 labels";
    else r->label[r->s.nlabels++] = (struct points_label){ name, value };
}

static err_t read_label(struct reader *r, str bytes)
{
    struct pb m = pb_reader(bytes);
    struct pb_field f;
    str text[3] = { { 0 }, S(""), S("") };
    while (pb_next(&m, &f))
        if (f.wire == PB_BYTES && f.number < LEN(text)) text[f.number] = f.bytes;
    if (m.bad) return malformed(r);
    add_label(r, text[1], text[2]);
    return OK;
}

static bool symbol(struct reader *r, u64 at, str *out)
{
    if (at >= r->nsymbols) return false;
    *out = r->symbol[at];
    return true;
}

static err_t read_refs(struct reader *r, str bytes)
{
    struct pb m = pb_reader(bytes);
    u64 at[2];
    str name, value;
    while (pb_more(&m)) {
        if (!pb_varint(&m, &at[0]) || !pb_varint(&m, &at[1])) return malformed(r);
        if (!symbol(r, at[0], &name) || !symbol(r, at[1], &value))
            return fail(r->op, ERR_INVALID, "a label refers to a symbol that there is not");
        add_label(r, name, value);
    }
    return OK;
}

static err_t read_sample(struct reader *r, str bytes)
{
    struct pb m = pb_reader(bytes);
    struct pb_field f;
    u64 value = 0, ms = 0;
    i64 t;
    while (pb_next(&m, &f)) {
        if (f.number == SAMPLE_VALUE && f.wire == PB_FIXED64) value = f.v;
        if (f.number == SAMPLE_TIME && f.wire == PB_VARINT) ms = f.v;
    }
    if (m.bad) return malformed(r);
    r->samples++;
    if (__builtin_mul_overflow((i64)ms, 1000, &t)) {
        points_reject(r->b, 1, 0, r->s.name, "time out of range");
        return OK;
    }
    points_room(r->b, &r->s);
    r->s.t[r->s.n] = t;
    r->s.i[r->s.n++] = (i64)value; /* the bits */
    return OK;
}

static err_t read_metadata(struct reader *r, str bytes)
{
    struct pb m = pb_reader(bytes);
    struct pb_field f;
    while (pb_next(&m, &f)) {
        if (f.number == 3 && !symbol(r, f.v, &r->s.help)) return malformed(r);
        if (f.number == 4 && !symbol(r, f.v, &r->s.unit)) return malformed(r);
    }
    return m.bad ? malformed(r) : OK;
}

static void keep(struct reader *r)
{
    struct points *b = r->b;
    struct points_series *s = &r->s;
    const char *member;
    u32 index;
    if (r->histograms) points_reject(b, r->histograms, 0, s->name, "native histograms are not stored");
    s->labels = r->label;
    if (s->help.n > POINTS_MAX_HELP) s->help = (str){ 0 }; /* is not worth the samples */
    if (!r->why) r->why = points_series_fault(s, &member);
    if (!r->why && !points_sort_labels(s->labels, s->nlabels)) r->why = "a label is given twice";
    if (r->why) {
        points_reject(b, r->samples, 0, s->name, r->why);
        return;
    }
    if (!s->n) return;
    b->total += s->n;
    s->labels = arena_alloc_raw(r->op->arena, s->nlabels * sizeof *s->labels + 1);
    memcpy(s->labels, r->label, s->nlabels * sizeof *s->labels);
    *points_new(b, &index) = *s;
    if (b->total > (b->max ? b->max : POINTS_MAX)) b->over = true;
}

static err_t read_series(struct reader *r, str bytes, bool v2)
{
    struct pb m = pb_reader(bytes);
    struct pb_field f;
    r->s = (struct points_series){ .kind = POINTS_F64 };
    r->why = NULL;
    r->samples = r->histograms = 0;
    while (pb_next(&m, &f)) {
        if (f.wire != PB_BYTES) continue;
        if (f.number == (v2 ? V2_HISTOGRAM : V1_HISTOGRAM)) r->histograms++;
        else if (f.number == (v2 ? V2_SAMPLE : V1_SAMPLE)) TRY(read_sample(r, f.bytes));
        else if (v2 && f.number == V2_LABELS) TRY(read_refs(r, f.bytes));
        else if (v2 && f.number == V2_METADATA) TRY(read_metadata(r, f.bytes));
        else if (!v2 && f.number == V1_LABEL) TRY(read_label(r, f.bytes));
    }
    if (m.bad) return malformed(r);
    keep(r);
    return OK;
}

/* All symbols first: they may stand behind the series that refer to them. */
static err_t read_symbols(struct reader *r, str body)
{
    struct pb_field f;
    for (int pass = 0; pass < 2; pass++) {
        struct pb m = pb_reader(body);
        size_t n = 0;
        while (pb_next(&m, &f)) {
            if (f.number != V2_SYMBOL || f.wire != PB_BYTES) continue;
            if (pass) r->symbol[n] = f.bytes;
            n++;
        }
        if (m.bad) return malformed(r);
        if (!pass) r->symbol = NEWN(r->op->arena, str, n + 1);
        r->nsymbols = n;
    }
    if (r->nsymbols && r->symbol[0].n) return fail(r->op, ERR_INVALID, "the first symbol must be empty");
    return OK;
}

err_t points_read_prom(struct op *op, struct points *b, str body, int version)
{
    struct reader *r = NEW(op->arena, struct reader);
    struct pb m = pb_reader(body);
    struct pb_field f;
    bool v2 = version == 2;
    r->op = op;
    r->b = b;
    if (v2) TRY(read_symbols(r, body));
    while (pb_next(&m, &f) && !b->over)
        if (f.wire == PB_BYTES && f.number == (v2 ? V2_SERIES : V1_SERIES)) TRY(read_series(r, f.bytes, v2));
    return m.bad ? malformed(r) : OK;
}
