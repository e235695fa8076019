/* Retention: blocks of points whose last one is past the project's time are rolled up into rows of minutes,
 * blocks of minutes into hours, and hours are deleted. A transaction takes what it rolls up away, so every
 * point is counted once; points that come later than their own retention are rolled up as well, and a point
 * that was sent again so late counts again. Texts have no aggregates: they are deleted. */
#include "base/log.h"
#include "feature/series/series_rollup.h"

enum { BLOCKS = 32, SERIES_PAGE = 200 };

/* One step of one series: what goes, and what it becomes. */
struct step {
    struct op *op;
    i64 series, generation;
    struct rolling roll;
    i64 *gone; /* ids of the blocks that go */
    size_t n;
};

static err_t write_rows(struct op *op, i64 series, i64 width, const rollup_rows *rows)
{
    for (size_t at = 0; at < rows->n; at += ROLLUP_ROWS) {
        size_t n = MIN(rows->n - at, (size_t)ROLLUP_ROWS);
        const struct series_bucket *first = &rows->item[at], *last = first + n - 1;
        struct rollup_block b = { .series_id = series,
                                  .width = width,
                                  .t_first = first->t,
                                  .t_last = last->t + width - 1,
                                  .count = (i64)n,
                                  .data = rollup_write(op->arena, first, n) };
        TRY(rollup_sql_insert(op, &b));
    }
    return OK;
}

/* Rows of the same time come from late points: both are kept, as one. */
static void merge_rows(struct rolling *to, const rollup_rows *a, const rollup_rows *b)
{
    size_t i = 0, k = 0;
    while (i < a->n || k < b->n)
        if (k == b->n || (i < a->n && a->item[i].t <= b->item[k].t)) rolling_row(to, &a->item[i++]);
        else rolling_row(to, &b->item[k++]);
}

/* The rows join the blocks of roll-ups that they overlap or that are not full, as they do in the merge. */
static err_t store_rows(struct op *op, const struct step *s)
{
    rollup_blocks near;
    rollup_rows old = { 0 }, rows = s->roll.rows;
    if (!rows.n) return OK;
    TRY(rollup_sql_near(op, s->series, s->roll.width, rows.item[0].t, rows.item[rows.n - 1].t, &near));
    for (size_t i = 0; i < near.n; i++) {
        const struct rollup_block *b = &near.item[i];
        struct rolling both = { .arena = op->arena, .width = s->roll.width };
        bool overlaps = b->t_last >= rows.item[0].t;
        if (!overlaps && b->count + (i64)rows.n > ROLLUP_ROWS) continue;
        if (!rollup_read(b->data, op->arena, &old)) {
            LOG_ERROR("a block of roll-ups is damaged and stays as it is", KV("series", s->series),
                      KV("id", b->id));
            continue;
        }
        merge_rows(&both, &old, &rows);
        rows = both.rows;
        TRY(rollup_sql_delete(op, &b->id, 1));
    }
    return write_rows(op, s->series, s->roll.width, &rows);
}

static err_t commit(struct step *s, err_t (*drop)(struct op *, const i64 *, size_t))
{
    struct op *op = s->op;
    bool moved;
    {
        AUTO(db_tx) struct db_tx tx = { 0 };
        TRY(db_begin(op, &tx));
        TRY(state_sql_move(op, s->generation, &moved));
        if (!moved) return fail(op, ERR_CONFLICT, "blocks have been replaced meanwhile");
        TRY(store_rows(op, s));
        TRY(drop(op, s->gone, s->n));
        TRY(db_commit(&tx));
    }
    return db_flush(op);
}

