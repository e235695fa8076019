/* The agent's protocol in descriptors. A message is one struct on both sides; the table `shapes` says which
 * members a type of message carries and which of them it cannot do without, so that neither side sends or
 * trusts the others. A record of a report is
 * {"telemetry":{...}} or {"unit":{...}}: the member's name is its kind. */
#include "feature/unit/unit_wire.h"

const char *const unit_statuses[] = { "starting", "running", "stopped", "failed", "paused", NULL };
const char *const unit_desireds[] = { "running", "stopped", "paused", "removed", NULL };
const char *const unit_actions[] = { "stop", "start", "restart", "pause", "resume", "remove", NULL };
const char *const telemetry_types[] = { "log", "metric", "event", "error", NULL };
const char *const telemetry_levels[] = { "", "debug", "info", "warn", "error", "fatal", NULL };
static const char *const wire_types[] = { "hello",   "welcome", "report", "ack", "beat",
                                          "command", "done",    "error",  NULL };
static_assert(LEN(unit_statuses) == UNIT_PAUSED + 2, "a name for each status");
static_assert(LEN(unit_desireds) == DESIRED_REMOVED + 2, "a name for each desired state");
static_assert(LEN(unit_actions) == ACTION_REMOVE + 2, "a name for each action");
static_assert(LEN(telemetry_types) == TELEMETRY_ERROR + 2, "a name for each type of telemetry");
static_assert(LEN(telemetry_levels) == LEVEL_FATAL + 2, "a name for each level");
static_assert(LEN(wire_types) == WIRE_ERROR + 2, "a name for each message");

#define D struct telemetry
static const struct field telemetry_fields[] = {
    { F(unit_id), .flags = NULLABLE,
      .doc = "The unit; in reports, where records of several units travel together." },
    { F_ENUM(telemetry_type, telemetry_types), .flags = REQUIRED, .doc = "What kind of record this is." },
    { F_ENUM(level, telemetry_levels), .flags = NULLABLE, .doc = "Severity of a log record." },
    { F(message), .flags = NULLABLE, .max = WIRE_MAX_MESSAGE, .doc = "Text of the record." },
    { F(data), .flags = NULLABLE, .max = WIRE_MAX_DATA,
      .doc = "Structured data; a metric's numbers are its members." },
    { F(timestamp), .flags = NULLABLE, .doc = "When it happened; absent: when the server got it." },
};
#undef D
DESC(telemetry);

