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
/* Of the coder's four states one learns little while the others fill up. */
static i64 slow_state(size_t i) { return i % 4 ? (i64)(noise() & 255) : 0; }
static i64 (*const ints[])(size_t) = { counter, int_extremes, any_int, parabola, bits_of_int, slow_state };

static const size_t sizes[] = { 1,    2,    3,    4,    5,    49,    50,    127,  128,
                                1023, 1024, 1025, 2049, 8192, 10000, 16384, 32768 };

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

/* Any range gives what lies in it of the whole. */
static void ranges(str bytes, struct arena *a, struct block_points *to, const struct series_run *run,
                   const char *what)
{
    const u32 n = run->n, cut[] = { 0, 1, n / 3, n / 2, n / 2 + 7, n - n / 7, n - 1 };
    for (size_t i = 0; i < LEN(cut); i++)
        for (size_t k = i; k < LEN(cut); k++) {
            u32 from = MIN(cut[i], n - 1), last = MIN(MAX(cut[k], from), n - 1);
            if (run->t[last] == INT64_MAX) continue;
            struct series_run got, want = *run;
            want.t += from;
            want.n = last - from + 1;
            if (run->kind == SERIES_TEXT) want.s += from;
            else want.i += from;
            enum block_fault f = block_read_range(bytes, run->t[from], run->t[last] + 1, a, to, &got);
            if (f) test_fail(__FILE__, __LINE__, "%s, %u..%u: %s", what, from, last, block_faults[f]);
            assert_same(&want, &got, what);
        }
    struct series_run none;
    if (run->t[0] == INT64_MIN) return; /* nothing lies before it */
    assert_int_equal(block_read_range(bytes, run->t[n - 1], run->t[0], a, to, &none), BLOCK_GOOD);
    assert_int_equal(none.n, 0);
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
        ranges(bytes, &a, to, run, what);
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
                 { walk, BLOCK_FAST, 0.63 },      { walk, BLOCK_SMALL, 0.5505 },
                 { spoiled, BLOCK_SMALL, 1 },     { outliers, BLOCK_SMALL, 0.8 },
                 { floats, BLOCK_FAST, 3.2 },     { decimals2, BLOCK_SMALL, 0.74 },
                 { minus_zero, BLOCK_FAST, 0.01 } };
    struct bench *b = NEW(op->arena, struct bench);
    for (size_t w = 0; w < LEN(want); w++) {
        for (size_t i = 0; i < BLOCK_POINTS_MAX; i++) {
            b->t[i] = steady(i);
            b->f[i] = want[w].shape(i);
        }
        struct series_run run = { .n = BLOCK_POINTS_MAX, .kind = SERIES_F64, .t = b->t, .f = b->f };
        double bytes = (double)written(op->arena, &run, want[w].effort).n / BLOCK_POINTS_MAX;
        if (bytes > want[w].bytes) test_fail(__FILE__, __LINE__, "row %zu: %.3f bytes a point", w, bytes);
    }
}

/* A step now and then, at no regular distance: coded in two parts, and yet few bytes. */
enum { RARE = 4200 };
static str rare_steps(struct op *op, struct bench *b, struct series_run *run)
{
    i64 level = 0;
    for (u32 i = 0; i < RARE; i++) {
        level += (i * 2654435761u >> 20) % 61 == 0;
        b->t[i] = steady(i);
        b->i[i] = level;
    }
    *run = (struct series_run){ .n = RARE, .kind = SERIES_I64, .t = b->t, .i = b->i };
    return written(op->arena, run, BLOCK_SMALL);
}

