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

/* A JSON call: in and out by descriptor (NULL: none). A problem document becomes op's error: same code, field
 * and detail. No connection: ERR_UNAVAILABLE. */
err_t client_call(struct client *, struct op *, enum method, str path, const struct desc *in_desc,
                  const void *in, const struct desc *out_desc, void *out) MUST_USE;
err_t client_raw(struct client *, struct op *, enum method, str path, str content_type, str body, int *status,
                 str *answer) MUST_USE;

typedef bool (*client_progress)(void *ctx, i64 done, i64 total); /* false: cancel */
/* PUT of a file from `offset` (Content-Range when offset > 0). */
err_t client_upload(struct client *, struct op *, str path_or_url, int fd, i64 offset, i64 size,
                    client_progress, void *ctx, str *answer) MUST_USE;
/* GET into fd from `offset` (Range); *size is the whole length. Follows redirects. Sends the token only to
 * base_url's origin. */
err_t client_download(struct client *, struct op *, str path_or_url, int fd, i64 offset, i64 limit,
                      client_progress, void *ctx, i64 *size) MUST_USE;

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
