/* What a row of the route table means, and the faults that such a table can have. */
#include "base/buf.h"
#include "net/router.h"

const char *const method_names[METHOD__COUNT] = {
    [GET] = "GET", [POST] = "POST", [PUT] = "PUT", [PATCH] = "PATCH", [DELETE] = "DELETE",
};

bool row_kind_of(const struct route *r, enum row_kind *out)
{
    const bool set[] = {
        [ROW_API] = r->api != NULL,       [ROW_RAW] = r->raw != NULL,
        [ROW_UPLOAD] = r->upload != NULL, [ROW_DOWNLOAD] = r->download != NULL,
        [ROW_FOLLOW] = r->follow != NULL, [ROW_SOCKET] = r->socket != NULL,
    };
    size_t found = 0;
    for (size_t i = 0; i < LEN(set); i++) {
        if (!set[i]) continue;
        *out = (enum row_kind)i;
        found++;
    }
    return found == 1;
}

const struct desc *route_in(const struct route *r)
{
    const struct desc *d = NULL;
    if (r->api) d = r->api->in;
    else if (r->raw) d = r->raw->in;
    else if (r->upload) d = r->upload->in;
    else if (r->download) d = r->download->in;
    else if (r->follow) d = r->follow->in;
    else if (r->socket) d = r->socket->in;
    return d ? d : &nothing_desc;
}

const struct desc *route_out(const struct route *r)
{
    if (r->api) return r->api->out;
    return r->upload ? r->upload->out : NULL;
}

const char *route_name(const struct route *r)
{
    if (r->api) return r->api->name;
    if (r->raw) return r->raw->name;
    if (r->upload) return r->upload->name;
    if (r->download) return r->download->name;
    if (r->follow) return r->follow->name;
    return r->socket ? r->socket->name : NULL;
}

i64 route_max_body(const struct route *r) { return r->max_body ? r->max_body : MIB(1); }

int route_status(const struct route *r)
{
    if (r->status) return r->status;
    return route_out(r) == &nothing_desc ? 204 : 200;
}

bool method_takes_body(enum method m) { return m != GET && m != DELETE; }

bool desc_takes_body(const struct desc *d)
{
    if (d == &nothing_desc) return false;
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (f->flags & (PATH | QUERY | HEADER | INTERNAL | READONLY)) continue;
        if (f->type != &type_pad && f->type != &type_present) return true;
    }
    return false;
}

/* Faults. */

struct check {
    struct buf *out;
    size_t faults;
    const struct route *r;
};

static void fault(struct check *c, const char *what, str detail)
{
    c->faults++;
    const char *method = c->r->method < METHOD__COUNT ? method_names[c->r->method] : "?";
    buf_printf(c->out, "%s %s: %s", method, c->r->path ? c->r->path : "(no path)", what);
    if (detail.p) buf_printf(c->out, " '%.*s'", STR(detail));
    buf_char(c->out, '\n');
}

static bool is_param(str seg) { return seg.n > 2 && seg.p[0] == '{' && seg.p[seg.n - 1] == '}'; }

static void check_path(struct check *c, const struct desc *in)
{
    str path = str_of(c->r->path);
    size_t params = 0, segments = 0, at;
    if (path.n < 2 || path.p[0] != '/' || path.p[path.n - 1] == '/')
        fault(c, "path must be /a/b without a last /", path);
    for (str rest = str_skip(path, 1), seg; str_next(&rest, '/', &seg);) {
        segments++;
        if (!seg.n) fault(c, "empty segment in", path);
        if (!is_param(seg)) {
            if (str_find_char(seg, '{', &at) || str_find_char(seg, '%', &at)) fault(c, "bad segment", seg);
            continue;
        }
        params++;
        const struct field *f = desc_field(in, str_head(str_skip(seg, 1), seg.n - 2));
        if (!f || !(f->flags & PATH)) fault(c, "In has no PATH field for", seg);
    }
    if (segments > ROUTE_SEGMENTS || params > ROUTE_PARAMS) fault(c, "too many segments or parameters", path);
    for (size_t i = 0; in->n && i < in->n; i++) {
        const struct field *f = &in->field[i];
        if (!(f->flags & PATH)) continue;
        char want[128];
        snprintf(want, sizeof want, "{%s}", f->name);
        if (!str_find(path, str_of(want), &at)) fault(c, "the path lacks", str_of(want));
    }
}

static void check_row(struct check *c)
{
    const struct route *r = c->r;
    enum row_kind kind;
    if (!r->auth) fault(c, "no .auth", (str){ 0 });
    if (!r->doc || !*r->doc) fault(c, "no .doc", (str){ 0 });
    if ((unsigned)r->method >= METHOD__COUNT) fault(c, "no such method", (str){ 0 });
    if (!row_kind_of(r, &kind)) {
        fault(c, "exactly one of api, raw, upload, download, follow, socket must be set", (str){ 0 });
        return;
    }
    const struct desc *in = route_in(r);
    if (r->follow_too && (!r->api || r->follow_too->in != in || !desc_field(in, S("follow"))))
        fault(c, ".follow_too is another form of a GET api whose In has 'follow'", (str){ 0 });
    if (r->raw_too && (!r->api || r->raw_too->in != in || r->raw_too->takes || !r->raw_too->gives))
        fault(c, ".raw_too is another answer of an api row with the same In", (str){ 0 });
    if (!route_name(r)) fault(c, "no name", (str){ 0 });
    if (r->path) check_path(c, in);
    else fault(c, "no path", (str){ 0 });
    bool body = desc_takes_body(in);
    if (body && !method_takes_body(r->method)) fault(c, "body fields on", str_of(method_names[r->method]));
    if (body && kind != ROW_API) fault(c, "body fields, but the body is not JSON, in", str_of(in->name));
    if ((kind == ROW_DOWNLOAD || kind == ROW_FOLLOW || kind == ROW_SOCKET) && r->method != GET)
        fault(c, "must be GET", (str){ 0 });
    if (r->fast && r->method != GET) fault(c, ".fast is for GET", (str){ 0 });
}

/* Two paths meet when they differ only in the names of parameters. */
static bool same_path(str a, str b)
{
    str x = { 0 }, y = { 0 };
    for (;;) {
        bool more_a = str_next(&a, '/', &x), more_b = str_next(&b, '/', &y);
        if (more_a != more_b) return false;
        if (!more_a) return true;
        if (is_param(x) != is_param(y) || (!is_param(x) && !str_eq(x, y))) return false;
    }
}

static void check_pair(struct check *c, const struct route *other)
{
    if (!c->r->path || !other->path) return;
    if (same_path(str_of(c->r->path), str_of(other->path))) {
        if (c->r->method == other->method) fault(c, "same method and path as", str_of(other->path));
        else if (strcmp(c->r->path, other->path))
            fault(c, "parameters have other names in", str_of(other->path));
    }
    const char *a = route_name(c->r), *b = route_name(other);
    bool shown = !((c->r->flags | other->flags) & ROUTE_HIDDEN); /* the name is the operationId */
    if (shown && a && b && !strcmp(a, b)) fault(c, "another row has the same name", str_of(a));
}

size_t routes_check(struct buf *out, const struct route *const *table, const size_t *n, size_t tables)
{
    struct check c = { .out = out };
    for (size_t t = 0; t < tables; t++)
        for (size_t i = 0; i < n[t]; i++) {
            c.r = &table[t][i];
            check_row(&c);
            for (size_t u = 0; u <= t; u++)
                for (size_t k = 0; k < (u == t ? i : n[u]); k++) check_pair(&c, &table[u][k]);
        }
    return c.faults;
}
