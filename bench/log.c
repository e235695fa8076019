/* How fast the log store is: `bench-log URL [LINES]`. Fills one stream of a new database with lines of about
 * 80 bytes (5 million unless told otherwise; one in eight in Russian), seals them, and asks questions. Prints
 * one line a measurement: the best and the worst of five. */
#include "feature/log/log.h"
#include "bench/bench.h"
#include "feature/feature.h"
#include "port/db/db.h"
#include "port/ports.h"

enum { BATCH = 20000 };
static const i64 begin_us = 1790000000000000;

static u64 seed = 88172645463325252u;
static u32 next(u32 below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (u32)(seed >> 20) % below;
}

static str text_of(struct arena *a, i64 i, i64 lines)
{
    u32 x = next(100000), y = next(256), z = next(5000);
    if (i == lines / 3)
        return S("Watchdog: the Quetzalcoatl valve reports pressure beyond its limit, closing it");
    switch (next(8)) {
    case 0:
        return arena_printf(a, "GET /api/spark/units/%08x%04x completed with status 200 in %u.%02u ms",
                            x * 7919, y, z / 10, y % 100);
    case 1:
        return arena_printf(a, "connection from 10.0.%u.%u:%u accepted by worker %u, %u open", y, z % 256,
                            1024 + x % 60000, y % 16, z);
    case 2:
        return arena_printf(a, "Запрос №%u от пользователя user%u обработан за %u мс, ответ отправлен", x, z,
                            y);
    case 3:
        return arena_printf(a, "temperature of sensor %u is %u.%u degrees, humidity %u %%, battery %u mV",
                            z % 64, y % 40, z % 10, y % 100, 3000 + z % 1200);
    case 4:
        return arena_printf(a, "Flushed %u records (%u bytes) to segment %06u.log, next offset %u", z, x * 31,
                            x, x * 64 + y);
    case 5:
        return arena_printf(a, "request %08x-%04x timed out after %u ms; will retry in %u s (attempt %u)",
                            x * 104729, z, z, y, y % 5);
    case 6:
        return arena_printf(a, "cache miss for key session:%u:%08x, loading it from the database took %u us",
                            y, x * 611953, z);
    default:
        return arena_printf(a, "job %u finished: %u rows read, %u written, %u skipped, memory at %u MiB", x,
                            z, z / 2, z % 7, y);
    }
}

static void fill(const struct ports *ports, i64 lines)
{
    struct log_line *l = mem_alloc(BATCH * sizeof *l);
    i64 bytes = 0, spent = 0, sealing = 0;
    for (i64 done = 0; done < lines; done += BATCH) {
        AUTO(arena) struct arena a = { 0 };
        struct op op = op_new(&a, ports);
        for (i64 i = 0; i < BATCH; i++) {
            l[i] = (struct log_line){ .at = { begin_us + (done + i) * 1000 },
                                      .level = 2 + (next(50) == 0) + (next(500) == 0) };
            l[i].text = text_of(&a, done + i, lines);
            bytes += (i64)l[i].text.n;
        }
        i64 from = time_mono_us();
        must(&op, log_append(&op, S("unit/bench"), l, BATCH, NULL));
        must(&op, db_flush(&op));
        spent += time_mono_us() - from;
        struct op other = op_new(&a, ports);
        from = time_mono_us();
        must(&other, log_seal(&other, SEC(60)));
        sealing += time_mono_us() - from;
    }
    printf("%lld lines of %.0f bytes: appended %.0f/s, sealed %.0f/s\n", (long long)lines,
           (double)bytes / (double)lines, (double)lines * 1e6 / (double)spent,
           (double)lines * 1e6 / (double)sealing);
    mem_free(l);
}

