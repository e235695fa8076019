/* SQL of projects and members. */
#include "feature/account/project_sql.h"
#include "feature/account/account.h"
#include "feature/account/account_in.h"

const char *const project_roles[] = { "", "viewer", "editor", "owner", NULL };
const char *const member_roles[] = { "viewer", "editor", "owner", NULL };
const char *const visibilities[] = { "private", "node", "public", NULL };

enum { LOCK_OWNERS = 0x61636332 };

#define D struct project
static const struct field project_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the project." },
    { F(name), .flags = READONLY, .doc = "Unique name, fit for a path." },
    { F(display_name), .flags = READONLY, .doc = "Name that people see." },
    { F(description), .flags = READONLY | NULLABLE, .doc = "What it is about." },
    { F_ENUM(visibility, visibilities), .flags = READONLY, .doc = "Who sees it besides its members." },
    { F_ENUM(my_role, project_roles), .flags = READONLY | NULLABLE,
      .doc = "Role of who asks; null: not a member." },
    { F(created_by), .flags = READONLY | NULLABLE, .doc = "Person who made it." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
    { F(updated_at), .flags = READONLY, .doc = "Last change." },
};
#undef D
DESC(project);
#define PROJECT_COLUMNS \
    "p.id, p.name, p.display_name, p.description, p.visibility, m.role AS my_role, p.created_by, " \
    "p.created_at, " \
    "p.updated_at"

err_t sql_project_insert(struct op *op, struct project *p)
{
    return db_i64(
        op, &p->id,
        "INSERT INTO projects (name, display_name, description, visibility, created_by, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A(p->name), A(p->display_name), A(p->description), A(str_of(visibilities[p->visibility])),
        A_NULL0(p->created_by), A(p->created_at), A(p->updated_at));
}

err_t sql_project_find(struct op *op, i64 id, i64 user_id, struct project *p, bool *found)
{
    return db_find(op, &project_desc, p, found,
                   "SELECT " PROJECT_COLUMNS " FROM projects p LEFT JOIN project_members m "
                   "ON m.project_id = p.id AND m.user_id = ? WHERE p.id = ?",
                   A(user_id), A(id));
}

err_t sql_project_store(struct op *op, const struct project *p)
{
    return db_exec(
        op,
        "UPDATE projects SET name = ?, display_name = ?, description = ?, visibility = ?, updated_at = ? "
        "WHERE id = ?",
        A(p->name), A(p->display_name), A(p->description), A(str_of(visibilities[p->visibility])),
        A(p->updated_at), A(p->id));
}

err_t sql_project_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM projects WHERE id = ?", A(id));
}

err_t sql_project_list(struct op *op, const struct project_query *q, void *list)
{
    struct db_text t = db_text_new(op);
    db_text_add(&t,
                "SELECT " PROJECT_COLUMNS " FROM projects p LEFT JOIN project_members m "
                "ON m.project_id = p.id AND m.user_id = ? WHERE p.id > ?",
                A(q->user_id), A(q->after));
    if (q->only) db_text_add(&t, " AND p.id = ?", A(q->only));
    if (q->members_only) db_text_add(&t, " AND m.role IS NOT NULL");
    else if (!q->all) db_text_add(&t, " AND (m.role IS NOT NULL OR p.visibility <> 'private')");
    if (q->text.n) {
        str pattern = sql_like(op->arena, str_lower(op->arena, q->text));
        db_text_add(&t, " AND (lower(p.name) LIKE ? ESCAPE '\\' OR lower(p.display_name) LIKE ? ESCAPE '\\')",
                    A(pattern), A(pattern));
    }
    db_text_add(&t, " ORDER BY p.id LIMIT ?", A(q->limit));
    return db_text_all(&t, &project_desc, list);
}

err_t sql_project_exists(struct op *op, i64 id, bool *yes)
{
    i64 n;
    TRY(db_i64(op, &n, "SELECT count(*) FROM projects WHERE id = ?", A(id)));
    *yes = n > 0;
    return OK;
}

#define D struct member
static const struct field member_fields[] = {
    { F(user_id), .flags = READONLY, .doc = "Number of the person." },
    { F(login), .flags = READONLY, .doc = "The person's login." },
    { F(display_name), .flags = READONLY, .doc = "The person's name." },
    { F_ENUM(role, project_roles), .flags = READONLY, .doc = "Role in the project." },
    { F(added_at), .flags = READONLY, .doc = "Since when." },
};
#undef D
DESC(member);

err_t sql_member_role(struct op *op, i64 project_id, i64 user_id, int *role)
{
    struct member m = { 0 };
    bool found;
    TRY(db_find(op, &member_desc, &m, &found,
                "SELECT user_id, role FROM project_members WHERE project_id = ? AND user_id = ?",
                A(project_id), A(user_id)));
    *role = found ? m.role : ROLE_NONE;
    return OK;
}

err_t sql_member_list(struct op *op, i64 project_id, void *list)
{
    return db_all(
        op, &member_desc, list,
        "SELECT m.user_id, u.login, u.display_name, m.role, m.added_at FROM project_members m "
        "JOIN users u ON u.id = m.user_id WHERE m.project_id = ? ORDER BY m.added_at, m.user_id LIMIT 10000",
        A(project_id));
}

err_t sql_member_store(struct op *op, i64 project_id, i64 user_id, int role, time_us now)
{
    return db_exec(op,
                   "INSERT INTO project_members (project_id, user_id, role, added_at) VALUES (?, ?, ?, ?) "
                   "ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
                   A(project_id), A(user_id), A(str_of(project_roles[role])), A(now));
}

err_t sql_member_delete(struct op *op, i64 project_id, i64 user_id, i64 *n)
{
    return db_exec_n(op, n, "DELETE FROM project_members WHERE project_id = ? AND user_id = ?", A(project_id),
                     A(user_id));
}

err_t sql_owners_but(struct op *op, i64 project_id, i64 user_id, i64 *n)
{
    TRY(db_lock(op, LOCK_OWNERS));
    return db_i64(
        op, n,
        "SELECT count(*) FROM project_members WHERE project_id = ? AND role = 'owner' AND user_id <> ?",
        A(project_id), A(user_id));
}

/* Projects where the person given twice is owner and nobody else is. */
#define ALONE \
    "SELECT m.project_id FROM project_members m WHERE m.user_id = ? AND m.role = 'owner' AND NOT EXISTS " \
    "(SELECT 1 FROM project_members o WHERE o.project_id = m.project_id AND o.role = 'owner' AND o.user_id " \
    "<> " \
    "m.user_id)"
#define OTHERS "EXISTS (SELECT 1 FROM project_members o WHERE o.project_id = p.id AND o.user_id <> ?)"

err_t sql_projects_orphaned(struct op *op, i64 user_id, str *name, i64 *n)
{
    struct project_names {
        LIST(struct project) items;
    } l = { 0 };
    TRY(db_lock(op, LOCK_OWNERS));
    TRY(db_all(op, &project_desc, &l.items,
               "SELECT p.id, p.name FROM projects p WHERE p.id IN (" ALONE ") AND " OTHERS
               " ORDER BY p.id LIMIT 100",
               A(user_id), A(user_id)));
    *n = (i64)l.items.n;
    *name = l.items.n ? l.items.item[0].name : (str){ 0 };
    return OK;
}

err_t sql_projects_delete_alone(struct op *op, i64 user_id)
{
    return db_exec(op, "DELETE FROM projects WHERE id IN (" ALONE ")", A(user_id));
}
