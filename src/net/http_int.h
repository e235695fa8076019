/* The daemon's inside, shared by the files http*.c, live.c and ws.c and nobody else.
 *
 * A connection (struct http_conn) belongs to one of libmicrohttpd's threads and owns at most one request at a
 * time. A request passes through stages: HEAD -> BODY -> WORK (suspended, a worker has it) -> ANSWER. Whoever
 * holds it in a stage may touch it without a lock; suspending and resuming the connection are the hand-overs.
 * Requests are counted references because an upload's thread may outlive the client's connection. */
#pragma once
#include "base/buf.h"
#include "net/http.h"
#include "net/http_rate.h"
#include "net/live.h"
#include "net/router.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* Request headers that the server itself looks at: one list gives the index and the name. */
/* clang-format off */
#define HTTP_HEADERS(X) \
    X(HOST, "host") X(AUTHORIZATION, "authorization") X(CONTENT_TYPE, "content-type") \
    X(CONTENT_LENGTH, "content-length") X(CONTENT_ENCODING, "content-encoding") \
    X(TRANSFER_ENCODING, "transfer-encoding") X(EXPECT, "expect") \
    X(ACCEPT, "accept") X(ACCEPT_ENCODING, "accept-encoding") X(IF_NONE_MATCH, "if-none-match") \
    X(IF_RANGE, "if-range") X(RANGE, "range") X(REQUEST_ID, "x-request-id") X(TRACEPARENT, "traceparent") \
    X(FORWARDED_FOR, "x-forwarded-for") X(USER_AGENT, "user-agent") X(IDEMPOTENCY_KEY, "idempotency-key") \
    X(ORIGIN, "origin") X(UPGRADE, "upgrade") X(CONNECTION, "connection") X(WS_KEY, "sec-websocket-key") \
    X(WS_VERSION, "sec-websocket-version") X(COOKIE, "cookie") X(REQUESTED_BY, "x-requested-by") \
    X(FETCH_SITE, "sec-fetch-site") X(WS_PROTOCOL, "sec-websocket-protocol")
/* clang-format on */
#define X(id, name) H_##id,
enum http_header_id { HTTP_HEADERS(X) H__COUNT };
#undef X

enum { ANSWER_HEADERS = 12 };
struct answer_header {
    const char *name, *value;
};
/* What goes back. `made` wins: an MHD_Response that somebody has built already. */
struct answer {
    int status;
    const char *content_type;
    str body;
    struct answer_header header[ANSWER_HEADERS];
    size_t nheaders;
    struct MHD_Response *made;
    struct http_shared *shared; /* that made belongs to */
    bool built;                 /* made has all its headers */
    bool close;                 /* the connection must not be used again */
};

/* Work for the pool. */
struct task {
    struct task *next;
    void (*run)(struct task *);
    i64 since_us;
};

enum stage {
    STAGE_HEAD,   /* headers have just been read */
    STAGE_BODY,   /* collecting a JSON body, or none */
    STAGE_UPLOAD, /* bytes go into req->upload */
    STAGE_DRAIN,  /* the answer is known; what still comes is thrown away */
    STAGE_WORK,   /* suspended; a worker or the upload's thread has it */
    STAGE_ANSWER, /* resumed with an answer */
    STAGE_LEAVE,  /* resumed; the socket goes to the live thread */
    STAGE_SENT,
};

struct http_conn;
struct http_body;
struct http_request {
    struct http *http;
    struct http_conn *conn;
    struct MHD_Connection *mhd;
    atomic_int refs;
    enum stage stage;
    struct arena arena;
    struct op op;
    struct principal who;
    struct op_note note;
    struct trace_span span;
    struct task task;

    str target, path, query; /* as sent */
    enum method method;
    bool head, options;
    const struct row *row;
    str param[ROUTE_PARAMS];
    str header[H__COUNT];
    u8 seen[H__COUNT]; /* how often each came */
    str address;       /* the client's, through trusted proxies */
    str cookie;        /* the session's, views its header */
    struct rate_state rate;

    i64 length;   /* Content-Length; -1: chunked; 0: none */
    i64 received; /* of the body, drained bytes too */
    struct buf body;
    i64 start_us;

