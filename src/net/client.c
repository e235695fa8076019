/* The HTTP client, on libcurl's easy interface. One handle keeps one connection; each call sets all its
 * options anew. */
#include "net/client.h"
#include "net/client_int.h"
#include "net/trace.h"
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20, PROBLEM_MAX = 64 << 10 };
struct client {
    CURL *curl;
    str base, token, agent;
    i64 timeout_us;
    bool insecure;
};

void client_global(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, client_global_once);
}

void client_global_once(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) bug("libcurl does not start");
}

err_t client_new(struct op *op, const struct client_options *o, struct client **out)
{
    client_global();
    str base = o->base_url;
    while (base.n && base.p[base.n - 1] == '/') base.n--;
    if (!str_starts(base, S("http://")) && !str_starts(base, S("https://")))
        return fail(op, ERR_INVALID, "'%.*s' is not an http:// or https:// address", STR(o->base_url));
    struct client *c = MEM_NEW(struct client);
    c->curl = curl_easy_init();
    if (!c->curl) bug("out of memory for libcurl");
    c->base = mem_str(base);
    c->token = mem_str(o->token);
    c->agent = mem_str(o->user_agent.n ? o->user_agent : S("netbit/" NETBIT_VERSION));
    c->timeout_us = o->timeout_us ? o->timeout_us : SEC(30);
    c->insecure = o->insecure;
    *out = c;
    return OK;
}

static void drop(str s)
{
    union {
        const char *c;
        void *v;
    } p = { s.p };
    mem_free(p.v);
}

void client_free(struct client *c)
{
    if (!c) return;
    curl_easy_cleanup(c->curl);
    drop(c->base);
    drop(c->token);
    drop(c->agent);
    mem_free(c);
}

void client_set_token(struct client *c, str token)
{
    drop(c->token);
    c->token = mem_str(token);
}

/* One exchange. */

struct exchange {
    struct client *client;
    struct op *op;
    struct curl_slist *headers;
    struct buf answer; /* the body, unless `file` takes it */
    int status;
    /* upload and download */
    int fd;
    i64 offset, pos, limit, total;
    client_progress progress;
    void *ctx;
    bool to_file, began, upload, over, io_error;
    /* lines */
    bool (*line)(void *ctx, str line);
    char *begun; /* of the line that is not whole yet; mem */
    size_t nbegun;
    bool enough;
};

static void exchange_done(struct exchange *x) { curl_slist_free_all(x->headers); }

static void header(struct exchange *x, str line)
{
    x->headers = curl_slist_append(x->headers, str_z(x->op->arena, line));
    if (!x->headers) bug("out of memory for libcurl");
}

static void set_times(struct exchange *x, bool whole)
{
    CURL *c = x->client->curl;
    i64 most = x->client->timeout_us;
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(MIN(most, SEC(10)) / 1000));
    if (!whole) { /* as long as something moves */
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)MAX(1, most / SEC(1)));
        most = 0;
    }
    if (x->op->deadline_us) {
        i64 left = MAX(x->op->deadline_us - time_mono_us(), 1000);
        most = most ? MIN(most, left) : left;
    }
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(most / 1000));
}

static size_t on_bytes(char *p, size_t one, size_t n, void *arg);

static str address(struct exchange *x, str path)
{
    if (str_starts(path, S("http://")) || str_starts(path, S("https://"))) return path;
    return arena_printf(x->op->arena, "%.*s%.*s", STR(x->client->base), STR(path));
}

bool client_same_origin(str url, str base)
{
    size_t at;
    str rest = str_find(base, S("://"), &at) ? str_skip(base, at + 3) : base, host;
    str_cut(rest, '/', &host, &(str){ 0 });
    str origin = str_head(base, (size_t)(host.p - base.p) + host.n);
    return str_starts(url, origin) && (url.n == origin.n || strchr("/?#", url.p[origin.n]));
}

