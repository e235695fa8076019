/* What the HTTP face of series needs of it. */
#pragma once
#include "feature/series/series_impl.h"

err_t series_forget_user(struct op *, i64 user_id) MUST_USE;
err_t series_export_user(struct op *, i64 user_id, struct buf *) MUST_USE;
