#include "spark/publish.h"
#include "base/fs.h"
#include "feature/package/semver.h"
#include "spark/install.h"
#include "spark/pack.h"
#include "spark/registry.h"
#include "spark/sign.h"
#include <errno.h>
#include <unistd.h>

#define D struct published
static const struct field published_fields[] = {
    { F(name), .doc = "Package.", .doc_ru = "Пакет." },
    { F(version), .doc = "Version.", .doc_ru = "Версия." },
    { F(checksum), .doc = "SHA-256 of the archive.", .doc_ru = "SHA-256 архива." },
    { F(size_bytes), .doc = "Size of the archive.", .doc_ru = "Размер архива." },
    { F(files), .doc = "Files in it.", .doc_ru = "Файлов в нём." },
    { F(files_bytes), .doc = "Their size.", .doc_ru = "Их размер." },
    { F(signer), .doc = "Key that signed it.", .doc_ru = "Ключ подписи." },
    { F(already), .doc = "The registry had these very bytes.", .doc_ru = "В реестре уже были эти же байты." },
    { F(install), .doc = "Command that installs it.", .doc_ru = "Команда установки." },
};
#undef D
DESC(published);

static err_t refuse_risky(struct cli *cli, const struct tree *t)
{
    struct buf b = BUF(cli->op->arena);
    for (size_t i = 0; i < t->nrisky && i < 10; i++)
        buf_printf(&b, "%s%.*s", i ? ", " : "", STR(t->risky[i].path));
    if (t->nrisky > 10) buf_z(&b, ", ...");
    return fail(cli->op, ERR_INVALID,
                TR("these files look like secrets: %.*s; name them in .sparkignore, or publish with --force",
                   "похоже на секреты: %.*s; впишите их в .sparkignore или публикуйте с --force"),
                STR(buf_str(&b)));
}

/* The program that `entry` names must be in the package when it is meant to be. */
static err_t check_entry(struct cli *cli, const struct prepared *p)
{
    str command = p->found.m.entry.command;
    size_t at;
    if (!str_find_char(command, '/', &at) || command.p[0] == '/' || command.p[0] == '$') return OK;
    while (str_starts(command, S("./"))) command = str_skip(command, 2);
    const struct tree_file *f = tree_find(&p->tree, command);
    if (!f)
        return fail(cli->op, ERR_INVALID,
                    TR("entry.command '%.*s' is not among the files of the package: is it built, or ignored?",
                       "entry.command '%.*s' не входит в файлы пакета: собран ли он, не игнорируется ли?"),
                    STR(command));
    if (f->kind == TREE_FILE && !f->executable)
        return fail(cli->op, ERR_INVALID,
                    TR("entry.command '%.*s' is not executable", "entry.command '%.*s' не исполняемый"),
                    STR(command));
    return OK;
}

static void say_guesses(struct cli *cli, const struct manifest_found *f)
{
    if (cli->quiet || cli->json || !f->guess.n) return;
    term_say(cli->term, TONE_DIM, "%s",
             f->file.p ? TR("Not in the manifest, inferred:", "Нет в манифесте, выведено:")
                       : TR("No spark.json, inferred:", "Нет spark.json, выведено:"));
    for (size_t i = 0; i < f->guess.n; i++) term_say(cli->term, TONE_DIM, "  %.*s", STR(f->guess.item[i]));
}

err_t publish_prepare(struct cli *cli, const struct publish_options *o, struct prepared *out)
{
    struct op *op = cli->op;
    const char *dir = str_z(op->arena, o->dir);
    TRY(manifest_find(op, dir, &out->found));
    const struct manifest *m = &out->found.m;
    struct tree_rules rules = {
        .include = m->files.include.item,
        .ninclude = m->files.include.n,
        .exclude = m->files.exclude.item,
        .nexclude = m->files.exclude.n,
        .executable = m->files.executable.item,
        .nexecutable = m->files.executable.n,
    };
    TRY(tree_collect(op, dir, &rules, &out->tree));
    if (out->tree.nrisky && !o->force) TRY(refuse_risky(cli, &out->tree));
    TRY(check_entry(cli, out));
    say_guesses(cli, &out->found);
    if (out->found.guess.n || !str_is(out->found.file, "spark.json"))
        tree_put(op, &out->tree, S("spark.json"), manifest_text(op, m));
    return OK;
}

