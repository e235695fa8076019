/* AsyncAPI 3.0: the messages of WebSockets and followers, from the tables that route and validate them. The
 * document that /asyncapi.json serves and docs/asyncapi.json keeps for review. Operations are the server's:
 * it sends, it receives. */
#pragma once
#include "base/buf.h"
#include "base/desc.h"

struct async_message {
    const char *name, *doc;
    const struct desc *desc; /* NULL: binary */
    const struct desc *data; /* of desc's member `data`; NULL: as desc says */
    bool to_server;
};
struct async_channel {
    const char *address;                 /* a path, or a topic's pattern: {parameters} are fields of in */
    const char *name;                    /* NULL: made from the address */
    const char *doc, *protocol, *detail; /* detail: x-delivery, or NULL */
    const struct desc *in;               /* NULL: no parameters */
    const struct async_message *message;
    size_t nmessages;
    u64 auth; /* RIGHT_ bits */
};
struct asyncapi_options {
    str version;
    const char *const *rights; /* scope names by bit number, 64 of them */
};
void asyncapi_write(struct buf *, const struct asyncapi_options *, const struct async_channel *, size_t n);
