/* Blocks of series. The first byte of the input chooses: the rest as a block with a right checksum, which
 * must be read without harm, and what was read must come back from a block of our own; or the rest as values
 * of a column, which must come back bit for bit. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct series_run *a, const struct series_run *b)
{
    if (a->n != b->n || a->kind != b->kind || memcmp(a->t, b->t, a->n * sizeof *a->t)) return false;
    if (a->kind != SERIES_TEXT) return !memcmp(a->i, b->i, a->n * sizeof *a->i);
    for (u32 i = 0; i < a->n; i++)
        if (!str_eq(a->s[i], b->s[i])) return false;
    return true;
}

static void round_trip(struct arena *a, const struct series_run *run)
{
    struct block_points *to = NEW(a, struct block_points);
    for (enum block_effort effort = BLOCK_FAST; effort <= BLOCK_SMALL; effort++) {
        struct buf b = BUF(a);
        struct series_run got;
        block_write(&b, run, effort);
        enum block_fault f = block_read(buf_str(&b), a, to, &got);
        if (f) bug("cannot read its own block: %s", block_faults[f]);
        if (!same(run, &got)) bug("not what was written");
    }
}

static void as_block(struct arena *a, const uint8_t *data, size_t size)
{
    struct block_points *to = NEW(a, struct block_points);
    struct series_run run;
    u8 *p = arena_alloc(a, size + 4);
    memcpy(p, data, size);
    put_u32(p + size, block_crc(p, size));
    if (!block_read((str){ (char *)p, size + 4 }, a, to, &run)) round_trip(a, &run);
}

static void as_values(struct arena *a, const uint8_t *data, size_t size, int kind)
{
    u32 n = (u32)MIN(size / 16, BLOCK_POINTS_MAX);
    if (!n) return;
    i64 *t = NEWN(a, i64, n), *v = NEWN(a, i64, n);
    for (u32 i = 0; i < n; i++) {
        i64 step = (i64)(load_u64(data + 16 * i) >> 40) + 1;
        t[i] = i ? t[i - 1] + step : (i64)load_u64(data) >> 2;
        v[i] = (i64)load_u64(data + 16 * i + 8);
    }
    round_trip(a, &(struct series_run){ .n = n, .kind = kind, .t = t, .i = v });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    if (size && data[0] % 4 == 0) as_values(&a, data + 1, size - 1, SERIES_F64);
    else if (size && data[0] % 4 == 1) as_values(&a, data + 1, size - 1, SERIES_I64);
    else if (size) as_block(&a, data + 1, size - 1);
    arena_free(&a);
    return 0;
}
