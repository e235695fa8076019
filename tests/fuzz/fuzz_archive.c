/* Extracting an archive from strangers: whatever the bytes are, nothing appears beside the target folder, no
 * link leads out of it, no file is special or has more than its execute bit, and the limits hold. */
#include "base/fs.h"
#include "base/log.h"
#include "spark/unpack.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct unpack_limits limits = {
    .files = 50, .total_bytes = 1 << 20, .ratio = 100, .ratio_from = 1 << 18, .path = 300, .depth = 8
};
static char root[] = "/dev/shm/netbit-fuzz-XXXXXX";
static char real_root[PATH_MAX];

static void check_tree(struct arena *a, const char *dir, i64 *files)
{
    DIR *d = opendir(dir);
    for (struct dirent *x; d && (x = readdir(d));) {
        if (!strcmp(x->d_name, ".") || !strcmp(x->d_name, "..")) continue;
        const char *path = arena_printf(a, "%s/%s", dir, x->d_name).p;
        char real[PATH_MAX];
        struct stat st;
        if (lstat(path, &st)) bug("lstat %s", path);
        if (S_ISDIR(st.st_mode)) {
            check_tree(a, path, files);
            continue;
        }
        ++*files;
        if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) bug("%s is special", path);
        if (S_ISREG(st.st_mode) && st.st_mode & 07022) bug("%s has mode %o", path, st.st_mode);
        if (S_ISREG(st.st_mode) && st.st_size > limits.total_bytes) bug("%s is too large", path);
        if (S_ISLNK(st.st_mode) && realpath(path, real) && strncmp(real, real_root, strlen(real_root)))
            bug("%s leads to %s", path, real);
    }
    if (d) closedir(d);
}

static void set_up(void)
{
    umask(022);
    log_setup(LOG_LEVEL_OFF, false);
    if (!mkdtemp(root) || !realpath(root, real_root)) bug("mkdtemp");
    size_t n = strlen(real_root);
    if (n + 4 > sizeof real_root) bug("path");
    memcpy(real_root + n, "/in", 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) set_up();
    ready = true;
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    struct unpacked u;
    i64 files = 0, beside = 0;
    const char *in = arena_printf(&a, "%s/in", root).p;
    if (mkdir(in, 0700)) bug("mkdir");
    AUTO(fd) int fd = memfd_create("archive", MFD_CLOEXEC);
    if (fd < 0 || !fs_write_all(fd, (str){ (const char *)data, size }) || lseek(fd, 0, SEEK_SET))
        bug("memfd");
    err_t e = unpack(&op, fd, in, &(struct unpack_options){ .limits = &limits }, &u);
    if (!e != !op.err.code) bug("the error slot and the answer differ");
    check_tree(&a, in, &files);
    if (files > limits.files || (!e && files != u.files))
        bug("%lld files, %lld told", (long long)files, (long long)u.files);
    if (fs_remove_tree(&op, in)) bug("remove");
    check_tree(&a, root, &beside);
    if (beside) bug("something appeared beside the folder");
    arena_free(&a);
    return 0;
}

__attribute__((destructor)) static void tear_down(void) { rmdir(root); }
