/* A person's terminal: colours only there, tables aligned by display width, one progress bar, questions.
 * Everything degrades to plain lines in a pipe. */
#pragma once
#include "base/buf.h"

struct term {
    int out, err;
    bool out_tty, err_tty, colour;
    int width;
};
void term_setup(struct term *, bool allow_colour);
enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM, TONE_BOLD };
void term_put(struct term *, str);                                          /* to stdout */
void term_say(struct term *, enum tone, const char *fmt, ...) PRINTF(3, 4); /* a line to stderr */
size_t term_width_of(str s);                                                /* display columns of UTF-8 */

struct term_cell {
    str text;
    enum tone tone;
};
void term_table(struct term *, const str *head, const struct term_cell *cells, size_t rows, size_t cols);

struct progress {
    struct term *term;
    str label;
    i64 done, total, began_us, drawn_us;
};
void progress_begin(struct progress *, struct term *, str label, i64 total);
void progress_set(struct progress *, i64 done);
void progress_end(struct progress *, bool ok);
bool term_ask_secret(struct term *, struct arena *, const char *question,
                     str *out); /* no echo; false: no terminal or end of input */
bool term_confirm(struct term *, const char *question, bool yes_option);
