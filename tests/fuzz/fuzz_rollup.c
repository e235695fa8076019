/* Rows of roll-ups. The first byte of the input chooses: the rest as the columns' blocks (the length of each
 * in two bytes first), with right checksums, which must be read without harm and rolled up further; or as
 * rows, which must come back as they are. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"
#include "feature/series/series_rollup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct arena *a, const struct series_bucket *row, size_t n)
{
    rollup_rows back;
    if (!rollup_read(rollup_write(a, row, n), a, &back) || back.n != n) bug("cannot read its own rows");
    if (memcmp(back.item, row, n * sizeof *row)) bug("not what was written");
}

static void as_columns(struct arena *a, const uint8_t *data, size_t size)
{
    struct buf b = BUF(a);
    while (size >= 2) {
        size_t n = MIN((size_t)data[0] | (size_t)data[1] << 8, size - 2);
        u8 *p = (u8 *)buf_room(&b, n + 8);
        put_u32(p, (u32)n + 4);
        if (n) memcpy(p + 4, data + 2, n);
        put_u32(p + 4 + n, block_crc(p + 4, n));
        buf_grew(&b, n + 8);
        data += 2 + n;
        size -= 2 + n;
    }
    rollup_rows rows;
    if (!rollup_read(buf_str(&b), a, &rows) || !rows.n) return;
    struct rolling hours = { .arena = a, .width = ROLLUP_HOUR };
    for (size_t i = 0; i < rows.n; i++) rolling_row(&hours, &rows.item[i]);
    if (rows.n <= ROLLUP_ROWS) round_trip(a, rows.item, rows.n);
}

static void as_rows(struct arena *a, const uint8_t *data, size_t size)
{
    enum { ROW = 48 };
    size_t n = MIN(size / ROW, (size_t)ROLLUP_ROWS);
    if (!n) return;
    struct series_bucket *row = NEWN(a, struct series_bucket, n);
    for (size_t i = 0; i < n; i++, data += ROW) {
        struct series_bucket *r = &row[i];
        r->t = (i ? row[i - 1].t : 0) + ROLLUP_MINUTE * (1 + data[0]);
        r->count = (i64)load_u32(data + 1);
        memcpy(&r->min, data + 5, 8);
        memcpy(&r->max, data + 13, 8);
        memcpy(&r->sum, data + 21, 8);
        memcpy(&r->first, data + 29, 8);
        memcpy(&r->last, data + 37, 8);
        r->t_min = r->t + data[45], r->t_max = r->t + data[46];
        r->t_first = r->t + data[47], r->t_last = r->t + ROLLUP_MINUTE - 1;
    }
    round_trip(a, row, n);
    struct rolling hours = { .arena = a, .width = ROLLUP_HOUR };
    for (size_t i = 0; i < n; i++) rolling_row(&hours, &row[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    if (size && data[0] & 1) as_rows(&a, data + 1, size - 1);
    else if (size) as_columns(&a, data + 1, size - 1);
    arena_free(&a);
    return 0;
}
