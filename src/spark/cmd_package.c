/* search, info, install, update, uninstall, list. */
#include "feature/package/semver.h"
#include "feature/unit/unit_wire.h"
#include "spark/commands.h"
#include "spark/install.h"

struct search_in {
    LIST(str) words;
    str category, tag, sort;
    i64 limit;
};
#define D struct search_in
static const struct field search_in_fields[] = {
    { F_LIST_OF(words, &field_str_elem), .flags = REST, .max = 20,
      .doc = "What to look for; nothing lists all.", .doc_ru = "Что искать; без слов — все пакеты." },
    { F(category), .max = 100, .doc = "Only this category.", .doc_ru = "Только эта категория." },
    { F(tag), .max = 64, .doc = "Only this tag.", .doc_ru = "Только этот тег." },
    { F(sort), .max = 20, .doc = "Order of the list: name, downloads, updated, created.",
      .doc_ru = "Порядок списка: name, downloads, updated, created." },
    { F(limit), .alt = 'n', .min = 1, .max = 100, .def = "20", .doc = "How many at most.",
      .doc_ru = "Сколько самое большее." },
};
#undef D
DESC(search_in);

struct name_in {
    str name;
};
#define D struct name_in
static const struct field name_in_fields[] = {
    { F(name), .flags = ARG | REQUIRED, .min = 1, .max = 63, .doc = "The package.", .doc_ru = "Пакет." },
};
#undef D
DESC(name_in);

struct names_in {
    LIST(str) names;
};
#define D struct names_in
static const struct field names_in_fields[] = {
    { F_LIST_OF(names, &field_str_elem), .flags = REST | REQUIRED, .min = 1, .max = 100, .doc = "Packages.",
      .doc_ru = "Пакеты." },
};
#undef D
DESC(names_in);

struct install_in {
    LIST(str) names;
    bool force, trust;
};
#define D struct install_in
static const struct field install_in_fields[] = {
    { F_LIST_OF(names, &field_str_elem), .flags = REST | REQUIRED, .min = 1, .max = 100,
      .doc = "NAME, NAME@1.2.3 or NAME@RANGE.", .doc_ru = "ИМЯ, ИМЯ@1.2.3 или ИМЯ@ДИАПАЗОН." },
    { F(force), .alt = 'f', .doc = "Fetch it although it is installed.",
      .doc_ru = "Скачать заново, даже если установлен." },
    { F(trust), .doc = "Take a package that another key signed, or none.",
      .doc_ru = "Принять пакет с другой подписью или без неё." },
};
#undef D
DESC(install_in);

struct update_in {
    LIST(str) names;
    bool check, trust;
};
#define D struct update_in
static const struct field update_in_fields[] = {
    { F_LIST_OF(names, &field_str_elem), .flags = REST, .max = 100, .doc = "Packages; none: all.",
      .doc_ru = "Пакеты; без имён — все." },
    { F(check), .doc = "Only say what is newer.", .doc_ru = "Только показать, что обновилось." },
    { F(trust), .doc = "Take a package that another key signed, or none.",
      .doc_ru = "Принять пакет с другой подписью или без неё." },
};
#undef D
DESC(update_in);

err_t cmd_search(struct cli *cli, const void *arg)
{
    const struct search_in *in = arg;
    static const char *const columns[] = {
        "name|NAME|ИМЯ",       "description|DESCRIPTION|ОПИСАНИЕ", "category|CATEGORY|КАТЕГОРИЯ",
        "author|AUTHOR|АВТОР", "downloads|DOWNLOADS|ЗАГРУЗКИ",     NULL
    };
    AUTO(registry) struct registry r = { 0 };
    struct reg_packages found;
    TRY(registry_open(cli->op, 0, &r));
    struct reg_query q = { .category = in->category, .tag = in->tag, .sort = in->sort, .limit = in->limit };
    if (in->words.n) q.q = str_join(cli->op->arena, in->words.item, in->words.n, S(" "));
    TRY(registry_list(&r, cli->op, &q, &found));
    cli_print_list(cli, &package_desc, &found.packages, columns);
    if (!cli->json && found.total > (i64)found.packages.n)
        term_say(cli->term, TONE_DIM, TR("%zu of %lld; -n shows more", "%zu из %lld; -n покажет больше"),
                 found.packages.n, (long long)found.total);
    return OK;
}

/* The rows of the page about a package that have something to say. */
static void print_package(struct cli *cli, const struct package *p)
{
    static const struct {
        const char *field, *en, *ru;
    } rows[] = {
        { "name", "Name", "Имя" },
        { "display_name", "Title", "Название" },
        { "description", "Description", "Описание" },
        { "author", "Author", "Автор" },
        { "category", "Category", "Категория" },
        { "tags", "Tags", "Теги" },
        { "repository", "Repository", "Репозиторий" },
        { "downloads", "Downloads", "Загрузки" },
        { "deprecated", "Deprecated", "Устарел" },
        { "replacement", "Use instead", "Замена" },
        { "updated_at", "Updated", "Обновлён" },
    };
    struct term_cell cell[LEN(rows) * 2];
    size_t n = 0;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b = BUF(cli->op->arena);
        field_text(&b, desc_field(&package_desc, str_of(rows[i].field)), p);
        if (!b.n) continue;
        cell[n * 2] = (struct term_cell){ str_of(TR(rows[i].en, rows[i].ru)), TONE_DIM };
        cell[n++ * 2 + 1] = (struct term_cell){ buf_str(&b), TONE_PLAIN };
    }
    term_table(cli->term, NULL, cell, n, 2);
}

