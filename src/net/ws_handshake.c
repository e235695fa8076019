/* The opening handshake of RFC 6455, section 4.2. */
#include "base/enc.h"
#include "net/http_int.h"
#include "net/ws_accept.h"
#include <openssl/sha.h>

str ws_accept_key(struct arena *a, str key)
{
    str text = arena_printf(a, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", STR(key));
    u8 digest[SHA_DIGEST_LENGTH];
    SHA1((const u8 *)text.p, text.n, digest);
    return base64_text(a, (str){ (const char *)digest, sizeof digest });
}

static bool has_token(str list, str want)
{
    for (str rest = list, one; str_next(&rest, ',', &one);)
        if (str_eq_fold(str_trim(one), want)) return true;
    return false;
}

err_t ws_check_handshake(struct http_request *r)
{
    struct op *op = &r->op;
    str key;
    r->upgrade_required =
        !has_token(r->header[H_UPGRADE], S("websocket")) || !str_eq(r->header[H_WS_VERSION], S("13"));
    if (r->upgrade_required || r->head)
        return fail(op, ERR_INVALID, "this is a WebSocket: upgrade to it, version 13");
    if (!has_token(r->header[H_CONNECTION], S("upgrade")))
        return fail_field(op, "connection", "must be 'Upgrade'");
    if (!base64_decode(op->arena, r->header[H_WS_KEY], &key) || key.n != 16)
        return fail_field(op, "sec-websocket-key", "must be 16 bytes in base64");
    const char *protocol = r->row->route->socket->protocol;
    str offered = r->header[H_WS_PROTOCOL];
    if (protocol && offered.n && !has_token(offered, str_of(protocol)))
        return fail_field(op, "sec-websocket-protocol", "the only subprotocol is '%s'", protocol);
    if (!request_host_allowed(r)) return fail(op, ERR_FORBIDDEN, "pages of another origin may not open this");
    return OK;
}
