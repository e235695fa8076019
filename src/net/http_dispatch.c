/* Operations: what a worker does with a request. Authenticate, bind, check rights, call, write the answer,
 * and let it go when what the operation wrote is durable. */
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_cookie.h"
#include "net/http_inflate.h"
#include "net/http_int.h"
#include "net/trace.h"

static void fail_log(const struct http_request *r)
{
    const struct op_error *e = &r->op.err;
    if (e->code != ERR_INTERNAL && log_least > LOG_LEVEL_DEBUG) return;
    enum log_level level = e->code == ERR_INTERNAL ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG;
    LOG_(level, "request failed", KV("code", err_name(e->code)), KV("text", e->msg), KV("field", e->field),
         KV("at", e->at ? e->at : ""), KV("operation", r->row->name), KV("request", r->op.id),
         KV("user", r->who.login));
}

/* Tells options.refused where the row asks for it. */
static void tell_refused(struct http_request *r, err_t e)
{
    const struct route *row = r->row->route;
    void (*refused)(struct op *, err_t) = r->http->options.refused;
    bool watched = row->audit || row->flags & ROUTE_SIGN_IN;
    if (refused && watched && (e == ERR_UNAUTHENTICATED || e == ERR_FORBIDDEN)) refused(&r->op, e);
}

void request_op_begin(struct http_request *r)
{
    struct op *op = &r->op;
    const struct row *row = r->row;
    op->deadline_us = r->start_us + row->deadline_us;
    trace_begin(op, &r->span, r->header[H_TRACEPARENT]);
    if (!row->route->audit) return;
    r->note = (struct op_note){ .action = row->route->audit,
                                .method_path = arena_printf(&r->arena, "%s %.*s", method_names[r->method],
                                                            STR(r->path)) };
    op->note = &r->note;
}

/* ?u=NAME&p=PASSWORD, as InfluxDB's clients send it. */
static str credentials_of_query(struct http_request *r)
{
    str user, password;
    if (!query_find(&r->arena, r->query, S("p"), &password)) return (str){ 0 };
    if (!query_find(&r->arena, r->query, S("u"), &user)) user = S("");
    str both = arena_printf(&r->arena, "%.*s:%.*s", STR(user), STR(password));
    return arena_printf(&r->arena, "Basic %.*s", STR(base64_text(&r->arena, both)));
}

static str authorization(struct http_request *r)
{
    str token;
    bool any = r->row->route->flags & ROUTE_ANY_CREDENTIALS;
    if (r->header[H_AUTHORIZATION].n) return r->header[H_AUTHORIZATION];
    if (any) return credentials_of_query(r);
    bool by_query = r->row->kind == ROW_SOCKET || r->row->kind == ROW_FOLLOW;
    if (!by_query || !query_find(&r->arena, r->query, S("access_token"), &token)) return (str){ 0 };
    return arena_printf(&r->arena, "Bearer %.*s", STR(token));
}

static void become(struct http_request *r, struct principal *who)
{
    who->ip = r->who.ip;
    who->user_agent = r->who.user_agent;
    who->page = r->who.page;
    r->who = *who;
}

/* A browser sends its cookie with everything, also when the session is over: what is open to anyone stays
 * open. But not what lasts: the page would take itself to be signed in. */
static err_t by_cookie(struct http_request *r)
{
    struct principal who = r->who;
    err_t e = cookie_check(r);
    if (!e) {
        e = r->http->options.authenticate_cookie(&r->op, r->cookie, &who);
        if (e == ERR_UNAUTHENTICATED) request_charge_address(r);
    }
    if (!e) become(r, &who);
    bool lasts = r->row->kind == ROW_SOCKET || r->row->kind == ROW_FOLLOW;
    bool open = !lasts && !(r->row->route->auth & ~ROUTE_PUBLIC);
    if (!open || (e != ERR_UNAUTHENTICATED && e != ERR_FORBIDDEN)) return e;
    op_clear(&r->op);
    return OK;
}

