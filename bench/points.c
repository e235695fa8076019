/* How fast the readers of telemetry are: batches of 10,000 points, 200 series of 50 points, from a body's
 * bytes to columns, one core, without HTTP and without storing. Prints the best of several rounds. */
#include "net/points.h"
#include "base/buf.h"

enum { SERIES = 200, EACH = 50, POINTS = SERIES * EACH, ROUNDS = 400 };

static double noise(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return 20 + (double)(*seed >> 8) / (1 << 24) * 10;
}

static str lines(struct arena *a)
{
    struct buf b = BUF(a);
    unsigned seed = 7;
    for (int i = 0; i < POINTS; i++)
        buf_printf(&b, "sensor,dev=d%03d temp=%.2f %lld000000000\n", i % SERIES, noise(&seed),
                   1700000000LL + i / SERIES);
    return buf_str(&b);
}

static str json(struct arena *a, const char *space, int decimals, int series)
{
    struct buf b = BUF(a);
    unsigned seed = 7;
    buf_z(&b, "{\"series\":[");
    for (int s = 0; s < series; s++) {
        buf_printf(&b, "%s{\"name\":\"temp\",\"labels\":{\"dev\":\"d%03d\"},\"points\":[", s ? "," : "", s);
        for (int i = 0; i < POINTS / series; i++)
            buf_printf(&b, "%s%s[%lld,%s%.*f]", i ? "," : "", i ? space : "",
                       1700000000000000LL + i * 10007LL, space, decimals, noise(&seed));
        buf_z(&b, "]}");
    }
    buf_z(&b, "]}");
    return buf_str(&b);
}

static void read_line(struct op *op, struct points *p, str body)
{
    (void)op;
    points_read_line(p, body, POINTS_NS);
}
static void read_json(struct op *op, struct points *p, str body)
{
    if (points_read_json(op, p, body)) p->total = 0;
}

static void measure(const char *name, str body, void (*read)(struct op *, struct points *, str))
{
    struct arena a = { 0 };
    i64 best = INT64_MAX;
    u32 total = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct op op = { .arena = &a, .who = &principal_nobody };
        struct points p = { .arena = &a };
        i64 from = time_mono_us();
        read(&op, &p, body);
        best = MIN(best, time_mono_us() - from);
        total = p.total;
        arena_reset(&a);
    }
    arena_free(&a);
    printf("%-28s %7zu bytes %6u points %6lld us %8.0f MB/s %6.1f M points/s\n", name, body.n, total,
           (long long)best, (double)body.n / (double)best, (double)total / (double)best);
}

int main(void)
{
    struct arena a = { 0 };
    measure("line protocol", lines(&a), read_line);
    measure("JSON, one series, 3 digits", json(&a, "", 3, 1), read_json);
    measure("JSON, 200 series, 3 digits", json(&a, "", 3, SERIES), read_json);
    measure("JSON, 17 digits, blanks", json(&a, " ", 15, 1), read_json);
    arena_free(&a);
    return 0;
}
