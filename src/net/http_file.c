/* Downloads: whole files and single ranges by sendfile(), conditional requests, or a redirect to where the
 * bytes are. RFC 9110 sections 13 and 14. */
#include "base/enc.h"
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_int.h"
#include <unistd.h>

/* "bytes=0-99", "bytes=100-", "bytes=-500". More than one range is answered with the whole. */
enum range_result range_parse(str header, i64 size, struct byte_range *out)
{
    str unit, spec, first, last;
    size_t at;
    if (!str_cut(header, '=', &unit, &spec) || !str_eq_fold(str_trim(unit), S("bytes"))) return RANGE_NONE;
    spec = str_trim(spec);
    if (str_find_char(spec, ',', &at) || !str_cut(spec, '-', &first, &last)) return RANGE_NONE;
    i64 a = 0, b = 0;
    bool has_a = str_to_i64(first, &a), has_b = str_to_i64(last, &b);
    if ((first.n && !has_a) || (last.n && !has_b) || (!has_a && !has_b) || a < 0 || b < 0) return RANGE_NONE;
    if (!has_a) {
        if (!b || !size) return RANGE_BAD;
        *out = (struct byte_range){ b < size ? size - b : 0, size - 1 };
        return RANGE_ONE;
    }
    if (has_b && b < a) return RANGE_NONE;
    if (a >= size) return RANGE_BAD;
    *out = (struct byte_range){ a, has_b && b < size - 1 ? b : size - 1 };
    return RANGE_ONE;
}

/* A file's name for Content-Disposition: RFC 6266 with the UTF-8 form of RFC 8187. */
static void add_disposition(struct http_request *r, str name)
{
    struct buf plain = BUF(&r->arena);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        buf_char(&plain, c >= ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '_');
    }
    str encoded = percent_encode(&r->arena, name);
    answer_header(r, "Content-Disposition",
                  arena_printf(&r->arena, "attachment; filename=\"%.*s\"; filename*=UTF-8''%.*s",
                               STR(buf_str(&plain)), STR(encoded))
                      .p);
}

static void answer_nothing(struct http_request *r, int status, int fd)
{
    if (fd >= 0) close(fd);
    r->answer.status = status;
    r->answer.content_type = NULL;
    r->answer.body = (str){ 0 };
}

static void answer_not_satisfiable(struct http_request *r, const struct http_file *f)
{
    close(f->fd);
    answer_fail(r, ERR_INVALID, "range", "the file has %lld bytes", (long long)f->size);
    r->op.err = (struct op_error){ 0 };
    r->answer.status = 416;
    answer_header(r, "Content-Range", arena_printf(&r->arena, "bytes */%lld", (long long)f->size).p);
}

static void add_validators(struct http_request *r, const struct http_file *f)
{
    if (f->etag.n) answer_header(r, "ETag", arena_printf(&r->arena, "\"%.*s\"", STR(f->etag)).p);
    answer_header(r, "Cache-Control",
                  f->immutable ? "public, max-age=31536000, immutable" : "private, no-cache");
    answer_header(r, "Accept-Ranges", "bytes");
}

static bool range_wanted(const struct http_request *r, str etag)
{
    if (!r->header[H_RANGE].n) return false;
    str condition = r->header[H_IF_RANGE];
    return !condition.n || (etag.n && str_eq(condition, etag)); /* a date never matches: we give none out */
}

void answer_file(struct http_request *r, struct http_file *f)
{
    if (f->url.n) {
        answer_header(r, "Location", str_z(&r->arena, f->url));
        answer_nothing(r, 302, f->fd);
        return;
    }
    str etag = f->etag.n ? arena_printf(&r->arena, "\"%.*s\"", STR(f->etag)) : (str){ 0 };
    struct byte_range range = { 0, f->size - 1 };
    enum range_result got =
        range_wanted(r, etag) ? range_parse(r->header[H_RANGE], f->size, &range) : RANGE_NONE;
    bool unchanged = etag.n && r->header[H_IF_NONE_MATCH].p && etag_matches(r->header[H_IF_NONE_MATCH], etag);
    if (got == RANGE_BAD && !unchanged) {
        answer_not_satisfiable(r, f);
        return;
    }
    add_validators(r, f);
    if (unchanged) {
        answer_nothing(r, 304, f->fd);
        return;
    }
    r->answer.status = got == RANGE_ONE ? 206 : r->row->status;
    r->answer.content_type =
        f->content_type.n ? str_z(&r->arena, f->content_type) : "application/octet-stream";
    if (got == RANGE_ONE)
        answer_header(r, "Content-Range",
                      arena_printf(&r->arena, "bytes %lld-%lld/%lld", (long long)range.first,
                                   (long long)range.last, (long long)f->size)
                          .p);
    if (f->file_name.n) add_disposition(r, f->file_name);
    r->answer.made =
        MHD_create_response_from_fd_at_offset64((u64)(range.last - range.first + 1), f->fd, (u64)range.first);
    if (!r->answer.made) bug("no response from a file of %lld bytes", (long long)f->size);
}
