/* What an administrator calls the node, and where its data lies. */
#pragma once
#include "feature/feature.h"

extern const struct feature settings_feature;

struct node_name {
    str name; /* absent: it has none */
};
extern const struct desc node_name_desc;
err_t node_sql_name(struct op *, struct node_name *) MUST_USE;
err_t node_sql_rename(struct op *, str name) MUST_USE;
