#include "feature/series/series_sql.h"

#define D struct name_row
static const struct field name_row_fields[] = {
    { F(id), .flags = INTERNAL },       { F(kind), .flags = INTERNAL },     { F(key), .flags = INTERNAL },
    { F(has_unit), .flags = INTERNAL }, { F(has_help), .flags = INTERNAL },
};
#undef D
static DESC(name_row);
#define D struct tail_data
static const struct field tail_data_fields[] = { { F(id), .flags = INTERNAL },
                                                 { F(data), .flags = INTERNAL } };
#undef D
static DESC(tail_data);
#define D struct row_id
static const struct field row_id_fields[] = { { F(id), .flags = INTERNAL } };
#undef D
static DESC(row_id);
#define D struct block_row
#define STAT(name, m) \
    { \
        F_AS(name, s.m), .flags = INTERNAL \
    }
static const struct field block_row_fields[] = {
    { F(id), .flags = INTERNAL },
    { F(series_id), .flags = INTERNAL },
    { F_SKIP(s) }, /* its members are columns: */
    STAT("t_first", t_first),
    STAT("t_last", t_last),
    STAT("count", count),
    STAT("numbers", numbers),
    STAT("min", min),
    STAT("max", max),
    STAT("sum", sum),
    STAT("first", first),
    STAT("last", last),
    STAT("t_min", t_min),
    STAT("t_max", t_max),
    { F(data), .flags = INTERNAL },
};
#undef D
static DESC(block_row);
#define D struct block_end
static const struct field block_end_fields[] = {
    { F(at), .flags = INTERNAL },     { F(series_id), .flags = INTERNAL }, { F(kind), .flags = INTERNAL },
    { F(t_last), .flags = INTERNAL }, { F(count), .flags = INTERNAL },     { F(numbers), .flags = INTERNAL },
    { F(last), .flags = INTERNAL },
};
#undef D
static DESC(block_end);

/* Names. */
err_t series_sql_names(struct op *op, const str *key, size_t n, name_rows *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(
        &t,
        "SELECT id, kind, key, unit IS NOT NULL AS has_unit, help IS NOT NULL AS has_help FROM series "
        "WHERE key IN (?",
        A(key[0]));
    for (size_t i = 1; i < n; i++) db_text_add(&t, ", ?", A(key[i]));
    db_text_add_sql(&t, SQL(")"), NULL, 0);
    return db_text_all(&t, &name_row_desc, out);
}

err_t series_sql_insert(struct op *op, const struct series_new *row, size_t n)
{
    enum { WIDTH = 9 };
    struct db_arg *args = arena_alloc_raw(op->arena, n * WIDTH * sizeof *args);
    time_us now = time_now();
    for (size_t i = 0; i < n; i++) {
        const struct series_spec *s = row[i].spec;
        struct db_arg *a = args + i * WIDTH;
        a[0] = A_NULL0(s->owner_id);
        a[1] = A_NULL0(s->project_id);
        a[2] = A(s->name);
        a[3] = A(row[i].labels);
        a[4] = A(s->unit);
        a[5] = A(s->help);
        a[6] = A(s->kind);
        a[7] = A(row[i].key);
        a[8] = A(now);
    }
    return db_many(
        op,
        "INSERT INTO series (owner_id, project_id, name, labels, unit, help, kind, key, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        args, n, WIDTH);
}

err_t series_sql_describe(struct op *op, i64 id, str unit, str help)
{
    return db_exec(op, "UPDATE series SET unit = coalesce(unit, ?), help = coalesce(help, ?) WHERE id = ?",
                   A(unit), A(help), A(id));
}

#define INFO "SELECT id, owner_id, project_id, name, unit, help, kind, labels, created_at FROM series s"
err_t series_sql_get(struct op *op, i64 id, struct series_info *out, bool *found)
{
    return db_find(op, &series_info_desc, out, found, INFO " WHERE id = ?", A(id));
}

err_t series_sql_delete(struct op *op, i64 id)
{
    TRY(db_exec(op, "DELETE FROM series_rollups WHERE series_id = ?", A(id)));
    TRY(db_exec(op, "DELETE FROM series_blocks WHERE series_id = ?", A(id)));
    return db_exec(op, "DELETE FROM series WHERE id = ?", A(id));
}

err_t series_sql_find(struct op *op, const struct series_filter *f, series_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, INFO " WHERE s.id > ?", A(f->after));
    if (f->project_id) db_text_add(&t, " AND s.project_id = ?", A(f->project_id));
    if (!f->all)
        db_text_add(&t,
                    " AND ((s.project_id IS NULL AND s.owner_id = ?) OR s.project_id IN (SELECT m.project_id "
                    "FROM project_members m WHERE m.user_id = ?))",
                    A(f->user_id), A(f->user_id));
    if (f->name.p) db_text_add(&t, " AND s.name = ?", A(f->name));
    for (size_t i = 0; i < f->npairs; i++)
        db_text_add_sql(&t, SQL_PAIR(" AND instr(s.labels, ?) > 0", " AND strpos(s.labels, ?) > 0"),
                        DB_ARGS(A(f->pair[i])));
    db_text_add(&t, " ORDER BY s.id LIMIT ?", A(f->limit));
    return db_text_all(&t, &series_info_desc, out);
}

