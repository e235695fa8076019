#include "feature/log/log_sql.h"

static const char *const kinds[] = { "log", "metric", "event", "error", NULL };
static const char *const levels[] = { "", "debug", "info", "warn", "error", "fatal", NULL };

#define D struct log_line
static const struct field log_line_fields[] = {
    { F(seq), .flags = READONLY, .doc = "Number within its stream, rising." },
    { F(at), .flags = READONLY, .doc = "When it happened." },
    { F_ENUM(kind, kinds), .flags = READONLY, .doc = "What it is." },
    { F_ENUM(level, levels), .flags = READONLY | NULLABLE, .doc = "Severity." },
    { F(text), .flags = READONLY | NULLABLE, .doc = "Text." },
    { F(data), .flags = READONLY | NULLABLE, .doc = "Structured data." },
};
#undef D
DESC(log_line);

#define D struct log_meta
static const struct field log_meta_fields[] = {
    { F(id), .flags = INTERNAL },       { F(first_at), .flags = INTERNAL }, { F(last_at), .flags = INTERNAL },
    { F(last_seq), .flags = INTERNAL }, { F(lines), .flags = INTERNAL },    { F(kinds), .flags = INTERNAL },
    { F(level), .flags = INTERNAL },    { F(filter), .flags = INTERNAL },
};
#undef D
static DESC(log_meta);

#define D struct log_body
static const struct field log_body_fields[] = {
    { F(block_id), .flags = INTERNAL },
    { F(text), .flags = INTERNAL },
    { F(rest), .flags = INTERNAL },
};
#undef D
static DESC(log_body);

#define D struct log_ripe
static const struct field log_ripe_fields[] = {
    { F(stream_id), .flags = INTERNAL },
    { F(lines), .flags = INTERNAL },
};
#undef D
static DESC(log_ripe);

/* ---- streams ---- */

err_t log_sql_stream(struct op *op, str name, i64 *id)
{
    return db_i64(op, id, "SELECT coalesce(max(id), 0) FROM log_streams WHERE name = ?", A(name));
}

err_t log_sql_stream_make(struct op *op, str name, i64 *id)
{
    TRY(log_sql_stream(op, name, id));
    if (*id) return OK;
    TRY(db_exec(op, "INSERT INTO log_streams (name) VALUES (?) ON CONFLICT (name) DO NOTHING", A(name)));
    return log_sql_stream(op, name, id);
}

err_t log_sql_stream_drop(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM log_streams WHERE id = ?", A(id));
}

/* ---- rows ---- */

#define INSERT "INSERT INTO log_lines (stream_id, at, kind, level, text, data) VALUES (?, ?, ?, ?, ?, ?)"
enum { WIDTH = 6 };

static void row_args(struct db_arg *a, i64 stream_id, const struct log_line *l)
{
    a[0] = A(stream_id);
    a[1] = A(l->at);
    a[2] = A(l->kind);
    a[3] = A(l->level);
    a[4] = A(l->text);
    a[5] = A(l->data);
}

err_t log_sql_insert(struct op *op, i64 stream_id, const struct log_line *line, size_t n)
{
    struct db_arg one[WIDTH];
    if (n == 1) {
        row_args(one, stream_id, line);
        return db_exec_sql(op, NULL, SQL(INSERT), one, WIDTH);
    }
    struct db_arg *args = arena_alloc_raw(op->arena, n * sizeof one);
    for (size_t i = 0; i < n; i++) row_args(args + i * WIDTH, stream_id, &line[i]);
    return db_many(op, INSERT, args, n, WIDTH);
}

err_t log_sql_insert_one(struct op *op, i64 stream_id, const struct log_line *line, i64 *seq)
{
    struct db_arg one[WIDTH];
    row_args(one, stream_id, line);
    return db_i64_sql(op, seq, SQL(INSERT " RETURNING id"), one, WIDTH);
}

#define COLUMNS "SELECT id AS seq, at, kind, level, text, data FROM log_lines WHERE stream_id = ?"

err_t log_sql_rows(struct op *op, i64 stream_id, const struct log_query *q, log_lines *out)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t, COLUMNS, A(stream_id));
    if (q->from.us) db_text_add(&t, " AND at >= ?", A(q->from));
    if (q->to.us) db_text_add(&t, " AND at < ?", A(q->to));
    if (q->level) db_text_add(&t, " AND level >= ?", A(q->level));
    if (q->kinds) db_text_add(&t, " AND (1 << kind & ?) <> 0", A((int)q->kinds));
    if (q->after_at.us && q->oldest_first)
        db_text_add(&t, " AND (at, id) > (?, ?)", A(q->after_at), A(q->after_seq));
    if (q->after_at.us && !q->oldest_first)
        db_text_add(&t, " AND (at, id) < (?, ?)", A(q->after_at), A(q->after_seq));
    if (q->oldest_first) db_text_add(&t, " ORDER BY at, id LIMIT ?", A(q->limit));
    else db_text_add(&t, " ORDER BY at DESC, id DESC LIMIT ?", A(q->limit));
    return db_text_all(&t, &log_line_desc, out);
}

/* ---- blocks ---- */

#define METAS "SELECT id, first_at, last_at, last_seq, lines, kinds, level"
#define OF    " FROM log_blocks WHERE stream_id = ?"

