/* Whether what a launch was made of still holds, for a child that waited with it. */
#include "agent/launch.h"
#include "base/fs.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool launch_may_wait(const struct launch *l)
{
    bool inside = !l->skip[ISO_NAMESPACES] && (l->box.profile != SANDBOX_NONE || l->box.net == NET_NONE);
    return l->user_tasks < 0 || inside;
}

static bool port_free(i64 port, int proto)
{
    AUTO(fd) int fd = socket(AF_INET, (proto == PROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((u16)port) };
    return fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof a);
}

bool launch_ports_free(const struct unit_spec *spec, const struct unit_ports *ports)
{
    bool all = true;
    for (size_t i = 0; i < spec->entry.ports.n && i < LEN(ports->port); i++) {
        const struct unit_port *p = &spec->entry.ports.item[i];
        if (!p->port) all &= port_free(ports->port[i], p->proto);
    }
    return all;
}

static u64 mix(u64 h, u64 v) { return (h ^ v) * 0x9e3779b97f4a7c15u ^ h >> 29; }

/* A file by its inode; `contents` also by what changes when it is written. */
static u64 mix_file(u64 h, const char *path, bool contents)
{
    struct stat st = { 0 };
    if (stat(path, &st)) return mix(h, 1);
    h = mix(mix(h, st.st_dev), st.st_ino);
    if (!contents) return h;
    h = mix(mix(h, (u64)st.st_size), (u64)st.st_mode ^ (u64)st.st_uid << 32);
    h = mix(mix(h, (u64)st.st_mtim.tv_sec), (u64)st.st_mtim.tv_nsec);
    return mix(mix(h, (u64)st.st_ctim.tv_sec), (u64)st.st_ctim.tv_nsec);
}

u64 launch_surroundings(struct op *op, const struct unit_spec *spec, const struct launch *l)
{
    u64 h = mix_file(0, str_z(op->arena, spec->package_dir), false);
    for (size_t i = 0; i < l->box.n; i++) {
        const struct view *v = &l->box.view[i];
        if (v->kind == VIEW_WRITE || v->kind == VIEW_READ)
            h = mix_file(h, v->source ? v->source : v->path, false);
    }
    h = mix_file(mix_file(h, l->cwd, false), l->path, false);
    for (str rest = str_of(launch_env(l->envp, "PATH")), dir;
         !strchr(l->argv[0], '/') && str_next(&rest, ':', &dir);)
        h = mix_file(h, arena_printf(op->arena, "%.*s/%s", STR(dir), l->argv[0]).p, false);
    if (spec->entry.secrets.n) h = mix_file(h, str_z(op->arena, spec->entry.secrets), true);
    return h;
}

void launch_close_others(int a, int b)
{
    unsigned low = (unsigned)MIN(a, b), high = (unsigned)MAX(a, b);
    if (low > 3) close_range(3, low - 1, 0);
    if (high > low + 1) close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}
