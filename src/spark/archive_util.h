/* What packing and unpacking share about libarchive. It converts names through the C locale of the thread;
 * names in our archives are UTF-8, whatever the user's environment says. */
#pragma once
#include "base/op.h"
#include <locale.h>

struct archive;
/* AUTO(archive_locale) locale_t old = archive_locale_begin(); */
locale_t archive_locale_begin(void);
void archive_locale_done(locale_t *old);

/* A path inside a package: relative, '/' between names, no empty, "." or ".." name, no control characters,
 * UTF-8, at most `longest` bytes and `deepest` names. NULL when it is fine, else what is wrong with it. */
const char *archive_path_fault(str path, size_t longest, size_t deepest);
/* A symbolic link's target seen from the link's path: stays in the tree whatever other links there are,
 * because it climbs only at its begin and never above the root. NULL when it is fine. */
const char *archive_link_fault(str path, str target, size_t longest);