/* Blocks that together hold every form of column. */
static size_t samples(struct op *op, struct bench *b, str *out)
{
    size_t count = 0;
    struct series_run rare;
    out[count++] = rare_steps(op, b, &rare);
    for (size_t s = 0; s < LEN(shapes) + LEN(ints) + 1; s++)
        for (size_t k = 0; k < 2; k++) {
            size_t n = k ? 200 : 6;
            int kind = s < LEN(shapes) ? SERIES_F64 : s < LEN(shapes) + LEN(ints) ? SERIES_I64 : SERIES_TEXT;
            struct series_run run = { .n = (u32)n, .kind = kind, .t = b->t, .f = b->f };
            for (size_t i = 0; i < n; i++) {
                b->t[i] = clocks[(s + k) % LEN(clocks)](i);
                if (kind == SERIES_F64) b->f[i] = shapes[s](i);
                else if (kind == SERIES_I64) b->i[i] = ints[s - LEN(shapes)](i);
                else b->s[i] = str_head(S("started, stopped"), i % 17);
            }
            out[count++] = written(op->arena, &run, BLOCK_FAST);
            out[count++] = written(op->arena, &run, BLOCK_SMALL);
        }
    return count;
}
enum { SAMPLES = 1 + 4 * (LEN(shapes) + LEN(ints) + 1) };

/* As if whoever writes had a fault: the checksum is made to match, so that the columns are reached. */
static str resealed(struct arena *a, str bytes)
{
    u8 *p = arena_alloc(a, bytes.n + 1);
    memcpy(p, bytes.p, bytes.n);
    if (bytes.n >= 4) put_u32(p + bytes.n - 4, block_crc(p, bytes.n - 4));
    return (str){ (char *)p, bytes.n };
}

static str changed(struct arena *a, str bytes, size_t at, unsigned flip)
{
    char *p = arena_alloc(a, bytes.n);
    memcpy(p, bytes.p, bytes.n);
    p[at] = (char)(p[at] ^ (int)flip);
    return (str){ p, bytes.n };
}

TEST(series_block_survives_every_cut_and_every_wrong_byte)
{
    struct bench *b = NEW(op->arena, struct bench);
    struct block_points *to = mem_alloc(sizeof *to);
    str block[SAMPLES];
    size_t n = samples(op, b, block), faults = 0, tries = 0;
    for (size_t k = 0; k < n; k++) {
        struct arena a = { 0 };
        struct series_run run = { .id = 7 };
        for (size_t cut = 0; cut < block[k].n; cut++) {
            char *part = memcpy(mem_alloc(cut), block[k].p, cut); /* exact, for the sanitizer */
            assert_true(block_read((str){ part, cut }, &a, to, &run));
            mem_free(part);
            block_read(resealed(&a, str_head(block[k], cut)), &a, to, &run);
            arena_reset(&a);
        }
        assert_int_equal(run.id, 7);
        for (size_t i = 0; i < block[k].n; i++)
            for (unsigned flip = 1; flip < 256; flip = flip * 3 + 1) {
                str wrong = changed(&a, block[k], i, flip);
                assert_true(block_read(wrong, &a, to, &run));
                faults += block_read(resealed(&a, wrong), &a, to, &run) != BLOCK_GOOD;
                tries++;
                arena_reset(&a);
            }
        arena_free(&a);
    }
    assert_true(faults > tries / 50); /* most wrong bytes are wrong numbers, but structure is checked */
    mem_free(to);
}

TEST(series_block_names_the_fault)
{
    struct block_points *to = NEW(op->arena, struct block_points);
    i64 t[] = { 5 };
    double x[] = { 1 };
    struct series_run run = { .n = 1, .kind = SERIES_F64, .t = t, .f = x }, got = { .id = 3 };
    str good = written(op->arena, &run, BLOCK_FAST);
    assert_int_equal(block_read(S(""), op->arena, to, &got), BLOCK_CUT);
    assert_int_equal(block_read(changed(op->arena, good, 3, 1), op->arena, to, &got), BLOCK_CHECKSUM);
    assert_int_equal(block_read(resealed(op->arena, changed(op->arena, good, 0, 0x50)), op->arena, to, &got),
                     BLOCK_VERSION);
    assert_int_equal(block_read(resealed(op->arena, changed(op->arena, good, 1, 1)), op->arena, to, &got),
                     BLOCK_BAD);
    assert_int_equal(got.id, 3);
}

