/* ~/.netbit/spark/login.json: where this person is signed in. */
#pragma once
#include "agent/agent_client.h"

/* What `spark login` stored; absent members when nobody signed in. */
err_t login_write(struct op *, const struct login *) MUST_USE;
