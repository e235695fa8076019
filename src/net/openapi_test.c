#include "net/http_test.h"
#include "net/openapi.h"
#include "tests/unit/test.h"

TEST(openapi_of_a_table)
{
    const struct route *tables[] = { site_routes };
    size_t n[] = { nsite_routes }, at;
    const char *rights[64] = { [1] = "read", [2] = "write" };
    struct buf b = BUF(op->arena), faults = BUF(op->arena);
    openapi_write_with(&b, &(struct openapi_options){ .version = S("1.2.3"), .rights = rights }, tables, n,
                       1);
    str doc = buf_str(&b);
    assert_true(json_valid(doc));
    static const char *const parts[] = {
        "\"/api/things/{id}\":{\"put\":{\"operationId\":\"thing_put\"",
        "\"x-rights\":[\"read\",\"write\"]",
        "\"name\":\"x-color\",\"in\":\"header\"",
        "\"$ref\":\"#/components/schemas/thing_out\"",
        "\"thing_out\":{\"type\":\"object\"",
        "\"security\":[{},{\"bearer\":[]}]",
        "\"text/event-stream\"",
        ("\"requestBody\":{\"required\":false,\"content\":{\"application/"
         "json\":{\"schema\":{\"type\":\"array\""),
    };
    for (size_t i = 0; i < LEN(parts); i++)
        if (!str_find(doc, str_of(parts[i]), &at))
            test_fail(__FILE__, __LINE__, "lacks %s:\n%.*s", parts[i], STR(doc));
    assert_false(str_find(doc, S("sign-in"), &at)); /* hidden */
    assert_int_equal(openapi_check(&faults, tables, n, 1), 0);
    if (getenv("NETBIT_TEST_OPENAPI")) { /* for a validator */
        FILE *f = fopen(getenv("NETBIT_TEST_OPENAPI"), "w");
        assert_non_null(f);
        fwrite(doc.p, 1, doc.n, f);
        fclose(f);
    }
}
