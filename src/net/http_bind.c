/* In from the parts of a request: {path} segments, query, headers, JSON body. Everything is checked by the
 * descriptor; unknown query parameters are refused like unknown members. Also the small grammars of headers.
 */
#include "base/enc.h"
#include "net/http_answer.h"
#include "net/http_int.h"

/* Text of outside bytes: decoded, UTF-8. */
static err_t decode(struct op *op, const char *field, str raw, bool plus, str *out)
{
    size_t at;
    bool plain = raw.n == 0 || (!str_find_char(raw, '%', &at) && !(plus && str_find_char(raw, '+', &at)));
    if (plain) *out = raw;
    else if (!percent_decode(op->arena, raw, plus, out))
        return fail_field(op, field, "is not well-formed percent-encoding");
    return str_utf8_ok(*out) ? OK : fail_field(op, field, "is not valid UTF-8");
}

static err_t bind_path(struct http_request *r, void *in, u64 *given)
{
    const struct row *row = r->row;
    for (size_t i = 0; i < row->nparams; i++) {
        str text;
        TRY(decode(&r->op, row->param[i]->name, r->param[i], false, &text));
        TRY(desc_bind(&r->op, row->param[i], text, in));
        *given |= (u64)1 << (row->param[i] - row->in->field);
    }
    return OK;
}

/* A browser cannot set headers on these: its token may come as a parameter. */
static bool is_token(const struct row *row, str name)
{
    return (row->kind == ROW_SOCKET || row->kind == ROW_FOLLOW) && str_is(name, "access_token");
}

static err_t bind_parameter(struct http_request *r, str piece, void *in, u64 *given)
{
    struct op *op = &r->op;
    str name, value;
    if (!str_cut(piece, '=', &name, &value)) value = S("");
    TRY(decode(op, "query", name, true, &name));
    if (is_token(r->row, name)) return OK;
    const struct field *f = desc_field(r->row->in, name);
    bool any = r->row->query_rest != NULL;
    if (any && (!f || !(f->flags & QUERY))) return decode(op, "query", value, true, &value);
    if (!f || !(f->flags & QUERY))
        return op_fail(op, ERR_INVALID, HERE, str_head(name, 100), "is not a known query parameter");
    u64 bit = (u64)1 << (f - r->row->in->field);
    if (*given & bit) return fail_field(op, f->name, "is given twice");
    *given |= bit;
    TRY(decode(op, f->name, value, true, &value));
    return desc_bind(op, f, value, in);
}

static err_t bind_query(struct http_request *r, void *in, u64 *given)
{
    if (r->row->query_rest) *(str *)((char *)in + r->row->query_rest->off) = r->query;
    for (str rest = r->query, piece; str_next(&rest, '&', &piece);)
        if (piece.n) TRY(bind_parameter(r, piece, in, given));
    return OK;
}

bool http_form_next(struct arena *a, str *rest, struct http_pair *out)
{
    for (str piece; str_next(rest, '&', &piece);) {
        str name, value;
        if (!piece.n) continue;
        if (!str_cut(piece, '=', &name, &value)) value = S("");
        out->bad = !percent_decode(a, name, true, &out->name) ||
                   !percent_decode(a, value, true, &out->value) || !str_utf8_ok(out->name) ||
                   !str_utf8_ok(out->value);
        return true;
    }
    return false;
}

static err_t bind_header(struct http_request *r, const struct field *f, void *in, u64 *given)
{
    char name[64];
    size_t n = 0;
    for (; f->name[n] && n < sizeof name - 1; n++) name[n] = f->name[n] == '_' ? '-' : f->name[n];
    name[n] = 0;
    str value;
    if (!http_header(r, name, &value)) return OK;
    value = str_trim(value);
    if (!str_utf8_ok(value)) return fail_field(&r->op, f->name, "is not valid UTF-8");
    *given |= (u64)1 << (f - r->row->in->field);
    return desc_bind(&r->op, f, value, in);
}

