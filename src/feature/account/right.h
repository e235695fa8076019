/* Rights: what a route demands (.auth) and what a token's scopes grant. One list gives the bit, the scope's
 * name and its text. */
#pragma once
#include "base/def.h"

#define RIGHTS(X) \
    X(RIGHT_PUBLIC, 0, "", "anyone, signed in or not") \
    X(RIGHT_USER, 1, "user", "a signed-in person's own account") \
    X(RIGHT_PACKAGE_READ, 2, "package:read", "see and install packages") \
    X(RIGHT_PACKAGE_WRITE, 3, "package:write", "publish packages and versions") \
    X(RIGHT_UNIT_READ, 4, "unit:read", "see units, their logs and metrics") \
    X(RIGHT_UNIT_WRITE, 5, "unit:write", "create, change, stop and delete units") \
    X(RIGHT_TELEMETRY_WRITE, 6, "telemetry:write", "send telemetry") \
    X(RIGHT_PROJECT, 7, "project", "make projects and manage members") \
    X(RIGHT_AUDIT_READ, 8, "audit:read", "read the audit log") \
    X(RIGHT_ADMIN, 9, "admin", "administer the node") \
    X(RIGHT_PROJECT_READ, 10, "project:read", "see projects and their members; part of project") \
    X(RIGHT_SERIES_READ, 11, "series:read", "read series of numbers") \
    X(RIGHT_SERIES_WRITE, 12, "series:write", "change and delete series, set their retention") \
    X(RIGHT_ALERT_READ, 13, "alert:read", "see alerts, their rules and channels") \
    X(RIGHT_ALERT_WRITE, 14, "alert:write", "acknowledge and silence alerts, change rules and channels")
#define X(id, bit, scope, doc) static const u64 id = (u64)1 << bit;
RIGHTS(X)
#undef X
