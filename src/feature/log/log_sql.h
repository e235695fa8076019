/* All SQL of the log store. Private to the feature. */
#pragma once
#include "feature/log/log_block.h"
#include "port/db/db.h"

err_t log_sql_stream(struct op *, str name, i64 *id) MUST_USE;      /* 0: none */
err_t log_sql_stream_make(struct op *, str name, i64 *id) MUST_USE; /* as it is, when it is there */
err_t log_sql_stream_drop(struct op *, i64 id) MUST_USE;            /* which has nothing left */

err_t log_sql_insert(struct op *, i64 stream_id, const struct log_line *, size_t n) MUST_USE;
err_t log_sql_insert_one(struct op *, i64 stream_id, const struct log_line *, i64 *seq) MUST_USE;
/* Rows that the query narrows down to, but for its text; in its order, behind (at, seq) unless at is 0. */
err_t log_sql_rows(struct op *, i64 stream_id, const struct log_query *, log_lines *out) MUST_USE;

/* What is told of a block without opening it. */
struct log_meta {
    i64 id;
    time_us first_at, last_at;
    i64 last_seq, lines;
    int kinds, level;
    str filter;
};
typedef LIST(struct log_meta) log_metas;
/* A page of the blocks that may have what the query asks for, by their end nearest to where it begins; behind
 * the block *after unless that is NULL. */
err_t log_sql_blocks(struct op *, i64 stream_id, const struct log_query *, const struct log_meta *after,
                     i64 limit, log_metas *out) MUST_USE;
struct log_body {
    i64 block_id;
    str text, rest;
};
typedef LIST(struct log_body) log_bodies;
err_t log_sql_texts(struct op *, const i64 *id, size_t n, log_bodies *out) MUST_USE; /* any order */
err_t log_sql_rest(struct op *, i64 block_id, struct log_body *out, bool *found) MUST_USE;

/* Sealing. */
struct log_ripe {
    i64 stream_id, lines;
};
typedef LIST(struct log_ripe) log_ripes;
err_t log_sql_ripe(struct op *, i64 least, log_ripes *out) MUST_USE;
err_t log_sql_oldest(struct op *, i64 stream_id, const struct log_line *after, i64 limit,
                     log_lines *out) MUST_USE;
/* The block, instead of the stream's n oldest rows, up to *last; *sealed = false, and nothing is changed: it
 * is not these n any more.*/
err_t log_sql_seal(struct op *, i64 stream_id, const struct log_line *first, const struct log_line *last,
                   i64 n, const struct log_packed *, bool *sealed) MUST_USE;

/* Removing; how many went. */
err_t log_sql_drop_rows(struct op *, i64 stream_id, i64 most, i64 *n) MUST_USE;
err_t log_sql_drop_blocks(struct op *, i64 stream_id, i64 most, i64 *n) MUST_USE;
err_t log_sql_drop_rows_before(struct op *, time_us, i64 most, i64 *n) MUST_USE;
err_t log_sql_drop_blocks_before(struct op *, time_us, i64 most, i64 *n) MUST_USE;
