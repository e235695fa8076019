#include "feature/unit/unit_sql.h"

#define INSERT \
    "INSERT INTO spark_unit_telemetry (unit_id, telemetry_type, level, message, data, timestamp) VALUES " \
    "(?, ?, ?, ?, ?, ?)"
enum { WIDTH = 6 };

static void row_args(struct db_arg *a, const struct telemetry *t)
{
    a[0] = A(t->unit_id);
    a[1] = A(str_of(telemetry_types[t->telemetry_type]));
    a[2] = A(t->level ? str_of(telemetry_levels[t->level]) : (str){ 0 });
    a[3] = A(t->message);
    a[4] = A(t->data);
    a[5] = A(t->timestamp);
}

err_t telemetry_sql_insert(struct op *op, const struct telemetry *rows, size_t n)
{
    struct db_arg one[WIDTH];
    if (n == 1) {
        row_args(one, rows);
        return db_exec_sql(op, NULL, SQL(INSERT), one, WIDTH);
    }
    struct db_arg *args = arena_alloc_raw(op->arena, n * sizeof one);
    for (size_t i = 0; i < n; i++) row_args(args + i * WIDTH, &rows[i]);
    return db_many(op, INSERT, args, n, WIDTH);
}

/* Parts of a question, one literal each. */
static const struct sql at_least[] = {
    [LEVEL_DEBUG] = SQL(" AND t.level IS NOT NULL"),
    [LEVEL_INFO] = SQL(" AND t.level IN ('info', 'warn', 'error', 'fatal')"),
    [LEVEL_WARN] = SQL(" AND t.level IN ('warn', 'error', 'fatal')"),
    [LEVEL_ERROR] = SQL(" AND t.level IN ('error', 'fatal')"),
    [LEVEL_FATAL] = SQL(" AND t.level = 'fatal'"),
};
static_assert(LEN(at_least) == LEVEL_FATAL + 1, "a condition for each level");

/* The text as a pattern that finds it anywhere, its own signs taken literally. */
static str pattern(struct op *op, str q)
{
    struct buf b = BUF(op->arena);
    buf_char(&b, '%');
    for (size_t i = 0; i < q.n; i++) {
        if (q.p[i] == '%' || q.p[i] == '_' || q.p[i] == '\\') buf_char(&b, '\\');
        buf_char(&b, q.p[i]);
    }
    buf_char(&b, '%');
    return buf_str(&b);
}

/* SQLite folds the case of ASCII letters only; what else is written in capitals must be asked for in
 * capitals. */
static void add_text(struct db_text *t, str q)
{
    db_text_add_sql(t, SQL_PAIR(" AND t.message LIKE ? ESCAPE '\\'", " AND t.message ILIKE ? ESCAPE '\\'"),
                    DB_ARGS(A(pattern(t->op, q))));
}

err_t telemetry_sql_list(struct op *op, const struct telemetry_filter *f, telemetry_list *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t,
                "SELECT t.id, t.unit_id, t.telemetry_type, t.level, t.message, t.data, t.timestamp FROM "
                "spark_unit_telemetry t"
                " WHERE t.unit_id = ?",
                A(f->unit_id));
    if (f->type) db_text_add(&t, " AND t.telemetry_type = ?", A(str_of(telemetry_types[f->type - 1])));
    if (f->level) db_text_add_sql(&t, at_least[f->level], NULL, 0);
    if (f->from.us) db_text_add(&t, " AND t.timestamp >= ?", A(f->from));
    if (f->to.us) db_text_add(&t, " AND t.timestamp < ?", A(f->to));
    if (f->q.p) add_text(&t, f->q);
    if (f->at.us && f->oldest_first) db_text_add(&t, " AND (t.timestamp, t.id) > (?, ?)", A(f->at), A(f->id));
    if (f->at.us && !f->oldest_first)
        db_text_add(&t, " AND (t.timestamp, t.id) < (?, ?)", A(f->at), A(f->id));
    if (f->oldest_first) db_text_add(&t, " ORDER BY t.timestamp, t.id LIMIT ?", A(f->limit));
    else db_text_add(&t, " ORDER BY t.timestamp DESC, t.id DESC LIMIT ?", A(f->limit));
    return db_text_all(&t, &telemetry_row_desc, out);
}

err_t telemetry_sql_delete_of(struct op *op, uuid unit_id, i64 most, i64 *deleted)
{
    return db_exec_n(op, deleted,
                     "DELETE FROM spark_unit_telemetry WHERE id IN (SELECT id FROM spark_unit_telemetry "
                     "WHERE unit_id = ? LIMIT ?)",
                     A(unit_id), A(most));
}

err_t telemetry_sql_delete_before(struct op *op, time_us before, i64 most, i64 *deleted)
{
    return db_exec_n(op, deleted,
                     "DELETE FROM spark_unit_telemetry WHERE id IN (SELECT id FROM spark_unit_telemetry "
                     "WHERE timestamp < ?"
                     " ORDER BY timestamp LIMIT ?)",
                     A(before), A(most));
}
