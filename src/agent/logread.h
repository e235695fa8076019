/* Reading what a unit wrote: its log files hold the bare bytes of stdout and stderr, and a sidecar index says
 * when which part came from which stream. Works with or without an agent. */
#pragma once
#include "base/op.h"

enum log_stream { STREAM_OUT, STREAM_ERR };
struct log_line {
    u64 number;   /* of the line since the unit was made, from 1 */
    time_us time; /* when the part that holds it was read from the unit (to 10 ms) */
    int stream;
    str text; /* without its newline; valid during the call */
};
typedef bool (*log_line_fn)(void *ctx, const struct log_line *); /* false: stop */

/* The last n lines of units/<id>/ (n < 0: all), oldest first. */
err_t log_read_last(struct op *, const char *unit_dir, i64 n, log_line_fn, void *ctx) MUST_USE;
/* The same, then lines as they are written, until fn says stop or the fd `stop_fd` (-1: none) is readable. */
err_t log_follow(struct op *, const char *unit_dir, i64 n, int stop_fd, log_line_fn, void *ctx) MUST_USE;
