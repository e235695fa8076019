/* What db.h promises, over every engine. */
#include "base/json.h"
#include "port/db/db_test_util.h"
#include "port/db/migrate.h"
#include <math.h>
#include <pthread.h>

static const char *const colours[] = { "", "red", "green", NULL };
struct row {
    i64 id;
    str name;
    int small;
    bool yes;
    double ratio;
    time_us at;
    uuid key;
    json_raw data;
    int colour, number_colour;
    str bytes;
    i64 other_id;
    LIST(str) tags;
};
#define D struct row
static const struct field row_fields[] = {
    { F(id) },
    { F(name), .max = 100000 },
    { F(small) },
    { F(yes) },
    { F(ratio) },
    { F(at) },
    { F(key) },
    { F(data), .max = 100000 },
    { F_ENUM(colour, colours) },
    { F_ENUM(number_colour, colours) },
    { F(bytes), .max = 10000000 },
    { F(other_id) },
    { F_LIST_OF(tags, &field_str_elem), .max = 10 },
};
#undef D
static DESC(row);

static const struct migration tables[] = {
    { "test", 1, "0001_rows.sql",
      S("-- up\n"
        "CREATE TABLE other (id @ID, name TEXT NOT NULL UNIQUE);\n"
        "CREATE TABLE rows (\n"
        "    id @ID,\n"
        "    name @TEXT, -- a comment; with a semicolon and a 'quote\n"
        "    small @INT, yes @BOOL, ratio @DOUBLE, at @TIME, key @UUID, data @JSON,\n"
        "    colour TEXT CHECK (colour IN ('red', 'green')), number_colour @INT,\n"
        "    bytes @BYTES, tags @JSON,\n"
        "    other_id BIGINT REFERENCES other (id),\n"
        "    place @INT NOT NULL DEFAULT 0,\n"
        "    UNIQUE (name, small));\n"
        "-- down\n"
        "DROP TABLE rows;\nDROP TABLE other;\n") },
};

static void make_tables(struct op *op)
{
    i64 n;
    assert_ok(op, migrate_up(op, tables, LEN(tables), &n));
    assert_int_equal(n, LEN(tables));
}

static i64 count(struct op *op)
{
    i64 n = -1;
    assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM rows"));
    return n;
}

static err_t add(struct op *op, const char *name)
{
    return db_exec(op, "INSERT INTO rows (name, small) VALUES (?, ?)", A(str_of(name)), A(1));
}

CONTRACT(stores_every_type)
{
    make_tables(op);
    uuid key = uuid_new();
    time_us at = { 1795190400123456 };
    struct row r;
    assert_ok(
        op,
        db_one(op, &row_desc, &r,
               "INSERT INTO rows (name, small, yes, ratio, at, key, data, colour, number_colour, bytes, tags)"
               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
               A(S("Ёжик \xf0\x9f\xa6\x94 o'clock ? $1")), A(-7), A((bool)true), A(0.1), A(at), A(key),
               A(((json_raw){ S("{\"a\":[1,2,\"\xd0\x9f\"]}") })), A(S("green")), A(2),
               A_BYTES(((str){ "\0\1\xff", 3 })), A(((json_raw){ S("[\"x\",\"y\"]") }))));
    assert_int_equal(r.id, 1);
    assert_str(r.name, S("Ёжик \xf0\x9f\xa6\x94 o'clock ? $1"));
    assert_int_equal(r.small, -7);
    assert_true(r.yes);
    assert_true(r.ratio == 0.1);
    assert_int_equal(r.at.us, at.us);
    assert_true(uuid_eq(r.key, key));
    str got, want;
    assert_true(json_canonical(op->arena, r.data.s, &got));
    assert_true(json_canonical(op->arena, S("{\"a\":[1,2,\"\xd0\x9f\"]}"), &want));
    assert_str(got, want);
    assert_int_equal(r.colour, 2);
    assert_int_equal(r.number_colour, 2);
    assert_str(r.bytes, ((str){ "\0\1\xff", 3 }));
    assert_int_equal(r.tags.n, 2);
    assert_str(r.tags.item[1], S("y"));
    struct row again;
    assert_ok(op, db_flush(op));
    assert_ok(op,
              db_one(op, &row_desc, &again,
                     "SELECT * FROM rows WHERE key = ? AND at = ? AND yes = ? AND ratio = ? AND bytes = ?",
                     A(key), A(at), A((bool)true), A(0.1), A_BYTES(((str){ "\0\1\xff", 3 }))));
    assert_int_equal(again.id, r.id);
}

