/* Compressed bodies, undone in memory. What comes out is bounded before it is made: a few bytes can claim to
 * be gigabytes. */
#include "net/http_inflate.h"
#include "base/buf.h"
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

struct inflate {
    struct op *op;
    str body;
    size_t most;
    struct buf out;
};

static err_t too_large(struct inflate *x)
{
    return fail(x->op, ERR_LIMIT, "the body is larger than %zu bytes when it is unpacked", x->most);
}
static err_t malformed(struct inflate *x, const char *what)
{
    return fail_for(x->op, ERR_INVALID, "content-encoding", "the body is not %s", what);
}

/* Room for some more, never for more than one byte over the limit; 0: the limit has been passed. */
static size_t room(struct inflate *x, char **p)
{
    size_t left = x->most + 1 - x->out.n, want = MAX(x->body.n * 4, (size_t)KIB(64));
    if (x->out.n > x->most) return 0;
    if (x->out.cap == x->out.n) buf_room(&x->out, MIN(left, want));
    *p = x->out.p + x->out.n;
    return MIN(left, x->out.cap - x->out.n);
}

static err_t run_gzip(struct inflate *x, z_stream *z)
{
    union {
        const char *c;
        Bytef *b;
    } in = { x->body.p };
    char *to = NULL;
    z->next_in = in.b;
    z->avail_in = (uInt)x->body.n;
    for (;;) {
        size_t n = room(x, &to);
        if (!n) return too_large(x);
        z->next_out = (Bytef *)to;
        z->avail_out = (uInt)n;
        int e = inflate(z, Z_NO_FLUSH);
        buf_grew(&x->out, n - z->avail_out);
        if (e == Z_STREAM_END && !z->avail_in) return OK;
        if (e == Z_STREAM_END) e = inflateReset(z); /* one more member follows */
        if (e != Z_OK) return malformed(x, "whole and well-formed gzip");
    }
}

static err_t gzip(struct inflate *x)
{
    z_stream z = { 0 };
    if (inflateInit2(&z, 15 + 32) != Z_OK) return fail_detail(x->op, ERR_INTERNAL, "zlib does not start");
    err_t e = run_gzip(x, &z);
    inflateEnd(&z);
    return e;
}

static err_t run_zstd(struct inflate *x, ZSTD_DStream *z)
{
    ZSTD_inBuffer in = { x->body.p, x->body.n, 0 };
    char *to = NULL;
    size_t left = 1;
    while (left || in.pos < in.size) {
        size_t n = room(x, &to);
        if (!n) return too_large(x);
        ZSTD_outBuffer out = { to, n, 0 };
        size_t before = in.pos;
        left = ZSTD_decompressStream(z, &out, &in);
        buf_grew(&x->out, out.pos);
        if (ZSTD_isError(left) || (left && in.pos == before && !out.pos))
            return malformed(x, "whole and well-formed zstd");
    }
    return OK;
}

static err_t zstd(struct inflate *x)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    if (!z) return fail_detail(x->op, ERR_INTERNAL, "zstd does not start");
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 24); /* what a frame may make us keep */
    err_t e = run_zstd(x, z);
    ZSTD_freeDStream(z);
    return e;
}

/* The block format, as Prometheus sends it: its length stands first. */
static err_t snappy(struct inflate *x)
{
    size_t n;
    if (snappy_uncompressed_length(x->body.p, x->body.n, &n) != SNAPPY_OK)
        return malformed(x, "well-formed snappy");
    if (n > x->most) return too_large(x);
    char *to = buf_room(&x->out, n + 1);
    if (snappy_uncompress(x->body.p, x->body.n, to, &n) != SNAPPY_OK)
        return malformed(x, "well-formed snappy");
    buf_grew(&x->out, n);
    return OK;
}

err_t http_inflate(struct op *op, str coding, str body, i64 most, str *out)
{
    static const struct {
        str name;
        err_t (*undo)(struct inflate *);
    } codings[] = { { S("gzip"), gzip },
                    { S("x-gzip"), gzip },
                    { S("deflate"), gzip },
                    { S("snappy"), snappy },
                    { S("zstd"), zstd } };
    struct inflate x = { .op = op, .body = body, .most = (size_t)most, .out = BUF(op->arena) };
    coding = str_trim(coding);
    *out = body;
    if (str_eq_fold(coding, S("identity"))) return OK;
    for (size_t i = 0; i < LEN(codings); i++) {
        if (!str_eq_fold(coding, codings[i].name)) continue;
        TRY(codings[i].undo(&x));
        if (x.out.n > x.most) return too_large(&x);
        *out = buf_str(&x.out);
        return OK;
    }
    return fail_for(op, ERR_MEDIA_TYPE, "content-encoding", "send gzip, zstd, snappy or nothing compressed");
}