static err_t bind_body(struct http_request *r, void *in)
{
    const struct row *row = r->row;
    str body = buf_str(&r->body);
    if (row->kind == ROW_API && body.n && row->takes_body) return desc_read(&r->op, row->in, body, in);
    desc_defaults(row->in, &r->arena, in);
    if (row->kind != ROW_API) return OK;
    if (str_trim(body).n && !str_eq(str_trim(body), S("{}")))
        return fail(&r->op, ERR_INVALID, "this operation takes no body");
    return row->takes_body ? desc_required(&r->op, row->in, 0, 0) : OK;
}

err_t request_bind(struct http_request *r, void *in)
{
    const struct desc *d = r->row->in;
    u64 given = 0;
    TRY(bind_body(r, in));
    TRY(bind_path(r, in, &given));
    TRY(bind_query(r, in, &given));
    if (r->row->binds_headers)
        for (size_t i = 0; i < d->n; i++)
            if (d->field[i].flags & HEADER) TRY(bind_header(r, &d->field[i], in, &given));
    return desc_required(&r->op, d, given, PATH | QUERY | HEADER);
}

bool query_find(struct arena *a, str query, str name, str *out)
{
    for (str rest = query, piece; str_next(&rest, '&', &piece);) {
        str key, value;
        if (!str_cut(piece, '=', &key, &value)) value = S("");
        str text;
        if (!percent_decode(a, key, true, &text) || !str_eq(text, name)) continue;
        return percent_decode(a, value, true, out) && str_utf8_ok(*out);
    }
    return false;
}

bool media_type_is(str content_type, str want)
{
    str type;
    str_cut(content_type, ';', &type, &(str){ 0 });
    return str_eq_fold(str_trim(type), want);
}

/* "a;q=0.5, b": the q of one element; 1 when there is none, -1 when it is not a number from 0 to 1. */
static double quality(str params)
{
    for (str rest = params, one; str_next(&rest, ';', &one);) {
        str name, value;
        if (!str_cut(one, '=', &name, &value) || !str_eq_fold(str_trim(name), S("q"))) continue;
        double q;
        value = str_trim(value);
        return value.n <= 5 && str_to_f64(value, &q) && q >= 0 && q <= 1 ? q : -1;
    }
    return 1;
}

bool accepts(str accept, str type)
{
    if (!accept.n) return true;
    str major;
    str_cut(type, '/', &major, &(str){ 0 });
    for (str rest = accept, one; str_next(&rest, ',', &one);) {
        str range, params;
        if (!str_cut(one, ';', &range, &params)) params = (str){ 0 };
        range = str_trim(range);
        bool all = str_eq(range, S("*/*"));
        bool some = str_ends(range, S("/*")) && str_eq_fold(str_head(range, range.n - 2), major);
        if ((all || some || str_eq_fold(range, type)) && quality(params) > 0) return true;
    }
    return false;
}

static bool same_coding(str name, str coding)
{
    if (str_starts(name, S("x-"))) name = str_skip(name, 2); /* x-gzip, of old */
    return str_eq_fold(name, coding);
}

/* -1: not named, nor covered by '*'. */
static double coding_quality(str accept, str coding)
{
    double named = -1, others = -1;
    for (str rest = accept, one; str_next(&rest, ',', &one);) {
        str name, params;
        if (!str_cut(one, ';', &name, &params)) params = (str){ 0 };
        name = str_trim(name);
        if (same_coding(name, coding)) named = MAX(named, quality(params));
        else if (str_is(name, "*")) others = quality(params);
    }
    return named >= 0 ? named : others;
}

const char *const codings[] = { "identity", "gzip", "zstd" };

enum coding coding_for(str accept, unsigned have)
{
    double best = coding_quality(accept, S("identity"));
    enum coding chosen = CODING_IDENTITY;
    for (enum coding c = CODING_GZIP; c < CODING__COUNT; c++) {
        double q = have & 1u << c ? coding_quality(accept, str_of(codings[c])) : 0;
        if (q <= 0 || q < best) continue;
        best = q;
        chosen = c; /* of equals the later, which packs better in less time */
    }
    return chosen;
}
