/* The audit log's API and its retention job. */
#include "feature/account/account_in.h"
#include "feature/account/audit_in.h"
#include "feature/account/export.h"
#include "feature/channel/channel.h"
#include "port/config.h"

#define D struct audit_query
static const struct field audit_query_fields[] = {
    { F(from), .flags = QUERY, .doc = "Entries at or after this time." },
    { F(to), .flags = QUERY, .doc = "Entries before this time." },
    { F(user), .flags = QUERY, .min = 0, .max = 64, .doc = "Entries of this login." },
    { F(action), .flags = QUERY, .min = 0, .max = 64,
      .doc = "Entries of this action, such as package.create." },
    { F(text), .flags = QUERY, .min = 0, .max = 100, .doc = "Entries with this text in them." },
    { F(cursor), .flags = QUERY, .min = 0, .max = INT64_MAX, .def = "0",
      .doc = "next_cursor of the page before." },
    { F(limit), .flags = QUERY, .min = 1, .max = 500, .def = "50", .doc = "Entries at most." },
    { F(after), .flags = INTERNAL },
    { F(oldest_first), .flags = INTERNAL },
};
#undef D
static DESC(audit_query);

struct audit_page {
    LIST(struct audit_entry) items;
    i64 next_cursor;
};
#define D struct audit_page
static const struct field audit_page_fields[] = {
    { F_LIST(items, &audit_entry_desc), .flags = READONLY, .doc = "Entries, newest first." },
    { F(next_cursor), .flags = READONLY | NULLABLE, .doc = "For the next page; null: this is the last." },
};
#undef D
static DESC(audit_page);

API(audit_search, audit_query, audit_page);
static err_t audit_search(struct op *op, const struct audit_query *in, struct audit_page *out)
{
    TRY(sql_audit_search(op, in, &out->items));
    if ((i64)out->items.n == in->limit) out->next_cursor = out->items.item[out->items.n - 1].id;
    return OK;
}

static err_t audit_export(struct op *op, const void *in, struct http_file *out)
{
    return export_audit(op, in, out);
}
static const struct http_download audit_export_download = { "audit_export", &audit_query_desc, audit_export,
                                                            "application/x-ndjson" };

API(audit_check, nothing, audit_state);
static err_t audit_check(struct op *op, const struct nothing *in, struct audit_state *out)
{
    (void)in;
    return audit_verify(op, out);
}

static const struct route routes[] = {
    { GET, "/api/v1/audit", &audit_search_api, .auth = RIGHT_AUDIT_READ, .doc = "Search the audit log." },
    { GET, "/api/v1/audit/export", .download = &audit_export_download, .auth = RIGHT_AUDIT_READ,
      .deadline_us = SEC(600), .doc = "The audit log as NDJSON, oldest entry first." },
    { GET, "/api/v1/audit/verify", &audit_check_api, .auth = RIGHT_AUDIT_READ, .deadline_us = SEC(600),
      .doc = "Check the whole chain of hashes." },
};

static err_t retain(struct op *op)
{
    const struct config *c = op->ports->config;
    i64 keep_us = SEC(365 * 86400);
    if (c && c->audit_keep.n && !str_to_duration(c->audit_keep, &keep_us))
        return fail_field(op, "audit_keep", "must be a duration such as 365d");
    return audit_retain(op, (time_us){ time_now().us - keep_us });
}

static const struct job jobs[] = {
    { "audit.retain", SEC(86400), retain, "Removes audit entries that are older than audit_keep." },
};

static const struct topic topics[] = {
    { .pattern = "audit",
      .delivery = TOPIC_EVENTS,
      .event = &audit_entry_desc,
      .auth = RIGHT_AUDIT_READ,
      .doc = "Entries of the audit log as they are written." },
};

const struct feature audit_feature = {
    .name = "audit",
    .doc = "The audit log: who did what, when, from where.",
    .routes = routes,
    .nroutes = LEN(routes),
    .jobs = jobs,
    .njobs = LEN(jobs),
    .topics = topics,
    .ntopics = LEN(topics),
};
