#include "base/fs.h"
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define fail(op, code, ...) \
    op_fail((op), (code), HERE, (str){ 0 }, __VA_ARGS__) /* test.h hides it for cmocka */

/* Rights of the test site: bit 0 is public, as everywhere. */
enum { PUBLIC = 1, READ = 2, WRITE = 4 };
enum { FOLLOWERS = 64 };

struct site {
    struct http *http;
    pthread_mutex_t lock;
    struct http_follow *follower[FOLLOWERS];
    size_t nfollowers;
    _Atomic i64 uploaded, upload_errors, live_opened, follow_closed, ws_closed;
    atomic_bool hold;
    _Atomic int upload_error;
    char spans[65536]; /* what a collector of traces was sent */
};
static struct site *now; /* one site at a time */

/* JSON. */

struct thing {
    i64 id;
    str name;
    bool loud;
    LIST(str) tags;
};
#define D struct thing
static const struct field thing_fields[] = {
    { F(id), .flags = PATH, .min = 1, .max = 1000000 },
    { F(name), .flags = REQUIRED, .min = 1, .max = 200 },
    { F(loud), .flags = QUERY, .def = "false" },
    { F_LIST_OF(tags, &field_str_elem), .max = 5 },
};
#undef D
static DESC(thing);

struct thing_out {
    i64 id;
    str name, who, ip;
    i64 ntags;
};
#define D struct thing_out
static const struct field thing_out_fields[] = {
    { F(id) }, { F(name) }, { F(who) }, { F(ip) }, { F(ntags) }
};
#undef D
static DESC(thing_out);

static err_t thing_put(struct op *op, const struct thing *in, struct thing_out *out)
{
    if (str_is(in->name, "conflict")) return fail(op, ERR_CONFLICT, "'%.*s' exists", STR(in->name));
    if (str_is(in->name, "broken")) return fail_detail(op, ERR_INTERNAL, "secret of the server");
    str name = in->loud ? arena_printf(op->arena, "%.*s!", STR(in->name)) : in->name;
    *out = (struct thing_out){ in->id, name, op->who->login, op->who->ip, (i64)in->tags.n };
    return OK;
}
API(thing_put, thing, thing_out);

struct ask {
    str name;
    i64 size, wait_ms;
    str x_color;
};
#define D struct ask
static const struct field ask_fields[] = {
    { F(name), .flags = PATH, .max = 200 },
    { F(size), .flags = QUERY, .max = 10000000 },
    { F(wait_ms), .flags = QUERY, .max = 10000 },
    { F(x_color), .flags = HEADER, .max = 20 },
};
#undef D
static DESC(ask);
struct answer_text {
    str name, text;
};
#define D struct answer_text
static const struct field answer_text_fields[] = { { F(name) }, { F(text) } };
#undef D
static DESC(answer_text);

static err_t thing_get(struct op *op, const struct ask *in, struct answer_text *out)
{
    if (in->wait_ms) usleep((unsigned)in->wait_ms * 1000);
    if (op_late(op)) return fail(op, ERR_TIMEOUT, "waited too long");
    char *text = arena_alloc(op->arena, (size_t)in->size + 1);
    memset(text, 'x', (size_t)in->size);
    *out = (struct answer_text){ in->name, in->x_color.n ? in->x_color : (str){ text, (size_t)in->size } };
    return OK;
}
API(thing_get, ask, answer_text);

struct sum {
    LIST(str) word;
};
#define D struct sum
static const struct field sum_fields[] = { { F_LIST_OF(word, &field_str_elem), .flags = BODY, .max = 10 } };
#undef D
static DESC(sum);
static _Atomic i64 calls;
static err_t words(struct op *op, const struct sum *in, struct thing_out *out)
{
    *out = (struct thing_out){ .id = atomic_fetch_add(&calls, 1),
                               .ntags = (i64)in->word.n,
                               .who = op->who->login };
    return OK;
}
API(words, sum, thing_out);

static err_t thing_delete(struct op *op, const struct nothing *in, struct nothing *out)
{
    (void)op, (void)in, (void)out;
    return OK;
}
API(thing_delete, nothing, nothing);

struct session_end {
    str set_cookie;
};
#define D struct session_end
static const struct field session_end_fields[] = { { F(set_cookie), .flags = HEADER | READONLY | NULLABLE } };
#undef D
static DESC(session_end);
static err_t session_delete(struct op *op, const struct nothing *in, struct session_end *out)
{
    (void)in;
    if (op->who->page) out->set_cookie = arena_printf(op->arena, "site_session=; page=%d", op->who->page);
    return OK;
}
API(session_delete, nothing, session_end);

