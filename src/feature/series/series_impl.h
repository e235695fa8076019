/* What the files of the series store share. The catalogue (series_name.c) knows series by their names; the
 * tail (series_tail.c) is what has come since the last merge, kept compressed in memory as it is on disk;
 * reading (series_walk.c) walks blocks and tail together; the merge (series_merge.c) turns tail into blocks.
 */
#pragma once
#include "feature/series/series_block.h"
#include "feature/series/series_sql.h"
#include "port/db/db.h"
#include "port/ports.h"

enum {
    SERIES_FULL = BLOCK_POINTS_MAX,      /* points of a full block at rest, */
    SERIES_ENOUGH = SERIES_FULL / 8 * 7, /* and from how many on it is not made larger any more */
    SERIES_CACHED = 1 << 18,             /* names in the cache: about 64 MiB */
    SERIES_TAIL_BYTES = 64 << 20,        /* of the tail, here and on disk; then appends are refused */
    SERIES_PIECE_BYTES = 16 << 20,       /* of it in one go of the merge, which then makes room */
    SERIES_MERGE_BYTES = 8 << 20,        /* of the tail: worth a merge */
    SERIES_MERGE_ROWS = 1024,
    SERIES_MERGE_AGE_US = 60 * 1000000,
    /* While points come, the merge waits: until none have come for so long, until the tail is so large (the
     * other half is for what comes while it is merged), or until its oldest points have waited so long. */
    SERIES_CALM_US = 2 * 1000000, /* senders of a batch a second are one burst */
    SERIES_HELD_BYTES = SERIES_TAIL_BYTES / 2,
    SERIES_HELD_ROWS = 2 * SERIES_MERGE_ROWS,
    SERIES_HELD_US = 15 * 1000000,
};

/* The catalogue. */
err_t series_get(struct op *, i64 id, struct series_info *) MUST_USE; /* ERR_NOT_FOUND */
void series_names_forget(void);                                       /* all that is cached */

/* A batch: a tail row as bytes, and what its directory says. */
struct piece {
    i64 series, t_first, t_last;
    u32 at, n, count; /* place and length of the block in the row's bytes; its points */
};
struct tail_row {
    i64 id;
    _Atomic int refs;
    bool gone; /* merged or deleted; guarded by the tail's lock */
    u64 seen;  /* when it came into the index, in steps */
    i64 at_us; /* time_mono_us() of it */
    i64 points;
    str data;
    u32 n;
    struct piece piece[];
};
/* Bytes of a row from sorted runs; in the arena. */
str tail_write(struct arena *, const struct series_run *, size_t n);
/* NULL: not a batch as it should be. One reference, the caller's. Copies data. */
struct tail_row *tail_row_read(i64 id, str data);
void tail_row_drop(struct tail_row *);

/* A piece of a series in the index. The row is referenced. */
struct spot {
    struct tail_row *row;
    const struct piece *piece;
};
struct spots {
    struct spot *item; /* in the order in which they were written */
    size_t n;
};
struct tail_state {
    size_t rows, series, bytes;
    i64 points, oldest_us; /* mono time; 0: empty */
};
err_t tail_load(struct op *) MUST_USE; /* from the database, at start */
void tail_forget(void);                /* at stop */
/* Rows of other nodes: those that have come, those that are merged. Does nothing on SQLite. */
err_t tail_refresh(struct op *) MUST_USE;
void tail_add(struct tail_row *); /* takes the reference; ignores what it knows */
void tail_remove(const i64 *ids, size_t n);
/* Pieces that overlap [from, to]; released with the arena. */
void tail_of(struct arena *, struct series_range, struct spots *);
/* The piece of each series that reaches furthest, the last written of several; row NULL: the tail has none.
 * Released with the arena. */
void tail_newest(struct arena *, const i64 *ids, size_t n, struct spot *out);
/* All rows up to so many bytes, oldest first, and their pieces series by series; released with the arena. */
struct tail_plan {
    struct tail_row **row;
    size_t nrows;
    struct spots *of; /* one for each series, in order of ids */
    size_t n;
};
void tail_plan(struct arena *, size_t most_bytes, struct tail_plan *);
struct tail_state tail_state(void);

/* Points as the readers merge them: bits of a double or int64, or a str's address. */
struct point {
    i64 t;
    u64 bits;
    u32 seq; /* of equal times the highest wins */
};
/* The pieces of one series as one stream in time order, without duplicates; decodes no more than it must. */
struct overlay {
    struct op *op;
    struct spots spots; /* by t_first */
    size_t next;
    struct point *buf;
    size_t head, n, cap;
    bool sorted, known; /* known: kind is */
    int kind;
    u32 *rank; /* of each spot: in which order they were written */
    struct block_points *room;
    struct series_damage *damage;
};
void overlay_init(struct overlay *, struct op *, const struct spots *, struct series_damage *);
/* The next points before `until`, some thousands at most if the pieces do not overlap; *n 0: there are no
 * more. Valid until the next call. */
err_t overlay_next(struct overlay *, i64 until, const struct point **, size_t *n) MUST_USE;
/* Tells of a block that cannot be read: in *damage, or as an error. */
struct block_at {
    i64 series, t_first, t_last, count;
    enum block_fault fault;
};
err_t series_damaged(struct op *, struct series_damage *, const struct block_at *) MUST_USE;

/* How blocks lie in the pages of a SQLite file (series_pages.c); page: bytes of one, 0: another engine.
 * Of n points which took so many bytes, so many leave little of their row to share a page with other rows. */
size_t pages_fitting(size_t page, size_t n, size_t data);
/* The rows in the order in which they waste least, full blocks before small ones; in the arena. */
struct block_row *pages_order(struct arena *, size_t page, const struct block_row *, size_t n);

/* Where the points of one walk go, in time order. */
struct series_out {
    series_sink *run; /* false: stop */
    /* A block that one bucket holds as a whole, in its place among the runs. */
    void (*whole)(void *ctx, const struct block_stats *);
    void *ctx;
};
/* Walks [from, to). With `whole`, `width` is the buckets' (aligned to from). */
err_t series_walk(struct op *, struct series_range, i64 width, const struct series_out *) MUST_USE;

struct series_point series_point_of(const struct series_run *, u32 i);

/* When this process has taken points the last time, mono time; 0: it has not. */
i64 series_came_us(void);

/* The merge of all that is in the tail: `now`, or if it is worth it and need not give way to points that
 * come. */
err_t series_merge(struct op *, bool now) MUST_USE;
err_t series_merge_job(struct op *) MUST_USE;
