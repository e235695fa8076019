/* Logs and events: an append-only store of lines for units, jobs and whatever else has a story, with text
 * search and live tail. A stream is what lines belong to ("unit/UUID", "job/NAME"). Lines are rows first (the
 * hot tail, durable when acknowledged); a job seals them into compressed blocks of one stream with a filter
 * of the words in them, so that a search over millions of lines opens few blocks. Same tables on both
 * engines. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature log_feature;

enum log_kind { LOG_LINE, LOG_EVENT, LOG_ERROR }; /* telemetry types log, event, error */
struct log_line {
    i64 seq; /* of the stream, rising; given by the store */
    time_us at;
    int kind, level; /* level: 0 none, 1 debug .. 5 fatal */
    str text;
    json_raw data;
};
extern const struct desc log_line_desc;
typedef LIST(struct log_line) log_lines;

/* All or none, in the operation's transaction; sends them to the stream's live topic once durable. */
err_t log_append(struct op *, str stream, const struct log_line *, size_t n) MUST_USE;

/* from, to, level, kinds and text all narrow; text: words or "a phrase", folded case (Russian, too), all must
 * be in the line. */
struct log_query {
    str stream;
    time_us from, to;
    int level;      /* this or worse; 0 any */
    unsigned kinds; /* bits 1 << kind; 0: all */
    str text;
    bool oldest_first;
    i64 after; /* seq of the last line of the page before; 0: from the end (or start) */
    i64 limit;
};
err_t log_find(struct op *, const struct log_query *, log_lines *) MUST_USE;
err_t log_drop(struct op *, str stream, i64 most, i64 *dropped) MUST_USE;            /* a stream that goes */
err_t log_drop_before(struct op *, time_us before, i64 most, i64 *dropped) MUST_USE; /* retention */