struct named {
    str name;
};
#define D struct named
static const struct field named_fields[] = { { F(name), .flags = PATH, .min = 1, .max = 200 } };
#undef D
static DESC(named);

/* Files. */

struct stored {
    i64 size;
};
#define D struct stored
static const struct field stored_fields[] = { { F(size) } };
#undef D
static DESC(stored);

static err_t count_body(struct op *op, struct http_body *body, bool slow, i64 *total)
{
    size_t got;
    char *p = arena_alloc(op->arena, 65536);
    do {
        if (slow) usleep(1000);
        TRY(http_body_read(body, op, p, 65536, &got));
        *total += (i64)got;
    } while (got);
    return OK;
}

static err_t file_put_run(struct op *op, const void *in_, struct http_body *body, void *out_)
{
    const struct named *in = in_;
    struct stored *out = out_;
    if (str_is(in->name, "forbidden")) return fail(op, ERR_FORBIDDEN, "not this one");
    i64 total = 0;
    err_t e = count_body(op, body, str_is(in->name, "slow"), &total);
    atomic_fetch_add(&now->uploaded, total);
    if (e) {
        atomic_store(&now->upload_error, (int)e);
        atomic_fetch_add(&now->upload_errors, 1);
        return e;
    }
    if (str_is(in->name, "full")) return fail(op, ERR_UNAVAILABLE, "the disk is full");
    out->size = total;
    return OK;
}
static const struct http_upload file_put = { "file_put", &named_desc, &stored_desc, file_put_run };

/* A file of `name` bytes whose byte i is i % 251. */
static err_t file_get_run(struct op *op, const void *in_, struct http_file *out)
{
    const struct named *in = in_;
    i64 size;
    if (str_is(in->name, "elsewhere")) {
        out->url = S("http://127.0.0.1:1/file");
        return OK;
    }
    if (!str_to_i64(in->name, &size)) return fail(op, ERR_NOT_FOUND, "no file '%.*s'", STR(in->name));
    int fd = memfd_create("file", MFD_CLOEXEC);
    char *p = arena_alloc(op->arena, (size_t)size + 1);
    for (i64 i = 0; i < size; i++) p[i] = (char)(i % 251);
    if (fd < 0 || !fs_write_all(fd, (str){ p, (size_t)size })) return fail(op, ERR_INTERNAL, "no file");
    *out = (struct http_file){ .fd = fd,
                               .size = size,
                               .etag = arena_printf(op->arena, "v%lld", (long long)size),
                               .file_name = S("файл.bin"),
                               .content_type = S("application/gzip") };
    return OK;
}
static const struct http_download file_get = { "file_get", &named_desc, file_get_run };

/* Hot answers. */

static struct http_shared *hot;
static bool page_fast(struct http_request *r)
{
    if (http_has_query(r)) return false;
    return http_answer_shared(r, hot);
}

/* Live. */

static void follower_left(void *arg)
{
    struct http_follow *f = arg;
    pthread_mutex_lock(&now->lock);
    for (size_t i = 0; i < now->nfollowers; i++)
        if (now->follower[i] == f) {
            now->follower[i] = now->follower[--now->nfollowers];
            break;
        }
    pthread_mutex_unlock(&now->lock);
    http_follow_unref(f);
    atomic_fetch_add(&now->follow_closed, 1);
}

static void opened(void)
{
    atomic_fetch_add(&now->live_opened, 1);
    while (atomic_load(&now->hold)) test_nap();
}

static err_t live_open(struct op *op, const void *in, struct http_follow *f)
{
    (void)in;
    pthread_mutex_lock(&now->lock);
    bool room = now->nfollowers < FOLLOWERS;
    if (room) {
        http_follow_ref(f);
        now->follower[now->nfollowers++] = f;
    }
    pthread_mutex_unlock(&now->lock);
    if (!room) return fail(op, ERR_UNAVAILABLE, "too many followers");
    http_follow_on_close(f, follower_left, f);
    http_follow_send(f, S("hello"), S("1"), S("{\"hello\":true}"));
    opened();
    return OK;
}
static const struct http_live live = { "live", &nothing_desc, live_open };

