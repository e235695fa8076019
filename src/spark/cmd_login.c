/* login, logout, whoami. */
#include "base/fs.h"
#include "spark/commands.h"
#include "spark/registry.h"
#include <errno.h>
#include <sys/utsname.h>
#include <unistd.h>

struct login_in {
    str url, login, token;
    bool password_stdin, insecure;
};
#define D struct login_in
static const struct field login_in_fields[] = {
    { F(url), .flags = ARG, .max = 2000, .doc = "The server: http://localhost:8080 when it was never given.",
      .doc_ru = "Сервер: http://localhost:8080, если ещё не указывался." },
    { F(login), .alt = 'l', .max = 100, .doc = "Your login; asked for otherwise.",
      .doc_ru = "Логин; иначе будет спрошен." },
    { F(token), .max = 4096, .doc = "An access token instead of login and password.",
      .doc_ru = "Токен доступа вместо логина и пароля." },
    { F_AS("password-stdin", password_stdin), .doc = "Read the password from standard input.",
      .doc_ru = "Прочитать пароль со стандартного ввода." },
    { F(insecure), .doc = "Do not check the server's certificate.",
      .doc_ru = "Не проверять сертификат сервера." },
};
#undef D
DESC(login_in);

struct token_page {
    LIST(struct token_made) items;
};
#define D struct token_page
static const struct field token_page_fields[] = { { F_LIST(items, &token_made_desc) } };
#undef D
static DESC(token_page);

static const char token_scopes[] =
    "user package:read package:write unit:read unit:write telemetry:write series:read series:write project";

static str token_name(struct op *op)
{
    struct utsname u;
    uname(&u);
    return arena_printf(op->arena, "spark on %s", u.nodename);
}

/* A line of standard input; false: its end. */
static bool read_line(struct op *op, str *out)
{
    struct buf b = BUF(op->arena);
    char c;
    ssize_t n;
    while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && b.n < 4096) buf_char(&b, c);
    *out = buf_str(&b);
    if (out->n && out->p[out->n - 1] == '\r') out->n--;
    return n == 1 || b.n;
}

static err_t ask(struct cli *cli, const char *question, str *out)
{
    if (!isatty(STDIN_FILENO))
        return fail(cli->op, ERR_INVALID, "%s",
                    TR("no terminal to ask: give --login and --password-stdin, or --token",
                       "нет терминала для вопросов: укажите --login и --password-stdin или --token"));
    struct buf b = BUF(cli->op->arena);
    buf_z(&b, question);
    if (!fs_write_all(STDERR_FILENO, buf_str(&b)) || !read_line(cli->op, out) || !out->n)
        return fail(cli->op, ERR_INVALID, "%s", TR("nothing was entered", "ничего не введено"));
    return OK;
}

static err_t ask_password(struct cli *cli, const struct login_in *in, str *out)
{
    bool got = in->password_stdin
                   ? read_line(cli->op, out)
                   : term_ask_secret(cli->term, cli->op->arena, TR("Password: ", "Пароль: "), out);
    if (got && out->n) return OK;
    return fail(cli->op, ERR_INVALID, "%s",
                TR("no password was given; in a script: --password-stdin or --token",
                   "пароль не введён; в сценарии: --password-stdin или --token"));
}

/* Signs in, with the one-time code when the account wants one, and makes this machine's token. */
static err_t sign_in(struct cli *cli, const struct login_in *in, struct registry *r, struct login *l)
{
    struct op *op = cli->op;
    struct auth_login a = { .login = in->login };
    struct auth_tokens session;
    struct token_made made;
    if (!a.login.n) TRY(ask(cli, TR("Login: ", "Логин: "), &a.login));
    TRY(ask_password(cli, in, &a.password));
    err_t e = registry_login(r, op, &a, &session);
    if (e == ERR_UNAUTHENTICATED && str_is(op->err.field, "otp")) {
        op_clear(op);
        TRY(ask(cli, TR("One-time code: ", "Одноразовый код: "), &a.otp));
        e = registry_login(r, op, &a, &session);
    }
    TRY(e);
    client_set_token(r->http, session.access_token);
    struct token_new t = { .name = token_name(op), .scopes = str_of(token_scopes) };
    TRY(registry_token(r, op, &t, &made));
    l->token = made.token;
    l->login = a.login;
    return OK;
}

