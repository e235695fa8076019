/* The WebSocket client. libcurl makes the connection (TLS, proxies, address families) and then only carries
 * bytes; the opening handshake is ours, frames are wslay's. */
#include "base/enc.h"
#include "net/client_int.h"
#include "net/ws_accept.h"
#include <errno.h>
#include <poll.h>
#include <wslay/wslay.h>

enum { HEAD_MAX = 16 << 10, BODY_MAX = 64 << 10, MESSAGE_MAX = 16 << 20, QUEUED_MAX = 64 << 20 };
struct wsc {
    CURL *curl;
    int fd;
    wslay_event_context_ptr frames;
    char *early; /* what came behind the handshake */
    size_t early_at, early_n;
    bool lost;
    void (*message)(void *ctx, bool text, str data);
    void *ctx;
};

/* Bytes. */

static ssize_t receive(struct wsc *w, void *to, size_t n)
{
    if (w->early_at < w->early_n) {
        n = MIN(n, w->early_n - w->early_at);
        memcpy(to, w->early + w->early_at, n);
        w->early_at += n;
        return (ssize_t)n;
    }
    size_t got = 0;
    CURLcode code = curl_easy_recv(w->curl, to, n, &got);
    if (code == CURLE_AGAIN) return -1;
    return code ? 0 : (ssize_t)got;
}

static bool wait_for(const struct wsc *w, short events, i64 until_us)
{
    i64 left = until_us - time_mono_us();
    struct pollfd p = { .fd = w->fd, .events = events };
    return left > 0 && poll(&p, 1, (int)(left / 1000) + 1) > 0;
}

static err_t lost(struct op *op) { return fail(op, ERR_UNAVAILABLE, "the connection was closed"); }
static err_t late(struct op *op) { return fail(op, ERR_TIMEOUT, "the server does not answer in time"); }

static err_t send_all(struct wsc *w, struct op *op, str bytes, i64 until_us)
{
    while (bytes.n) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(w->curl, bytes.p, bytes.n, &sent);
        if (code && code != CURLE_AGAIN) return lost(op);
        bytes = str_skip(bytes, sent);
        if (bytes.n && !wait_for(w, POLLOUT, until_us)) return late(op);
    }
    return OK;
}

static err_t read_more(struct wsc *w, struct op *op, struct buf *b, i64 until_us)
{
    for (;;) {
        ssize_t n = receive(w, buf_room(b, 4096), 4096);
        if (n > 0) {
            buf_grew(b, (size_t)n);
            return OK;
        }
        if (n == 0) return lost(op);
        if (!wait_for(w, POLLIN, until_us)) return late(op);
    }
}

/* The opening handshake. */

static err_t host_and_path(struct op *op, const struct client_options *o, str path, str *host, str *target)
{
    size_t at;
    str rest, base_path = { 0 };
    if (!str_starts(o->base_url, S("http://")) && !str_starts(o->base_url, S("https://")))
        return fail(op, ERR_INVALID, "'%.*s' is not an http:// or https:// address", STR(o->base_url));
    if (!str_find(o->base_url, S("://"), &at)) return fail(op, ERR_INVALID, "no host in the address");
    rest = str_skip(o->base_url, at + 3);
    if (str_find_char(rest, '/', &at)) {
        base_path = str_skip(rest, at);
        rest = str_head(rest, at);
    }
    while (base_path.n && base_path.p[base_path.n - 1] == '/') base_path.n--;
    *host = rest;
    *target = arena_printf(op->arena, "%.*s%.*s", STR(base_path), STR(path));
    return OK;
}

static str header_value(str head, str name)
{
    for (str rest = head, line; str_next(&rest, '\n', &line);) {
        str key, value;
        if (str_cut(line, ':', &key, &value) && str_eq_fold(str_trim(key), name)) return str_trim(value);
    }
    return (str){ 0 };
}