/* The same path as an answer and as a stream. */
struct both_in {
    bool follow;
};
#define D struct both_in
static const struct field both_in_fields[] = { { F(follow), .flags = QUERY, .doc = "As a stream." } };
#undef D
static DESC(both_in);
API(both, both_in, nothing);
static err_t both(struct op *op, const struct both_in *in, struct nothing *out)
{
    (void)out;
    return in->follow ? fail(op, ERR_INTERNAL, "must have been a stream") : OK;
}
static const struct http_live both_live = { "both_live", &both_in_desc, live_open };

static void echo_message(struct ws *ws, void *ctx, bool text, str data)
{
    (void)ctx;
    if (str_is(data, "close")) ws_close(ws, 4000, S("as you wish"));
    else if (str_is(data, "flood"))
        for (int i = 0; i < 100000 && ws_send(ws, true, S("flood flood flood flood flood flood flood flood"));
             i++)
            continue;
    else ws_send(ws, text, data);
}
static void echo_closed(struct ws *ws, void *ctx)
{
    (void)ws;
    mem_free(ctx);
    atomic_fetch_add(&now->ws_closed, 1);
}
static const struct ws_handler echo_handler = { 65536, echo_message, echo_closed };
static err_t echo_open(struct op *op, const void *in, struct ws *ws, const struct ws_handler **out,
                       void **ctx)
{
    (void)op, (void)in, (void)ws;
    *out = &echo_handler;
    *ctx = mem_alloc(1);
    opened();
    return OK;
}
static const struct http_socket echo = { "echo", &nothing_desc, echo_open };

struct raw_in {
    str precision, content_type, rest;
};
#define D struct raw_in
static const struct field raw_in_fields[] = { { F(precision), .flags = QUERY | NULLABLE, .max = 8 },
                                              { F(content_type), .flags = HEADER | NULLABLE, .max = 100 },
                                              { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1,
                                                .doc = "Any." } };
#undef D
static DESC(raw_in);

static err_t raw_run(struct op *op, const void *in, str body, struct http_reply *out)
{
    const struct raw_in *q = in;
    if (str_is(body, "fail")) return fail_field(op, "line", "is bad");
    if (!body.n) return OK;
    out->status = 202;
    out->content_type = "text/plain";
    out->body = arena_printf(op->arena, "%.*s|%.*s|%.*s", STR(q->precision), STR(q->content_type), STR(body));
    struct http_pair p;
    for (str rest = q->rest; http_form_next(op->arena, &rest, &p);)
        if (str_is(p.name, "match[]"))
            out->body = arena_printf(op->arena, "%.*s+%.*s", STR(out->body), STR(p.value));
    out->header[out->nheaders].name = "X-Written";
    out->header[out->nheaders++].value = "7";
    return OK;
}
static const struct http_raw raw = { "raw", "text/plain, text/csv", "text/plain", &raw_in_desc, raw_run };

static err_t spans_run(struct op *op UNUSED, const void *in UNUSED, str body, struct http_reply *out)
{
    pthread_mutex_lock(&now->lock);
    size_t n = strlen(now->spans);
    snprintf(now->spans + n, sizeof now->spans - n, "%.*s", STR(body));
    pthread_mutex_unlock(&now->lock);
    out->content_type = "application/json";
    out->body = S("{}");
    return OK;
}
static const struct http_raw spans = { "spans", "application/json", "application/json", &nothing_desc,
                                       spans_run };

str site_spans(struct site *s, struct op *op)
{
    pthread_mutex_lock(&s->lock);
    str out = str_copy(op->arena, str_of(s->spans));
    pthread_mutex_unlock(&s->lock);
    return out;
}

/* Bytes of others. */

struct bytes_in {
    str tone, content_type, rest;
};
#define D struct bytes_in
static const struct field bytes_in_fields[] = {
    { F(tone), .flags = QUERY, .max = 10 },
    { F(content_type), .flags = HEADER, .max = 100 },
    { F_AS(QUERY_REST, rest), .flags = QUERY | NULLABLE, .max = 1, .doc = "Any." },
};
#undef D
static DESC(bytes_in);

static err_t shout(struct op *op, const void *arg, str body, struct http_reply *reply)
{
    const struct bytes_in *in = arg;
    if (str_is(body, "bad")) return fail_field(op, "body", "is bad");
    if (str_is(body, "broken")) return fail_detail(op, ERR_INTERNAL, "secret of the server");
    reply->body = arena_printf(op->arena, "%.*s/%.*s/%.*s/%zu", STR(op->who->login), STR(in->tone),
                               STR(in->content_type), body.n);
    reply->content_type = "text/plain";
    return OK;
}
static void shout_refuse(const struct op *op, str text, struct http_reply *reply)
{
    reply->content_type = "text/plain";
    reply->body = arena_printf(op->arena, "no: %.*s", STR(text));
}
static const struct http_raw raw_strict = { "raw_strict", "text/plain", "text/plain", &bytes_in_desc, shout };
static const struct http_raw raw_of_others = { "raw_of_others", "text/plain", "text/plain",
                                               &bytes_in_desc,  shout,        shout_refuse };

