/* A package's manifest: spark.json, or the "spark" member of package.json, or what can be told from the files
 * themselves. Every guess is written down, so that `spark publish` can say what it took for granted. */
#pragma once
#include "agent/spec.h"

struct manifest_files { /* globs relative to the package; see tree.h */
    LIST(str) include, exclude, executable;
};
struct manifest_runtime {
    LIST(str) os;    /* "linux"; empty: any */
    LIST(str) arch;  /* "x86_64", "aarch64"; empty: any */
    LIST(str) needs; /* "python>=3.10", "ffmpeg", "nvidia-smi?" (optional) */
};
struct manifest {
    i64 format;
    str name, version, display_name, description, category;
    LIST(str) tags;
    LIST(str) authors;
    str license, repository, homepage;
    str readme, changelog; /* files of the package */
    bool public, stable;
    struct manifest_files files;
    struct manifest_runtime runtime;
    struct unit_entry entry; /* entry.command absent: the file does not say */
};
extern const struct desc manifest_desc;

struct manifest_found {
    struct manifest m;
    str file;        /* "spark.json", "package.json" or absent */
    LIST(str) guess; /* "command: node server.js (scripts.start of package.json)" */
};

enum { MANIFEST_NAME_MAX = 63, MANIFEST_MAX = 1 << 20 };
bool manifest_name_ok(str name); /* [a-z0-9][a-z0-9._-]*, at most 63 */

/* A spark.json: everything checked, the first fault named by its path. */
err_t manifest_parse(struct op *, str json, struct manifest *out) MUST_USE;
/* Finds and completes the manifest of the package in `dir`: afterwards name, version and entry.command are
 * set. ERR_INVALID with advice when the files do not say how to run it. */
err_t manifest_find(struct op *, const char *dir, struct manifest_found *out) MUST_USE;
/* spark.json of a manifest: members in the order of the descriptor, those at their default left out. */
str manifest_text(struct op *, const struct manifest *);

/* infer.c: fills what is absent from package.json, pyproject.toml, scripts and executables. */
err_t manifest_infer(struct op *, const char *dir, struct manifest_found *) MUST_USE;
void manifest_guess(struct op *, struct manifest_found *, const char *fmt, ...) PRINTF(3, 4);
/* The "spark" member of a package.json as text; ERR_NOT_FOUND when there is none. */
err_t manifest_of_package_json(struct op *, str json, str *out) MUST_USE;
