/* Rows of the tail. The first byte of the input chooses: the rest as a directory (its length in two bytes
 * first) and blocks, with right checksums, which must be read without harm; or as runs of points, which must
 * come back as they are. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"
#include "feature/series/series_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_blocks(struct arena *a, const struct tail_row *row)
{
    struct block_points *to = NEW(a, struct block_points);
    for (u32 i = 0; i < row->n; i++) {
        const struct piece *p = &row->piece[i];
        struct series_run run;
        str block = { row->data.p + p->at, p->n };
        if (!block_read(block, a, to, &run) && run.n && run.t[0] > run.t[run.n - 1]) bug("times fall");
    }
}

static void as_row(struct arena *a, const uint8_t *data, size_t size)
{
    enum { HEAD = 5 };
    if (size < 2) return;
    size_t n = MIN((size_t)data[0] | (size_t)data[1] << 8, size - 2), rest = size - 2 - n;
    u8 *p = arena_alloc(a, HEAD + n + 4 + rest);
    put_u8(p, 1);
    put_u32(p + 1, (u32)n);
    memcpy(p + HEAD, data + 2, n);
    put_u32(p + HEAD + n, block_crc(p, HEAD + n));
    if (rest) memcpy(p + HEAD + n + 4, data + 2 + n, rest);
    str bytes = { (char *)p, HEAD + n + 4 + rest };
    struct tail_row *row = tail_row_read(1, bytes);
    if (!row) return;
    for (u32 i = 0; i < row->n; i++) /* the blocks, too */
        if (row->piece[i].n >= 4) {
            u8 *block = p + row->piece[i].at;
            put_u32(block + row->piece[i].n - 4, block_crc(block, row->piece[i].n - 4));
        }
    tail_row_drop(row);
    row = tail_row_read(1, bytes);
    if (!row) bug("the same directory is another");
    read_blocks(a, row);
    tail_row_drop(row);
}

enum { POINT = 12, RUNS = 8 };

static size_t make_runs(struct arena *a, const uint8_t *data, size_t size, struct series_run *run)
{
    size_t n = 0;
    while (size > POINT && n < RUNS) {
        u32 points = MIN((u32)data[0] + 1, (u32)((size - 1) / POINT));
        i64 *t = NEWN(a, i64, points), *v = NEWN(a, i64, points);
        for (u32 i = 0; i < points; i++) {
            const uint8_t *p = data + 1 + POINT * i;
            t[i] = (i ? t[i - 1] : -1000) + 1 + (i64)load_u32(p);
            v[i] = (i64)load_u64(p + 4);
        }
        run[n] =
            (struct series_run){ .id = (i64)n * 3 + 1, .n = points, .kind = data[0] & 1, .t = t, .i = v };
        n++;
        data += 1 + POINT * points;
        size -= 1 + POINT * points;
    }
    return n;
}

static void as_runs(struct arena *a, const uint8_t *data, size_t size)
{
    struct series_run run[RUNS];
    struct block_points *to = NEW(a, struct block_points);
    size_t n = make_runs(a, data, size, run);
    if (!n) return;
    struct tail_row *row = tail_row_read(7, tail_write(a, run, n));
    if (!row || row->n != n) bug("cannot read its own row");
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = &row->piece[i];
        struct series_run got;
        if (p->series != run[i].id || p->t_first != run[i].t[0] || p->count != run[i].n) bug("another piece");
        if (block_read((str){ row->data.p + p->at, p->n }, a, to, &got)) bug("cannot read its own block");
        if (got.n != run[i].n || memcmp(got.t, run[i].t, got.n * 8) || memcmp(got.i, run[i].i, got.n * 8))
            bug("not what was written");
    }
    tail_row_drop(row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    if (size && data[0] & 1) as_runs(&a, data + 1, size - 1);
    else if (size) as_row(&a, data + 1, size - 1);
    arena_free(&a);
    return 0;
}
