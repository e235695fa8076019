/* Files: descriptors that close themselves, whole reads and writes, and replacement that a crash leaves old
 * or new, never half. */
#pragma once
#include "base/op.h"

void fd_done(int *fd); /* AUTO(fd) int fd = open(...) */

bool fs_write_all(int fd, str data) MUST_USE; /* handles short writes and EINTR; errno says why not */
err_t fs_read(struct op *, const char *path, size_t limit,
              str *out) MUST_USE; /* whole file; ERR_NOT_FOUND, ERR_LIMIT */
err_t fs_replace(struct op *, const char *path, str data,
                 unsigned mode) MUST_USE; /* temp, fsync, rename, fsync of the folder */
err_t fs_make_dirs(struct op *, const char *path,
                   unsigned mode) MUST_USE; /* with parents; existing is fine */
err_t fs_sync_dir(struct op *, const char *path) MUST_USE;
/* Removes a tree without following links; an absent one is fine. */
err_t fs_remove_tree(struct op *, const char *path) MUST_USE;
bool fs_exists(const char *path);
str fs_base_name(str path); /* what stands after the last '/' */
str fs_dir_name(str path);  /* what stands before it; "." without one, "/" at the root */