    struct http_body *upload;
    struct live_socket *live;
    bool upgrade_required;
    void *out; /* the handler's answer */
    bool idempotent;
    struct http_kept kept;
    struct answer answer;
};

struct http_conn {
    struct http_conn *next, *prev; /* the list that the sweeper walks */
    struct http *http;
    int fd;
    _Atomic i64 idle_since_us; /* 0: a request is being served */
    struct sockaddr_in6 peer;  /* IPv4 as mapped address */
    char address[INET6_ADDRSTRLEN];
    size_t address_n;
    struct http_request *request; /* kept for reuse between requests */
};

struct pool;
struct http {
    struct http_options options;
    struct arena arena; /* strings of the options, routes, static files */
    struct router *router;
    struct MHD_Daemon *daemon;
    int port;
    struct pool *pool;
    struct live *live;
    struct rate_table *rate;
    struct cidr {
        struct in6_addr base;
        int bits;
    } * proxy;
    size_t nproxies;
    struct http_shared **file;    /* one per options.files */
    atomic_bool stopping, sealed; /* answers end their connections; nothing is let in flight any more */
    struct row_stats elsewhere;   /* answers of no row */
    _Atomic i64 requests, errors, in_flight, connections, uploads, live_sockets;

    pthread_mutex_t lock; /* conns, and waiting for in_flight to fall */
    pthread_cond_t calm;
    struct http_conn *conns;
};

/* http_request.c: the first look at a request. */
struct http_request *request_take(struct http_conn *, struct MHD_Connection *, const char *uri);
void request_ref(struct http_request *);
void request_unref(struct http_request *);
bool request_head(struct http_request *, const char *method); /* false: req->answer says why not */
bool request_split_target(struct http_request *);             /* target into path and query */
void request_copy_strings(struct http_request *);             /* so that they outlive the connection */
bool request_host_allowed(const struct http_request *);
void request_charge_address(struct http_request *); /* for a refused token */

/* http_bind.c: In from path, query, headers and body. */
err_t request_bind(struct http_request *, void *in) MUST_USE;
bool query_find(struct arena *, str query, str name, str *out); /* decoded; false: absent or malformed */
bool media_type_is(str content_type, str want);                 /* without parameters, any case */
bool accepts(str accept, str type);                             /* q=0 is no */

/* http_dispatch.c: operations. */
void request_submit(struct http_request *); /* suspends the connection and gives it to a worker */
void request_op_begin(struct http_request *);
err_t request_authorise(struct http_request *) MUST_USE;
void request_finish(struct http_request *); /* the answer is ready: wakes the connection */
void request_end(struct http *);            /* one less in flight */
/* The handler is done: an error is refused, answered and logged; durable() is called when what was written
 * is, or with the error that keeps it from being. */
void request_end_run(struct http_request *, err_t, void (*durable)(void *, err_t));

/* http_metrics.c, http_library.c */
void stats_count(struct http_request *); /* an answer goes out */
bool library_queue(struct MHD_Connection *, int status, struct MHD_Response *);
void library_log(void *cls, const char *fmt, va_list) PRINTF(2, 0);

/* http_pool.c */
struct pool *pool_new(int workers, int awake, size_t most);
bool pool_push(struct pool *, struct task *, bool force); /* false: full */
void pool_end(struct pool *);                             /* runs what is queued, then ends the threads */
void pool_free(struct pool *);

/* http_upload.c */
bool upload_begin(struct http_request *); /* false: too many, see the answer */
bool upload_data(struct http_request *, const char *p,
                 size_t *n);                /* takes what fits, may suspend; false: cut it off */
void upload_end(struct http_request *);     /* all bytes are here */
void upload_gone(struct http_request *);    /* the client left */
bool upload_proceed(struct http_request *); /* the repeated first call */

/* http_static.c */
void static_build(struct http *);
void static_free(struct http *);
bool static_answer(struct http_request *); /* false: no such file */

/* http_follow.c, ws.c: prepared on a worker; the hand-over follows when the connection wakes. */
err_t follow_open(struct http_request *, const void *in) MUST_USE;
err_t ws_open(struct http_request *, const void *in) MUST_USE;
err_t ws_check_handshake(struct http_request *) MUST_USE;
