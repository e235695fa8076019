/* Logs and events: an append-only store of lines for units, jobs and whatever else has a story, with text
 * search. A stream is what lines belong to ("unit/UUID", "job/NAME"). Lines are rows first (the hot tail,
 * durable when acknowledged); a job seals them into compressed blocks of one stream with a filter of what
 * stands in them, so that a search over millions of lines opens few blocks and reads the rest at a gigabyte a
 * second. Same tables on both engines. docs/adr/0095.
 *
 * All functions may block on the database and are safe on all threads. Rights are the caller's business. */
#pragma once
#include "base/desc.h"

struct feature;
extern const struct feature log_feature;

/* As telemetry's types and levels (feature/unit/unit_wire.h). */
enum log_kind { LOG_LINE, LOG_METRIC, LOG_EVENT, LOG_ERROR };
struct log_line {
    i64 seq; /* rising within the stream; given by the store */
    time_us at;
    int kind, level; /* level: 0 none, 1 debug .. 5 fatal */
    str text;        /* may be absent; without U+0000 */
    json_raw data;
};
extern const struct desc log_line_desc;
typedef LIST(struct log_line) log_lines;

enum { LOG_STREAM_MAX = 64 }; /* bytes of a stream's name */
/* All or none, in the operation's transaction. seq: NULL, or room for the numbers that the lines are given
 * (it costs: ask only when somebody listens). ERR_CONFLICT: the stream was dropped a moment ago. */
err_t log_append(struct op *, str stream, const struct log_line *, size_t n, i64 *seq) MUST_USE;

/* Everything given narrows. text: words, and "phrases" between quotation marks; each must be somewhere in the
 * line, whatever the case of its Latin and Cyrillic letters. Lines come in the order of (at, seq). */
struct log_query {
    str stream;
    time_us from, to; /* [from, to) */
    int level;        /* this or worse; 0 any */
    unsigned kinds;   /* bits 1 << kind; 0: all */
    str text;
    bool oldest_first;
    time_us after_at; /* go on behind this line; 0: from the end (or the start) */
    i64 after_seq;
    i64 limit;
};
/* In op->arena. Where a block is damaged, one line of level error says so and the rest is answered. */
err_t log_find(struct op *, const struct log_query *, log_lines *) MUST_USE;
/* Whether a line is one that the query's level, kinds and text ask for: for those who follow. */
bool log_matches(struct arena *, const struct log_query *, const struct log_line *);

/* A stream that goes, or what is older than `before`, some thousand lines a call; *more: call again. A block
 * goes when its newest line is that old. */
err_t log_drop(struct op *, str stream, bool *more) MUST_USE;
err_t log_drop_before(struct op *, time_us before, bool *more) MUST_USE;
/* Seals what is ripe, for at most this long; the job calls it. */
err_t log_seal(struct op *, i64 most_us) MUST_USE;
