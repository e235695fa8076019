#include "agent/cgroup.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAF "/netbit-agent"

static const struct {
    unsigned bit;
    const char *name, *enable;
} controllers[] = {
    { CGROUP_MEMORY, "memory", "+memory" },
    { CGROUP_PIDS, "pids", "+pids" },
    { CGROUP_CPU, "cpu", "+cpu" },
};

static bool put_at(int dir, const char *file, const char *text)
{
    AUTO(fd) int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    size_t n = strlen(text);
    return fd >= 0 && write(fd, text, n) == (ssize_t)n;
}

static str get_at(int dir, const char *file, char *out, size_t cap)
{
    AUTO(fd) int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, cap - 1);
    out[MAX(n, 0)] = 0;
    return (str){ out, (size_t)MAX(n, 0) };
}

/* "key value" lines of a flat-keyed file. */
static i64 get_key(int dir, const char *file, const char *key)
{
    char text[2048];
    for (str rest = get_at(dir, file, text, sizeof text), line; str_next(&rest, '\n', &line);) {
        str name, value;
        i64 v;
        if (str_cut(line, ' ', &name, &value) && str_is(name, key) && str_to_i64(value, &v)) return v;
    }
    return -1;
}

/* Where version 2 is mounted: in mountinfo, field 5 is the place and the type follows " - ". */
static bool find_mount(char *out, size_t cap)
{
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char line[4096], place[256];
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        found = strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %255s", place) == 1;
        if (found) snprintf(out, cap, "%s", place);
    }
    if (f) fclose(f);
    return found;
}

static void own_group(char *out, size_t cap)
{
    char text[4096];
    out[0] = 0;
    for (str rest = get_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof text), line;
         str_next(&rest, '\n', &line);)
        if (str_starts(line, S("0::/"))) snprintf(out, cap, "%.*s", STR(str_skip(line, 3)));
}

/* Hands every controller that `parent` has down to its children. */
static void hand_down(int parent)
{
    for (size_t i = 0; i < LEN(controllers); i++)
        (void)put_at(parent, "cgroup.subtree_control", controllers[i].enable);
}

static unsigned controllers_of(int dir, const char *file)
{
    char text[512];
    unsigned have = 0;
    str all = str_trim(get_at(dir, file, text, sizeof text));
    for (str rest = all, one; str_next(&rest, ' ', &one);)
        for (size_t i = 0; i < LEN(controllers); i++)
            if (str_is(one, controllers[i].name)) have |= controllers[i].bit;
    return have;
}

static bool make_dir(const char *path) { return !mkdir(path, 0755) || errno == EEXIST; }

/* A group with processes of its own cannot hand controllers down, so a delegated service steps into a leaf.
 */
static void step_aside(const char *group)
{
    char leaf[700], pid[24];
    snprintf(leaf, sizeof leaf, "%s" LEAF, group);
    snprintf(pid, sizeof pid, "%d", getpid());
    if (!make_dir(leaf)) return;
    AUTO(fd) int dir = open(leaf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) (void)put_at(dir, "cgroup.procs", pid);
}

void cgroup_find(struct cgroup_root *out)
{
    char mount[256], group[256], base[600];
    *out = (struct cgroup_root){ .why = "no cgroup v2 here" };
    if (!find_mount(mount, sizeof mount)) return;
    own_group(group, sizeof group);
    bool top = geteuid() == 0;
    str own = str_of(group);
    if (str_ends(own, S(LEAF))) own.n -= sizeof LEAF - 1; /* where a former agent of this service stepped */
    if (top || own.n <= 1) own.n = 0;
    snprintf(base, sizeof base, "%s%.*s", mount, STR(own));
    out->why = "cgroup v2 is not delegated to this user";
    AUTO(fd) int parent = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 || faccessat(parent, "cgroup.procs", W_OK, 0)) return;
    if (!top) step_aside(base);
    hand_down(parent);
    int n = snprintf(out->path, sizeof out->path, "%s/netbit-%u", base, (unsigned)geteuid());
    if (n < 0 || (size_t)n >= sizeof out->path) {
        out->path[0] = 0;
        return;
    }
    AUTO(fd) int dir = make_dir(out->path) ? open(out->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0) {
        out->path[0] = 0;
        return;
    }
    hand_down(dir);
    out->controllers = controllers_of(dir, "cgroup.subtree_control");
    out->why = "the cgroup has no such controller";
}

static void unit_path(const struct cgroup_root *r, const char *unit, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", r->path, unit);
}

int cgroup_open(const struct cgroup_root *r, const char *unit)
{
    char path[400];
    if (!r->path[0]) return -1;
    unit_path(r, unit, path, sizeof path);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cgroup_make(const struct cgroup_root *r, const char *unit, const struct unit_resources *res,
                unsigned *applied)
{
    char path[400], text[64];
    *applied = 0;
    if (!r->path[0]) return -1;
    unit_path(r, unit, path, sizeof path);
    /* Once cgroup.kill was written, Linux 6.13 and later kill at birth whatever is cloned straight into that
     * group (its kill_seq is compared with that of the parent's group): an empty one is therefore made anew.
     */
    rmdir(path);
    int dir = make_dir(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0) return -1;
    cgroup_freeze(dir, false); /* one that could not be made anew */
    snprintf(text, sizeof text, "%lld", (long long)res->memory_max);
    if (res->memory_max && put_at(dir, "memory.max", text)) {
        *applied |= CGROUP_MEMORY;
        (void)put_at(dir, "memory.swap.max", "0");
        (void)put_at(dir, "memory.oom.group", "1");
    }
    snprintf(text, sizeof text, "%lld", (long long)res->pids);
    if (res->pids && put_at(dir, "pids.max", text)) *applied |= CGROUP_PIDS;
    enum { PERIOD_US = 100000 };
    snprintf(text, sizeof text, "%lld %d", (long long)(res->cpu * PERIOD_US), PERIOD_US);
    if (res->cpu > 0 && put_at(dir, "cpu.max", text)) *applied |= CGROUP_CPU;
    return dir;
}

void cgroup_remove(const struct cgroup_root *r, const char *unit)
{
    char path[400];
    if (!r->path[0]) return;
    unit_path(r, unit, path, sizeof path);
    rmdir(path);
}

void cgroup_limit_pids(int dir, i64 n)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    (void)put_at(dir, "pids.max", text); /* the former limit stays: nothing is lost by that */
}

bool cgroup_kill(int dir) { return dir >= 0 && put_at(dir, "cgroup.kill", "1"); }
bool cgroup_freeze(int dir, bool frozen)
{
    return dir >= 0 && put_at(dir, "cgroup.freeze", frozen ? "1" : "0");
}
bool cgroup_empty(int dir) { return get_key(dir, "cgroup.events", "populated") == 0; }
i64 cgroup_oom_kills(int dir) { return dir < 0 ? -1 : get_key(dir, "memory.events", "oom_kill"); }
i64 cgroup_cpu_us(int dir) { return dir < 0 ? -1 : get_key(dir, "cpu.stat", "usage_usec"); }

i64 cgroup_memory(int dir)
{
    char text[64];
    i64 v;
    return dir >= 0 && str_to_i64(str_trim(get_at(dir, "memory.current", text, sizeof text)), &v) ? v : -1;
}
