/* The folder of a unit, units/<id>: there whole or not at all, though the agent may be killed at any moment.
 * What such a one leaves the next one clears up. Paths are absolute. */
#pragma once
#include "base/op.h"

/* With data, tmp and logs. ERR_CONFLICT: there is such a folder already. After an error nothing is left of
 * it. */
err_t unit_dir_make(struct op *, const char *dir) MUST_USE;
/* No unit's any more at one stroke, then emptied. What cannot be removed is logged. */
void unit_dir_remove(struct op *, const char *dir);

/* A removal that a killed agent could not end is ended, if `name` within `units` is one. */
void unit_dir_end_removal(struct op *, const char *units, const char *name);
/* Removes a folder that a killed agent had only just made: without a unit's record, or with an empty one, and
 * with nothing else than empty folders, so nobody ever heard of its unit. True: it was such a one. */
bool unit_dir_drop_unfinished(const char *dir);