CONTRACT(stores_absence)
{
    make_tables(op);
    struct row r;
    memset(&r, 0xee, sizeof r);
    assert_ok(
        op,
        db_one(op, &row_desc, &r,
               "INSERT INTO rows (name, at, key, data, bytes, other_id, ratio) VALUES (?, ?, ?, ?, ?, ?, ?)"
               " RETURNING *",
               A((str){ 0 }), A((time_us){ 0 }), A((uuid){ 0 }), A((json_raw){ 0 }), A_BYTES((str){ 0 }),
               A_NULL0(0), A((double)NAN)));
    assert_null(r.name.p);
    assert_null(r.data.s.p);
    assert_null(r.bytes.p);
    assert_int_equal(r.at.us, 0);
    assert_true(uuid_is_nil(r.key));
    assert_true(r.small == 0 && !r.yes && r.ratio == 0 && r.other_id == 0 && r.colour == 0 && !r.tags.n);
    i64 nulls;
    assert_ok(
        op,
        db_i64(op, &nulls,
               "SELECT count(*) FROM rows WHERE name IS NULL AND at IS NULL AND key IS NULL AND data IS NULL"
               " AND bytes IS NULL AND other_id IS NULL AND ratio IS NULL"));
    assert_int_equal(nulls, 1);
    assert_ok(op, db_exec(op, "UPDATE rows SET name = ?, bytes = ?", A(S("")), A_BYTES(S(""))));
    assert_ok(op, db_one(op, &row_desc, &r, "SELECT name, bytes FROM rows"));
    assert_non_null(r.name.p);
    assert_non_null(r.bytes.p);
    assert_int_equal(r.name.n + r.bytes.n, 0);
}

