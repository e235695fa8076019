/* Archives of versions: an upload streams into a stage of the blob store, which keeps it over broken
 * connections, and becomes the version's archive once, in the transaction that names its SHA-256. Deleting is
 * a job's: a blob goes when no version has it, under the same lock under which an upload takes one. */
#include "base/enc.h"
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/package/package_page.h"
#include "feature/package/package_rules.h"
#include "net/http.h"
#include "port/blob/blob.h"
#include "port/ports.h"
#include <unistd.h>

enum { CHUNK = 256 << 10 };
static const i64 archive_max = GIB(2), stage_kept_us = SEC(7 * 86400);

static str stage_name(struct op *op, const struct package_version *v)
{
    return arena_printf(op->arena, "package-version-%lld", (long long)v->id);
}

static void blob_key(str checksum, sha256 *key)
{
    if (checksum.n != 2 * sizeof key->b || !hex_decode(checksum, key->b))
        bug("checksum '%.*s'", STR(checksum));
}
/* One lock a blob, for all nodes. */
static err_t lock_blob(struct op *op, str checksum, sha256 *key)
{
    i64 name;
    blob_key(checksum, key);
    memcpy(&name, key->b, sizeof name);
    return db_lock(op, name);
}

/* "bytes 100-199/1000", or the same with "*" for a length not yet known. */
struct part {
    i64 from, end, total; /* total 0: unknown */
};
static err_t content_range(struct op *op, str text, struct part *out)
{
    str from, end, total;
    struct part p = { 0 };
    bool ok = str_starts(text, S("bytes ")) && str_cut(str_skip(text, 6), '-', &from, &end) &&
              str_cut(end, '/', &end, &total) && str_to_i64(from, &p.from) && str_to_i64(end, &p.end) &&
              (str_is(total, "*") || str_to_i64(total, &p.total));
    if (!ok || p.from < 0 || p.end < p.from || (!str_is(total, "*") && p.total <= p.end))
        return fail_field(op, "content_range", "must be like 'bytes 0-1023/4096'");
    p.end++;
    *out = p;
    return OK;
}

static err_t check_magic(struct op *op, const u8 *p, size_t n)
{
    bool gzip = n >= 2 && p[0] == 0x1f && p[1] == 0x8b;
    bool zstd = n >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd;
    if (gzip || zstd) return OK;
    return fail_field(op, "body", "an archive is a tar packed with gzip or zstd");
}

/* The stage at the offset that this request goes on from. */
static err_t stage_at(struct op *op, const struct package_version *v, i64 from, struct blob_stage **out)
{
    str name = stage_name(op, v);
    TRY(blob_stage_open(op->ports->blob, op, name, out));
    if (blob_stage_size(*out) == from) return OK;
    if (!from) TRY(blob_stage_discard(*out, op));
    blob_stage_close(*out);
    if (from)
        return fail(op, ERR_CONFLICT, "the upload continues at byte %lld", (long long)blob_stage_size(*out));
    return blob_stage_open(op->ports->blob, op, name, out);
}

/* Fills as much of the chunk as the body still has. */
static err_t fill(struct op *op, struct http_body *body, u8 *chunk, size_t *n)
{
    *n = 0;
    for (size_t got = 1; *n < CHUNK && got; *n += got)
        TRY(http_body_read(body, op, chunk + *n, CHUNK - *n, &got));
    return OK;
}

/* Answering before the client has sent everything looks like a lost connection to some. */
static err_t drain(struct op *op, struct http_body *body)
{
    u8 *chunk = arena_alloc_raw(op->arena, CHUNK);
    for (size_t got = 1; got;) TRY(http_body_read(body, op, chunk, CHUNK, &got));
    return OK;
}

