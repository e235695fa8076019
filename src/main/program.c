#include "main/program.h"
#include "base/log.h"
#include "feature/channel/channel.h"
#include "main/features.h"
#include "main/serve.h"
#include "port/db/db.h"
#include "port/db/migrate.h"
#include "port/ports.h"

#define D struct migrate_args
struct migrate_args {
    str direction, feature;
    i64 to;
};
static const struct field migrate_args_fields[] = {
    { F(direction), .flags = ARG, .max = 8, .def = "status", .doc = "up, down or status",
      .doc_ru = "up, down или status" },
    { F(feature), .max = 64, .flags = NULLABLE, .doc = "With down: whose migrations.",
      .doc_ru = "Для down: чьи миграции." },
    { F(to), .max = 9999, .def = "0", .doc = "With down: the number to go back to.",
      .doc_ru = "Для down: до какого номера вернуться." },
};
#undef D
static DESC(migrate_args);

static err_t migrate_show(struct cli *cli, const struct tables *t)
{
    LIST(struct migration_state) states = { 0 };
    TRY(migrate_status(cli->op, t->migrations, t->nmigrations, &states));
    cli_print_list(cli, &migration_state_desc, &states,
                   (const char *const[]){ "feature", "number", "name", "applied", "applied_at", NULL });
    return OK;
}

static err_t migrate_run(struct cli *cli, const void *in)
{
    const struct migrate_args *a = in;
    struct tables t = tables_of_features(cli->op->arena);
    i64 n = 0;
    if (str_is(a->direction, "up")) TRY(migrate_up(cli->op, t.migrations, t.nmigrations, &n));
    else if (str_is(a->direction, "down")) {
        if (!a->feature.p)
            return fail_field(cli->op, "feature", "say whose migrations to revert: --feature NAME");
        TRY(migrate_down(cli->op, t.migrations, t.nmigrations, a->feature, (int)a->to, &n));
    } else if (!str_is(a->direction, "status"))
        return fail_field(cli->op, "direction", "must be up, down or status");
    TRY(db_flush(cli->op));
    if (!str_is(a->direction, "status"))
        term_say(cli->term, TONE_GOOD, TR("%lld migrations", "миграций: %lld"), (long long)n);
    return migrate_show(cli, &t);
}

static err_t serve_run(struct cli *cli, const void *in) { return serve(cli, in); }

static err_t openapi_run(struct cli *cli, const void *in)
{
    (void)in;
    term_put(cli->term, api_document(cli->op->arena));
    term_put(cli->term, S("\n"));
    return OK;
}

static err_t asyncapi_run(struct cli *cli, const void *in)
{
    (void)in;
    channel_know_features(features, nfeatures);
    term_put(cli->term, async_document(cli->op->arena));
    term_put(cli->term, S("\n"));
    return OK;
}

#define D struct shell_args
struct shell_args {
    str shell;
};
static const struct field shell_args_fields[] = {
    { F(shell), .flags = ARG | REQUIRED, .max = 8, .doc = "bash, zsh or fish",
      .doc_ru = "bash, zsh или fish" },
};
#undef D
static DESC(shell_args);

static err_t completion_run(struct cli *cli, const void *in)
{
    struct tables t = tables_of_features(cli->op->arena);
    struct buf b = BUF(cli->op->arena);
    TRY(cli_completion(cli->op, &b, ((const struct shell_args *)in)->shell, cli->program, t.commands,
                       t.ncommands, t.ncommand_tables));
    term_put(cli->term, buf_str(&b));
    return OK;
}

static err_t man_run(struct cli *cli, const void *in)
{
    (void)in;
    struct tables t = tables_of_features(cli->op->arena);
    struct buf b = BUF(cli->op->arena);
    cli_man(&b, cli->program, t.commands, t.ncommands, t.ncommand_tables);
    term_put(cli->term, buf_str(&b));
    return OK;
}

const struct command program_commands[] = {
    { .program = "netbit",
      .name = "serve",
      .in = &config_desc,
      .run = serve_run,
      .doc = "Run the server.",
      .doc_ru = "Запустить сервер.",
      .more = "Every option is also an environment variable: --database-url is NETBIT_DATABASE_URL.",
      .more_ru = "Каждый параметр задаётся и переменной окружения: --database-url это NETBIT_DATABASE_URL.",
      .example = "netbit serve --listen :8080 --data /var/lib/netbit" },
    { .program = "netbit",
      .name = "migrate",
      .in = &migrate_args_desc,
      .run = migrate_run,
      .needs_ports = true,
      .any_state = true,
      .doc = "Show, apply or revert database migrations.",
      .doc_ru = "Показать, применить или откатить миграции базы.",
      .more = "The database is the one of NETBIT_DATABASE_URL or NETBIT_DATA.",
      .more_ru = "База берётся из NETBIT_DATABASE_URL или NETBIT_DATA.",
      .example = "netbit migrate down --feature unit --to 0" },
    { .program = "netbit",
      .name = "openapi",
      .run = openapi_run,
      .doc = "Print the OpenAPI document.",
      .doc_ru = "Вывести документ OpenAPI." },
    { .program = "netbit",
      .name = "asyncapi",
      .run = asyncapi_run,
      .doc = "Print the AsyncAPI document: WebSockets, followers and topics.",
      .doc_ru = "Вывести документ AsyncAPI: WebSocket, потоки событий и темы." },
    { .program = "netbit",
      .name = "completion",
      .in = &shell_args_desc,
      .run = completion_run,
      .doc = "Print shell completions.",
      .doc_ru = "Вывести автодополнение для оболочки.",
      .example = "source <(netbit completion bash)" },
    { .program = "netbit",
      .name = "man",
      .run = man_run,
      .doc = "Print the manual page (roff).",
      .doc_ru = "Вывести страницу руководства (roff)." },
};
const size_t nprogram_commands = LEN(program_commands);