err_t series_sql_of_owner(struct op *op, i64 user_id, row_ids *out)
{
    return db_all(op, &row_id_desc, out,
                  "SELECT id FROM series WHERE owner_id = ? AND project_id IS NULL ORDER BY id", A(user_id));
}

/* The tail. */
err_t tail_sql_insert(struct op *op, str data, i64 *id)
{
    return db_i64(op, id, "INSERT INTO series_tail (data) VALUES (?) RETURNING id", A_BYTES(data));
}

err_t tail_sql_ids(struct op *op, row_ids *out)
{
    return db_all(op, &row_id_desc, out, "SELECT id FROM series_tail ORDER BY id");
}

err_t tail_sql_after(struct op *op, i64 id, i64 limit, tail_datas *out)
{
    return db_all(op, &tail_data_desc, out,
                  "SELECT id, data FROM series_tail WHERE id > ? ORDER BY id LIMIT ?", A(id), A(limit));
}

err_t tail_sql_one(struct op *op, i64 id, struct tail_data *out, bool *found)
{
    return db_find(op, &tail_data_desc, out, found, "SELECT id, data FROM series_tail WHERE id = ?", A(id));
}

static err_t delete_ids(struct op *op, struct sql sql, const i64 *ids, size_t n)
{
    struct db_arg *args = arena_alloc_raw(op->arena, n * sizeof *args);
    for (size_t i = 0; i < n; i++) args[i] = A(ids[i]);
    return db_many_sql(op, sql, args, n, 1);
}

err_t tail_sql_delete(struct op *op, const i64 *ids, size_t n)
{
    return delete_ids(op, SQL("DELETE FROM series_tail WHERE id = ?"), ids, n);
}

/* Blocks. A range begins with the block that covers its start, if there is one. */
#define STATS "id, series_id, t_first, t_last, count, numbers, min, max, sum, first, last, t_min, t_max"
#define IN_RANGE \
    " FROM series_blocks WHERE series_id = ? AND t_first < ? AND t_last >= ? AND t_first >= " \
    "coalesce((SELECT " \
    "max(b.t_first) FROM series_blocks b WHERE b.series_id = ? AND b.t_first <= ?), ?) AND t_first >= ?" \
    " AND (t_first, id) > (?, ?) ORDER BY t_first, id LIMIT ?"
#define RANGE_ARGS(r, p) \
    A((r).id), A((r).to), A((r).from), A((r).id), A((r).from), A((r).from), A((p)->t_first), \
        A((p)->t_first), A((p)->id), A((p)->limit)

err_t block_sql_range(struct op *op, struct series_range r, const struct block_after *p, block_rows *out)
{
    return db_all(op, &block_row_desc, out, "SELECT " STATS ", data" IN_RANGE, RANGE_ARGS(r, p));
}

err_t block_sql_buckets(struct op *op, struct series_range r, const struct block_buckets *b,
                        const struct block_after *p, block_rows *out)
{
    return db_all(
        op, &block_row_desc, out,
        "SELECT " STATS ", CASE WHEN t_first >= ? AND t_last < ? AND count = numbers AND (t_first - "
        "?) / ? = (t_last - ?) / ? AND (t_last < ? OR t_first > ?) THEN NULL ELSE data END AS data" IN_RANGE,
        A(r.from), A(b->end), A(b->origin), A(b->width), A(b->origin), A(b->width), A(b->tail_first),
        A(b->tail_last), RANGE_ARGS(r, p));
}

err_t block_sql_begin_in(struct op *op, struct series_range r, i64 limit, block_rows *out)
{
    return db_all(op, &block_row_desc, out,
                  "SELECT " STATS " FROM series_blocks WHERE series_id = ? AND t_first > ? AND t_first <= ? "
                  "ORDER BY t_first, id LIMIT ?",
                  A(r.id), A(r.from), A(r.to), A(limit));
}

err_t block_sql_before(struct op *op, i64 series_id, i64 t, i64 limit, block_rows *out)
{
    return db_all(op, &block_row_desc, out,
                  "SELECT " STATS " FROM series_blocks WHERE series_id = ? AND t_first <= ? ORDER BY t_first "
                  "DESC, id DESC LIMIT ?",
                  A(series_id), A(t), A(limit));
}

err_t block_sql_data(struct op *op, i64 id, str *data, bool *found)
{
    struct tail_data d = { 0 };
    TRY(db_find(op, &tail_data_desc, &d, found, "SELECT id, data FROM series_blocks WHERE id = ?", A(id)));
    *data = d.data;
    return OK;
}

