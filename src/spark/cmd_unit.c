/* stop, start, restart, pause, resume, rm, status. */
#include "agent/agent_client.h"
#include "spark/commands.h"
#include "spark/local_find.h"
#include <poll.h>

struct units_in {
    LIST(str) units;
    bool force;
};
#define D struct units_in
static const struct field units_in_fields[] = {
    { F_LIST_OF(units, &field_str_elem), .flags = REST | REQUIRED, .min = 1, .max = 1000,
      .doc = "Names, ids or the beginnings of ids.", .doc_ru = "Имена, id или начала id." },
    { F(force), .alt = 'f', .doc = "Kill at once instead of asking.",
      .doc_ru = "Убить сразу, не дожидаясь завершения." },
};
#undef D
DESC(units_in);

struct status_in {
    str unit;
    bool watch;
};
#define D struct status_in
static const struct field status_in_fields[] = {
    { F(unit), .flags = ARG, .max = 200, .doc = "One unit, in full.", .doc_ru = "Один юнит, подробно." },
    { F(watch), .alt = 'w', .doc = "Show it anew each second.", .doc_ru = "Обновлять каждую секунду." },
};
#undef D
DESC(status_in);

static err_t each(struct cli *cli, const void *arg, enum local_op what, const char *done)
{
    const struct units_in *in = arg;
    AUTO(agent_conn) struct agent_conn c = { .fd = -1 };
    LIST(struct local_unit) changed = { NEWN(cli->op->arena, struct local_unit, in->units.n), 0 };
    TRY(agent_connect(cli->op, 0, &c));
    for (size_t i = 0; i < in->units.n; i++) {
        struct local_request q = { .op = what, .unit = in->units.item[i], .force = in->force };
        struct local_answer a;
        TRY(agent_call(&c, cli->op, &q, &a));
        str name = a.units.n ? a.units.item[0].name : q.unit;
        if (a.units.n) changed.item[changed.n++] = a.units.item[0];
        if (!cli->json) term_say(cli->term, TONE_GOOD, "%.*s: %s", STR(name), done);
    }
    static const char *const columns[] = { "name", "status", NULL };
    if (cli->json) cli_print_list(cli, &local_unit_desc, &changed, columns);
    return OK;
}

err_t cmd_stop(struct cli *cli, const void *in)
{
    return each(cli, in, LOCAL_STOP, TR("stopped", "остановлен"));
}
err_t cmd_start(struct cli *cli, const void *in)
{
    return each(cli, in, LOCAL_START, TR("started", "запущен"));
}
err_t cmd_restart(struct cli *cli, const void *in)
{
    return each(cli, in, LOCAL_RESTART, TR("restarted", "перезапущен"));
}
err_t cmd_pause(struct cli *cli, const void *in)
{
    return each(cli, in, LOCAL_PAUSE, TR("paused", "приостановлен"));
}
err_t cmd_resume(struct cli *cli, const void *in)
{
    return each(cli, in, LOCAL_RESUME, TR("resumed", "продолжен"));
}
err_t cmd_rm(struct cli *cli, const void *in) { return each(cli, in, LOCAL_REMOVE, TR("removed", "удалён")); }

err_t cmd_agent_stop(struct cli *cli, const void *in)
{
    (void)in;
    AUTO(agent_conn) struct agent_conn c = { .fd = -1 };
    struct local_request q = { .op = LOCAL_SHUTDOWN };
    struct local_answer a;
    err_t e = agent_connect(cli->op, AGENT_MUST_RUN, &c);
    if (e == ERR_UNAVAILABLE) {
        op_clear(cli->op);
        term_say(cli->term, TONE_DIM, "%s", TR("No agent runs", "Агент не запущен"));
        return OK;
    }
    TRY(e);
    TRY(agent_call(&c, cli->op, &q, &a));
    term_say(cli->term, TONE_GOOD, "%s",
             TR("The agent ended; units go on", "Агент завершён; юниты работают дальше"));
    return OK;
}

/* ---- status ---- */

static const enum tone tones[] = {
    [UNIT_STARTING] = TONE_WARN, [UNIT_RUNNING] = TONE_GOOD, [UNIT_STOPPED] = TONE_DIM,
    [UNIT_FAILED] = TONE_BAD,    [UNIT_PAUSED] = TONE_WARN,
};

static str uptime(struct op *op, const struct local_unit *u)
{
    char text[TIME_TEXT];
    if (u->status != UNIT_RUNNING && u->status != UNIT_PAUSED) return S("-");
    return str_copy(op->arena, duration_text(MAX(time_now().us - u->started_at.us, 0), text));
}

static void fill_row(struct op *op, const struct local_unit *u, struct term_cell *cell)
{
    char id[UUID_TEXT], bytes[TERM_BYTES];
    bool lives = u->pid > 0;
    str texts[] = {
        u->name,
        str_copy(op->arena, str_head(uuid_text(u->unit_id, id), 13)),
        arena_printf(op->arena, "%.*s@%.*s", STR(u->package_name), STR(u->version)),
        str_of(unit_statuses[u->status]),
        uptime(op, u),
        lives ? arena_printf(op->arena, "%.1f%%", u->cpu_percent) : S("-"),
        lives ? str_copy(op->arena, term_bytes(u->rss_bytes, bytes)) : S("-"),
        arena_printf(op->arena, "%lld", (long long)u->restarts),
        lives ? arena_printf(op->arena, "%lld", (long long)u->pid) : S("-"),
        u->reason.n ? u->reason : u->health,
    };
    for (size_t i = 0; i < LEN(texts); i++)
        cell[i] = (struct term_cell){ .text = term_safe(op->arena, texts[i]) };
    cell[3].tone = tones[u->status];
}