/* Anything but 101 is an ordinary answer; a problem document says why. */
static err_t refused(struct wsc *w, struct op *op, struct buf *answer, size_t head_n, int status,
                     i64 until_us)
{
    i64 length = 0;
    str head = str_head(buf_str(answer), head_n);
    if (!str_to_i64(header_value(head, S("content-length")), &length)) length = 0;
    length = MIN(length, BODY_MAX);
    while (answer->n < head_n + (size_t)length) TRY(read_more(w, op, answer, until_us));
    if (status < 300) return fail(op, ERR_UNAVAILABLE, "the server answered %d, not a WebSocket", status);
    return client_problem(op, status, str_skip(buf_str(answer), head_n));
}

static err_t check_answer(struct wsc *w, struct op *op, str accept, i64 until_us)
{
    struct buf b = BUF(op->arena);
    size_t at;
    do {
        if (b.n > HEAD_MAX) return fail(op, ERR_LIMIT, "the server's answer is too long");
        TRY(read_more(w, op, &b, until_us));
    } while (!str_find(buf_str(&b), S("\r\n\r\n"), &at));
    size_t head_n = at + 4;
    str head = str_head(buf_str(&b), head_n);
    i64 status = 0;
    if (!str_starts(head, S("HTTP/1.1 ")) || !str_to_i64(str_head(str_skip(head, 9), 3), &status))
        return fail(op, ERR_UNAVAILABLE, "the answer is not HTTP/1.1");
    if (status != 101) return refused(w, op, &b, head_n, (int)status, until_us);
    if (!str_eq_fold(header_value(head, S("upgrade")), S("websocket")) ||
        !str_eq(header_value(head, S("sec-websocket-accept")), accept))
        return fail(op, ERR_UNAVAILABLE, "the answer does not belong to this handshake");
    str rest = str_skip(buf_str(&b), head_n);
    w->early = mem_alloc(rest.n);
    if (rest.n) memcpy(w->early, rest.p, rest.n);
    w->early_n = rest.n;
    w->early_at = 0;
    return OK;
}

static err_t handshake(struct wsc *w, struct op *op, const struct client_options *o, str path, i64 until_us)
{
    str host = { 0 }, target = { 0 };
    TRY(host_and_path(op, o, path, &host, &target));
    u8 nonce[16];
    rand_bytes(nonce, sizeof nonce);
    str key = base64_text(op->arena, (str){ (const char *)nonce, sizeof nonce });
    struct buf b = BUF(op->arena);
    buf_printf(&b, "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
               STR(target), STR(host));
    buf_printf(&b, "Sec-WebSocket-Key: %.*s\r\nSec-WebSocket-Version: 13\r\n", STR(key));
    if (o->token.n) buf_printf(&b, "Authorization: Bearer %.*s\r\n", STR(o->token));
    buf_printf(&b, "User-Agent: %.*s\r\n\r\n",
               STR(o->user_agent.n ? o->user_agent : S("netbit/" NETBIT_VERSION)));
    TRY(send_all(w, op, buf_str(&b), until_us));
    return check_answer(w, op, ws_accept_key(op->arena, key), until_us);
}

/* wslay's callbacks. */

