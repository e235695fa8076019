/* The unit's description in descriptors, with its two codecs of its own: durations and sizes as people write
 * them. */
#include "agent/spec.h"
#include <signal.h>

const char *const restart_policies[] = { "on-failure", "always", "never", NULL };
const char *const health_types[] = { "none", "http", "tcp", "exec", NULL };
const char *const sandbox_profiles[] = { "default", "strict", "none", NULL };
const char *const sandbox_nets[] = { "host", "none", NULL };
const char *const port_protos[] = { "tcp", "udp", NULL };
static_assert(LEN(restart_policies) == RESTART_NEVER + 2, "a name for each policy");
static_assert(LEN(health_types) == HEALTH_EXEC + 2, "a name for each health check");
static_assert(LEN(sandbox_profiles) == SANDBOX_NONE + 2, "a name for each profile");

/* ---- codecs ---- */

static err_t in_range(struct op *op, const struct field *f, i64 v, i64 *out)
{
    if (v < 0 || (f->min != f->max && (v < f->min || v > f->max)))
        return fail_field(op, f->name, "is out of its range");
    *out = v;
    return OK;
}

static err_t duration_bind(struct op *op, const struct field *f, str text, void *out)
{
    i64 us;
    double s;
    if (str_to_f64(text, &s) && s >= 0 && s < 1e9) us = (i64)(s * 1e6 + 0.5);
    else if (!str_to_duration(text, &us))
        return fail_field(op, f->name,
                          "must be a duration like \"200ms\", \"10s\", \"5m\" or a number of seconds");
    return in_range(op, f, us, out);
}

static err_t bytes_bind(struct op *op, const struct field *f, str text, void *out)
{
    i64 n;
    if (!str_to_bytes(text, &n))
        return fail_field(op, f->name, "must be a size like \"512M\" or a number of bytes");
    return in_range(op, f, n, out);
}

/* Either codec takes a number or a text. */
static err_t read_text(struct op *op, const struct field *f, struct json *j, str *text)
{
    enum json_kind kind = json_peek(j);
    if (kind != JSON_STRING && kind != JSON_NUMBER)
        return fail_field(op, f->name, "must be a text or a number");
    bool ok = kind == JSON_STRING ? json_str(j, text) : json_raw_value(j, text);
    return ok ? OK : fail_field(op, f->name, "%.*s", STR(json_error_text(j, op->arena)));
}

static err_t duration_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str text;
    TRY(read_text(op, f, j, &text));
    return duration_bind(op, f, text, out);
}

static err_t bytes_read(struct op *op, const struct field *f, struct json *j, void *out)
{
    str text;
    TRY(read_text(op, f, j, &text));
    return bytes_bind(op, f, text, out);
}

static void duration_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    i64 us = *(const i64 *)val;
    if (us % 1000000 == 0) buf_printf(b, "\"%llds\"", (long long)(us / 1000000));
    else if (us % 1000 == 0) buf_printf(b, "\"%lldms\"", (long long)(us / 1000));
    else buf_printf(b, "%.6f", (double)us / 1e6);
}

static void bytes_write(struct buf *b, const struct field *f, const void *val)
{
    (void)f;
    buf_i64(b, *(const i64 *)val);
}

static void text_schema(struct buf *b, const struct field *f)
{
    (void)f;
    buf_put(b, S("\"type\":[\"string\",\"number\"]"));
}

static bool is_zero(const void *val) { return !*(const i64 *)val; }

const struct type type_duration = { "duration",  duration_read, duration_bind, duration_write,
                                    text_schema, is_zero,       sizeof(i64) };
const struct type type_bytes = { "bytes",     bytes_read, bytes_bind, bytes_write,
                                 text_schema, is_zero,    sizeof(i64) };

/* ---- checks ---- */

static err_t word_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (!i || c < '0' || c > '9'))
            return fail_field(op, f->name, "must be a name of letters, digits, _");
    }
    return OK;
}

static err_t name_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '/')
            return fail_field(op, f->name, "must not contain control characters or '/'");
    return OK;
}

static err_t signal_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    return signal_of(s) ? OK : fail_field(op, f->name, "'%.*s' is no signal", STR(s));
}

/* ---- tables ---- */

static const struct field argument = { .name = "", .type = &type_str, .max = 131072 };

