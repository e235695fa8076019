#include "agent/sandbox.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const isolation_names[ISO__COUNT] = { "namespaces", "seccomp", "privileges" };

/* ---- the plan ---- */

static int by_length(const void *a, const void *b)
{
    size_t x = strlen(((const struct view *)a)->path), y = strlen(((const struct view *)b)->path);
    return x < y ? -1 : x > y;
}

static err_t add(struct op *op, struct sandbox *s, struct view v)
{
    if (s->n == MAX_VIEWS) return fail_field(op, "sandbox.rw", "more than %d directories", MAX_VIEWS);
    s->view[s->n++] = v;
    return OK;
}

static err_t add_list(struct op *op, struct sandbox *s, const str *item, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++) TRY(add(op, s, (struct view){ str_z(op->arena, item[i]), NULL, kind }));
    return OK;
}

err_t sandbox_plan(struct op *op, const struct unit_sandbox *in, const struct sandbox_paths *at,
                   struct sandbox *out)
{
    *out = (struct sandbox){ .profile = in->profile, .net = in->net };
    if (in->profile == SANDBOX_NONE) return OK;
    const struct view fixed[] = {
        { "/home", NULL, VIEW_HIDE },
        { "/tmp", at->tmp, VIEW_WRITE },
        { "/var/tmp", at->tmp, VIEW_WRITE },
        { at->home, NULL, in->profile == SANDBOX_STRICT ? VIEW_HIDE : VIEW_READ },
        { at->spark, NULL, VIEW_HIDE },
        { at->package, NULL, VIEW_WRITE },
        { at->data, NULL, VIEW_WRITE },
    };
    for (size_t i = 0; i < LEN(fixed); i++)
        if (fixed[i].path && strcmp(fixed[i].path, "/")) TRY(add(op, out, fixed[i]));
    if (at->link) TRY(add(op, out, (struct view){ at->link, at->link_to, VIEW_LINK }));
    TRY(add_list(op, out, in->rw.item, in->rw.n, VIEW_WRITE));
    TRY(add_list(op, out, in->ro.item, in->ro.n, VIEW_READ));
    /* A longer path never is the parent of a shorter one; equal paths keep their order. */
    qsort(out->view, out->n, sizeof out->view[0], by_length);
    return OK;
}

/* ---- namespaces, in the child ---- */

static bool put_file(const char *path, const char *text)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t n = strlen(text);
    return fd >= 0 && write(fd, text, n) == (ssize_t)n;
}

/* The user keeps its own number inside: files look the same, and privileges over the namespace vanish at
 * exec. */
static int enter_user_namespace(uid_t uid, gid_t gid)
{
    char map[64];
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    if (!put_file("/proc/self/setgroups", "deny") && errno != ENOENT) return errno;
    if (!put_file("/proc/self/uid_map", map)) return errno;
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    return put_file("/proc/self/gid_map", map) ? 0 : errno;
}

static int set_read_only(const char *path, unsigned flags)
{
    struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };
    return mount_setattr(AT_FDCWD, path, flags, &a, sizeof a) ? errno : 0;
}

static void make_parents(const char *path)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        mkdir(part, 0755);
        *p = '/';
    }
}

/* Where nothing was hidden, it is there already. */
static int make_link(const struct view *v)
{
    make_parents(v->path);
    return symlink(v->source, v->path) && errno != EEXIST ? errno : 0;
}

static int hide(const struct view *v, bool *hidden)
{
    *hidden = !mount("netbit", v->path, "tmpfs", MS_NOSUID | MS_NODEV, "size=256k,mode=755");
    return *hidden || errno == ENOENT ? 0 : errno;
}

static int show(const struct view *v, int tree, bool *hidden)
{
    if (v->kind == VIEW_HIDE) return hide(v, hidden);
    if (v->kind == VIEW_LINK) return make_link(v);
    if (tree < 0) return 0; /* there is no such directory */
    make_parents(v->path);
    mkdir(v->path, 0755);
    if (move_mount(tree, "", AT_FDCWD, v->path, MOVE_MOUNT_F_EMPTY_PATH)) return errno;
    return v->kind == VIEW_READ ? set_read_only(v->path, AT_RECURSIVE) : 0;
}

