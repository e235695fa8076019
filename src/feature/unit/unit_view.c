#include "feature/unit/unit_view.h"

enum { LIST_MOST = 1000, RECORDS_MOST = 1000, POINTS_MOST = 10000, TELEMETRY_MOST = 10000 };
#define UNIT_PATH .flags = PATH, .doc = "The unit."

/* Enums with a first choice that stands for "none". */
static const char *const status_or_any[] = { "", "starting", "running", "stopped", "failed", "paused", NULL };
static const char *const action_or_none[] = { "",      "stop",   "start",  "restart",
                                              "pause", "resume", "remove", NULL };
static const char *const type_or_any[] = { "", "log", "metric", "event", "error", NULL };
static const char *const orders[] = { "desc", "asc", NULL };
static_assert(LEN(status_or_any) == UNIT_PAUSED + 3 && LEN(action_or_none) == ACTION_REMOVE + 3,
              "the lists of unit_wire.c");
static_assert(LEN(type_or_any) == TELEMETRY_ERROR + 3, "the list of unit_wire.c");

static err_t name_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < ' ' || s.p[i] == 0x7f) return fail_field(op, f->name, "has a control character");
    return str_trim(s).n ? OK : fail_field(op, f->name, "must not be blank");
}

#define D struct unit
static const struct field unit_fields[] = {
    { F(id), .flags = READONLY, .doc = "Assigned by the server." },
    { F(unit_id), .flags = READONLY, .doc = "Identifies the unit everywhere." },
    { F(name), .flags = READONLY, .doc = "Name that its owner gave it." },
    { F(package_id), .flags = READONLY, .doc = "The package." },
    { F(package_name), .flags = READONLY, .doc = "Name of the package." },
    { F(package_version_id), .flags = READONLY, .doc = "The version." },
    { F(version), .flags = READONLY, .doc = "The version, written out." },
    { F(owner_id), .flags = READONLY, .doc = "Whose unit it is." },
    { F(owner), .flags = READONLY, .doc = "Login of the owner." },
    { F(project_id), .flags = READONLY | NULLABLE, .doc = "Project whose members see it." },
    { F(agent_id), .flags = READONLY | NULLABLE, .doc = "The agent that runs it." },
    { F(device_name), .flags = READONLY | NULLABLE, .doc = "Host name of its machine." },
    { F(device_os), .flags = READONLY | NULLABLE, .doc = "linux, macos, windows." },
    { F_ENUM(status, unit_statuses), .flags = READONLY, .doc = "What it was last seen to be." },
    { F_ENUM(desired, unit_desireds), .flags = READONLY, .doc = "What its owner wants it to be." },
    { F(reason), .flags = READONLY | NULLABLE, .doc = "Why it is in this status." },
    { F(pid), .flags = READONLY | NULLABLE, .doc = "Process id on its machine." },
    { F(port), .flags = READONLY | NULLABLE, .doc = "Port that it listens on." },
    { F(restarts), .flags = READONLY, .doc = "How often it was started again." },
    { F(exit_code), .flags = READONLY | NULLABLE, .doc = "Exit code of its last process, unless 0." },
    { F(cpu_percent), .flags = READONLY, .doc = "CPU use when last seen; 100 is one core." },
    { F(rss_bytes), .flags = READONLY | NULLABLE, .doc = "Resident memory." },
    { F(vsz_bytes), .flags = READONLY | NULLABLE, .doc = "Virtual memory." },
    { F(threads), .flags = READONLY | NULLABLE, .doc = "Threads of all its processes." },
    { F(open_files), .flags = READONLY | NULLABLE, .doc = "Open descriptors." },
    { F(read_bytes), .flags = READONLY | NULLABLE, .doc = "Bytes read from storage so far." },
    { F(written_bytes), .flags = READONLY | NULLABLE, .doc = "Bytes written to storage so far." },
    { F(memory_limit_bytes), .flags = READONLY | NULLABLE, .doc = "Memory that it may use." },
    { F(started_at), .flags = READONLY | NULLABLE, .doc = "When it was started." },
    { F(stopped_at), .flags = READONLY | NULLABLE, .doc = "When it ended." },
    { F(last_heartbeat), .flags = READONLY | NULLABLE, .doc = "When it was last heard of." },
    { F(uptime_s), .flags = READONLY, .doc = "Seconds since it was started, while it runs." },
    { F(command_id), .flags = READONLY | NULLABLE, .doc = "The command that its agent has not yet done." },
    { F_ENUM(command_action, action_or_none), .flags = READONLY | NULLABLE,
      .doc = "What that command asks for." },
    { F(command_at), .flags = READONLY | NULLABLE, .doc = "When the last command was given." },
    { F(command_error), .flags = READONLY | NULLABLE, .doc = "Why the last command failed." },
    { F(removed_at), .flags = INTERNAL },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
};
#undef D
DESC(unit);

