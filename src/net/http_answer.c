/* Answers: JSON, problem documents, shared answers; building libmicrohttpd's response and queueing it. */
#include "net/http_answer.h"
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/http_int.h"
#include <ctype.h>

void answer_header(struct http_request *r, const char *name, const char *value)
{
    if (r->answer.nheaders == ANSWER_HEADERS) bug("too many headers");
    r->answer.header[r->answer.nheaders++] = (struct answer_header){ name, value };
}

void answer_drop(struct http_request *r)
{
    if (r->answer.shared) http_shared_unref(r->answer.shared);
    else if (r->answer.made) MHD_destroy_response(r->answer.made);
    r->answer.made = NULL;
    r->answer.shared = NULL;
    r->answer.nheaders = 0;
    r->answer.status = 0;
    r->answer.built = false;
}

/* Problem documents. */

static void put_text(struct buf *b, const char *key, str value)
{
    json_put_key(b, key);
    json_put_str(b, value);
}

static void put_problem(struct buf *b, const struct op *op, int status)
{
    const struct op_error *e = &op->err;
    buf_char(b, '{');
    put_text(b, "type", S("about:blank"));
    put_text(b, "title", str_of(err_title(e->code)));
    json_put_key(b, "status");
    buf_i64(b, status);
    put_text(b, "code", str_of(err_name(e->code)));
    /* What went wrong inside is for the log. */
    str detail = e->code == ERR_INTERNAL ? str_of(err_title(e->code)) : e->msg;
    if (detail.n) put_text(b, "detail", detail);
    if (e->field.n) put_text(b, "field", e->field);
    put_text(b, "request_id", op->id);
    buf_char(b, '}');
}

void answer_reply(struct http_request *r, const struct http_reply *reply)
{
    struct answer *a = &r->answer;
    a->status = reply->status ? reply->status : reply->body.n ? 200 : 204;
    a->content_type = reply->content_type;
    a->body = reply->body;
    for (size_t i = 0; i < reply->nheaders; i++)
        answer_header(r, reply->header[i].name, reply->header[i].value);
}

/* A protocol of others has its own form of errors. */
static bool refuse_raw(struct http_request *r)
{
    const struct op_error *e = &r->op.err;
    if (!r->row || r->row->kind != ROW_RAW || !r->row->raw->refuse) return false;
    str type = r->header[H_CONTENT_TYPE];
    struct http_reply reply = { .status = r->answer.status,
                                .content_type = type.n ? str_z(&r->arena, type) : NULL };
    str text = e->code == ERR_INTERNAL || !e->msg.n ? str_of(err_title(e->code)) : e->msg;
    if (e->field.n) text = arena_printf(&r->arena, "%.*s: %.*s", STR(e->field), STR(text));
    r->row->raw->refuse(&r->op, text, &reply);
    answer_reply(r, &reply);
    return true;
}

void answer_problem(struct http_request *r)
{
    struct answer *a = &r->answer;
    bool close = a->close;
    answer_drop(r);
    *a = (struct answer){ .status = err_http(r->op.err.code),
                          .content_type = "application/problem+json",
                          .close = close };
    if (r->op.err.code == ERR_UNAUTHENTICATED)
        answer_header(r, "WWW-Authenticate", "Bearer realm=\"netbit\"");
    if (r->upgrade_required) {
        a->status = MHD_HTTP_UPGRADE_REQUIRED;
        answer_header(r, "Upgrade", "websocket");
        answer_header(r, "Sec-WebSocket-Version", "13");
    }
    /* Whatever is not available now may be in a moment. */
    if (r->op.err.code == ERR_UNAVAILABLE && !r->op.retry_after_us) r->op.retry_after_us = SEC(1);
    if (r->op.retry_after_us > 0) {
        i64 s = (r->op.retry_after_us + SEC(1) - 1) / SEC(1);
        answer_header(r, "Retry-After", arena_printf(&r->arena, "%lld", (long long)s).p);
    }
    struct buf b = BUF(&r->arena);
    if (!refuse_raw(r)) {
        put_problem(&b, &r->op, a->status);
        a->body = buf_str(&b);
    }
    atomic_fetch_add_explicit(&r->http->errors, 1, memory_order_relaxed);
}

void answer_fail(struct http_request *r, err_t code, const char *field, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str msg = arena_vprintf(&r->arena, fmt, ap);
    va_end(ap);
    r->op.err = (struct op_error){ .code = code, .field = str_of(field), .msg = msg, .at = HERE };
    answer_problem(r);
}

/* JSON. */

bool etag_matches(str list, str etag)
{
    if (str_eq(str_trim(list), S("*"))) return true;
    for (str rest = list, one; str_next(&rest, ',', &one);) {
        one = str_trim(one);
        if (str_starts(one, S("W/"))) one = str_skip(one, 2);
        if (str_eq(one, etag)) return true;
    }
    return false;
}

