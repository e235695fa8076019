/* Live connections follow in the next commit. */
#include "net/http_int.h"
struct live *live_new(struct http *h)
{
    (void)h;
    return NULL;
}
void live_stop(struct live *l) { (void)l; }
void live_free(struct live *l) { (void)l; }
void live_adopt(struct live *l, struct live_socket *s, int fd) { (void)l, (void)s, (void)fd; }
void live_abandon(struct live *l, struct live_socket *s) { (void)l, (void)s; }
err_t follow_open(struct http_request *r, const void *in)
{
    (void)in;
    return fail(&r->op, ERR_UNAVAILABLE, "not yet");
}
err_t ws_open(struct http_request *r, const void *in)
{
    (void)in;
    return fail(&r->op, ERR_UNAVAILABLE, "not yet");
}
err_t ws_check_handshake(struct http_request *r) { return fail(&r->op, ERR_UNAVAILABLE, "not yet"); }

void http_follow_on_close(struct http_follow *f, void (*fn)(void *), void *arg)
{
    (void)f, (void)fn, (void)arg;
}
bool http_follow_send(struct http_follow *f, str event, str id, str json)
{
    (void)f, (void)event, (void)id, (void)json;
    return false;
}
void http_follow_end(struct http_follow *f) { (void)f; }
void http_follow_ref(struct http_follow *f) { (void)f; }
void http_follow_unref(struct http_follow *f) { (void)f; }
bool ws_send(struct ws *w, bool text, str data)
{
    (void)w, (void)text, (void)data;
    return false;
}
void ws_close(struct ws *w, int code, str reason) { (void)w, (void)code, (void)reason; }
void ws_ref(struct ws *w) { (void)w; }
void ws_unref(struct ws *w) { (void)w; }
