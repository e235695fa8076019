#include "base/enc.h"
#include "feature/series/series_block_impl.h"
#include "feature/series/series_block_kernel.h"
#include "tests/unit/test.h"
#include <math.h>

TEST(series_block_crc_is_castagnoli)
{
    const u8 *nine = (const u8 *)"123456789";
    assert_int_equal(block_crc_portable(nine, 9), 0xe3069283u);
    assert_int_equal(block_crc(nine, 9), 0xe3069283u);
    u8 many[300];
    for (size_t i = 0; i < sizeof many; i++) many[i] = (u8)(i * 7 + i / 13);
    for (size_t n = 0; n <= sizeof many; n++)
        assert_int_equal(block_crc(many, n), block_crc_portable(many, n));
}

/* Reproducible noise. */
static u64 noise_state = 88172645463325252u;
static u64 noise(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 7;
    return noise_state ^= noise_state << 17;
}
static double unit(void) { return (double)(noise() >> 11) * 0x1p-53; }
static double of_bits(u64 b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

/* Shapes of a column: what point i of n is. */
static double decimals2(size_t i) { return round(2000 + 300 * sin((double)i * 0.01) + 30 * unit()) / 100; }
static double decimals3(size_t i)
{
    return round(50000 + 20000 * sin((double)i * 0.01) + 100 * unit()) / 1000;
}
static double constant(size_t i) { return (void)i, 21.5; }
static double ramp(size_t i) { return (double)i * 0.25; }
static double random_bits(size_t i) { return (void)i, of_bits(noise()); }
static double unrounded(size_t i) { return decimals3(i) * 0.513 - 3.7; }
static double zeros(size_t i) { return i % 3 ? 0.0 : -0.0; }
static double minus_zero(size_t i) { return (void)i, -0.0; }
static double payloads(size_t i)
{
    return of_bits(0x7ff0000000000001 + noise() % 1000 + (i % 2 ? (u64)1 << 63 : 0));
}
static double infinities(size_t i) { return i % 2 ? INFINITY : -INFINITY; }
static double denormals(size_t i) { return of_bits(noise() % 4096 + i % 2); }
static double huge(size_t i) { return (i % 2 ? 1 : -1) * 1e300 * unit(); }
static double tiny_decimals(size_t i) { return round(1000 * unit() + (double)i) / 1e12; }
static double floats(size_t i) { return (double)(float)(20 + sin((double)i * 0.02) + 0.1 * unit()); }
static double two_levels(size_t i) { return i / 100 % 2 ? 3.3 : 0; }
static double spoiled(size_t i)
{
    static const double spoiler[] = { NAN, INFINITY, -0.0, 1.0 / 3, 1e200 };
    return i % 97 == 50 ? spoiler[i / 97 % LEN(spoiler)] : decimals2(i);
}
static double outliers(size_t i) { return i % 211 == 100 ? 9e9 + (double)i : decimals2(i); }
static double later_digits(size_t i) { return i % 50 == 49 ? round(unit() * 1e6) / 1e6 : decimals2(i); }
static double walk(size_t i)
{
    static double v = 20;
    v += (unit() - 0.5) * 0.2;
    return (void)i, round(v * 100) / 100;
}
static double (*const shapes[])(size_t) = { decimals2, decimals3, constant,      ramp,     random_bits,
                                            unrounded, zeros,     minus_zero,    payloads, infinities,
                                            denormals, huge,      tiny_decimals, floats,   two_levels,
                                            spoiled,   outliers,  later_digits,  walk };

static i64 steady(size_t i) { return 1700000000000000 + (i64)i * 1000000; }
static i64 jittered(size_t i) { return 1700000000000000 + (i64)i * 10000 + (i64)(noise() % 2001) - 1000; }
static i64 jittered_ms(size_t i) { return 1700000000000000 + ((i64)i * 1000 + (i64)(noise() % 300)) * 1000; }
static i64 gaps(size_t i) { return 1700000000000000 + (i64)(i + i / 500 * 86400) * 1000000; }
static i64 extremes(size_t i) { return i < 8192 ? INT64_MIN + (i64)i * 3 : INT64_MAX - 40000 + (i64)i; }
static i64 before_epoch(size_t i) { return -1000000 + (i64)i * 333; }
static i64 anyhow(size_t i) { return (i64)(i << 48) + (i64)(noise() >> 17) - ((i64)1 << 61); }
static i64 (*const clocks[])(size_t) = {
    steady, jittered, jittered_ms, gaps, extremes, before_epoch, anyhow
};

static i64 counter(size_t i) { return (i64)i * 17 + (i64)(noise() % 5); }
static i64 int_extremes(size_t i) { return i % 3 ? INT64_MAX : INT64_MIN; }
static i64 any_int(size_t i) { return (void)i, (i64)noise(); }
static i64 parabola(size_t i) { return (i64)(i * i); }
static i64 bits_of_int(size_t i) { return (i64)(noise() & (((u64)1 << i % 64) - 1)); }
static i64 (*const ints[])(size_t) = { counter, int_extremes, any_int, parabola, bits_of_int };

static const size_t sizes[] = { 1, 2, 3, 4, 5, 49, 50, 127, 128, 1023, 1024, 1025, 2049, 8192, 10000, 16384 };

struct bench {
    i64 t[BLOCK_POINTS_MAX];
    union {
        double f[BLOCK_POINTS_MAX];
        i64 i[BLOCK_POINTS_MAX];
        str s[BLOCK_POINTS_MAX];
    };
};

static void assert_same(const struct series_run *a, const struct series_run *b, const char *what)
{
    if (a->n != b->n || a->kind != b->kind) test_fail(__FILE__, __LINE__, "%s: another shape", what);
    for (u32 i = 0; i < a->n; i++) {
        if (a->t[i] != b->t[i]) test_fail(__FILE__, __LINE__, "%s: time %u of %u", what, i, a->n);
        if (a->kind == SERIES_TEXT ? !str_eq(a->s[i], b->s[i]) : a->i[i] != b->i[i])
            test_fail(__FILE__, __LINE__, "%s: value %u of %u", what, i, a->n);
    }
}

static str written(struct arena *a, const struct series_run *run, enum block_effort effort)
{
    struct buf b = BUF(a);
    buf_z(&b, "before");
    block_write(&b, run, effort);
    return str_skip(buf_str(&b), 6);
}

static void round_trip(struct op *op, const struct series_run *run, const char *what)
{
    struct block_points *to = mem_alloc(sizeof *to);
    for (enum block_effort effort = BLOCK_FAST; effort <= BLOCK_SMALL; effort++) {
        struct arena a = { 0 };
        struct series_run got;
        str bytes = written(&a, run, effort);
        size_t most = run->kind == SERIES_TEXT ? SIZE_MAX : 16 * (size_t)run->n + 40;
        if (bytes.n > most) test_fail(__FILE__, __LINE__, "%s: %zu bytes for %u", what, bytes.n, run->n);
        enum block_fault f = block_read(bytes, &a, to, &got);
        if (f) test_fail(__FILE__, __LINE__, "%s, %u points: %s", what, run->n, block_faults[f]);
        assert_same(run, &got, what);
        arena_free(&a);
    }
    mem_free(to);
    (void)op;
}

TEST(series_block_doubles_of_all_shapes)
{
    struct bench *b = NEW(op->arena, struct bench);
    for (size_t s = 0; s < LEN(shapes); s++)
        for (size_t k = 0; k < LEN(sizes); k++) {
            for (size_t i = 0; i < sizes[k]; i++) {
                b->t[i] = steady(i);
                b->f[i] = shapes[s](i);
            }
            struct series_run run = { .n = (u32)sizes[k], .kind = SERIES_F64, .t = b->t, .f = b->f };
            round_trip(op, &run, arena_printf(op->arena, "shape %zu", s).p);
        }
}

TEST(series_block_clocks_and_integers)
{
    struct bench *b = NEW(op->arena, struct bench);
    for (size_t c = 0; c < LEN(clocks); c++)
        for (size_t v = 0; v < LEN(ints); v++)
            for (size_t k = 0; k < LEN(sizes); k++) {
                for (size_t i = 0; i < sizes[k]; i++) {
                    b->t[i] = clocks[c](i);
                    b->i[i] = ints[v](i);
                }
                struct series_run run = { .n = (u32)sizes[k], .kind = SERIES_I64, .t = b->t, .i = b->i };
                round_trip(op, &run, arena_printf(op->arena, "clock %zu, integers %zu", c, v).p);
            }
}

TEST(series_block_texts)
{
    struct bench *b = NEW(op->arena, struct bench);
    char *long_text = memset(arena_alloc(op->arena, SERIES_MAX_TEXT), 'x', SERIES_MAX_TEXT);
    const str some[] = { S(""), S("started"), S("остановлен"), { long_text, SERIES_MAX_TEXT }, S("\0\1") };
    for (size_t k = 0; k < 10; k++) {
        for (size_t i = 0; i < sizes[k]; i++) {
            b->t[i] = jittered(i);
            b->s[i] = some[k % 2 ? noise() % LEN(some) : 0];
        }
        struct series_run run = { .n = (u32)sizes[k], .kind = SERIES_TEXT, .t = b->t, .s = b->s };
        round_trip(op, &run, "texts");
    }
}

/* What each shape may cost at most, in bytes a point; steady clock. */
TEST(series_block_is_small)
{
    static const struct {
        double (*shape)(size_t);
        enum block_effort effort;
        double bytes;
    } want[] = { { constant, BLOCK_FAST, 0.01 },  { ramp, BLOCK_FAST, 0.01 },
                 { walk, BLOCK_FAST, 0.63 },      { walk, BLOCK_SMALL, 0.555 },
                 { spoiled, BLOCK_SMALL, 1 },     { outliers, BLOCK_SMALL, 0.8 },
                 { floats, BLOCK_FAST, 3.2 },     { decimals2, BLOCK_SMALL, 0.74 },
                 { minus_zero, BLOCK_FAST, 0.01 } };
    struct bench *b = NEW(op->arena, struct bench);
    for (size_t w = 0; w < LEN(want); w++) {
        for (size_t i = 0; i < BLOCK_POINTS; i++) {
            b->t[i] = steady(i);
            b->f[i] = want[w].shape(i);
        }
        struct series_run run = { .n = BLOCK_POINTS, .kind = SERIES_F64, .t = b->t, .f = b->f };
        double bytes = (double)written(op->arena, &run, want[w].effort).n / BLOCK_POINTS;
        if (bytes > want[w].bytes) test_fail(__FILE__, __LINE__, "row %zu: %.3f bytes a point", w, bytes);
    }
}
