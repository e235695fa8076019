/* Uploads and downloads: flat memory, back-pressure, resumption, clients that leave. */
#include "base/fs.h"
#include "net/http_test.h"
#include "tests/unit/test.h"
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
    i64 calls, last, stop_at;
};
static bool on_progress(void *ctx, i64 done, i64 total)
{
    (void)total;
    struct seen *s = ctx;
    s->calls++;
    s->last = done;
    return !s->stop_at || done < s->stop_at;
}

static int memory_file(i64 size)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, size)) test_fail(__FILE__, __LINE__, "memfd");
    return fd;
}

/* Memory that the process has for itself: file pages (the upload's source) do not count. */
static i64 private_bytes(void)
{
    long total, resident, shared;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld %ld", &total, &resident, &shared), 3);
    fclose(f);
    return (resident - shared) * sysconf(_SC_PAGESIZE);
}

TEST(http_upload_is_flat)
{
    struct site *s = site_start(op, NULL);
    struct client *c = site_client(s, op, NULL);
    i64 size = MIB(200);
    int fd = memory_file(size);
    struct seen seen = { 0 };
    str answer;
    i64 before = private_bytes();
    assert_ok(op, client_upload(c, op, S("/files/big"), fd, 0, size, on_progress, &seen, &answer));
    assert_str(answer, S("{\"size\":209715200}"));
    assert_true(seen.calls > 1 && seen.last == size);
    assert_true(private_bytes() - before < MIB(8));
    assert_ok(op, client_upload(c, op, S("/files/big"), fd, size - 1000, size, on_progress, &seen, &answer));
    assert_str(answer, S("{\"size\":1000}"));
    close(fd);
    site_stop(s);
}

TEST(http_upload_backpressure_and_errors)
{
    struct site *s = site_start(op, &(struct site_options){ .max_uploads = 1 });
    struct client *c = site_client(s, op, "writer");
    int fd = memory_file(MIB(4));
    str answer;
    assert_ok(op, client_upload(c, op, S("/files/slow"), fd, 0, MIB(4), NULL, NULL,
                                &answer)); /* slower than the client */
    assert_str(answer, S("{\"size\":4194304}"));
    assert_err(op, ERR_FORBIDDEN,
               client_upload(c, op, S("/files/forbidden"), fd, 0, MIB(4), NULL, NULL, &answer));
    assert_err(op, ERR_LIMIT, client_upload(c, op, S("/small/x"), fd, 0, MIB(4), NULL, NULL, &answer));
    assert_err(op, ERR_UNAVAILABLE,
               client_upload(c, op, S("/files/full"), fd, 0, MIB(4), NULL, NULL, &answer));
    assert_err(op, ERR_UNAUTHENTICATED,
               client_upload(site_client(s, op, NULL), op, S("/small/x"), fd, 0, 1000, NULL, NULL, &answer));
    assert_err(op, ERR_UNAVAILABLE,
               client_upload(c, op, S("/files/x"), fd, 0, MIB(4), on_progress, &(struct seen){ .stop_at = 1 },
                             &answer));
    WAIT_FOR(site_seen(s).upload_errors > 0); /* the handler of the cancelled one has seen it */
    assert_int_equal(site_seen(s).upload_error, ERR_UNAVAILABLE);
    close(fd);
    /* One at a time is allowed. */
    int first = site_connect(s);
    RAW(first, "PUT /files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    struct http_stats stats;
    do http_stats(site_http(s), &stats);
    while (!stats.uploads);
    struct reply r =
        site_raw(s, op, S("PUT /files/b HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234567890"));
    assert_problem(&r, 503, "unavailable");
    RAW(first, "67890");
    r = raw_reply(op, first, false);
    assert_str(r.body, S("{\"size\":10}"));
    close(first);
    site_stop(s);
}

TEST(http_upload_raw)
{
    struct site *s = site_start(op, NULL);
    struct reply r = site_raw(s, op,
                              S("PUT /files/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    assert_str(r.body, S("{\"size\":5}"));
    r = site_raw(s, op, S("PUT /files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    assert_str(r.body, S("{\"size\":0}"));
    r = site_raw(
        s, op, S("PUT /small/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"));
    assert_problem(&r, 401, "unauthenticated"); /* before the body, without 100 */
    int fd = site_connect(s);
    RAW(fd, "PUT /files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    r = raw_reply(op, fd, false);
    assert_int_equal(r.status, 100);
    RAW(fd, "1234");
    r = raw_reply(op, fd, false);
    assert_str(r.body, S("{\"size\":4}"));
    RAW(fd, "PUT /files/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n123GET /hot HTTP/1.1\r\nHost: "
            "x\r\n\r\n");
    r = raw_reply(op, fd, false); /* the connection stays usable */
    assert_str(r.body, S("{\"size\":3}"));
    r = raw_reply(op, fd, false);
    assert_str(r.body, S("{\"hot\":true}"));
    close(fd);
    fd = site_connect(s);
    i64 errors = site_seen(s).upload_errors;
    RAW(fd, "PUT /files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
    close(fd); /* leaves in the middle */
    WAIT_FOR(site_seen(s).upload_errors == errors + 1);
    assert_int_equal(site_seen(s).upload_error, ERR_UNAVAILABLE);
    site_stop(s);
}

TEST(http_download_and_resume)
{
    struct site *s = site_start(op, NULL);
    struct client *c = site_client(s, op, NULL);
    int fd = memory_file(0);
    i64 size = 0;
    struct seen seen = { 0 };
    assert_ok(op, client_download(c, op, S("/files/3000000"), fd, 0, 0, on_progress, &seen, &size));
    assert_int_equal(size, 3000000);
    u8 *p = arena_alloc(op->arena, 3000000);
    assert_int_equal(pread(fd, p, 3000000, 0), 3000000);
    for (i64 i = 0; i < size; i++)
        if (p[i] != i % 251) test_fail(__FILE__, __LINE__, "byte %lld is wrong", (long long)i);
    assert_int_equal(ftruncate(fd, 1000000), 0);
    assert_ok(op, client_download(c, op, S("/files/3000000"), fd, 1000000, 0, NULL, NULL, &size));
    assert_int_equal(size, 3000000);
    u8 *q = arena_alloc(op->arena, 3000000);
    assert_int_equal(pread(fd, q, 3000000, 0), 3000000);
    assert_memory_equal(p, q, 3000000);
    assert_ok(op, client_download(c, op, S("/files/3000000"), fd, 3000000, 0, NULL, NULL,
                                  &size)); /* complete already */
    assert_int_equal(size, 3000000);
    assert_err(op, ERR_LIMIT, client_download(c, op, S("/files/3000000"), fd, 0, 1000, NULL, NULL, &size));
    assert_err(op, ERR_NOT_FOUND, client_download(c, op, S("/files/none"), fd, 0, 0, NULL, NULL, &size));
    assert_err(op, ERR_UNAVAILABLE,
               client_download(c, op, S("/files/elsewhere"), fd, 0, 0, NULL, NULL, &size));
    assert_err(op, ERR_UNAVAILABLE,
               client_download(c, op, S("/files/3000000"), fd, 0, 0, on_progress,
                               &(struct seen){ .stop_at = 1 }, &size));
    close(fd);
    fd = site_connect(s); /* leaves in the middle of a download: the next one works */
    RAW(fd, "GET /files/9000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    char some[1000];
    assert_true(recv(fd, some, sizeof some, 0) > 0);
    close(fd);
    struct reply r = site_raw(s, op, S("GET /files/10 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(r.body.n, 10);
    site_stop(s);
}
