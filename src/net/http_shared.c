/* Answers made once and sent many times: a response of libmicrohttpd for each coding and one for 304, which
 * counts them while they are being sent and frees their bytes after the last one. */
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_int.h"

struct http_shared {
    atomic_int refs;
    char etag[72];
    struct MHD_Response *coded[CODING__COUNT], *unchanged; /* NULL: not packed so */
    unsigned have;                                         /* bits of what is not */
};

static void add(struct MHD_Response *m, const char *name, const char *value)
{
    if (MHD_add_response_header(m, name, value) != MHD_YES) bug("bad header %s: %s", name, value);
}

/* Pages run their own scripts and styles from their own files, and nothing else: no inline script or style,
 * no eval, no foreign origin. 'self' in connect-src covers the WebSocket of the same host. */
static void add_page_headers(struct MHD_Response *m)
{
    add(m, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'");
    add(m, "X-Frame-Options", "DENY");
    add(m, "Referrer-Policy", "same-origin");
    add(m, "Cross-Origin-Opener-Policy", "same-origin");
}

static struct MHD_Response *make(const struct http_shared *s, str bytes, bool owned, const char *type,
                                 const char *cache)
{
    union {
        const char *c;
        void *v;
    } body = { bytes.n ? bytes.p : "" };
    struct MHD_Response *m = MHD_create_response_from_buffer_with_free_callback_cls(
        bytes.n, body.v, owned && bytes.n ? mem_free : NULL, body.v);
    if (!m) bug("out of memory for an answer");
    add(m, "ETag", s->etag);
    add(m, "Vary", "Accept-Encoding");
    if (cache) add(m, "Cache-Control", cache);
    if (!type) return m;
    add(m, "Content-Type", type);
    add(m, "X-Content-Type-Options", "nosniff");
    if (!strncmp(type, "text/html", 9)) add_page_headers(m);
    return m;
}

struct http_shared *shared_new(const str body[static CODING__COUNT], bool owned, const char *etag,
                               const char *type, const char *cache)
{
    struct http_shared *s = MEM_NEW(struct http_shared);
    atomic_init(&s->refs, 1);
    snprintf(s->etag, sizeof s->etag, "%s", etag);
    s->unchanged = make(s, (str){ 0 }, false, NULL, cache);
    for (int c = CODING_IDENTITY; c < CODING__COUNT; c++) {
        if (c && !body[c].p) continue;
        s->coded[c] = make(s, body[c], owned, type, cache);
        if (c) add(s->coded[c], "Content-Encoding", codings[c]);
        s->have |= 1u << c;
    }
    return s;
}

struct http_shared *http_shared_new(str body, const char *content_type, const char *cache_control)
{
    sha256 h = sha256_of(body);
    char etag[36] = "\"";
    hex_encode(h.b, 16, etag + 1);
    etag[33] = '"';
    struct arena scratch = { 0 };
    str coded[CODING__COUNT] = { mem_str(body) };
    bool worth = body.n >= PACK_LEAST && body.n < UINT32_MAX / 2;
    for (enum coding c = CODING_GZIP; c < CODING__COUNT && worth; c++)
        coded[c] = mem_str(answer_pack(&scratch, c, body));
    struct http_shared *s = shared_new(coded, true, etag, content_type, cache_control);
    arena_free(&scratch);
    return s;
}

void http_shared_ref(struct http_shared *s) { atomic_fetch_add(&s->refs, 1); }

void http_shared_unref(struct http_shared *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) > 1) return;
    for (int c = 0; c < CODING__COUNT; c++)
        if (s->coded[c]) MHD_destroy_response(s->coded[c]);
    MHD_destroy_response(s->unchanged);
    mem_free(s);
}

bool http_answer_shared(struct http_request *r, struct http_shared *s)
{
    struct answer *a = &r->answer;
    answer_drop(r);
    http_shared_ref(s);
    a->shared = s;
    a->built = true;
    a->status = 200;
    if (r->header[H_IF_NONE_MATCH].p && etag_matches(r->header[H_IF_NONE_MATCH], str_of(s->etag))) {
        a->status = 304;
        a->made = s->unchanged;
    } else {
        a->made = s->coded[coding_for(r->header[H_ACCEPT_ENCODING], s->have)];
    }
    return true;
}