const struct route site_routes[] = {
    { POST, "/v1/traces", .raw = &spans, .auth = PUBLIC, .flags = ROUTE_HIDDEN, .doc = "A collector." },
    { POST, "/raw", .raw = &raw, .auth = WRITE, .max_body = 100, .doc = "Bytes of another protocol." },
    { PUT, "/api/things/{id}", &thing_put_api, .auth = PUBLIC, .doc = "Put a thing." },
    { GET, "/api/text/{name}", &thing_get_api, .auth = PUBLIC, .flags = ROUTE_ETAG, .doc = "Some text." },
    { POST, "/api/words", &words_api, .auth = WRITE, .status = 201, .max_body = 2000, .doc = "Count words." },
    { POST, "/api/sign-in", &words_api, .auth = PUBLIC, .flags = ROUTE_SIGN_IN | ROUTE_HIDDEN,
      .doc = "Sign in." },
    { DELETE, "/api/session", &session_delete_api, .auth = PUBLIC, .status = 204, .doc = "Sign out." },
    { DELETE, "/api/things/all", &thing_delete_api, .auth = READ | WRITE, .doc = "Delete." },
    { GET, "/api/slow/{name}", &thing_get_api, .auth = PUBLIC, .deadline_us = MSEC(50),
      .flags = ROUTE_HIDDEN | ROUTE_NO_RATE, .doc = "Slow." },
    { PUT, "/files/{name}", .upload = &file_put, .auth = PUBLIC, .max_body = GIB(4), .doc = "Upload." },
    { PUT, "/small/{name}", .upload = &file_put, .auth = WRITE, .max_body = 1000000, .flags = ROUTE_HIDDEN,
      .doc = "Upload a little." },
    { GET, "/files/{name}", .download = &file_get, .auth = PUBLIC, .doc = "Download." },
    { POST, "/raw/strict", .raw = &raw_strict, .auth = WRITE, .max_body = 100000, .doc = "Bytes." },
    { POST, "/raw/others", .raw = &raw_of_others, .auth = WRITE, .max_body = 100000,
      .flags = ROUTE_ANY_CREDENTIALS, .doc = "Bytes of others." },
    { GET, "/hot", &thing_delete_api, .auth = PUBLIC, .fast = page_fast,
      .flags = ROUTE_HIDDEN | ROUTE_NO_RATE, .doc = "Hot page." },
    { GET, "/live", .follow = &live, .auth = PUBLIC, .doc = "Follow." },
    { GET, "/both", &both_api, .follow_too = &both_live, .auth = PUBLIC, .doc = "Ask or follow." },
    { GET, "/secret/live", .follow = &live, .auth = READ, .flags = ROUTE_HIDDEN,
      .doc = "Follow with a token." },
    { GET, "/echo", .socket = &echo, .auth = PUBLIC, .doc = "Echo." },
    { GET, "/secret/echo", .socket = &echo, .auth = READ, .flags = ROUTE_HIDDEN,
      .doc = "Echo with a token." },
};
const size_t nsite_routes = LEN(site_routes);

static err_t authenticate(struct op *op, str authorization, struct principal *out)
{
    static const struct {
        const char *token, *login;
        u64 rights;
    } known[] = { { "Bearer writer", "writer", READ | WRITE },
                  { "Bearer reader", "reader", READ },
                  { "Token writer", "token", READ | WRITE },
                  { "Basic dTpw", "basic", READ | WRITE } };
    for (size_t i = 0; i < LEN(known); i++)
        if (str_is(authorization, known[i].token)) {
            *out = (struct principal){ .kind = WHO_USER,
                                       .login = str_of(known[i].login),
                                       .rights = known[i].rights };
            return OK;
        }
    return fail(op, ERR_UNAUTHENTICATED, "unknown token");
}

static err_t authenticate_cookie(struct op *op, str value, struct principal *out)
{
    return authenticate(op, arena_printf(op->arena, "Bearer %.*s", STR(value)), out);
}

