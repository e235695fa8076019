/* completion, man: made from the command table. */
#include "spark/commands.h"
#include "spark/spark.h"

static const char *const shells[] = { "bash", "zsh", "fish", NULL };
struct completion_in {
    int shell;
};
#define D struct completion_in
static const struct field completion_in_fields[] = {
    { F_ENUM(shell, shells), .flags = ARG | REQUIRED, .doc = "bash, zsh or fish.",
      .doc_ru = "bash, zsh или fish." },
};
#undef D
DESC(completion_in);

static const struct command *const tables[] = { spark_commands, spark_unit_commands };

err_t cmd_completion(struct cli *cli, const void *arg)
{
    const struct completion_in *in = arg;
    struct buf b = BUF(cli->op->arena);
    const size_t n[] = { spark_commands_count, spark_unit_commands_count };
    TRY(cli_completion(cli->op, &b, str_of(shells[in->shell]), "spark", tables, n, LEN(n)));
    term_put(cli->term, buf_str(&b));
    return OK;
}

err_t cmd_man(struct cli *cli, const void *arg)
{
    (void)arg;
    struct buf b = BUF(cli->op->arena);
    const size_t n[] = { spark_commands_count, spark_unit_commands_count };
    cli_man(&b, "spark", tables, n, LEN(n));
    term_put(cli->term, buf_str(&b));
    return OK;
}
