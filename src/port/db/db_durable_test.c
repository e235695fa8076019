/* Acknowledged means durable: numbered rows are written from several threads while processes are killed,
 * disks fail and servers crash; every number whose acknowledgement came must be there afterwards. */
#include "base/log.h"
#include "base/rand.h"
#include "port/db/db_fault_vfs.h"
#include "port/db/db_test_util.h"
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct number {
    i64 n;
};
#define D struct number
static const struct field number_fields[] = { { F(n) } };
#undef D
static DESC(number);

enum { MOST = 400000 };
enum answer { NO_ANSWER, ACKNOWLEDGED, FAILED };

/* Writers that never wait for the disk: each has up to `outstanding` answers under way. */
struct load {
    const struct ports *ports;
    int threads, report; /* report: a pipe that gets each acknowledged number; -1: none */
    _Atomic i64 next;
    _Atomic bool stop;
    _Atomic i64 acknowledged, failed, refused;
    _Atomic char answer[MOST];
    sem_t room;
};

struct unit {
    struct load *load;
    i64 n;
    struct arena a;
    struct op op;
};

static void unit_done(void *arg, err_t code)
{
    struct unit *u = arg;
    struct load *l = u->load;
    assert_int_equal(l->answer[u->n], NO_ANSWER); /* exactly once */
    l->answer[u->n] = code ? FAILED : ACKNOWLEDGED;
    if (code) l->failed++;
    else l->acknowledged++;
    if (!code && l->report >= 0 && write(l->report, &u->n, sizeof u->n) != sizeof u->n) l->stop = true;
    arena_free(&u->a);
    mem_free(u);
    sem_post(&l->room);
}

static err_t insert(struct op *op, i64 n)
{
    if (n % 3 == 0)
        return db_exec(op, "INSERT INTO t (n, text) VALUES (?, ?)", A(n), A(S("a single statement")));
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(db_exec(op, "INSERT INTO t (n, text) VALUES (?, ?)", A(n), A(S("in a transaction"))));
    TRY(db_exec(op, "UPDATE t SET text = ? WHERE n = ?", A(S("and changed in it")), A(n)));
    return db_commit(&tx);
}

static void *writer(void *arg)
{
    struct load *l = arg;
    while (!l->stop) {
        sem_wait(&l->room);
        struct unit *u = MEM_NEW(struct unit);
        u->load = l;
        u->n = l->next++;
        if (u->n >= MOST) bug("more rows than places");
        u->op = test_op(&u->a);
        u->op.ports = l->ports;
        err_t e = insert(&u->op, u->n);
        if (!e) {
            db_when_durable(&u->op, unit_done, u);
            continue;
        }
        if (e != ERR_UNAVAILABLE) bug("%s: %.*s", err_name(e), STR(u->op.err.msg));
        l->refused++;
        unit_done(u, e);
    }
    return NULL;
}

static struct load *load_new(struct op *op, int threads, unsigned outstanding)
{
    struct load *l = MEM_NEW(struct load);
    l->ports = op->ports;
    l->threads = threads;
    l->report = -1;
    l->next = 1;
    sem_init(&l->room, 0, outstanding);
    return l;
}

static void load_start(struct load *l, pthread_t *thread)
{
    for (int i = 0; i < l->threads; i++) assert_int_equal(pthread_create(&thread[i], NULL, writer, l), 0);
}

static void load_stop(struct load *l, pthread_t *thread, unsigned outstanding)
{
    l->stop = true;
    for (int i = 0; i < l->threads; i++) pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < outstanding; i++) sem_wait(&l->room);
    assert_int_equal(l->acknowledged + l->failed, l->next - 1);
}

static void make_table(struct op *op)
{
    assert_ok(op, db_exec(op, "CREATE TABLE t (n BIGINT PRIMARY KEY, text TEXT NOT NULL)"));
    assert_ok(op, db_flush(op));
}

