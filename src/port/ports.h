/* What an operation may reach outside the process's memory. Built once by main/serve.c, read-only afterwards.
 */
#pragma once
struct ports {
    struct db *db;               /* port/db/db.h */
    struct blob *blob;           /* port/blob/blob.h */
    const struct config *config; /* port/config.h */
};
