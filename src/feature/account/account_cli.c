/* Commands for the administrator at the console. They work on the node's database itself, so they also help
 * somebody who cannot sign in any more; what they do is in the audit log, by "system". */
#include "base/cli.h"
#include "feature/account/account_in.h"
#include "feature/account/project_sql.h"
#include "net/route.h"
#include "port/config.h"
#include "port/ports.h"

/* The console acts as the program itself. */
static void act(struct op *op, struct op_note *note, const char *action)
{
    *note = (struct op_note){ .action = action, .method_path = S("console") };
    op->who = &principal_system;
    op->note = note;
    db_set_hook(op->ports->db, account_audit);
}

static err_t find(struct op *op, str login, struct user *u)
{
    bool found;
    TRY(sql_user_find(op, login, u, &found));
    return found ? OK : op_fail(op, ERR_NOT_FOUND, HERE, S("login"), "user '%.*s' is not known", STR(login));
}

struct cli_user_add {
    str login, display_name, email, password;
    int role;
};
#define D struct cli_user_add
static const struct field cli_user_add_fields[] = {
    { F(login), .flags = ARG | REQUIRED, .min = 2, .max = 64, .check = login_check,
      .doc = "Name to sign in with.", .doc_ru = "Имя для входа." },
    { F(display_name), .min = 1, .max = 100, .doc = "Name that others see.",
      .doc_ru = "Имя, которое видят другие." },
    { F(email), .min = 3, .max = 254, .check = email_check, .doc = "Address.", .doc_ru = "Адрес почты." },
    { F(password), .flags = WRITEONLY, .min = PASSWORD_LEAST, .max = PASSWORD_MOST,
      .doc = "Password; asked for when it is not given.", .doc_ru = "Пароль; без него будет задан вопрос." },
    { F_ENUM(role, user_roles), .def = "user", .doc = "user, admin or auditor.",
      .doc_ru = "user, admin или auditor." },
};
#undef D
static DESC(cli_user_add);

static err_t ask_password(struct cli *cli, str *password)
{
    if (password->n) return OK;
    const char *question = TR("Password: ", "Пароль: ");
    if (!term_ask_secret(cli->term, cli->op->arena, question, password))
        return fail_field(cli->op, "password", "give --password; there is no terminal to ask on");
    if (password->n < PASSWORD_LEAST)
        return fail_field(cli->op, "password", "must have at least %d characters", PASSWORD_LEAST);
    return OK;
}

static err_t run_user_add(struct cli *cli, const void *arg)
{
    const struct cli_user_add *in = arg;
    struct op_note note;
    struct user u;
    struct user_new n = {
        .login = in->login, .password = in->password, .display_name = in->display_name, .email = in->email
    };
    TRY(ask_password(cli, &n.password));
    act(cli->op, &note, "user.create");
    TRY(user_add(cli->op, &n, in->role, &u));
    TRY(db_flush(cli->op));
    cli_print_record(cli, &user_desc, &u);
    return OK;
}

struct cli_user_list {
    str text;
};
#define D struct cli_user_list
static const struct field cli_user_list_fields[] = {
    { F(text), .flags = ARG, .min = 1, .max = 100,
      .doc = "Only those with this text in login, name or address.",
      .doc_ru = "Только те, у кого это есть в логине, имени или адресе." },
};
#undef D
static DESC(cli_user_list);

static err_t run_user_list(struct cli *cli, const void *arg)
{
    static const char *const columns[] = { "id",      "login", "display_name",  "role",
                                           "blocked", "totp",  "last_login_at", NULL };
    const struct cli_user_list *in = arg;
    struct {
        LIST(struct user) items;
    } all = { 0 };
    TRY(sql_user_list(cli->op, in->text, 0, 100000, &all.items));
    cli_print_list(cli, &user_desc, &all.items, columns);
    return OK;
}

