/* What libmicrohttpd does by itself. Its log goes to ours. What it cannot parse (bad request line, missing
 * Host, broken chunks, too long headers) it answers with a page of HTML; version 0.9.75 even sends the head
 * of that page twice after a bad Content-Length. It queues such pages through its own public function, and a
 * program's definition of a function comes before a shared library's: ours writes a problem document and lets
 * the library close the connection. Our own answers call the library's function by its address. Where a build
 * of the library binds its calls at link time, its pages stay as they are. */
#include "base/log.h"
#include "net/http_int.h"
#include <dlfcn.h>
#include <sys/socket.h>

void library_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    if (log_least > LOG_LEVEL_DEBUG) return;
    char text[256];
    vsnprintf(text, sizeof text, fmt, ap);
    LOG_DEBUG("microhttpd", KV("text", str_trim(str_of(text))));
}

typedef enum MHD_Result queue_fn(struct MHD_Connection *, unsigned status, struct MHD_Response *);
static queue_fn *queue;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_queue(void)
{
    void *p = dlsym(RTLD_NEXT, "MHD_queue_response");
    if (!p) bug("libmicrohttpd lacks MHD_queue_response");
    memcpy(&queue, &p, sizeof queue); /* ISO C has no cast from object to function pointers */
}

bool library_queue(struct MHD_Connection *c, int status, struct MHD_Response *m)
{
    pthread_once(&once, find_queue);
    return queue(c, (unsigned)status, m) == MHD_YES;
}

static const struct malformed {
    unsigned status;
    err_t code;
    const char *phrase, *detail;
} malformed[] = {
    { 413, ERR_LIMIT, "Content Too Large", "a length in the request is too large" },
    { 414, ERR_INVALID, "URI Too Long", "the address is too long" },
    { 431, ERR_INVALID, "Request Header Fields Too Large", "the headers are too long" },
    { 500, ERR_INTERNAL, "Internal Server Error", "internal error" },
    { 501, ERR_INVALID, "Not Implemented", "this is not supported" },
    { 505, ERR_INVALID, "HTTP Version Not Supported", "speak HTTP/1.1" },
    { 400, ERR_INVALID, "Bad Request", "this is not well-formed HTTP/1.1" }, /* the last: for all others */
};

static const struct malformed *malformed_of(unsigned status)
{
    size_t i = 0;
    while (i + 1 < LEN(malformed) && malformed[i].status != status) i++;
    return &malformed[i];
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
    (void)response;
    struct http_conn *conn = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    const struct malformed *m = malformed_of(status);
    char body[512], text[1024], ignored[4096];
    int n = snprintf(
        body, sizeof body,
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"code\":\"%s\",\"detail\":\"%s\"}",
        err_title(m->code), m->status, err_name(m->code), m->detail);
    n = snprintf(text, sizeof text,
                 "HTTP/1.1 %u %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n"
                 "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
                 m->status, m->phrase, n, body);
    /* What was not read would turn the close into a reset, which overtakes the answer. */
    if (send(conn->fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n) shutdown(conn->fd, SHUT_WR);
    for (int i = 0; i < 64 && recv(conn->fd, ignored, sizeof ignored, MSG_DONTWAIT) > 0; i++) continue;
    atomic_fetch_add_explicit(&conn->http->errors, 1, memory_order_relaxed);
    return MHD_NO;
}