static err_t receive(struct op *op, struct http_body *body, struct blob_stage *stage)
{
    u8 *chunk = arena_alloc_raw(op->arena, CHUNK);
    for (size_t n = CHUNK; n == CHUNK;) {
        TRY(fill(op, body, chunk, &n));
        if (n && !blob_stage_size(stage)) TRY(check_magic(op, chunk, n));
        if (blob_stage_size(stage) + (i64)n > archive_max) {
            TRY(blob_stage_discard(stage, op));
            return fail(op, ERR_LIMIT, "an archive has at most %lld bytes", (long long)archive_max);
        }
        if (n) TRY(blob_stage_write(stage, op, (str){ (const char *)chunk, n }));
    }
    return OK;
}

/* What the uploader or the version's publisher said the archive would be. */
static err_t check_promised(struct op *op, const char *field, str promised, str checksum)
{
    if (!promised.p || str_eq_fold(promised, checksum)) return OK;
    TRY(package_archive_drop(op, checksum));
    return fail_field(op, field, "the archive's SHA-256 is %.*s, not %.*s", STR(checksum), STR(promised));
}

/* Makes the stored blob the version's archive. */
static err_t take(struct op *op, const struct package *p, struct package_version *v)
{
    bool there, taken;
    sha256 key;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(lock_blob(op, v->checksum, &key));
    TRY(blob_has(op->ports->blob, op, key, &there));
    if (!there) return fail(op, ERR_UNAVAILABLE, "the archive was being deleted elsewhere: upload it again");
    v->archived_at = time_now();
    TRY(package_sql_version_archive(op, v, &taken));
    if (!taken) return fail(op, ERR_CONFLICT, "version %.*s has its archive already", STR(v->version));
    TRY(package_sql_touch(op, p->id));
    TRY(account_audit_detail(op, version_audited(op, p, v), (json_raw){ 0 },
                             account_audit_json(op, &package_version_desc, v)));
    package_page_changed(op, p->name);
    return db_commit(&tx);
}

static err_t finish(struct op *op, const struct package *p, struct package_version *v,
                    struct blob_stage *stage, str promised)
{
    sha256 key;
    str declared = v->checksum;
    TRY(blob_stage_commit(stage, op, &key, &v->size_bytes));
    v->checksum = sha256_text(op->arena, key);
    TRY(check_promised(op, "x_checksum_sha256", promised, v->checksum));
    TRY(check_promised(op, "checksum", declared, v->checksum));
    return take(op, p, v);
}

/* An upload in parts says where each one stands; one without Content-Range is whole. */
static err_t receive_part(struct op *op, const struct archive_put *in, struct http_body *body,
                          struct blob_stage *stage, bool *whole)
{
    struct part part = { 0 };
    if (in->content_range.p) TRY(content_range(op, in->content_range, &part));
    TRY(receive(op, body, stage));
    i64 size = blob_stage_size(stage);
    if (!size) return fail_field(op, "body", "an archive has at least one byte");
    if (in->content_range.p && size != part.end)
        return fail_field(op, "content_range", "promised bytes up to %lld, but %lld arrived",
                          (long long)part.end, (long long)size);
    *whole = !in->content_range.p || size == part.total;
    return OK;
}

static err_t part_begin(struct op *op, const struct archive_put *in, i64 *from)
{
    struct part part = { 0 };
    if (in->content_range.p) TRY(content_range(op, in->content_range, &part));
    if (part.total > archive_max)
        return fail(op, ERR_LIMIT, "an archive has at most %lld bytes", (long long)archive_max);
    *from = part.from;
    return OK;
}

