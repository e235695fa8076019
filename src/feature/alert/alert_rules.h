/* The rules of alerts, as alert_api.c and the jobs call them. Private to the feature. */
#pragma once
#include "base/cli.h"
#include "feature/alert/alert_sql.h"
#include "feature/channel/channel.h"
#include "feature/unit/unit.h"

enum { ALERT_COMMANDS = 2 };
extern const struct command alert_commands[ALERT_COMMANDS];

/* The live channel's side: who follows the scope's alerts gets this one once it is durable. */
enum { ALERT_TOPICS = 2 };
extern const struct topic alert_topics[ALERT_TOPICS];
void alert_changed(struct op *, const struct alert *);
void alert_notice(struct op *, const struct alert *); /* to its owner: fires, or is over */

/* Whether op->who may see, or change, what is of that scope. ERR_NOT_FOUND for those who must not see it. */
enum alert_need { ALERT_SEE, ALERT_CHANGE };
err_t alert_access(struct op *, i64 owner_id, i64 project_id, enum alert_need, const char *what) MUST_USE;
/* The scope of something new: the project, which op->who must be able to change, or op->who's own. */
err_t alert_scope(struct op *, i64 *owner_id, i64 *project_id) MUST_USE;
struct alert_filter alert_filter_of(const struct op *, i64 project_id);
err_t alert_rule_check(struct op *, const struct alert_rule *) MUST_USE;
err_t alert_channel_check(struct op *, const struct alert_channel *) MUST_USE;

bool alert_is_silenced(const alert_silence_list *, const struct alert *, time_us now, time_us *until);
bool alert_labels_match(const alert_labels *want, const alert_labels *have);

/* One look at one subject of a rule: what it is now. */
struct alert_sight {
    str key, subject, note;
    alert_labels labels;
    double value;
    bool beyond, back; /* beyond the threshold; come back from it by the hysteresis. Neither: in between */
};
/* All that an evaluation reads and decides; alert_eval.c. */
struct alert_round {
    struct op *op;
    time_us now;
    alert_rule_list rules;
    alert_list active; /* sorted */
    bool *seen;
    alert_silence_list silences;
    alert_channel_list channels;
};
err_t alert_see(struct alert_round *, const struct alert_rule *, const struct alert_sight *) MUST_USE;
err_t alert_look_at_series(struct alert_round *) MUST_USE; /* alert_series.c */
void alert_series_forget(void);                            /* another database, or the end */
err_t alert_evaluate_job(struct op *) MUST_USE;

/* Rows of the outbox for an alert that fires or is over; alert_send.c. */
err_t alert_tell(struct alert_round *, const struct alert_rule *, const struct alert *,
                 enum alert_event) MUST_USE;
err_t alert_deliver_job(struct op *) MUST_USE;
err_t alert_forget_job(struct op *) MUST_USE;
/* Sends one now. */
err_t alert_send(struct op *, const struct alert_channel *, const struct alert_delivery *) MUST_USE;

/* Texts, in the language given; alert_text.c. */
struct alert_text {
    str title, text;
};
struct alert_text alert_text_of(struct op *, enum lang, enum alert_event, const struct alert *);
