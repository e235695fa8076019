/* SQL of grants. */
#include "feature/account/grant_sql.h"
#include "port/db/db.h"

#define D struct grant
static const struct field grant_fields[] = {
    { F(user_id), .flags = READONLY, .doc = "Number of the person." },
    { F(login), .flags = READONLY, .doc = "The person; of a unit: whose it is." },
    { F(unit_id), .flags = READONLY | NULLABLE, .doc = "The unit; null: the person as such." },
    { F(granted_at), .flags = READONLY, .doc = "Since when." },
};
#undef D
DESC(grant);

err_t sql_grant_store(struct op *op, const struct granted *of, str subject, const struct grant *g)
{
    return db_exec(op,
                   "INSERT INTO grants (entity, entity_id, subject, user_id, unit_id, granted_by, granted_at)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entity, entity_id, subject) DO NOTHING",
                   A(str_of(of->entity)), A(of->id), A(subject), A(g->user_id), A(g->unit_id),
                   A_NULL0(op->who->user_id), A(g->granted_at));
}

err_t sql_grant_delete(struct op *op, const struct granted *of, str subject, i64 *user_id)
{
    struct grant g = { 0 };
    bool found;
    TRY(db_find(op, &grant_desc, &g, &found,
                "DELETE FROM grants WHERE entity = ? AND entity_id = ? AND subject = ? RETURNING user_id",
                A(str_of(of->entity)), A(of->id), A(subject)));
    *user_id = found ? g.user_id : 0;
    return OK;
}

err_t sql_grant_list(struct op *op, const struct granted *of, void *list_of_grant)
{
    return db_all(
        op, &grant_desc, list_of_grant,
        "SELECT g.user_id, u.login, g.unit_id, g.granted_at FROM grants g JOIN users u ON u.id = g.user_id"
        " WHERE g.entity = ? AND g.entity_id = ? ORDER BY g.granted_at, g.subject",
        A(str_of(of->entity)), A(of->id));
}

err_t sql_grant_holds(struct op *op, const struct granted *of, i64 user_id, bool *out)
{
    i64 n;
    TRY(db_i64(op, &n, "SELECT count(*) FROM grants WHERE entity = ? AND entity_id = ? AND user_id = ?",
               A(str_of(of->entity)), A(of->id), A(user_id)));
    *out = n > 0;
    return OK;
}

err_t sql_grants_delete(struct op *op, const struct granted *of)
{
    return db_exec(op, "DELETE FROM grants WHERE entity = ? AND entity_id = ?", A(str_of(of->entity)),
                   A(of->id));
}

err_t sql_grants_delete_unit(struct op *op, uuid unit_id)
{
    return db_exec(op, "DELETE FROM grants WHERE unit_id = ?", A(unit_id));
}