/* An agent that runs learns of it now, one that does not when it starts. */
static void tell_agent(struct op *op)
{
    AUTO(agent_conn) struct agent_conn c = { .fd = -1 };
    struct local_answer a;
    struct local_request q = { .op = LOCAL_RELOAD };
    if (!agent_connect(op, AGENT_MUST_RUN, &c) && agent_call(&c, op, &q, &a)) op_clear(op);
    op_clear(op);
}

err_t cmd_login(struct cli *cli, const void *arg)
{
    const struct login_in *in = arg;
    struct op *op = cli->op;
    struct login old, l = { .token = in->token, .insecure = in->insecure };
    AUTO(registry) struct registry r = { 0 };
    TRY(login_read(op, &old));
    str env = str_of(getenv("NETBIT_URL"));
    str url = in->url.n ? in->url : env.n ? env : old.server.n ? old.server : S("http://localhost:8080");
    TRY(registry_open_at(op, url, in->token, in->insecure, &r));
    l.server = r.url;
    struct me me;
    if (!l.token.n) TRY(sign_in(cli, in, &r, &l));
    client_set_token(r.http, l.token);
    TRY(registry_me(&r, op, &me));
    l.login = me.login;
    TRY(login_write(op, &l));
    tell_agent(op);
    if (cli->json) cli_print_record(cli, &me_desc, &me);
    else
        term_say(cli->term, TONE_GOOD, TR("Signed in at %.*s as %.*s", "Вход выполнен: %.*s, %.*s"),
                 STR(l.server), STR(l.login));
    return OK;
}

/* This machine's tokens at the server; one that is gone already is fine, a server that is away is said. */
static err_t revoke_token(struct registry *r, struct op *op)
{
    struct token_page page;
    str name = token_name(op);
    TRY(client_call(r->http, op, GET, S("/api/v1/tokens"), NULL, NULL, &token_page_desc, &page));
    for (size_t i = 0; i < page.items.n; i++) {
        if (!str_eq(page.items.item[i].name, name)) continue;
        str path = arena_printf(op->arena, "/api/v1/tokens/%lld", (long long)page.items.item[i].id);
        err_t e = client_call(r->http, op, DELETE, path, NULL, NULL, NULL, NULL);
        if (e == ERR_NOT_FOUND) op_clear(op);
        else TRY(e);
    }
    return OK;
}

err_t cmd_logout(struct cli *cli, const void *arg)
{
    (void)arg;
    struct op *op = cli->op;
    struct login l;
    TRY(login_read(op, &l));
    if (!l.token.n) return fail(op, ERR_NOT_FOUND, "%s", TR("nobody is signed in", "никто не вошёл"));
    AUTO(registry) struct registry r = { 0 };
    TRY(registry_open_at(op, l.server, l.token, l.insecure, &r));
    if (revoke_token(&r, op)) {
        term_say(cli->term, TONE_WARN,
                 TR("The token could not be revoked at %.*s: %.*s", "Токен не отозван на %.*s: %.*s"),
                 STR(l.server), STR(op->err.msg));
        op_clear(op);
    }
    if (unlink(spark_path(op, "login.json").p) && errno != ENOENT)
        return fail(op, ERR_INTERNAL, "remove login.json: %s", strerror(errno));
    tell_agent(op);
    if (!cli->json)
        term_say(cli->term, TONE_GOOD, TR("Signed out of %.*s", "Выход с %.*s выполнен"), STR(l.server));
    return OK;
}

struct whoami {
    str server, login, display_name, rights;
};
#define D struct whoami
static const struct field whoami_fields[] = {
    { F(server), .doc = "Server.", .doc_ru = "Сервер." },
    { F(login), .doc = "Login.", .doc_ru = "Логин." },
    { F(display_name), .doc = "Name.", .doc_ru = "Имя." },
    { F(rights), .doc = "What the token may.", .doc_ru = "Что может токен." },
};
#undef D
static DESC(whoami);

err_t cmd_whoami(struct cli *cli, const void *arg)
{
    (void)arg;
    AUTO(registry) struct registry r = { 0 };
    struct me me;
    TRY(registry_open(cli->op, REGISTRY_SIGN_IN, &r));
    TRY(registry_me(&r, cli->op, &me));
    struct whoami w = { r.url, me.login, me.display_name, me.rights };
    cli_print_record(cli, &whoami_desc, &w);
    return OK;
}
