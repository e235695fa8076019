/* The server that the tests of net talk to, over real sockets: a small route table with a row of every kind.
 */
#pragma once
#include "net/client.h"
#include "net/http.h"

struct site;
struct site_options {
    i64 rate_per_minute, sign_in_per_minute;
    int workers, max_uploads;
    const char *trusted_proxies;
    i64 slow_head_us, beat_us, stuck_us;
    int max_queue;
};
struct site *site_start(struct op *, const struct site_options *); /* NULL: defaults */
void site_stop(struct site *);
struct http *site_http(struct site *);
int site_port(const struct site *);
struct client *site_client(struct site *, struct op *,
                           const char *token); /* freed with the operation's arena */

/* Raw sockets. */
int site_connect(struct site *);
int raw_connect(int port); /* -1: nobody listens */
void raw_send(int fd, str bytes);
#define RAW(fd, lit) raw_send((fd), S(lit))
struct reply {
    int status;
    str head, body;
};
/* Reads one answer (Content-Length, chunked or to the end); status 0: the connection was closed. */
struct reply raw_reply(struct op *, int fd, bool head_only);
bool reply_header(const struct reply *, const char *name, str *out);
/* One request on a connection of its own. */
struct reply site_raw(struct site *, struct op *, str request);
void assert_problem(const struct reply *, int status, const char *code);
bool raw_closed(int fd); /* waits for the end of the stream */

/* What handlers have seen. */
struct site_seen {
    i64 uploaded, upload_errors, live_opened, follow_closed, ws_closed;
    err_t upload_error;
};
struct site_seen site_seen(struct site *);
void site_hold(struct site *, bool); /* what opens something live waits, once it is counted as opened */
void site_broadcast(struct site *, str json); /* to every follower of /live */
i64 site_followers(struct site *);
str site_spans(struct site *, struct op *); /* what was POSTed to /v1/traces, one batch behind the other */
extern const struct route site_routes[];
extern const size_t nsite_routes;
