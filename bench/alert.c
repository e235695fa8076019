/* What watching costs: `bench-alert URL [SERIES [RULES]]`. So many series (5,000), each with a new point
 * before every round; then rounds of the evaluation with 20 rules that share the series among them, and with
 * one rule over all. CPU of a round, that of looking up anew which series the rules are about, and what
 * memory the process has. Takes a fresh database. */
#include "feature/alert/alert.h"
#include "bench/bench.h"
#include "feature/account/account.h"
#include "feature/alert/alert_rules.h"
#include "feature/feature.h"
#include "feature/log/log.h"
#include "feature/package/package.h"
#include "feature/series/series_impl.h"
#include "feature/unit/unit.h"
#include <sys/resource.h>
#include <time.h>

enum { ROUNDS = 10, EACH = 100 };

struct bench {
    const struct ports *ports;
    i64 owner, n, rules, clock;
    i64 *id;
};

static i64 own_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
static double memory_mb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static void make_series(struct bench *b)
{
    OP(op, b->ports);
    struct series_spec *spec = NEWN(op->arena, struct series_spec, b->n);
    struct series_label *label = NEWN(op->arena, struct series_label, 2 * b->n);
    for (i64 i = 0; i < b->n; i++) {
        label[2 * i] =
            (struct series_label){ S("room"), arena_printf(op->arena, "r%lld", (long long)(i % b->rules)) };
        label[2 * i + 1] =
            (struct series_label){ S("sensor"), arena_printf(op->arena, "s%lld", (long long)i) };
        spec[i] = (struct series_spec){
            .owner_id = b->owner, .name = S("temperature"), .labels = label + 2 * i, .nlabels = 2
        };
    }
    b->id = mem_alloc((size_t)b->n * sizeof *b->id);
    must(op, series_resolve(op, spec, (size_t)b->n, b->id));
    must(op, db_flush(op));
}

/* `each` points of every series, a second apart, the last of them now; 20 degrees, and a little more. */
static void measure_all(struct bench *b, u32 each)
{
    OP(op, b->ports);
    struct series_run *run = NEWN(op->arena, struct series_run, b->n);
    i64 *t = NEWN(op->arena, i64, each), now = MAX(time_now().us, b->clock + SEC(1));
    double *v = NEWN(op->arena, double, each);
    for (u32 i = 0; i < each; i++) {
        t[i] = now - SEC(each - 1 - i);
        v[i] = 20 + (double)(i % 7) / 10;
    }
    for (i64 i = 0; i < b->n; i++) run[i] = (struct series_run){ b->id[i], each, SERIES_F64, t, { v } };
    b->clock = now;
    must(op, series_append(op, run, (size_t)b->n));
    must(op, db_flush(op));
}

static void rule(struct bench *b, const char *name, const char *room)
{
    OP(op, b->ports);
    struct alert_label l = { S("room"), str_of(room) };
    struct alert_rule r = { .owner_id = b->owner,
                            .name = str_of(name),
                            .kind = ALERT_ABOVE,
                            .severity = ALERT_WARNING,
                            .enabled = true,
                            .series = S("temperature"),
                            .threshold = 30,
                            .created_at = time_now(),
                            .updated_at = time_now() };
    if (room) r.labels = (alert_labels){ &l, 1 };
    must(op, alert_sql_rule_insert(op, &r));
    must(op, db_flush(op));
}

static i64 one_round(struct bench *b)
{
    OP(op, b->ports);
    i64 began = own_us();
    must(op, alert_evaluate_job(op));
    must(op, db_flush(op));
    return own_us() - began;
}

static void rounds(struct bench *b, const char *what)
{
    i64 first = one_round(b), sum = 0, most = 0;
    for (int i = 0; i < ROUNDS; i++) {
        measure_all(b, 1);
        i64 us = one_round(b);
        sum += us;
        most = MAX(most, us);
    }
    printf("%s: %.1f ms of CPU a round (%.1f at most), %.1f ms when the rules' series are looked up; memory "
           "%.0f MB at most\n",
           what, (double)sum / ROUNDS / 1e3, (double)most / 1e3, (double)first / 1e3, memory_mb());
}

static void open_all(struct op *op, struct bench *b)
{
    i64 applied;
    const struct feature *parts[] = { &account_feature, &admin_feature,   &project_feature,
                                      &audit_feature,   &package_feature, &log_feature,
                                      &series_feature,  &unit_feature,    &alert_feature };
    for (size_t i = 0; i < LEN(parts); i++)
        if (parts[i]->nmigrations)
            must(op, migrate_up(op, parts[i]->migrations, parts[i]->nmigrations, &applied));
    must(op, series_feature.start(op));
    must(op, account_user_ensure(op, S("bench"), S("bench"), &b->owner));
    must(op, db_flush(op));
}

int main(int argc, char **argv)
{
    struct ports ports = { 0 };
    struct bench b = { .ports = &ports, .n = 5000, .rules = 20 };
    if (argc < 2 || (argc > 2 && !str_to_i64(str_of(argv[2]), &b.n)) ||
        (argc > 3 && !str_to_i64(str_of(argv[3]), &b.rules)))
        return 1;
    OP(op, &ports);
    must(op, db_open(op, str_of(argv[1]), NULL, &ports.db));
    open_all(op, &b);
    make_series(&b);
    measure_all(&b, EACH);
    must(op, series_merge(op, true));
    must(op, db_flush(op));
    printf("%lld series: memory %.0f MB before\n", (long long)b.n, memory_mb());
    for (i64 i = 0; i < b.rules; i++)
        rule(&b, arena_printf(op->arena, "hot %lld", (long long)i).p,
             arena_printf(op->arena, "r%lld", (long long)i).p);
    rounds(&b, arena_printf(op->arena, "%lld rules", (long long)b.rules).p);
    rule(&b, "hot anywhere", NULL);
    rounds(&b, "and one over all");
    db_leave(op);
    series_feature.stop();
    db_close(ports.db);
    return 0;
}
