/* Grants in the database. Private to the folder. */
#pragma once
#include "feature/account/account.h"

err_t sql_grant_store(struct op *, const struct granted *, str subject, const struct grant *) MUST_USE;
/* *user_id: who held it; 0: there was none. */
err_t sql_grant_delete(struct op *, const struct granted *, str subject, i64 *user_id) MUST_USE;
err_t sql_grant_list(struct op *, const struct granted *, void *list_of_grant) MUST_USE;
err_t sql_grant_holds(struct op *, const struct granted *, i64 user_id, bool *) MUST_USE;
err_t sql_grants_delete(struct op *, const struct granted *) MUST_USE;
err_t sql_grants_delete_unit(struct op *, uuid unit_id) MUST_USE;
