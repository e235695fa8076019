#include "main/sample.h"
#include "base/fs.h"
#include "feature/series/series.h"
#include "main/metrics.h"
#include "main/node.h"
#include "net/prom_text.h"
#include "port/config.h"
#include "port/ports.h"
#include <math.h>
#include <sys/statvfs.h>

enum { LABELS = 8 };

/* name{a="b",c="d"} value; false: not such a line. */
static bool label(struct arena *a, str *rest, struct prom_label *out)
{
    str name;
    if (!str_cut(*rest, '=', &name, rest) || !rest->n || rest->p[0] != '"') return false;
    struct buf b = BUF(a);
    size_t i = 1;
    for (; i < rest->n && rest->p[i] != '"'; i++) {
        char c = rest->p[i];
        if (c == '\\' && i + 1 < rest->n) c = rest->p[++i] == 'n' ? '\n' : rest->p[i];
        buf_char(&b, c);
    }
    out->name = str_z(a, name);
    out->value = buf_str(&b);
    *rest = str_skip(*rest, i + 1);
    if (rest->n && rest->p[0] == ',') *rest = str_skip(*rest, 1);
    return true;
}

static bool value_of(str s, double *out)
{
    static const struct {
        const char *text;
        double v;
    } words[] = { { "NaN", NAN }, { "+Inf", INFINITY }, { "-Inf", -INFINITY } };
    for (size_t i = 0; i < LEN(words); i++)
        if (str_is(s, words[i].text)) {
            *out = words[i].v;
            return true;
        }
    return str_to_f64(s, out);
}

static bool parse(struct arena *a, str line, struct prom_label *labels, struct sample_line *out)
{
    size_t n = 0;
    while (n < line.n && line.p[n] != '{' && line.p[n] != ' ') n++;
    *out = (struct sample_line){ .name = str_head(line, n), .label = labels };
    line = str_skip(line, n);
    if (line.n && line.p[0] == '{') {
        line = str_skip(line, 1);
        while (line.n && line.p[0] != '}')
            if (out->nlabels == LABELS || !label(a, &line, &labels[out->nlabels++])) return false;
        line = str_skip(line, 1);
    }
    return line.n > 1 && line.p[0] == ' ' && value_of(str_skip(line, 1), &out->value);
}

err_t sample_lines(struct op *op, str page, err_t (*fn)(struct op *, void *, const struct sample_line *),
                   void *ctx)
{
    for (str rest = page, line; str_next(&rest, '\n', &line);) {
        struct prom_label labels[LABELS];
        struct sample_line l;
        if (!line.n || line.p[0] == '#') continue;
        if (!parse(op->arena, line, labels, &l))
            return fail(op, ERR_INTERNAL, "a line of figures: %.*s", STR(str_head(line, 200)));
        TRY(fn(op, ctx, &l));
    }
    return OK;
}

/* What the page leaves out for brevity, but an operator's alert wants: how full the data folder's disk is. */
static void disk(struct op *op, struct prom_text *page)
{
    struct statvfs v;
    if (statvfs(str_z(op->arena, op->ports->config->data), &v) || !v.f_blocks) return;
    double used = 1 - (double)v.f_bavail / (double)v.f_blocks;
    prom_gauge(page, "netbit_disk_used_ratio", "How full the disk of the data folder is.", used);
}

struct batch {
    time_us now;
    struct series_spec *spec;
    struct series_run *run;
    double *value;
    size_t n, cap;
};

static err_t add(struct op *op, void *ctx, const struct sample_line *l)
{
    struct batch *b = ctx;
    if (str_ends(l->name, S("_bucket")) || b->n == b->cap) return OK;
    struct series_label *labels = NEWN(op->arena, struct series_label, l->nlabels + 1);
    for (size_t i = 0; i < l->nlabels; i++)
        labels[i] = (struct series_label){ str_of(l->label[i].name), l->label[i].value };
    b->value[b->n] = l->value;
    b->spec[b->n++] =
        (struct series_spec){ .name = l->name, .kind = SERIES_F64, .labels = labels, .nlabels = l->nlabels };
    return OK;
}

err_t sample_node(struct op *op)
{
    struct prom_text page = { .b = BUF(op->arena) };
    if (!node_page(op, &page)) return OK; /* not serving yet */
    disk(op, &page);
    size_t most = 1;
    str text = buf_str(&page.b);
    for (str rest = text, line; str_next(&rest, '\n', &line);) most++;
    struct batch b = { time_now(),
                       NEWN(op->arena, struct series_spec, most),
                       NEWN(op->arena, struct series_run, most),
                       NEWN(op->arena, double, most),
                       0,
                       most };
    TRY(sample_lines(op, text, add, &b));
    i64 *id = NEWN(op->arena, i64, most);
    TRY(series_resolve(op, b.spec, b.n, id));
    for (size_t i = 0; i < b.n; i++)
        b.run[i] =
            (struct series_run){ .id = id[i], .n = 1, .kind = SERIES_F64, .t = &b.now.us, .f = &b.value[i] };
    return series_append(op, b.run, b.n);
}
