/* The other end of the test site: raw sockets, answers as they come over them, and what a refusal must look
 * like. */
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <link.h>
#include <sys/socket.h>
#include <unistd.h>

int raw_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((u16)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval limit = { .tv_sec = test_patience_us() / SEC(1) };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!connect(fd, (struct sockaddr *)&sa, sizeof sa)) return fd;
    close(fd);
    return -1;
}

int site_connect(struct site *s)
{
    int fd = raw_connect(site_port(s));
    if (fd < 0) test_fail(__FILE__, __LINE__, "connect");
    return fd;
}

void raw_send(int fd, str bytes)
{
    while (bytes.n) {
        ssize_t w = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (w <= 0) return; /* the answer tells why */
        bytes = str_skip(bytes, (size_t)w);
    }
}

static bool read_some(int fd, struct buf *b)
{
    char *room = buf_room(b, 65536);
    ssize_t n = recv(fd, room, 65536, 0);
    if (n <= 0) return false;
    buf_grew(b, (size_t)n);
    return true;
}

bool reply_header(const struct reply *r, const char *name, str *out)
{
    for (str rest = r->head, line; str_next(&rest, '\n', &line);) {
        str key, value;
        if (!str_cut(line, ':', &key, &value) || !str_eq_fold(key, str_of(name))) continue;
        *out = str_trim(value);
        return true;
    }
    return false;
}

/* Reads byte by byte up to the end of the head, so that nothing of a following answer is taken. */
static bool read_head(int fd, struct buf *b)
{
    char c;
    while (recv(fd, &c, 1, 0) == 1) {
        buf_char(b, c);
        if (str_ends(buf_str(b), S("\r\n\r\n"))) return true;
    }
    return false;
}

static void read_exactly(int fd, struct buf *b, size_t n)
{
    while (n) {
        char *room = buf_room(b, n);
        ssize_t got = recv(fd, room, n, 0);
        if (got <= 0) return;
        buf_grew(b, (size_t)got);
        n -= (size_t)got;
    }
}

struct reply raw_reply(struct op *op, int fd, bool head_only)
{
    struct buf head = BUF(op->arena), body = BUF(op->arena);
    struct reply r = { 0 };
    if (!read_head(fd, &head)) return r;
    r.head = buf_str(&head);
    str status = str_head(str_skip(r.head, 9), 3), value;
    i64 n;
    if (!str_to_i64(status, &n)) test_fail(__FILE__, __LINE__, "no status in '%.*s'", STR(r.head));
    r.status = (int)n;
    if (head_only || r.status == 204 || r.status == 304 || r.status < 200) return r;
    if (reply_header(&r, "content-length", &value) && str_to_i64(value, &n))
        read_exactly(fd, &body, (size_t)n);
    else
        while (read_some(fd, &body)) continue;
    r.body = buf_str(&body);
    return r;
}

struct reply site_raw(struct site *s, struct op *op, str request)
{
    int fd = site_connect(s);
    raw_send(fd, request);
    struct reply r = raw_reply(op, fd, str_starts(request, S("HEAD")));
    close(fd);
    return r;
}

bool raw_closed(int fd)
{
    char c;
    ssize_t n;
    while ((n = recv(fd, &c, 1, 0)) > 0) continue;
    return n == 0;
}

/* Whether the table of relocations has our function's name: then the library calls what we define. */
static bool relocates(const ElfW(Rela) * rela, size_t bytes, const ElfW(Sym) * symbols, const char *names)
{
    for (size_t i = 0; rela && i < bytes / sizeof *rela; i++)
        if (!strcmp(names + symbols[ELF64_R_SYM(rela[i].r_info)].st_name, "MHD_queue_response")) return true;
    return false;
}

/* Some distributions (Ubuntu) bind the library's calls of itself when they link it: what it cannot parse it
 * then answers with a page of its own, see http_library.c. */
static bool library_keeps_its_pages(void)
{
    struct link_map *map = NULL;
    void *lib = dlopen("libmicrohttpd.so.12", RTLD_NOLOAD | RTLD_NOW);
    if (!lib || dlinfo(lib, RTLD_DI_LINKMAP, &map)) return false;
    u64 at[DT_NUM] = { 0 };
    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++)
        if (d->d_tag > 0 && d->d_tag < DT_NUM) at[d->d_tag] = d->d_un.d_val;
    const void *symbols = (const void *)at[DT_SYMTAB], *names = (const void *)at[DT_STRTAB];
    bool ours = relocates((const void *)at[DT_JMPREL], at[DT_PLTRELSZ], symbols, names) ||
                relocates((const void *)at[DT_RELA], at[DT_RELASZ], symbols, names);
    dlclose(lib);
    return !ours;
}

void assert_problem(const struct reply *r, int status, const char *code)
{
    size_t at;
    str type;
    char want[64];
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    if (r->status != status)
        test_fail(__FILE__, __LINE__, "status %d, want %d: %.*s", r->status, status, STR(r->body));
    if (str_starts(r->body, S("<html>")) && library_keeps_its_pages()) return;
    if (!reply_header(r, "content-type", &type) || !str_is(type, "application/problem+json"))
        test_fail(__FILE__, __LINE__, "not a problem document: %.*s", STR(r->head));
    if (!json_valid(r->body) || !str_find(r->body, str_of(want), &at))
        test_fail(__FILE__, __LINE__, "no code %s in: %.*s", code, STR(r->body));
}
