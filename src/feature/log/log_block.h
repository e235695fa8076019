/* A sealed block: up to LOG_BLOCK_LINES lines of one stream in (at, seq) order, as two values that are read
 * apart. Both begin with a version byte (1), then one zstd frame with its checksum.
 *
 *   text   the folded text of each line, each ended by U+0000: all that a search needs
 *   rest   columns, numbers as LEB128: count of lines; then of every line the difference of `at` to the line
 *          before (zigzag), of `seq` (zigzag), a byte (bits 0-2 level, 3-4 kind, 5 text is absent); then the
 *          count of capitals and the distance of each to the one before in the folded text; then of every
 *          line the length of its data plus one (0: absent), and the data of all
 *
 * Reading trusts nothing: damage is an error, never more. Private to the feature. */
#pragma once
#include "feature/log/log.h"
#include "feature/log/log_text.h"

enum { LOG_BLOCK_LINES = 4096, LOG_BLOCK_BYTES = 1 << 20, LOG_PART_MAX = 4 << 20 };

struct log_packed {
    str text, rest, filter;
    unsigned kinds;
    int level;
};
/* n of 1..LOG_BLOCK_LINES, in order, together about LOG_BLOCK_BYTES; in op->arena. */
err_t log_pack(struct op *, const struct log_line *, size_t n, struct log_packed *out) MUST_USE;

/* What opening blocks needs and can be used again; zero at first. */
struct log_room {
    struct ZSTD_DCtx_s *context;
    char *text;
    bool damaged; /* the last error was the block's own */
};
void log_room_done(struct log_room *);
/* The folded text of a block, which stays until the next. ERR_INTERNAL: damaged. */
err_t log_text_open(struct op *, struct log_room *, str packed, str *folded) MUST_USE;

/* The columns of a block, in op->arena. ERR_INTERNAL: damaged, or not of this text. */
struct log_rest {
    size_t n, ncapitals;
    time_us *at;
    i64 *seq;
    u8 *word;
    u32 *capital;      /* places in the folded text, rising */
    u32 *begin;        /* of each line in the folded text; n + 1 */
    const char **data; /* NULL: absent */
    u32 *data_n;
};
err_t log_rest_open(struct op *, struct log_room *, str packed, str folded, struct log_rest *out) MUST_USE;
static inline int log_rest_kind(const struct log_rest *r, size_t i) { return r->word[i] >> 3 & 3; }
static inline int log_rest_level(const struct log_rest *r, size_t i) { return r->word[i] & 7; }
/* Line i as it was, copied into the arena. */
struct log_line log_rest_line(struct arena *, const struct log_rest *, str folded, size_t i);
