/* Alerts on the live channel: those of a person and those of a project, as they change. */
#include "feature/account/account.h"
#include "feature/account/notice.h"
#include "feature/alert/alert_rules.h"

struct alert_of_user {
    i64 user_id;
};
#define D struct alert_of_user
static const struct field alert_of_user_fields[] = {
    { F(user_id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The person." },
};
#undef D
static DESC(alert_of_user);
struct alert_of_project {
    i64 project_id;
};
#define D struct alert_of_project
static const struct field alert_of_project_fields[] = {
    { F(project_id), .flags = PATH, .min = 1, .max = INT64_MAX, .doc = "The project." },
};
#undef D
static DESC(alert_of_project);

static err_t may_user(struct op *op, const void *in)
{
    if (op->who->project_id) return fail(op, ERR_FORBIDDEN, "a project's token sees that project's alerts");
    return alert_access(op, ((const struct alert_of_user *)in)->user_id, 0, ALERT_SEE, "person");
}
static err_t may_project(struct op *op, const void *in)
{
    return account_project_need(op, ((const struct alert_of_project *)in)->project_id, ROLE_VIEWER,
                                "project_id");
}

#define ALERT_DOC \
    "Alerts as they change; one that is resolved is over, also when it never fired. `silenced_until` is " \
    "not told."
const struct topic alert_topics[ALERT_TOPICS] = {
    { .pattern = "alerts/user/{user_id}",
      .delivery = TOPIC_LATEST,
      .in = &alert_of_user_desc,
      .event = &alert_desc,
      .auth = RIGHT_ALERT_READ,
      .may = may_user,
      .doc = ALERT_DOC },
    { .pattern = "alerts/project/{project_id}",
      .delivery = TOPIC_LATEST,
      .in = &alert_of_project_desc,
      .event = &alert_desc,
      .auth = RIGHT_ALERT_READ,
      .may = may_project,
      .doc = ALERT_DOC },
};

void alert_notice(struct op *op, const struct alert *a)
{
    if (!a->owner_id) return;
    account_notify(
        op, a->owner_id,
        &(struct notice){ .kind = a->state == ALERT_FIRING ? NOTICE_ALERT_FIRING : NOTICE_ALERT_RESOLVED,
                          .id = a->id,
                          .name = a->rule,
                          .detail = a->subject });
}

void alert_changed(struct op *op, const struct alert *a)
{
    str topic = a->project_id ? arena_printf(op->arena, "alerts/project/%lld", (long long)a->project_id)
                              : arena_printf(op->arena, "alerts/user/%lld", (long long)a->owner_id);
    if (!channel_wanted(topic)) return;
    struct buf b = BUF(op->arena);
    desc_write(&b, &alert_desc, a);
    channel_send_after(op, topic, arena_printf(op->arena, "%lld", (long long)a->id), buf_str(&b));
}