err_t cmd_info(struct cli *cli, const void *arg)
{
    const struct name_in *in = arg;
    static const char *const columns[] = { "version|VERSION|ВЕРСИЯ",
                                           "is_stable|STABLE|СТАБИЛЬНАЯ",
                                           "size_bytes|SIZE|РАЗМЕР",
                                           "created_at|PUBLISHED|ОПУБЛИКОВАНА",
                                           "signer_key|SIGNED BY|КЛЮЧ",
                                           "yanked_at|YANKED|ОТОЗВАНА",
                                           NULL };
    AUTO(registry) struct registry r = { 0 };
    struct reg_page page;
    TRY(registry_open(cli->op, 0, &r));
    TRY(registry_get(&r, cli->op, in->name, &page));
    if (cli->json) {
        cli_print_record(cli, &reg_page_desc, &page);
        return OK;
    }
    print_package(cli, &page.package);
    term_put(cli->term, S("\n"));
    cli_print_list(cli, &package_version_desc, &page.versions, columns);
    struct installed here;
    if (!store_find(cli->op, in->name, &here))
        term_say(cli->term, TONE_PLAIN, TR("Installed: %.*s", "Установлен: %.*s"), STR(here.version));
    else
        term_say(cli->term, TONE_DIM,
                 TR("To install it: spark install %.*s", "Установить: spark install %.*s"), STR(in->name));
    op_clear(cli->op);
    return OK;
}

static void say_installed(struct cli *cli, const struct installed *p, enum install_outcome outcome)
{
    if (cli->json) return;
    if (outcome == INSTALL_CURRENT) {
        term_say(cli->term, TONE_GOOD, TR("%.*s %.*s is installed already", "%.*s %.*s уже установлен"),
                 STR(p->name), STR(p->version));
        return;
    }
    term_say(cli->term, TONE_GOOD, TR("Installed %.*s %.*s in %.*s", "Установлен %.*s %.*s в %.*s"),
             STR(p->name), STR(p->version), STR(store_link(cli->op, p->name)));
    if (p->signer.n)
        term_say(cli->term, TONE_DIM, TR("Signed by %.*s", "Подписан ключом %.*s"), STR(p->signer));
    term_say(cli->term, TONE_DIM, TR("To run it: spark run %.*s", "Запустить: spark run %.*s"), STR(p->name));
}

static void print_installed(struct cli *cli, const struct installed_list *all)
{
    static const char *const columns[] = { "name|NAME|ИМЯ",
                                           "version|VERSION|ВЕРСИЯ",
                                           "description|DESCRIPTION|ОПИСАНИЕ",
                                           "size_bytes|SIZE|РАЗМЕР",
                                           "installed_at|INSTALLED|УСТАНОВЛЕН",
                                           NULL };
    cli_print_list(cli, &installed_desc, &all->packages, columns);
}

err_t cmd_install(struct cli *cli, const void *arg)
{
    const struct install_in *in = arg;
    AUTO(registry) struct registry r = { 0 };
    struct installed_list done = { 0 };
    done.packages.item = NEWN(cli->op->arena, struct installed, in->names.n);
    TRY(registry_open(cli->op, REGISTRY_SIGN_IN, &r));
    for (size_t i = 0; i < in->names.n; i++) {
        struct install_options o = { .again = in->force, .trust = in->trust };
        struct installed *p = &done.packages.item[i];
        enum install_outcome outcome;
        TRY(install_target(cli->op, in->names.item[i], &o.name, &o.version));
        o.range = o.version;
        TRY(package_fetch(cli, &r, &o, p, &outcome));
        done.packages.n++;
        say_installed(cli, p, outcome);
    }
    if (cli->json) print_installed(cli, &done);
    return OK;
}

/* ---- update ---- */

/* The newest version that an update may choose; NULL: nothing newer. */
static const struct package_version *newest(const struct reg_page *page, const struct installed *p)
{
    const struct package_version *best = NULL;
    struct semver best_v = { 0 }, v;
    struct semver_range range;
    bool bound = p->range.n && semver_range_parse(p->range, &range);
    if (!semver_parse(p->version, &best_v)) return NULL;
    for (size_t i = 0; i < page->versions.n; i++) {
        const struct package_version *x = &page->versions.item[i];
        if (x->yanked_at.us || !x->checksum.n || (!x->is_stable && !bound) || !semver_parse(x->version, &v))
            continue;
        if ((bound && !semver_in(&v, &range)) || semver_cmp(&v, &best_v) <= 0) continue;
        best = x, best_v = v;
    }
    return best;
}

struct update {
    struct cli *cli;
    const struct update_in *in;
    struct registry *registry;
    struct installed_list changed;
};

