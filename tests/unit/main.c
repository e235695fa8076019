#include "base/fs.h"
#include "base/log.h"
#include "tests/unit/test.h"
#include <fnmatch.h>
#include <libpq-fe.h>
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

static struct {
    char name[256][48];
    size_t n;
} databases;

static bool server_run(const char *server, const char *sql)
{
    PGconn *c = PQconnectdb(server);
    PGresult *res = PQexec(c, sql);
    bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;
    if (!ok) fprintf(stderr, "%s: %s", sql, PQerrorMessage(c));
    PQclear(res);
    PQfinish(c);
    return ok;
}

const char *test_postgres_url(void)
{
    static _Thread_local char url[512];
    const char *server = getenv("NETBIT_TEST_POSTGRES");
    if (!server) {
        print_message(
            "NOT RUN over PostgreSQL: NETBIT_TEST_POSTGRES is not set (tools/with-postgres sets it)\n");
        return NULL;
    }
    if (databases.n == LEN(databases.name)) bug("more test databases than places");
    char *name = databases.name[databases.n++], sql[96];
    snprintf(name, sizeof databases.name[0], "netbit_test_%d_%zu", (int)getpid(), databases.n);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    if (!server_run(server, sql)) bug("the test server makes no database");
    const char *slash = strrchr(server, '/'), *query = strchr(slash, '?');
    snprintf(url, sizeof url, "%.*s/%s%s", (int)(slash - server), server, name, query ? query : "");
    return url;
}

static void drop_databases(void)
{
    char sql[96];
    for (size_t i = 0; i < databases.n; i++) {
        snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", databases.name[i]);
        server_run(getenv("NETBIT_TEST_POSTGRES"), sql);
    }
}

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
    drop_databases();
    printf("%zu passed, %d failed\n", kept - (size_t)failed, failed);
    return failed != 0;
}