#define D struct pair
static const struct field pair_fields[] = {
    { F(key), .flags = REQUIRED, .min = 1, .max = 200, .check = word_check, .doc = "Name of the variable." },
    { F(value), .max = 131072,
      .doc = "Its value; ${pkg}, ${data}, ${tmp}, ${unit} and ${port.NAME} are replaced." },
};
#undef D
static DESC(pair);

#define D struct unit_port
static const struct field unit_port_fields[] = {
    { F(name), .min = 1, .max = 32, .check = word_check, .def = "http",
      .doc = "Name of the port, for ${port.NAME}." },
    { F(port), .min = 0, .max = 65535, .doc = "Number; 0: any free one at each start." },
    { F(env), .max = 64, .check = word_check, .doc = "Variable that tells the program; PORT for the first." },
    { F_ENUM(proto, port_protos), .def = "tcp", .doc = "Protocol." },
};
#undef D
static DESC(unit_port);

#define D struct unit_restart
static const struct field unit_restart_fields[] = {
    { F_ENUM(policy, restart_policies), .def = "on-failure",
      .doc = "When it is started again after it ended." },
    { F_DURATION("min", min_us), .max = SEC(86400), .def = "100ms",
      .doc = "Delay before the first restart." },
    { F_DURATION("max", max_us), .max = SEC(86400), .def = "30s", .doc = "Longest delay." },
    { F(factor), .min = 1, .max = 100, .def = "2", .doc = "Growth of the delay from restart to restart." },
    { F(jitter), .min = 0, .max = 1, .def = "0.1", .doc = "Part of the delay that is random." },
    { F_DURATION("reset_after", reset_after_us), .max = SEC(86400), .def = "60s",
      .doc = "Having run this long, it begins with the first delay again." },
    { F(budget), .min = 0, .max = 100, .def = "16",
      .doc = "Restarts within the window before it counts as failed; 0: no end." },
    { F_DURATION("window", window_us), .max = SEC(86400 * 7), .def = "10m", .doc = "Window of the budget." },
};
#undef D
static DESC(unit_restart);

#define D struct unit_health
static const struct field unit_health_fields[] = {
    { F_ENUM(type, health_types), .def = "none", .doc = "How it is asked whether it is well." },
    { F(port), .min = 0, .max = 65535, .doc = "Port to ask; 0: the unit's first." },
    { F(path), .max = 1000, .def = "/", .doc = "Path of an HTTP check; statuses 200 to 399 are good." },
    { F_LIST_OF(command, &field_str_elem), .max = 100,
      .doc = "Command of an exec check; exit code 0 is good." },
    { F_DURATION("interval", interval_us), .min = MSEC(10), .max = SEC(86400), .def = "10s",
      .doc = "Time between checks." },
    { F_DURATION("timeout", timeout_us), .min = MSEC(1), .max = SEC(3600), .def = "2s",
      .doc = "How long an answer may take." },
    { F(retries), .min = 1, .max = 100, .def = "3", .doc = "Failures in a row before it is restarted." },
    { F_DURATION("start_period", start_period_us), .max = SEC(86400), .def = "5s",
      .doc = "Time after the start in which failures do not count." },
};
#undef D
static DESC(unit_health);

#define D struct unit_stop
static const struct field unit_stop_fields[] = {
    { F(signal), .min = 1, .max = 16, .check = signal_check, .def = "TERM",
      .doc = "Signal that asks it to end." },
    { F_DURATION("timeout", timeout_us), .max = SEC(3600), .def = "10s",
      .doc = "Grace before it is killed." },
};
#undef D
static DESC(unit_stop);

#define D struct unit_resources
static const struct field unit_resources_fields[] = {
    { F_BYTES("memory_max", memory_max), .max = GIB(1 << 20),
      .doc = "Most memory of all its processes; 0: no limit." },
    { F(cpu), .min = 0, .max = 4096, .doc = "Most processor cores; 0: no limit." },
    { F(pids), .min = 0, .max = 4194304, .doc = "Most processes; 0: no limit." },
    { F(nofile), .min = 0, .max = 1048576, .doc = "Most open files of one process; 0: as the user has." },
};
#undef D
static DESC(unit_resources);

#define D struct unit_sandbox
static const struct field unit_sandbox_fields[] = {
    { F_ENUM(profile, sandbox_profiles), .def = "default", .doc = "How much is hidden from it." },
    { F_ENUM(net, sandbox_nets), .def = "host", .doc = "Its network." },
    { F_LIST_OF(rw, &field_str_elem), .max = 24, .doc = "Further directories that it may write." },
    { F_LIST_OF(ro, &field_str_elem), .max = 24, .doc = "Hidden directories that it may read nevertheless." },
};
#undef D
static DESC(unit_sandbox);

