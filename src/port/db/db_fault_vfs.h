/* A faulty disk for tests: SQLite's write-ahead log can be told to be full or not to sync. Everything else is
 * the ordinary VFS. */
#pragma once
#include "base/def.h"

enum fault { FAULT_NONE, FAULT_FULL, FAULT_SYNC, FAULT_HALF_WRITTEN };
void fault_vfs_install(void); /* for databases opened from now on */
void fault_vfs_remove(void);
void fault_set(enum fault);
i64 fault_hits(void); /* calls that failed since the last fault_set() */
