/* The first look at a request: headers, framing, the client's address, the row, rate limits. Everything here
 * runs on a connection's thread and must not block. */
#include "base/enc.h"
#include "net/http_answer.h"
#include "net/http_cookie.h"
#include "net/http_int.h"
#include "net/http_listen.h"
#include <ctype.h>

#define X(id, name) [H_##id] = { "" name, sizeof(name) - 1 },
static const str header_names[H__COUNT] = { HTTP_HEADERS(X) };
#undef X

/* Life. */

static struct http_request *request_new(struct http_conn *c)
{
    struct http_request *r = MEM_NEW(struct http_request);
    r->http = c->http;
    r->conn = c;
    atomic_init(&r->refs, 1);
    return r;
}

void request_ref(struct http_request *r) { atomic_fetch_add(&r->refs, 1); }

void request_unref(struct http_request *r)
{
    if (atomic_fetch_sub(&r->refs, 1) > 1) return;
    answer_drop(r);
    arena_free(&r->arena);
    mem_free(r);
}

struct http_request *request_take(struct http_conn *c, struct MHD_Connection *mhd, const char *uri)
{
    if (!c->request) c->request = request_new(c);
    struct http_request *r = c->request;
    struct arena arena = r->arena;
    arena_reset(&arena);
    memset(r, 0, sizeof *r);
    atomic_init(&r->refs, 1);
    r->http = c->http;
    r->conn = c;
    r->mhd = mhd;
    r->arena = arena;
    r->target = str_copy(&r->arena, str_of(uri)); /* the library cuts its own text into pieces */
    r->op.arena = &r->arena;
    r->op.who = &r->who;
    r->body = (struct buf){ .arena = &r->arena };
    return r;
}

/* Headers. */

static enum http_header_id header_id(const char *name, size_t n)
{
    /* By length first: most headers of a browser are none of ours. */
    for (size_t i = 0; i < H__COUNT; i++)
        if (header_names[i].n == n && (name[0] | 0x20) == header_names[i].p[0] &&
            str_eq_fold(header_names[i], (str){ name, n }))
            return (enum http_header_id)i;
    return H__COUNT;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                 const char *value, size_t value_n)
{
    (void)kind;
    struct http_request *r = cls;
    enum http_header_id id = header_id(name, name_n);
    if (id == H__COUNT) return MHD_YES;
    if (r->seen[id] < UINT8_MAX) r->seen[id]++;
    if (r->seen[id] == 1) r->header[id] = str_trim((str){ value ? value : "", value_n });
    else if (id == H_FORWARDED_FOR)
        r->header[id] = arena_printf(&r->arena, "%.*s,%.*s", STR(r->header[id]), (int)value_n, value);
    return MHD_YES;
}

/* Lengths that proxies and servers might read differently are refused: they are how requests are smuggled. */
static bool check_framing(struct http_request *r)
{
    static const enum http_header_id once[] = { H_CONTENT_LENGTH, H_TRANSFER_ENCODING, H_HOST,
                                                H_AUTHORIZATION, H_CONTENT_TYPE };
    for (size_t i = 0; i < LEN(once); i++)
        if (r->seen[once[i]] > 1) {
            answer_fail(r, ERR_INVALID, header_names[once[i]].p, "the header is given more than once");
            r->answer.close = true;
            return false;
        }
    if (r->seen[H_TRANSFER_ENCODING]) {
        if (r->seen[H_CONTENT_LENGTH] || !str_eq_fold(r->header[H_TRANSFER_ENCODING], S("chunked"))) {
            answer_fail(r, ERR_INVALID, "transfer-encoding",
                        "only 'chunked', and never with a Content-Length");
            r->answer.close = true;
            return false;
        }
        r->length = -1;
        return true;
    }
    if (r->seen[H_CONTENT_LENGTH] &&
        (!str_to_i64(r->header[H_CONTENT_LENGTH], &r->length) || r->length < 0)) {
        answer_fail(r, ERR_INVALID, "content-length", "not a number of bytes");
        r->answer.close = true;
        return false;
    }
    return true;
}

/* "/path?query"; an absolute form (from proxies) loses its scheme and host. */
bool request_split_target(struct http_request *r)
{
    str t = r->target, path;
    size_t at;
    if (t.n && t.p[0] != '/' && str_find(t, S("://"), &at)) {
        t = str_skip(t, at + 3);
        t = str_find_char(t, '/', &at) ? str_skip(t, at) : S("/");
    }
    str_cut(t, '?', &path, &r->query);
    r->path = path;
    bool ok = path.n && (path.p[0] == '/' || (r->options && str_eq(path, S("*"))));
    str decoded;
    if (ok && str_find_char(path, '%', &at))
        ok = percent_decode(&r->arena, path, false, &decoded) && str_utf8_ok(decoded);
    else ok = ok && str_utf8_ok(path);
    if (!ok) answer_fail(r, ERR_INVALID, "path", "the path is not well-formed percent-encoded UTF-8");
    return ok;
}

