/* HTTP client, on libcurl: for the CLI and the agent. One struct client per thread; keeps its connection. */
#pragma once
#include "base/desc.h"
#include "net/route.h"

struct client;
struct client_options {
    str base_url, token;
    str user_agent;
    i64 timeout_us;
    bool insecure;
};
err_t client_new(struct op *, const struct client_options *, struct client **out) MUST_USE;
void client_free(struct client *);
void client_set_token(struct client *, str token);

struct client_request {
    enum method method;
    str path;
    const struct desc *in_desc;
    const void *in;
    const struct desc *out_desc;
    void *out;
    str content_type, body; /* of client_raw */
};
/* A JSON call: in and out by descriptor (NULL: none). A problem document becomes op's error: same code, field
 * and detail. No connection: ERR_UNAVAILABLE. */
#define client_call(c, op, m, path, in_desc, in, out_desc, out) \
    client_call_with((c), (op), \
                     &(const struct client_request){ (m), (path), (in_desc), (in), (out_desc), (out) })
err_t client_call_with(struct client *, struct op *, const struct client_request *) MUST_USE;
#define client_raw(c, op, m, path, type, body, status, answer) \
    client_raw_with((c), (op), \
                    &(const struct client_request){ (m), (path), NULL, NULL, NULL, NULL, (type), (body) }, \
                    (status), (answer))
err_t client_raw_with(struct client *, struct op *, const struct client_request *, int *status,
                      str *answer) MUST_USE;

typedef bool (*client_progress)(void *ctx, i64 done, i64 total); /* false: cancel */
struct client_file {
    str path_or_url;
    int fd;
    i64 offset, size, limit;
    client_progress progress;
    void *ctx;
};
/* PUT of a file from `offset` (Content-Range when offset > 0). */
#define client_upload(c, op, path, fd, offset, size, progress, ctx, answer) \
    client_upload_with((c), (op), \
                       &(const struct client_file){ (path), (fd), (offset), (size), 0, (progress), (ctx) }, \
                       (answer))
err_t client_upload_with(struct client *, struct op *, const struct client_file *, str *answer) MUST_USE;
/* GET into fd from `offset` (Range); *size is the whole length. Follows redirects. Sends the token only to
 * base_url's origin. limit 0: none. */
#define client_download(c, op, path, fd, offset, limit, progress, ctx, size) \
    client_download_with( \
        (c), (op), &(const struct client_file){ (path), (fd), (offset), 0, (limit), (progress), (ctx) }, \
        (size))
err_t client_download_with(struct client *, struct op *, const struct client_file *, i64 *size) MUST_USE;

/* GET of lines of JSON that come as they happen (?follow=1): line() gets each without its end; empty ones,
 * which only say that the connection lives, are left out. OK when the server ends it or line() returns false.
 */
err_t client_lines(struct client *, struct op *, str path, bool (*line)(void *ctx, str line),
                   void *ctx) MUST_USE;

/* WebSocket client: an upgraded connection with a descriptor to poll. Not thread-safe. */
struct wsc;
err_t wsc_open(struct op *, const struct client_options *, str path, struct wsc **out) MUST_USE;
void wsc_free(struct wsc *);
int wsc_fd(const struct wsc *);
bool wsc_wants_write(const struct wsc *);
err_t wsc_send(struct wsc *, struct op *, bool text, str data) MUST_USE;
/* Call when fd is ready. Calls message() for each whole message. ERR_UNAVAILABLE: closed. */
err_t wsc_service(struct wsc *, struct op *, void (*message)(void *ctx, bool text, str data),
                  void *ctx) MUST_USE;
