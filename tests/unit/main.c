#include "base/fs.h"
#include "base/log.h"
#include "tests/unit/test.h"
#include <fnmatch.h>
#include <unistd.h>

static struct CMUnitTest tests[4096];
static size_t ntests;
static char dir[64];

void test_register(const char *name, CMUnitTestFunction fn)
{
    assert_true(ntests < LEN(tests));
    tests[ntests++] = (struct CMUnitTest){ .name = name, .test_func = fn };
}

struct op test_op(struct arena *a)
{
    return (struct op){ .arena = a, .who = &principal_nobody, .id = S("test") };
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    print_error("%s\n", text);
    _fail(file, line);
    abort();
}

const char *test_dir(void)
{
    static unsigned n;
    static _Thread_local char sub[96];
    if (!dir[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(dir, sizeof dir, "%s/netbit-test-XXXXXX", base && strlen(base) < 30 ? base : "/tmp");
        if (!mkdtemp(dir)) bug("mkdtemp");
    }
    struct arena a = { 0 };
    struct op op = test_op(&a);
    snprintf(sub, sizeof sub, "%s/%u", dir, n++);
    if (fs_make_dirs(&op, sub, 0700)) bug("%s", sub);
    arena_free(&a);
    return sub;
}

const char *test_postgres_url(void) { return NULL; }

int main(int argc, char **argv)
{
    log_setup(getenv("NETBIT_TEST_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_OFF, false);
    size_t kept = 0;
    for (size_t i = 0; i < ntests; i++) {
        bool want = argc < 2;
        for (int k = 1; k < argc; k++) want |= !strncmp(tests[i].name, argv[k], strlen(argv[k]));
        if (want) tests[kept++] = tests[i];
    }
    int failed = _cmocka_run_group_tests("netbit", tests, kept, NULL, NULL);
    struct arena a = { 0 };
    struct op op = test_op(&a);
    if (dir[0] && fs_remove_tree(&op, dir)) fprintf(stderr, "left behind: %s\n", dir);
    arena_free(&a);
    printf("%zu passed, %d failed\n", kept - (size_t)failed, failed);
    return failed != 0;
}
