/* Projects: who owns, edits and sees what belongs together. A project always keeps one owner at least. */
#include "feature/account/account_in.h"
#include "feature/account/grant_sql.h"

static bool sees_all(const struct principal *w)
{
    return w->kind == WHO_SYSTEM || (!w->project_id && w->rights & (RIGHT_ADMIN | RIGHT_AUDIT_READ));
}

err_t account_project_role(struct op *op, i64 project_id, enum project_role *out)
{
    const struct principal *w = op->who;
    int role = ROLE_NONE;
    bool exists = false;
    if (w->project_id && w->project_id != project_id) {
        *out = ROLE_NONE;
        return OK;
    }
    if (sees_all(w)) TRY(sql_project_exists(op, project_id, &exists));
    if (exists) role = w->rights & RIGHT_ADMIN ? ROLE_OWNER : ROLE_VIEWER;
    if (w->user_id && role < ROLE_OWNER) {
        int member;
        TRY(sql_member_role(op, project_id, w->user_id, &member));
        role = MAX(role, member);
    }
    *out = (enum project_role)role;
    return OK;
}

/* The one answer for a project that is not there and for one that op->who may not see. */
static err_t not_known(struct op *op, const char *field, i64 id)
{
    if (op->who->project_id)
        return fail_for(op, ERR_NOT_FOUND, field, "project %lld is not known to a token of project %lld",
                        (long long)id, (long long)op->who->project_id);
    return fail_for(op, ERR_NOT_FOUND, field, "project %lld is not known; GET /api/v1/projects lists yours",
                    (long long)id);
}

/* The project and op->who's role in it, which is more than a member's where its visibility shows it. */
static err_t load(struct op *op, i64 id, const char *field, struct project *p, enum project_role *role)
{
    bool found;
    *role = ROLE_NONE;
    TRY(sql_project_find(op, id, op->who->user_id, p, &found));
    struct entity e = { .visibility = p->visibility, .project_id = id };
    if (found) TRY(account_access(op, &e, role));
    return *role == ROLE_NONE ? not_known(op, field, id) : OK;
}

err_t account_project_need(struct op *op, i64 project_id, enum project_role least, const char *field)
{
    enum project_role role;
    struct project p;
    TRY(account_project_role(op, project_id, &role));
    if (role >= least) return OK;
    TRY(load(op, project_id, field, &p, &role));
    return fail_for(op, ERR_FORBIDDEN, field, "this needs the role '%s' in project '%.*s'",
                    project_roles[least], STR(p.name));
}

err_t account_project_exists(struct op *op, i64 project_id, bool *out)
{
    return sql_project_exists(op, project_id, out);
}

err_t account_access(struct op *op, const struct entity *e, enum project_role *out)
{
    const struct principal *w = op->who;
    enum project_role role = ROLE_NONE;
    bool inside = !w->project_id || w->project_id == e->project_id;
    if (e->visibility == VISIBLE_PUBLIC || (e->visibility == VISIBLE_NODE && w->kind != WHO_NOBODY))
        role = ROLE_VIEWER;
    if (inside && w->user_id && w->user_id == e->owner_id) role = ROLE_OWNER;
    if (sees_all(w)) role = MAX(role, w->rights & RIGHT_ADMIN ? ROLE_OWNER : ROLE_VIEWER);
    if (e->project_id && role < ROLE_OWNER && w->kind != WHO_NOBODY) {
        enum project_role member;
        TRY(account_project_role(op, e->project_id, &member));
        role = MAX(role, member);
    }
    if (role == ROLE_NONE && e->granted.entity && w->user_id && !w->project_id) {
        bool holds;
        TRY(sql_grant_holds(op, &e->granted, w->user_id, &holds));
        role = holds ? ROLE_VIEWER : ROLE_NONE;
    }
    *out = role;
    return OK;
}

static struct audited target_of(struct op *op, const struct project *p)
{
    return audited_number(op, "project", p->id, p->name);
}

static json_raw json_of(struct op *op, const struct project *p)
{
    return account_audit_json(op, &project_desc, p);
}

/* The project if op->who has that role in it; one that they may not see is not there. */
static err_t load_as(struct op *op, i64 id, enum project_role least, struct project *p)
{
    enum project_role role;
    TRY(load(op, id, "id", p, &role));
    if (role < least)
        return fail(op, ERR_FORBIDDEN, "this needs the role '%s' in project '%.*s'", project_roles[least],
                    STR(p->name));
    return OK;
}

static err_t name_taken(struct op *op, err_t e, str name)
{
    if (e != ERR_CONFLICT) return e;
    return op_fail(op, ERR_CONFLICT, HERE, S("name"), "a project '%.*s' exists already", STR(name));
}

static void apply(struct project *p, const struct project_change *c)
{
    if (c->has_name) p->name = c->name;
    if (c->has_display_name) p->display_name = c->display_name;
    if (c->has_description) p->description = c->description;
    if (c->has_visibility) p->visibility = c->visibility;
    p->updated_at = time_now();
}

