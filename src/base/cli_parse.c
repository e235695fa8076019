/* Words of a command line to a record, by descriptor. */
#include "base/cli_impl.h"
#include "base/time.h"

static const char *const languages[] = { "", "en", "ru", NULL };
#define D struct cli_common
static const struct field cli_common_fields[] = {
    { F(json), .doc = "Print JSON.", .doc_ru = "Печатать JSON." },
    { F(quiet), .alt = 'q', .doc = "Print results and errors only.",
      .doc_ru = "Печатать только результат и ошибки." },
    { F(yes), .alt = 'y', .doc = "Answer yes to questions.", .doc_ru = "Отвечать «да» на вопросы." },
    { F(no_color), .doc = "No colours.", .doc_ru = "Без цвета." },
    { F(help), .alt = 'h', .doc = "Show help.", .doc_ru = "Показать справку." },
    { F(version), .doc = "Print the version.", .doc_ru = "Показать версию." },
    { F_ENUM(lang, languages), .doc = "Language of messages.", .doc_ru = "Язык сообщений." },
};
#undef D
DESC(cli_common);

const char *cli_doc(const char *en, const char *ru)
{
    const char *doc = lang_now == LANG_RU && ru ? ru : en;
    return doc ? doc : "";
}

bool cli_is_argument(const struct field *f) { return f->flags & (ARG | REST); }

bool cli_is_option(const struct field *f)
{
    return !cli_is_argument(f) && f->type != &type_pad && f->type != &type_present &&
           !(f->flags & (READONLY | INTERNAL));
}

str cli_option_name(struct arena *a, const struct field *f)
{
    char *name = str_z(a, str_of(f->name));
    for (char *p = name; *p; p++)
        if (*p == '_') *p = '-';
    return str_of(name);
}

str cli_label(struct arena *a, const struct field *f)
{
    str name = cli_option_name(a, f);
    if (!cli_is_argument(f)) return arena_printf(a, "--%.*s", STR(name));
    char *upper = str_z(a, name);
    for (char *p = upper; *p; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
    return str_of(upper);
}

/* ---- typos ---- */
enum { LONGEST_WORD = 40 };

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b. */
static size_t distance(str a, str b)
{
    size_t row[3][LONGEST_WORD + 1];
    for (size_t k = 0; k <= b.n; k++) row[1][k] = k;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *before = row[(i - 1) % 3], *last = row[i % 3], *now = row[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            size_t cost = a.p[i - 1] != b.p[k - 1];
            now[k] = MIN(MIN(last[k], now[k - 1]) + 1, last[k - 1] + cost);
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1])
                now[k] = MIN(now[k], before[k - 2] + 1);
        }
    }
    return row[(a.n + 1) % 3][b.n];
}

str cli_nearest(const str *candidate, size_t n, str word)
{
    str best = { 0 };
    size_t least = 1 + word.n / 3; /* one edit for a short word, more for a long one */
    if (!word.n || word.n > LONGEST_WORD) return best;
    for (size_t i = 0; i < n; i++) {
        if (candidate[i].n > LONGEST_WORD) continue;
        size_t d = distance(word, candidate[i]);
        if (d > least || (d == least && best.p) || d >= MAX(word.n, candidate[i].n)) continue;
        least = d;
        best = candidate[i];
    }
    return best;
}

static str meant(struct cli_line *l, const char *prefix, str nearest)
{
    if (!nearest.p) return (str){ 0 };
    return arena_printf(l->op->arena, TR("did you mean '%s%.*s'?", "может быть, '%s%.*s'?"), prefix,
                        STR(nearest));
}

/* ---- options ---- */
struct target {
    const struct desc *desc;
    const struct field *field;
    void *record;
};

static bool same_option(const char *field, str name)
{
    if (strlen(field) != name.n) return false;
    for (size_t i = 0; i < name.n; i++)
        if (field[i] != name.p[i] && !(field[i] == '_' && name.p[i] == '-')) return false;
    return true;
}

static bool option_in(const struct desc *d, void *record, str name, char alt, struct target *out)
{
    for (size_t i = 0; d && i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (!cli_is_option(f) || !(alt ? f->alt == alt : same_option(f->name, name))) continue;
        *out = (struct target){ d, f, record };
        return true;
    }
    return false;
}