err_t block_sql_last(struct op *op, i64 series_id, struct block_row *out, bool *found)
{
    return db_find(op, &block_row_desc, out, found,
                   "SELECT " STATS
                   ", data FROM series_blocks WHERE series_id = ? ORDER BY t_first DESC LIMIT 1",
                   A(series_id));
}

#define ENDS "b.series_id, s.kind, b.t_last, b.count, b.numbers, b.last FROM "
#define LAST_BLOCK(id) \
    " JOIN series s ON s.id = " id \
    " JOIN series_blocks b ON b.id = (SELECT x.id FROM series_blocks x WHERE " \
    "x.series_id = " id " ORDER BY x.t_first DESC LIMIT 1)"
err_t block_sql_ends(struct op *op, const i64 *ids, size_t n, block_ends *out)
{
    struct buf list = BUF(op->arena);
    for (size_t i = 0; i < n; i++) {
        buf_char(&list, i ? ',' : '[');
        buf_i64(&list, ids[i]);
    }
    buf_put(&list, n ? S("]") : S("[]"));
    return db_all_sql(
        op, &block_end_desc, out,
        SQL_PAIR("SELECT j.key AS at, " ENDS "json_each(?) j" LAST_BLOCK("j.value"),
                 "SELECT j.n - 1 AS at, " ENDS
                 "jsonb_array_elements_text(?) WITH ORDINALITY j(value, n)" LAST_BLOCK("j.value::bigint")),
        DB_ARGS(A(((json_raw){ buf_str(&list) }))));
}

err_t block_sql_old(struct op *op, i64 series_id, i64 before, i64 limit, block_rows *out)
{
    return db_all(op, &block_row_desc, out,
                  "SELECT " STATS
                  ", data FROM series_blocks WHERE series_id = ? AND t_first < ? AND t_last < ? "
                  "ORDER BY t_first LIMIT ?",
                  A(series_id), A(before), A(before), A(limit));
}

err_t block_sql_insert(struct op *op, const struct block_row *row, size_t n)
{
    enum { WIDTH = 13 };
    struct db_arg *args = arena_alloc_raw(op->arena, n * WIDTH * sizeof *args);
    for (size_t i = 0; i < n; i++) {
        const struct block_stats *s = &row[i].s;
        struct db_arg a[WIDTH] = { A(row[i].series_id), A(s->t_first), A(s->t_last), A(s->count),
                                   A(s->numbers),       A(s->min),     A(s->max),    A(s->sum),
                                   A(s->first),         A(s->last),    A(s->t_min),  A(s->t_max),
                                   A_BYTES(row[i].data) };
        memcpy(args + i * WIDTH, a, sizeof a);
    }
    return db_many(
        op,
        "INSERT INTO series_blocks (series_id, t_first, t_last, count, numbers, min, max, sum, first,"
        " last, t_min, t_max, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args, n, WIDTH);
}

err_t block_sql_delete(struct op *op, const i64 *ids, size_t n)
{
    return delete_ids(op, SQL("DELETE FROM series_blocks WHERE id = ?"), ids, n);
}

err_t state_sql_bump(struct op *op)
{
    return db_exec(op, "UPDATE series_state SET generation = generation + 1 WHERE id = ?", A((i64)1));
}

err_t state_sql_get(struct op *op, i64 *generation)
{
    return db_i64(op, generation, "SELECT generation FROM series_state WHERE id = ?", A((i64)1));
}

err_t state_sql_move(struct op *op, i64 generation, bool *moved)
{
    i64 changed;
    TRY(db_exec_n(op, &changed,
                  "UPDATE series_state SET generation = generation + 1 WHERE id = 1 AND generation = ?",
                  A(generation)));
    *moved = changed == 1;
    return OK;
}

err_t state_sql_lease(struct op *op, i64 now_us, i64 until, bool *mine)
{
    i64 changed;
    TRY(db_exec_n(op, &changed,
                  "UPDATE series_state SET merging_until = ? WHERE id = 1 AND merging_until < ?", A(until),
                  A(now_us)));
    *mine = changed == 1;
    return OK;
}

err_t state_sql_lease_end(struct op *op, i64 until)
{
    return db_exec(op, "UPDATE series_state SET merging_until = 0 WHERE id = 1 AND merging_until = ?",
                   A(until));
}

err_t sqlite_free_pages(struct op *op, i64 *n)
{
    return db_i64_sql(op, n, SQL("SELECT freelist_count FROM pragma_freelist_count"), NULL, 0);
}

err_t sqlite_page_size(struct op *op, i64 *bytes)
{
    return db_i64_sql(op, bytes, SQL("SELECT page_size FROM pragma_page_size"), NULL, 0);
}

err_t sqlite_vacuum(struct op *op)
{
    return db_exec_sql(op, NULL, SQL("PRAGMA incremental_vacuum(2048)"), NULL, 0);
}