#define D struct telemetry_row
static const struct field telemetry_row_fields[] = {
    { F(id), .flags = READONLY, .doc = "Assigned by the server." },
    { F(unit_id), .flags = READONLY, .doc = "The unit." },
    { F_ENUM(telemetry_type, telemetry_types), .flags = READONLY, .doc = "What kind of record this is." },
    { F_ENUM(level, telemetry_levels), .flags = READONLY | NULLABLE, .doc = "Severity." },
    { F(message), .flags = READONLY | NULLABLE, .doc = "Text." },
    { F(data), .flags = READONLY | NULLABLE, .doc = "Structured data." },
    { F(timestamp), .flags = READONLY, .doc = "When it happened." },
};
#undef D
DESC(telemetry_row);

#define D struct unit_command
static const struct field unit_command_fields[] = {
    { F(agent_id), .flags = INTERNAL }, { F(id), .flags = INTERNAL },
    { F(unit_id), .flags = INTERNAL },  { F_ENUM(action, unit_actions), .flags = INTERNAL },
    { F(at), .flags = INTERNAL },
};
#undef D
DESC(unit_command);

#define D struct agent_row
static const struct field agent_row_fields[] = {
    { F(agent_id), .flags = READONLY, .doc = "The agent." },
    { F(owner_id), .flags = READONLY, .doc = "Whose agent it is." },
    { F(owner), .flags = READONLY, .doc = "Login of the owner." },
    { F(host), .flags = READONLY | NULLABLE, .doc = "Host name of its machine." },
    { F(os), .flags = READONLY | NULLABLE, .doc = "linux, macos, windows." },
    { F(arch), .flags = READONLY | NULLABLE, .doc = "x86_64, aarch64, ..." },
    { F(version), .flags = READONLY | NULLABLE, .doc = "Version of the agent." },
    { F(boot_id), .flags = READONLY | NULLABLE, .doc = "Changes when the machine starts anew." },
    { F(created_at), .flags = READONLY, .doc = "When it first connected." },
    { F(connected_at), .flags = READONLY, .doc = "When it last connected." },
    { F(last_seen_at), .flags = READONLY, .doc = "When it was last heard of." },
};
#undef D
DESC(agent_row);

