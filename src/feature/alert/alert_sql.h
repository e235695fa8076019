/* All SQL of alerts. Rights are alert.c's. Private to the feature. */
#pragma once
#include "feature/alert/alert_wire.h"
#include "port/db/db.h"

/* Whose rows a list shows. */
struct alert_filter {
    bool all;                /* of everybody: administrators and the system */
    i64 user_id, project_id; /* project_id: that project's only */
};
typedef LIST(struct alert_rule) alert_rule_list;
typedef LIST(struct alert) alert_list;
typedef LIST(struct alert_channel) alert_channel_list;
typedef LIST(struct alert_silence) alert_silence_list;
typedef LIST(struct alert_delivery) alert_delivery_list;

json_raw alert_json(struct arena *, const struct desc *, const char *field, const void *record);

err_t alert_sql_rule_insert(struct op *,
                            struct alert_rule *) MUST_USE; /* sets id; a builtin that is there stays */
err_t alert_sql_rule_update(struct op *, const struct alert_rule *) MUST_USE;
err_t alert_sql_rule_get(struct op *, i64 id, struct alert_rule *, bool *found) MUST_USE;
err_t alert_sql_rule_delete(struct op *, i64 id) MUST_USE;
err_t alert_sql_rules(struct op *, const struct alert_filter *, bool enabled, alert_rule_list *) MUST_USE;

err_t alert_sql_insert(struct op *, struct alert *) MUST_USE;       /* sets id */
err_t alert_sql_update(struct op *, const struct alert *) MUST_USE; /* state, value, note, times */
err_t alert_sql_delete(struct op *, i64 id) MUST_USE;
err_t alert_sql_get(struct op *, i64 id, struct alert *, bool *found) MUST_USE;
err_t alert_sql_list(struct op *, const struct alert_filter *, const struct alert_ask *,
                     alert_list *) MUST_USE;
err_t alert_sql_active(struct op *, alert_list *) MUST_USE; /* of all, by rule and subject_key, bytewise */
err_t alert_sql_acknowledge(struct op *, i64 id, str who, time_us) MUST_USE;

err_t alert_sql_channel_insert(struct op *, struct alert_channel *) MUST_USE;       /* sets id */
err_t alert_sql_channel_update(struct op *, const struct alert_channel *) MUST_USE; /* absent secrets stay */
err_t alert_sql_channel_get(struct op *, i64 id, struct alert_channel *,
                            bool *found) MUST_USE; /* with secrets */
err_t alert_sql_channel_delete(struct op *, i64 id) MUST_USE;
err_t alert_sql_channels(struct op *, const struct alert_filter *, bool enabled,
                         alert_channel_list *) MUST_USE;

err_t alert_sql_silence_insert(struct op *, struct alert_silence *) MUST_USE; /* sets id */
err_t alert_sql_silence_get(struct op *, i64 id, struct alert_silence *, bool *found) MUST_USE;
err_t alert_sql_silence_delete(struct op *, i64 id) MUST_USE;
err_t alert_sql_silences(struct op *, const struct alert_filter *, time_us now,
                         alert_silence_list *) MUST_USE;

err_t alert_sql_tell(struct op *, const struct alert_delivery *) MUST_USE;
/* Takes one that is due for this process until `until`, so that no other node sends it too. */
err_t alert_sql_take(struct op *, time_us now, time_us until, struct alert_delivery *, bool *found) MUST_USE;
err_t alert_sql_told(struct op *, const struct alert_delivery *) MUST_USE; /* attempts, times, last_error */
err_t alert_sql_deliveries(struct op *, i64 channel_id, alert_delivery_list *) MUST_USE;
err_t alert_sql_forget(struct op *, time_us before) MUST_USE; /* deliveries and alerts that ended before */
