#include "feature/alert/alert_wire.h"
#include "feature/alert/alert_rules.h"

const char *const alert_kinds[] = {
    "above", "below", "absent", "unit_failed", "unit_memory", "unit_cpu", NULL
};
const char *const alert_severities[] = { "info", "warning", "critical", NULL };
const char *const alert_states[] = { "pending", "firing", "resolved", NULL };
const char *const alert_channel_kinds[] = { "webhook", "slack", "teams", "telegram", "email", NULL };
const char *const alert_languages[] = { "en", "ru", NULL };
const char *const alert_events[] = { "firing", "resolved", "test", NULL };
static const char *const asked_states[] = { "active", "all", "pending", "firing", "resolved", NULL };

#define ID_PATH(what) .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = what

#define D struct alert_label
static const struct field alert_label_fields[] = {
    { F(key), .min = 1, .max = 128 },
    { F(value), .min = 0, .max = 1024 },
};
#undef D
static DESC(alert_label);

#define RULE_SCOPE \
    { \
        F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, \
                       .doc = "Project whose units and series it looks at; null: one's own." \
    }
#define RULE_FIELDS \
    { F(name), .flags = REQUIRED, .min = 1, .max = 100, .doc = "Name that people see." }, \
        { F_ENUM(kind, alert_kinds), .flags = REQUIRED, \
          .doc = "above, below: a series' newest value beyond the threshold; absent: no point for that " \
                 "long; unit_failed; unit_memory: percent of the unit's limit; unit_cpu: percent, 100 is " \
                 "one core." }, \
        { F_ENUM(severity, alert_severities), .def = "warning", .doc = "How bad it is." }, \
        { F(enabled), .def = "true", .doc = "Whether it is evaluated." }, \
        { F(series), .flags = NULLABLE, .min = 1, .max = 256, \
          .doc = "Name of the series, for above, below and absent." }, \
        { F_MAP(labels, &alert_label_desc), .max = 32, \
          .doc = "Labels that the series has, or of units: unit, package, host." }, \
        { F(threshold), .doc = "Value beyond which it fires." }, \
        { F(hysteresis), .check = not_negative, \
          .doc = "How far the value must come back from the threshold for it to be over." }, \
        { F(for_s), .min = 0, .max = 30 * 86400, .doc = "Seconds that it must last." }, \
    { \
        F_LIST_OF(channels, &id_elem), .max = 100, .doc = "Channels that are told; none: all of the scope." \
    }

static err_t not_negative(struct op *op, const struct field *f, const void *val)
{
    return *(const double *)val >= 0 ? OK : fail_field(op, f->name, "must not be negative");
}
static const struct field id_elem = { "", &type_i64, .min = 1, .max = INT64_MAX };

#define D struct alert_rule
static const struct field alert_rule_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the rule." },
    { F(owner_id), .flags = READONLY | NULLABLE, .doc = "Whose rule it is; null: the project's." },
    RULE_SCOPE,
    RULE_FIELDS,
    { F(builtin), .flags = READONLY, .doc = "One of those that every scope with units has." },
    { F(name_ru), .flags = READONLY | NULLABLE,
      .doc = "Name in Russian of a builtin rule that nobody has renamed." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
    { F(updated_at), .flags = READONLY, .doc = "Last change." },
};
static const struct field alert_rule_in_fields[] = {
    { F(id), .flags = INTERNAL },
    { F(owner_id), .flags = INTERNAL },
    RULE_SCOPE,
    RULE_FIELDS,
    { F(builtin), .flags = INTERNAL },
    { F(name_ru), .flags = INTERNAL },
    { F(created_at), .flags = INTERNAL },
    { F(updated_at), .flags = INTERNAL },
};
static const struct field alert_rule_put_fields[] = {
    { F(id), ID_PATH("The rule.") },      { F(owner_id), .flags = INTERNAL },
    { F(project_id), .flags = INTERNAL }, RULE_FIELDS,
    { F(builtin), .flags = INTERNAL },    { F(name_ru), .flags = INTERNAL },
    { F(created_at), .flags = INTERNAL }, { F(updated_at), .flags = INTERNAL },
};
#undef D
DESC(alert_rule);
#define AS(tag, of) \
    const struct desc tag##_desc = { #tag, sizeof(struct of), tag##_fields, LEN(tag##_fields) }
AS(alert_rule_in, alert_rule);
AS(alert_rule_put, alert_rule);