static int make_view(const struct sandbox *s)
{
    int tree[MAX_VIEWS];
    bool hidden[MAX_VIEWS] = { 0 };
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return errno;
    /* Everything that is to be seen is taken hold of before anything is hidden. */
    for (size_t i = 0; i < s->n; i++) {
        const struct view *v = &s->view[i];
        const char *source = v->source ? v->source : v->path;
        bool shown = v->kind == VIEW_WRITE || v->kind == VIEW_READ;
        tree[i] =
            shown ? open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE) : -1;
        if (shown && tree[i] < 0 && errno != ENOENT) return errno;
    }
    int e = set_read_only("/", AT_RECURSIVE);
    for (size_t i = 0; i < s->n && !e; i++) e = show(&s->view[i], tree[i], &hidden[i]);
    for (size_t i = 0; i < s->n; i++) {
        if (!e && hidden[i]) e = set_read_only(s->view[i].path, 0);
        if (tree[i] >= 0) close(tree[i]);
    }
    if (!e && !access("/dev/shm", F_OK) &&
        mount("netbit", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=50%,mode=1777"))
        e = errno;
    return e;
}

/* A new network has nothing but a loopback that is down. */
static int raise_loopback(void)
{
    AUTO(fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) ? errno : 0;
}

int sandbox_enter(const struct sandbox *s)
{
    if (s->profile == SANDBOX_NONE && s->net == NET_HOST) return 0;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int flags = s->profile == SANDBOX_NONE ? 0 : CLONE_NEWNS | CLONE_NEWIPC;
    if (s->net == NET_NONE) flags |= CLONE_NEWNET;
    if (uid) flags |= CLONE_NEWUSER;
    if (unshare(flags)) return errno;
    int e = uid ? enter_user_namespace(uid, gid) : 0;
    if (!e && s->net == NET_NONE) e = raise_loopback();
    if (!e && s->profile != SANDBOX_NONE) e = make_view(s);
    return e;
}

/* ---- privileges and seccomp ---- */

/* What a program of root may keep: its files, its ports, its children's users. */
static const u8 kept_capabilities[] = { CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FOWNER,  CAP_FSETID,
                                        CAP_KILL,    CAP_SETGID,       CAP_SETUID,  CAP_NET_BIND_SERVICE,
                                        CAP_NET_RAW, CAP_IPC_LOCK,     CAP_SYS_NICE };

static int drop_capabilities(void)
{
    u64 keep = 0;
    for (size_t i = 0; i < LEN(kept_capabilities); i++) keep |= (u64)1 << kept_capabilities[i];
    for (int c = 0; c <= CAP_LAST_CAP; c++)
        if (!(keep >> c & 1) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) && errno != EINVAL) return errno;
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[2];
    if (syscall(SYS_capget, &head, now)) return errno;
    for (int i = 0; i < 2; i++) {
        u32 mask = (u32)(keep >> (32 * i));
        now[i].effective &= mask;
        now[i].permitted &= mask;
        now[i].inheritable &= mask;
    }
    return syscall(SYS_capset, &head, now) ? errno : 0;
}

int sandbox_privileges(int profile)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
    return geteuid() || profile == SANDBOX_NONE ? 0 : drop_capabilities();
}

static const int denied[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(adjtimex),
    SCMP_SYS(bpf),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(delete_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fspick),
    SCMP_SYS(init_module),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kcmp),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(mount),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(move_mount),
    SCMP_SYS(move_pages),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(quotactl),
    SCMP_SYS(reboot),
    SCMP_SYS(request_key),
    SCMP_SYS(setdomainname),
    SCMP_SYS(sethostname),
    SCMP_SYS(setns),
    SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(umount2),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vhangup),
};
/* "No such call": the C library then takes the older one, whose arguments a filter can see. */
static const int absent[] = { SCMP_SYS(clone3), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                              SCMP_SYS(io_uring_register) };

static struct sock_fprog filter;

static int add_rules(scmp_filter_ctx c)
{
    int e = 0;
    for (size_t i = 0; i < LEN(denied) && !e; i++)
        e = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    for (size_t i = 0; i < LEN(absent) && !e; i++)
        e = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), absent[i], 0);
    static const int by_flags[] = { SCMP_SYS(clone), SCMP_SYS(unshare) };
    for (size_t i = 0; i < LEN(by_flags) && !e; i++)
        e = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), by_flags[i], 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
    if (!e)
        e = seccomp_rule_add(c, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI));
    return e;
}

/* The filter as kernel code in memory, so that a child needs but one system call. */
static int export_filter(scmp_filter_ctx c)
{
    AUTO(fd) int fd = memfd_create("filter", MFD_CLOEXEC);
    struct stat st;
    if (fd < 0) return -errno;
    int e = seccomp_export_bpf(c, fd);
    if (e) return e;
    if (fstat(fd, &st)) return -errno;
    struct sock_filter *code = mem_alloc((size_t)st.st_size);
    if (pread(fd, code, (size_t)st.st_size, 0) != st.st_size) {
        mem_free(code);
        return -EIO;
    }
    filter = (struct sock_fprog){ (unsigned short)((size_t)st.st_size / sizeof *code), code };
    return 0;
}

err_t sandbox_setup(struct op *op)
{
    if (filter.filter) return OK;
    scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
    if (!c) return fail(op, ERR_UNAVAILABLE, "no seccomp here");
#if defined __x86_64__
    (void)seccomp_arch_add(c, SCMP_ARCH_X86); /* 32-bit programs run under the same rules */
#endif
    int e = add_rules(c);
    if (!e) e = export_filter(c);
    seccomp_release(c);
    return e ? fail(op, ERR_UNAVAILABLE, "make the system call filter: %s", strerror(-e)) : OK;
}

int sandbox_seccomp(void)
{
    if (!filter.filter) return ENOSYS;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) ? errno : 0;
}
