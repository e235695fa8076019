/* Projects and their members in the database. Private to the folder. */
#pragma once
#include "port/db/db.h"

struct project {
    i64 id;
    str name, display_name, description;
    int visibility;
    int my_role; /* of who asks */
    i64 created_by;
    time_us created_at, updated_at;
};
extern const struct desc project_desc;
struct member {
    i64 user_id;
    str login, display_name;
    int role;
    time_us added_at;
};
extern const struct desc member_desc;

err_t sql_project_insert(struct op *, struct project *) MUST_USE;
err_t sql_project_find(struct op *, i64 id, i64 user_id, struct project *,
                       bool *found) MUST_USE; /* my_role: user_id's */
err_t sql_project_store(struct op *, const struct project *) MUST_USE;
err_t sql_project_delete(struct op *, i64 id) MUST_USE;
/* Projects whose members include user_id or (unless members_only) whose visibility lets a signed-in person
 * see them; all: every one. */
struct project_query {
    i64 user_id, only, after, limit; /* only: a project token's project, else 0 */
    bool all, members_only;
    str text; /* in the name */
};
err_t sql_project_list(struct op *, const struct project_query *, void *list_of_project) MUST_USE;
err_t sql_project_exists(struct op *, i64 id, bool *) MUST_USE;

err_t sql_member_role(struct op *, i64 project_id, i64 user_id,
                      int *role) MUST_USE; /* ROLE_NONE: not a member */
err_t sql_member_list(struct op *, i64 project_id, void *list_of_member) MUST_USE;
err_t sql_member_store(struct op *, i64 project_id, i64 user_id, int role, time_us now) MUST_USE;
err_t sql_member_delete(struct op *, i64 project_id, i64 user_id, i64 *n) MUST_USE;
err_t sql_owners_but(struct op *, i64 project_id, i64 user_id, i64 *n) MUST_USE; /* serialised until commit */

/* The projects that user_id alone owns: with other members (they need a new owner), and without (they go
 * along). */
err_t sql_projects_orphaned(struct op *, i64 user_id, str *name_of_one, i64 *n) MUST_USE;
err_t sql_projects_delete_alone(struct op *, i64 user_id) MUST_USE;
