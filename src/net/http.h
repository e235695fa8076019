/* The HTTP/1.1 server, on libmicrohttpd (epoll, a thread pool owns sockets). API rows run on a worker pool:
 * the connection is suspended, the operation runs straight-line and may block, the answer is queued when what
 * it wrote is durable (options.when_durable). Uploads run on a thread of their own, bounded in number. Live
 * connections (SSE, NDJSON, WebSocket) copy from a bounded ring per subscriber. Every error is a problem
 * document (RFC 9457): {"type","title","status","code","detail","field","request_id"}. */
#pragma once
#include "net/route.h"

struct http;

/* Idempotency-Key on POST rows: the answer of a request that succeeded is kept for a day and given again to
 * whoever (op->who) repeats the request under the same key. */
struct http_kept {
    str key, fingerprint; /* fingerprint: of method, path, query and body */
    int status;           /* 0: none (yet) */
    str body;             /* JSON, or empty */
};
struct http_idempotency {
    /* Known: fills status and body. New: reserves the key durably and leaves status 0. ERR_CONFLICT: the key
     * is in use by a request under way, or belonged to one with another fingerprint. */
    err_t (*find)(struct op *, struct http_kept *);
    /* After the handler's commit. status 0: it failed, the reservation is given up. */
    err_t (*store)(struct op *, const struct http_kept *);
};

struct http_options {
    str listen; /* "127.0.0.1:8080", "[::]:8080", ":0" (any free port) */
    int io_threads, workers, max_connections, max_uploads; /* 0: chosen */
    i64 rate_per_minute, sign_in_per_minute;               /* per token or address; 0: no limit */
    /* Patience; 0: as told here. A head must come within slow_head_us (60 s; a body gets a minute more at a
     * time), a follower without news hears a beat every beat_us (15 s), a WebSocket is
     * pinged after two and lost after five of them, and a follower that takes nothing for stuck_us (60 s) is
     * let go. More than max_queue operations that wait (4,096) are refused with 503. */
    i64 slow_head_us, beat_us, stuck_us;
    int max_queue;
    str trusted_proxies; /* comma list of addresses whose X-Forwarded-For counts */
    str public_url;      /* for absolute links; absent: from Host */
    const struct ports *ports;
    /* Turns the Authorization header (or query token of a WebSocket) into who acts, without blocking
     * for long. A bad token is an error. */
    err_t (*authenticate)(struct op *, str authorization, struct principal *out);
    /* The same for the value of a browser's session cookie of that name, of requests that our own page has
     * sent (see http_cookie.c). A bad cookie is nobody on PUBLIC rows. NULL: no cookies. */
    const char *cookie;
    err_t (*authenticate_cookie)(struct op *, str value, struct principal *out);
    const struct http_idempotency *idempotency; /* NULL: the header is ignored */
    /* Ends the operation's use of the database and calls done() once what it wrote is durable:
     * db_when_durable. NULL: at once. */
    void (*when_durable)(struct op *, void (*done)(void *arg, err_t), void *arg);
    /* Told of every refused attempt (401 or 403, by the dispatcher or the handler) on a row that has .audit
     * or ROUTE_SIGN_IN; op->note and op->err are set. NULL: nobody is told. */
    void (*refused)(struct op *, err_t);
    const struct static_file *files;
    size_t nfiles; /* embedded files, sorted by path */
};
err_t http_start(struct op *, const struct http_options *, const struct route *const *tables, const size_t *n,
                 size_t ntables, struct http **out) MUST_USE;
int http_port(const struct http *);
/* Stops accepting, lets running operations end for up to grace_us, closes the rest. */
void http_stop(struct http *, i64 grace_us);

/* Requests, as seen by .fast functions. */
str http_method_path(const struct http_request *);
bool http_path_param(const struct http_request *, const char *name, str *out);
bool http_query(const struct http_request *, const char *name, str *out);
bool http_header(const struct http_request *, const char *name, str *out);
bool http_has_query(const struct http_request *);
bool http_has_authorization(const struct http_request *); /* by header or cookie */

/* An answer made once and sent many times: bytes, their gzip form and strong ETag. Reference counted; 304,
 * HEAD and gzip by themselves. */
struct http_shared;
struct http_shared *http_shared_new(str body, const char *content_type, const char *cache_control);
void http_shared_ref(struct http_shared *);
void http_shared_unref(struct http_shared *);                         /* NULL is fine */
bool http_answer_shared(struct http_request *, struct http_shared *); /* from .fast; returns true */

/* Uploads. */
i64 http_body_length(const struct http_body *); /* Content-Length, -1: chunked */
/* Next bytes, up to n; *got = 0 at the end. ERR_UNAVAILABLE when the client went away; ERR_LIMIT past the
 * row's max_body. */
err_t http_body_read(struct http_body *, struct op *, void *out, size_t n, size_t *got) MUST_USE;

/* Downloads: sendfile; Range, If-Range, If-None-Match, HEAD. The server closes fd. With url: 302 to it. */
struct http_file {
    int fd;
    i64 size;
    str content_type, file_name, etag, url;
    bool immutable;
};

/* SSE / NDJSON: open() keeps f through http_follow_ref and any thread sends. A full ring drops the oldest and
 * counts; the next event that fits is preceded by {"dropped":n}. Ends when the client leaves (then on_close
 * runs once) or by http_follow_end. */
void http_follow_on_close(struct http_follow *, void (*fn)(void *), void *arg);
bool http_follow_send(struct http_follow *, str event, str id, str json); /* false: closed */
void http_follow_end(struct http_follow *);
void http_follow_ref(struct http_follow *);
void http_follow_unref(struct http_follow *);

/* WebSocket (RFC 6455, framing by wslay). Handlers run on a worker, one at a time per socket. */
struct ws_handler {
    i64 max_message;
    void (*message)(struct ws *, void *ctx, bool text, str data);
    void (*closed)(struct ws *, void *ctx); /* exactly once; afterwards ctx is the handler's to free */
};
bool ws_send(struct ws *, bool text, str data); /* any thread; copies; false: closed or its queue is full */
/* A message for many: framed once, shared by reference. */
struct ws_message;
struct ws_message *ws_message_new(bool text, str data);
str ws_message_text(const struct ws_message *); /* the data */
void ws_message_ref(struct ws_message *);
void ws_message_unref(struct ws_message *);
bool ws_send_message(struct ws *, struct ws_message *); /* as ws_send */
size_t ws_unsent(struct ws *);                          /* bytes that wait in its queue */
void ws_close(struct ws *, int code, str reason);
void ws_ref(struct ws *);
void ws_unref(struct ws *);

/* Embedded files: made at build time by tools/embed. A path's ".gz" twin is served to clients that take gzip.
 */
struct static_file {
    const char *path, *content_type;
    const u8 *data;
    size_t size;
    const u8 *gzip;
    size_t gzip_size;
    const char *etag;
    bool immutable;
};

struct prom_text;
void http_metrics(const struct http *, struct prom_text *);
/* Counters of the moment. */
struct http_stats {
    i64 requests, errors, in_flight, connections, uploads;
};
void http_stats(const struct http *, struct http_stats *out);
