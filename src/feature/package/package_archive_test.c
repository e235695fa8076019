#include "feature/package/package_rules.h"
#include "port/blob/blob.h"
#include "tests/unit/world.h"

#define P       "/api/spark/packages"
#define ARCHIVE P "/sipd/versions/1.0.0/archive"

/* As an archive begins; the rest is no concern of the server's. */
static str archive(struct op *op, size_t n)
{
    char *p = arena_alloc(op->arena, n);
    for (size_t i = 0; i < n; i++) p[i] = (char)(i * 7 + i / 251);
    p[0] = 0x1f;
    p[1] = (char)0x8b;
    return (str){ p, n };
}
static str sum(struct op *op, str bytes) { return sha256_text(op->arena, sha256_of(bytes)); }

static struct person author(struct world *w, const char *more)
{
    struct person ann = world_person(w, "ann");
    assert_said(say(w, ann.token, POST, P, "{\"name\":\"sipd\",\"display_name\":\"SIPD\"}"), 201);
    str body = arena_printf(w->op->arena, "{\"version\":\"1.0.0\"%s}", more);
    assert_said(say_raw(w, ann.token, POST, S(P "/sipd/versions"), S("application/json"), body), 201);
    return ann;
}
static struct said put(struct world *w, str token, const char *headers, str bytes)
{
    return say_plain(
        w,
        &(struct raw){ .token = token, .method = "PUT", .path = ARCHIVE, .headers = headers, .body = bytes },
        NULL);
}
static struct said get(struct world *w, const char *headers, str *head)
{
    return say_plain(w, &(struct raw){ .method = "GET", .path = ARCHIVE, .headers = headers }, head);
}

WORLD(package_archive_goes_up_and_down)
{
    struct person ann = author(w, ""), bob = world_person(w, "bob");
    str bytes = archive(op, 3000000), key = sum(op, bytes), head;
    assert_said(get(w, NULL, NULL), 404);
    assert_said(put(w, (str){ 0 }, NULL, archive(op, 100)), 401);
    assert_said(put(w, bob.token, NULL, archive(op, 100)), 403);
    assert_refused(w, put(w, ann.token, NULL, S("PK no tar")), 400, "body");
    assert_refused(w, put(w, ann.token, NULL, S("")), 400, "body");
    struct said s =
        put(w, ann.token, arena_printf(op->arena, "X-Checksum-Sha256: %.*s\r\n", STR(key)).p, bytes);
    assert_said(s, 200);
    assert_at(w, s, "complete", "true");
    assert_at(w, s, "offset", "3000000");
    assert_str(said_at(w, &s, "checksum"), key);
    s = say(w, (str){ 0 }, GET, P "/sipd", NULL);
    assert_at(w, s, "versions.0.size_bytes", "3000000");
    assert_at(w, s, "versions.0.download_url", ARCHIVE);
    assert_str(said_at(w, &s, "versions.0.checksum"), key);
    s = get(w, NULL, &head);
    assert_said(s, 200);
    assert_str(s.body, bytes);
    assert_true(str_find(head, arena_printf(op->arena, "\"%.*s\"", STR(key)), &(size_t){ 0 }));
    assert_true(str_find(head, S("immutable"), &(size_t){ 0 }));
    assert_true(str_find(head, S("application/gzip"), &(size_t){ 0 }));
    s = get(w, "Range: bytes=1000000-1000009\r\n", NULL);
    assert_said(s, 206);
    assert_str(s.body, str_head(str_skip(bytes, 1000000), 10));
    assert_said(get(w, arena_printf(op->arena, "If-None-Match: \"%.*s\"\r\n", STR(key)).p, NULL), 304);
    s = say(w, bob.token, POST, P "/install", "{\"package_name\":\"sipd\",\"version\":null}");
    assert_at(w, s, "version.download_url", ARCHIVE);
    /* an archive never changes; the same one again is the first answer again */
    assert_said(put(w, ann.token, NULL, archive(op, 100)), 409);
    assert_said(put(w, ann.token, arena_printf(op->arena, "X-Checksum-Sha256: %.*s\r\n", STR(key)).p, bytes),
                200);
}

WORLD(package_archive_is_what_was_promised)
{
    str bytes = archive(op, 5000), other = archive(op, 6000);
    struct person ann = author(w, arena_printf(op->arena, ",\"checksum\":\"%.*s\"", STR(sum(op, bytes))).p);
    assert_refused(w, put(w, ann.token, NULL, other), 400, "checksum");
    assert_refused(w,
                   put(w, ann.token,
                       arena_printf(op->arena, "X-Checksum-Sha256: %.*s\r\n", STR(sum(op, other))).p, bytes),
                   400, "x_checksum_sha256");
    assert_refused(w, put(w, ann.token, "X-Checksum-Sha256: abc\r\n", bytes), 400, "x_checksum_sha256");
    assert_said(get(w, NULL, NULL), 404);
    bool there;
    assert_ok(op, package_archive_sweep(op)); /* what was refused is deleted */
    assert_ok(op, db_flush(op));
    assert_ok(op, blob_has(op->ports->blob, op, sha256_of(other), &there));
    assert_false(there);
    assert_said(put(w, ann.token, NULL, bytes), 200);
}

