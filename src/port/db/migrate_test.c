#include "port/db/db_test_util.h"
#include "port/db/migrate.h"
#include <sys/wait.h>
#include <unistd.h>

#define MIGRATION(feature_, number_, text_) \
    { \
        feature_, number_, #number_ ".sql", S(text_) \
    }
static const struct migration two[] = {
    MIGRATION(
        "fruit", 1,
        "-- up\nCREATE TABLE fruit (id @ID, name @TEXT NOT NULL UNIQUE, at @TIME, ripe @BOOL NOT NULL "
        "DEFAULT TRUE);\n"
        "/* a comment; with ' */ INSERT INTO fruit (name) VALUES ('a;pple -- not a comment'), ('it''s');\n"
        "-- down\nDROP TABLE fruit;\n"),
    MIGRATION(
        "fruit", 2,
        "-- up\nALTER TABLE fruit ADD COLUMN weight @DOUBLE;\n"
        "CREATE TABLE log (n BIGINT NOT NULL);\n"
        "-- sqlite:CREATE TRIGGER fruit_log AFTER INSERT ON fruit BEGIN\n"
        "-- sqlite:  INSERT INTO log (n) VALUES (1); INSERT INTO log (n) VALUES (2);\n"
        "-- sqlite:END;\n"
        "-- postgres:CREATE FUNCTION fruit_log() RETURNS TRIGGER LANGUAGE plpgsql AS $x$ BEGIN\n"
        "-- postgres:  INSERT INTO log (n) VALUES (1); INSERT INTO log (n) VALUES (2); RETURN NEW;\n"
        "-- postgres:END $x$;\n"
        "-- postgres:CREATE TRIGGER fruit_log AFTER INSERT ON fruit FOR EACH ROW EXECUTE FUNCTION "
        "fruit_log();\n"
        "INSERT INTO fruit (name, weight) VALUES ('plum', 1.5);\n"
        "-- down\n"
        "-- postgres:DROP TRIGGER fruit_log ON fruit;\n"
        "-- postgres:DROP FUNCTION fruit_log();\n"
        "-- sqlite:DROP TRIGGER fruit_log;\n"
        "DROP TABLE log;\nDELETE FROM fruit WHERE name = 'plum';\nALTER TABLE fruit DROP COLUMN weight;\n"),
};

static i64 number(struct op *op, struct sql sql)
{
    i64 n = -1;
    assert_ok(op, db_i64_sql(op, &n, sql, NULL, 0));
    return n;
}

CONTRACT(migrates_up_down_and_up)
{
    i64 n;
    for (int round = 0; round < 2; round++) {
        assert_ok(op, migrate_up(op, two, 1, &n));
        assert_int_equal(n, round ? 0 : 1);
        assert_ok(op, migrate_up(op, two, 2, &n));
        assert_int_equal(n, 1);
        assert_ok(op, migrate_up(op, two, 2, &n));
        assert_int_equal(n, 0);
        assert_int_equal(
            number(op, SQL("SELECT count(*) FROM fruit WHERE name IN ('a;pple -- not a comment', 'it''s', "
                           "'plum') AND ripe")),
            3);
        assert_int_equal(number(op, SQL("SELECT sum(n) FROM log")), 3);
        assert_ok(op, migrate_down(op, two, 2, S("fruit"), 1, &n));
        assert_int_equal(n, 1);
        assert_int_equal(number(op, SQL("SELECT count(*) FROM fruit")), 2);
    }
    LIST(struct migration_state) list;
    assert_ok(op, migrate_status(op, two, 2, &list));
    assert_int_equal(list.n, 2);
    assert_true(list.item[0].applied && list.item[0].applied_at.us && !list.item[1].applied);
    assert_str(list.item[1].name, S("2.sql"));
    assert_ok(op, migrate_down(op, two, 2, S("fruit"), 0, &n));
    assert_int_equal(number(op, SQL("SELECT count(*) FROM schema_migration")), 0);
}