struct cli_user_block {
    str login;
    bool off;
};
#define D struct cli_user_block
static const struct field cli_user_block_fields[] = {
    { F(login), .flags = ARG | REQUIRED, .min = 1, .max = 64, .doc = "Whom.", .doc_ru = "Кого." },
    { F(off), .doc = "Let them in again.", .doc_ru = "Впустить снова." },
};
#undef D
static DESC(cli_user_block);

static err_t run_user_block(struct cli *cli, const void *arg)
{
    const struct cli_user_block *in = arg;
    struct op_note note;
    struct user u;
    struct user_change c = { .blocked = !in->off, .has_blocked = true };
    act(cli->op, &note, "user.update");
    TRY(find(cli->op, in->login, &u));
    TRY(user_change(cli->op, u.id, &c, &u));
    TRY(db_flush(cli->op));
    cli_print_record(cli, &user_desc, &u);
    return OK;
}

struct cli_user_reset {
    str login;
    bool totp_off;
};
#define D struct cli_user_reset
static const struct field cli_user_reset_fields[] = {
    { F(login), .flags = ARG | REQUIRED, .min = 1, .max = 64, .doc = "Whose password.",
      .doc_ru = "Чей пароль." },
    { F(totp_off), .doc = "Turn one-time codes off as well.", .doc_ru = "Отключить и одноразовые коды." },
};
#undef D
static DESC(cli_user_reset);

struct cli_link {
    str path;
    time_us expires_at;
};
#define D struct cli_link
static const struct field cli_link_fields[] = {
    { F(path), .flags = READONLY, .doc = "Page on which the new password is set, once." },
    { F(expires_at), .flags = READONLY, .doc = "When the link ends." },
};
#undef D
static DESC(cli_link);

static err_t run_user_reset(struct cli *cli, const void *arg)
{
    const struct cli_user_reset *in = arg;
    struct op *op = cli->op;
    struct op_note note;
    struct user u;
    struct cli_link l;
    str token, base = op->ports->config ? op->ports->config->public_url : (str){ 0 };
    struct user_change off = { .has_totp = true };
    TRY(find(op, in->login, &u));
    if (in->totp_off) {
        act(op, &note, "user.update");
        TRY(user_change(op, u.id, &off, &u));
    }
    act(op, &note, "user.reset_link");
    TRY(user_reset_link(op, u.id, &token, &l.expires_at));
    TRY(db_flush(op));
    l.path = arena_printf(op->arena, "%.*s/reset?token=%.*s", STR(base), STR(token));
    cli_print_record(cli, &cli_link_desc, &l);
    return OK;
}

struct cli_token {
    str login, name, scopes, project;
    i64 days;
};
#define D struct cli_token
static const struct field cli_token_fields[] = {
    { F(login), .flags = ARG | REQUIRED, .min = 1, .max = 64, .doc = "Whose token.", .doc_ru = "Чей токен." },
    { F(name), .flags = REQUIRED, .min = 1, .max = 100, .doc = "What it is for.", .doc_ru = "Для чего он." },
    { F(scopes), .flags = REQUIRED, .min = 1, .max = 300, .check = scopes_check,
      .doc = "What it may do: 'package:read unit:write'.",
      .doc_ru = "Что разрешено: 'package:read unit:write'." },
    { F(project), .min = 1, .max = 64, .doc = "The only project that it opens: its name or number.",
      .doc_ru = "Единственный открытый проект: его имя или номер." },
    { F(days), .min = 0, .max = 36500, .doc = "Days until it ends; default: never.",
      .doc_ru = "Срок в днях; без него бессрочно." },
};
#undef D
static DESC(cli_token);

/* Says which there are: the console sees all of them, and has no other command that lists them. */
static err_t no_project(struct op *op, str wish, const struct project *p, size_t n)
{
    enum { SHOWN = 10 };
    struct buf names = BUF(op->arena);
    for (size_t i = 0; i < MIN(n, (size_t)SHOWN); i++)
        buf_printf(&names, "%s%.*s", i ? ", " : "", STR(p[i].name));
    if (n > SHOWN) buf_z(&names, ", ...");
    if (!n)
        return fail_for(op, ERR_NOT_FOUND, "project",
                        TR("'%.*s' is not known: there is no project yet; the page makes one under Projects",
                           "'%.*s' не найден: проектов ещё нет; создать можно на странице «Проекты»"),
                        STR(wish));
    return fail_for(op, ERR_NOT_FOUND, "project",
                    TR("'%.*s' is not known; there are: %.*s", "'%.*s' не найден; есть проекты: %.*s"),
                    STR(wish), STR(buf_str(&names)));
}