static err_t authenticate(struct http_request *r)
{
    const struct http_options *o = &r->http->options;
    str auth = authorization(r);
    /* Who signs in may well send the token that has just expired. */
    if (r->row->route->flags & (ROUTE_SIGN_IN | ROUTE_ANYONE)) return OK;
    struct principal who = r->who;
    bool known = str_eq_fold(str_head(auth, 7), S("bearer ")) || r->row->route->flags & ROUTE_ANY_CREDENTIALS;
    err_t e = OK;
    if (auth.n && !known)
        e = fail(&r->op, ERR_UNAUTHENTICATED,
                 "the Authorization header must be 'Bearer' and an access token");
    else if (auth.n && o->authenticate) e = o->authenticate(&r->op, auth, &who);
    else if (!auth.n && r->cookie.n) return by_cookie(r);
    else return OK;
    if (e) request_charge_address(r);
    else become(r, &who);
    return e;
}

err_t request_authorise(struct http_request *r)
{
    struct op *op = &r->op;
    if (r->who.page && !request_host_allowed(r))
        return fail(op, ERR_FORBIDDEN, "pages of another origin may not ask in the name of this one's");
    TRY(authenticate(r));
    u64 need = r->row->route->auth & ~ROUTE_PUBLIC;
    if ((r->who.rights & need) == need) return OK;
    if (r->who.kind == WHO_NOBODY) return fail(op, ERR_UNAUTHENTICATED, "this operation needs a token");
    return fail(op, ERR_FORBIDDEN, "your rights do not include this operation");
}

/* Idempotency-Key. */

static str fingerprint(struct http_request *r)
{
    str text = arena_printf(&r->arena, "%s %.*s\n%.*s", method_names[r->method], STR(r->target),
                            STR(buf_str(&r->body)));
    return sha256_text(&r->arena, sha256_of(text));
}

static err_t idempotency_begin(struct http_request *r, bool *answered)
{
    const struct http_idempotency *idem = r->http->options.idempotency;
    str key = r->header[H_IDEMPOTENCY_KEY];
    *answered = false;
    if (!idem || !key.p || r->method != POST || r->who.kind == WHO_NOBODY) return OK;
    if (!key.n || key.n > 255 || !str_utf8_ok(key))
        return fail_field(&r->op, "idempotency-key", "must be 1 to 255 characters");
    r->kept = (struct http_kept){ .key = key, .fingerprint = fingerprint(r) };
    TRY(idem->find(&r->op, &r->kept));
    if (!r->kept.status) {
        r->idempotent = true;
        return OK;
    }
    *answered = true;
    r->answer.status = r->kept.status;
    r->answer.content_type = r->kept.body.n ? "application/json" : NULL;
    r->answer.body = r->kept.body;
    answer_header(r, "Idempotent-Replayed", "true");
    return OK;
}

/* A kept answer belongs to a request that has succeeded; a failed one may be tried again under its key. */
static err_t idempotency_end(struct http_request *r, err_t e)
{
    if (!r->idempotent) return e;
    struct op_error err = r->op.err;
    r->kept.status = e ? 0 : r->answer.status;
    r->kept.body = e ? (str){ 0 } : r->answer.body;
    err_t stored = r->http->options.idempotency->store(&r->op, &r->kept);
    if (!e) return stored;
    r->op.err = err;
    return e;
}

/* API rows. */

static err_t call(struct http_request *r)
{
    const struct row *row = r->row;
    const struct api *api = row->route->api;
    void *in = arena_alloc(&r->arena, row->in->size), *out = arena_alloc(&r->arena, row->out->size);
    TRY(request_bind(r, in));
    bool answered;
    TRY(idempotency_begin(r, &answered));
    if (answered) return OK;
    err_t e = api->call(&r->op, in, out);
    if (!e) answer_json(r, row->status, row->out, out);
    return idempotency_end(r, e);
}

static err_t run_raw(struct http_request *r, const void *in)
{
    struct http_reply reply = { 0 };
    str body = buf_str(&r->body), coding = r->header[H_CONTENT_ENCODING];
    if (coding.n && body.n) TRY(http_inflate(&r->op, coding, body, r->row->max_body, &body));
    TRY(r->row->raw->run(&r->op, in, body, &reply));
    answer_reply(r, &reply);
    return OK;
}

