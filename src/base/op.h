/* The operation: one unit of work, whatever brought it (HTTP request, job, CLI command, agent message). It is
 * the only context that functions take: memory, ports, who acts, until when, and the one error slot. Lives on
 * the thread that runs it. */
#pragma once
#include "base/arena.h"
#include "base/time.h"

/* Errors: one list gives the enum, the code on the wire, the HTTP status and the title of the problem
 * document (RFC 9457). */
#define ERR_CODES(X) \
    X(OK, 200, "ok", "OK") \
    X(ERR_INVALID, 400, "invalid", "The request is not valid") \
    X(ERR_UNAUTHENTICATED, 401, "unauthenticated", "Sign in first") \
    X(ERR_FORBIDDEN, 403, "forbidden", "Not allowed") \
    X(ERR_NOT_FOUND, 404, "not_found", "Not found") \
    X(ERR_METHOD, 405, "method_not_allowed", "Method not allowed") \
    X(ERR_CONFLICT, 409, "conflict", "Conflicts with the present state") \
    X(ERR_PRECONDITION, 412, "precondition_failed", "Precondition failed") \
    X(ERR_LIMIT, 413, "too_large", "Over a limit") \
    X(ERR_MEDIA_TYPE, 415, "unsupported_media_type", "Unsupported media type") \
    X(ERR_RATE, 429, "rate_limited", "Too many requests") \
    X(ERR_INTERNAL, 500, "internal", "Internal error") \
    X(ERR_UNAVAILABLE, 503, "unavailable", "Not available now") \
    X(ERR_TIMEOUT, 504, "timeout", "Took too long")
#define X(id, http, name, title) id,
typedef enum err { ERR_CODES(X) ERR__COUNT } err_t;
#undef X
int err_http(err_t);
const char *err_name(err_t);
const char *err_title(err_t);
err_t err_of_http(int status); /* what a client makes of an answer's status */

/* Who acts. Anonymous is a principal too: op->who is never NULL. Rights are bits of feature/account/right.h.
 */
enum who_kind { WHO_NOBODY, WHO_USER, WHO_TOKEN, WHO_SYSTEM };
/* Whether our own web page asks, and by which scheme it was loaded: it keeps its session in a cookie. */
enum page_kind { PAGE_NONE, PAGE_HTTP, PAGE_HTTPS };
struct principal {
    enum who_kind kind;
    i64 user_id;
    i64 project_id; /* a project token's only project, else 0 */
    i64 token_id;   /* the access token used, 0 for a session */
    i64 session_id; /* the session signed in with, 0 for a token */
    u64 rights;
    str login;
    str ip, user_agent;
    enum page_kind page;
};
extern const struct principal principal_nobody, principal_system;

/* What the operation is part of, for traces (net/trace.h): ids of W3C Trace Context. */
struct trace_span {
    u8 trace[16], id[8], parent[8]; /* parent all zero: none */
    i64 start_us;                   /* since 1970 */
};

struct op_error {
    err_t code;
    str field, msg;
    const char *at;
};
struct op {
    struct arena *arena;       /* released when the operation ends */
    const struct ports *ports; /* port/ports.h */
    const struct principal *who;
    str id;                     /* request id, for log and audit */
    i64 deadline_us;            /* time_mono_us() at which waiting stops; 0 means none */
    struct op_error err;        /* filled by the first fail() */
    struct db_work *work;       /* the database port's state of this operation; NULL until it is used */
    struct trace_span *span;    /* NULL: not traced */
    const struct op_note *note; /* what the transaction's hook records (audit); NULL: nothing */
    i64 retry_after_us;         /* with ERR_RATE or ERR_UNAVAILABLE: told to the caller */
};

/* fail() records the message and the place once, at the origin, and returns the code; TRY passes codes on.
 * Messages are for the caller: lower case, object quoted, no details of the server; details go to the log
 * through fail_detail(). */
err_t op_fail(struct op *, err_t, const char *at, str field, const char *fmt, ...) PRINTF(5, 6) MUST_USE;
void op_clear(struct op *); /* a caller that handled an error says so */
#define AT_(l)                         #l
#define AT(l)                          AT_(l)
#define HERE                           __FILE__ ":" AT(__LINE__)
#define fail(op, code, ...)            op_fail((op), (code), HERE, (str){ 0 }, __VA_ARGS__)
#define fail_for(op, code, field, ...) op_fail((op), (code), HERE, str_of(field), __VA_ARGS__)
#define fail_field(op, field, ...)     op_fail((op), ERR_INVALID, HERE, str_of(field), __VA_ARGS__)
/* For causes that the caller must not see: logs fmt with the operation's id, answers "internal error" or
 * `code`'s title. */
err_t op_fail_detail(struct op *, err_t, const char *at, const char *fmt, ...) PRINTF(4, 5) MUST_USE;
#define fail_detail(op, code, ...) op_fail_detail((op), (code), HERE, __VA_ARGS__)
#define TRY(e) \
    do { \
        err_t try_ = (e); \
        if (try_) return try_; \
    } while (0)

static inline bool op_late(const struct op *op)
{
    return op->deadline_us && time_mono_us() > op->deadline_us;
}