static err_t update_one(struct update *u, const struct installed *p)
{
    struct reg_page page;
    struct cli *cli = u->cli;
    err_t e = registry_get(u->registry, cli->op, p->name, &page);
    if (e == ERR_NOT_FOUND && !u->in->names.n) {
        op_clear(cli->op);
        term_say(cli->term, TONE_WARN, TR("%.*s is not in this registry", "%.*s нет в этом реестре"),
                 STR(p->name));
        return OK;
    }
    TRY(e);
    const struct package_version *v = newest(&page, p);
    if (!v) return OK;
    struct installed *out = &u->changed.packages.item[u->changed.packages.n++];
    if (u->in->check) {
        *out = *p;
        out->version = v->version, out->size_bytes = v->size_bytes, out->checksum = v->checksum;
        if (!cli->json)
            term_say(cli->term, TONE_PLAIN, "%.*s %.*s -> %.*s", STR(p->name), STR(p->version),
                     STR(v->version));
        return OK;
    }
    enum install_outcome outcome;
    struct install_options o = {
        .name = p->name, .version = v->version, .range = p->range, .trust = u->in->trust
    };
    TRY(package_fetch(cli, u->registry, &o, out, &outcome));
    if (!cli->json)
        term_say(cli->term, TONE_GOOD, TR("Updated %.*s %.*s -> %.*s", "Обновлён %.*s %.*s -> %.*s"),
                 STR(p->name), STR(p->version), STR(v->version));
    return OK;
}

/* One package that fails does not keep the others back; the command fails with the first one's error. */
static void update_or_say(struct update *u, const struct installed *p, struct op_error *first)
{
    struct op *op = u->cli->op;
    size_t before = u->changed.packages.n;
    if (!update_one(u, p)) return;
    u->changed.packages.n = before;
    if (first->code) term_say(u->cli->term, TONE_BAD, "%.*s: %.*s", STR(p->name), STR(op->err.msg));
    else *first = op->err;
    op_clear(op);
}

err_t cmd_update(struct cli *cli, const void *arg)
{
    const struct update_in *in = arg;
    AUTO(registry) struct registry r = { 0 };
    struct installed_list have = { 0 };
    TRY(store_list(cli->op, &have));
    if (in->names.n) {
        have.packages.item = NEWN(cli->op->arena, struct installed, in->names.n);
        for (have.packages.n = 0; have.packages.n < in->names.n; have.packages.n++)
            TRY(store_find(cli->op, in->names.item[have.packages.n], &have.packages.item[have.packages.n]));
    }
    struct update u = { .cli = cli, .in = in, .registry = &r };
    u.changed.packages.item = NEWN(cli->op->arena, struct installed, have.packages.n + 1);
    TRY(registry_open(cli->op, in->check ? 0 : REGISTRY_SIGN_IN, &r));
    struct op_error first = { 0 };
    for (size_t i = 0; i < have.packages.n; i++) update_or_say(&u, &have.packages.item[i], &first);
    if (cli->json) print_installed(cli, &u.changed);
    else if (!u.changed.packages.n && !first.code)
        term_say(cli->term, TONE_GOOD, "%s", TR("Everything is up to date", "Всё свежее"));
    cli->op->err = first;
    return first.code;
}

/* ---- uninstall, list ---- */

static err_t refuse_if_running(struct cli *cli, str name)
{
    struct local_answer all = { 0 };
    TRY(agent_units_on_disk(cli->op, &all));
    for (size_t i = 0; i < all.units.n; i++) {
        const struct local_unit *u = &all.units.item[i];
        bool rests = u->status == UNIT_STOPPED || u->status == UNIT_FAILED;
        if (str_eq(u->package_name, name) && !rests)
            return fail(cli->op, ERR_CONFLICT,
                        TR("unit '%.*s' runs from '%.*s': stop it first",
                           "юнит '%.*s' работает из '%.*s': сначала остановите его"),
                        STR(u->name), STR(name));
    }
    return OK;
}

err_t cmd_uninstall(struct cli *cli, const void *arg)
{
    const struct names_in *in = arg;
    for (size_t i = 0; i < in->names.n; i++) {
        str name = in->names.item[i];
        AUTO(store_lock) struct store_lock lock = { 0 };
        struct installed p;
        TRY(store_find(cli->op, name, &p));
        TRY(store_lock(cli->op, name, NULL, NULL, &lock));
        TRY(refuse_if_running(cli, name));
        TRY(store_remove(cli->op, name));
        if (!cli->json)
            term_say(cli->term, TONE_GOOD, TR("Removed %.*s %.*s", "Удалён %.*s %.*s"), STR(name),
                     STR(p.version));
    }
    return OK;
}

err_t cmd_list(struct cli *cli, const void *arg)
{
    (void)arg;
    struct installed_list all;
    TRY(store_list(cli->op, &all));
    if (all.packages.n || cli->json) print_installed(cli, &all);
    else
        term_say(cli->term, TONE_DIM, "%s",
                 TR("Nothing is installed; `spark search` finds packages",
                    "Ничего не установлено; `spark search` найдёт пакеты"));
    return OK;
}
