#include "agent/memory.h"
#include <malloc.h>
#include <sys/mman.h>

void memory_setup(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 64 << 10);
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

/* Mappings of files without a changed page: dropping them costs a soft fault each when they are used again.
 * Read in one pass: "start-end perms ..." opens a mapping, "Private_Dirty: n kB" tells of it. */
void memory_trim(void)
{
    malloc_trim(0);
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    unsigned long from = 0, to = 0, inode = 0, dirty;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long a, b, node;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &a, &b, &node) == 3) {
            from = a;
            to = b;
            inode = node;
        } else if (inode && sscanf(line, "Private_Dirty: %lu", &dirty) == 1 && !dirty) {
            madvise((void *)from, to - from, MADV_DONTNEED);
        }
    }
    if (f) fclose(f);
}
