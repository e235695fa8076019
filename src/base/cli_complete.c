/* Completion scripts. bash and zsh share the table of commands; what was said before the cursor selects the
 * row. */
#include "base/cli_impl.h"

static void put_options(struct buf *b, const struct desc *d)
{
    for (size_t i = 0; d && i < d->n; i++)
        if (cli_is_option(&d->field[i]))
            buf_printf(b, " --%.*s", STR(cli_option_name(b->arena, &d->field[i])));
}

static void put_choices(struct buf *b, const struct field *f)
{
    for (int i = 0; f->choice[i]; i++)
        if (*f->choice[i]) buf_printf(b, " %s", f->choice[i]);
}

static void put_row(struct buf *b, const struct command *c)
{
    buf_printf(b, "    \"%s\" | \"%s \"*)\n        options=\"", c->name, c->name);
    put_options(b, c->in);
    buf_put(b, S("\"\n        case \"$prev\" in\n"));
    for (size_t i = 0; c->in && i < c->in->n; i++) {
        const struct field *f = &c->in->field[i];
        if (f->type != &type_enum || !cli_is_option(f)) continue;
        buf_printf(b, "        --%.*s) next=\"", STR(cli_option_name(b->arena, f)));
        put_choices(b, f);
        buf_put(b, S("\" ;;\n"));
    }
    buf_put(b, S("        esac ;;\n"));
}

static bool first_of_group(const struct cli_program *p, size_t at, str *word)
{
    str rest, other;
    str_cut(str_of(p->command[at]->name), ' ', word, &rest);
    for (size_t i = 0; i < at; i++) {
        str_cut(str_of(p->command[i]->name), ' ', &other, &rest);
        if (!p->command[i]->hidden && str_eq(other, *word)) return false;
    }
    return word->n && !p->command[at]->hidden;
}

static void put_second_words(struct buf *b, const struct cli_program *p, str group)
{
    for (size_t i = 0; i < p->n; i++) {
        str word, rest;
        str_cut(str_of(p->command[i]->name), ' ', &word, &rest);
        if (rest.n && str_eq(word, group) && !p->command[i]->hidden) buf_printf(b, " %.*s", STR(rest));
    }
}

/* Sets `next` (words) and `options` from `said` and `prev`. */
static void put_table(struct buf *b, const struct cli_program *p)
{
    str word;
    buf_put(b, S("    case \"$said\" in\n"));
    for (int two = 1; two >= 0; two--)
        for (size_t i = 0; i < p->n; i++) {
            const char *name = p->command[i]->name;
            if (*name && !p->command[i]->hidden && !!strchr(name, ' ') == two) put_row(b, p->command[i]);
        }
    for (size_t i = 0; i < p->n; i++) {
        if (!first_of_group(p, i, &word) || !cli_is_group(p, word)) continue;
        buf_printf(b, "    \"%.*s\") next=\"", STR(word));
        put_second_words(b, p, word);
        buf_put(b, S("\" ;;\n"));
    }
    buf_put(b, S("    \"\" | help) next=\""));
    for (size_t i = 0; i < p->n; i++)
        if (first_of_group(p, i, &word)) buf_printf(b, " %.*s", STR(word));
    buf_put(b, S(" help\" ;;\n    esac\n    options=\"$options"));
    put_options(b, &cli_common_desc);
    buf_put(b, S("\"\n"));
}

static void bash(struct buf *b, const struct cli_program *p)
{
    buf_printf(b, "_%s() {\n", p->name);
    buf_put(b, S("    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                 "    local said=\"\" next=\"\" options=\"\" i\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        [[ ${COMP_WORDS[i]} == -* ]] || said+=\"${said:+ }${COMP_WORDS[i]}\"\n"
                 "    done\n"));
    put_table(b, p);
    buf_put(b, S("    if [[ $cur == -* ]]; then next=\"$options\"; fi\n"
                 "    COMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
                 "}\n"));
    buf_printf(b, "complete -o default -F _%s %s\n", p->name, p->name);
}

