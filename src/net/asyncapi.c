#include "net/asyncapi.h"
#include "net/schema_set.h"
#include <ctype.h>

struct doc {
    struct buf *b;
    const struct asyncapi_options *o;
    const struct async_channel *channel;
    size_t n;
    struct schema_set schemas;
};

static void put_text(struct buf *b, const char *key, const char *text)
{
    json_put_key(b, key);
    json_put_str(b, str_of(text));
}

/* "unit/{unit_id}/log": unit_unit_id_log. */
static const char *name_of(struct arena *a, const struct async_channel *c)
{
    if (c->name) return c->name;
    struct buf b = BUF(a);
    for (const char *p = c->address; *p; p++) {
        if (isalnum((unsigned char)*p)) buf_char(&b, *p);
        else if (b.n && b.p[b.n - 1] != '_') buf_char(&b, '_');
    }
    while (b.n && b.p[b.n - 1] == '_') b.n--;
    buf_char(&b, 0);
    return b.p;
}

static void put_ref(struct buf *b, const char *where, const char *name)
{
    buf_printf(b, "{\"$ref\":\"#/%s/%s\"}", where, name);
}

/* Channels. */

static void put_parameters(struct buf *b, const struct async_channel *c)
{
    bool any = false;
    for (str rest = str_of(c->address), piece; c->in && str_next(&rest, '/', &piece);) {
        if (piece.n < 3 || piece.p[0] != '{') continue;
        const struct field *f = desc_field(c->in, str_head(str_skip(piece, 1), piece.n - 2));
        if (!f) continue;
        if (!any) buf_put(b, S(",\"parameters\":{"));
        any = true;
        json_put_key(b, f->name);
        buf_char(b, '{');
        put_text(b, "description", f->doc ? f->doc : f->name);
        buf_char(b, '}');
    }
    if (any) buf_char(b, '}');
}

static void put_rights(struct doc *x, u64 auth)
{
    struct buf *b = x->b;
    bool any = false;
    for (unsigned bit = 1; bit < 64 && x->o->rights; bit++) {
        if (!(auth >> bit & 1) || !x->o->rights[bit]) continue;
        buf_put(b, any ? S(",") : S(",\"x-rights\":["));
        json_put_str(b, str_of(x->o->rights[bit]));
        any = true;
    }
    if (any) buf_char(b, ']');
}

/* A payload: the message's schema, and where a topic says what data is, that too. */
static void put_payload(struct doc *x, const struct async_message *m)
{
    struct buf *b = x->b;
    if (!m->desc) {
        put_text(b, "contentType", "application/octet-stream");
        buf_put(b, S(",\"payload\":{\"type\":\"string\",\"format\":\"binary\"}"));
        return;
    }
    schema_set_add(&x->schemas, m->desc, m->to_server);
    if (m->data) schema_set_add(&x->schemas, m->data, false);
    json_put_key(b, "payload");
    if (m->data) {
        buf_put(b, S("{\"allOf\":["));
        put_ref(b, "components/schemas", m->desc->name);
        buf_put(b, S(",{\"type\":\"object\",\"properties\":{\"data\":"));
        put_ref(b, "components/schemas", m->data->name);
        buf_put(b, S("}}]}"));
    } else put_ref(b, "components/schemas", m->desc->name);
}

static void put_messages(struct doc *x, const struct async_channel *c)
{
    struct buf *b = x->b;
    buf_put(b, S(",\"messages\":{"));
    for (size_t i = 0; i < c->nmessages; i++) {
        const struct async_message *m = &c->message[i];
        json_put_key(b, m->name);
        buf_char(b, '{');
        put_text(b, "name", m->name);
        put_text(b, "summary", m->doc);
        put_payload(x, m);
        buf_char(b, '}');
    }
    buf_char(b, '}');
}

static void put_channel(struct doc *x, const struct async_channel *c)
{
    struct buf *b = x->b;
    json_put_key(b, name_of(b->arena, c));
    buf_char(b, '{');
    put_text(b, "address", c->address);
    put_text(b, "description", c->doc);
    put_parameters(b, c);
    put_messages(x, c);
    put_text(b, "x-protocol", c->protocol);
    if (c->detail) put_text(b, "x-delivery", c->detail);
    put_rights(x, c->auth);
    buf_char(b, '}');
}

/* Operations: one a channel and direction. */

static bool has(const struct async_channel *c, bool to_server)
{
    for (size_t i = 0; i < c->nmessages; i++)
        if (c->message[i].to_server == to_server) return true;
    return false;
}

static void put_operation(struct doc *x, const struct async_channel *c, bool to_server)
{
    struct buf *b = x->b;
    const char *name = name_of(b->arena, c);
    bool any = false;
    if (!has(c, to_server)) return;
    json_put_key(b, arena_printf(b->arena, "%s.%s", name, to_server ? "receive" : "send").p);
    buf_char(b, '{');
    put_text(b, "action", to_server ? "receive" : "send");
    json_put_key(b, "channel");
    put_ref(b, "channels", name);
    buf_put(b, S(",\"messages\":["));
    for (size_t i = 0; i < c->nmessages; i++) {
        if (c->message[i].to_server != to_server) continue;
        if (any) buf_char(b, ',');
        any = true;
        put_ref(b, arena_printf(b->arena, "channels/%s/messages", name).p, c->message[i].name);
    }
    buf_put(b, S("]}"));
}

void asyncapi_write(struct buf *b, const struct asyncapi_options *o, const struct async_channel *channel,
                    size_t n)
{
    struct doc x = { .b = b, .o = o, .channel = channel, .n = n, .schemas = { .arena = b->arena } };
    buf_put(b, S("{\"asyncapi\":\"3.0.0\",\"info\":{\"title\":\"Netbit\""));
    json_put_key(b, "version");
    json_put_str(b, o->version);
    put_text(b, "description",
             "WebSockets and followers. Topics are subscribed to over the channel `live` "
             "(docs/live-protocol.md), or one at a time through /api/v1/live/follow.");
    buf_put(b, S("},\"defaultContentType\":\"application/json\",\"channels\":{"));
    for (size_t i = 0; i < n; i++) put_channel(&x, &channel[i]);
    buf_put(b, S("},\"operations\":{"));
    for (size_t i = 0; i < n; i++) {
        put_operation(&x, &channel[i], true);
        put_operation(&x, &channel[i], false);
    }
    buf_put(b, S("},\"components\":{\"schemas\":{"));
    schema_set_write(b, &x.schemas);
    buf_put(b, S("}}}"));
}