#define D struct alert
static const struct field alert_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the alert." },
    { F(rule_id), .flags = READONLY, .doc = "The rule." },
    { F(owner_id), .flags = READONLY | NULLABLE, .doc = "Whose it is; null: the project's." },
    { F(project_id), .flags = READONLY | NULLABLE, .doc = "The project." },
    { F(rule), .flags = READONLY, .doc = "Name of the rule." },
    { F(rule_ru), .flags = READONLY | NULLABLE, .doc = "Its name in Russian, if it has one." },
    { F_ENUM(kind, alert_kinds), .flags = READONLY, .doc = "Kind of the rule." },
    { F_ENUM(severity, alert_severities), .flags = READONLY, .doc = "How bad it is." },
    { F_ENUM(state, alert_states), .flags = READONLY, .doc = "Where it stands." },
    { F(subject_key), .flags = READONLY, .doc = "unit/UUID or series/NUMBER." },
    { F(subject), .flags = READONLY, .doc = "What it is about, for people." },
    { F_MAP(labels, &alert_label_desc), .flags = READONLY, .doc = "Labels of the unit or series." },
    { F(value), .flags = READONLY, .doc = "The value when the state changed last." },
    { F(threshold), .flags = READONLY, .doc = "The rule's threshold." },
    { F(for_s), .flags = READONLY, .doc = "How long it had to last." },
    { F(note), .flags = READONLY | NULLABLE, .doc = "Why a unit failed." },
    { F(started_at), .flags = READONLY, .doc = "Since when the value is beyond." },
    { F(fired_at), .flags = READONLY | NULLABLE, .doc = "Since when it fires." },
    { F(ended_at), .flags = READONLY | NULLABLE, .doc = "When it was over." },
    { F(notified_at), .flags = READONLY | NULLABLE, .doc = "When it was told." },
    { F(acknowledged_at), .flags = READONLY | NULLABLE, .doc = "When somebody said that they know." },
    { F(acknowledged_by), .flags = READONLY | NULLABLE, .doc = "Who said so." },
    { F(silenced_until), .flags = READONLY | NULLABLE, .doc = "Nobody is told until then." },
};
#undef D
DESC(alert);

static err_t target_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < ' ' || s.p[i] == 0x7f) return fail_field(op, f->name, "has a control character");
    return OK;
}
#define CHANNEL_SCOPE \
    { \
        F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, \
                       .doc = "Project whose alerts it tells; null: one's own." \
    }
#define CHANNEL_FIELDS \
    { F(name), .flags = REQUIRED, .min = 1, .max = 100, .doc = "Name that people see." }, \
        { F_ENUM(kind, alert_channel_kinds), .flags = REQUIRED, .doc = "How it tells." }, \
        { F_ENUM(language, alert_languages), .def = "en", .doc = "Language of the texts." }, \
        { F(target),  .flags = NULLABLE,     .min = 1, \
          .max = 254, .check = target_check, .doc = "telegram: id of the chat; email: the address." }, \
    { \
        F(enabled), .def = "true", .doc = "Whether it is used." \
    }
#define CHANNEL_SECRETS \
    { F(url), \
      .flags = WRITEONLY | NULLABLE, \
      .min = 1, \
      .max = 2000, \
      .check = target_check, \
      .doc = "webhook, slack, teams: the address that is called, which is a secret itself; telegram: of " \
             "another Bot API server; absent on change: as it was." }, \
    { \
        F(secret), .flags = WRITEONLY | NULLABLE, .min = 1, .max = 500, .check = target_check, \
                   .doc = "webhook: the key of signatures; telegram: the bot's token; absent on change: as " \
                          "it was." \
    }
#define D struct alert_channel
static const struct field alert_channel_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the channel." },
    { F(owner_id), .flags = READONLY | NULLABLE, .doc = "Whose it is; null: the project's." },
    CHANNEL_SCOPE,
    CHANNEL_FIELDS,
    CHANNEL_SECRETS,
    { F(has_secret), .flags = READONLY, .doc = "Whether address or key are set; they are never shown." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
};
static const struct field alert_channel_in_fields[] = {
    { F(id), .flags = INTERNAL },
    { F(owner_id), .flags = INTERNAL },
    CHANNEL_SCOPE,
    CHANNEL_FIELDS,
    CHANNEL_SECRETS,
    { F(has_secret), .flags = INTERNAL },
    { F(created_at), .flags = INTERNAL },
};
static const struct field alert_channel_put_fields[] = {
    { F(id), ID_PATH("The channel.") },
    { F(owner_id), .flags = INTERNAL },
    { F(project_id), .flags = INTERNAL },
    CHANNEL_FIELDS,
    CHANNEL_SECRETS,
    { F(has_secret), .flags = INTERNAL },
    { F(created_at), .flags = INTERNAL },
};
#undef D
DESC(alert_channel);
AS(alert_channel_in, alert_channel);
AS(alert_channel_put, alert_channel);