#define D struct wire_unit
static const struct field wire_unit_fields[] = {
    { F(unit_id), .flags = REQUIRED, .doc = "Identifies the unit everywhere." },
    { F(name), .flags = NULLABLE, .max = 128, .doc = "Name that its owner gave it." },
    { F(package_name), .flags = NULLABLE, .max = 63, .doc = "The package it runs." },
    { F(version), .flags = NULLABLE, .max = 128, .doc = "The version of the package it runs." },
    { F_ENUM(status, unit_statuses), .flags = REQUIRED, .doc = "Its status as the agent sees it." },
    { F(pid), .flags = NULLABLE, .min = 0, .max = INT32_MAX, .doc = "Process id." },
    { F(port), .flags = NULLABLE, .min = 0, .max = 65535, .doc = "Port that it listens on." },
    { F(restarts), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "How often it was started again." },
    { F(exit_code), .flags = NULLABLE, .min = -1, .max = 255, .doc = "Exit code of its last process." },
    { F(started_at), .flags = NULLABLE, .doc = "When its process was started." },
    { F(stopped_at), .flags = NULLABLE, .doc = "When its process ended." },
    { F(cpu_percent), .flags = NULLABLE, .min = 0, .max = 1000000, .doc = "CPU use; 100 is one core." },
    { F(rss_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Resident memory." },
    { F(vsz_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Virtual memory." },
    { F(threads), .flags = NULLABLE, .min = 0, .max = INT32_MAX, .doc = "Threads of all its processes." },
    { F(open_files), .flags = NULLABLE, .min = 0, .max = INT32_MAX, .doc = "Open descriptors." },
    { F(read_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "Bytes read from storage so far." },
    { F(written_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "Bytes written to storage so far." },
    { F(memory_limit_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "Memory that it may use; absent: no limit." },
    { F(reason), .flags = NULLABLE, .max = 1000, .doc = "Why it is in this status." },
    { F(at), .flags = NULLABLE, .doc = "When the agent saw this; absent: now." },
};
#undef D
DESC(wire_unit);

/* A record of a report is a union; its type reads and writes the one member that counts. */
static const char *const record_kinds[] = { "telemetry", "unit" };

static err_t record_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    struct wire_record *r = out;
    str key;
    if (!json_object(j) || !json_key(j, &key))
        return fail_field(op, f->name, "must be an object with one member");
    if (str_is(key, record_kinds[RECORD_TELEMETRY])) {
        r->kind = RECORD_TELEMETRY;
        TRY(desc_read_value(op, &telemetry_desc, j, &r->telemetry));
    } else if (str_is(key, record_kinds[RECORD_UNIT])) {
        r->kind = RECORD_UNIT;
        TRY(desc_read_value(op, &wire_unit_desc, j, &r->unit));
    } else {
        return fail_field(op, f->name, "'%.*s' is no kind of record", STR(key));
    }
    if (json_key(j, &key) || j->error) return fail_field(op, f->name, "must be an object with one member");
    return OK;
}
static err_t record_bind(struct op *op, const struct field *f, str text UNUSED, void *out UNUSED)
{
    return fail_field(op, f->name, "has no form as plain text");
}
static void record_write(struct buf *b, const struct field *f UNUSED, const void *val)
{
    const struct wire_record *r = val;
    bool unit = r->kind == RECORD_UNIT;
    buf_char(b, '{');
    json_put_key(b, record_kinds[r->kind]);
    desc_write(b, unit ? &wire_unit_desc : &telemetry_desc,
               unit ? (const void *)&r->unit : (const void *)&r->telemetry);
    buf_char(b, '}');
}
static void record_schema(struct buf *b, const struct field *f UNUSED)
{
    buf_put(b, S("\"type\":\"object\""));
}
static bool record_is_null(const void *val UNUSED) { return false; }
static const struct type type_record = { "wire_record",
                                         record_read,
                                         record_bind,
                                         record_write,
                                         record_schema,
                                         record_is_null,
                                         sizeof(struct wire_record) };
static const struct field record_elem = { "", &type_record };

#define D struct wire_msg
static const struct field wire_msg_fields[] = {
    { F_ENUM(type, wire_types), .flags = REQUIRED, .doc = "Which message this is." },
    { F(agent_id), .flags = NULLABLE, .doc = "The agent, by an id that it made once and keeps." },
    { F(epoch), .flags = NULLABLE, .doc = "The life of the agent's spool within which numbers count." },
    { F(id), .flags = NULLABLE, .doc = "The command." },
    { F(unit_id), .flags = NULLABLE, .doc = "The unit that a command is for." },
    { F(host), .flags = NULLABLE, .max = 255, .doc = "Host name of the machine." },
    { F(os), .flags = NULLABLE, .max = 64, .doc = "linux, macos, windows." },
    { F(arch), .flags = NULLABLE, .max = 64, .doc = "x86_64, aarch64, ..." },
    { F(version), .flags = NULLABLE, .max = 128, .doc = "Version of the agent." },
    { F(boot_id), .flags = NULLABLE, .max = 128, .doc = "Changes when the machine starts anew." },
    { F(error), .flags = NULLABLE, .max = 1000, .doc = "What went wrong, for people." },
    { F(seq), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Number of a report in the spool." },
    { F(heartbeat_s), .flags = NULLABLE, .min = 0, .max = 3600, .doc = "How often the server wants a beat." },
    { F_ENUM(action, unit_actions), .doc = "What a command asks for." },
    { F(ok), .doc = "Whether a command was carried out." },
    { F_LIST(units, &wire_unit_desc), .max = WIRE_MAX_UNITS, .doc = "Units as the agent sees them." },
    { F_LIST_OF(records, &record_elem), .max = WIRE_MAX_RECORDS, .doc = "Records of a report." },
    { F(given) },
};
#undef D
DESC(wire_msg);
static_assert(LEN(wire_msg_fields) <= 64, "members are bits");

/* Members of each message besides its type, and those that it needs. */
static const struct shape {
    const char *may[10], *must[4];
} shapes[] = {
    [WIRE_HELLO] = { { "agent_id", "epoch", "host", "os", "arch", "version", "boot_id", "units" },
                     { "agent_id" } },
    [WIRE_WELCOME] = { { "epoch", "seq", "heartbeat_s" }, { "heartbeat_s" } },
    [WIRE_REPORT] = { { "epoch", "seq", "records" }, { "epoch", "seq", "records" } },
    [WIRE_ACK] = { { "epoch", "seq" }, { "epoch", "seq" } },
    [WIRE_BEAT] = { { "units" }, { "units" } },
    [WIRE_COMMAND] = { { "id", "unit_id", "action" }, { "id", "unit_id", "action" } },
    [WIRE_DONE] = { { "id", "ok", "error" }, { "id", "ok" } },
    [WIRE_ERROR] = { { "error" }, { "error" } },
};
static_assert(LEN(shapes) == WIRE_ERROR + 1, "a shape for each message");

static bool named(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n && list[i]; i++)
        if (!strcmp(list[i], name)) return true;
    return false;
}

void wire_write(struct buf *b, const struct wire_msg *m)
{
    const struct shape *s = &shapes[m->type];
    buf_char(b, '{');
    for (size_t i = 0; i < wire_msg_desc.n; i++) {
        const struct field *f = &wire_msg_fields[i];
        bool must = i == 0 || named(s->must, LEN(s->must), f->name);
        if (!must && (!named(s->may, LEN(s->may), f->name) || field_is_null(f, m))) continue;
        json_put_key(b, f->name);
        f->type->write(b, f, (const char *)m + f->off);
    }
    buf_char(b, '}');
}

err_t wire_read(struct op *op, str text, struct wire_msg *out)
{
    struct wire_msg m = { 0 };
    TRY(desc_read(op, &wire_msg_desc, text, &m));
    const struct shape *s = &shapes[m.type];
    for (size_t i = 1; i < wire_msg_desc.n; i++) {
        const struct field *f = &wire_msg_fields[i];
        u64 bit = (u64)1 << i;
        bool given = (m.given.set & bit) && !(m.given.null & bit);
        if (given && !named(s->may, LEN(s->may), f->name))
            return fail_field(op, f->name, "does not belong in '%s'", wire_types[m.type]);
        if (!given && named(s->must, LEN(s->must), f->name))
            return fail_field(op, f->name, "is missing in '%s'", wire_types[m.type]);
    }
    *out = m;
    return OK;
}
