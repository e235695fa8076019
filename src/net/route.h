/* The route table: one row an operation of the API. Routing, authorisation, limits, audit, OpenAPI come from
 * it. A feature lists its rows in its struct feature; net/http serves them; net/openapi documents them. A row
 * without .auth refuses to boot.
 *
 *     { POST, "/api/spark/packages", &package_create_api, .auth = RIGHT_PACKAGE_WRITE, .status = 201, .audit
 * = "package.create", .doc = "Register a package." }
 *
 * Exactly one of api, raw, upload, download, follow, socket says what kind of row it is. `{name}` in the path
 * binds In's PATH field `name`. */
#pragma once
#include "base/desc.h"

enum method { GET, POST, PUT, PATCH, DELETE, METHOD__COUNT };
extern const char *const method_names[METHOD__COUNT];

struct http_request;
struct http_body; /* an upload's bytes, pulled by the handler */
struct http_file;
struct http_follow;
struct ws;
struct ws_handler;

enum route_flag {
    ROUTE_NO_RATE = 1 << 0,         /* not counted by the rate limits (health) */
    ROUTE_HIDDEN = 1 << 1,          /* not in OpenAPI (pages) */
    ROUTE_ETAG = 1 << 2,            /* answers carry a strong ETag of their bytes and honour If-None-Match */
    ROUTE_SIGN_IN = 1 << 3,         /* the stricter rate limit per address: sign-in, registration */
    ROUTE_ANY_CREDENTIALS = 1 << 4, /* also `Token x`, Basic, ?u=&p=: protocols of others */
    ROUTE_ANYONE = 1 << 5, /* credentials are not looked at: checks of others' clients send what they have */
};

struct route {
    enum method method;
    const char *path;
    const struct api *api;      /* JSON in, JSON out; runs on a worker, may block */
    const struct http_raw *raw; /* bytes of another protocol */
    const struct http_upload *upload;
    const struct http_download *download;
    const struct http_live *follow; /* SSE or NDJSON by Accept */
    /* An api row's other form: requests with follow=1 in the query get it instead. Its In is the api's, which
     * has the parameter. */
    const struct http_live *follow_too;
    /* Another one: requests whose Accept has the type that this gives get it instead. Its In is the api's. */
    const struct http_raw *raw_too;
    const struct http_socket *socket; /* WebSocket */
    u64 auth;          /* RIGHT_ bits, all needed; RIGHT_PUBLIC for anyone; 0 refuses to boot */
    int status;        /* of success; 0: 200, or 204 when out is nothing_desc */
    i64 max_body;      /* bytes; 0: 1 MiB */
    i64 deadline_us;   /* 0: 30 s */
    const char *audit; /* the action's name in the audit log, e.g. "package.create"; NULL: not audited */
    /* Tried first, on the socket's thread, for hot GETs: true when it answered through http_answer_shared().
     * Must not block. */
    bool (*fast)(struct http_request *);
    unsigned flags;
    const char *doc; /* one sentence for OpenAPI */
};

/* The other kinds of row: In is bound from path, query and headers. */

/* An In with { F_AS(QUERY_REST, member), .flags = QUERY } takes query parameters of any name, several times,
 * too: the str member gets the whole query string, undecoded, for http_form_next(). Fields of their own bind
 * as ever. */
#define QUERY_REST "*"
struct http_pair {
    str name, value;
    bool bad; /* malformed escapes or UTF-8: names and values are not to be used */
};
/* The pairs of a query string or form (application/x-www-form-urlencoded), decoded; false at the end. */
bool http_form_next(struct arena *, str *rest, struct http_pair *out);

/* What a raw row answers: status, type and bytes as they are; gzip is applied as to JSON. Texts live in
 * op->arena or for ever. */
struct http_reply {
    int status; /* 0: 200, or 204 without a body */
    const char *content_type;
    str body;
    struct {
        const char *name, *value;
    } header[6];
    size_t nheaders;
};
/* A row that speaks somebody else's protocol (line protocol, remote write, /metrics). The body comes whole,
 * of any media type; Content-Encoding gzip, zstd or snappy (block format) is undone, and max_body holds for
 * what comes out. OK with a status of the handler's choice commits; an error
 * rolls back and is answered by a problem document, or as .refuse makes it. */
struct http_raw {
    const char *name;
    const char *takes, *gives; /* media types for OpenAPI; takes NULL: no body */
    const struct desc *in;
    err_t (*run)(struct op *, const void *in, str body, struct http_reply *);
    /* The protocol's own form of an error; text is for the caller; set in the reply
     * are the status and, as content_type, the request's. */
    void (*refuse)(const struct op *, str text, struct http_reply *);
};
struct http_upload {
    const char *name;
    const struct desc *in, *out;
    err_t (*run)(struct op *, const void *in, struct http_body *, void *out);
};
struct http_download {
    const char *name;
    const struct desc *in;
    err_t (*run)(struct op *, const void *in, struct http_file *out);
    const char *gives; /* media types for OpenAPI; NULL: application/octet-stream */
};
struct http_live {
    const char *name;
    const struct desc *in;
    err_t (*open)(struct op *, const void *in, struct http_follow *);
};
struct http_socket {
    const char *name;
    const struct desc *in;
    err_t (*open)(struct op *, const void *in, struct ws *, const struct ws_handler **out, void **ctx);
    const char *protocol; /* subprotocol: chosen when the client offers it, and then it must; NULL: none */
};

/* What the transaction hook records of an audited operation: set by the dispatcher from the row, before it
 * checks who asks; completed by account_audit_detail(). */
struct op_note {
    const char *action;
    const char *target_kind; /* "package": the kind of thing that it was done to; NULL: nothing told */
    str target_id, target;   /* what addresses it among its kind; its name for people */
    str method_path;
    json_raw before, after;
};

/* Faults in route tables, one line each: duplicates, no auth, no doc, {x} missing in In, body fields on GET.
 * Returns their number. */
size_t routes_check(struct buf *, const struct route *const *table, const size_t *n, size_t tables);