CONTRACT(stores_extremes)
{
    make_tables(op);
    static const i64 ids[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
    static const double ratios[] = { 0.0, -1.5, 5e-324, 1.7976931348623157e308, -1.0 / 3 };
    for (size_t i = 0; i < LEN(ids); i++) {
        struct row r;
        time_us at = { i ? (i64)i * -1000000000000 : 253402300799999999 };
        assert_ok(op,
                  db_one(op, &row_desc, &r, "INSERT INTO rows (id, ratio, at) VALUES (?, ?, ?) RETURNING *",
                         A(ids[i]), A(ratios[i]), A(at)));
        assert_int_equal(r.id, ids[i]);
        assert_memory_equal(&r.ratio, &ratios[i], sizeof r.ratio);
        assert_int_equal(r.at.us, at.us);
    }
}

CONTRACT(stores_a_megabyte)
{
    make_tables(op);
    char *p = arena_alloc(op->arena, (size_t)MIB(1));
    rand_bytes(p, (size_t)MIB(1));
    struct row r;
    assert_ok(op, db_exec(op, "INSERT INTO rows (bytes) VALUES (?)", A_BYTES(((str){ p, (size_t)MIB(1) }))));
    assert_ok(op, db_flush(op));
    assert_ok(op, db_one(op, &row_desc, &r, "SELECT bytes FROM rows"));
    assert_str(r.bytes, ((str){ p, (size_t)MIB(1) }));
}

CONTRACT(lists_and_counts)
{
    make_tables(op);
    struct db_arg rows[2000 * 2];
    for (size_t i = 0; i < LEN(rows); i += 2) {
        rows[i] = A(arena_printf(op->arena, "n%05zu", i / 2));
        rows[i + 1] = A((i64)(i / 2));
    }
    assert_ok(op, db_many(op, "INSERT INTO rows (name, small) VALUES (?, ?)", rows, 2000, 2));
    LIST(struct row) list = { .n = 77 };
    assert_ok(op, db_all(op, &row_desc, &list, "SELECT * FROM rows ORDER BY name"));
    assert_int_equal(list.n, 2000);
    for (size_t i = 0; i < list.n; i++) assert_int_equal(list.item[i].small, i);
    assert_ok(op, db_all(op, &row_desc, &list, "SELECT * FROM rows WHERE small < ?", A(0)));
    assert_int_equal(list.n, 0);
    i64 n;
    assert_ok(op, db_i64(op, &n, "SELECT sum(small) FROM rows"));
    assert_int_equal(n, 1999000);
    assert_ok(op, db_i64(op, &n, "SELECT sum(id) FROM rows WHERE id < ?", A(4)));
    assert_int_equal(n, 6);
    assert_ok(op, db_i64(op, &n, "SELECT max(small) FROM rows WHERE small < ?", A(0)));
    assert_int_equal(n, 0);
    assert_ok(op, db_exec_n(op, &n, "DELETE FROM rows WHERE small >= ?", A(500)));
    assert_int_equal(n, 1500);
    struct row r;
    bool found = true;
    assert_ok(op, db_find(op, &row_desc, &r, &found, "SELECT * FROM rows WHERE small = ?", A(1700)));
    assert_false(found);
    assert_err(op, ERR_NOT_FOUND, db_one(op, &row_desc, &r, "SELECT * FROM rows WHERE small = ?", A(1700)));
    assert_err(op, ERR_NOT_FOUND, db_i64(op, &n, "SELECT small FROM rows WHERE small = ?", A(1700)));
}

static err_t sum_each(struct op *op, void *ctx, void *record)
{
    const struct row *r = record;
    if (r->small == 1000) return op_fail(op, ERR_LIMIT, HERE, (str){ 0 }, "enough");
    i64 n; /* a second statement while the first is running */
    TRY(db_i64(op, &n, "SELECT small FROM rows WHERE small = ?", A(r->small)));
    *(i64 *)ctx += n;
    return OK;
}

CONTRACT(walks_large_results)
{
    make_tables(op);
    assert_ok(op, db_exec(op, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
                              " INSERT INTO rows (small) SELECT i FROM n"));
    for (int in_tx = 0; in_tx < 2; in_tx++) {
        AUTO(db_tx) struct db_tx tx = { 0 };
        if (in_tx) assert_ok(op, db_begin(op, &tx));
        i64 sum = 0;
        assert_ok(op, db_each(op, &row_desc, sum_each, &sum, "SELECT * FROM rows ORDER BY small"));
        assert_int_equal(sum, 999 * 1000 / 2);
        if (in_tx) assert_ok(op, db_commit(&tx));
    }
    assert_ok(op, db_exec(op, "INSERT INTO rows (small) VALUES (1000), (1001)"));
    i64 sum = 0;
    assert_err(
        op, ERR_LIMIT,
        db_each(op, &row_desc, sum_each, &sum, "SELECT * FROM rows WHERE small > ? ORDER BY small", A(990)));
    assert_int_equal(sum, 991 * 9 + 36);
    assert_int_equal(count(op), 1001);
}

CONTRACT(composes_statements)
{
    make_tables(op);
    for (int i = 0; i < 50; i++)
        assert_ok(op, db_exec(op, "INSERT INTO rows (name, small) VALUES (?, ?)",
                              A(i % 2 ? S("odd") : S("even")), A(i)));
    for (int with = 0; with < 4; with++) {
        struct db_text t = db_text_new(op);
        db_text_add(&t, "SELECT * FROM rows WHERE small >= ?", A(10));
        if (with & 1) db_text_add(&t, " AND name = ?", A(S("odd")));
        if (with & 2) db_text_add(&t, " AND small < ?", A(20));
        db_text_add(&t, " ORDER BY small DESC LIMIT ?", A(100));
        LIST(struct row) list;
        assert_ok(op, db_text_all(&t, &row_desc, &list));
        assert_int_equal(list.n, (with & 2 ? 10 : 40) / (with & 1 ? 2 : 1));
    }
    struct db_text t = db_text_new(op);
    db_text_add(&t, "UPDATE rows SET ratio = ?", A(1.5));
    db_text_add(&t, " WHERE small < ?", A(3));
    i64 n;
    assert_ok(op, db_text_exec(&t, &n));
    assert_int_equal(n, 3);
    t = db_text_new(op);
    db_text_add(&t, "SELECT count(*) FROM rows WHERE ratio = ?", A(1.5));
    assert_ok(op, db_text_i64(&t, &n));
    assert_int_equal(n, 3);
}

CONTRACT(names_the_columns_of_a_conflict)
{
    make_tables(op);
    assert_ok(op, add(op, "a"));
    assert_int_equal(add(op, "a"), ERR_CONFLICT);
    assert_str(op->err.field, S("name,small"));
    assert_null(strstr(str_z(op->arena, op->err.msg), "rows"));
    op_clear(op);
    assert_ok(op, db_exec(op, "INSERT INTO other (name) VALUES (?)", A(S("x"))));
    assert_int_equal(db_exec(op, "INSERT INTO other (name) VALUES (?)", A(S("x"))), ERR_CONFLICT);
    assert_str(op->err.field, S("name"));
    op_clear(op);
    assert_err(op, ERR_CONFLICT, db_exec(op, "INSERT INTO rows (other_id) VALUES (?)", A(99)));
    assert_ok(op, db_exec(op, "INSERT INTO rows (other_id) SELECT id FROM other"));
    assert_err(op, ERR_CONFLICT, db_exec(op, "DELETE FROM other"));
    assert_int_equal(db_exec(op, "INSERT INTO rows (place) VALUES (?)", A_NULL0(0)), ERR_INVALID);
    assert_str(op->err.field, S("place"));
    op_clear(op);
    assert_err(op, ERR_INVALID, db_exec(op, "INSERT INTO rows (colour) VALUES (?)", A(S("blue"))));
    assert_err(op, ERR_INTERNAL, db_exec(op, "SELECT nothing FROM nowhere"));
    assert_int_equal(db_exec(op, "INSERT INTO nowhere VALUES (1)"), ERR_INTERNAL);
    assert_null(strstr(str_z(op->arena, op->err.msg), "nowhere"));
    op_clear(op);
    i64 changed;
    assert_ok(op,
              db_exec_n(op, &changed,
                        "INSERT INTO rows (name, small) VALUES (?, ?) ON CONFLICT (name, small) DO NOTHING",
                        A(S("a")), A(1)));
    assert_int_equal(changed, 0);
    assert_int_equal(count(op), 2);
}

static err_t add_two(struct op *op, bool second_fails)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(add(op, "one"));
    TRY(add(op, second_fails ? "one" : "two"));
    return db_commit(&tx);
}

