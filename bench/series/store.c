/* How fast the series store is: `bench-store URL [seconds]`. 200 series in batches of 50 points each with
 * values as of sensors (random walks with two decimals), appended durably by one and by four threads while
 * the merge runs; then the size on disk, a scan, buckets of the whole, an hour at full resolution. One line a
 * measurement; times of reading and of the last merge are of the CPU. Takes a fresh database. */
#include "bench/bench.h"
#include "feature/account/account.h"
#include "feature/feature.h"
#include "feature/series/series_impl.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum { SERIES = 200, EACH = 50, THREADS = 4 };
static const i64 start_us = 1700000000 * (i64)1000000;

struct load {
    const struct ports *ports;
    i64 first_id, end_us;
    int who, of; /* this thread's share of the series */
    _Atomic i64 *points;
    i64 clock;
    u64 random;
    double walk[SERIES];
};

static double uniform(u64 *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

/* One batch as lpload makes them: value += U(-0.1, 0.1), printed with two decimals. */
static void append(struct load *l, i64 *t, double *v)
{
    OP(op, l->ports);
    struct series_run run[SERIES];
    size_t n = 0;
    for (int s = l->who; s < SERIES; s += l->of, n++) {
        double *to = v + n * EACH;
        for (int i = 0; i < EACH; i++) {
            l->walk[s] += (uniform(&l->random) - 0.5) * 0.2;
            to[i] = (double)(i64)(l->walk[s] * 100 + 0.5) / 100;
        }
        run[n] = (struct series_run){ l->first_id + s, EACH, SERIES_F64, t, { to } };
    }
    for (int i = 0; i < EACH; i++) t[i] = start_us + (l->clock + i) * 1000000;
    l->clock += EACH;
    err_t e;
    while ((e = series_append(op, run, n)) == ERR_UNAVAILABLE) {
        op_clear(op);
        struct timespec nap = { 0, 10000000 };
        nanosleep(&nap, NULL);
    }
    must(op, e);
    must(op, db_flush(op));
    *l->points += (i64)n * EACH;
}

static void *loader(void *arg)
{
    struct load *l = arg;
    i64 *t = mem_alloc(EACH * sizeof *t);
    double *v = mem_alloc(SERIES * EACH * sizeof *v);
    while (time_mono_us() < l->end_us) append(l, t, v);
    mem_free(t);
    mem_free(v);
    return NULL;
}

static _Atomic bool stop;
static void *merger(void *arg)
{
    while (!stop) {
        OP(op, arg);
        must(op, series_merge_job(op));
        must(op, db_flush(op));
        struct timespec nap = { 0, 500000000 };
        nanosleep(&nap, NULL);
    }
    return NULL;
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Of this thread: a machine that is busy with other things does not count. */
static i64 own_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static i64 ingest(const struct ports *ports, i64 first_id, int threads, i64 run_us)
{
    static i64 clock;
    static double walk[SERIES];
    struct load *load = mem_alloc(THREADS * sizeof *load);
    pthread_t thread[THREADS];
    _Atomic i64 points = 0;
    i64 began = time_mono_us();
    double cpu = cpu_s();
    for (int i = 0; i < threads; i++) {
        load[i] = (struct load){ ports, first_id, began + run_us, i, threads, &points, clock, (u64)i + 7 };
        memcpy(load[i].walk, walk, sizeof walk);
        if (pthread_create(&thread[i], NULL, loader, &load[i])) bug("no thread");
    }
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < threads; i++) clock = MAX(clock, load[i].clock);
    for (int s = 0; s < SERIES; s++) walk[s] = load[s % threads].walk[s];
    double took = (double)(time_mono_us() - began) / 1e6;
    struct tail_state t = tail_state();
    printf("append, %d thread(s), merge beside: %.2f M points/s durable; CPU %.2f s in %.2f s; tail left "
           "%.1f M points, %.1f MB\n",
           threads, (double)points / took / 1e6, cpu_s() - cpu, took, (double)t.points / 1e6,
           (double)t.bytes / 1e6);
    mem_free(load);
    return points;
}

static bool count(void *ctx, const struct series_run *r)
{
    *(i64 *)ctx += r->n;
    return true;
}

static void reads(const struct ports *ports, i64 first_id)
{
    OP(op, ports);
    i64 n = 0, began = own_us();
    for (i64 s = 0; s < SERIES; s++)
        must(op, series_scan(op, (struct series_range){ first_id + s, INT64_MIN, INT64_MAX }, count, &n));
    printf("scan of all: %.0f M points/s\n", (double)n / (double)(own_us() - began));
    i64 span = n / SERIES * 1000000;
    struct series_bucket *b = NEWN(op->arena, struct series_bucket, 1000);
    began = own_us();
    for (i64 s = 0; s < SERIES; s++)
        must(op,
             series_buckets(op, (struct series_range){ first_id + s, start_us, start_us + span }, 1000, b));
    printf("1,000 buckets over %.1f days: %.3f ms a series\n", (double)span / 86400e6,
           (double)(own_us() - began) / 1e3 / SERIES);
    began = own_us();
    n = 0;
    for (i64 s = 0; s < SERIES; s++) {
        OP(one, ports);
        struct series_range hour = { first_id + s, start_us + span / 2, start_us + span / 2 + SEC(3600) };
        must(one, series_scan(one, hour, count, &n));
    }
    printf("an hour at full resolution: %.1f points in %.3f ms\n", (double)n / SERIES,
           (double)(own_us() - began) / 1e3 / SERIES);
}

static void year(const struct ports *ports, i64 id)
{
    enum { CHUNK = 1 << 17 };
    OP(op, ports);
    i64 *t = mem_alloc(CHUNK * sizeof *t), total = 31536000, n = 0, at = 0;
    double *v = mem_alloc(CHUNK * sizeof *v), walk = 20;
    u64 random = 1;
    while (at < total) {
        OP(part, ports);
        u32 m = (u32)MIN(total - at, (i64)CHUNK);
        for (u32 i = 0; i < m; i++) {
            t[i] = start_us + (at + i) * 1000000;
            walk += (uniform(&random) - 0.5) * 0.2;
            v[i] = (double)(i64)(walk * 100 + 0.5) / 100;
        }
        must(part, series_append(part, &(struct series_run){ id, m, SERIES_F64, t, { v } }, 1));
        must(part, db_flush(part));
        must(part, series_merge(part, tail_state().bytes > (8 << 20)));
        must(part, db_flush(part));
        at += m;
    }
    must(op, series_merge(op, true));
    must(op, db_flush(op));
    struct series_bucket *b = NEWN(op->arena, struct series_bucket, 2000);
    for (int k = 0; k < 3; k++)
        for (size_t buckets = 365; buckets <= 2000; buckets += 1635) {
            i64 began = own_us();
            must(op, series_buckets(op, (struct series_range){ id, start_us, start_us + total * 1000000 },
                                    buckets, b));
            printf("a year at 1 s into %zu buckets: %.2f ms\n", buckets, (double)(own_us() - began) / 1e3);
        }
    i64 began = own_us();
    must(op, series_scan(op, (struct series_range){ id, INT64_MIN, INT64_MAX }, count, &n));
    printf("scan of a year: %.0f M points/s\n", (double)n / (double)(own_us() - began));
    mem_free(t);
    mem_free(v);
}

static i64 make_series(const struct ports *ports)
{
    OP(op, ports);
    struct series_spec spec[SERIES + 1];
    struct series_label label[SERIES + 1];
    i64 ids[SERIES + 1], user, applied;
    const struct feature *parts[] = { &account_feature, &admin_feature, &project_feature, &audit_feature,
                                      &series_feature };
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i]->nmigrations)
            must(op, migrate_up(op, parts[i]->migrations, parts[i]->nmigrations, &applied));
    must(op, series_feature.start(op));
    must(op, account_user_ensure(op, S("bench"), S("bench"), &user));
    for (size_t i = 0; i <= SERIES; i++) {
        label[i] = (struct series_label){ S("dev"), arena_printf(op->arena, "d%03zu", i) };
        spec[i] =
            (struct series_spec){ .owner_id = user, .name = S("temp"), .labels = &label[i], .nlabels = 1 };
    }
    must(op, series_resolve(op, spec, SERIES + 1, ids));
    must(op, db_flush(op));
    if (ids[SERIES] - ids[0] != SERIES) bug("ids are not in a row: the database is not fresh");
    return ids[0];
}

