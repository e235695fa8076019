/* Contract tests run over every engine: CONTRACT(name) { ... } registers db_sqlite_name and db_postgres_name,
 * each with a fresh database behind op. A second operation on another thread
 * or after the first: OTHER_OP. */
#pragma once
#include "port/db/db.h"
#include "port/ports.h"
#include "tests/unit/test.h"

typedef void db_test_body(struct op *);
void db_test_sqlite(struct op *, db_test_body *);
void db_test_postgres(struct op *, db_test_body *); /* says loudly that it did not run without a server */
struct db *db_test_open(struct op *, str url);      /* sets op->ports; closed by db_test_close() */
void db_test_close(struct op *);

#define CONTRACT(name) \
    static void contract_##name(struct op *); \
    TEST(db_sqlite_##name) { db_test_sqlite(op, contract_##name); } \
    TEST(db_postgres_##name) { db_test_postgres(op, contract_##name); } \
    static void contract_##name(struct op *op)

/* Another operation on the same ports. */
struct other_op {
    struct arena a;
    struct op op;
};
static inline void other_op_init(struct other_op *o, const struct op *like)
{
    *o = (struct other_op){ 0 };
    o->op = (struct op){ .arena = &o->a, .ports = like->ports, .who = like->who, .id = { "other", 5 } };
}
static inline void other_op_done(struct other_op *o) { arena_free(&o->a); }
#define OTHER_OP(name, like) \
    AUTO(other_op) struct other_op name##_; \
    other_op_init(&name##_, (like)); \
    struct op *name = &name##_.op