CONTRACT(rolls_back_what_leaves_its_scope)
{
    make_tables(op);
    assert_int_equal(add_two(op, true), ERR_CONFLICT);
    assert_str(op->err.field, S("name,small"));
    op_clear(op);
    assert_int_equal(count(op), 0);
    assert_ok(op, add_two(op, false));
    assert_int_equal(count(op), 2);
}

CONTRACT(nests_transactions)
{
    make_tables(op);
    {
        AUTO(db_tx) struct db_tx outer = { 0 };
        assert_ok(op, db_begin(op, &outer));
        assert_ok(op, add(op, "outer"));
        assert_err(op, ERR_CONFLICT, add_two(op, true));
        assert_int_equal(count(op), 1);
        assert_ok(op, add_two(op, false));
        {
            AUTO(db_tx) struct db_tx inner = { 0 };
            assert_ok(op, db_begin(op, &inner));
            assert_ok(op, add(op, "inner"));
            assert_int_equal(count(op), 4);
        }
        assert_int_equal(count(op), 3);
        assert_ok(op, db_commit(&outer));
    }
    assert_int_equal(count(op), 3);
    {
        AUTO(db_tx) struct db_tx outer = { 0 };
        assert_ok(op, db_begin(op, &outer));
        AUTO(db_tx) struct db_tx inner = { 0 };
        assert_ok(op, db_begin(op, &inner));
        assert_ok(op, add(op, "inner"));
        assert_ok(op, db_commit(&inner));
    }
    assert_int_equal(count(op), 3);
}