/* Kept answers, as a feature would keep them in a table. */
static struct {
    pthread_mutex_t lock;
    char key[64], fingerprint[65], body[512];
    size_t body_n;
    int status;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

static err_t kept_find(struct op *op, struct http_kept *k)
{
    pthread_mutex_lock(&kept.lock);
    bool known = str_is(k->key, kept.key), same = str_is(k->fingerprint, kept.fingerprint);
    if (known && same && kept.status) {
        k->status = kept.status;
        k->body = str_copy(op->arena, (str){ kept.body, kept.body_n });
    } else if (!known) {
        snprintf(kept.key, sizeof kept.key, "%.*s", STR(k->key));
        snprintf(kept.fingerprint, sizeof kept.fingerprint, "%.*s", STR(k->fingerprint));
        kept.status = 0;
    }
    pthread_mutex_unlock(&kept.lock);
    if (known && !same) return fail(op, ERR_CONFLICT, "the key was used for another request");
    return known && !k->status ? fail(op, ERR_CONFLICT, "the first request is still running") : OK;
}
static err_t kept_store(struct op *op, const struct http_kept *k)
{
    (void)op;
    pthread_mutex_lock(&kept.lock);
    kept.status = k->status;
    kept.body_n = MIN(k->body.n, sizeof kept.body);
    if (k->body.n) memcpy(kept.body, k->body.p, kept.body_n);
    if (!k->status) kept.key[0] = 0;
    pthread_mutex_unlock(&kept.lock);
    return OK;
}
static const struct http_idempotency keeping = { kept_find, kept_store };

static const struct static_file files[] = {
    { "/app-0123abcd.js", "text/javascript", (const u8 *)"alert(1)", 8, (const u8 *)"zipped", 6, "\"js1\"",
      true },
    { "/index.html", "text/html; charset=utf-8", (const u8 *)"<p>hello</p>", 12, NULL, 0, "\"html1\"",
      false },
};

struct site *site_start(struct op *op, const struct site_options *o)
{
    static const struct site_options none;
    if (!o) o = &none;
    struct site *s = MEM_NEW(struct site);
    pthread_mutex_init(&s->lock, NULL);
    now = s;
    hot = http_shared_new(S("{\"hot\":true}"), "application/json", "no-cache");
    const struct route *tables[] = { site_routes };
    size_t n[] = { LEN(site_routes) };
    struct http_options http = { .listen = S("127.0.0.1:0"),
                                 .authenticate = authenticate,
                                 .cookie = "site_session",
                                 .authenticate_cookie = authenticate_cookie,
                                 .idempotency = &keeping,
                                 .files = files,
                                 .nfiles = LEN(files),
                                 .workers = o->workers,
                                 .max_uploads = o->max_uploads,
                                 .slow_head_us = o->slow_head_us,
                                 .beat_us = o->beat_us,
                                 .stuck_us = o->stuck_us,
                                 .max_queue = o->max_queue,
                                 .rate_per_minute = o->rate_per_minute,
                                 .sign_in_per_minute = o->sign_in_per_minute,
                                 .trusted_proxies = str_of(o->trusted_proxies) };
    assert_ok(op, http_start(op, &http, tables, n, 1, &s->http));
    return s;
}

void site_stop(struct site *s)
{
    http_stop(s->http, SEC(5));
    http_shared_unref(hot);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
    now = NULL;
}

struct http *site_http(struct site *s) { return s->http; }
int site_port(const struct site *s) { return http_port(s->http); }

struct site_seen site_seen(struct site *s)
{
    return (struct site_seen){ s->uploaded,      s->upload_errors, s->live_opened,
                               s->follow_closed, s->ws_closed,     (err_t)s->upload_error };
}

void site_hold(struct site *s, bool hold) { atomic_store(&s->hold, hold); }

void site_broadcast(struct site *s, str json)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->nfollowers; i++) http_follow_send(s->follower[i], S("tick"), (str){ 0 }, json);
    pthread_mutex_unlock(&s->lock);
}

i64 site_followers(struct site *s)
{
    pthread_mutex_lock(&s->lock);
    i64 n = (i64)s->nfollowers;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void free_client(void *c) { client_free(c); }

struct client *site_client(struct site *s, struct op *op, const char *token)
{
    struct client *c;
    struct client_options o = { .base_url = arena_printf(op->arena, "http://127.0.0.1:%d/", site_port(s)),
                                .token = str_of(token),
                                .timeout_us = test_patience_us() };
    assert_ok(op, client_new(op, &o, &c));
    arena_defer(op->arena, free_client, c);
    return c;
}
