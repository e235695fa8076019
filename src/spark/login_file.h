/* ~/.netbit/spark/login.json: where this person is signed in. */
#pragma once
#include "agent/agent_client.h"

/* Replaces it; read by login_now() of agent/agent_client.h. */
err_t login_write(struct op *, const struct login *) MUST_USE;
