/* What clients of units send and get, beside the records of unit.h. */
#pragma once
#include "feature/unit/unit_rules.h"

extern const struct desc unit_new_desc;

struct unit_query {
    int status; /* 0: any, else enum unit_status + 1 */
    str package, cursor;
    i64 limit;
};
extern const struct desc unit_query_desc;
struct unit_page {
    LIST(struct unit) units;
    str next;
};
extern const struct desc unit_page_desc;

struct unit_key {
    uuid unit_id;
};
extern const struct desc unit_key_desc;

struct unit_status_in {
    uuid unit_id;
    int status;
    i64 pid, port, exit_code;
    str reason;
};
extern const struct desc unit_status_in_desc;

/* A heartbeat without an agent's socket: says that the unit lives, takes its commands. */
struct unit_heartbeat {
    uuid unit_id;
    int status; /* 0: not said, else enum unit_status + 1 */
    i64 pid, port;
    LIST(uuid) done;
};
extern const struct desc unit_heartbeat_desc;
struct unit_order {
    uuid id;
    int action;
};
extern const struct desc unit_order_desc;
struct unit_orders {
    LIST(struct unit_order) commands;
    i64 heartbeat_s;
};
extern const struct desc unit_orders_desc;

struct agent_page {
    LIST(struct agent_row) agents;
};
extern const struct desc agent_page_desc;

struct telemetry_post {
    uuid unit_id;
    LIST(struct telemetry) records;
};
extern const struct desc telemetry_post_desc;
struct telemetry_receipt {
    i64 accepted;
};
extern const struct desc telemetry_receipt_desc;

struct telemetry_query {
    uuid unit_id;
    int type, level, order;
    time_us from, to;
    str q, cursor;
    i64 limit;
    bool follow; /* logs only */
};
extern const struct desc telemetry_query_desc, logs_query_desc, metrics_query_desc;
struct telemetry_page {
    LIST(struct telemetry_row) rows;
    str next;
};
/* The same page, its rows under the name that the path has. */
extern const struct desc telemetry_page_desc, logs_page_desc, metrics_page_desc;

struct unit_token {
    str token;
};
extern const struct desc unit_token_desc;
