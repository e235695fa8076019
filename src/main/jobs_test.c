#include "main/jobs.h"
#include "main/node.h"
#include "port/db/db_test_util.h"
#include "port/db/migrate.h"

/* What the job under test does, and what it saw. */
static _Atomic i64 runs, together, most, first_us, let_go;

static err_t count(struct op *op UNUSED)
{
    i64 n = ++together;
    if (n > most) most = n;
    if (!runs++) first_us = time_now().us;
    test_nap();
    together--;
    return OK;
}
static err_t last(struct op *op UNUSED)
{
    runs++;
    WAIT_FOR(let_go);
    return OK;
}
static const struct job counting[] = { { "test.count", 1000, count, "Counts.", false } };
static const struct job lasting[] = { { "test.last", SEC(1), last, "Lasts.", false } };
static const struct feature counts = { .name = "counts", .jobs = counting, .njobs = LEN(counting) };
static const struct feature lasts = { .name = "lasts", .jobs = lasting, .njobs = LEN(lasting) };
static const struct feature *const list[] = { &counts, &lasts };

static struct jobs *begin(struct op *op, size_t which, i64 lease_us)
{
    struct jobs *j;
    struct jobs_options o = { .features = &list[which], .nfeatures = 1, .lease_us = lease_us };
    assert_ok(op, jobs_start(op, &o, &j));
    return j;
}

static void prepare(struct op *op)
{
    i64 applied;
    assert_ok(op, migrate_up(op, node_feature.migrations, *node_feature.nmigrations, &applied));
    runs = together = most = first_us = let_go = 0;
}

static bool held_beyond(struct op *like, time_us t)
{
    OTHER_OP(op, like);
    i64 n = 0;
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM job_lease WHERE name = 'test.last' AND held_until > ?",
                         A(t)));
    return n > 0;
}

/* An SQLite file is one node's alone: what begins on it takes everything over. */
static bool one_node(struct op *op) { return db_engine(op->ports->db) == DB_SQLITE; }

CONTRACT(jobs_run_once_at_a_time)
{
    prepare(op);
    struct jobs *a = begin(op, 0, 0), *b = one_node(op) ? NULL : begin(op, 0, 0);
    WAIT_FOR(runs >= 20);
    jobs_stop(a);
    i64 seen = runs;
    if (b) WAIT_FOR(runs > seen); /* what the one held, the other has */
    jobs_stop(b);
    assert_int_equal(most, 1);
}

CONTRACT(jobs_that_last_keep_their_lease)
{
    prepare(op);
    struct jobs *a = begin(op, 1, SEC(1));
    WAIT_FOR(runs == 1);
    time_us taken = time_now();
    assert_true(held_beyond(op, (time_us){ 1 }));
    WAIT_FOR(held_beyond(op, (time_us){ taken.us + SEC(2) }));
    let_go = 1;
    WAIT_FOR(!held_beyond(op, (time_us){ 1 }));
    jobs_stop(a);
}

CONTRACT(jobs_of_a_dead_node_go_on)
{
    prepare(op);
    time_us begin_us = time_now(), until = { begin_us.us + (one_node(op) ? SEC(3600) : 300000) };
    assert_ok(op, db_exec(op, "INSERT INTO job_lease (name, holder, held_until, next_at) VALUES (?, ?, ?, ?)",
                          A(S("test.count")), A(uuid_new()), A(until), A(begin_us)));
    assert_ok(op, db_flush(op));
    struct jobs *a = begin(op, 0, 0);
    WAIT_FOR(runs);
    jobs_stop(a);
    if (!one_node(op)) assert_true(first_us >= until.us);
}