/* What is in the table must be what was acknowledged; `unknown`: a failed one may be there too. */
static void compare(struct op *op, const struct load *l, bool unknown)
{
    LIST(struct number) list;
    assert_ok(op, db_all(op, &number_desc, &list, "SELECT n FROM t ORDER BY n"));
    i64 found = 0;
    for (size_t i = 0; i < list.n; i++) {
        i64 n = list.item[i].n;
        assert_in_range(n, 1, l->next - 1);
        if (l->answer[n] == ACKNOWLEDGED) found++;
        else assert_true(unknown);
    }
    assert_int_equal(found, l->acknowledged);
    i64 half;
    assert_ok(op, db_i64(op, &half, "SELECT count(*) FROM t WHERE text = ?", A(S("in a transaction"))));
    assert_int_equal(half, 0);
}

static void wait_for(_Atomic i64 *counter, i64 least)
{
    i64 until = time_mono_us() + SEC(60);
    while (*counter < least) {
        if (time_mono_us() > until)
            test_fail(__FILE__, __LINE__, "%lld of %lld", (long long)*counter, (long long)least);
        usleep(1000);
    }
}

CONTRACT(answers_each_operation_once)
{
    make_table(op);
    struct load *l = load_new(op, 3, 64);
    pthread_t thread[3];
    load_start(l, thread);
    wait_for(&l->acknowledged, 500);
    load_stop(l, thread, 64);
    assert_int_equal(l->failed, 0);
    compare(op, l, false);
    mem_free(l);
}

static void note_answer(void *arg, err_t code) { *(int *)arg = code ? 100 : 1; }

CONTRACT(does_not_wait_without_a_change)
{
    make_table(op);
    int answered = 0;
    OTHER_OP(none, op);
    db_when_durable(none, note_answer, &answered);
    assert_int_equal(answered, 1);
    OTHER_OP(reader, op);
    i64 n;
    assert_ok(reader, db_i64(reader, &n, "SELECT count(*) FROM t"));
    answered = 0;
    db_when_durable(reader, note_answer, &answered);
    assert_int_equal(answered, 1);
    OTHER_OP(refused, op);
    assert_ok(op, insert(op, 1));
    assert_ok(op, db_flush(op));
    assert_err(refused, ERR_CONFLICT, insert(refused, 1));
}

static NORETURN void write_until_killed(const char *url, int report)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    db_test_open(&op, str_of(url));
    i64 last;
    assert_ok(&op, db_i64(&op, &last, "SELECT coalesce(max(n), 0) FROM t"));
    struct load *l = load_new(&op, 3, 32);
    l->report = report;
    l->next = last + 1;
    pthread_t thread[3];
    load_start(l, thread);
    for (;;) pause();
}

/* The next numbers that the child reports, until `most` have come or it is gone; how many. */
static i64 take_reports(int from, i64 most, _Atomic char *seen)
{
    i64 n, taken = 0;
    for (; taken < most && read(from, &n, sizeof n) == sizeof n; taken++) seen[n] = 1;
    return taken;
}

/* Kills the child in the middle of its work: when it has acknowledged so many, however long that takes here,
 * and a random moment later. */
static void round_of_kill(const char *url, _Atomic char *seen)
{
    enum { MOST_REPORTS = 300 };
    int report[2], status;
    i64 least = 1 + (i64)rand_below(MOST_REPORTS);
    assert_int_equal(pipe(report), 0);
    pid_t child = fork();
    if (!child) write_until_killed(url, report[1]);
    close(report[1]);
    assert_int_equal(take_reports(report[0], least, seen), least);
    usleep((useconds_t)rand_below(5000));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    take_reports(report[0], MOST, seen);
    close(report[0]);
}

static void kill_rounds(const char *url, int rounds)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    db_test_open(&op, str_of(url));
    make_table(&op);
    db_test_close(&op);
    _Atomic char *seen = mem_alloc(MOST);
    for (int i = 0; i < rounds; i++) {
        round_of_kill(url, seen);
        db_test_open(&op, str_of(url));
        LIST(struct number) list;
        assert_ok(&op, db_all(&op, &number_desc, &list, "SELECT n FROM t"));
        char *there = arena_alloc(&a, MOST);
        for (size_t k = 0; k < list.n; k++) there[list.item[k].n] = 1;
        for (i64 n = 0; n < MOST; n++)
            if (seen[n] && !there[n])
                test_fail(__FILE__, __LINE__, "row %lld was acknowledged and is gone", (long long)n);
        db_test_close(&op);
    }
    mem_free((void *)(uintptr_t)seen);
    arena_free(&a);
}