#define D struct unit_logs
static const struct field unit_logs_fields[] = {
    { F_BYTES("rotate", rotate), .min = 4096, .max = GIB(16), .def = "16M",
      .doc = "Size at which a new log file begins." },
    { F(keep), .min = 0, .max = 1000, .def = "8", .doc = "Full log files kept." },
    { F(rate), .min = 0, .max = 1000000, .def = "1000", .doc = "Most lines a second sent to the server." },
};
#undef D
static DESC(unit_logs);

#define D struct unit_entry
static const struct field unit_entry_fields[] = {
    { F(command), .flags = REQUIRED, .min = 1, .max = 4096,
      .doc = "Program: a path within the package, or a name in PATH." },
    { F_LIST_OF(args, &argument), .max = 1000, .doc = "Its arguments." },
    { F_MAP(env, &pair_desc), .max = 1000, .doc = "Its environment." },
    { F(secrets), .max = 4096, .doc = "File of KEY=VALUE lines, mode 0600, read at each start." },
    { F(cwd), .max = 4096, .doc = "Working directory; absent: the package." },
    { F_LIST(ports, &unit_port_desc), .max = 16, .doc = "Ports that it listens on." },
    { F_OBJ(restart, &unit_restart_desc), .doc = "Restart policy." },
    { F_OBJ(health, &unit_health_desc), .doc = "Health check." },
    { F_OBJ(stop, &unit_stop_desc), .doc = "How it is stopped." },
    { F_OBJ(resources, &unit_resources_desc), .doc = "Limits." },
    { F_OBJ(sandbox, &unit_sandbox_desc), .doc = "Isolation." },
    { F_OBJ(logs, &unit_logs_desc), .doc = "Logs." },
};
#undef D
DESC(unit_entry);

#define D struct unit_spec
static const struct field unit_spec_fields[] = {
    { F(unit_id), .flags = NULLABLE, .doc = "Identifies the unit everywhere; absent: a new one." },
    { F(name), .flags = NULLABLE, .max = 128, .check = name_check,
      .doc = "Name of the unit; absent: made from the package's." },
    { F(package_name), .flags = REQUIRED, .min = 1, .max = 63, .doc = "The package it runs." },
    { F(version), .flags = NULLABLE, .max = 128, .doc = "The package's version." },
    { F(package_dir), .flags = REQUIRED, .min = 2, .max = 4096, .doc = "Where the package is installed." },
    { F_OBJ(entry, &unit_entry_desc), .flags = REQUIRED, .doc = "The program and how it is run." },
};
#undef D
DESC(unit_spec);

/* ---- what tables cannot say ---- */

int signal_of(str name)
{
    i64 n;
    if (str_to_i64(name, &n)) return n > 0 && n < NSIG ? (int)n : 0;
    if (str_starts(name, S("SIG"))) name = str_skip(name, 3);
    for (int s = 1; s < NSIG; s++) {
        const char *z = sigabbrev_np(s);
        if (z && str_is(name, z)) return s;
    }
    return 0;
}

err_t unit_spec_check(struct op *op, const struct unit_spec *s)
{
    const struct unit_entry *e = &s->entry;
    const struct unit_health *h = &e->health;
    if (s->package_dir.p[0] != '/') return fail_field(op, "package_dir", "must be an absolute path");
    if (str_find(s->package_dir, S("/../"), &(size_t){ 0 }) || str_ends(s->package_dir, S("/..")))
        return fail_field(op, "package_dir", "must not contain '..'");
    if (h->type == HEALTH_EXEC && !h->command.n)
        return fail_field(op, "entry.health.command", "is required for exec");
    bool by_port = h->type == HEALTH_HTTP || h->type == HEALTH_TCP;
    if (by_port && !h->port && !e->ports.n)
        return fail_field(op, "entry.health.port", "is required: the unit names no ports");
    if (by_port && e->sandbox.net == NET_NONE)
        return fail_field(op, "entry.health.type", "a unit without network can only have an exec check");
    if (e->restart.max_us < e->restart.min_us) return fail_field(op, "entry.restart.max", "is less than min");
    return OK;
}
