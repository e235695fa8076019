/* The server's own grammars over outside bytes: the request target, routing, binding of path, query and body,
 * and the headers that it reads itself. The input is lines: target, Range, Accept, Accept-Encoding,
 * If-None-Match (offered as subprotocols, too), X-Forwarded-For, Upgrade, Connection, Sec-WebSocket-Key,
 * Origin, Host; what is left is the body. */
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_int.h"
#include "net/http_listen.h"

struct bound {
    i64 id;
    str name, q;
    uuid unit;
    time_us since;
    bool on;
    double ratio;
    LIST(str) tags;
    json_raw data;
};
#define D struct bound
static const struct field bound_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = 1000 },
    { F(name), .flags = PATH, .min = 1, .max = 20 },
    { F(q), .flags = QUERY, .max = 20 },
    { F(unit), .flags = QUERY },
    { F(since), .flags = QUERY },
    { F(on), .flags = QUERY, .def = "true" },
    { F(ratio), .flags = QUERY, .min = 0, .max = 1 },
    { F_LIST_OF(tags, &field_str_elem), .flags = QUERY, .max = 4 },
    { F(data), .max = 1000 },
};
#undef D
static DESC(bound);

static err_t bound_run(struct op *op, const struct bound *in, struct nothing *out)
{
    (void)op, (void)out;
    /* What a handler may rely on. */
    if (in->id < 1 || in->id > 1000 || !in->name.n || !str_utf8_ok(in->name) ||
        memchr(in->name.p, 0, in->name.n))
        bug("a bad id or name was bound");
    if (in->q.n && (!str_utf8_ok(in->q) || str_utf8_count(in->q) > 20)) bug("a bad q was bound");
    if (in->tags.n > 4) bug("too many tags were bound");
    if (in->data.s.p && !json_valid(in->data.s)) bug("bad JSON was bound");
    return OK;
}
API(bound_run, bound, nothing);

static const struct route routes[] = {
    { POST, "/api/{id}/things/{name}", &bound_run_api, .auth = 1, .doc = "x" },
    { PUT, "/api/{id}/things/special", &bound_run_api, .auth = 1, .doc = "x" },
};

static const struct http_socket live = { .name = "live", .protocol = "live.v1" };
static const struct route live_route = { GET, "/live", .socket = &live, .auth = 1, .doc = "x" };
static const struct row live_row = { .route = &live_route, .kind = ROW_SOCKET };

static str next_line(str *rest)
{
    str line = { 0 }, tail = { 0 };
    if (!rest->n) return S("");
    str_cut(*rest, '\n', &line, &tail);
    *rest = tail;
    return line;
}

static void check_range(str header)
{
    struct byte_range r;
    for (i64 size = 0; size < 300; size += 99)
        if (range_parse(header, size, &r) == RANGE_ONE && (r.first < 0 || r.last < r.first || r.last >= size))
            bug("a range outside the file: %lld-%lld of %lld", (long long)r.first, (long long)r.last,
                (long long)size);
}

static void check_headers(struct http_request *r, str *rest)
{
    check_range(next_line(rest));
    str accept = next_line(rest), coding = next_line(rest), etags = next_line(rest),
        forwarded = next_line(rest);
    accepts(accept, S("text/event-stream"));
    coding_for(coding, 6);
    etag_matches(etags, S("\"a\""));
    media_type_is(accept, S("application/json"));
    struct cidr proxy[] = { { .bits = 0 }, { .bits = 99 } };
    r->http->proxy = proxy;
    r->http->nproxies = LEN(proxy);
    struct in6_addr peer = { 0 }, client = listen_client(r->http, &peer, forwarded);
    char text[INET6_ADDRSTRLEN];
    if (listen_address_text(&client, text) >= sizeof text) bug("a long address");
    static const enum http_header_id ids[] = { H_UPGRADE, H_CONNECTION, H_WS_KEY, H_ORIGIN, H_HOST };
    for (size_t i = 0; i < LEN(ids); i++) r->header[ids[i]] = next_line(rest);
    r->header[H_WS_VERSION] = S("13");
    r->header[H_WS_PROTOCOL] = etags;
    r->row = &live_row;
    if (!ws_check_handshake(r) && r->header[H_WS_KEY].n != 24) bug("a key of another length");
    op_clear(&r->op);
}

static void check_binding(struct http_request *r, str body)
{
    if (!request_split_target(r)) return;
    struct route_match m;
    for (enum method method = POST; method <= PUT; method++) {
        router_find(r->http->router, &r->arena, r->path, method, &m);
        if (!m.row) continue;
        r->row = m.row;
        memcpy(r->param, m.param, sizeof r->param);
        r->body = (struct buf){ .arena = &r->arena };
        buf_put(&r->body, body);
        struct bound in;
        struct nothing out;
        op_clear(&r->op);
        if (!request_bind(r, &in) && m.row->nparams == 2 && m.row->route->api->call(&r->op, &in, &out))
            bug("the call failed");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http http;
    static struct http_conn conn;
    static struct http_request r;
    if (!http.router) {
        const struct route *tables[] = { routes };
        size_t n[] = { LEN(routes) };
        http.router = router_new(&http.arena, tables, n, 1);
    }
    struct arena keep = r.arena;
    arena_free(&keep);
    r = (struct http_request){ .http = &http, .conn = &conn };
    conn.request = &r;
    r.op = (struct op){ .arena = &r.arena, .who = &r.who };
    str rest = { (const char *)data, size };
    r.target = next_line(&rest);
    check_headers(&r, &rest);
    check_binding(&r, rest);
    return 0;
}
