/* What a package needs of the machine, checked before it is put in place: system and processor are a must, a
 * missing program is a warning, since it may be installed before the first run. */
#pragma once
#include "base/cli.h"
#include "spark/manifest.h"

err_t needs_check(struct cli *, const struct manifest_runtime *) MUST_USE;

/* "ffmpeg>=5.1", "cmd:node", "cuda?" */
struct need {
    str program, least;
    bool optional;
};
bool need_parse(str text, struct need *out);
/* The first version number in the text that a program printed: "Python 3.11.2" -> 3.11.2. */
str version_in(str text);
int version_order(str a, str b); /* by numbers between dots */
