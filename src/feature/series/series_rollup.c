/* Rows of aggregates and their bytes: a number of rows, then a block for each column, all with the rows'
 * times, each behind its length (docs/series-format.md). Times of points are kept as distances from the row's
 * begin, which are small. */
#include "feature/series/series_rollup.h"
#include "feature/series/series_block_impl.h"
#include <math.h>

void bucket_join(struct series_bucket *b, const struct series_bucket *x)
{
    if (!x->count) return;
    if (!b->count) {
        i64 t = b->t;
        *b = *x;
        b->t = t;
        return;
    }
    if (x->min < b->min || (x->min == b->min && x->t_min < b->t_min)) {
        b->min = x->min;
        b->t_min = x->t_min;
    }
    if (x->max > b->max || (x->max == b->max && x->t_max < b->t_max)) {
        b->max = x->max;
        b->t_max = x->t_max;
    }
    if (x->t_first < b->t_first) {
        b->first = x->first;
        b->t_first = x->t_first;
    }
    if (x->t_last > b->t_last) {
        b->last = x->last;
        b->t_last = x->t_last;
    }
    b->count += x->count;
    b->sum += x->sum;
}

static double number_at(const struct series_run *r, u32 i)
{
    return r->kind == SERIES_I64 ? (double)r->i[i] : r->f[i];
}

/* The same by the block's loops, which look at several points at a time. */
static struct series_bucket of_many(const struct series_run *r, u32 at, u32 end)
{
    struct block_stats s;
    while (isnan(r->f[end - 1])) end--;
    block_stats(&(struct series_run){ .n = end - at, .kind = r->kind, .t = r->t + at, .f = r->f + at }, &s);
    return (struct series_bucket){ .count = s.numbers,
                                   .min = s.min,
                                   .max = s.max,
                                   .sum = s.sum,
                                   .first = s.first,
                                   .last = s.last,
                                   .t_min = s.t_min,
                                   .t_max = s.t_max,
                                   .t_first = s.t_first,
                                   .t_last = s.t_last };
}

struct series_bucket bucket_of(const struct series_run *r, u32 at, u32 end)
{
    enum { MANY = 32 };
    struct series_bucket b = { 0 };
    while (at < end && isnan(number_at(r, at))) at++;
    if (at == end) return b;
    if (r->kind == SERIES_F64 && end - at >= MANY && end - at <= BLOCK_POINTS_MAX) return of_many(r, at, end);
    u32 low = at, high = at, last = at;
    double min = number_at(r, at), max = min, sum = 0;
    for (u32 i = at; i < end; i++) {
        double v = number_at(r, i);
        if (isnan(v)) continue;
        if (v < min) min = v, low = i;
        if (v > max) max = v, high = i;
        sum += v;
        b.count++;
        last = i;
    }
    b.first = number_at(r, at);
    b.last = number_at(r, last);
    b.min = min;
    b.max = max;
    b.sum = sum;
    b.t_first = r->t[at];
    b.t_last = r->t[last];
    b.t_min = r->t[low];
    b.t_max = r->t[high];
    return b;
}

static i64 floor_to(i64 t, i64 width) { return t - ((t % width) + width) % width; }

static struct series_bucket *row_for(struct rolling *r, i64 t)
{
    if (r->rows.n && r->rows.item[r->rows.n - 1].t == t) return &r->rows.item[r->rows.n - 1];
    if (r->rows.n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 256;
        struct series_bucket *more = NEWN(r->arena, struct series_bucket, r->cap);
        if (r->rows.n) memcpy(more, r->rows.item, r->rows.n * sizeof *more);
        r->rows.item = more;
    }
    r->rows.item[r->rows.n] = (struct series_bucket){ .t = t };
    return &r->rows.item[r->rows.n++];
}

void rolling_run(struct rolling *r, const struct series_run *run)
{
    for (u32 at = 0, to; at < run->n; at = to) {
        i64 begin = floor_to(run->t[at], r->width);
        for (to = at; to < run->n && run->t[to] < begin + r->width;) to++;
        struct series_bucket b = bucket_of(run, at, to);
        if (b.count) bucket_join(row_for(r, begin), &b);
    }
}

void rolling_row(struct rolling *r, const struct series_bucket *x)
{
    bucket_join(row_for(r, floor_to(x->t, r->width)), x);
}

