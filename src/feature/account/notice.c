#include "feature/account/account_in.h"
#include "feature/channel/channel.h"

static const char *const notice_kinds[] = {
    "session.started", "session.ended",  "token.made",   "token.ended",    "grant.given", "grant.ended",
    "member.set",      "member.removed", "alert.firing", "alert.resolved", NULL
};
static_assert(LEN(notice_kinds) == NOTICE_ALERT_RESOLVED + 2, "a name for each kind of notice");

#define D struct notice
static const struct field notice_fields[] = {
    { F_ENUM(kind, notice_kinds), .flags = READONLY, .doc = "What has happened." },
    { F(id), .flags = READONLY, .doc = "Of the session, token, alert, project or granted thing." },
    { F(name), .flags = READONLY | NULLABLE, .doc = "What people call it." },
    { F(detail), .flags = READONLY | NULLABLE,
      .doc = "Of a session its user agent, of a grant what kind of thing, of a member the role, of an alert "
             "its subject." },
    { F(by), .flags = READONLY | NULLABLE, .doc = "Login of who did it." },
    { F(at), .flags = READONLY, .doc = "When." },
};
#undef D
static DESC(notice);

void account_notify(struct op *op, i64 user_id, const struct notice *n)
{
    str topic = arena_printf(op->arena, "me/%lld", (long long)user_id);
    if (!channel_wanted(topic)) return;
    struct buf b = BUF(op->arena);
    struct notice full = *n;
    full.at = time_now();
    full.by = op->who->login.n ? op->who->login : (str){ 0 };
    desc_write(&b, &notice_desc, &full);
    channel_send_after(op, topic, (str){ 0 }, buf_str(&b));
}

struct me_topic {
    i64 user_id;
};
#define D struct me_topic
static const struct field me_topic_fields[] = {
    { F(user_id), .min = 0, .max = INT64_MAX, .doc = "Number of the person; one's own." },
};
#undef D
static DESC(me_topic);

static err_t may(struct op *op, const void *in)
{
    const struct me_topic *t = in;
    return t->user_id == op->who->user_id ? OK : fail(op, ERR_NOT_FOUND, "there is no such topic");
}

const struct topic account_topics[1] = {
    { .pattern = "me/{user_id}",
      .delivery = TOPIC_EVENTS,
      .in = &me_topic_desc,
      .event = &notice_desc,
      .auth = RIGHT_USER,
      .may = may,
      .doc = "Notices for a person: sessions, tokens, grants, memberships, alerts of one's own. `me` is the "
             "topic of "
             "whoever subscribes." },
};
