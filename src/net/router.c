/* The tree of path segments. A node has literal children and at most one for any parameter; literals are
 * tried first and the search backs up when they lead nowhere. */
#include "net/router.h"
#include "base/enc.h"
#include "base/log.h"

struct node {
    str segment;
    struct node *next;  /* sibling */
    struct node *child; /* literal children */
    struct node *any;   /* {parameter} */
    const struct row *row[METHOD__COUNT];
    bool used;
};
struct router {
    struct node root;
};

static struct node *child_of(struct arena *a, struct node *at, str seg)
{
    for (struct node *c = at->child; c; c = c->next)
        if (str_eq(c->segment, seg)) return c;
    struct node *c = NEW(a, struct node);
    c->segment = str_copy(a, seg);
    c->next = at->child;
    at->child = c;
    return c;
}

static void set_row(struct arena *a, struct row *row, const struct route *r)
{
    if (!row_kind_of(r, &row->kind)) bug("route %s: no kind", r->path);
    row->route = r;
    row->stats = NEW(a, struct row_stats);
    row->name = route_name(r);
    row->live = r->follow;
    row->raw = r->raw;
    row->in = route_in(r);
    row->out = route_out(r);
    row->status = route_status(r);
    row->max_body = route_max_body(r);
    row->deadline_us = r->deadline_us ? r->deadline_us : SEC(30);
    row->takes_body = method_takes_body(r->method) && desc_takes_body(row->in);
    for (size_t i = 0; i < row->in->n; i++) {
        const struct field *f = &row->in->field[i];
        if (f->flags & BODY) row->body = f;
        if (!strcmp(f->name, QUERY_REST)) row->query_rest = f;
        row->binds_headers |= (f->flags & HEADER) != 0;
        row->binds_query |= (f->flags & QUERY) != 0;
    }
}

/* The same row as a stream. */
static const struct row *follow_form(struct arena *a, const struct row *row)
{
    struct row *f = NEW(a, struct row);
    *f = *row;
    f->kind = ROW_FOLLOW;
    f->live = row->route->follow_too;
    f->name = f->live->name;
    f->out = NULL;
    return f;
}

/* The same row in another media type. */
static const struct row *typed_form(struct arena *a, const struct row *row)
{
    struct row *f = NEW(a, struct row);
    *f = *row;
    f->kind = ROW_RAW;
    f->raw = row->route->raw_too;
    f->name = f->raw->name;
    f->out = NULL;
    return f;
}

static void add(struct router *router, struct arena *a, const struct route *r)
{
    struct row *row = NEW(a, struct row);
    set_row(a, row, r);
    struct node *at = &router->root;
    for (str rest = str_skip(str_of(r->path), 1), seg; str_next(&rest, '/', &seg);) {
        if (seg.p[0] != '{') {
            at = child_of(a, at, seg);
            continue;
        }
        if (row->nparams >= ROUTE_PARAMS) bug("route %s: too many parameters", r->path);
        str name = str_copy(a, str_head(str_skip(seg, 1), seg.n - 2));
        row->param_name[row->nparams] = name.p;
        row->param[row->nparams++] = desc_field(row->in, name);
        if (!at->any) at->any = NEW(a, struct node);
        at = at->any;
    }
    if (r->follow_too) row->follow = follow_form(a, row);
    if (r->raw_too) row->typed = typed_form(a, row);
    at->row[r->method] = row;
    at->used = true;
}

struct router *router_new(struct arena *a, const struct route *const *tables, const size_t *n, size_t ntables)
{
    struct router *router = NEW(a, struct router);
    for (size_t t = 0; t < ntables; t++)
        for (size_t i = 0; i < n[t]; i++) add(router, a, &tables[t][i]);
    return router;
}

static void each_below(const struct node *at, void (*fn)(void *, const struct row *), void *ctx)
{
    for (size_t m = 0; m < METHOD__COUNT; m++)
        if (at->row[m]) fn(ctx, at->row[m]);
    for (const struct node *c = at->child; c; c = c->next) each_below(c, fn, ctx);
    if (at->any) each_below(at->any, fn, ctx);
}

void router_each(const struct router *router, void (*fn)(void *, const struct row *), void *ctx)
{
    each_below(&router->root, fn, ctx);
}

struct search {
    str raw[ROUTE_SEGMENTS], text[ROUTE_SEGMENTS]; /* text: decoded, for literals */
    size_t n;
    str param[ROUTE_PARAMS];
};

static const struct node *walk(const struct node *at, struct search *s, size_t depth, size_t params)
{
    if (depth == s->n) return at->used ? at : NULL;
    for (const struct node *c = at->child; c; c = c->next) {
        if (!str_eq(c->segment, s->text[depth])) continue;
        const struct node *found = walk(c, s, depth + 1, params);
        if (found) return found;
        break;
    }
    if (!at->any || params == ROUTE_PARAMS || !s->raw[depth].n) return NULL;
    s->param[params] = s->raw[depth];
    return walk(at->any, s, depth + 1, params + 1);
}

static bool split(struct search *s, struct arena *a, str path)
{
    if (!path.n || path.p[0] != '/') return false;
    size_t at;
    bool escaped = str_find_char(path, '%', &at);
    str rest = str_skip(path, 1);
    for (;;) {
        if (s->n == ROUTE_SEGMENTS) return false;
        str seg, tail;
        bool more = str_cut(rest, '/', &seg, &tail);
        s->raw[s->n] = s->text[s->n] = seg;
        if (escaped && !percent_decode(a, seg, false, &s->text[s->n])) return false;
        s->n++;
        if (!more) return true;
        rest = tail;
    }
}

void router_find(const struct router *router, struct arena *a, str path, enum method m,
                 struct route_match *out)
{
    struct search s;
    s.n = 0;
    *out = (struct route_match){ 0 };
    if (!split(&s, a, path)) return;
    const struct node *found = walk(&router->root, &s, 0, 0);
    if (!found) return;
    out->rows = found->row;
    out->row = found->row[m];
    for (size_t i = 0; out->row && i < out->row->nparams; i++) out->param[i] = s.param[i];
}
