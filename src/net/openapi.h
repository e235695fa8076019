/* OpenAPI 3.1 from the route tables: the document that /api/openapi.json serves and docs/openapi.json keeps
 * for review. */
#pragma once
#include "base/buf.h"
#include "net/route.h"

struct openapi_options {
    const char *title, *description; /* NULL: Netbit's */
    str version;
    const char *const
        *rights; /* scope names by bit number, 64 of them, NULL where a bit has none; absent: no x-rights */
};
void openapi_write_with(struct buf *, const struct openapi_options *, const struct route *const *tables,
                        const size_t *n, size_t ntables);
void openapi_write(struct buf *, const struct route *const *tables, const size_t *n, size_t ntables,
                   str version);
/* Two descriptors of one name whose schemas differ: #/components/schemas could not tell them apart. One line
 * a fault; returns their number. */
size_t openapi_check(struct buf *, const struct route *const *tables, const size_t *n, size_t ntables);
