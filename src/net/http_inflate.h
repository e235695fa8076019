/* Compressed bodies, undone in memory. Private to net. */
#pragma once
#include "base/op.h"

/* coding: gzip, deflate, zstd, snappy (block format), identity; most bytes that may come out: ERR_LIMIT past
 * them, ERR_MEDIA_TYPE for another coding, ERR_INVALID for what is not whole. */
err_t http_inflate(struct op *, str coding, str body, i64 most, str *out) MUST_USE;