TEST(db_sqlite_keeps_what_it_acknowledged_before_a_kill)
{
    kill_rounds(arena_printf(op->arena, "sqlite:%s/test.db", test_dir()).p, 30);
}

TEST(db_postgres_keeps_what_it_acknowledged_before_a_kill)
{
    const char *url = test_postgres_url();
    if (url) kill_rounds(str_z(op->arena, str_of(url)), 5);
}

static void faulty_disk(struct op *op, enum fault fault)
{
    fault_vfs_install();
    str url = arena_printf(op->arena, "sqlite:%s/test.db", test_dir());
    url = str_of(mem_str(url).p);
    db_test_open(op, url);
    make_table(op);
    struct load *l = load_new(op, 3, 32);
    pthread_t thread[3];
    load_start(l, thread);
    for (int round = 0; round < 5; round++) {
        wait_for(&l->acknowledged, l->acknowledged + 200);
        i64 failed = l->failed;
        fault_set(fault);
        wait_for(&l->failed, failed + 20);
        assert_true(fault_hits() > 0);
        fault_set(FAULT_NONE);
    }
    wait_for(&l->acknowledged, l->acknowledged + 200);
    load_stop(l, thread, 32);
    compare(op, l, false);
    db_test_close(op);
    fault_vfs_remove();
    db_test_open(op, url);
    compare(op, l, false);
    i64 n;
    assert_ok(op,
              db_i64(op, &n, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"));
    assert_int_equal(n, 0);
    db_test_close(op);
    mem_free((void *)(uintptr_t)url.p);
    mem_free(l);
}

TEST(db_sqlite_survives_a_full_disk) { faulty_disk(op, FAULT_FULL); }
TEST(db_sqlite_survives_a_disk_that_does_not_sync) { faulty_disk(op, FAULT_SYNC); }
TEST(db_sqlite_survives_half_written_pages) { faulty_disk(op, FAULT_HALF_WRITTEN); }

struct answer_of {
    sem_t come;
    err_t code;
};
static void take_answer(void *arg, err_t code)
{
    struct answer_of *x = arg;
    x->code = code;
    sem_post(&x->come);
}

/* Who has seen what others wrote before it was durable shares its fate, and learns of it. */
TEST(db_sqlite_readers_of_lost_rows_learn_of_it)
{
    fault_vfs_install();
    db_test_open(op, arena_printf(op->arena, "sqlite:%s/test.db", test_dir()));
    make_table(op);
    int saw = 0;
    for (int i = 1; i <= 50; i++) {
        OTHER_OP(one, op);
        OTHER_OP(two, op);
        struct answer_of a1, a2;
        sem_init(&a1.come, 0, 0);
        sem_init(&a2.come, 0, 0);
        fault_set(FAULT_SYNC);
        i64 n = 0;
        {
            /* The group cannot be committed before both have taken part. */
            AUTO(db_tx) struct db_tx tx = { 0 };
            assert_ok(one, db_begin(one, &tx));
            assert_ok(one, db_exec(one, "INSERT INTO t (n, text) VALUES (?, ?)", A(i), A(S("x"))));
            assert_ok(one, db_commit(&tx));
        }
        {
            AUTO(db_tx) struct db_tx tx = { 0 };
            assert_ok(two, db_begin(two, &tx));
            assert_ok(two, db_i64(two, &n, "SELECT count(*) FROM t WHERE n = ?", A(i)));
            assert_ok(two, db_commit(&tx));
        }
        db_when_durable(one, take_answer, &a1);
        db_when_durable(two, take_answer, &a2);
        sem_wait(&a1.come);
        sem_wait(&a2.come);
        assert_int_equal(a1.code, ERR_UNAVAILABLE);
        assert_int_equal(a2.code, n ? ERR_UNAVAILABLE : OK);
        saw += (int)n;
        fault_set(FAULT_NONE);
    }
    assert_true(saw > 0);
    assert_ok(op, insert(op, 1000));
    assert_ok(op, db_flush(op));
    i64 n;
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM t"));
    assert_int_equal(n, 1);
    db_test_close(op);
    fault_vfs_remove();
}

static void count_call(void *arg) { ++*(int *)arg; }

TEST(db_sqlite_flush_tells_of_a_loss_once)
{
    fault_vfs_install();
    db_test_open(op, arena_printf(op->arena, "sqlite:%s/test.db", test_dir()));
    make_table(op);
    fault_set(FAULT_FULL);
    assert_ok(op, insert(op, 1));
    int lost = 0;
    db_after_commit(op, count_call, &lost);
    assert_err(op, ERR_UNAVAILABLE, db_flush(op));
    assert_int_equal(lost, 0);
    fault_set(FAULT_NONE);
    assert_ok(op, insert(op, 1));
    int answered = 0;
    db_after_commit(op, count_call, &answered);
    assert_ok(op, db_flush(op));
    assert_int_equal(answered, 1);
    db_test_close(op);
    fault_vfs_remove();
}

static int write_under_a_limit(const char *url)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    db_test_open(&op, str_of(url));
    make_table(&op);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = { (rlim_t)KIB(512), RLIM_INFINITY };
    setrlimit(RLIMIT_FSIZE, &limit);
    i64 kept = 0;
    err_t e = OK;
    char *big = arena_alloc(&a, 20000);
    memset(big, 'x', 20000);
    while (!e && kept < 1000) {
        struct other_op o;
        other_op_init(&o, &op);
        e = db_exec(&o.op, "INSERT INTO t (n, text) VALUES (?, ?)", A(kept + 1), A(((str){ big, 20000 })));
        if (!e) e = db_flush(&o.op);
        if (!e) kept++;
        other_op_done(&o);
    }
    if (e != ERR_UNAVAILABLE || kept < 5) return 1;
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    i64 n;
    if (db_exec(&op, "INSERT INTO t (n, text) VALUES (?, ?)", A(kept + 1), A(S("there is room again"))))
        return 2;
    if (db_flush(&op) || db_i64(&op, &n, "SELECT count(*) FROM t") || n != kept + 1) return 3;
    db_test_close(&op);
    return 0;
}

/* The same with a limit of the kernel's instead of a simulated one. */
TEST(db_sqlite_survives_a_file_size_limit)
{
    str url = arena_printf(op->arena, "sqlite:%s/test.db", test_dir());
    pid_t child = fork();
    if (!child) _exit(write_under_a_limit(url.p));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void server_ctl(const char *what)
{
    char command[512];
    snprintf(command, sizeof command, "%s %s", getenv("NETBIT_TEST_POSTGRES_CTL"), what);
    assert_int_equal(system(command), 0);
}

TEST(db_postgres_waits_out_a_crash_of_the_server)
{
    const char *url = test_postgres_url();
    if (!url) return;
    if (!getenv("NETBIT_TEST_POSTGRES_CTL")) {
        print_message("NOT RUN: NETBIT_TEST_POSTGRES_CTL is not set (tools/with-postgres sets it)\n");
        return;
    }
    db_test_open(op, str_of(url));
    make_table(op);
    struct load *l = load_new(op, 4, 8);
    pthread_t thread[4];
    load_start(l, thread);
    for (int round = 0; round < 2; round++) {
        wait_for(&l->acknowledged, l->acknowledged + 100);
        server_ctl("crash");
        usleep(500000);
        /* In transactions whose connection died: an error each; then everybody waits instead of failing. */
        assert_in_range(l->failed, 0, 4 * (round + 1));
        server_ctl("start");
        wait_for(&l->acknowledged, l->acknowledged + 100);
    }
    load_stop(l, thread, 8);
    assert_in_range(l->failed, 0, 8);
    compare(op, l, true);
    db_test_close(op);
    mem_free(l);
}