int main(int argc, char **argv)
{
    struct ports ports = { 0 };
    if (argc < 2) return 1;
    OP(op, &ports);
    must(op, db_open(op, str_of(argv[1]), NULL, &ports.db));
    i64 first = make_series(&ports), run_us = argc > 2 ? SEC((i64)strtol(argv[2], NULL, 10)) : SEC(5),
        points = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, merger, &ports)) bug("no thread");
    points += ingest(&ports, first, 1, run_us);
    points += ingest(&ports, first, THREADS, run_us);
    stop = true;
    pthread_join(thread, NULL);
    i64 began = own_us(), waiting = tail_state().points;
    must(op, series_merge(op, true));
    must(op, db_flush(op));
    printf("merge of the rest: %.1f M points/s\n", (double)waiting / (double)(own_us() - began));
    i64 pages = 1;
    for (int i = 0; i < 1000 && pages && db_engine(ports.db) == DB_SQLITE; i++) {
        must(op, sqlite_vacuum(op));
        must(op, db_flush(op));
        must(op, sqlite_free_pages(op, &pages));
    }
    i64 bytes, blocks;
    must(op, db_i64_sql(op, &bytes,
                        SQL_PAIR("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                                 "SELECT pg_total_relation_size('series_blocks')"),
                        NULL, 0));
    must(op, db_i64_sql(op, &blocks, SQL("SELECT SUM(length(data)) FROM series_blocks"), NULL, 0));
    printf("%.1f M points in %.1f MB: %.3f bytes a point; blocks alone %.3f\n", (double)points / 1e6,
           (double)bytes / 1e6, (double)bytes / (double)points, (double)blocks / (double)points);
    reads(&ports, first);
    if (argc > 3) year(&ports, first + SERIES);
    db_leave(op);
    series_feature.stop();
    db_close(ports.db);
    return 0;
}
