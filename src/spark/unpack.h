/* Extracting an archive that somebody else made: a tar, plain or compressed by gzip or zstd. Only regular
 * files, folders, links inside the tree and their execute bit come out; everything else is refused: paths
 * that lead out, links that lead out, devices, an entry given twice, more files or bytes than the limits.
 * Symbolic links are made last, so no file is ever written through one. */
#pragma once
#include "net/client.h"

struct unpack_limits {
    i64 files, total_bytes, ratio; /* unpacked : packed; counts from ratio_from bytes on */
    i64 ratio_from;
    size_t path, depth;
};
extern const struct unpack_limits unpack_defaults;

struct unpacked {
    i64 files, bytes;
};
struct unpack_options {
    const struct unpack_limits *limits; /* NULL: the defaults */
    client_progress progress;           /* counts packed bytes; NULL: none */
    void *ctx;
};
/* Reads the archive from fd's present position; `into` is an empty folder that only we write to. What was
 * extracted before an error stays: the caller removes the folder. */
err_t unpack(struct op *, int fd, const char *into, const struct unpack_options *,
             struct unpacked *out) MUST_USE;
