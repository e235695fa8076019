#include "base/buf.h"
#include "feature/promql/promql_eval.h"

static size_t place(const struct pq_row *r, str name, bool *there)
{
    size_t i = 0;
    while (i < r->nlabels && str_cmp(r->label[i].name, name) < 0) i++;
    *there = i < r->nlabels && str_eq(r->label[i].name, name);
    return i;
}

str pq_label_get(const struct pq_row *r, str name)
{
    bool there;
    size_t i = place(r, name, &there);
    return there ? r->label[i].value : S("");
}

/* Label arrays are shared between rows: a change makes a new one. */
void pq_label_set(struct op *op, struct pq_row *r, str name, str value)
{
    bool there;
    size_t i = place(r, name, &there);
    if (!value.n && !there) return;
    struct pq_label *now = NEWN(op->arena, struct pq_label, r->nlabels + 1);
    size_t rest = i + there, n = i;
    if (i) memcpy(now, r->label, i * sizeof *now);
    if (value.n) now[n++] = (struct pq_label){ name, value };
    if (r->nlabels > rest) memcpy(now + n, r->label + rest, (r->nlabels - rest) * sizeof *now);
    r->label = now;
    r->nlabels = n + r->nlabels - rest;
}

void pq_label_drop(struct op *op, struct pq_row *r, str name) { pq_label_set(op, r, name, S("")); }

static bool in(const pq_names *names, str name)
{
    for (size_t i = 0; i < names->n; i++)
        if (str_eq(names->item[i], name)) return true;
    return false;
}

void pq_label_keep(struct op *op, const struct pq_row *r, bool listed, const pq_names *names,
                   struct pq_row *out)
{
    out->label = NEWN(op->arena, struct pq_label, r->nlabels + 1);
    out->nlabels = 0;
    for (size_t i = 0; i < r->nlabels; i++) {
        str name = r->label[i].name;
        bool keep = listed ? in(names, name) : !in(names, name) && !str_is(name, "__name__");
        if (keep) out->label[out->nlabels++] = r->label[i];
    }
}

str pq_signature(struct op *op, const struct pq_row *r)
{
    struct buf b = BUF(op->arena);
    for (size_t i = 0; i < r->nlabels; i++) {
        buf_put(&b, r->label[i].name);
        buf_char(&b, '\1');
        buf_put(&b, r->label[i].value);
        buf_char(&b, '\2');
    }
    return buf_str(&b);
}