static void sizes(const struct ports *ports)
{
    AUTO(arena) struct arena a = { 0 };
    struct op op = op_new(&a, ports);
    i64 blocks, text, rest, filter;
    must(&op, db_i64(&op, &blocks, "SELECT count(*) FROM log_blocks"));
    must(&op, db_i64(&op, &filter, "SELECT CAST(sum(length(filter)) AS BIGINT) FROM log_blocks"));
    must(&op, db_i64(&op, &text, "SELECT CAST(sum(length(text)) AS BIGINT) FROM log_bodies"));
    must(&op, db_i64(&op, &rest, "SELECT CAST(sum(length(rest)) AS BIGINT) FROM log_bodies"));
    printf("%lld blocks: texts %.1f MB, columns %.1f MB, filters %.1f MB\n", (long long)blocks,
           (double)text / 1e6, (double)rest / 1e6, (double)filter / 1e6);
}

static void ask(const struct ports *ports, const char *what, const struct log_query *q)
{
    i64 best = INT64_MAX, worst = 0;
    size_t n = 0;
    for (int i = 0; i < 5; i++) {
        AUTO(arena) struct arena a = { 0 };
        struct op op = op_new(&a, ports);
        log_lines found = { 0 };
        i64 from = time_mono_us();
        must(&op, log_find(&op, q, &found));
        i64 took = time_mono_us() - from;
        best = MIN(best, took);
        worst = MAX(worst, took);
        n = found.n;
    }
    printf("%-48s %5zu lines  %8.1f .. %.1f ms\n", what, n, (double)best / 1e3, (double)worst / 1e3);
}

static void questions(const struct ports *ports, i64 lines)
{
    time_us middle = { begin_us + lines / 2 * 1000 };
    const struct {
        const char *what;
        struct log_query q;
    } asked[] = {
        { "the newest 100", { .limit = 100 } },
        { "100 behind a line in the middle", { .after_at = middle, .after_seq = 1, .limit = 100 } },
        { "the newest 100 errors", { .level = 4, .limit = 100 } },
        { "a word of one line in eight: humidity", { .text = S("humidity"), .limit = 100 } },
        { "Russian, capitals: ЗАПРОС обработан", { .text = S("ЗАПРОС обработан"), .limit = 100 } },
        { "a word of one line in all: quetzalcoatl", { .text = S("quetzalcoatl"), .limit = 100 } },
        { "a word that is nowhere: gruffalo", { .text = S("gruffalo"), .limit = 100 } },
        { "looks common, is nowhere: \"completed by worker\"",
          { .text = S("\"completed by worker\""), .limit = 100 } },
        { "a number that is nowhere: 7183640592", { .text = S("7183640592"), .limit = 100 } },
        { "two letters that are nowhere: qz", { .text = S("qz"), .limit = 100 } },
        { "Russian, nowhere: пользователя обработан (phrase)",
          { .text = S("\"пользователя обработан\""), .limit = 100 } },
        { "common words, never together: humidity worker", { .text = S("humidity worker"), .limit = 100 } },
    };
    for (size_t i = 0; i < LEN(asked); i++) {
        struct log_query q = asked[i].q;
        q.stream = S("unit/bench");
        ask(ports, asked[i].what, &q);
    }
}

int main(int argc, char **argv)
{
    i64 lines = 5000000, applied;
    if (argc < 2 || argc > 3 || (argc == 3 && !str_to_i64(str_of(argv[2]), &lines)) || lines < BATCH) {
        fprintf(stderr, "usage: bench-log sqlite:FILE | postgresql://... [LINES]   (an empty database)\n");
        return 2;
    }
    struct arena a = { 0 };
    struct ports ports = { 0 };
    struct op op = op_new(&a, &ports);
    log_setup(LOG_LEVEL_WARN, false);
    must(&op, db_open(&op, str_of(argv[1]), &(struct db_options){ 0 }, &ports.db));
    must(&op, migrate_up(&op, log_feature.migrations, log_feature.nmigrations, &applied));
    must(&op, db_flush(&op));
    lines -= lines % BATCH;
    fill(&ports, lines);
    sizes(&ports);
    questions(&ports, lines);
    arena_free(&a);
    db_close(ports.db);
    return 0;
}
