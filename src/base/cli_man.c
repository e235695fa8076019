/* The manual page, in roff's man macros. */
#include "base/cli_impl.h"
#include "base/time.h"

/* Text that no letter of which is a command to roff. */
static void put_text(struct buf *b, str s)
{
    bool line_begins = true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (line_begins && (c == '.' || c == '\'')) buf_put(b, S("\\&"));
        if (c == '\\') buf_put(b, S("\\e"));
        else if (c == '-') buf_put(b, S("\\-"));
        else buf_char(b, c);
        line_begins = c == '\n';
    }
}

static void put_line(struct buf *b, const char *macro, str text)
{
    buf_z(b, macro);
    if (*macro) buf_char(b, ' ');
    put_text(b, str_trim(text));
    buf_char(b, '\n');
}

static void put_rows(struct buf *b, const cli_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        buf_put(b, S(".TP\n"));
        put_line(b, ".B", rows->item[i].left);
        put_line(b, "", rows->item[i].right.n ? rows->item[i].right : S("\xe2\x80\x94"));
    }
}

static void put_command(struct buf *b, const struct cli_program *p, const struct command *c)
{
    cli_rows rows;
    str usage = cli_usage_line(b->arena, p, c), head, rest;
    str_cut(usage, ' ', &head, &rest);
    put_line(b, ".SS", rest);
    put_line(b, "", str_of(cli_doc(c->doc, c->doc_ru)));
    if (c->more) {
        buf_put(b, S(".PP\n"));
        put_line(b, "", str_of(cli_doc(c->more, c->more_ru)));
    }
    cli_field_rows(b->arena, c->in, true, &rows);
    put_rows(b, &rows);
    cli_field_rows(b->arena, c->in, false, &rows);
    put_rows(b, &rows);
    if (c->example) {
        buf_put(b, S(".PP\n"));
        put_line(b, "", str_of(TR("Example:", "Пример:")));
        buf_put(b, S(".PP\n.EX\n"));
        put_line(b, "", str_of(c->example));
        buf_put(b, S(".EE\n"));
    }
}

static const char *purpose(const char *program)
{
    static const struct {
        const char *program, *en, *ru;
    } row[] = {
        { "netbit", "the Netbit server, its agent and their administration",
          "сервер Netbit, его агент и управление ими" },
        { "spark", "publish, install and run packages with Netbit",
          "публикация, установка и запуск пакетов Netbit" },
        { "demo-sensor", "a source of demonstration signals for Netbit",
          "источник демонстрационных сигналов для Netbit" },
    };
    for (size_t i = 0; i < LEN(row); i++)
        if (!strcmp(program, row[i].program)) return TR(row[i].en, row[i].ru);
    return TR("a program of Netbit", "программа Netbit");
}

static void put_exit_codes(struct buf *b)
{
    static const struct {
        const char *code, *en, *ru;
    } row[] = {
        { "0", "Done.", "Выполнено." },
        { "1", "Failed.", "Не удалось." },
        { "2", "The command line is wrong.", "Неверная командная строка." },
        { "3", "Not found.", "Не найдено." },
        { "4", "Not signed in or not allowed.", "Вход не выполнен или нет прав." },
        { "5", "A checksum or signature does not match.", "Не сходится контрольная сумма или подпись." },
        { "6", "Conflicts with the present state.", "Противоречит нынешнему состоянию." },
        { "7", "The server or agent cannot be reached now.", "Сервер или агент сейчас недоступен." },
    };
    put_line(b, ".SH", str_of(TR("EXIT STATUS", "КОД ВОЗВРАТА")));
    for (size_t i = 0; i < LEN(row); i++) {
        buf_printf(b, ".TP\n.B %s\n", row[i].code);
        put_line(b, "", str_of(TR(row[i].en, row[i].ru)));
    }
}

void cli_man(struct buf *b, const char *program, const struct command *const *tables, const size_t *n,
             size_t ntables)
{
    struct cli_program p = cli_program_of(b->arena, program, tables, n, ntables);
    char date[TIME_TEXT];
    cli_rows rows;
    time_text(time_now(), date);
    buf_printf(b, ".TH %.*s 1 %.10s \"Netbit %s\" Netbit\n",
               STR(cli_label(b->arena, &(struct field){ program, .flags = ARG })), date, NETBIT_VERSION);
    put_line(b, ".SH", str_of(TR("NAME", "НАЗВАНИЕ")));
    put_text(b, str_of(program));
    buf_printf(b, " \\- %s\n", purpose(program));
    put_line(b, ".SH", str_of(TR("SYNOPSIS", "ВЫЗОВ")));
    buf_put(b, S(".B "));
    put_text(b, str_of(program));
    buf_char(b, '\n');
    put_line(b, ".I", str_of(TR("command", "команда")));
    put_line(b, "", str_of(TR("[arguments] [options]", "[аргументы] [параметры]")));
    put_line(b, ".SH", str_of(TR("COMMANDS", "КОМАНДЫ")));
    for (size_t i = 0; i < p.n; i++)
        if (!p.command[i]->hidden) put_command(b, &p, p.command[i]);
    put_line(b, ".SH", str_of(TR("COMMON OPTIONS", "ОБЩИЕ ПАРАМЕТРЫ")));
    cli_field_rows(b->arena, &cli_common_desc, false, &rows);
    put_rows(b, &rows);
    put_line(b, ".SH", str_of(TR("ENVIRONMENT", "ОКРУЖЕНИЕ")));
    buf_put(b, S(".TP\n.B NETBIT_LANG\n"));
    put_line(b, "",
             str_of(TR("Language of messages, en or ru; without it LC_ALL, LC_MESSAGES and LANG decide.",
                       "Язык сообщений, en или ru; без неё решают LC_ALL, LC_MESSAGES и LANG.")));
    buf_put(b, S(".TP\n.B NO_COLOR\n"));
    put_line(b, "", str_of(TR("When set, nothing is coloured.", "Если задана, вывод без цвета.")));
    put_exit_codes(b);
}