CONTRACT(tells_when_a_newer_program_was_here)
{
    i64 n;
    assert_ok(op, migrate_up(op, two, 2, &n));
    assert_ok(op, migrate_known(op, two, 2));
    assert_int_equal(migrate_known(op, two, 1), ERR_CONFLICT);
    assert_true(str_find(op->err.msg, S("fruit/2.sql"), &(size_t){ 0 }));
    op_clear(op);
}

CONTRACT(tells_what_a_database_lacks)
{
    i64 n;
    assert_int_equal(migrate_complete(op, two, 2), ERR_CONFLICT); /* an empty one */
    op_clear(op);
    assert_ok(op, migrate_up(op, two, 1, &n));
    assert_int_equal(migrate_complete(op, two, 2), ERR_CONFLICT);
    assert_true(str_find(op->err.msg, S("fruit/2.sql"), &(size_t){ 0 }));
    op_clear(op);
    assert_ok(op, migrate_up(op, two, 2, &n));
    assert_ok(op, migrate_complete(op, two, 2));
    assert_int_equal(migrate_complete(op, two, 1), ERR_CONFLICT); /* of a newer program */
    op_clear(op);
}

CONTRACT(refuses_a_changed_migration)
{
    i64 n;
    assert_ok(op, migrate_up(op, two, 1, &n));
    struct migration changed = two[0];
    changed.text = S("-- up\nCREATE TABLE fruit (id @ID);\n-- down\nDROP TABLE fruit;\n");
    assert_err(op, ERR_CONFLICT, migrate_up(op, &changed, 1, &n));
    assert_err(op, ERR_CONFLICT, migrate_down(op, &changed, 1, S("fruit"), 0, &n));
    assert_int_equal(number(op, SQL("SELECT count(*) FROM fruit")), 2);
}

CONTRACT(leaves_nothing_of_a_failed_migration)
{
    static const struct migration bad[] = {
        MIGRATION("bad", 1,
                  "-- up\nCREATE TABLE good (id @ID);\nCREATE TABLE bad (id @ID) nonsense;\n-- down\n"),
        MIGRATION("bad", 2, "-- up\nCREATE TABLE good (id @NUMBER);\n-- down\n"),
        MIGRATION("bad", 3, "CREATE TABLE good (id @ID);\n"),
        MIGRATION(
            "bad", 4,
            "-- up\nCREATE TABLE good (id @ID, up BIGINT REFERENCES good DEFERRABLE INITIALLY DEFERRED);\n"),
    };
    i64 n;
    for (size_t i = 0; i < LEN(bad); i++) {
        err_t e = migrate_up(op, &bad[i], 1, &n);
        assert_true(e == ERR_INTERNAL || e == ERR_INVALID);
        op_clear(op);
        assert_int_equal(n, 0);
    }
    assert_ok(op, db_exec(op, "CREATE TABLE good (id INTEGER)"));
    assert_err(op, ERR_INTERNAL, db_exec(op, "DELETE FROM schema_migration"));
}

static int migrate_in_child(const char *url)
{
    struct arena a = { 0 };
    struct op op = test_op(&a);
    db_test_open(&op, str_of(url));
    i64 n = 0;
    err_t e = migrate_up(&op, two, 2, &n);
    db_test_close(&op);
    arena_free(&a);
    return e ? 100 : (int)n;
}

/* Each file is applied by exactly one of the processes, and all of them succeed. */
static void several_processes(const char *url)
{
    pid_t child[4];
    for (size_t i = 0; i < LEN(child); i++) {
        child[i] = fork();
        if (!child[i]) _exit(migrate_in_child(url));
    }
    int sum = 0;
    for (size_t i = 0; i < LEN(child); i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, 2);
}

TEST(db_sqlite_migrates_in_several_processes_at_once)
{
    several_processes(arena_printf(op->arena, "sqlite:%s/test.db", test_dir()).p);
}

TEST(db_postgres_migrates_in_several_processes_at_once)
{
    const char *url = test_postgres_url();
    if (url) several_processes(url);
}
