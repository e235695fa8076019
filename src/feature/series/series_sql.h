/* The SQL of series. */
#pragma once
#include "feature/series/series_block.h"
#include "port/db/db.h"

struct name_row {
    i64 id;
    int kind;
    str key;
    bool has_unit, has_help;
};
typedef LIST(struct name_row) name_rows;
enum { SERIES_SQL_KEYS = 30 };
err_t series_sql_names(struct op *, const str *key, size_t n,
                       name_rows *) MUST_USE; /* n <= SERIES_SQL_KEYS */
struct series_new {
    const struct series_spec *spec;
    str key, labels; /* hash; canonical JSON */
};
err_t series_sql_insert(struct op *, const struct series_new *, size_t n) MUST_USE; /* keeps what is there */
err_t series_sql_describe(struct op *, i64 id, str unit, str help) MUST_USE;        /* fills what is absent */
err_t series_sql_get(struct op *, i64 id, struct series_info *, bool *found) MUST_USE;
err_t series_sql_delete(struct op *, i64 id) MUST_USE;

struct series_filter {
    i64 after, limit;
    i64 project_id; /* 0: any */
    bool all;       /* whoever's they are */
    i64 user_id;
    str name;    /* equals; absent: any */
    str pair[8]; /* texts "k":"v" that the labels contain */
    size_t npairs;
};
err_t series_sql_find(struct op *, const struct series_filter *, series_list *) MUST_USE;

struct row_id {
    i64 id;
};
typedef LIST(struct row_id) row_ids;
err_t series_sql_of_owner(struct op *, i64 user_id, row_ids *) MUST_USE; /* without a project */

struct tail_data {
    i64 id;
    str data;
};
typedef LIST(struct tail_data) tail_datas;
err_t tail_sql_insert(struct op *, str data, i64 *id) MUST_USE;
err_t tail_sql_ids(struct op *, row_ids *) MUST_USE;
err_t tail_sql_after(struct op *, i64 id, i64 limit, tail_datas *) MUST_USE;
err_t tail_sql_one(struct op *, i64 id, struct tail_data *, bool *found) MUST_USE;
err_t tail_sql_delete(struct op *, const i64 *ids, size_t n) MUST_USE;

struct block_row {
    i64 id, series_id;
    struct block_stats s;
    str data; /* absent: not asked for */
};
typedef LIST(struct block_row) block_rows;
/* The end of a series, as the row of its last block tells it. */
struct block_end {
    i64 at; /* which of the ids that were asked for */
    i64 series_id;
    int kind;
    i64 t_last, count, numbers;
    double last;
};
typedef LIST(struct block_end) block_ends;
/* Of n series, those that have blocks. */
err_t block_sql_ends(struct op *, const i64 *ids, size_t n, block_ends *) MUST_USE;

struct block_after { /* the last block of the page before; t_first INT64_MIN: the first page */
    i64 t_first, id, limit;
};
/* Blocks of the range in time order, with their bytes. */
err_t block_sql_range(struct op *, struct series_range, const struct block_after *, block_rows *) MUST_USE;
/* The same, without the bytes of those that lie within one of the range's buckets and do not touch the time
 * that the tail covers. */
struct block_buckets {
    i64 origin, end, width, tail_first, tail_last;
};
err_t block_sql_buckets(struct op *, struct series_range, const struct block_buckets *,
                        const struct block_after *, block_rows *) MUST_USE;
/* Without bytes: those that begin in (after, to], and the last `before` that begin at or before `after`,
 * latest first. */
err_t block_sql_begin_in(struct op *, struct series_range, i64 limit, block_rows *) MUST_USE;
err_t block_sql_before(struct op *, i64 series_id, i64 t, i64 limit, block_rows *) MUST_USE;
err_t block_sql_data(struct op *, i64 id, str *data, bool *found) MUST_USE;
err_t block_sql_last(struct op *, i64 series_id, struct block_row *, bool *found) MUST_USE;
/* Those whose last point is before that time, oldest first, with their bytes. */
err_t block_sql_old(struct op *, i64 series_id, i64 before, i64 limit, block_rows *) MUST_USE;
err_t block_sql_insert(struct op *, const struct block_row *, size_t n) MUST_USE;
err_t block_sql_delete(struct op *, const i64 *ids, size_t n) MUST_USE;

err_t state_sql_bump(struct op *) MUST_USE; /* whatever it is: what others have read is old now */
err_t state_sql_get(struct op *, i64 *generation) MUST_USE;
err_t state_sql_move(struct op *, i64 generation, bool *moved) MUST_USE; /* to generation + 1 */
/* Whether from now on, until `until`, this node alone merges. */
err_t state_sql_lease(struct op *, i64 now_us, i64 until, bool *mine) MUST_USE;
err_t state_sql_lease_end(struct op *, i64 until) MUST_USE;
/* Of the SQLite file. */
err_t sqlite_free_pages(struct op *, i64 *) MUST_USE;
err_t sqlite_page_size(struct op *, i64 *bytes) MUST_USE;
err_t sqlite_vacuum(struct op *) MUST_USE; /* 2,048 pages at a time */

/* Roll-ups. */
struct rollup_block {
    i64 id, series_id, width, t_first, t_last, count;
    str data;
};
typedef LIST(struct rollup_block) rollup_blocks;
struct rollup_place { /* the last block of the page before; t_first INT64_MIN: the first page */
    i64 width, t_first, id;
};
err_t rollup_sql_range(struct op *, struct series_range, const struct rollup_place *, i64 limit,
                       rollup_blocks *) MUST_USE;
/* Blocks that overlap [from, to], and the last one before. */
err_t rollup_sql_near(struct op *, i64 series_id, i64 width, i64 from, i64 to, rollup_blocks *) MUST_USE;
err_t rollup_sql_old(struct op *, i64 series_id, i64 width, i64 before, i64 limit, rollup_blocks *) MUST_USE;
err_t rollup_sql_insert(struct op *, const struct rollup_block *) MUST_USE;
err_t rollup_sql_delete(struct op *, const i64 *ids, size_t n) MUST_USE;

/* Retention, microseconds; 0: for ever. */
#define RETAIN_RAW     (90 * SEC(86400))
#define RETAIN_MINUTES (730 * SEC(86400))
#define RETAIN_HOURS   ((i64)0)
struct retained {
    i64 id; /* of a series; of a project */
    i64 raw, minutes, hours;
};
typedef LIST(struct retained) retained_list;
err_t series_sql_retained(struct op *, i64 after, i64 limit, retained_list *) MUST_USE; /* of all series */
err_t retention_sql_get(struct op *, i64 project_id, struct retained *) MUST_USE;
err_t retention_sql_set(struct op *, const struct retained *) MUST_USE;
