/* The functions behind the rows of spark.c. Each cmd_x gets the struct that its row's descriptor fills. */
#pragma once
#include "base/cli.h"

extern const struct desc search_in_desc, name_in_desc, install_in_desc, update_in_desc, names_in_desc;
err_t cmd_search(struct cli *, const void *in);
err_t cmd_info(struct cli *, const void *in);
err_t cmd_install(struct cli *, const void *in);
err_t cmd_update(struct cli *, const void *in);
err_t cmd_uninstall(struct cli *, const void *in);
err_t cmd_list(struct cli *, const void *in);

extern const struct desc grants_in_desc;
err_t cmd_grants(struct cli *, const void *in);

extern const struct desc init_in_desc, publish_in_desc, pack_in_desc, key_in_desc;
err_t cmd_init(struct cli *, const void *in);
err_t cmd_publish(struct cli *, const void *in);
err_t cmd_pack(struct cli *, const void *in);
err_t cmd_key_new(struct cli *, const void *in);
err_t cmd_key_list(struct cli *, const void *in);

extern const struct desc login_in_desc;
err_t cmd_login(struct cli *, const void *in);
err_t cmd_logout(struct cli *, const void *in);
err_t cmd_whoami(struct cli *, const void *in);

extern const struct desc run_in_desc, units_in_desc, status_in_desc, logs_in_desc;
err_t cmd_run(struct cli *, const void *in);
err_t cmd_stop(struct cli *, const void *in);
err_t cmd_start(struct cli *, const void *in);
err_t cmd_restart(struct cli *, const void *in);
err_t cmd_pause(struct cli *, const void *in);
err_t cmd_resume(struct cli *, const void *in);
err_t cmd_rm(struct cli *, const void *in);
err_t cmd_agent_stop(struct cli *, const void *in);
err_t cmd_status(struct cli *, const void *in);
err_t cmd_logs(struct cli *, const void *in);

extern const struct desc completion_in_desc;
err_t cmd_completion(struct cli *, const void *in);
err_t cmd_man(struct cli *, const void *in);
