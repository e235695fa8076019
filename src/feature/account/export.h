/* Large answers of this folder: written into an unlinked temporary file, then sent. Private to the folder. */
#pragma once
#include "feature/account/account_in.h"
#include "feature/account/audit_in.h"
#include "net/http.h"

err_t export_person(struct op *, struct http_file *) MUST_USE; /* everything of op->who, JSON */
err_t export_audit(struct op *, const struct audit_query *,
                   struct http_file *) MUST_USE; /* NDJSON, oldest first */
