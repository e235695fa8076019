/* What libmicrohttpd says by itself. Its log goes to ours. It answers what it cannot parse (bad request line,
 * missing Host, broken chunks, too long headers) with a page of HTML that it makes through its own public
 * function. A program's definition of a function comes before a shared library's: this one makes a problem
 * document instead. Our code uses other constructors, so only such pages come through here. Where a build of
 * the library binds its calls at link time, its pages stay as they are. */
#include "base/log.h"
#include "net/http_int.h"

void library_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    if (log_least > LOG_LEVEL_DEBUG) return;
    char text[256];
    vsnprintf(text, sizeof text, fmt, ap);
    LOG_DEBUG("microhttpd", KV("text", str_trim(str_of(text))));
}

static str title_of(str page)
{
    size_t at;
    if (!str_find(page, S("<title>"), &at)) return S("malformed request");
    str rest = str_skip(page, at + 7), title;
    str_cut(rest, '<', &title, &(str){ 0 });
    return title;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    (void)mode;
    struct arena a = { 0 };
    struct buf b = BUF(&a);
    buf_put(&b, S("{\"type\":\"about:blank\",\"title\":\"The request is not "
                  "valid\",\"code\":\"invalid\",\"detail\":"));
    json_put_str(&b, title_of((str){ buffer, size }));
    buf_char(&b, '}');
    str text = mem_str(buf_str(&b));
    arena_free(&a);
    union {
        const char *c;
        void *v;
    } body = { text.p };
    struct MHD_Response *m =
        MHD_create_response_from_buffer_with_free_callback_cls(text.n, body.v, mem_free, body.v);
    if (m) MHD_add_response_header(m, "Content-Type", "application/problem+json");
    return m;
}