/* The bytes of docs/series-format.md: what is stored today is read for ever. */
TEST(series_block_golden)
{
    static const i64 steady_t[] = { 1700000000000000, 1700000001000000, 1700000002000000, 1700000003000000 };
    static const i64 jitter_t[] = { 1700000000000000, 1700000000010400, 1700000000019700, 1700000000030100 };
    static const double temps[] = { 21.5, 21.52, 21.49, 21.5 }, flat[] = { 7, 7, 7, 7 },
                        odd[] = { 21.5, 1.0 / 3, 21.49, 21.5 };
    static const i64 many[] = { 1, 1000000007, -3, INT64_MAX };
    static const str texts[] = { S("on"), S("off"), S(""), S("on") };
    const struct series_run run[] = { { .n = 4, .kind = SERIES_F64, .t = steady_t, .f = temps },
                                      { .n = 4, .kind = SERIES_F64, .t = jitter_t, .f = odd },
                                      { .n = 4, .kind = SERIES_F64, .t = steady_t, .f = flat },
                                      { .n = 4, .kind = SERIES_I64, .t = jitter_t, .i = many },
                                      { .n = 4, .kind = SERIES_TEXT, .t = steady_t, .s = texts } };
    static const char *const hex[] = {
        "10041080c49fd50c0211ca21024dc31360b9",
        "1004048080f28183898506e29c01db050a6e750bc05b91ca21010b0101555555555555d53f1d799f8a",
        "10041080c49fd50c02000e00ab6e319b",
        ("1104048080f28183898506e29c01db050a6e750bc05b06010000000000000007ca9a3b00000000fdfffffffffffffffffff"
         "f"
         "ffffffff7f95b6b9a6"),
        "12041080c49fd50c020100028e006f6e6f66666f6e44eea587"
    };
    struct block_points *to = NEW(op->arena, struct block_points);
    for (size_t i = 0; i < LEN(run); i++) {
        struct series_run got;
        str bytes = written(op->arena, run + i, BLOCK_FAST);
        assert_str(hex_text(op->arena, (const u8 *)bytes.p, bytes.n), str_of(hex[i]));
        assert_int_equal(block_read(bytes, op->arena, to, &got), BLOCK_GOOD);
        assert_same(run + i, &got, hex[i]);
    }
}

TEST(series_block_golden_in_parts)
{
    struct bench *b = NEW(op->arena, struct bench);
    struct block_points *to = NEW(op->arena, struct block_points);
    struct series_run run, got;
    str bytes = rare_steps(op, b, &run);
    assert_str(hex_text(op->arena, (const u8 *)bytes.p, bytes.n),
               S("31e8201080c49fd50c020701028a01000100010cbc4f041b00303301007f85051e95cec53d57690200c8ebc157"
                 "6a5e86ec69bf605853cc2c9d3fd59cd6d7c5d163a26d80ad5acb05c0c3b33f8fc4f5e20f684a9952c94c14b1ad"
                 "2eecf9583e50150000000000000000000000000000a9856953"));
    assert_int_equal(block_read(bytes, op->arena, to, &got), BLOCK_GOOD);
    assert_same(&run, &got, "parts");
    /* Version 1 has no parts. */
    assert_int_equal(block_read(resealed(op->arena, changed(op->arena, bytes, 0, 0x20)), op->arena, to, &got),
                     BLOCK_BAD);
}

