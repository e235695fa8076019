/* The level of a line that a program wrote: JSON lines say it in a member, others in a word near their begin.
 */
#pragma once
#include "base/json.h"
#include "feature/unit/unit_wire.h"

/* LEVEL_NONE: the line does not say. */
enum telemetry_level line_level(struct arena *, str line);