err_t project_make(struct op *op, const struct project_change *in, struct project *p)
{
    if (op->who->project_id) return fail(op, ERR_FORBIDDEN, "a project token cannot make projects");
    *p = (struct project){ .created_by = op->who->user_id, .my_role = ROLE_OWNER };
    apply(p, in);
    if (!p->display_name.n) p->display_name = p->name;
    p->created_at = p->updated_at;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(name_taken(op, sql_project_insert(op, p), p->name));
    TRY(sql_member_store(op, p->id, op->who->user_id, ROLE_OWNER, p->created_at));
    TRY(account_audit_detail(op, target_of(op, p), (json_raw){ 0 }, json_of(op, p)));
    return db_commit(&tx);
}

err_t project_get(struct op *op, i64 id, struct project *p) { return load_as(op, id, ROLE_VIEWER, p); }

err_t project_update(struct op *op, i64 id, const struct project_change *c, struct project *p)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(load_as(op, id, ROLE_OWNER, p));
    json_raw before = json_of(op, p);
    apply(p, c);
    TRY(name_taken(op, sql_project_store(op, p), p->name));
    TRY(account_audit_detail(op, target_of(op, p), before, json_of(op, p)));
    return db_commit(&tx);
}

err_t project_remove(struct op *op, i64 id)
{
    struct project p;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(load_as(op, id, ROLE_OWNER, &p));
    TRY(sql_project_delete(op, id));
    TRY(auth_forget(op)); /* its tokens went with it */
    TRY(account_audit_detail(op, target_of(op, &p), json_of(op, &p), (json_raw){ 0 }));
    return db_commit(&tx);
}

err_t project_members(struct op *op, i64 id, void *list)
{
    struct project p;
    TRY(load_as(op, id, ROLE_VIEWER, &p));
    if (!p.my_role && !sees_all(op->who))
        return fail(op, ERR_FORBIDDEN, "only members see who is in project '%.*s'", STR(p.name));
    return sql_member_list(op, id, list);
}

/* Somebody is about to lose the owner's role. */
static err_t keep_an_owner(struct op *op, i64 id, i64 user_id)
{
    i64 others;
    TRY(sql_owners_but(op, id, user_id, &others));
    return others ? OK : fail(op, ERR_CONFLICT, "a project needs an owner; make somebody else one first");
}

err_t project_member_set(struct op *op, i64 id, str login, int role, struct member *out)
{
    struct project p;
    struct user u;
    bool found;
    int was;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(load_as(op, id, ROLE_OWNER, &p));
    TRY(sql_user_find(op, login, &u, &found));
    if (!found) return op_fail(op, ERR_NOT_FOUND, HERE, S("login"), "user '%.*s' is not known", STR(login));
    if (role != ROLE_OWNER) TRY(keep_an_owner(op, id, u.id));
    TRY(sql_member_role(op, id, u.id, &was));
    *out = (struct member){
        .user_id = u.id, .login = u.login, .display_name = u.display_name, .role = was, .added_at = time_now()
    };
    json_raw before = was ? account_audit_json(op, &member_desc, out) : (json_raw){ 0 };
    out->role = role;
    TRY(sql_member_store(op, id, u.id, role, out->added_at));
    account_notify(
        op, u.id,
        &(struct notice){
            .kind = NOTICE_MEMBER_SET, .id = id, .name = p.name, .detail = str_of(project_roles[role]) });
    TRY(account_audit_detail(op, target_of(op, &p), before, account_audit_json(op, &member_desc, out)));
    return db_commit(&tx);
}

err_t project_member_remove(struct op *op, i64 id, str login)
{
    struct project p;
    struct user u;
    bool found;
    i64 n = 0;
    bool me = str_eq_fold(login, op->who->login);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(load_as(op, id, me ? ROLE_VIEWER : ROLE_OWNER, &p));
    TRY(sql_user_find(op, login, &u, &found));
    if (found) {
        TRY(keep_an_owner(op, id, u.id));
        TRY(sql_member_delete(op, id, u.id, &n));
    }
    if (!n) return fail(op, ERR_NOT_FOUND, "'%.*s' is not a member", STR(login));
    account_notify(op, u.id, &(struct notice){ .kind = NOTICE_MEMBER_REMOVED, .id = id, .name = p.name });
    struct member m = { .user_id = u.id, .login = u.login, .display_name = u.display_name };
    TRY(account_audit_detail(op, target_of(op, &p), account_audit_json(op, &member_desc, &m),
                             (json_raw){ 0 }));
    return db_commit(&tx);
}

err_t project_search(struct op *op, const struct page_in *in, void *list)
{
    const struct principal *w = op->who;
    struct project_query q = { .user_id = w->user_id,
                               .only = w->project_id,
                               .after = in->cursor,
                               .limit = in->limit,
                               .all = sees_all(w),
                               .text = in->text };
    return sql_project_list(op, &q, list);
}