/* Written by the programs before version 3. */
TEST(series_block_golden_of_version_2)
{
    static const char hex[] =
        "21e8201080c49fd50c020701028a01000100010cbc4f041d004886041df4527700b502920190ef491cd1122405"
        "f2736d27c5fe67d81150fcf9d6dac9322711f071854cf0223124af9263d800d66b3a356eee59f8c6e493964465"
        "1f701fb040b04ab8af7c645b007887010078870100188101004006bf39";
    struct bench *b = NEW(op->arena, struct bench);
    struct block_points *to = NEW(op->arena, struct block_points);
    struct series_run run, got;
    u8 bytes[(sizeof hex - 1) / 2];
    rare_steps(op, b, &run);
    assert_true(hex_decode((str){ hex, sizeof hex - 1 }, bytes));
    assert_int_equal(block_read((str){ (char *)bytes, sizeof bytes }, op->arena, to, &got), BLOCK_GOOD);
    assert_same(&run, &got, "version 2");
}

TEST(series_block_kernels_agree)
{
    static double x[300], x1[300], x2[300];
    static i64 v[300], m1[300], m2[300];
    const struct kernels *best = kernels(), *any = &kernels_portable;
    for (size_t s = 0; s < LEN(shapes); s++)
        for (size_t n = 1; n < LEN(x); n += n / 7 + 1) {
            struct kernel_stats k1, k2;
            i64 lo1, lo2, hi1, hi2;
            for (size_t i = 0; i < n; i++) x[i] = shapes[s](i);
            for (size_t i = 0; i < n; i++) v[i] = ints[s % LEN(ints)](i);
            for (double ten = 1; ten < 1e15; ten *= 10) {
                assert_int_equal(best->scale(x, n, ten, m1), any->scale(x, n, ten, m2));
                assert_memory_equal(m1, m2, n * 8);
                for (size_t i = 0; i < n; i++) m1[i] = m1[i] == KERNEL_MISS ? 0 : m1[i];
                best->unscale(m1, n, ten, x1);
                any->unscale(m1, n, ten, x2);
                assert_memory_equal(x1, x2, n * 8);
            }
            best->range(v, n, &lo1, &hi1);
            any->range(v, n, &lo2, &hi2);
            assert_true(lo1 == lo2 && hi1 == hi2);
            assert_int_equal(best->outside(v, n, v[n / 2], 1000), any->outside(v, n, v[n / 2], 1000));
            best->delta(v, n - 1, m1);
            any->delta(v, n - 1, m2);
            assert_memory_equal(m1, m2, (n - 1) * 8);
            memset(&k1, 0, sizeof k1);
            memset(&k2, 0, sizeof k2);
            best->stats(x, n, &k1);
            any->stats(x, n, &k2);
            assert_int_equal(k1.numbers, k2.numbers);
            for (size_t i = 0; i < n; i += 3) assert_int_equal(best->find(x, n, x[i]), any->find(x, n, x[i]));
            if (k1.sum == k1.sum || k2.sum == k2.sum) assert_memory_equal(&k1, &k2, sizeof k1);
        }
}

TEST(series_block_stats_leave_out_what_is_no_number)
{
    i64 t[] = { 10, 20, 30, 40, 50, 60, 70 }, i[] = { 4, -9, INT64_MAX, 0 };
    double x[] = { NAN, 3, -1, NAN, 8, -1, NAN };
    struct series_run run = { .n = 7, .kind = SERIES_F64, .t = t, .f = x };
    struct block_stats s;
    block_stats(&run, &s);
    assert_true(s.count == 7 && s.numbers == 4 && s.t_first == 10 && s.t_last == 70);
    assert_true(s.min == -1 && s.t_min == 30 && s.max == 8 && s.t_max == 50);
    assert_true(s.sum == 9 && s.first == 3 && s.last == -1);
    run.n = 1;
    block_stats(&run, &s);
    assert_true(s.count == 1 && s.numbers == 0 && s.sum == 0 && s.min == 0);
    run = (struct series_run){ .n = 4, .kind = SERIES_I64, .t = t, .i = i };
    block_stats(&run, &s);
    assert_true(s.numbers == 4 && s.min == -9 && s.t_min == 20 && s.max == 0x1p63 && s.last == 0);
}
