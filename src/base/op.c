#include "base/op.h"
#include "base/log.h"

const struct principal principal_nobody = { .kind = WHO_NOBODY };
const struct principal principal_system = { .kind = WHO_SYSTEM, .rights = ~(u64)0, .login = { "system", 6 } };

#define X(id, http, name, title) { http, name, title },
static const struct {
    int http;
    const char *name, *title;
} info[] = { ERR_CODES(X) };
#undef X
static_assert(LEN(info) == ERR__COUNT, "one row an error code");

int err_http(err_t e) { return info[e].http; }
const char *err_name(err_t e) { return info[e].name; }
const char *err_title(err_t e) { return info[e].title; }

err_t err_of_http(int status)
{
    if (status < 400) return OK;
    for (int e = 1; e < ERR__COUNT; e++)
        if (info[e].http == status) return (err_t)e;
    return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
}

err_t op_fail(struct op *op, err_t code, const char *at, str field, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    op->err = (struct op_error){
        .code = code, .at = at, .field = str_copy(op->arena, field), .msg = arena_vprintf(op->arena, fmt, ap)
    };
    va_end(ap);
    return code;
}

err_t op_fail_detail(struct op *op, err_t code, const char *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(op->arena, fmt, ap);
    va_end(ap);
    LOG_ERROR(err_name(code), KV("detail", text), KV("at", at), KV("request", op->id));
    op->err = (struct op_error){ .code = code, .at = at, .msg = str_of(err_title(code)) };
    return code;
}

void op_clear(struct op *op) { op->err = (struct op_error){ 0 }; }