static void begin(struct exchange *x, enum method m, str path, bool whole)
{
    struct client *cl = x->client;
    CURL *c = cl->curl;
    str url = address(x, path);
    x->answer = (struct buf){ .arena = x->op->arena, .limit = ANSWER_MAX };
    curl_easy_reset(c); /* connections stay */
    curl_easy_setopt(c, CURLOPT_URL, str_z(x->op->arena, url));
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, cl->agent.p);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, x->to_file ? NULL : "");
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method_names[m]);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    if (cl->token.n && client_same_origin(url, cl->base)) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, cl->token.p); /* libcurl keeps it from other hosts */
    }
    if (cl->insecure) {
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    set_times(x, whole);
}

static err_t curl_failed(struct exchange *x, CURLcode code)
{
    struct op *op = x->op;
    if (x->over) return fail(op, ERR_LIMIT, "the answer is too large");
    if (x->io_error) return fail(op, ERR_INTERNAL, "cannot write the file: %s", strerror(errno));
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return fail(op, ERR_TIMEOUT, "'%.*s' does not answer in time", STR(x->client->base));
    case CURLE_ABORTED_BY_CALLBACK: return fail(op, ERR_UNAVAILABLE, "cancelled");
    default: return fail(op, ERR_UNAVAILABLE, "'%.*s': %s", STR(x->client->base), curl_easy_strerror(code));
    }
}

static err_t perform(struct exchange *x)
{
    CURL *c = x->client->curl;
    char parent[TRACEPARENT];
    if (trace_parent(x->op, parent).n) header(x, arena_printf(x->op->arena, "traceparent: %s", parent));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    CURLcode code = curl_easy_perform(c);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    x->status = (int)status;
    /* A server that refuses an upload answers and hangs up: the answer tells more than the broken pipe. */
    if (code == CURLE_SEND_ERROR && status >= 400) code = CURLE_OK;
    return code ? curl_failed(x, code) : OK;
}

/* Problem documents. */

struct problem {
    str code, detail, field, title;
};
#define D struct problem
static const struct field problem_fields[] = {
    { F(code), .max = 64 },
    { F(detail), .max = 65536 },
    { F(field), .max = 1024 },
    { F(title), .max = 1024 },
};
#undef D
static DESC(problem);

err_t client_problem(struct op *op, int status, str body)
{
    struct problem p = { 0 };
    err_t code = err_of_http(status);
    if (desc_read_answer(op, &problem_desc, body, &p)) {
        op_clear(op);
        p = (struct problem){ 0 };
    }
    for (int e = 1; e < ERR__COUNT; e++)
        if (str_is(p.code, err_name((err_t)e))) code = (err_t)e;
    str text = p.detail.n ? p.detail : p.title;
    if (!text.n) text = arena_printf(op->arena, "the server answered %d", status);
    return op_fail(op, code, HERE, p.field.n ? p.field : (str){ 0 }, "%.*s", STR(text));
}

static err_t check_status(struct exchange *x)
{
    if (x->status < 300) return OK;
    if (x->status < 400) return fail(x->op, ERR_UNAVAILABLE, "the server answered %d", x->status);
    return client_problem(x->op, x->status, buf_str(&x->answer));
}

/* Calls. */

static void set_body(struct exchange *x, enum method m, str content_type, str body)
{
    CURL *c = x->client->curl;
    if (!body.p) {
        if (m != GET && m != DELETE) header(x, S("Content-Length: 0"));
        return;
    }
    header(x, arena_printf(x->op->arena, "Content-Type: %.*s", STR(content_type)));
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p);
}

err_t client_raw_with(struct client *c, struct op *op, const struct client_request *q, int *status,
                      str *answer)
{
    struct exchange x = { .client = c, .op = op };
    begin(&x, q->method, q->path, true);
    set_body(&x, q->method, q->content_type, q->body);
    err_t e = perform(&x);
    exchange_done(&x);
    TRY(e);
    *status = x.status;
    *answer = buf_str(&x.answer);
    return OK;
}