static err_t find_project(struct op *op, str wish, i64 *id)
{
    struct {
        LIST(struct project) items;
    } l;
    struct project_query all = { .all = true, .limit = INT32_MAX };
    i64 number;
    *id = 0;
    if (!wish.n) return OK;
    if (!str_to_i64(wish, &number)) number = -1;
    TRY(sql_project_list(op, &all, &l.items));
    for (size_t i = 0; i < l.items.n && *id != number; i++) { /* a name may be digits: the number wins */
        const struct project *p = &l.items.item[i];
        if (p->id == number || (!*id && str_eq_fold(p->name, wish))) *id = p->id;
    }
    return *id ? OK : no_project(op, wish, l.items.item, l.items.n);
}

static err_t run_token_create(struct cli *cli, const void *arg)
{
    const struct cli_token *in = arg;
    struct op *op = cli->op;
    struct op_note note;
    struct user u;
    struct token_made t;
    i64 project_id;
    time_us expires = { in->days ? time_now().us + SEC(86400) * in->days : 0 };
    TRY(find(op, in->login, &u));
    TRY(find_project(op, in->project, &project_id));
    act(op, &note, "token.create");
    struct token_new n = {
        .name = in->name, .scopes = in->scopes, .project_id = project_id, .expires_at = expires
    };
    TRY(token_store(op, u.id, &n, &t));
    TRY(db_flush(op));
    cli_print_record(cli, &token_made_desc, &t);
    return OK;
}

struct cli_keys {
    bool drop_old;
};
#define D struct cli_keys
static const struct field cli_keys_fields[] = {
    { F(drop_old), .doc = "Forget the old keys at once: every session must refresh.",
      .doc_ru = "Забыть старые ключи сразу: каждому сеансу придётся обновиться." },
};
#undef D
static DESC(cli_keys);

static err_t run_keys_rotate(struct cli *cli, const void *arg)
{
    const struct cli_keys *in = arg;
    struct op_note note;
    str kid;
    act(cli->op, &note, "keys.rotate");
    TRY(key_rotate(cli->op, in->drop_old, &kid));
    TRY(db_flush(cli->op));
    term_say(cli->term, TONE_GOOD, TR("New signing key %.*s", "Новый ключ подписи %.*s"), STR(kid));
    return OK;
}

const struct command account_commands[] = {
    { "netbit", "user add", &cli_user_add_desc, run_user_add, "Make an account.", "Создать учётную запись.",
      .example = "netbit user add alice --role admin", .needs_ports = true },
    { "netbit", "user list", &cli_user_list_desc, run_user_list, "List accounts.", "Показать учётные записи.",
      .example = "netbit user list", .needs_ports = true },
    { "netbit", "user block", &cli_user_block_desc, run_user_block,
      "Keep somebody out, or let them in again.", "Закрыть или снова открыть вход.",
      .example = "netbit user block alice", .needs_ports = true },
    { "netbit", "user reset", &cli_user_reset_desc, run_user_reset,
      "Make a one-time link for a new password.", "Выдать одноразовую ссылку для нового пароля.",
      .example = "netbit user reset alice", .needs_ports = true },
    { "netbit", "token create", &cli_token_desc, run_token_create, "Make an access token for a program.",
      "Создать токен доступа для программы.",
      .example = "netbit token create alice --name ci --scopes 'package:read package:write'",
      .needs_ports = true },
    { "netbit", "keys rotate", &cli_keys_desc, run_keys_rotate, "Sign access tokens with a new key.",
      "Подписывать токены доступа новым ключом.", .example = "netbit keys rotate", .needs_ports = true },
};