static err_t run_download(struct http_request *r, const void *in)
{
    struct http_file file = { .fd = -1 };
    TRY(r->row->route->download->run(&r->op, in, &file));
    answer_file(r, &file);
    return OK;
}

static err_t run_other(struct http_request *r)
{
    void *in = arena_alloc(&r->arena, r->row->in->size);
    if (r->row->kind == ROW_SOCKET) TRY(ws_check_handshake(r));
    TRY(request_bind(r, in));
    if (r->row->kind == ROW_RAW) return run_raw(r, in);
    if (r->row->kind == ROW_DOWNLOAD) return run_download(r, in);
    return r->row->kind == ROW_SOCKET ? ws_open(r, in) : follow_open(r, in);
}

static err_t run(struct http_request *r)
{
    if (op_late(&r->op)) return fail(&r->op, ERR_TIMEOUT, "the server is too busy");
    TRY(request_authorise(r));
    return r->row->kind == ROW_API ? call(r) : run_other(r);
}

void request_end_run(struct http_request *r, err_t e, void (*durable)(void *, err_t))
{
    if (e) {
        if (r->op.err.code != e) r->op.err = (struct op_error){ .code = e, .at = r->row->name };
        tell_refused(r, e);
        answer_problem(r);
        fail_log(r);
    } else {
        r->op.err = (struct op_error){ 0 };
    }
    if (r->http->options.when_durable) r->http->options.when_durable(&r->op, durable, r);
    else durable(r, OK);
}

/* On the worker, or on the database's committer. */
static void durable(void *arg, err_t e)
{
    struct http_request *r = arg;
    if (e && !r->op.err.code) {
        r->op.err = (struct op_error){ .code = e,
                                       .msg = str_of("what was written could not be made durable"),
                                       .at = HERE };
        answer_problem(r);
        fail_log(r);
    }
    request_finish(r);
}

static void work(struct task *t)
{
    struct http_request *r = CONTAINER_OF(t, struct http_request, task);
    request_op_begin(r);
    request_end_run(r, run(r), durable);
}

static void span_end(struct http_request *r)
{
    if (!r->op.span) return;
    const struct route *row = r->row->route;
    trace_end(&r->op, &(struct span_end){
                          SPAN_SERVER, arena_printf(&r->arena, "%s %s", method_names[row->method], row->path),
                          method_names[row->method], row->path, r->answer.status });
}

void request_finish(struct http_request *r)
{
    struct http *h = r->http;
    span_end(r);
    bool leaves = r->live && !r->op.err.code;
    if (r->live && !leaves) {
        live_abandon(r->live);
        r->live = NULL;
    }
    if (leaves) r->stage = STAGE_LEAVE;
    else {
        answer_build(r);
        r->stage = STAGE_ANSWER;
    }
    MHD_resume_connection(r->mhd); /* from here on r belongs to the connection's thread */
    request_end(h);
}

void request_end(struct http *h)
{
    /* Under the lock to the end, so that http_stop() cannot free h in between. */
    pthread_mutex_lock(&h->lock);
    if (atomic_fetch_sub(&h->in_flight, 1) == 1) pthread_cond_broadcast(&h->calm);
    pthread_mutex_unlock(&h->lock);
}

void request_submit(struct http_request *r)
{
    struct http *h = r->http;
    r->stage = STAGE_WORK;
    r->conn->idle_since_us = 0;
    r->task.run = work;
    atomic_fetch_add(&h->in_flight, 1);
    MHD_suspend_connection(r->mhd);
    /* In flight before it looks: either this sees the seal, or http_stop() sees this. */
    bool sealed = atomic_load(&h->sealed);
    if (!sealed && pool_push(h->pool, &r->task, false)) return;
    r->op.retry_after_us = SEC(1);
    answer_fail(r, ERR_UNAVAILABLE, NULL,
                sealed ? "the server stops: try again" : "the server is busy: try again");
    answer_build(r);
    r->stage = STAGE_ANSWER;
    MHD_resume_connection(r->mhd);
    request_end(h);
}
