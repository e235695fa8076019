#include "base/fs.h"
#include "base/log.h"
#include "tests/unit/test.h"
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

i64 test_patience_us(void)
{
    const char *text = getenv("NETBIT_TEST_PATIENCE");
    double factor = text ? strtod(text, NULL) : 1;
    return (i64)((double)SEC(60) * (factor > 0 ? factor : 1));
}

i64 test_deadline(void) { return time_mono_us() + test_patience_us(); }

void test_nap(void) { nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); }

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
    if (!server) return NULL; /* main() does not choose such tests then */
    if (databases.n == LEN(databases.name)) bug("more test databases than places");
    char *name = databases.name[databases.n++], sql[96];
    snprintf(name, sizeof databases.name[0], "netbit_test_%d_%zu", (int)getpid(), databases.n);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    if (!server_run(server, sql)) bug("the test server makes no database");
    const char *slash = strrchr(server, '/'), *query = strchr(slash, '?');
    snprintf(url, sizeof url, "%.*s/%s%s", (int)(slash - server), server, name, query ? query : "");
    return url;
}

/* A server that exists only for this run (tools/with-postgres) goes with all its databases. */
static void drop_databases(void)
{
    char sql[96];
    if (getenv("NETBIT_TEST_POSTGRES_CTL")) return;
    for (size_t i = 0; i < databases.n; i++) {
        snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", databases.name[i]);
        server_run(getenv("NETBIT_TEST_POSTGRES"), sql);
    }
}

/* ---- how long each test takes ---- */

static struct took {
    const char *name;
    i64 us;
} took[LEN(tests)];

static int begins(void **state)
{
    struct took *t = *state;
    t->us = time_mono_us();
    return 0;
}

static int ends(void **state)
{
    struct took *t = *state;
    t->us = time_mono_us() - t->us;
    return 0;
}

static int longer(const void *a, const void *b)
{
    const struct took *x = a, *y = b;
    return (x->us < y->us) - (x->us > y->us);
}

static void print_slowest(size_t n)
{
    qsort(took, n, sizeof *took, longer);
    for (size_t i = 0; i < MIN(n, (size_t)20) && took[i].us > MSEC(100); i++)
        printf("%6.2f s  %s\n", (double)took[i].us / 1e6, took[i].name);
}

/* ---- which ones ---- */

struct choice {
    const char *prefix[64];
    size_t nprefixes;
    unsigned part, parts; /* every parts-th test, beginning with the part-th; for several processes */
    bool postgres;        /* those over PostgreSQL only */
};

static bool chosen(const struct choice *c, const char *name)
{
    bool any = !c->nprefixes;
    for (size_t i = 0; i < c->nprefixes; i++) any |= !strncmp(name, c->prefix[i], strlen(c->prefix[i]));
    return any && (!c->postgres || strstr(name, "postgres"));
}

static size_t choose(const struct choice *c)
{
    size_t kept = 0, seen = 0, without = 0;
    for (size_t i = 0; i < ntests; i++) {
        if (!chosen(c, tests[i].name)) continue;
        if (!getenv("NETBIT_TEST_POSTGRES") && strstr(tests[i].name, "postgres")) without++;
        else if (seen++ % c->parts == c->part - 1) tests[kept++] = tests[i];
    }
    if (without) printf("%zu tests over PostgreSQL: not run (tools/with-postgres runs them)\n", without);
    for (size_t i = 0; i < kept; i++) {
        took[i].name = tests[i].name;
        tests[i].initial_state = &took[i];
        tests[i].setup_func = begins;
        tests[i].teardown_func = ends;
    }
    return kept;
}

/* netbit-test [--postgres] [--part K/N] [PREFIX...] */
static struct choice choice_of(int argc, char **argv)
{
    struct choice c = { .part = 1, .parts = 1 };
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--postgres")) c.postgres = true;
        else if (!strcmp(argv[i], "--part") && i + 1 < argc) {
            if (sscanf(argv[++i], "%u/%u", &c.part, &c.parts) != 2 || !c.part || c.part > c.parts)
                bug("--part %s", argv[i]);
        } else if (c.nprefixes < LEN(c.prefix)) c.prefix[c.nprefixes++] = argv[i];
    }
    return c;
}

int main(int argc, char **argv)
{
    log_setup(getenv("NETBIT_TEST_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_OFF, false);
    struct choice c = choice_of(argc, argv);
    size_t kept = choose(&c);
    int failed = _cmocka_run_group_tests("netbit", tests, kept, NULL, NULL);
    struct arena a = { 0 };
    struct op op = test_op(&a);
    if (dir[0] && fs_remove_tree(&op, dir)) fprintf(stderr, "left behind: %s\n", dir);
    arena_free(&a);
    drop_databases();
    print_slowest(kept);
    printf("%zu passed, %d failed\n", kept - (size_t)failed, failed);
    return failed != 0;
}
