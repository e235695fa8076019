/* Units of this machine, from the agent while it runs and from their files while it does not. */
#pragma once
#include "agent/agent_client.h"

err_t local_list(struct op *, struct local_answer *out, bool *agent) MUST_USE;
/* By name, id or the unique beginning of an id. ERR_CONFLICT names the candidates when several begin so. */
err_t local_find(struct op *, str text, struct local_unit *out) MUST_USE;
/* The same among given units. */
err_t local_pick(struct op *, const struct local_answer *, str text, const struct local_unit **out) MUST_USE;