err_t client_call_with(struct client *c, struct op *op, const struct client_request *q)
{
    struct exchange x = { .client = c, .op = op };
    str body = { 0 };
    if (q->in_desc && q->in_desc != &nothing_desc) {
        struct buf b = BUF(op->arena);
        desc_write_request(&b, q->in_desc, q->in);
        body = buf_str(&b);
    }
    begin(&x, q->method, q->path, true);
    header(&x, S("Accept: application/json"));
    set_body(&x, q->method, S("application/json"), body);
    err_t e = perform(&x);
    exchange_done(&x);
    TRY(e);
    TRY(check_status(&x));
    if (!q->out_desc || q->out_desc == &nothing_desc || !q->out) return OK;
    return desc_read_answer(op, q->out_desc, buf_str(&x.answer), q->out);
}

/* Files. */

static bool pwrite_all(int fd, const char *p, size_t n, i64 at)
{
    while (n) {
        ssize_t w = pwrite(fd, p, n, at);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) return false;
        p += w;
        n -= (size_t)w;
        at += w;
    }
    return true;
}

/* The first bytes of a download: a server without ranges starts again from the beginning. */
static bool began(struct exchange *x)
{
    x->began = true;
    if (x->status == 206) {
        x->pos = x->offset;
        return true;
    }
    x->pos = 0;
    return ftruncate(x->fd, 0) == 0;
}

static size_t to_file(struct exchange *x, const char *p, size_t n)
{
    if (!x->began && !began(x)) x->io_error = true;
    if (!x->io_error && x->limit && x->pos + (i64)n > x->limit) x->over = true;
    if (!x->io_error && !x->over && !pwrite_all(x->fd, p, n, x->pos)) x->io_error = true;
    if (x->io_error || x->over) return 0;
    x->pos += (i64)n;
    return n;
}

/* Whole lines are told, what is left waits for the rest. */
static size_t to_lines(struct exchange *x, const char *p, size_t n)
{
    if (x->nbegun + n > ANSWER_MAX) x->over = true;
    if (x->over) return 0;
    x->begun = mem_resize(x->begun, x->nbegun + n);
    memcpy(x->begun + x->nbegun, p, n);
    str rest = { x->begun, x->nbegun + n }, one;
    size_t at;
    while (!x->enough && str_find_char(rest, '\n', &at)) {
        one = str_head(rest, at);
        rest = str_skip(rest, at + 1);
        if (one.n) x->enough = !x->line(x->ctx, one);
    }
    memmove(x->begun, rest.p, rest.n);
    x->nbegun = rest.n;
    return x->enough ? 0 : n;
}

static size_t on_bytes(char *p, size_t one, size_t n, void *arg)
{
    struct exchange *x = arg;
    n *= one;
    long status = 0;
    curl_easy_getinfo(x->client->curl, CURLINFO_RESPONSE_CODE, &status);
    x->status = (int)status;
    if (x->to_file && status < 300) return to_file(x, p, n);
    if (x->line && status < 300) return to_lines(x, p, n);
    if (x->to_file && x->answer.n + n > PROBLEM_MAX) return n; /* enough of an error page */
    buf_put(&x->answer, (str){ p, n });
    x->over = x->answer.over;
    return x->over ? 0 : n;
}

static size_t on_read(char *p, size_t one, size_t n, void *arg)
{
    struct exchange *x = arg;
    ssize_t r;
    do r = pread(x->fd, p, one * n, x->pos);
    while (r < 0 && errno == EINTR);
    if (r < 0) return CURL_READFUNC_ABORT;
    x->pos += r;
    return (size_t)r;
}

