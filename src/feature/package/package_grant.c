/* Who else sees a private package. */
#include "feature/package/package_rules.h"

err_t package_grant(struct op *op, const struct package *p, str login, uuid unit_id, struct grant *out)
{
    struct granted of = package_granted(p);
    i64 owner = 0;
    if (!login.p == uuid_is_nil(unit_id)) return fail_field(op, "login", "give either a login or a unit_id");
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    if (login.p) TRY(account_grant_user(op, &of, login, out));
    else {
        TRY(package_sql_unit_owner(op, unit_id, &owner));
        if (!owner) return fail_for(op, ERR_NOT_FOUND, "unit_id", "there is no such unit");
        TRY(account_grant_unit(op, &of, unit_id, owner, out));
    }
    TRY(account_audit_detail(op, audited_package(p->name, p->name), (json_raw){ 0 },
                             account_audit_json(op, &grant_desc, out)));
    return db_commit(&tx);
}

err_t package_grant_end(struct op *op, const struct package *p, str login, uuid unit_id)
{
    struct granted of = package_granted(p);
    struct grant g = { .login = login, .unit_id = unit_id };
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(login.p ? account_grant_end_user(op, &of, login) : account_grant_end_unit(op, &of, unit_id));
    TRY(account_audit_detail(op, audited_package(p->name, p->name), account_audit_json(op, &grant_desc, &g),
                             (json_raw){ 0 }));
    return db_commit(&tx);
}
