/* Writes the document in two passes: paths, which collect every descriptor that they refer to, then those as
 * components. */
#include "net/openapi.h"
#include "net/router.h"
#include "net/schema_set.h"

struct doc {
    struct buf *b;
    const struct openapi_options *o;
    const struct route *const *tables;
    const size_t *n;
    size_t ntables;
    struct schema_set schemas;
};

static bool is_bodied(const struct desc *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].flags & BODY) return true;
    return false;
}

/* Components. */

static const char problem_schema[] =
    "{\"type\":\"object\",\"description\":\"What went wrong (RFC 9457).\",\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
    "\"code\":{\"type\":\"string\",\"enum\":[";
static const char problem_rest[] =
    "]},\"detail\":{\"type\":\"string\"},\"field\":{\"type\":\"string\",\"description\":\"The member or "
    "parameter at fault, "
    "as a path: "
    "tags[2].key\"},\"request_id\":{\"type\":\"string\"}},\"required\":[\"type\",\"title\",\"code\"]}";

static void put_components(struct doc *x)
{
    struct buf *b = x->b;
    buf_put(b,
            S(",\"components\":{\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
              "\"responses\":{\"problem\":{\"description\":\"A problem "
              "document.\",\"content\":{\"application/problem+json\":"
              "{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}}}},\"schemas\":{\"problem\":"));
    buf_z(b, problem_schema);
    for (int e = 1; e < ERR__COUNT; e++) buf_printf(b, e > 1 ? ",\"%s\"" : "\"%s\"", err_name((err_t)e));
    buf_z(b, problem_rest);
    schema_set_write(b, &x->schemas);
    buf_put(b, S("}}"));
}

/* Operations. */

static void put_text(struct buf *b, const char *key, str text)
{
    json_put_key(b, key);
    json_put_str(b, text);
}

static const char *header_name(struct arena *a, const struct field *f)
{
    char *name = str_z(a, str_of(f->name));
    for (char *p = name; *p; p++)
        if (*p == '_') *p = '-';
    return name;
}

static void put_parameter(struct buf *b, const struct field *f)
{
    if (!strcmp(f->name, QUERY_REST)) {
        buf_put(
            b,
            S("{\"name\":\"params\",\"in\":\"query\",\"style\":\"form\",\"explode\":true,\"description\":"));
        json_put_str(b, str_of(f->doc));
        buf_put(b, S(",\"schema\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}"));
        return;
    }
    buf_char(b, '{');
    put_text(b, "name", str_of(f->flags & HEADER ? header_name(b->arena, f) : f->name));
    put_text(b, "in", f->flags & PATH ? S("path") : f->flags & QUERY ? S("query") : S("header"));
    if (f->flags & (PATH | REQUIRED)) buf_put(b, S(",\"required\":true"));
    if (f->doc) put_text(b, "description", str_of(f->doc));
    if (f->type == &type_list && !(f->flags & PATH)) buf_put(b, S(",\"explode\":false"));
    json_put_key(b, "schema");
    struct field bare = *f;
    bare.doc = NULL;
    desc_schema_field(b, &bare);
    buf_char(b, '}');
}

static void put_parameters(struct doc *x, const struct desc *in)
{
    struct buf *b = x->b;
    bool any = false;
    for (size_t i = 0; i < in->n; i++) {
        if (!(in->field[i].flags & (PATH | QUERY | HEADER)) || in->field[i].flags & INTERNAL) continue;
        buf_put(b, any ? S(",") : S(",\"parameters\":["));
        put_parameter(b, &in->field[i]);
        any = true;
    }
    if (any) buf_char(b, ']');
}

/* "a/b, c/d" as the members of a content object. */
static void put_media_types(struct buf *b, const char *types)
{
    buf_put(b, S("\"content\":{"));
    bool any = false;
    for (str rest = str_of(types), one; str_next(&rest, ',', &one); any = true) {
        if (any) buf_char(b, ',');
        json_put_str(b, str_trim(one));
        buf_put(b, S(":{\"schema\":{}}"));
    }
    buf_char(b, '}');
}

static void put_request_body(struct doc *x, const struct route *r, enum row_kind kind)
{
    struct buf *b = x->b;
    const struct desc *in = route_in(r);
    if (kind == ROW_UPLOAD) {
        buf_put(b, S(",\"requestBody\":{\"required\":true,\"content\":{\"application/"
                     "octet-stream\":{\"schema\":{}}}}"));
        return;
    }
    if (kind == ROW_RAW && r->raw->takes) {
        buf_put(b, S(",\"requestBody\":{\"required\":true,"));
        put_media_types(b, r->raw->takes);
        buf_char(b, '}');
    }
    if (!method_takes_body(r->method) || !desc_takes_body(in)) return;
    schema_set_add_members(&x->schemas, in, true);
    bool required = false;
    for (size_t i = 0; i < in->n; i++)
        required |= in->field[i].flags & REQUIRED && !(in->field[i].flags & (PATH | QUERY | HEADER));
    buf_printf(b, ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":{\"schema\":",
               required ? "true" : "false");
    desc_schema(b, in, true);
    buf_put(b, S("}}}"));
}

