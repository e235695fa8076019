/* What clients send and get. Private to the feature. */
#pragma once
#include "base/desc.h"

enum alert_kind {
    ALERT_ABOVE,
    ALERT_BELOW,
    ALERT_ABSENT,
    ALERT_UNIT_FAILED,
    ALERT_UNIT_MEMORY,
    ALERT_UNIT_CPU
};
extern const char *const alert_kinds[];
enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };
extern const char *const alert_severities[];
enum alert_state { ALERT_PENDING, ALERT_FIRING, ALERT_RESOLVED };
extern const char *const alert_states[];
enum alert_channel_kind { CHANNEL_WEBHOOK, CHANNEL_SLACK, CHANNEL_TEAMS, CHANNEL_TELEGRAM, CHANNEL_EMAIL };
extern const char *const alert_channel_kinds[];
extern const char *const alert_languages[]; /* "en", "ru": enum lang */
enum alert_event { EVENT_FIRING, EVENT_RESOLVED, EVENT_TEST };
extern const char *const alert_events[];

struct alert_label {
    str key, value;
};
typedef LIST(struct alert_label) alert_labels;

struct alert_rule {
    i64 id, owner_id, project_id; /* one of the two scopes, the other 0 */
    str name, name_ru;            /* name_ru: of a builtin rule that nobody has renamed */
    int kind, severity;
    bool builtin, enabled;
    str series;
    alert_labels labels; /* that the series or unit must have */
    double threshold, hysteresis;
    i64 for_s;
    LIST(i64) channels; /* empty: all of the scope */
    time_us created_at, updated_at;
};
extern const struct desc alert_rule_desc, alert_rule_in_desc, alert_rule_put_desc;

struct alert {
    i64 id, rule_id, owner_id, project_id;
    str rule, rule_ru; /* names of the rule */
    int kind, severity, state;
    str subject_key, subject; /* "unit/UUID" or "series/ID"; a name for people */
    alert_labels labels;
    double value, threshold;
    i64 for_s;
    str note; /* why a unit failed */
    time_us started_at, fired_at, ended_at, notified_at, acknowledged_at, silenced_until;
    str acknowledged_by;
};
extern const struct desc alert_desc;

struct alert_channel {
    i64 id, owner_id, project_id;
    str name;
    int kind, language;
    str url, secret, target; /* secret: never given back */
    bool has_secret, enabled;
    time_us created_at;
};
extern const struct desc alert_channel_desc, alert_channel_in_desc, alert_channel_put_desc;

struct alert_silence {
    i64 id, owner_id, project_id, rule_id;
    alert_labels labels;
    time_us starts_at, until;
    str reason, created_by;
};
extern const struct desc alert_silence_desc, alert_silence_in_desc;

struct alert_delivery {
    i64 id, channel_id, alert_id;
    int event;
    uuid delivery;
    str title, text;
    json_raw body;
    i64 attempts;
    time_us created_at, next_at, sent_at, failed_at;
    str last_error;
};
extern const struct desc alert_delivery_desc;

/* Questions and pages. */
struct alert_key {
    i64 id;
};
extern const struct desc alert_key_desc;
struct alert_ask {
    int state; /* 0 active, else enum alert_state + 2; 1: all */
    i64 project_id, cursor, limit;
};
extern const struct desc alert_ask_desc;
struct alert_scope_ask {
    i64 project_id;
};
extern const struct desc alert_scope_ask_desc;
struct alert_page {
    LIST(struct alert) alerts;
    i64 next;
};
extern const struct desc alert_page_desc;
struct alert_rules {
    LIST(struct alert_rule) rules;
};
struct alert_channels {
    LIST(struct alert_channel) channels;
};
struct alert_silences {
    LIST(struct alert_silence) silences;
};
struct alert_deliveries {
    LIST(struct alert_delivery) deliveries;
};
extern const struct desc alert_rules_desc, alert_channels_desc, alert_silences_desc, alert_deliveries_desc;
struct alert_hush {
    i64 id, for_s;
    str reason;
};
extern const struct desc alert_hush_desc;
struct alert_tested {
    bool delivered;
    str error;
};
extern const struct desc alert_tested_desc;
