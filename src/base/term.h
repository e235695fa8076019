/* A person's terminal: colours only there, tables aligned by display width, one progress bar, questions.
 * Everything degrades to plain lines in a pipe. Texts may come from strangers (a package's description): what
 * could steer a terminal is shown as '?'. */
#pragma once
#include "base/buf.h"

struct term {
    int out, err;
    bool out_tty, err_tty, colour;
    bool quiet;  /* no progress, and of term_say only warnings and errors */
    bool broken; /* stdout could not be written; cli_main turns it into an exit code */
    int width;
};
void term_setup(struct term *, bool allow_colour);
enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM, TONE_BOLD };
void term_put(struct term *, str);                                          /* to stdout, as it is */
void term_say(struct term *, enum tone, const char *fmt, ...) PRINTF(3, 4); /* a line to stderr */
size_t term_width_of(str s);                                                /* display columns of UTF-8 */
/* s made safe for a terminal: control characters, direction overrides and malformed bytes become '?', line
 * ends and tabs blanks. */
str term_safe(struct arena *, str s);
enum { TERM_BYTES = 32 };
str term_bytes(i64 n, char out[static TERM_BYTES]); /* "3.4 MiB", "3,4 МиБ" */

struct term_cell {
    str text;
    enum tone tone;
};
/* head may be NULL. On a terminal that is too narrow the widest columns are cut with an ellipsis. */
void term_table(struct term *, const str *head, const struct term_cell *cells, size_t rows, size_t cols);

/* A bar with bytes, rate and remaining time, drawn at most ten times a second. In a pipe: one line at the
 * end, and one every ten seconds before. total 0: unknown. */
struct progress {
    struct term *term;
    str label;
    i64 done, total, began_us, drawn_us;
    i64 from; /* of done at the first progress_set(), so that a resumed transfer has a true rate */
    bool started;
};
void progress_begin(struct progress *, struct term *, str label, i64 total);
void progress_set(struct progress *, i64 done);
void progress_end(struct progress *, bool ok);
bool term_ask_secret(struct term *, struct arena *, const char *question,
                     str *out); /* no echo; false: no terminal, end of input or Ctrl-C */
/* True with yes_option or when a person answers y or д. Without a terminal it is a no, and says how to say
 * yes. */
bool term_confirm(struct term *, const char *question, bool yes_option);
