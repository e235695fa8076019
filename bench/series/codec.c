/* How small and how fast the block codec is: `bench-series-codec [SECONDS]`. One line a shape of data, an
 * effort and a length of the runs: bytes a point, millions of points a second written, read, and summed up;
 * one core. */
#include "base/log.h"
#include "base/time.h"
#include "feature/series/series_block.h"
#include <math.h>
#include <time.h>

enum { POINTS = 200 * BLOCK_POINTS }; /* of a shape: more than the caches hold */

static u64 noise_state;
static double unit(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 7;
    noise_state ^= noise_state << 17;
    return (double)(noise_state >> 11) * 0x1p-53;
}

/* 100 Hz, the clock off by up to 1 ms, a sine of 20 around 50 with noise, rounded to three decimals. */
static void jittered(i64 *t, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t[i] = 1700000000000000 + (i64)i * 10000 + (i64)(unit() * 2001) - 1000;
        double g = unit() + unit() + unit() + unit() - 2;
        x[i] = floor((50 + 20 * sin((double)i * 0.01) + 0.1 * g) * 1000 + 0.5) / 1000;
    }
}
/* The same through a linear calibration, not rounded. */
static void physical(i64 *t, double *x, size_t n)
{
    jittered(t, x, n);
    for (size_t i = 0; i < n; i++) x[i] = x[i] * 0.513 - 3.7;
}
/* 1 Hz, a random walk of two decimals in steps of up to 0.1: what the peers are measured with. */
static void walk(i64 *t, double *x, size_t n)
{
    double v = 25;
    for (size_t i = 0; i < n; i++) {
        v += (unit() - 0.5) * 0.2;
        t[i] = 1700000000000000 + (i64)i * 1000000;
        x[i] = round(v * 100) / 100;
    }
}
static void constant(i64 *t, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t[i] = 1700000000000000 + (i64)i * 1000000;
        x[i] = 21.5;
    }
}
static void random_mantissas(i64 *t, double *x, size_t n)
{
    constant(t, x, n);
    for (size_t i = 0; i < n; i++) x[i] = unit();
}

static const struct shape {
    const char *name;
    void (*make)(i64 *, double *, size_t);
} shapes[] = { { "100 Hz jittered, 3 decimals", jittered },
               { "the same, calibrated, unrounded", physical },
               { "1 Hz walk, 2 decimals", walk },
               { "1 Hz constant", constant },
               { "1 Hz random doubles", random_mantissas } };

struct data {
    i64 *t;
    double *x;
    str *block; /* what was written, one a run */
    struct arena a;
    struct block_points *points;
    double sum;
};

static void write_all(struct data *d, size_t run, enum block_effort effort)
{
    arena_free(&d->a);
    struct buf b = BUF(&d->a);
    for (size_t i = 0, k = 0; i + run <= POINTS; i += run, k++) {
        size_t at = b.n;
        struct series_run r = { .n = (u32)run, .kind = SERIES_F64, .t = d->t + i, .f = d->x + i };
        block_write(&b, &r, effort);
        d->block[k].n = b.n - at;
    }
    const char *p = b.p;
    for (size_t i = 0, k = 0; i + run <= POINTS; i += run, p += d->block[k++].n) d->block[k].p = p;
}

static void read_all(struct data *d, size_t run)
{
    struct arena a = { 0 };
    struct series_run r;
    for (size_t k = 0; k < POINTS / run; k++) {
        if (block_read(d->block[k], &a, d->points, &r)) bug("a bad block");
        d->sum += r.f[0];
        arena_reset(&a);
    }
    arena_free(&a);
}

static void sum_all(struct data *d, size_t run)
{
    struct block_stats s;
    for (size_t i = 0; i + run <= POINTS; i += run) {
        struct series_run r = { .n = (u32)run, .kind = SERIES_F64, .t = d->t + i, .f = d->x + i };
        block_stats(&r, &s);
        d->sum += s.max;
    }
}

/* Of this thread: what others do on the machine counts less. */
static i64 own_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The best of what fits into the time. */
#define RATE(rate, us, call) \
    do { \
        i64 end_ = own_us() + (us), best_ = INT64_MAX; \
        do { \
            i64 from_ = own_us(); \
            call; \
            best_ = MIN(best_, own_us() - from_); \
        } while (own_us() < end_); \
        (rate) = (double)(POINTS / run * run) / (double)best_; \
    } while (0)

static void measure(struct data *d, const struct shape *s, size_t run, enum block_effort effort, i64 us)
{
    double put, get, sum;
    size_t bytes = 0;
    RATE(put, us, write_all(d, run, effort));
    for (size_t k = 0; k < POINTS / run; k++) bytes += d->block[k].n;
    RATE(get, us, read_all(d, run));
    RATE(sum, us, sum_all(d, run));
    printf("%-34s %6zu  %-5s %8.3f %8.1f %8.1f %8.0f\n", s->name, run,
           effort == BLOCK_FAST ? "fast" : "small", (double)bytes / (double)(POINTS / run * run), put, get,
           sum);
}

int main(int argc, char **argv)
{
    double seconds = 0.2;
    if (argc > 1 && !str_to_f64(str_of(argv[1]), &seconds)) return 1;
    struct data d = { .t = mem_alloc(POINTS * 8),
                      .x = mem_alloc(POINTS * 8),
                      .points = MEM_NEW(struct block_points) };
    d.block = mem_alloc(POINTS * sizeof *d.block);
    printf("%-34s %6s  %-5s %8s %8s %8s %8s\n", "", "run", "", "B/point", "write M", "read M", "stats M");
    for (size_t s = 0; s < LEN(shapes); s++) {
        noise_state = 88172645463325252u;
        shapes[s].make(d.t, d.x, POINTS);
        measure(&d, shapes + s, 50, BLOCK_FAST, (i64)(seconds * 1e6));
        measure(&d, shapes + s, 10000, BLOCK_FAST, (i64)(seconds * 1e6));
        measure(&d, shapes + s, BLOCK_POINTS_MAX, BLOCK_SMALL, (i64)(seconds * 1e6));
    }
    arena_free(&d.a);
    return d.sum == 0.1;
}