/* Columns: which member, and whether it is a time. */
enum { WHOLE, NUMBER, TIME };
static const struct {
    size_t off;
    int what;
} columns[] = {
    { offsetof(struct series_bucket, count), WHOLE },  { offsetof(struct series_bucket, min), NUMBER },
    { offsetof(struct series_bucket, max), NUMBER },   { offsetof(struct series_bucket, sum), NUMBER },
    { offsetof(struct series_bucket, first), NUMBER }, { offsetof(struct series_bucket, last), NUMBER },
    { offsetof(struct series_bucket, t_min), TIME },   { offsetof(struct series_bucket, t_max), TIME },
    { offsetof(struct series_bucket, t_first), TIME }, { offsetof(struct series_bucket, t_last), TIME },
};

str rollup_write(struct arena *a, const struct series_bucket *row, size_t n)
{
    struct buf out = BUF(a), block = BUF(a);
    i64 *t = NEWN(a, i64, n), *v = NEWN(a, i64, n);
    for (size_t i = 0; i < n; i++) t[i] = row[i].t;
    for (size_t c = 0; c < LEN(columns); c++) {
        for (size_t i = 0; i < n; i++) {
            memcpy(&v[i], (const char *)&row[i] + columns[c].off, sizeof *v);
            if (columns[c].what == TIME) v[i] -= t[i];
        }
        struct series_run run = {
            .n = (u32)n, .kind = columns[c].what == NUMBER ? SERIES_F64 : SERIES_I64, .t = t, .i = v
        };
        block.n = 0;
        block_write(&block, &run, BLOCK_SMALL);
        u8 *p = (u8 *)buf_room(&out, 4);
        put_u32(p, (u32)block.n);
        buf_grew(&out, 4);
        buf_put(&out, buf_str(&block));
    }
    return buf_str(&out);
}

/* False: what no writer of ours has put there. All columns have the rows' times. */
static bool take_column(struct series_bucket *row, size_t c, const struct series_run *run)
{
    static const i64 most = (i64)1 << 48; /* points of a row */
    for (u32 i = 0; i < run->n; i++) {
        i64 v;
        memcpy(&v, &run->i[i], sizeof v);
        if (!c) row[i].t = run->t[i];
        if (row[i].t != run->t[i] || row[i].t < SERIES_T_MIN || row[i].t > SERIES_T_MAX) return false;
        if (columns[c].what == WHOLE && (v < 0 || v > most)) return false;
        if (columns[c].what == TIME && __builtin_add_overflow(v, row[i].t, &v)) return false;
        memcpy((char *)&row[i] + columns[c].off, &v, sizeof v);
    }
    return true;
}

bool rollup_read(str bytes, struct arena *a, rollup_rows *out)
{
    struct block_points *room = arena_alloc_raw(a, sizeof *room);
    *out = (rollup_rows){ 0 };
    for (size_t c = 0; c < LEN(columns); c++) {
        struct series_run run;
        if (bytes.n < 4) return false;
        size_t n = load_u32(bytes.p);
        bytes = str_skip(bytes, 4);
        if (n > bytes.n || block_read(str_head(bytes, n), a, room, &run)) return false;
        bytes = str_skip(bytes, n);
        if (run.kind != (columns[c].what == NUMBER ? SERIES_F64 : SERIES_I64)) return false;
        if (!c) *out = (rollup_rows){ NEWN(a, struct series_bucket, run.n), run.n };
        if (run.n != out->n || !take_column(out->item, c, &run)) return false;
    }
    return !bytes.n;
}

err_t rollup_buckets(struct op *op, struct series_range r, i64 width, struct series_bucket *out)
{
    enum { PAGE = 64 };
    struct rollup_place place = { .t_first = INT64_MIN };
    rollup_blocks page;
    do {
        TRY(rollup_sql_range(op, r, &place, PAGE, &page));
        for (size_t i = 0; i < page.n; i++) {
            AUTO(arena) struct arena scratch = { 0 };
            const struct rollup_block *b = &page.item[i];
            rollup_rows rows;
            place = (struct rollup_place){ b->width, b->t_first, b->id };
            if (!rollup_read(b->data, &scratch, &rows)) {
                struct block_at at = { r.id, b->t_first, b->t_last, b->count, BLOCK_BAD };
                TRY(series_damaged(op, r.damage, &at));
                continue;
            }
            for (size_t k = 0; k < rows.n; k++)
                if (rows.item[k].t >= r.from && rows.item[k].t < r.to)
                    bucket_join(&out[(rows.item[k].t - r.from) / width], &rows.item[k]);
        }
    } while (page.n == PAGE);
    return OK;
}
