/* What blob.h promises, over every store. */
#include "base/rand.h"
#include "port/blob/blob.h"
#include "tests/unit/test.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct blob *open_dir(struct op *op, const char *dir)
{
    struct blob *b = NULL;
    assert_ok(op, blob_open(op, arena_printf(op->arena, "dir:%s/blobs", dir), &b));
    return b;
}

/* One test body, every store. */
#define CONTRACT(name) \
    static void contract_##name(struct op *, struct blob *); \
    TEST(blob_dir_##name) \
    { \
        struct blob *b = open_dir(op, test_dir()); \
        contract_##name(op, b); \
        arena_reset(op->arena); \
        blob_close(b); \
    } \
    static void contract_##name(struct op *op, struct blob *b)

static sha256 store(struct op *op, struct blob *b, str name, str bytes)
{
    struct blob_stage *s;
    sha256 key;
    i64 size = -1;
    assert_ok(op, blob_stage_open(b, op, name, &s));
    assert_ok(op, blob_stage_write(s, op, bytes));
    assert_ok(op, blob_stage_commit(s, op, &key, &size));
    assert_int_equal(size, bytes.n);
    return key;
}

static str load(struct op *op, struct blob *b, sha256 key)
{
    struct blob_source s;
    assert_ok(op, blob_get(b, op, key, &s));
    char *p = arena_alloc(op->arena, (size_t)s.size + 1);
    assert_int_equal(read(s.fd, p, (size_t)s.size + 1), s.size);
    close(s.fd);
    return (str){ p, (size_t)s.size };
}

static bool has(struct op *op, struct blob *b, sha256 key)
{
    bool yes = false;
    assert_ok(op, blob_has(b, op, key, &yes));
    return yes;
}

CONTRACT(keeps_bytes_under_their_digest)
{
    static const char bytes[] = "some\0bytes";
    str data = { bytes, sizeof bytes };
    sha256 key = store(op, b, S("up-1"), data), want = sha256_of(data);
    assert_memory_equal(&key, &want, sizeof key);
    assert_str(load(op, b, key), data);
    i64 size;
    assert_err(op, ERR_NOT_FOUND, blob_stage_peek(b, op, S("up-1"), &size));
    sha256 again = store(op, b, S("up-2"), data);
    assert_memory_equal(&key, &again, sizeof key);
    assert_str(load(op, b, key), data);
    sha256 empty = store(op, b, S("up-3"), S(""));
    assert_int_equal(load(op, b, empty).n, 0);
}

CONTRACT(deletes)
{
    sha256 key = store(op, b, S("x"), S("abc"));
    struct blob_source s;
    assert_ok(op, blob_get(b, op, key, &s));
    assert_ok(op, blob_delete(b, op, key));
    char c[4];
    assert_int_equal(read(s.fd, c, sizeof c), 3); /* who reads it reads on */
    close(s.fd);
    assert_false(has(op, b, key));
    assert_ok(op, blob_delete(b, op, key));
    assert_err(op, ERR_NOT_FOUND, blob_get(b, op, key, &s));
}

CONTRACT(has_one_holder_of_a_stage)
{
    struct blob_stage *one, *two;
    i64 size;
    assert_ok(op, blob_stage_open(b, op, S("name"), &one));
    assert_ok(op, blob_stage_write(one, op, S("half")));
    assert_err(op, ERR_CONFLICT, blob_stage_open(b, op, S("name"), &two));
    assert_ok(op, blob_stage_peek(b, op, S("name"), &size));
    assert_int_equal(size, 4);
    assert_ok(op, blob_stage_discard(one, op));
    assert_err(op, ERR_NOT_FOUND, blob_stage_peek(b, op, S("name"), &size));
    assert_err(op, ERR_CONFLICT, blob_stage_write(one, op, S("x")));
    assert_ok(op, blob_stage_open(b, op, S("name"), &two));
    assert_int_equal(blob_stage_size(two), 0);
    assert_err(op, ERR_CONFLICT, blob_stage_commit(one, op, &(sha256){ 0 }, &size));
}

CONTRACT(resumes_a_stage)
{
    size_t n = 300000;
    char *p = arena_alloc(op->arena, n);
    rand_bytes(p, n);
    for (size_t at = 0; at < n; at += 100000) {
        struct arena a = { 0 };
        struct op part = test_op(&a);
        struct blob_stage *s;
        assert_ok(&part, blob_stage_open(b, &part, S("resumed"), &s));
        assert_int_equal(blob_stage_size(s), at);
        assert_ok(&part, blob_stage_write(s, &part, (str){ p + at, 100000 }));
        arena_free(&a); /* closes it */
    }
    struct blob_stage *s;
    sha256 key, want = sha256_of((str){ p, n });
    i64 size;
    assert_ok(op, blob_stage_open(b, op, S("resumed"), &s));
    assert_ok(op, blob_stage_commit(s, op, &key, &size));
    assert_int_equal(size, n);
    assert_memory_equal(&key, &want, sizeof key);
    assert_true(has(op, b, want));
    assert_str(load(op, b, want), ((str){ p, n }));
}

CONTRACT(refuses_names_that_lead_elsewhere)
{
    static const char *const bad[] = { "", ".", "..", "../x", "a/b", ".hidden", "a b", "\xd0\x96", "a\n" };
    struct blob_stage *s;
    i64 size;
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_err(op, ERR_INVALID, blob_stage_open(b, op, str_of(bad[i]), &s));
        assert_err(op, ERR_INVALID, blob_stage_peek(b, op, str_of(bad[i]), &size));
    }
    char longest[129];
    memset(longest, 'a', sizeof longest);
    assert_err(op, ERR_INVALID, blob_stage_open(b, op, (str){ longest, 129 }, &s));
    assert_ok(op, blob_stage_open(b, op, (str){ longest, 128 }, &s));
}

