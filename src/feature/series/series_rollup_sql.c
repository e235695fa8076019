#include "feature/series/series_sql.h"

#define D struct rollup_block
static const struct field rollup_block_fields[] = {
    { F(id), .flags = INTERNAL },      { F(series_id), .flags = INTERNAL }, { F(width), .flags = INTERNAL },
    { F(t_first), .flags = INTERNAL }, { F(t_last), .flags = INTERNAL },    { F(count), .flags = INTERNAL },
    { F(data), .flags = INTERNAL },
};
#undef D
static DESC(rollup_block);
#define D struct retained
static const struct field retained_fields[] = {
    { F(id), .flags = INTERNAL },
    { F(raw), .flags = INTERNAL },
    { F(minutes), .flags = INTERNAL },
    { F(hours), .flags = INTERNAL },
};
#undef D
static DESC(retained);

#define ROWS "SELECT id, series_id, width, t_first, t_last, count, data FROM series_rollups"
err_t rollup_sql_range(struct op *op, struct series_range r, const struct rollup_place *p, i64 limit,
                       rollup_blocks *out)
{
    return db_all(op, &rollup_block_desc, out,
                  ROWS
                  " WHERE series_id = ? AND t_last >= ? AND t_first < ? AND (width, t_first, id) > (?, ?, ?)"
                  " ORDER BY width, t_first, id LIMIT ?",
                  A(r.id), A(r.from), A(r.to), A(p->width), A(p->t_first), A(p->id), A(limit));
}

err_t rollup_sql_near(struct op *op, i64 series_id, i64 width, i64 from, i64 to, rollup_blocks *out)
{
    return db_all(op, &rollup_block_desc, out,
                  ROWS
                  " WHERE series_id = ? AND width = ? AND t_first <= ? AND t_first >= coalesce((SELECT "
                  "max(t_first) FROM series_rollups WHERE series_id = ? AND width = ? AND t_first <= ?), ?)"
                  " ORDER BY t_first, id",
                  A(series_id), A(width), A(to), A(series_id), A(width), A(from), A(from));
}

err_t rollup_sql_old(struct op *op, i64 series_id, i64 width, i64 before, i64 limit, rollup_blocks *out)
{
    return db_all(op, &rollup_block_desc, out,
                  ROWS " WHERE series_id = ? AND width = ? AND t_last < ? ORDER BY t_first LIMIT ?",
                  A(series_id), A(width), A(before), A(limit));
}

err_t rollup_sql_insert(struct op *op, const struct rollup_block *b)
{
    return db_exec(
        op,
        "INSERT INTO series_rollups (series_id, width, t_first, t_last, count, data) VALUES (?, ?, ?, "
        "?, ?, ?)",
        A(b->series_id), A(b->width), A(b->t_first), A(b->t_last), A(b->count), A_BYTES(b->data));
}

err_t rollup_sql_delete(struct op *op, const i64 *ids, size_t n)
{
    struct db_arg *args = arena_alloc_raw(op->arena, n * sizeof *args);
    for (size_t i = 0; i < n; i++) args[i] = A(ids[i]);
    return db_many(op, "DELETE FROM series_rollups WHERE id = ?", args, n, 1);
}

err_t series_sql_retained(struct op *op, i64 after, i64 limit, retained_list *out)
{
    return db_all(
        op, &retained_desc, out,
        "SELECT s.id, coalesce(r.raw, ?) AS raw, coalesce(r.minutes, ?) AS minutes, coalesce(r.hours, ?)"
        " AS hours FROM series s LEFT JOIN series_retention r ON r.project_id = s.project_id WHERE s.id"
        " > ? ORDER BY s.id LIMIT ?",
        A(RETAIN_RAW), A(RETAIN_MINUTES), A(RETAIN_HOURS), A(after), A(limit));
}

err_t retention_sql_get(struct op *op, i64 project_id, struct retained *out)
{
    bool found;
    TRY(db_find(op, &retained_desc, out, &found,
                "SELECT project_id AS id, raw, minutes, hours FROM series_retention WHERE project_id = ?",
                A(project_id)));
    if (!found) *out = (struct retained){ project_id, RETAIN_RAW, RETAIN_MINUTES, RETAIN_HOURS };
    return OK;
}

err_t retention_sql_set(struct op *op, const struct retained *r)
{
    return db_exec(
        op,
        "INSERT INTO series_retention (project_id, raw, minutes, hours) VALUES (?, ?, ?, ?) ON CONFLICT "
        "(project_id) DO UPDATE SET raw = excluded.raw, minutes = excluded.minutes, hours = "
        "excluded.hours",
        A(r->id), A(r->raw), A(r->minutes), A(r->hours));
}