err_t package_archive_put(struct op *op, const struct archive_put *in, struct http_body *body,
                          struct archive_state *out)
{
    struct package p;
    struct package_version v;
    struct blob_stage *stage;
    i64 from = 0;
    bool whole = false;
    TRY(package_for(op, in->name, PACKAGE_EDIT, &p));
    TRY(package_version_of(op, &p, in->version, &v));
    if (v.archived_at.us && in->x_checksum_sha256.p && str_eq_fold(in->x_checksum_sha256, v.checksum)) {
        *out = (struct archive_state){ v.size_bytes, v.size_bytes, true, v.checksum };
        return drain(op, body); /* the answer to the first try was lost */
    }
    if (v.archived_at.us)
        return fail(op, ERR_CONFLICT, "version %.*s has its archive, and archives never change",
                    STR(v.version));
    if (v.download_url.p)
        return fail(op, ERR_CONFLICT, "version %.*s is downloaded from its own address", STR(v.version));
    TRY(part_begin(op, in, &from));
    TRY(stage_at(op, &v, from, &stage));
    err_t e = receive_part(op, in, body, stage, &whole);
    if (!e && whole) e = finish(op, &p, &v, stage, in->x_checksum_sha256);
    i64 size = blob_stage_size(stage);
    blob_stage_close(stage); /* before the answer: the client may go on at once */
    if (e) return e;
    *out = whole ? (struct archive_state){ v.size_bytes, v.size_bytes, true, v.checksum }
                 : (struct archive_state){ .offset = size };
    return OK;
}

err_t package_archive_state(struct op *op, str name, str version, struct archive_state *out)
{
    struct package p;
    struct package_version v;
    struct archive_state s = { 0 };
    TRY(package_for(op, name, PACKAGE_EDIT, &p));
    TRY(package_version_of(op, &p, version, &v));
    if (v.archived_at.us) {
        s = (struct archive_state){ v.size_bytes, v.size_bytes, true, v.checksum };
    } else {
        err_t e = blob_stage_peek(op->ports->blob, op, stage_name(op, &v), &s.offset);
        if (e && e != ERR_NOT_FOUND) return e;
        if (e) op_clear(op);
    }
    *out = s;
    return OK;
}

static err_t content_type(struct op *op, int fd, str *out)
{
    u8 magic[1];
    if (pread(fd, magic, sizeof magic, 0) != sizeof magic)
        return fail_detail(op, ERR_INTERNAL, "an archive cannot be read");
    *out = magic[0] == 0x1f ? S("application/gzip") : S("application/zstd");
    return OK;
}

err_t package_archive_get(struct op *op, str name, str version, struct http_file *out)
{
    struct package p;
    struct package_version v;
    struct blob_source source;
    sha256 key;
    TRY(package_find(op, name, &p));
    TRY(package_version_of(op, &p, version, &v));
    if (!v.archived_at.us && v.download_url.p) {
        *out = (struct http_file){ .fd = -1, .url = v.download_url };
        return OK;
    }
    if (!v.archived_at.us)
        return fail(op, ERR_NOT_FOUND, "version %.*s of '%.*s' has no archive yet", STR(v.version),
                    STR(p.name));
    blob_key(v.checksum, &key);
    TRY(blob_get(op->ports->blob, op, key, &source));
    *out = (struct http_file){
        .fd = source.fd, .size = source.size, .url = source.url, .etag = v.checksum, .immutable = true
    };
    if (source.url.p) return OK;
    err_t e = content_type(op, source.fd, &out->content_type);
    if (e) close(source.fd);
    bool gzip = !e && str_is(out->content_type, "application/gzip");
    out->file_name =
        arena_printf(op->arena, "%.*s-%.*s.tar.%s", STR(p.name), STR(v.version), gzip ? "gz" : "zst");
    return e;
}

err_t package_archive_drop(struct op *op, str checksum) { return package_sql_garbage_add(op, checksum); }

static err_t sweep_one(struct op *op, str checksum)
{
    i64 versions;
    sha256 key;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(lock_blob(op, checksum, &key));
    TRY(package_sql_archives_of(op, checksum, &versions));
    if (!versions) TRY(blob_delete(op->ports->blob, op, key));
    TRY(package_sql_garbage_done(op, checksum));
    return db_commit(&tx);
}

err_t package_archive_sweep(struct op *op)
{
    i64 removed;
    for (str checksum = S("");;) {
        TRY(package_sql_garbage_next(op, checksum, &checksum));
        if (!checksum.p) break;
        TRY(sweep_one(op, checksum));
    }
    return blob_sweep_stages(op->ports->blob, op, stage_kept_us, &removed);
}
