/* Texts as the search sees them: folded case that keeps every length, the terms of a question, and the filter
 * of a block. Pure. Private to the feature. */
#pragma once
#include "base/arena.h"

/* Capitals of ASCII and Cyrillic (U+0400..U+042F) become small; each takes as many bytes as before. Any bytes
 * are fine. out has room for n. */
void log_fold(const char *in, size_t n, char *out);
/* The capital whose folded form stands at p, written there; false: none can. */
bool log_unfold(char *p, size_t n);

/* The terms of a question: words and "phrases", folded, the longest first. */
struct log_terms {
    const str *item;
    size_t n;
};
struct log_terms log_terms_of(struct arena *, str question);
bool log_has(str folded, const struct log_terms *); /* all of them */
/* Where what begins in s; false: nowhere. */
bool log_seek(str s, str what, size_t *at);
bool log_seek_plain(str s, str what, size_t *at); /* the portable twin */

/* The lines of a folded text, each ended by U+0000, that have all terms: their numbers, rising, at most
 * `most`. */
size_t log_search(str folded, const struct log_terms *, u32 *line, size_t most);

/* A set of the triples of characters in a folded text, by one hash, at most a quarter full; a triple that is
 * not in it stands nowhere in the text. */
enum { LOG_FILTER_MAX = 1 << 15 }; /* bytes; always a power of two */
str log_filter_make(struct arena *, str folded);
bool log_filter_may(str filter, const struct log_terms *); /* false: no line has them all */
