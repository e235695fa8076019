/* run: a unit from an installed package. Speaks to the agent alone, which tells the server by itself, so it
 * is as quick without a network as with one. */
#include "agent/agent_client.h"
#include "spark/commands.h"
#include "spark/install.h"
#include "spark/manifest.h"

static const char *const policies[] = { "", "on-failure", "always", "never", NULL };

struct run_in {
    str package, name, cwd;
    LIST(str) env;
    int restart;
    LIST(str) args;
};
#define D struct run_in
static const struct field run_in_fields[] = {
    { F(package), .flags = ARG | REQUIRED, .min = 1, .max = 63, .doc = "An installed package.",
      .doc_ru = "Установленный пакет." },
    { F(name), .max = 100, .doc = "Name of the unit; by default the package's and a number.",
      .doc_ru = "Имя юнита; по умолчанию имя пакета и номер." },
    { F_LIST_OF(env, &field_str_elem), .alt = 'e', .max = 200,
      .doc = "KEY=VALUE for its environment; may be repeated.",
      .doc_ru = "KEY=VALUE в его окружение; можно повторять." },
    { F_ENUM(restart, policies), .doc = "When to start it again: on-failure, always, never.",
      .doc_ru = "Когда перезапускать: on-failure, always, never." },
    { F(cwd), .max = 4096, .doc = "Its working directory.", .doc_ru = "Рабочая папка." },
    { F_LIST_OF(args, &field_str_elem), .flags = REST, .max = 1000,
      .doc = "Behind --: further arguments of the program.", .doc_ru = "После --: ещё аргументы программы." },
};
#undef D
DESC(run_in);

static void add_args(struct op *op, struct unit_entry *e, const struct run_in *in)
{
    str *all = NEWN(op->arena, str, e->args.n + in->args.n + 1);
    if (e->args.n) memcpy(all, e->args.item, e->args.n * sizeof *all);
    if (in->args.n) memcpy(all + e->args.n, in->args.item, in->args.n * sizeof *all);
    e->args.item = all, e->args.n += in->args.n;
}

/* Later ones win over those of the package. */
static err_t add_env(struct op *op, struct unit_entry *e, const struct run_in *in)
{
    struct pair *all = NEWN(op->arena, struct pair, e->env.n + in->env.n + 1);
    if (e->env.n) memcpy(all, e->env.item, e->env.n * sizeof *all);
    for (size_t i = 0; i < in->env.n; i++) {
        struct pair p;
        if (!str_cut(in->env.item[i], '=', &p.key, &p.value) || !p.key.n)
            return fail_field(op, "env", TR("'%.*s' is not KEY=VALUE", "'%.*s' не KEY=VALUE"),
                              STR(in->env.item[i]));
        size_t k = 0;
        while (k < e->env.n && !str_eq(all[k].key, p.key)) k++;
        all[k] = p;
        if (k == e->env.n) e->env.n++;
    }
    e->env.item = all;
    return OK;
}

static err_t make_spec(struct op *op, const struct run_in *in, struct unit_spec *out)
{
    struct installed p;
    struct manifest_found f;
    err_t e = store_find(op, in->package, &p);
    if (e == ERR_NOT_FOUND)
        return fail(op, e,
                    TR("package '%.*s' is not installed: spark install %.*s",
                       "пакет '%.*s' не установлен: spark install %.*s"),
                    STR(in->package), STR(in->package));
    TRY(e);
    TRY(manifest_find(op, p.path.p, &f));
    *out = (struct unit_spec){ .name = in->name,
                               .package_name = p.name,
                               .version = p.version,
                               .package_dir = p.path,
                               .entry = f.m.entry };
    if (in->restart) out->entry.restart.policy = in->restart - 1;
    if (in->cwd.n) out->entry.cwd = in->cwd;
    add_args(op, &out->entry, in);
    return add_env(op, &out->entry, in);
}

err_t cmd_run(struct cli *cli, const void *arg)
{
    const struct run_in *in = arg;
    AUTO(agent_conn) struct agent_conn c = { .fd = -1 };
    struct unit_spec spec;
    struct local_unit u;
    char id[UUID_TEXT];
    TRY(make_spec(cli->op, in, &spec));
    TRY(agent_connect(cli->op, 0, &c));
    TRY(agent_start(&c, cli->op, &spec, &u));
    if (cli->json) {
        cli_print_record(cli, &local_unit_desc, &u);
        return OK;
    }
    struct login l;
    TRY(login_now(cli->op, &l));
    term_put(cli->term, arena_printf(cli->op->arena, "%.*s\n", STR(uuid_text(u.unit_id, id))));
    term_say(cli->term, TONE_GOOD, TR("Started %.*s, %.*s %.*s", "Запущен %.*s, %.*s %.*s"), STR(u.name),
             STR(u.package_name), STR(u.version));
    term_say(
        cli->term, TONE_DIM,
        TR("To watch it: spark logs %.*s -f, spark status", "Смотреть: spark logs %.*s -f, spark status"),
        STR(u.name));
    if (l.server.n)
        term_say(cli->term, TONE_DIM, "%.*s/units/%.*s", STR(l.server), STR(uuid_text(u.unit_id, id)));
    return OK;
}
