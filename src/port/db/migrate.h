/* Migrations: numbered SQL files per feature ("0001_package.sql") with a "-- up" and a "-- down" part, one
 * text for both engines with substituted type words: @ID (auto primary key), @TIME, @UUID, @JSON, @BYTES,
 * @BOOL, @INT, @BIGINT, @DOUBLE, @TEXT (ordered bytewise on both engines; plain TEXT is ordered as the
 * PostgreSQL database happens to be). TRUE and FALSE are literals on both. Lines that begin with "-- sqlite:"
 * or "-- postgres:" are for that engine only; semicolons in quotes, comments, $$ bodies and SQLite's triggers
 * do not end a statement. Applied ones are rows of schema_migration (feature, number, name,
 * checksum, applied_at); each file is one transaction; several nodes starting at once apply it once. A
 * changed text of an applied file is an error. */
#pragma once
#include "port/db/db.h"

struct migration {
    const char *feature;
    int number;
    const char *name;
    str text;
};
err_t migrate_up(struct op *, const struct migration *all, size_t n, i64 *applied) MUST_USE;
err_t migrate_down(struct op *, const struct migration *all, size_t n, str feature, int to_number,
                   i64 *reverted) MUST_USE;
/* ERR_CONFLICT when the database has migrations that are not among these: a newer program has used it. */
err_t migrate_known(struct op *, const struct migration *all, size_t n) MUST_USE;
/* ERR_CONFLICT when it lacks some of these, or has others: what to do is in the message. */
err_t migrate_complete(struct op *, const struct migration *all, size_t n) MUST_USE;
struct migration_state {
    str feature;
    i64 number;
    str name;
    bool applied;
    time_us applied_at;
};
extern const struct desc migration_state_desc;
err_t migrate_status(struct op *, const struct migration *all, size_t n,
                     void *list_of_migration_state) MUST_USE;
