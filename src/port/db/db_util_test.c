#include "port/db/db_test_util.h"

struct db *db_test_open(struct op *op, str url)
{
    struct ports *ports = NEW(op->arena, struct ports);
    assert_ok(op, db_open(op, url, NULL, &ports->db));
    op->ports = ports;
    return ports->db;
}

void db_test_close(struct op *op)
{
    struct db *db = op->ports->db;
    assert_ok(op, db_flush(op));
    arena_reset(op->arena);
    op->work = NULL;
    op->ports = NULL;
    db_close(db);
}

static void run(struct op *op, str url, db_test_body *body)
{
    db_test_open(op, url);
    body(op);
    db_test_close(op);
}

void db_test_sqlite(struct op *op, db_test_body *body)
{
    run(op, arena_printf(op->arena, "sqlite:%s/test.db", test_dir()), body);
}

void db_test_postgres(struct op *op, db_test_body *body)
{
    const char *url = test_postgres_url();
    if (url) run(op, str_of(url), body);
}