err_t publish_pack(struct cli *cli, const struct publish_options *o, const struct prepared *p, int fd,
                   struct published *out)
{
    const struct manifest *m = &p->found.m;
    bool shown = !cli->quiet && !cli->json;
    struct progress bar;
    if (shown)
        progress_begin(&bar, cli->term,
                       arena_printf(cli->op->arena, "%s %.*s", TR("Packing", "Упаковка"), STR(m->name)),
                       p->tree.bytes);
    struct pack_options how = { .root = str_z(cli->op->arena, o->dir),
                                .gzip = o->gzip,
                                .progress = show_progress,
                                .ctx = shown ? &bar : NULL };
    struct packed packed;
    err_t e = pack(cli->op, &p->tree, &how, fd, &packed);
    if (shown) progress_end(&bar, !e);
    TRY(e);
    *out = (struct published){ .name = m->name,
                               .version = m->version,
                               .checksum = sha256_text(cli->op->arena, packed.digest),
                               .size_bytes = packed.size,
                               .files = (i64)p->tree.n,
                               .files_bytes = p->tree.bytes,
                               .install = arena_printf(cli->op->arena, "spark install %.*s@%.*s",
                                                       STR(m->name), STR(m->version)) };
    return OK;
}

/* ---- changelog ---- */

static size_t heading_level(str line)
{
    size_t n = 0;
    while (n < line.n && line.p[n] == '#') n++;
    return n;
}

static bool names_version(str line, str version)
{
    size_t at;
    if (!str_find(line, version, &at)) return false;
    char after = at + version.n < line.n ? line.p[at + version.n] : ' ', before = at ? line.p[at - 1] : ' ';
    return !strchr(".-0123456789", after) && !strchr(".0123456789", before);
}

str changelog_section(str text, str version)
{
    const char *from = NULL;
    size_t level = 0;
    for (str rest = text, line; str_next(&rest, '\n', &line);) {
        size_t n = heading_level(line);
        if (from && n && n <= level) return str_trim(str_sub(from, line.p));
        if (!from && n && names_version(line, version)) from = line.p + line.n, level = n;
    }
    return from ? str_trim(str_sub(from, text.p + text.n)) : (str){ 0 };
}

static err_t read_changelog(struct op *op, const struct publish_options *o, const struct manifest *m,
                            str *out)
{
    str text;
    *out = (str){ 0 };
    if (!m->changelog.n) return OK;
    TRY(fs_read(op, arena_printf(op->arena, "%.*s/%.*s", STR(o->dir), STR(m->changelog)).p, MIB(4), &text));
    *out = str_head(changelog_section(text, m->version), 60000);
    return OK;
}

/* ---- the registry ---- */

static err_t register_package(struct registry *r, struct op *op, const struct manifest *m)
{
    struct reg_package_new p = { .name = m->name,
                                 .display_name = m->display_name.n ? m->display_name : m->name,
                                 .description = m->description,
                                 .repository = m->repository,
                                 .category = m->category,
                                 .is_public = m->public };
    p.tags.item = m->tags.item, p.tags.n = m->tags.n;
    return registry_create(r, op, &p);
}

static const struct package_version *find_version(const struct reg_page *page, str version)
{
    for (size_t i = 0; i < page->versions.n; i++)
        if (str_eq(page->versions.item[i].version, version)) return &page->versions.item[i];
    return NULL;
}

static err_t add_version(struct registry *r, struct op *op, const struct publish_options *o,
                         const struct manifest *m, struct published *out)
{
    struct reg_version_new v = { .version = m->version, .checksum = out->checksum, .is_stable = m->stable };
    TRY(read_changelog(op, o, m, &v.changelog));
    if (o->key.n) {
        struct sign_key key;
        TRY(sign_key_load(op, o->key, &key));
        TRY(sign_package(op, &key, &(struct signed_package){ m->name, m->version, out->checksum },
                         &v.signature));
        out->signer = v.signer_key = key.public_key;
    }
    return registry_add_version(r, op, m->name, &v);
}

