/* OpenAPI 3.1 from the route tables: the document that /api/openapi.json serves and docs/openapi.json keeps
 * for review. */
#pragma once
#include "base/buf.h"
#include "net/route.h"
void openapi_write(struct buf *, const struct route *const *tables, const size_t *n, size_t ntables,
                   str version);
