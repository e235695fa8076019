/* The datagram socket at which a unit's program reports its own metrics, NETBIT_SOCKET. It lies in the unit's
 * data directory. A program can only name it in the 107 bytes that the kernel gives to an address, so where
 * that path is longer the program is told a link to it instead: sock/<22 characters> of ~/.netbit/spark. A
 * sandbox, which hides that directory, has the same link. */
#pragma once
#include "base/op.h"
#include "base/rand.h"

enum { METRICS_ADDRESS = 107 }; /* bytes of an AF_UNIX address */
struct metrics_socket {
    const char *address; /* what the program is told; "": even the link's path is too long, there is none */
    const char *link_to; /* what stands in the link at `address`; NULL: `address` is the socket itself */
};
/* spark: ~/.netbit/spark; data: the unit's directory for data, somewhere in it. Lives in op->arena. */
struct metrics_socket metrics_socket_name(struct op *, const char *spark, const char *data, uuid unit);
/* Binds a fresh one and makes its link: a descriptor that does not block. */
err_t metrics_socket_open(struct op *, const char *data, const struct metrics_socket *, int *out) MUST_USE;
/* The unit is no more; the socket itself goes with its directory. */
void metrics_socket_forget(struct op *, const char *spark, uuid unit);
