/* One program under several names: netbit, spark, demo-sensor. The name it was called by chooses the
 * commands. */
#include "base/fs.h"
#include "main/features.h"
#include "main/serve.h"
#include "port/db/db.h"
#include "port/db/migrate.h"
#include "port/ports.h"

static struct config config;
static struct ports ports;

static void close_ports(struct op *op) { ports_close(op, &ports); }

static err_t open_ports(struct op *op, const struct command *c)
{
    desc_defaults(&config_desc, op->arena, &config);
    TRY(config_from_env(op, &config));
    TRY(ports_open(op, &config, &ports));
    struct tables t = tables_of_features(op->arena);
    err_t e = c->any_state ? OK : migrate_complete(op, t.migrations, t.nmigrations);
    if (e) close_ports(op);
    return e;
}

int main(int argc, char **argv)
{
    lang_setup();
    AUTO(arena) struct arena a = { 0 };
    struct tables t = tables_of_features(&a);
    str name = fs_base_name(str_of(argc ? argv[0] : "netbit"));
    const char *program = str_is(name, "spark") ? "spark" : "netbit";
    return cli_main(argc, argv, program, t.commands, t.ncommands, t.ncommand_tables,
                    &(struct cli_ports){ .open = open_ports, .close = close_ports });
}
