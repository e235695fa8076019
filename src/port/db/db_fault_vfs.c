#include "port/db/db_fault_vfs.h"
#include <sqlite3.h>

static sqlite3_vfs vfs, *real;
static sqlite3_io_methods methods;
static const sqlite3_io_methods *real_methods;
static _Atomic enum fault fault;
static _Atomic i64 hits;

static int fault_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    enum fault now = fault;
    if (now != FAULT_FULL && now != FAULT_HALF_WRITTEN) return real_methods->xWrite(f, p, n, at);
    hits++;
    if (now == FAULT_FULL) return SQLITE_FULL;
    int rc = real_methods->xWrite(f, p, n / 2, at);
    return rc == SQLITE_OK ? SQLITE_IOERR_WRITE : rc;
}

static int fault_sync(sqlite3_file *f, int flags)
{
    int rc = real_methods->xSync(f, flags);
    if (fault != FAULT_SYNC) return rc;
    hits++;
    return SQLITE_IOERR_FSYNC;
}

static int fault_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    int rc = real->xOpen(v, name, f, flags, out);
    if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_WAL)) return rc;
    if (!real_methods) {
        real_methods = f->pMethods;
        methods = *real_methods;
        methods.xWrite = fault_write;
        methods.xSync = fault_sync;
    }
    f->pMethods = &methods;
    return rc;
}

void fault_vfs_install(void)
{
    real = sqlite3_vfs_find("unix");
    vfs = *real;
    vfs.zName = "netbit-fault";
    vfs.xOpen = fault_open;
    sqlite3_vfs_register(&vfs, 1);
}

void fault_vfs_remove(void)
{
    fault_set(FAULT_NONE);
    sqlite3_vfs_unregister(&vfs);
    sqlite3_vfs_register(real, 1);
}

void fault_set(enum fault f)
{
    hits = 0;
    fault = f;
}

i64 fault_hits(void) { return hits; }