err_t log_sql_blocks(struct op *op, i64 stream_id, const struct log_query *q, const struct log_meta *after,
                     i64 limit, log_metas *out)
{
    struct db_text t = db_text_new(op);
    if (q->text.n) db_text_add(&t, METAS ", filter" OF, A(stream_id));
    else db_text_add(&t, METAS OF, A(stream_id));
    if (q->from.us) db_text_add(&t, " AND last_at >= ?", A(q->from));
    if (q->to.us) db_text_add(&t, " AND first_at < ?", A(q->to));
    if (q->level) db_text_add(&t, " AND level >= ?", A(q->level));
    if (q->kinds) db_text_add(&t, " AND (kinds & ?) <> 0", A((int)q->kinds));
    if (q->after_at.us && q->oldest_first) db_text_add(&t, " AND last_at >= ?", A(q->after_at));
    if (q->after_at.us && !q->oldest_first) db_text_add(&t, " AND first_at <= ?", A(q->after_at));
    if (after && q->oldest_first)
        db_text_add(&t, " AND (first_at, id) > (?, ?)", A(after->first_at), A(after->id));
    if (after && !q->oldest_first)
        db_text_add(&t, " AND (last_at, id) < (?, ?)", A(after->last_at), A(after->id));
    if (q->oldest_first) db_text_add(&t, " ORDER BY first_at, id LIMIT ?", A(limit));
    else db_text_add(&t, " ORDER BY last_at DESC, id DESC LIMIT ?", A(limit));
    return db_text_all(&t, &log_meta_desc, out);
}

err_t log_sql_texts(struct op *op, const i64 *id, size_t n, log_bodies *out)
{
    struct buf list = BUF(op->arena);
    buf_char(&list, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_char(&list, ',');
        buf_i64(&list, id[i]);
    }
    buf_char(&list, ']');
    return db_all_sql(
        op, &log_body_desc, out,
        SQL_PAIR("SELECT block_id, text FROM log_bodies WHERE block_id IN (SELECT value FROM json_each(?))",
                 "SELECT block_id, text FROM log_bodies WHERE block_id IN (SELECT value::bigint FROM "
                 "jsonb_array_elements_text(?))"),
        DB_ARGS(A(((json_raw){ buf_str(&list) }))));
}

err_t log_sql_rest(struct op *op, i64 block_id, struct log_body *out, bool *found)
{
    return db_find(op, &log_body_desc, out, found, "SELECT block_id, rest FROM log_bodies WHERE block_id = ?",
                   A(block_id));
}

/* ---- sealing ---- */

err_t log_sql_ripe(struct op *op, i64 least, log_ripes *out)
{
    return db_all(
        op, &log_ripe_desc, out,
        "SELECT stream_id, count(*) AS lines FROM log_lines GROUP BY stream_id HAVING count(*) >= ?",
        A(least));
}

err_t log_sql_oldest(struct op *op, i64 stream_id, const struct log_line *after, i64 limit, log_lines *out)
{
    if (!after)
        return db_all(op, &log_line_desc, out, COLUMNS " ORDER BY at, id LIMIT ?", A(stream_id), A(limit));
    return db_all(op, &log_line_desc, out, COLUMNS " AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?",
                  A(stream_id), A(after->at), A(after->seq), A(limit));
}

err_t log_sql_seal(struct op *op, i64 stream_id, const struct log_line *first, const struct log_line *last,
                   i64 n, const struct log_packed *p, bool *sealed)
{
    i64 id, gone;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(db_i64(op, &id,
               "INSERT INTO log_blocks (stream_id, first_at, last_at, last_seq, lines, kinds, level, filter) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
               A(stream_id), A(first->at), A(last->at), A(last->seq), A(n), A((int)p->kinds), A(p->level),
               A_BYTES(p->filter)));
    TRY(db_exec(op, "INSERT INTO log_bodies (block_id, text, rest) VALUES (?, ?, ?)", A(id), A_BYTES(p->text),
                A_BYTES(p->rest)));
    TRY(db_exec_n(op, &gone, "DELETE FROM log_lines WHERE stream_id = ? AND (at, id) <= (?, ?)", A(stream_id),
                  A(last->at), A(last->seq)));
    *sealed = gone == n;
    return *sealed ? db_commit(&tx) : OK; /* else rolled back */
}

/* ---- removing ---- */

err_t log_sql_drop_rows(struct op *op, i64 stream_id, i64 most, i64 *n)
{
    return db_exec_n(
        op, n, "DELETE FROM log_lines WHERE id IN (SELECT id FROM log_lines WHERE stream_id = ? LIMIT ?)",
        A(stream_id), A(most));
}

err_t log_sql_drop_blocks(struct op *op, i64 stream_id, i64 most, i64 *n)
{
    return db_exec_n(
        op, n, "DELETE FROM log_blocks WHERE id IN (SELECT id FROM log_blocks WHERE stream_id = ? LIMIT ?)",
        A(stream_id), A(most));
}

err_t log_sql_drop_rows_before(struct op *op, time_us before, i64 most, i64 *n)
{
    return db_exec_n(op, n,
                     "DELETE FROM log_lines WHERE id IN (SELECT l.id FROM log_streams s JOIN log_lines l ON "
                     "l.stream_id = s.id AND l.at < ? LIMIT ?)",
                     A(before), A(most));
}

err_t log_sql_drop_blocks_before(struct op *op, time_us before, i64 most, i64 *n)
{
    return db_exec_n(
        op, n, "DELETE FROM log_blocks WHERE id IN (SELECT id FROM log_blocks WHERE last_at < ? LIMIT ?)",
        A(before), A(most));
}
