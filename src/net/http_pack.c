/* Answers packed for the way. Quickly: the processor is shared with those who wait for theirs. */
#include "net/http_answer.h"
#include <zlib.h>
#include <zstd.h>

static str gzip(struct arena *a, str body)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return (str){ 0 };
    size_t most = deflateBound(&z, body.n);
    char *out = arena_alloc_raw(a, most);
    union {
        const char *c;
        Bytef *b;
    } in = { body.p };
    z.next_in = in.b;
    z.avail_in = (uInt)body.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)most;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
    str packed = { out, z.total_out };
    deflateEnd(&z);
    return ok && packed.n < body.n ? packed : (str){ 0 };
}

static str zstd(struct arena *a, str body)
{
    size_t most = ZSTD_compressBound(body.n);
    char *out = arena_alloc_raw(a, most);
    size_t n = ZSTD_compress(out, most, body.p, body.n, 1);
    return !ZSTD_isError(n) && n < body.n ? (str){ out, n } : (str){ 0 };
}

str answer_pack(struct arena *a, enum coding c, str body)
{
    return c == CODING_ZSTD ? zstd(a, body) : gzip(a, body);
}
