/* The program's real tables, as the server starts with them: routes and the records that they take and give.
 */
#include "main/features.h"
#include "net/openapi.h"
#include "tests/unit/test.h"

static void check(struct buf *out, size_t *faults, const struct desc *d)
{
    if (d) *faults += desc_check(out, d);
}

TEST(features_tables_hold_together)
{
    struct tables t = tables_of_features(op->arena);
    struct buf out = BUF(op->arena);
    size_t faults =
        routes_check(&out, t.routes, t.nroutes, t.n) + openapi_check(&out, t.routes, t.nroutes, t.n);
    size_t rows = 0;
    for (size_t i = 0; i < t.n; i++)
        for (size_t k = 0; k < t.nroutes[i]; k++, rows++) {
            const struct route *r = &t.routes[i][k];
            if (r->api) check(&out, &faults, r->api->in), check(&out, &faults, r->api->out);
            if (r->upload) check(&out, &faults, r->upload->in), check(&out, &faults, r->upload->out);
            if (r->download) check(&out, &faults, r->download->in);
        }
    assert_true(rows > 100);
    if (faults) test_fail(__FILE__, __LINE__, "%zu faults:\n%.*s", faults, STR(buf_str(&out)));
}
