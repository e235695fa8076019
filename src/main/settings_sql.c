/* SQL of the node's settings. */
#include "main/settings.h"
#include "port/db/db.h"

err_t node_sql_name(struct op *op, struct node_name *out)
{
    return db_one(op, &node_name_desc, out, "SELECT name FROM node_settings WHERE one = 1");
}

err_t node_sql_rename(struct op *op, str name)
{
    return db_exec(op, "UPDATE node_settings SET name = ? WHERE one = 1", A(name));
}
