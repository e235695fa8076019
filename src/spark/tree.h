/* Which files of a folder make a package: walks it, leaves out what the rules say, refuses what a package
 * cannot carry. The result is sorted by path, so it does not depend on the file system's order. */
#pragma once
#include "base/op.h"

enum tree_kind { TREE_FILE, TREE_LINK, TREE_FOLDER };
struct tree_file {
    str path;
    enum tree_kind kind;
    bool executable;
    i64 size;
    str target; /* of a link */
    str data;   /* a generated file's bytes; absent: read from disk */
};
struct tree {
    struct tree_file *file;
    size_t n, cap;
    i64 bytes;
    i64 left_out;            /* files and folders that the rules dropped */
    struct tree_file *risky; /* those of `file` that look like secrets */
    size_t nrisky;
};
/* The manifest's "files". Without include, everything but what .gitignore and then .sparkignore drop; with
 * it, only what it covers (and spark.json, package.json, README, LICENSE, CHANGELOG), and .gitignore is not
 * asked. */
struct tree_rules {
    const str *include, *exclude, *executable;
    size_t ninclude, nexclude, nexecutable;
};
enum { TREE_DEPTH = 48, TREE_PATH = 1024, TREE_FILES = 200000 };

err_t tree_collect(struct op *, const char *root, const struct tree_rules *, struct tree *out) MUST_USE;
/* Adds a generated file, or replaces the one of that path; keeps the order. */
void tree_put(struct op *, struct tree *, str path, str data);
const struct tree_file *tree_find(const struct tree *, str path); /* NULL: not in it */
