/* Makes a package's archive: a tar compressed by zstd (or gzip). The same files give the same bytes on every
 * machine with the same compression library: sorted paths, one fixed time, owner 0, modes 0644 and 0755, no
 * extended attributes. */
#pragma once
#include "base/hash.h"
#include "net/client.h"
#include "spark/tree.h"

struct pack_options {
    const char *root;
    bool gzip;
    int level;                /* of the compression; 0: chosen */
    client_progress progress; /* counts bytes of files; NULL: none */
    void *ctx;
};
struct packed {
    sha256 digest;
    i64 size;
};
/* Writes to fd from its present position. ERR_CONFLICT: a file changed while it was read. */
err_t pack(struct op *, const struct tree *, const struct pack_options *, int fd,
           struct packed *out) MUST_USE;
