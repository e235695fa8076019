#include "net/http_listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

static err_t split_listen(struct op *op, str text, str *host, str *port)
{
    const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
    if (!colon) return fail(op, ERR_INVALID, "listen address '%.*s' must be HOST:PORT", STR(text));
    *host = str_sub(text.p, colon);
    *port = str_sub(colon + 1, text.p + text.n);
    if (host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
        *host = str_head(str_skip(*host, 1), host->n - 2);
    return OK;
}

static int open_one(const struct addrinfo *a, int backlog)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (!bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, backlog)) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

err_t listen_open(struct op *op, str text, int backlog, int *fd, int *port)
{
    str host, service;
    TRY(split_listen(op, text, &host, &service));
    struct addrinfo hints = { .ai_family = host.n ? AF_UNSPEC : AF_INET6,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int bad = getaddrinfo(host.n ? str_z(op->arena, host) : NULL, str_z(op->arena, service), &hints, &list);
    if (bad) return fail(op, ERR_INVALID, "listen address '%.*s': %s", STR(text), gai_strerror(bad));
    int got = -1;
    for (struct addrinfo *a = list; a && got < 0; a = a->ai_next) got = open_one(a, backlog);
    freeaddrinfo(list);
    if (got < 0 && !host.n && errno == EAFNOSUPPORT)
        return listen_open(op, arena_printf(op->arena, "0.0.0.0:%.*s", STR(service)), backlog, fd, port);
    if (got < 0)
        return fail(op, errno == EADDRINUSE ? ERR_CONFLICT : ERR_UNAVAILABLE, "cannot listen on '%.*s': %s",
                    STR(text), strerror(errno));
    struct sockaddr_in6 sa = { 0 }; /* the port stands at the same place in both families */
    socklen_t n = sizeof sa;
    getsockname(got, (struct sockaddr *)&sa, &n);
    *fd = got;
    *port = ntohs(sa.sin6_port);
    return OK;
}

void listen_peer(const struct sockaddr *sa, struct sockaddr_in6 *out)
{
    *out = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
    if (sa->sa_family == AF_INET6) {
        memcpy(out, sa, sizeof *out);
    } else if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        out->sin6_port = in.sin_port;
        memset(out->sin6_addr.s6_addr + 10, 0xff, 2);
        memcpy(out->sin6_addr.s6_addr + 12, &in.sin_addr, 4);
    }
}

size_t listen_address_text(const struct in6_addr *a, char out[INET6_ADDRSTRLEN])
{
    bool mapped = IN6_IS_ADDR_V4MAPPED(a);
    inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? (const void *)(a->s6_addr + 12) : a, out,
              INET6_ADDRSTRLEN);
    return strlen(out);
}

bool listen_address_parse(str text, struct in6_addr *out)
{
    char z[INET6_ADDRSTRLEN];
    text = str_trim(text);
    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_head(str_skip(text, 1), text.n - 2);
    if (!text.n || text.n >= sizeof z) return false;
    memcpy(z, text.p, text.n);
    z[text.n] = 0;
    if (inet_pton(AF_INET6, z, out) == 1) return true;
    *out = (struct in6_addr){ 0 };
    memset(out->s6_addr + 10, 0xff, 2);
    return inet_pton(AF_INET, z, out->s6_addr + 12) == 1;
}

static err_t parse_cidr(struct op *op, str text, struct cidr *out)
{
    str base, bits;
    bool has_bits = str_cut(str_trim(text), '/', &base, &bits);
    bool ok = listen_address_parse(base, &out->base);
    int most = ok && IN6_IS_ADDR_V4MAPPED(&out->base) ? 32 : 128;
    i64 n = most;
    if (has_bits) ok = ok && str_to_i64(bits, &n) && n >= 0 && n <= most;
    if (!ok)
        return fail(op, ERR_INVALID, "trusted proxy '%.*s' is neither an address nor a network", STR(text));
    out->bits = (int)n + 128 - most;
    return OK;
}

err_t listen_proxies(struct op *op, struct arena *a, str list, struct cidr **out, size_t *n)
{
    size_t count = 0;
    for (str rest = list, one; str_next(&rest, ',', &one);) count++;
    *out = NEWN(a, struct cidr, count);
    *n = 0;
    for (str rest = list, one; str_next(&rest, ',', &one);)
        if (str_trim(one).n) TRY(parse_cidr(op, one, &(*out)[(*n)++]));
    return OK;
}

static bool in_cidr(const struct cidr *c, const struct in6_addr *a)
{
    int whole = c->bits / 8, rest = c->bits % 8;
    if (memcmp(c->base.s6_addr, a->s6_addr, (size_t)whole)) return false;
    if (!rest) return true;
    u8 mask = (u8)(0xff << (8 - rest));
    return (c->base.s6_addr[whole] & mask) == (a->s6_addr[whole] & mask);
}

static bool is_proxy(const struct http *h, const struct in6_addr *a)
{
    for (size_t i = 0; i < h->nproxies; i++)
        if (in_cidr(&h->proxy[i], a)) return true;
    return false;
}

struct in6_addr listen_client(const struct http *h, const struct in6_addr *peer, str list)
{
    struct in6_addr at = *peer;
    while (list.n && is_proxy(h, &at)) {
        const char *comma = memrchr(list.p, ',', list.n);
        str last = comma ? str_sub(comma + 1, list.p + list.n) : list;
        struct in6_addr before;
        if (!listen_address_parse(last, &before)) break;
        at = before;
        list = comma ? str_sub(list.p, comma) : (str){ 0 };
    }
    return at;
}
