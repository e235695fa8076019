/* grants: who sees a private package besides its author and the members of its project. */
#include "feature/account/account.h"
#include "spark/commands.h"
#include "spark/registry.h"

enum grants_action { GRANTS_LIST, GRANTS_ADD, GRANTS_REMOVE };
static const char *const grants_actions[] = { "list", "add", "remove", NULL };

struct grants_in {
    str name;
    int action;
    LIST(str) who;
};
#define D struct grants_in
static const struct field grants_in_fields[] = {
    { F(name), .flags = ARG | REQUIRED, .min = 1, .max = 63, .doc = "The package.", .doc_ru = "Пакет." },
    { F_ENUM(action, grants_actions), .flags = ARG, .def = "list", .doc = "list, add or remove.",
      .doc_ru = "list, add или remove." },
    { F_LIST_OF(who, &field_str_elem), .flags = REST, .max = 100, .doc = "Logins of people, ids of units.",
      .doc_ru = "Логины людей, идентификаторы юнитов." },
};
#undef D
DESC(grants_in);

static err_t change(struct cli *cli, struct registry *r, const struct grants_in *in, str who)
{
    bool add = in->action == GRANTS_ADD;
    TRY(add ? registry_grant(r, cli->op, in->name, who) : registry_grant_end(r, cli->op, in->name, who));
    if (cli->json) return OK;
    if (add)
        term_say(cli->term, TONE_GOOD, TR("%.*s may install %.*s", "%.*s может установить %.*s"), STR(who),
                 STR(in->name));
    else
        term_say(cli->term, TONE_GOOD, TR("%.*s no longer sees %.*s", "%.*s больше не видит %.*s"), STR(who),
                 STR(in->name));
    return OK;
}

static void print(struct cli *cli, const struct reg_grants *all, str name)
{
    static const char *const columns[] = { "login|LOGIN|ЛОГИН", "unit_id|UNIT|ЮНИТ",
                                           "granted_at|SINCE|С КАКОГО ВРЕМЕНИ", NULL };
    if (cli->json || all->grants.n) cli_print_list(cli, &grant_desc, &all->grants, columns);
    else
        term_say(cli->term, TONE_DIM, TR("Nobody was granted %.*s", "Доступ к %.*s никому не выдан"),
                 STR(name));
}

err_t cmd_grants(struct cli *cli, const void *arg)
{
    const struct grants_in *in = arg;
    AUTO(registry) struct registry r = { 0 };
    struct reg_grants all;
    bool lists = in->action == GRANTS_LIST;
    if (lists == (in->who.n > 0))
        return fail_field(
            cli->op, "who",
            lists ? TR("belongs to add and remove", "нужно только для add и remove")
                  : TR("say who: a login or the id of a unit", "укажите, кто: логин или id юнита"));
    TRY(registry_open(cli->op, REGISTRY_SIGN_IN, &r));
    for (size_t i = 0; i < in->who.n; i++) TRY(change(cli, &r, in, in->who.item[i]));
    if (!lists && !cli->json) return OK;
    TRY(registry_grants(&r, cli->op, in->name, &all));
    print(cli, &all, in->name);
    return OK;
}
