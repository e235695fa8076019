/* Grants: what is private, shown to single people and to units all the same. Who may grant is the feature's
 * rule; what a grant gives is account_access()'s. */
#include "feature/account/account_in.h"
#include "feature/account/grant_sql.h"

static str user_subject(struct op *op, i64 user_id)
{
    return arena_printf(op->arena, "user:%lld", (long long)user_id);
}

static str unit_subject(struct op *op, uuid unit_id)
{
    char text[UUID_TEXT];
    return arena_printf(op->arena, "unit:%.*s", STR(uuid_text(unit_id, text)));
}

static void tell(struct op *op, const struct granted *of, i64 user_id, int kind)
{
    account_notify(
        op, user_id,
        &(struct notice){ .kind = kind, .id = of->id, .name = of->name, .detail = str_of(of->entity) });
}

static err_t store(struct op *op, const struct granted *of, str subject, const struct grant *g)
{
    tell(op, of, g->user_id, NOTICE_GRANT_GIVEN);
    return sql_grant_store(op, of, subject, g);
}

err_t account_grant_user(struct op *op, const struct granted *of, str login, struct grant *out)
{
    struct user u;
    bool found;
    TRY(sql_user_find(op, login, &u, &found));
    if (!found) return op_fail(op, ERR_NOT_FOUND, HERE, S("login"), "user '%.*s' is not known", STR(login));
    *out = (struct grant){ .user_id = u.id, .login = u.login, .granted_at = time_now() };
    return store(op, of, user_subject(op, u.id), out);
}

err_t account_grant_unit(struct op *op, const struct granted *of, uuid unit_id, i64 owner_id,
                         struct grant *out)
{
    *out = (struct grant){ .user_id = owner_id, .unit_id = unit_id, .granted_at = time_now() };
    TRY(account_login_of(op, owner_id, &out->login));
    return store(op, of, unit_subject(op, unit_id), out);
}

static err_t end(struct op *op, const struct granted *of, str subject, const char *who)
{
    i64 user_id = 0;
    TRY(sql_grant_delete(op, of, subject, &user_id));
    if (!user_id) return fail(op, ERR_NOT_FOUND, "there is no grant to that %s", who);
    tell(op, of, user_id, NOTICE_GRANT_ENDED);
    return OK;
}

err_t account_grant_end_user(struct op *op, const struct granted *of, str login)
{
    struct user u;
    bool found;
    TRY(sql_user_find(op, login, &u, &found));
    return end(op, of, found ? user_subject(op, u.id) : S(""), "person");
}

err_t account_grant_end_unit(struct op *op, const struct granted *of, uuid unit_id)
{
    return end(op, of, unit_subject(op, unit_id), "unit");
}

err_t account_grants(struct op *op, const struct granted *of, void *list)
{
    return sql_grant_list(op, of, list);
}

err_t account_grants_drop(struct op *op, const struct granted *of) { return sql_grants_delete(op, of); }

err_t account_unit_gone(struct op *op, uuid unit_id) { return sql_grants_delete_unit(op, unit_id); }
