/* Which files of a folder are left out: the rules of .gitignore, also used for .sparkignore and for the lists
 * in the manifest. A rule is a glob with a base folder; the last rule that matches decides. What is inside an
 * ignored folder stays ignored, as in git. Paths are relative to the root, with '/' between names and none at
 * either end. */
#pragma once
#include "base/arena.h"

struct ignore_rule {
    str base;    /* "" or "sub/folder/": where the rule's file stands */
    str pattern; /* without '!', leading and trailing '/' */
    bool keep;   /* '!' */
    bool dir_only;
    bool anchored; /* has a '/' inside or before: matched against the whole path below base */
};
struct ignore {
    struct arena *arena;
    struct ignore_rule *rule;
    size_t n, cap;
};
enum ignore_verdict { IGNORE_NOTHING, IGNORE_DROP, IGNORE_KEEP };

void ignore_add_line(struct ignore *, str base, str line); /* comments and blank lines are nothing */
void ignore_add_text(struct ignore *, str base, str text);
enum ignore_verdict ignore_decide(const struct ignore *, str path, bool is_dir);

/* Glob: '*' and '?' do not match '/', "**" as a whole component matches any number of folders, [a-z], [!a-z],
 * '\' quotes. Takes time at most proportional to pattern times text times depth of folders. */
bool glob_match(str pattern, str text);
/* True when the glob matches the path or a folder above it: "web" and "web/ **" both take web/a/b. */
bool glob_covers(str pattern, str path);
