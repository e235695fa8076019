/* The live channel's side of units. Private to the feature. */
#pragma once
#include "feature/channel/channel.h"
#include "feature/unit/unit_rules.h"

enum { UNIT_TOPICS = 6 };
extern const struct topic unit_topics[UNIT_TOPICS];

/* The unit's row has changed in this operation: who listens gets it once that is durable. */
err_t unit_changed(struct op *, uuid unit_id) MUST_USE;
/* Somebody follows the unit's lines or events: then rows of one unit, as they were stored, are told. */
bool telemetry_wanted(uuid unit_id);
void telemetry_tell(struct op *, const struct telemetry_row *, size_t n);

/* GET .../logs?follow=1 (unit_follow.c). */
struct http_live;
extern const struct http_live unit_follow_logs;
