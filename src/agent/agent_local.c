#include "agent/agent_local.h"

const char *const local_ops[] = { "ping", "start",  "stop",   "restart", "pause",    "resume", "remove",
                                  "list", "status", "reload", "cleanup", "shutdown", NULL };
static_assert(LEN(local_ops) == LOCAL_SHUTDOWN + 2, "a name for each operation");

#define D struct local_request
static const struct field local_request_fields[] = {
    { F_ENUM(op, local_ops), .flags = REQUIRED, .doc = "What to do." },
    { F(unit), .flags = NULLABLE, .max = 200, .doc = "Id, name or unique beginning of an id." },
    { F(spec), .flags = NULLABLE, .max = 4 << 20, .doc = "The unit to make, of start." },
    { F(force), .doc = "Kill at once." },
};
#undef D
DESC(local_request);

#define D struct local_unit
static const struct field local_unit_fields[] = {
    { F(unit_id), .doc = "Identifies the unit everywhere." },
    { F(name), .doc = "Name that its owner gave it." },
    { F(package_name), .doc = "The package it runs." },
    { F(version), .flags = NULLABLE, .doc = "The package's version." },
    { F_ENUM(status, unit_statuses), .doc = "Status." },
    { F_ENUM(desired, unit_desireds), .doc = "What its owner wants it to be." },
    { F(reason), .doc = "Why it is in this status." },
    { F(pid), .flags = NULLABLE, .doc = "Process." },
    { F(port), .flags = NULLABLE, .doc = "Port that it listens on." },
    { F(restarts), .doc = "Restarts since its owner last started it." },
    { F(exit_code), .doc = "Code of the last exit; 128 and more: a signal." },
    { F(health), .doc = "Health." },
    { F(isolation), .doc = "Isolation that is applied, and what is not and why." },
    { F(command), .doc = "Its program." },
    { F(created_at), .flags = NULLABLE, .doc = "When it was made." },
    { F(started_at), .flags = NULLABLE, .doc = "When its process was started." },
    { F(stopped_at), .flags = NULLABLE, .doc = "When its process last ended." },
    { F(restart_at), .flags = NULLABLE, .doc = "When it is tried again." },
    { F(cpu_percent), .doc = "CPU use; 100 is one core." },
    { F(rss_bytes), .doc = "Resident memory." },
    { F(vsz_bytes), .doc = "Virtual memory." },
    { F(threads), .doc = "Threads." },
    { F(open_files), .doc = "Open descriptors." },
    { F(read_bytes), .doc = "Bytes read from storage." },
    { F(written_bytes), .doc = "Bytes written to storage." },
    { F(dir), .doc = "Its directory; its logs are in logs/." },
    { F(server), .doc = "What the server knows of it." },
};
#undef D
DESC(local_unit);

#define D struct local_answer
static const struct field local_answer_fields[] = {
    { F(ok), .doc = "It was done." },
    { F(code), .flags = NULLABLE, .doc = "Kind of the error." },
    { F(field), .flags = NULLABLE, .doc = "Member that the error is about." },
    { F(error), .flags = NULLABLE, .doc = "What is wrong." },
    { F(pid), .doc = "Process of the agent." },
    { F(version), .doc = "Version of the agent." },
    { F(server), .doc = "How it stands with the server." },
    { F_LIST(units, &local_unit_desc), .doc = "Units." },
};
#undef D
DESC(local_answer);