static int on_seek(void *arg, curl_off_t to, int whence)
{
    struct exchange *x = arg;
    if (whence != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
    x->pos = x->offset + to;
    return CURL_SEEKFUNC_OK;
}

static int on_progress(void *arg, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total, curl_off_t ul)
{
    (void)ul_total, (void)ul;
    struct exchange *x = arg;
    if (!x->progress) return 0;
    if (x->upload) return !x->progress(x->ctx, x->pos, x->total);
    if (x->to_file && x->status >= 300) return 0;
    i64 before = x->status == 206 ? x->offset : 0;
    return !x->progress(x->ctx, before + dl, dl_total > 0 ? before + dl_total : 0);
}

static void set_progress(struct exchange *x)
{
    CURL *c = x->client->curl;
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
}

static struct exchange file_exchange(struct client *c, struct op *op, const struct client_file *f)
{
    return (struct exchange){ .client = c,
                              .op = op,
                              .fd = f->fd,
                              .offset = f->offset,
                              .pos = f->offset,
                              .total = f->size,
                              .limit = f->limit,
                              .progress = f->progress,
                              .ctx = f->ctx };
}

err_t client_upload_with(struct client *c, struct op *op, const struct client_file *f, str *answer)
{
    struct exchange x = file_exchange(c, op, f);
    x.upload = true;
    i64 offset = f->offset, size = f->size;
    begin(&x, PUT, f->path_or_url, false);
    set_progress(&x);
    curl_easy_setopt(c->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c->curl, CURLOPT_READDATA, &x);
    curl_easy_setopt(c->curl, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(c->curl, CURLOPT_SEEKDATA, &x);
    curl_easy_setopt(c->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(size - offset));
    header(&x, S("Content-Type: application/octet-stream"));
    if (offset > 0)
        header(&x, arena_printf(op->arena, "Content-Range: bytes %lld-%lld/%lld", (long long)offset,
                                (long long)size - 1, (long long)size));
    err_t e = perform(&x);
    exchange_done(&x);
    TRY(e);
    TRY(check_status(&x));
    if (answer) *answer = buf_str(&x.answer);
    return OK;
}

/* "bytes 5-9/10" and "bytes star/10": the whole length; -1: none is told. */
static i64 whole_length(CURL *c)
{
    struct curl_header *h;
    str before, length;
    i64 n;
    if (curl_easy_header(c, "Content-Range", 0, CURLH_HEADER, -1, &h)) return -1;
    return str_cut(str_of(h->value), '/', &before, &length) && str_to_i64(str_trim(length), &n) ? n : -1;
}

err_t client_download_with(struct client *c, struct op *op, const struct client_file *f, i64 *size)
{
    struct exchange x = file_exchange(c, op, f);
    x.to_file = true;
    i64 offset = f->offset;
    begin(&x, GET, f->path_or_url, false);
    set_progress(&x);
    curl_easy_setopt(c->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c->curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(c->curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    if (offset > 0)
        curl_easy_setopt(c->curl, CURLOPT_RANGE, arena_printf(op->arena, "%lld-", (long long)offset).p);
    err_t e = perform(&x);
    exchange_done(&x);
    TRY(e);
    i64 whole = whole_length(c->curl);
    if (x.status == 416 && whole == offset) { /* it was complete already */
        *size = offset;
        return OK;
    }
    TRY(check_status(&x));
    if (!x.began && !began(&x)) return fail(op, ERR_INTERNAL, "cannot write the file: %s", strerror(errno));
    *size = whole >= 0 ? whole : x.pos;
    return OK;
}

/* Lines. Nothing may come for long, so only the network says that it is over. */
err_t client_lines(struct client *c, struct op *op, str path, bool (*line)(void *ctx, str line), void *ctx)
{
    struct exchange x = { .client = c, .op = op, .line = line, .ctx = ctx };
    begin(&x, GET, path, false);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 0L);
    curl_easy_setopt(c->curl, CURLOPT_TCP_KEEPALIVE, 1L);
    header(&x, S("Accept: application/x-ndjson"));
    err_t e = perform(&x);
    exchange_done(&x);
    mem_free(x.begun);
    if (x.enough) op_clear(op);
    if (e && !x.enough) return e;
    return check_status(&x);
}