#define D struct unit_new
static const struct field unit_new_fields[] = {
    { F(unit_id), .flags = NULLABLE, .doc = "Chosen by the client; absent: by the server." },
    { F(name), .flags = REQUIRED, .min = 1, .max = 128, .check = name_check, .doc = "Name of the unit." },
    { F(package_name), .flags = REQUIRED, .min = 1, .max = 63,
      .doc = "The package, which the caller must have installed." },
    { F(version), .flags = NULLABLE, .min = 1, .max = 128, .doc = "Its version; absent: the installed one." },
    { F(device_name), .flags = NULLABLE, .min = 1, .max = 255, .check = name_check,
      .doc = "Host name of the machine." },
    { F(device_os), .flags = NULLABLE, .min = 1, .max = 64, .check = name_check,
      .doc = "linux, macos, windows." },
    { F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Project whose members see it." },
    { F(agent_id), .flags = NULLABLE, .doc = "The agent that runs it." },
};
#undef D
DESC(unit_new);

#define D struct unit_query
static const struct field unit_query_fields[] = {
    { F_ENUM(status, status_or_any), .flags = QUERY | NULLABLE, .doc = "Only units in this status." },
    { F(package), .flags = QUERY | NULLABLE, .min = 1, .max = 63, .doc = "Only units of this package." },
    { F(cursor), .flags = QUERY | NULLABLE, .min = 1, .max = 40, .doc = "`next` of the page before." },
    { F(limit), .flags = QUERY, .min = 1, .max = LIST_MOST, .def = "100", .doc = "How many." },
};
#undef D
DESC(unit_query);
#define D struct unit_page
static const struct field unit_page_fields[] = {
    { F_LIST(units, &unit_desc), .flags = READONLY, .doc = "The units, the latest first." },
    { F_AS("next_cursor", next), .flags = READONLY | NULLABLE,
      .doc = "Cursor of the next page; null: this is the last." },
};
#undef D
DESC(unit_page);

#define D struct unit_key
static const struct field unit_key_fields[] = { { F(unit_id), UNIT_PATH } };
#undef D
DESC(unit_key);

#define D struct unit_status_in
static const struct field unit_status_in_fields[] = {
    { F(unit_id), UNIT_PATH },
    { F_ENUM(status, unit_statuses), .flags = REQUIRED, .doc = "What the unit is now." },
    { F(pid), .flags = NULLABLE, .min = 0, .max = INT32_MAX, .doc = "Process id." },
    { F(port), .flags = NULLABLE, .min = 0, .max = 65535, .doc = "Port that it listens on." },
    { F(exit_code), .flags = NULLABLE, .min = -1, .max = 255, .doc = "Exit code, when it has ended." },
    { F(reason), .flags = NULLABLE, .max = 1000, .doc = "Why." },
};
#undef D
DESC(unit_status_in);

static const struct field uuid_elem = { "", &type_uuid };
#define D struct unit_heartbeat
static const struct field unit_heartbeat_fields[] = {
    { F(unit_id), UNIT_PATH },
    { F_ENUM(status, status_or_any), .flags = NULLABLE, .doc = "What the unit is now; absent: as before." },
    { F(pid), .flags = NULLABLE, .min = 0, .max = INT32_MAX, .doc = "Process id." },
    { F(port), .flags = NULLABLE, .min = 0, .max = 65535, .doc = "Port that it listens on." },
    { F_LIST_OF(done, &uuid_elem), .max = 100, .doc = "Commands that were carried out." },
};
#undef D
DESC(unit_heartbeat);
#define D struct unit_order
static const struct field unit_order_fields[] = {
    { F(id), .flags = READONLY, .doc = "The command." },
    { F_ENUM(action, unit_actions), .flags = READONLY, .doc = "What to do." },
};
#undef D
DESC(unit_order);
#define D struct unit_orders
static const struct field unit_orders_fields[] = {
    { F_LIST(commands, &unit_order_desc), .flags = READONLY, .doc = "Commands that wait to be carried out." },
    { F(heartbeat_s), .flags = READONLY, .doc = "When the next heartbeat is due." },
};
#undef D
DESC(unit_orders);

#define D struct agent_page
static const struct field agent_page_fields[] = {
    { F_LIST(agents, &agent_row_desc), .flags = READONLY, .doc = "The agents, the last seen first." },
};
#undef D
DESC(agent_page);

#define D struct telemetry
static const struct field telemetry_in_fields[] = {
    { F(unit_id), .flags = INTERNAL },
    { F_ENUM(telemetry_type, telemetry_types), .flags = REQUIRED, .doc = "What kind of record this is." },
    { F_ENUM(level, telemetry_levels), .flags = NULLABLE, .doc = "Severity." },
    { F(message), .flags = NULLABLE, .max = WIRE_MAX_MESSAGE, .doc = "Text." },
    { F(data), .flags = NULLABLE, .max = WIRE_MAX_DATA,
      .doc = "Structured data; a metric's numbers are its members." },
    { F(timestamp), .flags = NULLABLE, .doc = "When it happened; absent: now." },
};
#undef D
static const struct desc telemetry_in_desc = { "telemetry_in", sizeof(struct telemetry), telemetry_in_fields,
                                               LEN(telemetry_in_fields) };
#define D struct telemetry_post
static const struct field telemetry_post_fields[] = {
    { F(unit_id), UNIT_PATH },
    { F_LIST(records, &telemetry_in_desc), .flags = BODY | REQUIRED | ONE_OR_MANY, .min = 1,
      .max = TELEMETRY_MOST, .doc = "One record, or an array of them." },
};
#undef D
DESC(telemetry_post);
#define D struct telemetry_receipt
static const struct field telemetry_receipt_fields[] = { { F(accepted), .flags = READONLY,
                                                           .doc = "How many records are stored now." } };
#undef D
DESC(telemetry_receipt);

#define D struct telemetry_query
#define ANY_TYPE \
    { \
        F_ENUM(type, type_or_any), .flags = QUERY | NULLABLE, .doc = "Only records of this type." \
    }
#define NO_TYPE \
    { \
        F_ENUM(type, type_or_any), .flags = INTERNAL \
    }
#define LEVEL \
    { \
        F_ENUM(level, telemetry_levels), .flags = QUERY | NULLABLE, \
                                         .doc = "Only records of this severity or worse." \
    }
#define NO_LEVEL \
    { \
        F_ENUM(level, telemetry_levels), .flags = INTERNAL \
    }
#define TEXT \
    { \
        F(q), .flags = QUERY | NULLABLE, .min = 1, .max = 200, \
              .doc = "Only records whose text has all these words and \"phrases\" in it." \
    }
#define NO_TEXT \
    { \
        F(q), .flags = INTERNAL \
    }
#define ORDER(d) \
    { \
        F_ENUM(order, orders), .flags = QUERY, .def = d, .doc = "Newest (desc) or oldest (asc) first." \
    }
#define LIMIT(most, d) \
    { \
        F(limit), .flags = QUERY, .min = 1, .max = most, .def = d, .doc = "How many." \
    }
#define SPAN \
    { F(from), .flags = QUERY | NULLABLE, .doc = "Not before this time." }, \
        { F(to), .flags = QUERY | NULLABLE, .doc = "Before this time." }, \
    { \
        F(cursor), .flags = QUERY | NULLABLE, .min = 1, .max = 60, .doc = "`next` of the page before." \
    }
#define NO_FOLLOW \
    { \
        F(follow), .flags = INTERNAL \
    }
static const struct field telemetry_query_fields[] = {
    { F(unit_id), UNIT_PATH },  ANY_TYPE, LEVEL, TEXT, ORDER("desc"), SPAN,
    LIMIT(RECORDS_MOST, "100"), NO_FOLLOW
};
static const struct field logs_query_fields[] = {
    { F(unit_id), UNIT_PATH },
    NO_TYPE,
    LEVEL,
    TEXT,
    ORDER("desc"),
    SPAN,
    LIMIT(RECORDS_MOST, "100"),
    { F(follow), .flags = QUERY,
      .doc = "1: the last records, then new ones as they are stored, as Server-Sent Events or, asked for by "
             "Accept, lines of JSON." },
};
static const struct field metrics_query_fields[] = {
    { F(unit_id), UNIT_PATH },  NO_TYPE,  NO_LEVEL, NO_TEXT, ORDER("asc"), SPAN,
    LIMIT(POINTS_MOST, "1000"), NO_FOLLOW
};
#undef D
#define QUERY_DESC(tag) \
    const struct desc tag##_desc = { #tag, sizeof(struct telemetry_query), tag##_fields, LEN(tag##_fields) }
QUERY_DESC(telemetry_query);
QUERY_DESC(logs_query);
QUERY_DESC(metrics_query);

#define D struct telemetry_page
#define ROWS(name) \
    { \
        name, .type = &type_list, .sub = &telemetry_row_desc, .off = offsetof(D, rows.item), \
              .flags = READONLY, .doc = "The records." \
    }
#define NEXT \
    { \
        F_AS("next_cursor", next), .flags = READONLY | NULLABLE, \
                                   .doc = "Cursor of the next page; null: this is the last." \
    }
static const struct field telemetry_page_fields[] = { ROWS("telemetry"), NEXT };
static const struct field logs_page_fields[] = { ROWS("logs"), NEXT };
static const struct field metrics_page_fields[] = { ROWS("metrics"), NEXT };
#undef D
#define PAGE_DESC(tag) \
    const struct desc tag##_desc = { #tag, sizeof(struct telemetry_page), tag##_fields, LEN(tag##_fields) }
PAGE_DESC(telemetry_page);
PAGE_DESC(logs_page);
PAGE_DESC(metrics_page);

#define D struct unit_token
static const struct field unit_token_fields[] = { { F(token), .flags = READONLY,
                                                    .doc = "A token that may send telemetry, told once." } };
#undef D
DESC(unit_token);
