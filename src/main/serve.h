/* `netbit serve`: ports from the configuration, migrations, features, the HTTP server, jobs; until SIGTERM or
 * SIGINT. */
#pragma once
#include "base/cli.h"
#include "port/config.h"

err_t serve(struct cli *, const struct config *);

/* Ports for commands that work on the database without serving (migrate, user add, ...). */
struct ports;
err_t ports_open(struct op *, struct config *, struct ports *out);
void ports_close(struct op *, struct ports *);
