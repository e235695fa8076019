/* Publishing a folder: find its manifest, choose its files, pack, register, upload. Each step looks first at
 * what is there already, so running it again after a failure continues, and running it after success changes
 * nothing. */
#pragma once
#include "base/cli.h"
#include "spark/manifest.h"
#include "spark/tree.h"

struct publish_options {
    str dir;
    bool force; /* take files that look like secrets */
    bool gzip;
    str key; /* sign with this key; absent: not signed */
};
struct prepared {
    struct manifest_found found;
    struct tree tree;
};
struct published {
    str name, version, checksum;
    i64 size_bytes, files, files_bytes;
    str signer;
    bool already; /* the registry had these very bytes */
    str install;  /* the command that installs it */
};
extern const struct desc published_desc;

/* Manifest and files, with everything checked that can be without the registry; says what was inferred. */
err_t publish_prepare(struct cli *, const struct publish_options *, struct prepared *out) MUST_USE;
err_t publish_pack(struct cli *, const struct publish_options *, const struct prepared *, int fd,
                   struct published *out) MUST_USE;
struct registry;
err_t publish_upload(struct cli *, struct registry *, const struct publish_options *, const struct prepared *,
                     int fd, struct published *) MUST_USE;
/* The part of a changelog under the heading that names the version; absent: none. */
str changelog_section(str text, str version);