#define SILENCE_FIELDS \
    { F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, \
      .doc = "The project; null: one's own." }, \
        { F(rule_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Only alerts of this rule." }, \
        { F_MAP(labels, &alert_label_desc), .max = 32, .doc = "Only alerts with these labels." }, \
        { F(starts_at), .flags = NULLABLE, .doc = "From then; absent: now." }, \
        { F(until), .flags = REQUIRED, .doc = "Until then." }, \
    { \
        F(reason), .flags = NULLABLE, .min = 1, .max = 500, .doc = "Why." \
    }
#define D struct alert_silence
static const struct field alert_silence_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the silence." },
    { F(owner_id), .flags = READONLY | NULLABLE, .doc = "Whose it is; null: the project's." },
    SILENCE_FIELDS,
    { F(created_by), .flags = READONLY | NULLABLE, .doc = "Who made it." },
};
static const struct field alert_silence_in_fields[] = {
    { F(id), .flags = INTERNAL },
    { F(owner_id), .flags = INTERNAL },
    SILENCE_FIELDS,
    { F(created_by), .flags = INTERNAL },
};
#undef D
DESC(alert_silence);
AS(alert_silence_in, alert_silence);

#define D struct alert_delivery
static const struct field alert_delivery_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the delivery." },
    { F(channel_id), .flags = READONLY, .doc = "The channel." },
    { F(alert_id), .flags = READONLY | NULLABLE, .doc = "The alert." },
    { F_ENUM(event, alert_events), .flags = READONLY, .doc = "What is told." },
    { F(delivery), .flags = READONLY, .doc = "Identifies it to the receiver." },
    { F(title), .flags = READONLY, .doc = "First line." },
    { F(text), .flags = READONLY, .doc = "The text." },
    { F(body), .flags = INTERNAL },
    { F(attempts), .flags = READONLY, .doc = "How often it was tried." },
    { F(created_at), .flags = READONLY, .doc = "When it was due first." },
    { F(next_at), .flags = READONLY, .doc = "When it is tried next, unless it is done." },
    { F(sent_at), .flags = READONLY | NULLABLE, .doc = "When it was delivered." },
    { F(failed_at), .flags = READONLY | NULLABLE, .doc = "When it was given up." },
    { F(last_error), .flags = READONLY | NULLABLE, .doc = "What went wrong the last time." },
};
#undef D
DESC(alert_delivery);

#define D struct alert_key
static const struct field alert_key_fields[] = { { F(id), ID_PATH("Its number.") } };
#undef D
DESC(alert_key);

#define D struct alert_ask
static const struct field alert_ask_fields[] = {
    { F_ENUM(state, asked_states), .flags = QUERY, .def = "active",
      .doc = "active (pending and firing), all, pending, firing, resolved." },
    { F(project_id), .flags = QUERY | NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Only of this project." },
    { F(cursor), .flags = QUERY | NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "`next_cursor` of the page before." },
    { F(limit), .flags = QUERY, .min = 1, .max = 500, .def = "100", .doc = "How many." },
};
#undef D
DESC(alert_ask);

#define D struct alert_scope_ask
static const struct field alert_scope_ask_fields[] = {
    { F(project_id), .flags = QUERY | NULLABLE, .min = 0, .max = INT64_MAX, .doc = "Only of this project." },
};
#undef D
DESC(alert_scope_ask);

#define D struct alert_page
static const struct field alert_page_fields[] = {
    { F_LIST(alerts, &alert_desc), .flags = READONLY, .doc = "The alerts, the latest first." },
    { F_AS("next_cursor", next), .flags = READONLY | NULLABLE,
      .doc = "For the next page; null: this is the last." },
};
#undef D
DESC(alert_page);

#define LIST_OF(tag, member, of, text) \
    static const struct field tag##_fields[] = { { F_LIST(member, &of##_desc), .flags = READONLY, \
                                                   .doc = text } }
#define D struct alert_rules
LIST_OF(alert_rules, rules, alert_rule, "The rules.");
#undef D
DESC(alert_rules);
#define D struct alert_channels
LIST_OF(alert_channels, channels, alert_channel, "The channels.");
#undef D
DESC(alert_channels);
#define D struct alert_silences
LIST_OF(alert_silences, silences, alert_silence, "The silences that are not over.");
#undef D
DESC(alert_silences);
#define D struct alert_deliveries
LIST_OF(alert_deliveries, deliveries, alert_delivery, "The last deliveries, the latest first.");
#undef D
DESC(alert_deliveries);

#define D struct alert_hush
static const struct field alert_hush_fields[] = {
    { F(id), ID_PATH("The alert.") },
    { F(for_s), .flags = REQUIRED, .min = 60, .max = 90 * 86400, .doc = "For how many seconds." },
    { F(reason), .flags = NULLABLE, .min = 1, .max = 500, .doc = "Why." },
};
#undef D
DESC(alert_hush);
#define D struct alert_tested
static const struct field alert_tested_fields[] = {
    { F(delivered), .flags = READONLY, .doc = "Whether the receiver took it." },
    { F(error), .flags = READONLY | NULLABLE, .doc = "Why not." },
};
#undef D
DESC(alert_tested);