static void print_units(struct cli *cli, const struct local_answer *a)
{
    const str head[] = {
        str_of(TR("NAME", "ИМЯ")),
        S("ID"),
        str_of(TR("PACKAGE", "ПАКЕТ")),
        str_of(TR("STATUS", "СТАТУС")),
        str_of(TR("UPTIME", "РАБОТАЕТ")),
        S("CPU"),
        str_of(TR("MEMORY", "ПАМЯТЬ")),
        str_of(TR("RESTARTS", "ПЕРЕЗАПУСКИ")),
        S("PID"),
        str_of(TR("NOTE", "ПРИМЕЧАНИЕ")),
    };
    struct term_cell *cells = NEWN(cli->op->arena, struct term_cell, LEN(head) * (a->units.n + 1));
    for (size_t i = 0; i < a->units.n; i++) fill_row(cli->op, &a->units.item[i], cells + i * LEN(head));
    term_table(cli->term, head, cells, a->units.n, LEN(head));
}

/* What is to be done so that the server takes the agent again; NULL: nothing. */
static const char *why_refused(str server)
{
    const struct {
        const char *server, *said;
    } known[] = {
        { AGENT_SIGNED_OUT,
          TR("The server no longer takes this machine's token: `spark login` signs in again",
             "Сервер больше не принимает токен этой машины: войдите снова (`spark login`)") },
        { AGENT_NO_RIGHT,
          TR("The server knows this machine's token, but it may not report units (unit:write): ask an "
             "administrator for that right, or sign in with a token that has it (`spark login --token`)",
             "Сервер знает токен этой машины, но сообщать о юнитах ему нельзя (unit:write): попросите это "
             "право у администратора или войдите с токеном, у которого оно есть (`spark login --token`)") },
        { AGENT_FOREIGN, TR("On the server this machine is another person's: sign in as its owner (`spark "
                            "login`), or use a folder of your own (NETBIT_HOME)",
                            "На сервере эта машина записана за другим человеком: войдите под его именем "
                            "(`spark login`) или заведите свою папку (NETBIT_HOME)") },
    };
    for (size_t i = 0; i < LEN(known); i++)
        if (str_is(server, known[i].server)) return known[i].said;
    return NULL;
}

static void say_state(struct cli *cli, const struct local_answer *a, bool agent)
{
    if (!agent && a->units.n)
        term_say(cli->term, TONE_WARN, "%s",
                 TR("No agent runs: this is what was last seen; `netbit agent` starts it",
                    "Агент не запущен: показано последнее известное; `netbit agent` запустит его"));
    if (!a->units.n)
        term_say(cli->term, TONE_DIM, "%s",
                 TR("No units; `spark run NAME` starts one", "Юнитов нет; `spark run ИМЯ` запустит"));
    const char *refused = why_refused(a->server);
    if (refused)
        term_say(cli->term, TONE_WARN, "%s; %s", refused,
                 TR("what happens meanwhile is kept and sent then",
                    "что происходит до того, сохраняется и будет отправлено"));
    else if (a->server.n) term_say(cli->term, TONE_DIM, TR("Server: %.*s", "Сервер: %.*s"), STR(a->server));
}

static err_t show_status(struct cli *cli, const struct status_in *in)
{
    struct local_answer a = { 0 };
    bool agent;
    TRY(local_list(cli->op, &a, &agent));
    if (cli->json) {
        cli_print_list(cli, &local_unit_desc, &a.units, NULL);
        return OK;
    }
    if (in->watch) term_put(cli->term, S("\033[H\033[J"));
    if (a.units.n) print_units(cli, &a);
    say_state(cli, &a, agent);
    return OK;
}

static err_t show_one(struct cli *cli, const struct status_in *in)
{
    struct local_unit u;
    TRY(local_find(cli->op, in->unit, &u));
    if (in->watch) term_put(cli->term, S("\033[H\033[J"));
    cli_print_record(cli, &local_unit_desc, &u);
    return OK;
}

/* Memory of one look, so that a night of watching stays small. */
static err_t look(struct cli *cli, const struct status_in *in)
{
    AUTO(arena) struct arena scratch = { 0 };
    struct op op = *cli->op;
    struct cli once = *cli;
    op.arena = &scratch;
    once.op = &op;
    err_t e = in->unit.n ? show_one(&once, in) : show_status(&once, in);
    if (!e) return OK;
    cli->op->err = (struct op_error){ op.err.code, str_copy(cli->op->arena, op.err.field),
                                      str_copy(cli->op->arena, op.err.msg), op.err.at };
    return e;
}

err_t cmd_status(struct cli *cli, const void *arg)
{
    struct status_in in = *(const struct status_in *)arg;
    in.watch = in.watch && cli->term->out_tty && !cli->json;
    do {
        TRY(look(cli, &in));
    } while (in.watch && !cli->term->broken && !poll(NULL, 0, 1000));
    return OK;
}