static void put_response_headers(struct buf *b, const struct desc *out)
{
    bool any = false;
    for (size_t i = 0; i < out->n; i++) {
        const struct field *f = &out->field[i];
        if (!(f->flags & HEADER)) continue;
        buf_put(b, any ? S(",") : S(",\"headers\":{"));
        any = true;
        json_put_str(b, str_of(header_name(b->arena, f)));
        buf_put(b, S(":{\"schema\":"));
        desc_schema_field(b, f);
        buf_char(b, '}');
    }
    if (any) buf_char(b, '}');
}

static void put_json_response(struct doc *x, const struct route *r)
{
    struct buf *b = x->b;
    const struct desc *out = route_out(r);
    buf_printf(b, "\"%d\":{\"description\":\"Done.\"", route_status(r));
    if (out) put_response_headers(b, out);
    if (out && out != &nothing_desc && route_status(r) != 204) {
        buf_put(b, S(",\"content\":{\"application/json\":{\"schema\":"));
        if (is_bodied(out)) {
            schema_set_add_members(&x->schemas, out, false);
            desc_schema(b, out, false);
        } else {
            schema_set_add(&x->schemas, out, false);
            buf_printf(b, "{\"$ref\":\"#/components/schemas/%s\"}", out->name);
        }
        buf_char(b, '}');
        if (r->follow_too)
            buf_put(b, S(",\"text/event-stream\":{\"schema\":{\"type\":\"string\"}},"
                         "\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}"));
        if (r->raw_too) buf_printf(b, ",\"%s\":{\"schema\":{}}", r->raw_too->gives);
        buf_char(b, '}');
    }
    buf_char(b, '}');
    if (r->flags & ROUTE_ETAG)
        buf_put(b, S(",\"304\":{\"description\":\"Unchanged: If-None-Match holds.\"}"));
}

static void put_raw_response(struct buf *b, const struct route *r)
{
    buf_printf(b, "\"%d\":{\"description\":\"Done.\"", r->raw->gives || r->status ? route_status(r) : 204);
    if (r->raw->gives) {
        buf_char(b, ',');
        put_media_types(b, r->raw->gives);
    }
    buf_char(b, '}');
}

static void put_download_response(struct buf *b, const struct http_download *d)
{
    const char *gives = d->gives ? d->gives : "application/octet-stream";
    buf_put(b, S("\"200\":{\"description\":\"The bytes.\","));
    put_media_types(b, gives);
    buf_put(b, S("},\"206\":{\"description\":\"The range asked for.\","));
    put_media_types(b, gives);
    buf_put(b, S("},\"302\":{\"description\":\"The bytes are at Location.\"},"
                 "\"304\":{\"description\":\"Unchanged.\"},"
                 "\"416\":{\"$ref\":\"#/components/responses/problem\"}"));
}

static void put_responses(struct doc *x, const struct route *r, enum row_kind kind)
{
    static const char *const others[] = {
        [ROW_FOLLOW] = "\"200\":{\"description\":\"Events as they "
                       "happen.\",\"content\":{\"text/event-stream\":{\"schema\":"
                       "{\"type\":\"string\"}},\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}}",
        [ROW_SOCKET] = "\"101\":{\"description\":\"A WebSocket (RFC 6455).\"}",
    };
    buf_put(x->b, S(",\"responses\":{"));
    if (kind == ROW_API || kind == ROW_UPLOAD) put_json_response(x, r);
    else if (kind == ROW_RAW) put_raw_response(x->b, r);
    else if (kind == ROW_DOWNLOAD) put_download_response(x->b, r->download);
    else buf_z(x->b, others[kind]);
    buf_put(x->b, S(",\"default\":{\"$ref\":\"#/components/responses/problem\"}}"));
}

static void put_rights(struct doc *x, const struct route *r)
{
    struct buf *b = x->b;
    bool need = (r->auth & ~ROUTE_PUBLIC) != 0, any = false;
    buf_put(b, need ? S(",\"security\":[{\"bearer\":[]}]") : S(",\"security\":[{},{\"bearer\":[]}]"));
    if (!need || !x->o->rights) return;
    buf_put(b, S(",\"x-rights\":["));
    for (unsigned bit = 1; bit < 64; bit++) {
        if (!(r->auth >> bit & 1) || !x->o->rights[bit]) continue;
        if (any) buf_char(b, ',');
        json_put_str(b, str_of(x->o->rights[bit]));
        any = true;
    }
    buf_char(b, ']');
}

