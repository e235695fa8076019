/* Addresses: the listening socket, the client's address, trusted proxies. Private to net. */
#pragma once
#include "net/http_int.h"

/* "127.0.0.1:8080", "[::]:8080", ":0" (every address, any free port). */
err_t listen_open(struct op *, str text, int backlog, int *fd, int *port) MUST_USE;
void listen_peer(const struct sockaddr *, struct sockaddr_in6 *out); /* IPv4 becomes a mapped address */
size_t listen_address_text(const struct in6_addr *,
                           char out[INET6_ADDRSTRLEN]); /* mapped ones in IPv4 form */
bool listen_address_parse(str text, struct in6_addr *out);
err_t listen_proxies(struct op *, struct arena *, str list, struct cidr **out, size_t *n) MUST_USE;
/* The client's address: the peer's, or the last one of X-Forwarded-For that is no trusted proxy. */
struct in6_addr listen_client(const struct http *, const struct in6_addr *peer, str forwarded_for);
