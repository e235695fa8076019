#include "net/prom_text.h"
#include <math.h>

void prom_family(struct prom_text *p, const char *name, const char *type, const char *help)
{
    p->family = name;
    buf_printf(&p->b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(struct buf *b, double v)
{
    if (isnan(v)) buf_z(b, "NaN");
    else if (isinf(v)) buf_z(b, v > 0 ? "+Inf" : "-Inf");
    else if (v == floor(v) && fabs(v) < 1e15) buf_i64(b, (i64)v);
    else buf_printf(b, "%.15g", v);
}

static void put_label(struct buf *b, const struct prom_label *l)
{
    buf_printf(b, "%s=\"", l->name);
    for (size_t i = 0; i < l->value.n; i++) {
        char c = l->value.p[i];
        if (c == '\n') buf_z(b, "\\n");
        else if (c == '"' || c == '\\') buf_printf(b, "\\%c", c);
        else buf_char(b, c);
    }
    buf_char(b, '"');
}

static void put_sample(struct prom_text *p, const char *suffix, const struct prom_label *l, size_t n,
                       const struct prom_label *last, double v)
{
    buf_printf(&p->b, "%s%s", p->family, suffix);
    if (n || last) buf_char(&p->b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_char(&p->b, ',');
        put_label(&p->b, &l[i]);
    }
    if (last) {
        if (n) buf_char(&p->b, ',');
        put_label(&p->b, last);
    }
    if (n || last) buf_char(&p->b, '}');
    buf_char(&p->b, ' ');
    put_value(&p->b, v);
    buf_char(&p->b, '\n');
}

void prom_sample(struct prom_text *p, const struct prom_label *l, size_t n, double v)
{
    put_sample(p, "", l, n, NULL, v);
}

void prom_gauge(struct prom_text *p, const char *name, const char *help, double v)
{
    prom_family(p, name, "gauge", help);
    prom_sample(p, PROM_PLAIN, v);
}

void prom_counter(struct prom_text *p, const char *name, const char *help, double v)
{
    prom_family(p, name, "counter", help);
    prom_sample(p, PROM_PLAIN, v);
}

void prom_meter(struct prom_text *p, const struct prom_label *l, size_t n, const struct meter *m)
{
    u64 below = 0;
    for (size_t i = 0; i <= METER_BOUNDS; i++) {
        char le[32] = "+Inf";
        below += atomic_load_explicit(&m->bucket[i], memory_order_relaxed);
        if (i < METER_BOUNDS) snprintf(le, sizeof le, "%g", (double)meter_bounds_us[i] / 1e6);
        put_sample(p, "_bucket", l, n, &(struct prom_label){ "le", str_of(le) }, (double)below);
    }
    put_sample(p, "_sum", l, n, NULL, (double)atomic_load(&m->sum_us) / 1e6);
    put_sample(p, "_count", l, n, NULL, (double)below);
}
