/* From argv to exit code. */
#include "base/cli_impl.h"

struct cli_program cli_program_of(struct arena *a, const char *program, const struct command *const *tables,
                                  const size_t *n, size_t ntables)
{
    struct cli_program p = { .name = program };
    size_t most = 0;
    for (size_t t = 0; t < ntables; t++) most += n[t];
    p.command = NEWN(a, const struct command *, most + 1);
    for (size_t t = 0; t < ntables; t++)
        for (size_t i = 0; i < n[t]; i++)
            if (!strcmp(tables[t][i].program, program)) p.command[p.n++] = &tables[t][i];
    return p;
}

const struct command *cli_find(const struct cli_program *p, str name)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_is(name, p->command[i]->name)) return p->command[i];
    return NULL;
}

bool cli_is_group(const struct cli_program *p, str word)
{
    for (size_t i = 0; i < p->n; i++) {
        str name = str_of(p->command[i]->name);
        if (word.n && name.n > word.n && str_starts(name, word) && name.p[word.n] == ' ') return true;
    }
    return false;
}

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

int cli_exit_code(err_t e)
{
    static const u8 code[ERR__COUNT] = {
        [OK] = 0,
        [ERR_NOT_FOUND] = 3,
        [ERR_UNAUTHENTICATED] = 4,
        [ERR_FORBIDDEN] = 4,
        [ERR_PRECONDITION] = 5,
        [ERR_CONFLICT] = 6,
        [ERR_UNAVAILABLE] = 7,
        [ERR_TIMEOUT] = 7,
        [ERR_RATE] = 7,
    };
    return e == OK ? 0 : code[e] ? code[e] : EXIT_FAILED;
}

/* ---- errors ---- */
static str hint_of(struct cli_line *l, err_t e, bool usage)
{
    struct arena *a = l->op->arena;
    if (l->hint.p) return l->hint;
    if (usage && l->command)
        return arena_printf(a, TR("see `%s%s%s --help`", "смотрите `%s%s%s --help`"), l->program->name,
                            *l->command->name ? " " : "", l->command->name);
    if (usage) return arena_printf(a, TR("see `%s help`", "смотрите `%s help`"), l->program->name);
    if (e == ERR_UNAUTHENTICATED && cli_find(l->program, S("login")))
        return arena_printf(a, TR("sign in with `%s login`", "войдите: `%s login`"), l->program->name);
    return (str){ 0 };
}

static void put_member(struct buf *b, const char *key, str value)
{
    if (!value.n) return;
    json_put_key(b, key);
    json_put_str(b, value);
}

static void print_json_error(struct cli_line *l, struct term *t, err_t e, str hint)
{
    struct buf b = BUF(l->op->arena);
    buf_char(&b, '{');
    put_member(&b, "code", str_of(err_name(e)));
    put_member(&b, "detail", l->op->err.msg);
    put_member(&b, "field", l->op->err.field);
    put_member(&b, "hint", hint);
    buf_char(&b, '}');
    t->quiet = false;
    term_say(t, TONE_PLAIN, "%.*s", STR(buf_str(&b)));
}

static void print_plain_error(struct cli_line *l, struct term *t, err_t e, const struct field *f, str hint)
{
    str field = f ? cli_label(l->op->arena, f) : l->op->err.field, msg = l->op->err.msg;
    if (!msg.n) msg = str_of(err_title(e));
    term_say(t, TONE_BAD, "%s: %.*s%s%.*s", TR("error", "ошибка"), STR(field), field.n ? ": " : "", STR(msg));
    if (hint.n) term_say(t, TONE_WARN, "%.*s", STR(hint));
}

static int print_error(struct cli_line *l, struct term *t, err_t e, bool usage)
{
    str name = l->op->err.field;
    const struct field *f = l->command && l->command->in ? desc_field(l->command->in, name) : NULL;
    usage |= e == ERR_INVALID && f;
    if (usage && !f) f = desc_field(&cli_common_desc, name);
    str hint = hint_of(l, e, usage);
    if (l->common.json) print_json_error(l, t, e, hint);
    else print_plain_error(l, t, e, f, hint);
    return usage ? EXIT_USAGE : cli_exit_code(e);
}

/* ---- running ---- */
static err_t run_command(struct cli_line *l, struct cli *cli, const struct cli_ports *ports)
{
    const struct command *c = l->command;
    bool open = c->needs_ports && ports;
    if (open) TRY(ports->open(l->op, c));
    err_t e = c->run(cli, l->in);
    if (open) ports->close(l->op);
    return e;
}

static void print_help(struct cli_line *l, struct term *t, str words)
{
    struct buf b = BUF(l->op->arena);
    cli_help(&b, l->program, words);
    term_put(t, buf_str(&b));
}

/* `help [COMMAND]` works like `COMMAND --help`. */
static int help_words(struct cli_line *l, struct term *t, int argc, char **argv)
{
    str *word = NEWN(l->op->arena, str, argc + 1);
    for (int i = 0; i < argc; i++) word[i] = str_of(argv[i]);
    str words = str_join(l->op->arena, word, (size_t)argc, S(" "));
    if (!words.n || cli_find(l->program, words) || cli_is_group(l->program, words)) {
        print_help(l, t, words);
        return 0;
    }
    return print_error(
        l, t,
        fail(l->op, ERR_INVALID, TR("unknown command '%.*s'", "неизвестная команда '%.*s'"), STR(words)),
        true);
}

static int dispatch(struct cli_line *l, struct term *t, err_t parsed, const struct cli_ports *ports)
{
    if (parsed) return print_error(l, t, parsed, true);
    if (l->common.version) {
        term_put(t, arena_printf(l->op->arena, "%s %s\n", l->program->name, NETBIT_VERSION));
        return 0;
    }
    if (l->common.help) {
        print_help(l, t, l->command ? str_of(l->command->name) : S(""));
        return 0;
    }
    struct cli cli = { .op = l->op,
                       .term = t,
                       .json = l->common.json,
                       .quiet = l->common.quiet,
                       .yes = l->common.yes,
                       .program = l->program->name };
    err_t e = run_command(l, &cli, ports);
    return e ? print_error(l, t, e, false) : 0;
}

/* A command was begun, not named: `spark`, `spark token`, `spark token --help`. */
static bool wants_group(const struct cli_program *p, int argc, char **argv)
{
    if (argc < 2) return !cli_find(p, S(""));
    if (!cli_is_group(p, str_of(argv[1])) || cli_find(p, str_of(argv[1]))) return false;
    return argc == 2 || !strcmp(argv[2], "--help") || !strcmp(argv[2], "-h");
}

int cli_main(int argc, char **argv, const char *program, const struct command *const *tables, const size_t *n,
             size_t ntables, const struct cli_ports *ports)
{
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_system, .id = str_of(program) };
    struct cli_program p = cli_program_of(&a, program, tables, n, ntables);
    struct cli_line line = { .op = &op, .program = &p };
    struct term term;
    int code;
    lang_setup();
    term_setup(&term, true);
    if (argc > 1 && !strcmp(argv[1], "help")) {
        code = help_words(&line, &term, argc - 2, argv + 2);
    } else if (wants_group(&p, argc, argv)) {
        print_help(&line, &term, str_of(argc > 1 ? argv[1] : ""));
        code = argc > 2 ? 0 : EXIT_USAGE;
    } else {
        err_t parsed = cli_parse(&line, argc - 1, argv + 1);
        term.colour &= !line.common.no_color;
        term.quiet = line.common.quiet || line.common.json;
        code = dispatch(&line, &term, parsed, ports);
    }
    return !code && term.broken ? EXIT_FAILED : code;
}