CONTRACT(dooms_a_transaction_whose_statement_failed)
{
    make_tables(op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    assert_ok(op, db_begin(op, &tx));
    assert_ok(op, add(op, "a"));
    assert_err(op, ERR_CONFLICT, add(op, "a"));
    assert_err(op, ERR_INTERNAL, add(op, "b"));
    assert_err(op, ERR_INTERNAL, db_commit(&tx));
    db_tx_done(&tx);
    assert_int_equal(count(op), 0);
    assert_ok(op, add(op, "b"));
    assert_int_equal(count(op), 1);
}

static void count_call(void *arg) { ++*(int *)arg; }

CONTRACT(calls_after_commit_hooks)
{
    make_tables(op);
    int kept = 0, lost = 0;
    {
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(op, db_begin(op, &tx));
        assert_ok(op, add(op, "a"));
        db_after_commit(op, count_call, &kept);
        {
            AUTO(db_tx) struct db_tx inner = { 0 };
            assert_ok(op, db_begin(op, &inner));
            db_after_commit(op, count_call, &lost);
        }
        {
            AUTO(db_tx) struct db_tx inner = { 0 };
            assert_ok(op, db_begin(op, &inner));
            db_after_commit(op, count_call, &kept);
            assert_ok(op, db_commit(&inner));
        }
        assert_int_equal(kept, 0);
        assert_ok(op, db_commit(&tx));
    }
    assert_ok(op, db_flush(op));
    assert_int_equal(kept, 2);
    {
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(op, db_begin(op, &tx));
        db_after_commit(op, count_call, &lost);
    }
    assert_ok(op, db_flush(op));
    assert_int_equal(lost, 0);
    db_after_commit(op, count_call, &kept);
    assert_int_equal(kept, 3);
}

static err_t record_note(struct op *op)
{
    const str *note = (const void *)op->note;
    if (note->n) return add(op, note->p);
    return op_fail(op, ERR_FORBIDDEN, HERE, (str){ 0 }, "no");
}

CONTRACT(runs_the_hook_in_every_noted_transaction)
{
    make_tables(op);
    db_set_hook(op->ports->db, record_note);
    str note = S("note 1");
    op->note = (const void *)&note;
    assert_ok(op, add_two(op, false)); /* with a nested one it is still once */
    assert_int_equal(count(op), 3);
    note = S("note 2");
    assert_ok(op, add(op, "single")); /* a lone statement is a transaction too */
    assert_int_equal(count(op), 5);
    note = S("");
    assert_err(op, ERR_FORBIDDEN, add(op, "never")); /* the hook may refuse */
    assert_int_equal(count(op), 5);
    op->note = NULL;
    assert_ok(op, add(op, "without"));
    assert_int_equal(count(op), 6);
}

CONTRACT(reads_its_own_writes)
{
    make_tables(op);
    for (int i = 0; i < 200; i++) {
        OTHER_OP(mine, op);
        assert_ok(mine, db_exec(mine, "INSERT INTO rows (small) VALUES (?)", A(i)));
        i64 n;
        assert_ok(mine, db_i64(mine, &n, "SELECT count(*) FROM rows WHERE small = ?", A(i)));
        assert_int_equal(n, 1);
        if (i % 3 == 0) assert_ok(mine, db_flush(mine));
        if (i % 3 == 0) {
            OTHER_OP(reader, op); /* what is durable is seen by everybody */
            assert_ok(reader, db_i64(reader, &n, "SELECT count(*) FROM rows WHERE small = ?", A(i)));
            assert_int_equal(n, 1);
        }
    }
}

struct crowd {
    const struct op *like;
    int from;
};

static void *crowd_member(void *arg)
{
    const struct crowd *c = arg;
    for (int i = 0; i < 25; i++) {
        OTHER_OP(op, c->like);
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(op, db_begin(op, &tx));
        assert_ok(op, db_lock(op, 7));
        i64 n;
        assert_ok(op, db_i64(op, &n, "SELECT coalesce(max(small), 0) + 1 FROM rows"));
        assert_ok(op, db_exec(op, "INSERT INTO rows (name, small) VALUES (?, ?)", A(S("crowd")), A(n)));
        assert_ok(op, db_commit(&tx));
        assert_ok(op, db_flush(op));
    }
    return NULL;
}

CONTRACT(serves_32_threads)
{
    make_tables(op);
    pthread_t thread[32];
    struct crowd c[LEN(thread)];
    for (size_t i = 0; i < LEN(thread); i++) {
        c[i] = (struct crowd){ op, (int)i };
        assert_int_equal(pthread_create(&thread[i], NULL, crowd_member, &c[i]), 0);
    }
    for (size_t i = 0; i < LEN(thread); i++) pthread_join(thread[i], NULL);
    i64 n;
    assert_int_equal(count(op), 32 * 25);
    assert_ok(op, db_i64(op, &n, "SELECT max(small) FROM rows"));
    assert_int_equal(n, 32 * 25); /* nobody read what another was about to change */
}

CONTRACT(limits_results)
{
    make_tables(op);
    assert_ok(op, db_exec(op, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
                              " INSERT INTO rows (small) SELECT i FROM n"));
    assert_ok(op, db_flush(op));
    OTHER_OP(small, op);
    small->arena->limit = (size_t)KIB(100);
    LIST(struct row) list;
    assert_err(small, ERR_LIMIT, db_all(small, &row_desc, &list, "SELECT * FROM rows"));
}

/* A command's operation outlives its database. */
CONTRACT(leave_then_close)
{
    OTHER_OP(o, op);
    struct ports ports = { 0 };
    i64 one;
    const char *url = test_postgres_url();
    bool pg = db_engine(op->ports->db) == DB_POSTGRES;
    str where = pg ? str_of(url) : arena_printf(op->arena, "sqlite:%s/other.db", test_dir());
    assert_ok(o, db_open(o, where, NULL, &ports.db));
    o->ports = &ports;
    assert_ok(o, db_i64(o, &one, "SELECT 1"));
    db_leave(o);
    db_close(ports.db);
}