/* "/api/v1/units/{id}" and "/api/spark/units": units. */
static str tag_of(const char *path)
{
    str last = { 0 }, piece;
    size_t i = 0;
    for (str rest = str_skip(str_of(path), 1); str_next(&rest, '/', &piece) && i < 3; i++)
        if (piece.n && piece.p[0] != '{') last = piece;
    return last.n ? last : S("root");
}

static void put_operation(struct doc *x, const struct route *r)
{
    struct buf *b = x->b;
    enum row_kind kind;
    if (!row_kind_of(r, &kind)) return;
    struct buf method = BUF(b->arena);
    buf_put(&method, str_lower(b->arena, str_of(method_names[r->method])));
    buf_char(&method, 0);
    json_put_key(b, method.p);
    buf_char(b, '{');
    put_text(b, "operationId", str_of(route_name(r)));
    buf_put(b, S(",\"tags\":["));
    json_put_str(b, tag_of(r->path));
    buf_char(b, ']');
    put_text(b, "summary", str_of(r->doc));
    put_parameters(x, route_in(r));
    put_request_body(x, r, kind);
    put_responses(x, r, kind);
    put_rights(x, r);
    if (r->audit) put_text(b, "x-audit", str_of(r->audit));
    if (r->raw && r->raw->refuse) buf_put(b, S(",\"x-own-errors\":true")); /* no problem documents */
    buf_char(b, '}');
}

/* Rows in the order of the tables; all methods of a path where its first row stands. */
static const struct route *row_at(const struct doc *x, size_t i)
{
    for (size_t t = 0; t < x->ntables; t++) {
        if (i < x->n[t]) return &x->tables[t][i];
        i -= x->n[t];
    }
    return NULL;
}

static bool shown_before(const struct doc *x, size_t at, const struct route *r)
{
    for (size_t i = 0; i < at; i++) {
        const struct route *o = row_at(x, i);
        if (!(o->flags & ROUTE_HIDDEN) && !strcmp(o->path, r->path)) return true;
    }
    return false;
}

static void put_paths(struct doc *x)
{
    struct buf *b = x->b;
    buf_put(b, S(",\"paths\":{"));
    const struct route *r, *o;
    for (size_t i = 0; (r = row_at(x, i)); i++) {
        if (r->flags & ROUTE_HIDDEN || shown_before(x, i, r)) continue;
        json_put_key(b, r->path);
        buf_char(b, '{');
        for (size_t k = i; (o = row_at(x, k)); k++)
            if (!(o->flags & ROUTE_HIDDEN) && !strcmp(o->path, r->path)) put_operation(x, o);
        buf_char(b, '}');
    }
    buf_char(b, '}');
}

void openapi_write_with(struct buf *b, const struct openapi_options *o, const struct route *const *tables,
                        const size_t *n, size_t ntables)
{
    struct doc x = {
        .b = b, .o = o, .tables = tables, .n = n, .ntables = ntables, .schemas = { .arena = b->arena }
    };
    buf_put(b, S("{\"openapi\":\"3.1.0\",\"info\":{"));
    put_text(b, "title", str_of(o->title ? o->title : "Netbit"));
    put_text(b, "version", o->version);
    put_text(b, "description",
             str_of(o->description
                        ? o->description
                        : "Errors are problem documents (RFC 9457) with a stable code. Unknown members and "
                          "parameters are errors. Times are RFC 3339 in UTC; a query takes (format `moment`) "
                          "also a date, "
                          "which is its beginning in UTC, microseconds since 1970, `now`, and times from now "
                          "on such as `-1h`, `now-90m`, `-7d` (units us, ms, s, m, h, d, w)."));
    buf_put(b, S("},\"servers\":[{\"url\":\"/\"}]"));
    put_paths(&x);
    put_components(&x);
    buf_char(b, '}');
}

void openapi_write(struct buf *b, const struct route *const *tables, const size_t *n, size_t ntables,
                   str version)
{
    openapi_write_with(b, &(struct openapi_options){ .version = version }, tables, n, ntables);
}

size_t openapi_check(struct buf *out, const struct route *const *tables, const size_t *n, size_t ntables)
{
    struct buf thrown_away = BUF(out->arena);
    struct doc x = { .b = &thrown_away,
                     .o = &(struct openapi_options){ .version = S("0") },
                     .tables = tables,
                     .n = n,
                     .ntables = ntables,
                     .schemas = { .arena = out->arena } };
    put_paths(&x);
    return schema_set_check(out, &x.schemas);
}
