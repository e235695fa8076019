/* Results: JSON for programs, tables for people. */
#include "base/cli_impl.h"
#include "base/lang.h"
#include "base/log.h"

struct column {
    const struct field *field;
    str head;
};

static str upper_name(struct arena *a, const struct field *f)
{
    char *p = str_z(a, str_of(f->name));
    for (char *c = p; *c; c++) *c = *c == '_' ? ' ' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    return str_of(p);
}

static bool printable(const struct field *f)
{
    return f->type != &type_pad && f->type != &type_present && !(f->flags & (WRITEONLY | INTERNAL));
}

static size_t all_columns(struct arena *a, const struct desc *d, struct column *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (printable(&d->field[i])) out[n++] = (struct column){ &d->field[i], upper_name(a, &d->field[i]) };
    return n;
}

/* "field|HEADING|ЗАГОЛОВОК" */
static size_t named_columns(struct arena *a, const struct desc *d, const char *const *columns,
                            struct column *out)
{
    size_t n = 0;
    for (; columns[n]; n++) {
        str name, en, ru;
        str_cut(str_of(columns[n]), '|', &name, &en);
        str_cut(en, '|', &en, &ru);
        const struct field *f = desc_field(d, name);
        if (!f) bug("%s has no field '%s'", d->name, columns[n]);
        str head = lang_now == LANG_RU && ru.n ? ru : en;
        out[n] = (struct column){ f, head.n ? head : upper_name(a, f) };
    }
    return n;
}

/* Words that people look for. */
static enum tone tone_of(str text)
{
    static const struct {
        const char *word;
        enum tone tone;
    } row[] = {
        { "running", TONE_GOOD }, { "ok", TONE_GOOD },    { "starting", TONE_WARN }, { "paused", TONE_WARN },
        { "warn", TONE_WARN },    { "failed", TONE_BAD }, { "error", TONE_BAD },     { "fatal", TONE_BAD },
        { "stopped", TONE_DIM },  { "debug", TONE_DIM },
    };
    for (size_t i = 0; i < LEN(row); i++)
        if (str_is(text, row[i].word)) return row[i].tone;
    return TONE_PLAIN;
}

static struct term_cell cell_of(struct arena *a, const struct field *f, const void *record)
{
    struct buf b = BUF(a);
    char bytes[TERM_BYTES];
    i64 n;
    field_text(&b, f, record);
    str text = buf_str(&b);
    if (f->type == &type_bool) text = str_of(str_is(text, "true") ? TR("yes", "да") : TR("no", "нет"));
    if (str_ends(str_of(f->name), S("_bytes")) && str_to_i64(text, &n))
        text = str_copy(a, term_bytes(n, bytes));
    return (struct term_cell){ text, f->type == &type_enum ? tone_of(text) : TONE_PLAIN };
}

static void print_table(struct cli *cli, const struct desc *d, const struct list *l,
                        const struct column *column, size_t cols)
{
    struct arena *a = cli->op->arena;
    str *head = NEWN(a, str, cols + 1);
    struct term_cell *cell = NEWN(a, struct term_cell, cols * l->n + 1);
    for (size_t c = 0; c < cols; c++) head[c] = column[c].head;
    for (size_t i = 0; i < l->n * cols; i++)
        cell[i] = cell_of(a, column[i % cols].field, (const char *)l->item + i / cols * d->size);
    term_table(cli->term, head, cell, l->n, cols);
}

static void print_json_list(struct cli *cli, const struct desc *d, const struct list *l)
{
    struct buf b = BUF(cli->op->arena);
    buf_char(&b, '[');
    for (size_t i = 0; i < l->n; i++) {
        buf_put(&b, i ? S(",\n ") : S(""));
        desc_write(&b, d, (const char *)l->item + i * d->size);
    }
    buf_put(&b, S("]\n"));
    term_put(cli->term, buf_str(&b));
}

void cli_print_list(struct cli *cli, const struct desc *d, const void *list, const char *const *columns)
{
    const struct list *l = list;
    struct column column[64];
    if (cli->json) {
        print_json_list(cli, d, l);
        return;
    }
    if (!l->n) {
        term_say(cli->term, TONE_DIM, "%s", TR("nothing found", "ничего нет"));
        return;
    }
    size_t cols =
        columns ? named_columns(cli->op->arena, d, columns, column) : all_columns(cli->op->arena, d, column);
    print_table(cli, d, l, column, cols);
}

static bool is_table(const struct field *f) { return f->type == &type_list && f->sub; }

void cli_print_record(struct cli *cli, const struct desc *d, const void *record)
{
    struct arena *a = cli->op->arena;
    struct column column[64], inner[64];
    if (cli->json) {
        struct buf b = BUF(a);
        desc_write(&b, d, record);
        buf_char(&b, '\n');
        term_put(cli->term, buf_str(&b));
        return;
    }
    size_t cols = all_columns(a, d, column), rows = 0;
    struct term_cell *cell = NEWN(a, struct term_cell, cols * 2 + 1);
    for (size_t i = 0; i < cols; i++) {
        struct term_cell value = cell_of(a, column[i].field, record);
        if (!value.text.n || is_table(column[i].field)) continue;
        cell[rows * 2] = (struct term_cell){ column[i].head, TONE_DIM };
        cell[rows++ * 2 + 1] = value;
    }
    term_table(cli->term, NULL, cell, rows, 2);
    for (size_t i = 0; i < cols; i++) {
        const struct field *f = column[i].field;
        const struct list *l = (const void *)((const char *)record + f->off);
        if (!is_table(f) || !l->n) continue;
        term_put(cli->term, arena_printf(a, "\n%.*s\n", STR(column[i].head)));
        print_table(cli, f->sub, l, inner, all_columns(a, f->sub, inner));
    }
}
