#include "agent/memory.h"
#include "base/log.h"
#include <malloc.h>
#include <sys/mman.h>

void memory_setup(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 64 << 10);
    mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

void memory_give_back(void) { malloc_trim(0); }

void *memory_unshared(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED || madvise(p, n, MADV_DONTFORK)) bug("no memory for %zu bytes", n);
    return p;
}

/* Mappings of files none of whose pages is a copy of our own (written once, here or before a fork, in memory
 * or swapped out): dropping them costs a soft fault each when they are used again. In smaps "start-end perms
 * ..." opens a mapping, "Anonymous:" and then "Swap:" tell of its copies. */
void memory_trim(void)
{
    malloc_trim(0);
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    unsigned long from = 0, to = 0, inode = 0, copies = 0, n;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long a, b, node;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &a, &b, &node) == 3) {
            from = a;
            to = b;
            inode = node;
            copies = 1;
        } else if (sscanf(line, "Anonymous: %lu", &n) == 1) {
            copies = n;
        } else if (inode && !copies && sscanf(line, "Swap: %lu", &n) == 1 && !n) {
            madvise((void *)from, to - from, MADV_DONTNEED);
        }
    }
    if (f) fclose(f);
}
