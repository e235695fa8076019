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

struct range {
    unsigned long from, to;
};

/* Mappings of files none of whose pages is a copy of our own (written once, here or before a fork, in memory
 * or swapped out). In smaps "start-end perms ..." opens a mapping, "Anonymous:" and then "Swap:" tell of its
 * copies. */
static size_t clean_mappings(struct range *out, size_t cap)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    struct range r = { 0 };
    unsigned long inode = 0, copies = 0, n;
    size_t found = 0;
    while (f && found < cap && fgets(line, sizeof line, f)) {
        struct range begins;
        unsigned long node;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &begins.from, &begins.to, &node) == 3) {
            r = begins;
            inode = node;
            copies = 1;
        } else if (sscanf(line, "Anonymous: %lu", &n) == 1) {
            copies = n;
        } else if (inode && !copies && sscanf(line, "Swap: %lu", &n) == 1 && !n) {
            out[found++] = r;
        }
    }
    if (f) fclose(f);
    return found;
}

/* Dropping them costs a soft fault each when they are used again, of which the kernel makes 64 KiB resident:
 * so the dropping comes last, in a loop that needs none of them. */
void memory_trim(void)
{
    static struct range clean[1024];
    malloc_trim(0);
    size_t n = clean_mappings(clean, LEN(clean));
    for (size_t i = 0; i < n; i++) madvise((void *)clean[i].from, clean[i].to - clean[i].from, MADV_DONTNEED);
}
