#include "net/asyncapi.h"
#include "tests/unit/test.h"

struct told {
    i64 n;
    json_raw data;
};
#define D struct told
static const struct field told_fields[] = { { F(n), .doc = "Number." }, { F(data), .max = 100 } };
#undef D
static DESC(told);
struct about {
    str name;
};
#define D struct about
static const struct field about_fields[] = { { F(name), .min = 1, .max = 20, .doc = "Whose." } };
#undef D
static DESC(about);

TEST(asyncapi_of_a_table)
{
    static const struct async_message messages[] = {
        { "ask", "A question.", &about_desc, NULL, true },
        { "evt", "An event.", &told_desc, &about_desc },
        { "frame", "Bytes.", NULL },
    };
    static const struct async_channel all[] = {
        { .address = "thing/{name}/state",
          .doc = "Of a thing.",
          .protocol = "live",
          .detail = "latest",
          .in = &about_desc,
          .message = messages,
          .nmessages = 3,
          .auth = 3 },
        { .address = "/socket",
          .name = "socket",
          .doc = "A socket.",
          .protocol = "ws",
          .message = messages,
          .nmessages = 1 },
    };
    static const char *const rights[64] = { [1] = "thing:read" };
    struct buf b = BUF(op->arena);
    asyncapi_write(&b, &(struct asyncapi_options){ S("1.2.3"), rights }, all, LEN(all));
    str doc = buf_str(&b);
    static const char *const parts[] = {
        "{\"asyncapi\":\"3.0.0\",",
        "\"thing_name_state\":{\"address\":\"thing/{name}/state\",\"description\":\"Of a thing.\","
        "\"parameters\":{\"name\":{\"description\":\"Whose.\"}},",
        ("\"payload\":{\"allOf\":[{\"$ref\":\"#/components/schemas/told\"},{\"type\":\"object\","
         "\"properties\":{\"data\":{\"$ref\":\"#/components/schemas/about\"}}}]}"),
        "\"contentType\":\"application/"
        "octet-stream\",\"payload\":{\"type\":\"string\",\"format\":\"binary\"}",
        "\"x-delivery\":\"latest\",\"x-rights\":[\"thing:read\"]",
        ("\"thing_name_state.receive\":{\"action\":\"receive\",\"channel\":{\"$ref\":\"#/channels/"
         "thing_name_state\"},\"messages\":[{\"$ref\":\"#/channels/thing_name_state/messages/ask\"}]}"),
        "\"socket.receive\":{",
        "\"schemas\":{\"about\":{\"type\":\"object\",\"properties\":{\"name\":",
    };
    size_t at;
    assert_true(json_valid(doc));
    for (size_t i = 0; i < LEN(parts); i++)
        if (!str_find(doc, str_of(parts[i]), &at))
            test_fail(__FILE__, __LINE__, "lacks %s:\n%.*s", parts[i], STR(doc));
    assert_false(str_find(doc, S("socket.send"), &at)); /* nothing is sent there */
}