/* Points to minutes. *more: there is more to do. */
static err_t roll_points(struct op *op, i64 series, i64 before, bool *more)
{
    block_rows rows;
    struct step s = { .op = op, .series = series, .roll = { .arena = op->arena, .width = ROLLUP_MINUTE } };
    struct block_points *room = arena_alloc_raw(op->arena, sizeof *room);
    TRY(state_sql_get(op, &s.generation));
    TRY(block_sql_old(op, series, before, BLOCKS, &rows));
    *more = rows.n == BLOCKS;
    if (!rows.n) return OK;
    s.gone = NEWN(op->arena, i64, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct block_row *b = &rows.item[i];
        struct series_run run;
        struct series_damage damage = { 0 };
        s.gone[s.n++] = b->id;
        enum block_fault fault = block_read(b->data, op->arena, room, &run);
        if (fault) {
            struct block_at at = { series, b->s.t_first, b->s.t_last, b->s.count, fault };
            TRY(series_damaged(op, &damage, &at));
            LOG_ERROR("past its retention and not rolled up", KV("what", damage.first));
        } else if (run.kind != SERIES_TEXT) {
            rolling_run(&s.roll, &run);
        }
    }
    return commit(&s, block_sql_delete);
}

/* Minutes to hours, or hours to nothing. */
static err_t roll_rows(struct op *op, i64 series, i64 width, i64 before, bool *more)
{
    rollup_blocks blocks;
    struct step s = { .op = op, .series = series, .roll = { .arena = op->arena, .width = ROLLUP_HOUR } };
    TRY(state_sql_get(op, &s.generation));
    TRY(rollup_sql_old(op, series, width, before, BLOCKS, &blocks));
    *more = blocks.n == BLOCKS;
    if (!blocks.n) return OK;
    s.gone = NEWN(op->arena, i64, blocks.n);
    for (size_t i = 0; i < blocks.n; i++) {
        rollup_rows rows;
        s.gone[s.n++] = blocks.item[i].id;
        if (width == ROLLUP_HOUR) continue;
        if (!rollup_read(blocks.item[i].data, op->arena, &rows))
            LOG_ERROR("a damaged block of roll-ups is past its retention", KV("series", series));
        else
            for (size_t k = 0; k < rows.n; k++) rolling_row(&s.roll, &rows.item[k]);
    }
    return commit(&s, rollup_sql_delete);
}

/* Somebody else was first: the next run comes back to it. */
static err_t excuse(struct op *op, err_t e)
{
    if (e != ERR_CONFLICT) return e;
    op_clear(op);
    return OK;
}

static err_t retain_series(const struct op *like, const struct retained *r, i64 now_us)
{
    const struct {
        i64 keep, width;
    } level[] = { { r->raw, 0 }, { r->minutes, ROLLUP_MINUTE }, { r->hours, ROLLUP_HOUR } };
    for (size_t i = 0; i < LEN(level); i++)
        for (bool more = level[i].keep != 0; more;) {
            AUTO(arena) struct arena a = { 0 };
            struct op op = { .arena = &a, .ports = like->ports, .who = like->who, .id = like->id };
            i64 before = now_us - level[i].keep;
            err_t e = level[i].width ? roll_rows(&op, r->id, level[i].width, before, &more)
                                     : roll_points(&op, r->id, before, &more);
            if (e == ERR_CONFLICT) more = false;
            e = excuse(&op, e);
            if (e) LOG_WARN("retention of a series", KV("series", r->id), KV("error", op.err.msg));
            if (e) return e;
        }
    return OK;
}

err_t series_retain(struct op *op, time_us now)
{
    i64 after = 0;
    for (size_t n = SERIES_PAGE; n == SERIES_PAGE;) {
        AUTO(arena) struct arena a = { 0 };
        struct op page = { .arena = &a, .ports = op->ports, .who = op->who, .id = op->id };
        retained_list list;
        if (series_sql_retained(&page, after, SERIES_PAGE, &list))
            return fail(op, page.err.code, "retention: %.*s", STR(page.err.msg));
        for (size_t i = 0; i < list.n; i++)
            if (retain_series(&page, &list.item[i], now.us))
                return fail(op, ERR_UNAVAILABLE, "retention of series %lld", (long long)list.item[i].id);
        n = list.n;
        if (n) after = list.item[n - 1].id;
    }
    return OK;
}

err_t series_retain_job(struct op *op) { return series_retain(op, time_now()); }

err_t series_keeps(struct op *op, i64 project_id, i64 *raw_us)
{
    struct retained r;
    TRY(retention_sql_get(op, project_id, &r));
    *raw_us = r.raw;
    return OK;
}
