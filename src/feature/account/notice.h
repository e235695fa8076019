/* What a person is told at once: the topic me/{user_id} of the live channel, which its owner also calls `me`.
 * A notice is no record: who does not listen does not miss it, the state is where it always was. */
#pragma once
#include "base/desc.h"

enum notice_kind {
    NOTICE_SESSION_STARTED,
    NOTICE_SESSION_ENDED,
    NOTICE_TOKEN_MADE,
    NOTICE_TOKEN_ENDED,
    NOTICE_GRANT_GIVEN,
    NOTICE_GRANT_ENDED,
    NOTICE_MEMBER_SET,
    NOTICE_MEMBER_REMOVED,
    NOTICE_ALERT_FIRING,
    NOTICE_ALERT_RESOLVED,
};
struct notice {
    int kind;
    i64 id;           /* of the session, token, alert, project or granted thing */
    str name, detail; /* what people call it, and more of it */
    str by;           /* login of who did it; absent: nobody */
    time_us at;
};
/* Fills at and by; told once what the operation writes is durable. */
void account_notify(struct op *, i64 user_id, const struct notice *);
