/* Killed in the middle of a merge: the process, and PostgreSQL under it. Writers send batches, every second
 * one before its neighbour; another thread merges all the time. Whatever was acknowledged must be there
 * exactly once, with its values, and nothing that was never sent. */
#include "base/rand.h"
#include "feature/account/account.h"
#include "feature/feature.h"
#include "feature/series/series_test.h"
#include "port/db/migrate.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 2, EACH = 2 /* series of a writer */, POINTS = 16, BATCHES = 1 << 16, ROWS = 300 };
enum {
    MERGE_BEGINS = -1,
    MERGE_ENDS = -2
}; /* else: the number of an acknowledged batch, times WRITERS + writer */

static const struct feature *const parts[] = { &account_feature, &admin_feature, &project_feature,
                                               &audit_feature, &series_feature };

struct writers {
    const struct op *like;
    i64 first_id;
    i64 first[WRITERS]; /* batches before are not sent again */
    int report;         /* a pipe; -1: none */
    _Atomic bool stop, merging;
    _Atomic i64 merges, merge_us, next[WRITERS], acked;
    _Atomic char answer[WRITERS][BATCHES]; /* 1 sent, 2 acknowledged */
};
struct one_writer {
    struct writers *all;
    int who;
};

static i64 time_of(i64 i) { return 1700000000000000 + i * 1000000; }
static double value_of(i64 id, i64 i) { return (double)((i * 7919 + id * 31) % 100003) / 8; }

static void tell(struct writers *w, i64 what)
{
    if (w->report >= 0 && write(w->report, &what, sizeof what) != sizeof what) w->stop = true;
}

static err_t send_batch(struct writers *w, int who, i64 k)
{
    OTHER_OP(o, w->like);
    struct series_run run[EACH];
    i64 t[POINTS];
    double v[EACH][POINTS];
    for (i64 i = 0; i < POINTS; i++) t[i] = time_of(k * POINTS + i);
    for (int s = 0; s < EACH; s++) {
        i64 id = w->first_id + who * EACH + s;
        for (i64 i = 0; i < POINTS; i++) v[s][i] = value_of(id, k * POINTS + i);
        run[s] = (struct series_run){ id, POINTS, SERIES_F64, t, { v[s] } };
    }
    TRY(series_append(o, run, EACH));
    return db_flush(o);
}

static void *write_batches(void *arg)
{
    struct one_writer *m = arg;
    struct writers *w = m->all;
    for (i64 at = w->first[m->who]; at < BATCHES && !w->stop; at++) {
        i64 k = at ^ 1;
        w->answer[m->who][k] = 1;
        w->next[m->who] = at + 1;
        /* Again and again, as senders do: what was stored without an answer counts once. */
        while (send_batch(w, m->who, k) && !w->stop) usleep(1000);
        if (w->stop) break;
        w->answer[m->who][k] = 2;
        w->acked++;
        tell(w, k * WRITERS + m->who);
    }
    return NULL;
}

static void *merge_all_the_time(void *arg)
{
    struct writers *w = arg;
    while (!w->stop) {
        if (tail_state().rows < ROWS) {
            usleep(200);
            continue;
        }
        OTHER_OP(o, w->like);
        i64 began = time_mono_us();
        tell(w, MERGE_BEGINS);
        w->merging = true;
        bool good = !series_merge(o, true) && !db_flush(o); /* fails while PostgreSQL is away */
        w->merging = false;
        tell(w, MERGE_ENDS);
        if (good) w->merge_us = time_mono_us() - began;
        w->merges += good;
    }
    return NULL;
}

struct running {
    pthread_t writer[WRITERS], merger;
    struct one_writer who[WRITERS];
};
static void begin(struct writers *w, struct running *r)
{
    for (int i = 0; i < WRITERS; i++) {
        r->who[i] = (struct one_writer){ w, i };
        assert_int_equal(pthread_create(&r->writer[i], NULL, write_batches, &r->who[i]), 0);
    }
    assert_int_equal(pthread_create(&r->merger, NULL, merge_all_the_time, w), 0);
}
static void end(struct writers *w, struct running *r)
{
    w->stop = true;
    for (int i = 0; i < WRITERS; i++) pthread_join(r->writer[i], NULL);
    pthread_join(r->merger, NULL);
}