static bool find_option(struct cli_line *l, str name, char alt, struct target *out)
{
    if (l->command && option_in(l->command->in, l->in, name, alt, out)) return true;
    return option_in(&cli_common_desc, &l->common, name, alt, out);
}

static size_t add_names(struct arena *a, const struct desc *d, str *out)
{
    size_t n = 0;
    for (size_t i = 0; d && i < d->n; i++)
        if (cli_is_option(&d->field[i])) out[n++] = cli_option_name(a, &d->field[i]);
    return n;
}

static err_t unknown_option(struct cli_line *l, str arg, str name)
{
    str names[64 + LEN(cli_common_fields)];
    size_t n = add_names(l->op->arena, &cli_common_desc, names);
    if (l->command) n += add_names(l->op->arena, l->command->in, names + n);
    l->hint = meant(l, "--", cli_nearest(names, n, name));
    return fail(l->op, ERR_INVALID, TR("unknown option '%.*s'", "неизвестный параметр '%.*s'"), STR(arg));
}

static bool is_ago(const struct field *f, str text, i64 *us)
{
    return f->type == &type_time && str_to_duration(text, us);
}

static err_t bind_value(struct cli_line *l, const struct target *t, str text)
{
    const struct field *f = t->field;
    i64 ago;
    if (t->record == l->in) l->given |= (u64)1 << (f - t->desc->field);
    if (f->type == &type_list && f->elem) return desc_bind_item(l->op, f, text, t->record);
    if (!is_ago(f, text, &ago)) {
        TRY(desc_bind(l->op, f, text, t->record));
        if (t->record == &l->common && l->common.lang) lang_set(languages[l->common.lang]);
        return OK;
    }
    *(time_us *)(void *)((char *)t->record + f->off) = (time_us){ time_now().us - ago };
    return OK;
}

/* The words that are left. */
struct words {
    char **at;
    int n;
};

static err_t option_value(struct cli_line *l, const struct target *t, struct words *w, bool has, str value)
{
    if (t->field->type == &type_bool && !has) return bind_value(l, t, S("true"));
    if (!has) {
        if (!w->n || !strncmp(w->at[0], "--", 2))
            return fail(l->op, ERR_INVALID, TR("%.*s needs a value", "параметру %.*s нужно значение"),
                        STR(cli_label(l->op->arena, t->field)));
        value = str_of(*w->at++);
        w->n--;
    }
    return bind_value(l, t, value);
}

static err_t long_option(struct cli_line *l, str arg, struct words *w)
{
    str name, value;
    struct target t;
    bool has = str_cut(str_skip(arg, 2), '=', &name, &value);
    if (has && !value.p) value = S("");
    if (find_option(l, name, 0, &t)) return option_value(l, &t, w, has, value);
    if (str_starts(name, S("no-")) && !has && find_option(l, str_skip(name, 3), 0, &t) &&
        t.field->type == &type_bool)
        return bind_value(l, &t, S("false"));
    return unknown_option(l, str_sub(arg.p, name.p + name.n), name);
}

/* -f, -fq (two flags), -n 5, -n5, -n=5. */
static err_t short_options(struct cli_line *l, str arg, struct words *w)
{
    for (size_t i = 1; i < arg.n; i++) {
        struct target t;
        if (!find_option(l, (str){ 0 }, arg.p[i], &t)) return unknown_option(l, arg, (str){ 0 });
        if (t.field->type == &type_bool) {
            TRY(bind_value(l, &t, S("true")));
            continue;
        }
        str rest = str_skip(arg, i + 1);
        if (str_starts(rest, S("="))) rest = str_skip(rest, 1);
        return option_value(l, &t, w, i + 1 < arg.n, rest);
    }
    return OK;
}

static err_t option(struct cli_line *l, str arg, struct words *w)
{
    return str_starts(arg, S("--")) ? long_option(l, arg, w) : short_options(l, arg, w);
}

