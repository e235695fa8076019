/* API rows: binding, answers, problem documents, keep-alive and framing, over real sockets. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <unistd.h>

struct out {
    i64 id;
    str name, who, ip;
    i64 ntags;
};
#define D struct out
static const struct field out_fields[] = { { F(id) }, { F(name) }, { F(who) }, { F(ip) }, { F(ntags) } };
#undef D
static DESC(out);
struct body {
    str name;
    LIST(str) tags;
};
#define D struct body
static const struct field body_fields[] = { { F(name) }, { F_LIST_OF(tags, &field_str_elem), .max = 9 } };
#undef D
static DESC(body);

TEST(http_api_call)
{
    struct site *s = site_start(op, NULL);
    struct client *c = site_client(s, op, "writer");
    str tags[] = { S("a"), S("b") };
    struct body in = { .name = S("Имя"), .tags = { tags, 2 } };
    struct out out;
    assert_ok(op, client_call(c, op, PUT, S("/api/things/42?loud=true"), &body_desc, &in, &out_desc, &out));
    assert_int_equal(out.id, 42);
    assert_str(out.name, S("Имя!"));
    assert_str(out.who, S("writer"));
    assert_str(out.ip, S("127.0.0.1"));
    assert_int_equal(out.ntags, 2);
    assert_ok(op, client_call(c, op, DELETE, S("/api/things/all"), NULL, NULL, NULL, NULL));
    in.name = S("conflict");
    assert_int_equal(client_call(c, op, PUT, S("/api/things/42"), &body_desc, &in, &out_desc, &out),
                     ERR_CONFLICT);
    assert_str(op->err.msg, S("'conflict' exists"));
    op_clear(op);
    in.name = S("");
    assert_int_equal(client_call(c, op, PUT, S("/api/things/42"), &body_desc, &in, &out_desc, &out),
                     ERR_INVALID);
    assert_str(op->err.field, S("name"));
    op_clear(op);
    site_stop(s);
    assert_err(op, ERR_UNAVAILABLE, client_call(c, op, DELETE, S("/api/things/all"), NULL, NULL, NULL, NULL));
}
