/* Words of a text as a search index keeps them: lower case, ё as е, cut to their stem by the Russian or the
 * English rules of the Snowball project after the letters they are written in. The same text gives the same
 * stems whatever database keeps them. Results live in the arena. */
#pragma once
#include "base/arena.h"

enum {
    STEM_WORD_MAX = 24,                    /* letters of a word that count */
    STEM_TRIGRAMS_MAX = STEM_WORD_MAX + 1, /* with the marks of its ends */
};

struct stemmer;
struct stemmer *stemmer_new(struct arena *); /* not thread-safe; released with the arena */

struct stem {
    str word; /* as written, lower case */
    str stem;
};
/* Up to max words of the text into out; returns their number. */
size_t stem_text(struct stemmer *, str text, struct stem *out, size_t max);

/* Trigrams of a word between marks of its beginning and end: "sip" -> "^si", "sip", "ip$". */
size_t stem_trigrams(struct arena *, str word, str out[static STEM_TRIGRAMS_MAX]);

/* Edits (insert, drop, replace, swap of neighbours) that make one word of the other; limit + 1 when there are
 * more. */
int stem_distance(str a, str b, int limit);
