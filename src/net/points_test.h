/* Points as a text that tests compare: "name{a=b,c=d}@t=v@t=v name..."; a unit stands in brackets. */
#pragma once
#include "base/buf.h"
#include "net/points.h"

static inline str told(struct op *op, const struct points *b)
{
    struct buf out = BUF(op->arena);
    for (u32 i = 0; i < b->n; i++) {
        const struct points_series *s = &b->series[i];
        if (!s->n) continue;
        buf_printf(&out, "%s%.*s", out.n ? " " : "", STR(s->name));
        if (s->unit.n) buf_printf(&out, "[%.*s]", STR(s->unit));
        buf_char(&out, '{');
        for (u32 k = 0; k < s->nlabels; k++)
            buf_printf(&out, "%s%.*s=%.*s", k ? "," : "", STR(s->labels[k].name), STR(s->labels[k].value));
        buf_z(&out, "}");
        for (u32 k = 0; k < s->n; k++) {
            buf_printf(&out, "@%lld=", (long long)s->t[k]);
            if (s->kind == POINTS_F64) buf_printf(&out, "%g", s->f[k]);
            else if (s->kind == POINTS_I64) buf_printf(&out, "%lldi", (long long)s->i[k]);
            else buf_printf(&out, "'%.*s'", STR(s->s[k]));
        }
    }
    return buf_str(&out);
}
