/* Isolation of a unit's processes. The shim makes a plan of paths; the child that will become the unit
 * applies it with system calls only, between fork and exec. What a kernel or container refuses is told, never
 * fatal:
 *
 *   namespaces  mounts (user namespace first when not root): / read-only but for the unit's own directories,
 *               other packages, units, users and credentials hidden, /tmp of its own; IPC; network when asked
 *   seccomp     a deny list: mounting, kernel modules, bpf, ptrace, keyrings, clocks, new user namespaces
 *   privileges  no new ones ever; as root, those dropped that reach beyond a process's own files and ports
 *
 * Units of one user still share its process ids: the kernel stops signals between them no more than between
 * any two programs of that user. */
#pragma once
#include "agent/spec.h"

enum isolation { ISO_NAMESPACES, ISO_SECCOMP, ISO_PRIVILEGES, ISO__COUNT };
extern const char *const isolation_names[ISO__COUNT];

enum view_kind { VIEW_WRITE, VIEW_READ, VIEW_HIDE, VIEW_LINK };
struct view {
    const char *path, *source; /* source: what is seen there, what a link holds; NULL: the path itself */
    int kind;
};
enum { MAX_VIEWS = 64 };
struct sandbox {
    int profile, net;
    struct view view[MAX_VIEWS]; /* parents before children */
    size_t n;
};
struct sandbox_paths {
    const char *package, *data, *tmp, *spark, *home;
    const char *link, *link_to; /* a link that is to be seen in `spark`, and what it holds; NULL: none */
};
err_t sandbox_plan(struct op *, const struct unit_sandbox *, const struct sandbox_paths *,
                   struct sandbox *out) MUST_USE;

/* In the child. 0, or the errno of what failed; after a failure the process's view may be half made, so the
 * caller starts over in a fresh child without this level. */
int sandbox_enter(const struct sandbox *);
int sandbox_privileges(int profile);
int sandbox_seccomp(void);
/* Makes the filter once, before the first fork (it takes a millisecond). */
err_t sandbox_setup(struct op *) MUST_USE;