static void prepare(struct op *op, struct writers *w)
{
    i64 applied, owner, id;
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i]->nmigrations)
            assert_ok(op, migrate_up(op, parts[i]->migrations, *parts[i]->nmigrations, &applied));
    assert_ok(op, series_feature.start(op));
    assert_ok(op, account_user_ensure(op, S("ann"), S("ann"), &owner));
    for (int i = 0; i < WRITERS * EACH; i++) {
        char name[2] = { (char)('a' + i), 0 };
        id = one_series(op, owner, name, SERIES_F64);
        if (!i) w->first_id = id;
        assert_int_equal(id, w->first_id + i);
    }
}

struct found {
    i64 id, before;
    char *there; /* 1 for each point */
    bool wrong;
};
static bool find_points(void *ctx, const struct series_run *r)
{
    struct found *f = ctx;
    for (u32 i = 0; i < r->n; i++) {
        i64 at = (r->t[i] - time_of(0)) / 1000000;
        bool good = r->t[i] > f->before && r->t[i] == time_of(at) && at >= 0 && at < (i64)BATCHES * POINTS &&
                    r->f[i] == value_of(f->id, at);
        if (!good) f->wrong = true;
        if (!good) return false;
        f->before = r->t[i];
        f->there[at] = 1;
    }
    return true;
}

/* All that was acknowledged, whole batches, nothing else; and the aggregates agree. */
static void compare(struct op *op, const struct writers *w)
{
    for (int s = 0; s < WRITERS * EACH; s++) {
        AUTO(arena) struct arena a = { 0 };
        struct found f = { .id = w->first_id + s,
                           .before = INT64_MIN,
                           .there = arena_alloc(&a, (size_t)BATCHES * POINTS) };
        struct series_range all = { f.id, time_of(-1), time_of((i64)BATCHES * POINTS) };
        struct series_bucket b;
        i64 n = 0;
        assert_ok(op, series_scan(op, all, find_points, &f));
        assert_false(f.wrong);
        for (i64 k = 0; k < BATCHES; k++) {
            i64 here = 0;
            for (i64 i = 0; i < POINTS; i++) here += f.there[k * POINTS + i];
            n += here;
            char answer = w->answer[s / EACH][k];
            if (here ? here != POINTS || !answer : answer == 2)
                test_fail(__FILE__, __LINE__, "series %d, batch %lld: %lld points, answer %d", s,
                          (long long)k, (long long)here, answer);
        }
        assert_ok(op, series_buckets(op, all, 1, &b));
        assert_int_equal(b.count, n);
    }
}

static NORETURN void work_until_killed(const char *url, struct writers *w)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    struct running r;
    db_test_open(&op, str_of(url));
    op.who = &principal_system;
    assert_ok(&op, series_feature.start(&op));
    w->like = &op;
    begin(w, &r);
    for (;;) pause();
}

/* What the child tells, until it has merged and is in its next merge, or is gone; *merge_us: how long one
 * took. */
struct story {
    struct writers *w;
    i64 acked, last_merge, began, merge_us;
};
static bool listen_on(int from, struct story *s)
{
    i64 what;
    if (read(from, &what, sizeof what) != sizeof what) return false;
    if (what >= 0) {
        s->w->answer[what % WRITERS][what / WRITERS] = 2;
        s->acked++;
        return true;
    }
    if (what == MERGE_BEGINS) s->began = time_mono_us();
    else s->merge_us = time_mono_us() - s->began;
    s->last_merge = what;
    return true;
}

/* True: the kill fell into a merge. */
static bool round_of_kill(const char *url, struct writers *w)
{
    int report[2], status;
    struct story s = { .w = w };
    assert_int_equal(pipe(report), 0);
    /* What the child sends the parent cannot see: all of these may be there. */
    for (int i = 0; i < WRITERS; i++)
        for (i64 k = w->first[i]; k < BATCHES; k++) w->answer[i][k] = 1;
    w->report = report[1];
    pid_t child = fork();
    if (!child) work_until_killed(url, w);
    close(report[1]);
    while (!(s.acked && s.merge_us && s.last_merge == MERGE_BEGINS)) assert_true(listen_on(report[0], &s));
    usleep((useconds_t)rand_below((u64)s.merge_us + 1));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (listen_on(report[0], &s)) continue;
    close(report[0]);
    return s.last_merge == MERGE_BEGINS;
}