static bool good_id(str s)
{
    if (!s.n || s.n > 128) return false;
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && !strchr("-_.", s.p[i])) return false;
    return true;
}

static void set_identity(struct http_request *r)
{
    struct http *h = r->http;
    if (good_id(r->header[H_REQUEST_ID])) r->op.id = r->header[H_REQUEST_ID];
    else {
        u64 id = rand_u64();
        r->op.id = hex_text(&r->arena, (const u8 *)&id, sizeof id);
    }
    r->op.ports = h->options.ports;
    struct http_conn *c = r->conn;
    r->address = (str){ c->address, c->address_n };
    if (h->nproxies && r->header[H_FORWARDED_FOR].n) {
        struct in6_addr a = listen_client(h, &c->peer.sin6_addr, r->header[H_FORWARDED_FOR]);
        char text[INET6_ADDRSTRLEN];
        size_t n = listen_address_text(&a, text);
        r->address = str_copy(&r->arena, (str){ text, n });
    }
    r->who = principal_nobody;
    r->who.ip = r->address;
    r->who.user_agent = r->header[H_USER_AGENT];
    if (h->options.cookie) r->cookie = cookie_find(r->header[H_COOKIE], h->options.cookie);
    if (r->header[H_REQUESTED_BY].n)
        r->who.page = str_starts(r->header[H_ORIGIN], S("https://")) ? PAGE_HTTPS : PAGE_HTTP;
}

/* Rate limits. */

static u64 address_key(const struct http_request *r)
{
    struct in6_addr a = r->conn->peer.sin6_addr;
    if (!listen_address_parse(r->address, &a)) return 0;
    /* A household has a /64 of IPv6: it counts as one. */
    str part = { (const char *)a.s6_addr, IN6_IS_ADDR_V4MAPPED(&a) ? 16 : 8 };
    return str_hash(part) * 0x9e3779b97f4a7c15u;
}

/* A request with a token counts against the token; but an address whose tokens keep being refused has used up
 * its own bucket (request_authorise charges it), and then no token helps. */
static bool check_rate(struct http_request *r)
{
    const struct http_options *o = &r->http->options;
    unsigned flags = r->row->route->flags;
    bool sign_in = flags & ROUTE_SIGN_IN;
    i64 per_minute = sign_in ? o->sign_in_per_minute : o->rate_per_minute;
    if (!per_minute || flags & ROUTE_NO_RATE) return true;
    i64 now = time_mono_us();
    u64 address = address_key(r) + sign_in;
    str token = r->header[H_AUTHORIZATION].n ? r->header[H_AUTHORIZATION] : r->cookie;
    bool ok;
    if (sign_in || !token.n) {
        ok = rate_take(r->http->rate, address, per_minute, 1, now, &r->rate);
    } else {
        ok = rate_take(r->http->rate, address, per_minute, 0, now, &r->rate) &&
             rate_take(r->http->rate, str_hash(token) ^ address, per_minute, 1, now, &r->rate);
    }
    if (ok) return true;
    r->op.retry_after_us = SEC(r->rate.reset_s);
    answer_fail(r, ERR_RATE, NULL, "too many requests: wait %lld s", (long long)r->rate.reset_s);
    return false;
}

enum { REFUSED_TOKEN_COST = 5 };
void request_charge_address(struct http_request *r)
{
    struct rate_state ignored;
    i64 per_minute = r->http->options.rate_per_minute;
    if (per_minute)
        rate_take(r->http->rate, address_key(r), per_minute, REFUSED_TOKEN_COST, time_mono_us(), &ignored);
}

/* The row. */

static bool set_method(struct http_request *r, const char *method)
{
    r->head = !strcmp(method, "HEAD");
    r->options = !strcmp(method, "OPTIONS");
    r->method = GET;
    if (r->head || r->options) return true;
    for (int m = 0; m < METHOD__COUNT; m++)
        if (!strcmp(method, method_names[m])) {
            r->method = (enum method)m;
            return true;
        }
    return false;
}

static void answer_allow(struct http_request *r, const struct row *const *rows)
{
    struct buf b = BUF(&r->arena);
    for (int m = 0; m < METHOD__COUNT; m++) {
        if (rows && !rows[m]) continue;
        if (!rows && m != GET) continue;
        buf_printf(&b, m == GET ? "%s, HEAD, " : "%s, ", method_names[m]);
    }
    buf_z(&b, "OPTIONS");
    buf_char(&b, 0);
    answer_header(r, "Allow", b.p);
}

static bool refuse_method(struct http_request *r, const struct row *const *rows, const char *method)
{
    if (r->options) r->answer.status = 204;
    else
        answer_fail(r, ERR_METHOD, NULL, "'%s' is not a method of '%.*s'", method,
                    STR(str_head(r->path, 200)));
    answer_allow(r, rows);
    return false;
}

/* Asked for by its name: who takes anything gets JSON. */
static bool asks_for(const struct http_request *r, const char *type)
{
    str rest = r->header[H_ACCEPT], piece, name;
    while (str_next(&rest, ',', &piece)) {
        str_cut(piece, ';', &name, &(str){ 0 });
        if (str_eq_fold(str_trim(name), str_of(type))) return true;
    }
    return false;
}

