/* Blobs: immutable bytes named by their SHA-256, the same bytes stored once. A store is opened from a URL
 * ("dir:data/blobs", later "s3://bucket") and is safe for use by several threads. Bytes arrive through a
 * stage: a named, resumable place that becomes a blob by blob_stage_commit(), durably. Nothing is ever held
 * whole in memory. */
#pragma once
#include "base/fs.h"
#include "base/hash.h"

struct blob;
err_t blob_open(struct op *, str url, struct blob **out) MUST_USE;
void blob_close(struct blob *); /* NULL is fine */

struct blob_stage;
/* Opens stage `name` (1-128 of [0-9A-Za-z._-]) at its present end; one holder at a time, else ERR_CONFLICT.
 * Closed with op->arena at the latest. */
err_t blob_stage_open(struct blob *, struct op *, str name, struct blob_stage **out) MUST_USE;
i64 blob_stage_size(const struct blob_stage *);
err_t blob_stage_write(struct blob_stage *, struct op *,
                       str data) MUST_USE; /* appends; ERR_UNAVAILABLE when the disk is full */
err_t blob_stage_commit(struct blob_stage *, struct op *, sha256 *key,
                        i64 *size) MUST_USE; /* the stage is gone afterwards */
err_t blob_stage_discard(struct blob_stage *, struct op *) MUST_USE;
void blob_stage_close(struct blob_stage *); /* keeps what is there for the next holder; twice is fine */
err_t blob_stage_peek(struct blob *, struct op *, str name, i64 *size) MUST_USE; /* ERR_NOT_FOUND: none */

/* Where a blob's bytes are: an open descriptor (caller closes) or, from stores that have them, a URL to send
 * the reader to. */
struct blob_source {
    int fd;
    i64 size;
    str url;
};
err_t blob_get(struct blob *, struct op *, sha256 key, struct blob_source *out) MUST_USE; /* ERR_NOT_FOUND */
err_t blob_has(struct blob *, struct op *, sha256 key, bool *out) MUST_USE;
err_t blob_delete(struct blob *, struct op *, sha256 key) MUST_USE; /* absent is fine */
err_t blob_sweep_stages(struct blob *, struct op *, i64 older_than_us, i64 *removed) MUST_USE;