/* Where writers go on: behind the last batch that is acknowledged and its neighbour. */
static void go_on_behind(struct writers *w)
{
    for (int i = 0; i < WRITERS; i++) {
        i64 last = BATCHES - 1;
        while (last >= 0 && w->answer[i][last] != 2) last--;
        w->first[i] = (last | 1) + 1;
    }
}

static void kill_rounds(const char *url, int wanted)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    struct writers *w = MEM_NEW(struct writers);
    int inside = 0, rounds = 0;
    db_test_open(&op, str_of(url));
    op.who = &principal_system;
    prepare(&op, w);
    for (; inside < wanted; rounds++) {
        if (rounds == wanted * 10) test_fail(__FILE__, __LINE__, "%d of %d kills in a merge", inside, rounds);
        series_feature.stop();
        db_test_close(&op);
        inside += round_of_kill(url, w);
        db_test_open(&op, str_of(url));
        op.who = &principal_system;
        assert_ok(&op, series_feature.start(&op));
        compare(&op, w);
        go_on_behind(w);
    }
    assert_ok(&op, series_merge(&op, true));
    assert_ok(&op, db_flush(&op));
    compare(&op, w);
    series_feature.stop();
    db_test_close(&op);
    mem_free(w);
    arena_free(&a);
}

TEST(series_keeps_its_points_when_killed_in_a_merge_sqlite)
{
    kill_rounds(arena_printf(op->arena, "sqlite:%s/test.db", test_dir()).p, 6);
}

TEST(series_keeps_its_points_when_killed_in_a_merge_postgres)
{
    const char *url = test_postgres_url();
    if (url) kill_rounds(str_z(op->arena, str_of(url)), 4);
}

static void server_ctl(const char *what)
{
    char command[512];
    snprintf(command, sizeof command, "%s %s", getenv("NETBIT_TEST_POSTGRES_CTL"), what);
    assert_int_equal(system(command), 0);
}

static void wait_for(_Atomic i64 *counter, i64 least)
{
    for (i64 until = time_mono_us() + SEC(120); *counter < least; usleep(200))
        if (time_mono_us() > until)
            test_fail(__FILE__, __LINE__, "%lld of %lld", (long long)*counter, (long long)least);
}

TEST(series_keeps_its_points_when_postgres_crashes_in_a_merge)
{
    const char *url = test_postgres_url();
    if (!url) return;
    if (!getenv("NETBIT_TEST_POSTGRES_CTL")) {
        print_message("NOT RUN: NETBIT_TEST_POSTGRES_CTL is not set (tools/with-postgres sets it)\n");
        return;
    }
    struct writers *w = MEM_NEW(struct writers);
    struct running r;
    int inside = 0;
    db_test_open(op, str_of(url));
    op->who = &principal_system;
    w->like = op;
    w->report = -1;
    prepare(op, w);
    begin(w, &r);
    for (int rounds = 0; inside < 3; rounds++) {
        if (rounds == 30) test_fail(__FILE__, __LINE__, "%d of %d crashes in a merge", inside, rounds);
        wait_for(&w->merges, w->merges + 1);
        wait_for(&w->acked, w->acked + 1);
        for (i64 until = time_mono_us() + SEC(60); !w->merging && time_mono_us() < until;) usleep(50);
        usleep((useconds_t)rand_below((u64)w->merge_us / 2 + 1));
        i64 before = w->merges;
        inside += w->merging;
        server_ctl("crash");
        server_ctl("start");
        wait_for(&w->merges, before + 1);
    }
    wait_for(&w->acked, w->acked + 100);
    end(w, &r);
    compare(op, w);
    assert_ok(op, series_merge(op, true));
    assert_ok(op, db_flush(op));
    compare(op, w);
    series_feature.stop();
    db_test_close(op);
    mem_free(w);
}
