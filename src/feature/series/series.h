/* Series: the one engine for every number of the product. A series is a name, sorted labels, a unit and a
 * kind, in a project (or its owner's own). Points are (time, value): times in microseconds since 1970, values
 * double, int64 or text; at most one point a time, the last written wins, so sending again changes nothing.
 *
 * Writing. A batch of many series becomes one row of the tail table in the caller's transaction, and joins
 * the group commit: acknowledged is durable. A job merges the tail into blocks of thousands of points a
 * series (series_block.h, docs/series-format.md), in time order, so late points land right. Reading sees both
 * alike. What has become durable is told to the watchers (the live channel, alerts).
 *
 * All functions may block on the database and are safe on all threads, unless they say otherwise. Rights are
 * the caller's business: struct series_info has what account_access() needs. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature series_feature;

enum series_kind { SERIES_F64, SERIES_I64, SERIES_TEXT };
extern const char *const series_kinds[]; /* "f64", "i64", "text", NULL */

enum {
    SERIES_MAX_NAME = 256,
    SERIES_MAX_LABELS = 32,
    SERIES_MAX_LABEL_NAME = 128,
    SERIES_MAX_LABEL_VALUE = 1024,
    SERIES_MAX_TEXT = 4096, /* bytes of a text value */
};
/* Times of points: some 73,000 years around 1970. */
#define SERIES_T_MIN (-((i64)1 << 61))
#define SERIES_T_MAX ((i64)1 << 61)

struct series_label {
    str name, value;
};
/* What identifies a series: owner or project, name and labels (any order). Unit, help and kind are taken when
 * it is made; absent ones are filled later by whoever knows them. */
struct series_spec {
    i64 owner_id, project_id; /* project_id 0: the owner's own */
    str name, unit, help;
    int kind;
    const struct series_label *labels;
    size_t nlabels;
};
struct series_info {
    i64 id;
    i64 owner_id, project_id;
    str name, unit, help;
    int kind;
    json_raw labels; /* object, keys sorted */
    time_us created_at;
};
extern const struct desc series_info_desc;

/* Ids of the series of n specs; those that are not there yet are made, durably with the operation. Cached: a
 * hit does not touch the database. ERR_CONFLICT: it is there with another kind. */
err_t series_resolve(struct op *, const struct series_spec *, size_t n, i64 *ids) MUST_USE;

/* Points of one series, in any order; the arrays are the caller's. */
struct series_run {
    i64 id;
    u32 n;
    int kind;
    const i64 *t; /* microseconds */
    union {
        const double *f;
        const i64 *i;
        const str *s;
    };
};
/* Stores all runs or none, in the operation's transaction; readers see the points once they are durable.
 * Kinds must be right. Of points of equal time the later one in the arrays wins, and a later call wins over
 * an earlier one. ERR_INVALID: a time out of range. ERR_UNAVAILABLE with retry_after_us: points come faster
 * than they are put in order. */
err_t series_append(struct op *, const struct series_run *, size_t n) MUST_USE;
/* fn is told of every appended batch once it is durable, on the committer's thread: it must not block. The
 * runs are gone when it returns. Called at start-up only. */
void series_watch(void (*fn)(void *ctx, const struct series_run *, size_t n), void *ctx);

/* Reading: [from, to) in microseconds. Points come in time order, without duplicates, some thousands at a
 * time; the sink returns false to stop. */
struct series_range {
    i64 id;
    i64 from, to;
    /* A block that is damaged: with `damage`, it is skipped and told there; without, it is an error
     * (ERR_INTERNAL) that names series and time. */
    struct series_damage *damage;
};
struct series_damage {
    size_t blocks;
    i64 points;   /* that they held */
    i64 from, to; /* between which times */
    str first;    /* what is wrong with the first, for people */
};
typedef bool series_sink(void *ctx, const struct series_run *);
err_t series_scan(struct op *, struct series_range, series_sink *, void *ctx) MUST_USE;

/* One time bucket; count 0: a gap. Exact, whatever the resolution that was read (raw, or roll-ups where raw
 * is past its retention: then times are those of the roll-up's rows). NaN points count in neither. */
struct series_bucket {
    i64 t;     /* start of the bucket */
    i64 count; /* of points that are numbers */
    double min, max, sum, first, last;
    i64 t_min, t_max, t_first, t_last; /* of those points: what M4 draws (Jugel et al., VLDB 2014) */
};
/* n buckets of equal width over the range, aligned to its start; out has room for n. */
err_t series_buckets(struct op *, struct series_range, size_t n, struct series_bucket *out) MUST_USE;

struct series_point {
    i64 t; /* 0: the series has no point */
    double f;
    i64 i;
    str s;
};
/* The newest point of each of n series; many cost little more than one. A series that is not there has none.
 */
err_t series_last(struct op *, const i64 *ids, size_t n, struct series_point *out) MUST_USE;

/* Finding series. A matcher with an empty name matches the series' name. */
enum series_match_op { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };
struct series_match {
    int op;
    str label, value;
};
/* What the operation's principal may see (all of it for the system); id order; after: the last id of the page
 * before. */
typedef LIST(struct series_info) series_list;
struct series_query {
    const struct series_match *match;
    size_t nmatch;
    i64 project_id; /* 0: all that one may see */
    i64 after, limit;
};
err_t series_find(struct op *, const struct series_query *, series_list *) MUST_USE;
/* Whether op->who may see or change a series: ERR_NOT_FOUND for one that is hidden, ERR_FORBIDDEN. */
enum series_need { SERIES_SEE, SERIES_CHANGE };
err_t series_for(struct op *, i64 id, enum series_need, struct series_info *) MUST_USE;
/* How long points of a project's series (0: of anybody's own) keep their full resolution; 0: for ever. */
err_t series_keeps(struct op *, i64 project_id, i64 *raw_us) MUST_USE;
/* Removes the series with all their points. What is sent to them afterwards makes them anew; points that
 * other nodes took within the same second or two are dropped. */
err_t series_delete(struct op *, const i64 *ids, size_t n) MUST_USE;