static const char *etag_of(struct arena *a, str body)
{
    sha256 h = sha256_of(body);
    str hex = hex_text(a, h.b, 16);
    return arena_printf(a, "\"%.*s\"", STR(hex)).p;
}

/* "set_cookie": Set-Cookie. */
static const char *header_name(struct arena *a, const char *field)
{
    char *name = str_z(a, str_of(field));
    for (char *p = name; *p; p++) {
        if (*p == '_') *p = '-';
        else if (p == name || p[-1] == '-') *p = (char)toupper((unsigned char)*p);
    }
    return name;
}

static void answer_fields(struct http_request *r, const struct desc *d, const void *val)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (!(f->flags & HEADER) || field_is_null(f, val)) continue;
        struct buf b = BUF(&r->arena);
        field_text(&b, f, val);
        buf_char(&b, 0);
        answer_header(r, header_name(&r->arena, f->name), b.p);
    }
}

void answer_json(struct http_request *r, int status, const struct desc *d, const void *val)
{
    struct answer *a = &r->answer;
    a->status = status;
    if (!d || d == &nothing_desc) return;
    answer_fields(r, d, val);
    if (status == 204) return;
    struct buf b = BUF(&r->arena);
    desc_write(&b, d, val);
    a->content_type = "application/json";
    a->body = buf_str(&b);
    if (r->row->route->flags & ROUTE_ETAG && status == 200 && r->method == GET) {
        const char *etag = etag_of(&r->arena, a->body);
        answer_header(r, "ETag", etag);
        answer_header(r, "Cache-Control", "private, no-cache");
        if (r->header[H_IF_NONE_MATCH].p && etag_matches(r->header[H_IF_NONE_MATCH], str_of(etag))) {
            a->status = 304;
            a->body = (str){ 0 };
            return;
        }
    }
}

/* libmicrohttpd's response. */

static void pack(struct http_request *r)
{
    struct answer *a = &r->answer;
    if (a->body.n < PACK_LEAST || a->body.n > UINT32_MAX / 2) return;
    enum coding c = coding_for(r->header[H_ACCEPT_ENCODING], 1u << CODING_GZIP | 1u << CODING_ZSTD);
    str packed = c == CODING_IDENTITY ? (str){ 0 } : answer_pack(&r->arena, c, a->body);
    if (!packed.p) return;
    a->body = packed;
    answer_header(r, "Content-Encoding", codings[c]);
}

static void add(struct MHD_Response *m, const char *name, const char *value)
{
    if (MHD_add_response_header(m, name, value) != MHD_YES)
        LOG_ERROR("bad header", KV("name", name), KV("value", value));
}

static void add_number(struct MHD_Response *m, const char *name, i64 n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    add(m, name, text);
}

static bool has_header(const struct answer *a, const char *name)
{
    for (size_t i = 0; i < a->nheaders; i++)
        if (!strcmp(a->header[i].name, name)) return true;
    return false;
}

static void add_headers(struct http_request *r, struct MHD_Response *m)
{
    struct answer *a = &r->answer;
    if (a->content_type && a->status != 304) add(m, "Content-Type", a->content_type);
    for (size_t i = 0; i < a->nheaders; i++) add(m, a->header[i].name, a->header[i].value);
    if (!has_header(a, "Cache-Control")) add(m, "Cache-Control", "no-store");
    if (a->content_type) {
        add(m, "X-Content-Type-Options", "nosniff");
        bool typed = r->row && r->row->route->raw_too;
        add(m, "Vary",
            typed ? "Accept, Accept-Encoding, Authorization, Cookie"
                  : "Accept-Encoding, Authorization, Cookie");
    }
    char id[130];
    str head = str_head(r->op.id, sizeof id - 1);
    if (head.n) memcpy(id, head.p, head.n);
    id[head.n] = 0;
    add(m, "X-Request-Id", id);
    if (r->rate.limit) {
        add_number(m, "RateLimit-Limit", r->rate.limit);
        add_number(m, "RateLimit-Remaining", r->rate.remaining);
        add_number(m, "RateLimit-Reset", r->rate.reset_s);
    }
    if (a->close) add(m, "Connection", "close");
}

void answer_build(struct http_request *r)
{
    struct answer *a = &r->answer;
    if (a->shared || a->built) return;
    a->built = true;
    if (!a->made) {
        pack(r);
        union {
            const char *c;
            void *v;
        } body = { a->body.n ? a->body.p : "" };
        /* The bytes stay where they are: in the request's arena, which outlives the sending. */
        a->made = MHD_create_response_from_buffer_with_free_callback(a->body.n, body.v, NULL);
        if (!a->made) bug("out of memory for an answer");
    }
    add_headers(r, a->made);
}

bool answer_send(struct http_request *r)
{
    struct answer *a = &r->answer;
    if (!a->status) bug("an answer without status");
    r->conn->idle_since_us = 0;
    if (!a->built) answer_build(r);
    stats_count(r);
    bool ok = library_queue(r->mhd, a->status, a->made);
    answer_drop(r);
    return ok;
}
