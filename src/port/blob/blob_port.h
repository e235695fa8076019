/* Blobs as their backends see them. Stages are files on this machine, the same for every backend
 * (blob_stage.c); a backend only takes over finished ones and gives them out again. Its struct begins with
 * struct blob. */
#pragma once
#include "port/blob/blob.h"

struct blob {
    const struct blob_ops *ops;
    char *stages; /* folder */
};
struct blob_ops {
    const char *scheme;
    err_t (*open)(struct op *, str rest, struct blob **out); /* rest: the URL behind "scheme:" */
    void (*close)(struct blob *);
    /* Takes over the file at `path`, whose bytes are on disk and hash to key: durable when it returns OK, and
     * the path is gone. On failure the file stays. */
    err_t (*adopt)(struct blob *, struct op *, const char *path, sha256 key);
    err_t (*get)(struct blob *, struct op *, sha256 key, struct blob_source *out);
    err_t (*has)(struct blob *, struct op *, sha256 key, bool *out);
    err_t (*remove)(struct blob *, struct op *, sha256 key);
};
extern const struct blob_ops blob_dir_ops;

/* errno as an error: a full, read-only or broken disk is ERR_UNAVAILABLE; paths go to the log only. */
err_t blob_os_error(struct op *, const char *what, const char *path) MUST_USE;
