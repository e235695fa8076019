#include "net/outgoing.h"
#include "base/buf.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

/* ---- addresses ---- */

struct range {
    u32 net;
    int bits;
};
static const struct range closed4[] = {
    { 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 }, { 0x7f000000, 8 },  { 0xa9fe0000, 16 },
    { 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 },
    { 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 }, { 0xe0000000, 3 },
};

static bool public4(u32 a)
{
    for (size_t i = 0; i < LEN(closed4); i++)
        if ((a ^ closed4[i].net) >> (32 - closed4[i].bits) == 0) return false;
    return true;
}

static u32 word_at(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }

/* Of IPv6 only 2000::/3 is the Internet's; inside it 2001::/23 is for protocols, 2001:db8::/32 and 3fff::/20
 * for books, and 2002::/16 carries an IPv4 address. So do ::ffff:0:0/96 and 64:ff9b::/96. */
static bool public6(const u8 *p)
{
    static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0, 0x64, 0xff, 0x9b };
    if (!memcmp(p, mapped, sizeof mapped) || !memcmp(p, nat64, sizeof nat64)) return public4(word_at(p + 12));
    u32 head = word_at(p);
    if (head >> 29 != 1) return false;
    if (head >> 9 == 0x20010000 >> 9 || head == 0x20010db8 || head >> 12 == 0x3fff0000 >> 12) return false;
    return head >> 16 != 0x2002 || public4(word_at(p + 2));
}

bool address_is_public(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return public4(ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr));
    if (a->sa_family == AF_INET6)
        return public6(((const struct sockaddr_in6 *)(const void *)a)->sin6_addr.s6_addr);
    return false;
}

/* ---- URLs ---- */

static bool host_is_public(struct op *op, const char *host)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    size_t n = strlen(host);
    if (n > 1 && host[0] == '[') host = str_z(op->arena, (str){ host + 1, n - 2 });
    if (getaddrinfo(host, NULL, &hints, &list)) return true; /* nobody knows it: there is nothing to reach */
    bool ok = true;
    for (const struct addrinfo *i = list; i; i = i->ai_next) ok = ok && address_is_public(i->ai_addr);
    freeaddrinfo(list);
    return ok;
}

static err_t check_parts(struct op *op, const char *field, CURLU *u, bool private_too)
{
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool parts = !curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) && !curl_url_get(u, CURLUPART_HOST, &host, 0);
    bool named = !curl_url_get(u, CURLUPART_USER, &user, 0);
    bool web = parts && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));
    bool ok = web && (private_too || host_is_public(op, host));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    if (!web || named) return fail_field(op, field, "must be http://... or https://... without a user name");
    if (!ok)
        return fail_field(op, field,
                          "names an address of a private network, which this server does not allow");
    return OK;
}

err_t outgoing_check(struct op *op, const char *field, str url, bool private_too)
{
    CURLU *u = curl_url();
    if (!u) return fail(op, ERR_INTERNAL, "no memory");
    bool good = !memchr(url.p, 0, url.n) && !curl_url_set(u, CURLUPART_URL, str_z(op->arena, url), 0);
    err_t e = good ? check_parts(op, field, u, private_too) : fail_field(op, field, "is not a URL");
    curl_url_cleanup(u);
    return e;
}

/* ---- POST ---- */

struct guard {
    bool private_too, refused;
};

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct guard *g = ctx;
    (void)purpose;
    if (!g->private_too && !address_is_public(&a->addr)) {
        g->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t ignore(char *p, size_t size, size_t n, void *ctx)
{
    size_t *left = ctx;
    (void)p;
    size_t got = size * n;
    if (got > *left) return 0; /* nobody needs so much to say yes or no */
    *left -= got;
    return got;
}

static void set_common(CURL *c, i64 timeout_us)
{
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)((timeout_us ? timeout_us : SEC(10)) / 1000));
}

static struct curl_slist *headers_of(struct op *op, const struct outgoing *o)
{
    struct curl_slist *list =
        curl_slist_append(NULL, arena_printf(op->arena, "Content-Type: %.*s", STR(o->content_type)).p);
    list = curl_slist_append(list, "Expect:");
    for (size_t i = 0; i < o->nheaders; i++)
        list = curl_slist_append(
            list, arena_printf(op->arena, "%s: %.*s", o->header[i].name, STR(o->header[i].value)).p);
    return list;
}

err_t outgoing_post(struct op *op, const struct outgoing *o, int *status)
{
    struct guard guard = { .private_too = o->private_too };
    size_t left = 1 << 20;
    long code = 0;
    CURL *c = curl_easy_init();
    if (!c) return fail(op, ERR_INTERNAL, "no memory");
    struct curl_slist *list = headers_of(op, o);
    set_common(c, o->timeout_us);
    curl_easy_setopt(c, CURLOPT_URL, str_z(op->arena, o->url));
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "Netbit/" NETBIT_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, o->body.p ? o->body.p : "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &left);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &guard);
    CURLcode r = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(list);
    curl_easy_cleanup(c);
    if (guard.refused) return fail(op, ERR_FORBIDDEN, "the address is of a private network");
    if (r && !code) return fail(op, ERR_UNAVAILABLE, "%s", curl_easy_strerror(r));
    *status = (int)code;
    return OK;
}
