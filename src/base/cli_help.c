/* Help for people: the list of commands, the page of one. */
#include "base/cli_impl.h"
#include "base/term_impl.h"

static str placeholder(struct arena *a, const struct field *f)
{
    const struct field *e = f->type == &type_list && f->elem ? f->elem : f;
    if (e->type == &type_i64 || e->type == &type_int) return S("N");
    if (e->type == &type_f64) return S("X");
    if (e->type == &type_uuid) return S("ID");
    if (e->type == &type_time) return str_of(TR("TIME", "ВРЕМЯ"));
    if (e->type == &type_str) return str_of(TR("TEXT", "ТЕКСТ"));
    if (e->type != &type_enum) return S("JSON");
    struct buf b = BUF(a);
    for (int i = 0; e->choice[i]; i++)
        if (*e->choice[i]) buf_printf(&b, "%s%s", b.n ? "|" : "", e->choice[i]);
    return buf_str(&b);
}

static bool on_by_default(const struct field *f)
{
    return f->type == &type_bool && f->def && str_is(str_of(f->def), "true");
}

static str option_left(struct arena *a, const struct field *f)
{
    struct buf b = BUF(a);
    if (f->alt) buf_printf(&b, "-%c, ", f->alt);
    else buf_put(&b, S("    "));
    buf_printf(&b, "--%s%.*s", on_by_default(f) ? "no-" : "", STR(cli_option_name(a, f)));
    if (f->type != &type_bool) buf_printf(&b, " %.*s", STR(placeholder(a, f)));
    return buf_str(&b);
}

static str field_right(struct arena *a, const struct field *f)
{
    struct buf b = BUF(a);
    buf_z(&b, cli_doc(f->doc, f->doc_ru));
    if (f->def && *f->def && f->type != &type_bool)
        buf_printf(&b, TR(" [default: %s]", " [по умолчанию: %s]"), f->def);
    if (f->type == &type_list && !cli_is_argument(f))
        buf_z(&b, TR(" [may be repeated]", " [можно повторять]"));
    if (f->flags & REQUIRED && !cli_is_argument(f)) buf_z(&b, TR(" [required]", " [обязательно]"));
    return str_trim(buf_str(&b));
}

static void add_row(struct arena *a, cli_rows *rows, str left, str right)
{
    static const struct desc row = { "row", sizeof(struct cli_row), NULL, 0 };
    static const struct field list = { "", .type = &type_list, .sub = &row };
    *(struct cli_row *)desc_list_add(a, &list, rows) = (struct cli_row){ left, right };
}

void cli_command_rows(struct arena *a, const struct cli_program *p, str group, cli_rows *out)
{
    *out = (cli_rows){ 0 };
    for (size_t i = 0; i < p->n; i++) {
        const struct command *c = p->command[i];
        str name = str_of(c->name), word, rest;
        str_cut(name, ' ', &word, &rest);
        if (c->hidden || !name.n || (group.n && !str_eq(group, word))) continue;
        add_row(a, out, name, str_of(cli_doc(c->doc, c->doc_ru)));
    }
}

void cli_field_rows(struct arena *a, const struct desc *d, bool arguments, cli_rows *out)
{
    *out = (cli_rows){ 0 };
    for (size_t i = 0; d && i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (arguments ? !cli_is_argument(f) : !cli_is_option(f)) continue;
        add_row(a, out, arguments ? cli_label(a, f) : option_left(a, f), field_right(a, f));
    }
}

static void put_argument(struct buf *b, struct arena *a, const struct field *f)
{
    const char *many = f->type == &type_list ? "..." : "", *dashes = f->flags & REST ? "-- " : "";
    str name = cli_label(a, f);
    if (f->flags & REQUIRED) buf_printf(b, " %s%.*s%s", dashes, STR(name), many);
    else buf_printf(b, " [%s%.*s%s]", dashes, STR(name), many);
}

str cli_usage_line(struct arena *a, const struct cli_program *p, const struct command *c)
{
    struct buf b = BUF(a);
    buf_printf(&b, "%s %s%s%s", TR("usage:", "вызов:"), p->name, *c->name ? " " : "", c->name);
    cli_rows options;
    cli_field_rows(a, c->in, false, &options);
    for (unsigned flag = ARG; flag; flag = flag == ARG ? REST : 0) {
        if (flag == REST && options.n) buf_z(&b, TR(" [options]", " [параметры]"));
        for (size_t i = 0; c->in && i < c->in->n; i++)
            if (c->in->field[i].flags & flag) put_argument(&b, a, &c->in->field[i]);
    }
    return buf_str(&b);
}

static void put_rows(struct buf *b, const char *title, const cli_rows *rows)
{
    enum { WIDEST = 30 };
    size_t width = 0;
    if (!rows->n) return;
    for (size_t i = 0; i < rows->n; i++) {
        size_t w = term_width_of(rows->item[i].left);
        if (w <= WIDEST) width = MAX(width, w);
    }
    buf_printf(b, "\n%s:\n", title);
    for (size_t i = 0; i < rows->n; i++) {
        size_t w = term_width_of(rows->item[i].left);
        buf_printf(b, "  %.*s", STR(rows->item[i].left));
        if (w > width) buf_printf(b, "\n  %*s", (int)width, "");
        else buf_printf(b, "%*s", (int)(width - w), "");
        buf_printf(b, "  %.*s\n", STR(rows->item[i].right));
    }
}

static void help_command(struct buf *b, const struct cli_program *p, const struct command *c)
{
    struct arena *a = b->arena;
    cli_rows rows;
    buf_printf(b, "%s\n\n%.*s\n", cli_doc(c->doc, c->doc_ru), STR(cli_usage_line(a, p, c)));
    if (c->more) buf_printf(b, "\n%s\n", cli_doc(c->more, c->more_ru));
    cli_field_rows(a, c->in, true, &rows);
    put_rows(b, TR("Arguments", "Аргументы"), &rows);
    cli_field_rows(a, c->in, false, &rows);
    put_rows(b, TR("Options", "Параметры"), &rows);
    cli_field_rows(a, &cli_common_desc, false, &rows);
    put_rows(b, TR("Common options", "Общие параметры"), &rows);
    if (c->example) buf_printf(b, "\n%s:\n  %s\n", TR("Example", "Пример"), c->example);
}

static void help_program(struct buf *b, const struct cli_program *p, str group)
{
    cli_rows rows;
    buf_printf(b, TR("usage: %s %s [options]\n", "вызов: %s %s [параметры]\n"), p->name,
               group.n
                   ? str_z(b->arena, arena_printf(b->arena, "%.*s %s", STR(group), TR("COMMAND", "КОМАНДА")))
                   : TR("COMMAND", "КОМАНДА"));
    cli_command_rows(b->arena, p, group, &rows);
    put_rows(b, TR("Commands", "Команды"), &rows);
    cli_field_rows(b->arena, &cli_common_desc, false, &rows);
    put_rows(b, TR("Common options", "Общие параметры"), &rows);
    buf_printf(
        b,
        TR("\n`%s help COMMAND` tells more about a command.\n", "\n`%s help КОМАНДА` расскажет о команде.\n"),
        p->name);
}

void cli_help(struct buf *b, const struct cli_program *p, str words)
{
    const struct command *c = cli_find(p, words);
    if (c) help_command(b, p, c);
    else help_program(b, p, words);
}