static err_t other_bytes(struct op *op, const struct published *p, str theirs)
{
    return fail(op, ERR_CONFLICT,
                TR("'%.*s' %.*s is published with other bytes (SHA-256 %.*s, these are %.*s): versions never "
                   "change, raise the version",
                   "'%.*s' %.*s уже опубликована с другими байтами (SHA-256 %.*s, а эти — %.*s): версии не "
                   "меняются, поднимите номер"),
                STR(p->name), STR(p->version), STR(theirs), STR(p->checksum));
}

static bool same_tags(const struct package *p, const struct manifest *m)
{
    bool all = true;
    for (size_t i = 0; i < m->tags.n && all; i++) {
        bool there = false;
        for (size_t k = 0; k < p->tags.n && !there; k++)
            there = str_eq(p->tags.item[k], str_trim(m->tags.item[i]));
        all = there;
    }
    return all && (!m->tags.n || p->tags.n <= m->tags.n);
}

/* The newest version's manifest tells what the package is; what it does not say stays as it is. */
static err_t update_texts(struct registry *r, struct op *op, const struct manifest *m,
                          const struct reg_page *page)
{
    const struct package *p = &page->package;
    struct semver ours, newest;
    bool old = page->versions.n && semver_parse(m->version, &ours) &&
               semver_parse(page->versions.item[0].version, &newest) && semver_cmp(&ours, &newest) < 0;
    const struct {
        str now, wanted;
    } text[] = { { p->display_name, m->display_name },
                 { p->description, m->description },
                 { p->repository, m->repository },
                 { p->category, m->category } };
    bool same = same_tags(p, m);
    for (size_t i = 0; i < LEN(text); i++) same &= !text[i].wanted.n || str_eq(text[i].now, text[i].wanted);
    if (same || old) return OK;
    struct reg_package_texts t = { .display_name = m->display_name,
                                   .description = m->description,
                                   .repository = m->repository,
                                   .category = m->category };
    t.tags.item = m->tags.item, t.tags.n = m->tags.n;
    return registry_update(r, op, m->name, &t);
}

/* The page has the package, maybe with this version; *upload says whether its archive is still missing. */
static err_t agree_on_version(struct registry *r, struct op *op, const struct publish_options *o,
                              const struct manifest *m, struct published *out, bool *upload)
{
    struct reg_page page;
    err_t e = registry_get(r, op, m->name, &page);
    bool new = e == ERR_NOT_FOUND;
    if (new) {
        op_clear(op);
        TRY(register_package(r, op, m));
        page.versions.n = 0;
    } else {
        TRY(e);
    }
    const struct package_version *there = find_version(&page, m->version);
    *upload = !there || !there->archived_at.us;
    if (there && there->checksum.n && !str_eq(there->checksum, out->checksum))
        return other_bytes(op, out, there->checksum);
    if (!new) TRY(update_texts(r, op, m, &page));
    if (!there) return add_version(r, op, o, m, out);
    out->signer = there->signer_key;
    out->already = !*upload;
    return OK;
}

static err_t send_archive(struct cli *cli, struct registry *r, int fd, const struct published *p)
{
    struct op *op = cli->op;
    i64 offset;
    str answer;
    TRY(registry_upload_offset(r, op, p->name, p->version, &offset));
    if (offset >= p->size_bytes) offset = 0;
    bool shown = !cli->quiet && !cli->json;
    struct progress bar;
    if (shown)
        progress_begin(&bar, cli->term,
                       arena_printf(op->arena, "%s %.*s", TR("Uploading", "Отправка"), STR(p->name)),
                       p->size_bytes);
    err_t e = client_upload(r->http, op, registry_archive_path(op, p->name, p->version), fd, offset,
                            p->size_bytes, show_progress, shown ? &bar : NULL, &answer);
    if (shown) progress_end(&bar, !e);
    return e;
}

err_t publish_upload(struct cli *cli, struct registry *r, const struct publish_options *o,
                     const struct prepared *p, int fd, struct published *out)
{
    bool upload;
    TRY(agree_on_version(r, cli->op, o, &p->found.m, out, &upload));
    return upload ? send_archive(cli, r, fd, out) : OK;
}