static void zsh(struct buf *b, const struct cli_program *p)
{
    buf_printf(b, "#compdef %s\n_%s() {\n", p->name, p->name);
    buf_put(b, S("    local prev=\"${words[CURRENT-1]}\" said=\"\" next=\"\" options=\"\" i\n"
                 "    for ((i = 2; i < CURRENT; i++)); do\n"
                 "        [[ ${words[i]} == -* ]] || said+=\"${said:+ }${words[i]}\"\n"
                 "    done\n"));
    put_table(b, p);
    buf_printf(
        b,
        "    if [[ ${words[CURRENT]} == -* ]]; then\n        compadd -- ${=options}\n"
        "    elif [[ -n $next ]]; then\n        compadd -- ${=next}\n    else\n        _files\n    fi\n}\n"
        "if [[ ${funcstack[1]} == _%s ]]; then\n    _%s \"$@\"\nelse\n    compdef _%s %s\nfi\n",
        p->name, p->name, p->name, p->name);
}

/* Between single quotes. */
static void put_quoted(struct buf *b, const char *text)
{
    buf_char(b, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') buf_char(b, '\\');
        buf_char(b, *text);
    }
    buf_char(b, '\'');
}

static void fish_options(struct buf *b, const struct cli_program *p, const char *when, const struct desc *d)
{
    for (size_t i = 0; d && i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (!cli_is_option(f)) continue;
        buf_printf(b, "complete -c %s%s -l %.*s", p->name, when, STR(cli_option_name(b->arena, f)));
        if (f->alt) buf_printf(b, " -s %c", f->alt);
        if (f->type == &type_enum) {
            buf_put(b, S(" -x -a '"));
            put_choices(b, f);
            buf_char(b, '\'');
        } else if (f->type != &type_bool) {
            buf_put(b, S(" -r"));
        }
        buf_put(b, S(" -d "));
        put_quoted(b, cli_doc(f->doc, f->doc_ru));
        buf_char(b, '\n');
    }
}

static void fish_command(struct buf *b, const struct cli_program *p, const struct command *c)
{
    str word, rest;
    str_cut(str_of(c->name), ' ', &word, &rest);
    if (rest.n)
        buf_printf(b, "complete -c %s -n '__fish_seen_subcommand_from %.*s' -f -a %.*s -d ", p->name,
                   STR(word), STR(rest));
    else buf_printf(b, "complete -c %s -n __fish_use_subcommand -f -a %.*s -d ", p->name, STR(word));
    put_quoted(b, cli_doc(c->doc, c->doc_ru));
    buf_char(b, '\n');
    str when =
        rest.n ? arena_printf(b->arena,
                              " -n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %.*s'",
                              STR(word), STR(rest))
               : arena_printf(b->arena, " -n '__fish_seen_subcommand_from %.*s'", STR(word));
    fish_options(b, p, when.p, c->in);
}

static void fish(struct buf *b, const struct cli_program *p)
{
    for (size_t i = 0; i < p->n; i++) {
        str word;
        if (p->command[i]->hidden || !*p->command[i]->name) continue;
        fish_command(b, p, p->command[i]);
        if (first_of_group(p, i, &word) && cli_is_group(p, word) && !cli_find(p, word))
            buf_printf(b, "complete -c %s -n __fish_use_subcommand -f -a %.*s\n", p->name, STR(word));
    }
    fish_options(b, p, "", &cli_common_desc);
}

err_t cli_completion(struct op *op, struct buf *b, str shell, const char *program,
                     const struct command *const *tables, const size_t *n, size_t ntables)
{
    static const struct {
        const char *shell;
        void (*put)(struct buf *, const struct cli_program *);
    } row[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
    struct cli_program p = cli_program_of(op->arena, program, tables, n, ntables);
    for (size_t i = 0; i < LEN(row); i++)
        if (str_is(shell, row[i].shell)) {
            row[i].put(b, &p);
            return OK;
        }
    return fail_field(op, "shell", TR("must be bash, zsh or fish", "bash, zsh или fish"));
}