WORLD(package_archive_upload_goes_on)
{
    struct person ann = author(w, "");
    str bytes = archive(op, 2000000);
    struct said s = say(w, ann.token, GET, ARCHIVE "/upload", NULL);
    assert_at(w, s, "offset", "0");
    s = put(w, ann.token, "Content-Range: bytes 0-999999/2000000\r\n", str_head(bytes, 1000000));
    assert_said(s, 200);
    assert_at(w, s, "complete", "false");
    assert_at(w, s, "offset", "1000000");
    assert_said(put(w, ann.token, "Content-Range: bytes 5-9/2000000\r\n", S("12345")), 409);
    static const char *const bad[] = { "bytes 9-5/10", "bytes 0-9/5",   "bytes x-9/10",
                                       "0-9/10",       "bytes -1-9/10", "bytes 0-9" };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(
            w, put(w, ann.token, arena_printf(op->arena, "Content-Range: %s\r\n", bad[i]).p, S("1234567890")),
            400, "content_range");
    assert_said(put(w, ann.token, "Content-Range: bytes 0-2999999999/3000000000\r\n", S("12345")), 413);
    /* the network goes away in the middle of the second part */
    say_plain(w,
              &(struct raw){ .token = ann.token,
                             .method = "PUT",
                             .path = ARCHIVE,
                             .headers = "Content-Range: bytes 1000000-1999999/2000000\r\n",
                             .body = str_skip(bytes, 1000000),
                             .send_only = 600000 },
              NULL);
    i64 at = 0;
    for (int i = 0; i < 2000; i++) { /* until the server has noticed */
        s = say(w, ann.token, GET, ARCHIVE "/upload", NULL);
        assert_true(str_to_i64(said_at(w, &s, "offset"), &at) && at >= 1000000);
        str range = arena_printf(op->arena, "Content-Range: bytes %lld-1999999/2000000\r\n", (long long)at);
        s = put(w, ann.token, range.p, str_skip(bytes, (size_t)at));
        if (s.status == 200) break;
        assert_int_equal(s.status, 409);
        struct timespec t = { 0, 10000000 };
        nanosleep(&t, NULL);
    }
    assert_said(s, 200);
    assert_str(said_at(w, &s, "checksum"), sum(op, bytes));
    s = get(w, NULL, NULL);
    assert_str(s.body, bytes);
}

WORLD(package_archive_is_stored_once_and_deleted_last)
{
    struct person ann = author(w, "");
    str bytes = archive(op, 5000);
    sha256 key = sha256_of(bytes);
    bool there;
    assert_said(put(w, ann.token, NULL, bytes), 200);
    assert_said(say(w, ann.token, POST, P, "{\"name\":\"twin\",\"display_name\":\"Twin\"}"), 201);
    assert_said(say(w, ann.token, POST, P "/twin/versions", "{\"version\":\"1.0.0\"}"), 201);
    struct raw r = {
        .token = ann.token, .method = "PUT", .path = P "/twin/versions/1.0.0/archive", .body = bytes
    };
    assert_said(say_plain(w, &r, NULL), 200);
    assert_said(say(w, ann.token, DELETE, P "/sipd", NULL), 204);
    assert_ok(op, package_archive_sweep(op));
    assert_ok(op, db_flush(op));
    assert_ok(op, blob_has(op->ports->blob, op, key, &there));
    assert_true(there);
    assert_said(say(w, ann.token, DELETE, P "/twin", NULL), 204);
    assert_ok(op, package_archive_sweep(op));
    assert_ok(op, db_flush(op));
    assert_ok(op, blob_has(op->ports->blob, op, key, &there));
    assert_false(there);
}

WORLD(package_archive_elsewhere)
{
    struct person ann = author(w, ",\"download_url\":\"https://cdn.netbit.io/a.tar.gz\"");
    str head;
    assert_said(put(w, ann.token, NULL, archive(op, 100)), 409);
    assert_said(get(w, NULL, &head), 302);
    assert_true(str_find(head, S("https://cdn.netbit.io/a.tar.gz"), &(size_t){ 0 }));
}

WORLD(package_outlives_its_author)
{
    struct person ann = author(w, ",\"download_url\":\"https://cdn.netbit.io/a.tar.gz\""),
                  bob = world_person(w, "bob"), eva = world_person(w, "eva");
    i64 project = world_project(w, "lab", &ann);
    world_member(w, project, &eva, "editor");
    assert_said(say(w, ann.token, POST, P, "{\"name\":\"alone\",\"display_name\":\"x\"}"), 201);
    assert_said(say(w, bob.token, POST, P "/install", "{\"package_name\":\"sipd\",\"version\":null}"), 200);
    assert_said(say(w, ann.token, POST, P,
                    arena_printf(op->arena, "{\"name\":\"ours\",\"display_name\":\"x\",\"project_id\":%lld}",
                                 (long long)project)
                        .p),
                201);
    struct buf b = BUF(op->arena);
    assert_ok(op, package_export_user(op, bob.id, &b));
    struct said exported = { 200, buf_str(&b) };
    assert_at(w, exported, "installations.0.package_name", "sipd");
    assert_at(w, exported, "downloads.0.version", "1.0.0");
    assert_at(w, exported, "packages", "[]");
    assert_err(op, ERR_CONFLICT, package_forget_user(op, ann.id)); /* nobody can take it over */
    op_clear(op);
    assert_ok(op, db_exec(op, "UPDATE spark_packages SET project_id = ? WHERE name = 'sipd'", A(project)));
    assert_ok(op, package_forget_user(op, ann.id));
    assert_ok(op, db_flush(op));
    struct said s = say(w, (str){ 0 }, GET, P "/sipd", NULL);
    assert_at(w, s, "package.author", "eva");
    assert_said(say(w, (str){ 0 }, GET, P "/alone", NULL), 404);
    s = say(w, eva.token, GET, P "/ours", NULL); /* nobody uses it, but it is the project's */
    assert_at(w, s, "package.author", "eva");
}