CONTRACT(sweeps_old_stages)
{
    struct blob_stage *held, *left;
    assert_ok(op, blob_stage_open(b, op, S("held"), &held));
    struct arena a = { 0 };
    struct op other = test_op(&a);
    assert_ok(&other, blob_stage_open(b, &other, S("left"), &left));
    arena_free(&a);
    i64 n = -1, size;
    assert_ok(op, blob_sweep_stages(b, op, SEC(3600), &n));
    assert_int_equal(n, 0);
    assert_ok(op, blob_sweep_stages(b, op, -SEC(3600), &n));
    assert_int_equal(n, 1);
    assert_err(op, ERR_NOT_FOUND, blob_stage_peek(b, op, S("left"), &size));
    assert_ok(op, blob_stage_peek(b, op, S("held"), &size));
    assert_ok(op, blob_stage_write(held, op, S("still mine")));
}

static int write_under_a_limit(struct blob *b)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    struct blob_stage *s;
    struct rlimit small = { 10000, 10000 };
    signal(SIGXFSZ, SIG_IGN);
    sha256 key;
    i64 size;
    char *p = arena_alloc(&a, 8000);
    if (setrlimit(RLIMIT_FSIZE, &small) || blob_stage_open(b, &op, S("big"), &s)) return 1;
    if (blob_stage_write(s, &op, (str){ p, 8000 })) return 2;
    if (blob_stage_write(s, &op, (str){ p, 8000 }) != ERR_UNAVAILABLE) return 3;
    if (blob_stage_size(s) != 8000) return 4;
    if (blob_stage_write(s, &op, (str){ p, 1000 })) return 5; /* there is room for less */
    if (blob_stage_commit(s, &op, &key, &size) || size != 9000) return 6;
    return 0;
}

TEST(blob_dir_survives_a_full_disk)
{
    struct blob *b = open_dir(op, test_dir());
    pid_t child = fork();
    if (!child) _exit(write_under_a_limit(b));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char *p = arena_alloc(op->arena, 9000);
    assert_true(has(op, b, sha256_of((str){ p, 9000 })));
    blob_close(b);
}

static void write_until_killed(struct blob *b, int report)
{
    for (u32 i = 1;; i++) {
        struct arena a = { 0 };
        struct op op = test_op(&a);
        struct blob_stage *s;
        sha256 key;
        i64 size;
        char *p = arena_alloc(&a, 5000);
        memcpy(p, &i, sizeof i);
        if (blob_stage_open(b, &op, arena_printf(&a, "n%u", i), &s) ||
            blob_stage_write(s, &op, (str){ p, 5000 }) || blob_stage_commit(s, &op, &key, &size))
            _exit(1);
        if (write(report, &key, sizeof key) != sizeof key) _exit(2);
        arena_free(&a);
    }
}

TEST(blob_dir_keeps_what_it_acknowledged_before_a_kill)
{
    struct blob *b = open_dir(op, test_dir());
    for (int round = 0; round < 10; round++) {
        int pipe_[2], status;
        assert_int_equal(pipe(pipe_), 0);
        pid_t child = fork();
        if (!child) write_until_killed(b, pipe_[1]);
        close(pipe_[1]);
        usleep((useconds_t)(2000 + rand_below(15000)));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        for (sha256 key; read(pipe_[0], &key, sizeof key) == sizeof key;) {
            str bytes = load(op, b, key);
            sha256 digest = sha256_of(bytes);
            assert_memory_equal(&digest, &key, sizeof key);
        }
        close(pipe_[0]);
        i64 n;
        assert_ok(op, blob_sweep_stages(b, op, -SEC(3600), &n));
    }
    arena_reset(op->arena);
    blob_close(b);
}