static const struct row *form_of(struct http_request *r, const struct row *row)
{
    str follow;
    if (row->follow && query_find(&r->arena, r->query, S("follow"), &follow) &&
        (str_is(follow, "1") || str_is(follow, "true")))
        return row->follow;
    return row->typed && asks_for(r, row->typed->raw->gives) ? row->typed : row;
}

static bool find_row(struct http_request *r, const char *method, bool known)
{
    struct route_match m;
    router_find(r->http->router, &r->arena, r->path, r->method, &m);
    if (!m.rows && (r->options ? str_eq(r->path, S("*")) : false)) return refuse_method(r, NULL, method);
    if (!m.rows) {
        bool is_file = static_answer(r);
        if (is_file && known && !r->options && r->method == GET) return true;
        answer_drop(r);
        if (is_file) return refuse_method(r, NULL, method);
        answer_fail(r, ERR_NOT_FOUND, NULL, "there is nothing at '%.*s'", STR(str_head(r->path, 200)));
        return false;
    }
    if (!known || r->options || !m.row) return refuse_method(r, m.rows, method);
    r->row = form_of(r, m.row);
    memcpy(r->param, m.param, sizeof r->param);
    return true;
}

static bool check_body(struct http_request *r)
{
    const struct row *row = r->row;
    i64 max = row ? row->max_body : 0;
    if (r->length > max) {
        answer_fail(r, ERR_LIMIT, NULL, "the body is larger than %lld bytes", (long long)max);
        return false;
    }
    if (!row || row->kind != ROW_API || !row->takes_body || !r->length) return true;
    if (media_type_is(r->header[H_CONTENT_TYPE], S("application/json"))) return true;
    answer_fail(r, ERR_MEDIA_TYPE, "content-type", "send application/json");
    return false;
}

bool request_head(struct http_request *r, const char *method)
{
    r->start_us = time_mono_us();
    /* A body may take as long again. */
    r->conn->idle_since_us = r->start_us + r->http->options.slow_head_us;
    MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, on_header, r);
    set_identity(r);
    atomic_fetch_add_explicit(&r->http->requests, 1, memory_order_relaxed);
    bool known = set_method(r, method);
    if (!check_framing(r) || !request_split_target(r) || !find_row(r, method, known)) return false;
    if (r->row && !check_rate(r)) return false;
    if (atomic_load_explicit(&r->http->stopping, memory_order_relaxed)) r->answer.close = true;
    return check_body(r);
}

void request_copy_strings(struct http_request *r)
{
    for (size_t i = 0; i < H__COUNT; i++) r->header[i] = str_copy(&r->arena, r->header[i]);
    r->cookie = str_copy(&r->arena, r->cookie);
    r->address = str_copy(&r->arena, r->address);
    r->op.id = str_copy(&r->arena, r->op.id);
    r->who.ip = r->address;
    r->who.user_agent = r->header[H_USER_AGENT];
}

/* A browser names the page that opens a WebSocket or posts: it must be one of ours. */
bool request_host_allowed(const struct http_request *r)
{
    str origin = r->header[H_ORIGIN], host;
    if (!origin.n) return true;
    size_t at;
    if (!str_find(origin, S("://"), &at)) return false;
    host = str_skip(origin, at + 3);
    if (str_eq_fold(host, r->header[H_HOST])) return true;
    str url = r->http->options.public_url;
    if (!url.n || !str_find(url, S("://"), &at)) return false;
    str_cut(str_skip(url, at + 3), '/', &url, &(str){ 0 });
    return str_eq_fold(host, url);
}

/* What .fast functions see. */

str http_method_path(const struct http_request *r)
{
    struct http_request *w = r->conn->request; /* its arena, without casting const away */
    return arena_printf(&w->arena, "%s %.*s", method_names[r->method], STR(r->path));
}

bool http_path_param(const struct http_request *r, const char *name, str *out)
{
    for (size_t i = 0; r->row && i < r->row->nparams; i++) {
        if (strcmp(r->row->param_name[i], name)) continue;
        str raw = r->param[i];
        size_t at;
        *out = raw;
        if (!str_find_char(raw, '%', &at)) return true;
        return percent_decode(&r->conn->request->arena, raw, false, out);
    }
    return false;
}

bool http_query(const struct http_request *r, const char *name, str *out)
{
    return query_find(&r->conn->request->arena, r->query, str_of(name), out);
}

bool http_header(const struct http_request *r, const char *name, str *out)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(r->mhd, MHD_HEADER_KIND, name, strlen(name), &value, &n) != MHD_YES)
        return false;
    *out = (str){ value ? value : "", n };
    return true;
}

bool http_has_query(const struct http_request *r) { return r->query.n > 0; }
bool http_has_authorization(const struct http_request *r)
{
    return r->header[H_AUTHORIZATION].p || r->cookie.n;
}
