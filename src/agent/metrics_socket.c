#include "agent/metrics_socket.h"
#include "base/enc.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "metrics.sock"
static_assert(METRICS_ADDRESS == sizeof((struct sockaddr_un *)0)->sun_path - 1, "the kernel's");

/* All of the id is in it, so two units never share one. */
static str link_path(struct op *op, const char *spark, uuid unit)
{
    str id = base64url_text(op->arena, (str){ (const char *)unit.b, sizeof unit.b });
    return arena_printf(op->arena, "%s/sock/%.*s", spark, STR(id));
}

struct metrics_socket metrics_socket_name(struct op *op, const char *spark, const char *data, uuid unit)
{
    str own = arena_printf(op->arena, "%s/" NAME, data);
    if (own.n <= METRICS_ADDRESS) return (struct metrics_socket){ .address = own.p };
    str link = link_path(op, spark, unit);
    if (link.n > METRICS_ADDRESS) return (struct metrics_socket){ .address = "" };
    /* Relative: it still holds when the whole directory was moved. */
    return (struct metrics_socket){ .address = link.p,
                                    .link_to = arena_printf(op->arena, "..%s", own.p + strlen(spark)).p };
}

static err_t make_link(struct op *op, const struct metrics_socket *m)
{
    const char *dir = str_z(op->arena, fs_dir_name(str_of(m->address)));
    if (mkdir(dir, 0700) && errno != EEXIST)
        return fail(op, ERR_UNAVAILABLE, "make '%s': %s", dir, strerror(errno));
    unlink(m->address);
    if (symlink(m->link_to, m->address))
        return fail(op, ERR_UNAVAILABLE, "link '%s': %s", m->address, strerror(errno));
    return OK;
}

err_t metrics_socket_open(struct op *op, const char *data, const struct metrics_socket *m, int *out)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    if (!m->address[0])
        return fail(op, ERR_LIMIT, "the path of '%s' is too long for the address of a socket", data);
    AUTO(fd) int dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    unlinkat(dir, NAME, 0);
    /* By descriptor, because the path itself may be longer than an address can hold. */
    snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d/" NAME, dir);
    AUTO(fd) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof un))
        return fail(op, ERR_UNAVAILABLE, "bind '%s/" NAME "': %s", data, strerror(errno));
    if (m->link_to) TRY(make_link(op, m));
    *out = fd;
    fd = -1;
    return OK;
}

void metrics_socket_forget(struct op *op, const char *spark, uuid unit)
{
    unlink(link_path(op, spark, unit).p);
}