static ssize_t on_recv(wslay_event_context_ptr c, uint8_t *to, size_t n, int flags, void *arg)
{
    (void)flags;
    struct wsc *w = arg;
    ssize_t got = receive(w, to, n);
    if (got > 0) return got;
    if (got == 0) w->lost = true;
    wslay_event_set_error(c, got == 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr c, const uint8_t *p, size_t n, int flags, void *arg)
{
    (void)flags;
    struct wsc *w = arg;
    size_t sent = 0;
    CURLcode code = curl_easy_send(w->curl, p, n, &sent);
    if (!code) return (ssize_t)sent;
    wslay_event_set_error(c, code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static int on_mask(wslay_event_context_ptr c, uint8_t *mask, size_t n, void *arg)
{
    (void)c, (void)arg;
    rand_bytes(mask, n);
    return 0;
}

static void on_message(wslay_event_context_ptr c, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
    (void)c;
    struct wsc *w = arg;
    if (wslay_is_ctrl_frame(m->opcode) || !w->message) return;
    w->message(w->ctx, m->opcode == WSLAY_TEXT_FRAME, (str){ (const char *)m->msg, m->msg_length });
}

/* The interface. */

static err_t connect_to(struct wsc *w, struct op *op, const struct client_options *o, i64 until_us)
{
    CURL *c = w->curl;
    curl_easy_setopt(c, CURLOPT_URL, str_z(op->arena, o->base_url));
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)MAX(1, (until_us - time_mono_us()) / 1000));
    if (o->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    CURLcode code = curl_easy_perform(c);
    if (code == CURLE_OPERATION_TIMEDOUT) return late(op);
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (!code) code = curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &fd);
    if (code || fd == CURL_SOCKET_BAD)
        return fail(op, ERR_UNAVAILABLE, "'%.*s': %s", STR(o->base_url), curl_easy_strerror(code));
    w->fd = fd;
    return OK;
}

err_t wsc_open(struct op *op, const struct client_options *o, str path, struct wsc **out)
{
    static const struct wslay_event_callbacks callbacks = { .recv_callback = on_recv,
                                                            .send_callback = on_send,
                                                            .genmask_callback = on_mask,
                                                            .on_msg_recv_callback = on_message };
    client_global();
    i64 until = time_mono_us() + (o->timeout_us ? o->timeout_us : SEC(30));
    if (op->deadline_us) until = MIN(until, op->deadline_us);
    struct wsc *w = MEM_NEW(struct wsc);
    w->fd = -1;
    w->curl = curl_easy_init();
    if (!w->curl || wslay_event_context_client_init(&w->frames, &callbacks, w))
        bug("out of memory for a WebSocket");
    wslay_event_config_set_max_recv_msg_length(w->frames, MESSAGE_MAX);
    err_t e = connect_to(w, op, o, until);
    if (!e) e = handshake(w, op, o, path, until);
    if (e) {
        wsc_free(w);
        return e;
    }
    *out = w;
    return OK;
}

void wsc_free(struct wsc *w)
{
    if (!w) return;
    if (!w->lost && w->early && !wslay_event_queue_close(w->frames, WSLAY_CODE_GOING_AWAY, NULL, 0)) {
        if (wslay_event_send(w->frames)) w->lost = true; /* the peer sees the end of the stream instead */
    }
    wslay_event_context_free(w->frames);
    curl_easy_cleanup(w->curl);
    mem_free(w->early);
    mem_free(w);
}

int wsc_fd(const struct wsc *w) { return w->fd; }
bool wsc_wants_write(const struct wsc *w) { return wslay_event_want_write(w->frames); }

err_t wsc_send(struct wsc *w, struct op *op, bool text, str data)
{
    if (wslay_event_get_queued_msg_length(w->frames) + data.n > QUEUED_MAX)
        return fail(op, ERR_LIMIT, "too much waits to be sent");
    struct wslay_event_msg m = { text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, (const u8 *)data.p, data.n };
    if (w->lost || wslay_event_queue_msg(w->frames, &m) || wslay_event_send(w->frames)) return lost(op);
    return OK;
}

err_t wsc_service(struct wsc *w, struct op *op, void (*message)(void *ctx, bool text, str data), void *ctx)
{
    w->message = message;
    w->ctx = ctx;
    bool ok = !wslay_event_want_read(w->frames) || !wslay_event_recv(w->frames);
    ok = ok && (!wslay_event_want_write(w->frames) || !wslay_event_send(w->frames));
    ok = ok && (wslay_event_want_read(w->frames) || wslay_event_want_write(w->frames));
    w->message = NULL;
    return ok ? OK : lost(op);
}
