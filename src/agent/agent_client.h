/* Talking to this user's agent. agent_connect starts it when there is none (`netbit agent --daemon`) and
 * waits until it answers; nothing here sleeps. */
#pragma once
#include "agent/agent_local.h"

struct agent_conn {
    int fd;
    struct buf in; /* bytes read behind the last answer */
};
enum agent_connect_flag {
    AGENT_MUST_RUN = 1 << 0, /* do not start one: ERR_UNAVAILABLE when there is none */
};
err_t agent_connect(struct op *, unsigned flags, struct agent_conn *out) MUST_USE;
/* Sends one request and waits for its answer (op->deadline_us, else as long as it takes). An answer that is
 * not ok becomes op's error: same code, field and text. */
err_t agent_call(struct agent_conn *, struct op *, const struct local_request *,
                 struct local_answer *out) MUST_USE;
/* start: puts the spec into a request. */
err_t agent_start(struct agent_conn *, struct op *, const struct unit_spec *,
                  struct local_unit *out) MUST_USE;
void agent_close(struct agent_conn *);
#define agent_conn_done agent_close /* AUTO(agent_conn) */

/* Units as their files tell, for when no agent runs: the status is what was last written. */
err_t agent_units_on_disk(struct op *, struct local_answer *out) MUST_USE;

/* ~/.netbit, or NETBIT_HOME; ~/.netbit/spark and what is in it. In op->arena, NUL-terminated. */
str netbit_home(struct op *);
str spark_path(struct op *, const char *rest); /* spark_path(op, "login.json") */

/* ~/.netbit/spark/login.json, 0600, written by `spark login`. After writing it, send LOCAL_RELOAD. */
struct login {
    str server; /* "https://host[:port]" */
    str token, refresh_token;
    str login;
    bool insecure;
};
extern const struct desc login_desc;
err_t login_read(struct op *, struct login *out) MUST_USE; /* empty members: there is no file */
/* The same, with NETBIT_URL and NETBIT_TOKEN in their place where they are set. */
err_t login_now(struct op *, struct login *out) MUST_USE;