/* ---- arguments ---- */
static bool next_argument(struct cli_line *l, bool rest_only, struct target *out)
{
    const struct desc *d = l->command->in;
    for (unsigned flag = rest_only ? REST : ARG; d; flag = REST) {
        for (size_t i = 0; i < d->n; i++) {
            const struct field *f = &d->field[i];
            if (!(f->flags & flag) || (l->given >> i & 1 && f->type != &type_list)) continue;
            *out = (struct target){ d, f, l->in };
            return true;
        }
        if (flag == REST) break;
    }
    return false;
}

static err_t argument(struct cli_line *l, str text, bool rest_only)
{
    struct target t;
    if (next_argument(l, rest_only, &t)) return bind_value(l, &t, text);
    return fail(l->op, ERR_INVALID, TR("unexpected argument '%.*s'", "лишний аргумент '%.*s'"), STR(text));
}

static bool is_option_word(const char *w) { return w[0] == '-' && w[1]; }

/* ---- the command ---- */
static err_t unknown_command(struct cli_line *l, str word)
{
    const struct cli_program *p = l->program;
    str *names = NEWN(l->op->arena, str, p->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!p->command[i]->hidden) names[n++] = str_of(p->command[i]->name);
    names[n++] = S("help");
    l->hint = meant(l, "", cli_nearest(names, n, word));
    return fail(l->op, ERR_INVALID, TR("unknown command '%.*s'", "неизвестная команда '%.*s'"), STR(word));
}

static err_t find_command(struct cli_line *l, struct words *w)
{
    str one = w->n ? str_of(w->at[0]) : S("");
    bool two = w->n > 1 && !is_option_word(w->at[1]);
    str both = two ? arena_printf(l->op->arena, "%s %s", w->at[0], w->at[1]) : one;
    int used = 2;
    l->command = two ? cli_find(l->program, both) : NULL;
    if (!l->command && one.n && (used = 1)) l->command = cli_find(l->program, one);
    if (!l->command && !(used = 0)) l->command = cli_find(l->program, S(""));
    if (!l->command) {
        if (!one.n) return fail(l->op, ERR_INVALID, TR("which command?", "какая команда?"));
        return unknown_command(l, cli_is_group(l->program, one) ? both : one);
    }
    w->at += used;
    w->n -= used;
    return OK;
}

static err_t check_required(struct cli_line *l)
{
    const struct desc *d = l->command->in;
    for (size_t i = 0; d && i < d->n; i++) {
        if (!(d->field[i].flags & REQUIRED) || l->given >> i & 1) continue;
        l->hint = cli_usage_line(l->op->arena, l->program, l->command);
        return fail(l->op, ERR_INVALID, TR("%.*s is missing", "не хватает: %.*s"),
                    STR(cli_label(l->op->arena, &d->field[i])));
    }
    return OK;
}

static void note_given(struct cli_line *l)
{
    const struct desc *d = l->command->in;
    for (size_t i = 0; d && i < d->n; i++)
        if (d->field[i].type == &type_present)
            ((struct present *)(void *)((char *)l->in + d->field[i].off))->set = l->given;
}

static err_t command_words(struct cli_line *l, struct words *w)
{
    bool rest_only = false;
    while (w->n) {
        str word = str_of(*w->at++);
        w->n--;
        if (!rest_only && str_is(word, "--")) rest_only = true;
        else if (!rest_only && is_option_word(word.p)) TRY(option(l, word, w));
        else TRY(argument(l, word, rest_only));
    }
    return OK;
}

err_t cli_parse(struct cli_line *l, int argc, char **argv)
{
    struct words w = { argv, argc };
    desc_defaults(&cli_common_desc, l->op->arena, &l->common);
    bool one_command = cli_find(l->program, S("")); /* its options come first, too */
    while (!one_command && w.n && is_option_word(w.at[0])) {
        w.n--;
        TRY(option(l, str_of(*w.at++), &w));
    }
    if (l->common.version || (l->common.help && !w.n)) return OK;
    TRY(find_command(l, &w));
    if (l->command->in) {
        l->in = arena_alloc(l->op->arena, l->command->in->size);
        desc_defaults(l->command->in, l->op->arena, l->in);
    }
    TRY(command_words(l, &w));
    if (l->common.help || l->common.version) return OK;
    note_given(l);
    return check_required(l);
}
