/* init, publish, pack, key new, key list. */
#include "base/fs.h"
#include "spark/commands.h"
#include "spark/install.h"
#include "spark/publish.h"
#include "spark/sign.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DIR_FIELD \
    { \
        F(dir), .flags = ARG, .min = 1, .max = 4096, .def = ".", .doc = "The package's folder.", \
                .doc_ru = "Папка пакета." \
    }

struct init_in {
    str dir;
    bool force;
};
#define D struct init_in
static const struct field init_in_fields[] = {
    DIR_FIELD,
    { F(force), .alt = 'f', .doc = "Overwrite a spark.json.", .doc_ru = "Переписать имеющийся spark.json." },
};
#undef D
DESC(init_in);

struct publish_in {
    str dir;
    bool force, dry_run, gzip, sign;
    str key;
};
#define D struct publish_in
static const struct field publish_in_fields[] = {
    DIR_FIELD,
    { F(force), .alt = 'f', .doc = "Take files that look like secrets.",
      .doc_ru = "Взять и файлы, похожие на секреты." },
    { F_AS("dry-run", dry_run), .alt = 'n', .doc = "Only list the files with their sizes.",
      .doc_ru = "Только показать файлы и размеры." },
    { F(gzip), .doc = "Make a tar.gz instead of a tar.zst.", .doc_ru = "Сделать tar.gz вместо tar.zst." },
    { F(sign), .doc = "Sign with the key 'default', or the one of --key.",
      .doc_ru = "Подписать ключом 'default' или указанным в --key." },
    { F(key), .max = 63, .doc = "Sign with this key.", .doc_ru = "Подписать этим ключом." },
};
#undef D
DESC(publish_in);

struct pack_in {
    str dir, output;
    bool force, gzip;
};
#define D struct pack_in
static const struct field pack_in_fields[] = {
    DIR_FIELD,
    { F(output), .alt = 'o', .max = 4096, .doc = "File to write; by default NAME-VERSION.tar.zst.",
      .doc_ru = "Файл; по умолчанию ИМЯ-ВЕРСИЯ.tar.zst." },
    { F(force), .alt = 'f', .doc = "Take files that look like secrets.",
      .doc_ru = "Взять и файлы, похожие на секреты." },
    { F(gzip), .doc = "Make a tar.gz instead of a tar.zst.", .doc_ru = "Сделать tar.gz вместо tar.zst." },
};
#undef D
DESC(pack_in);

struct key_in {
    str name;
};
#define D struct key_in
static const struct field key_in_fields[] = {
    { F(name), .flags = ARG, .min = 1, .max = 63, .def = "default", .doc = "Name of the key.",
      .doc_ru = "Имя ключа." },
};
#undef D
DESC(key_in);

err_t cmd_init(struct cli *cli, const void *arg)
{
    const struct init_in *in = arg;
    struct op *op = cli->op;
    struct manifest_found f;
    const char *path = arena_printf(op->arena, "%.*s/spark.json", STR(in->dir)).p;
    if (fs_exists(path)) {
        if (!in->force)
            return fail(
                op, ERR_CONFLICT,
                TR("'%s' exists already (--force overwrites it)", "'%s' уже есть (--force перепишет)"), path);
        if (unlink(path)) return fail(op, ERR_INTERNAL, "remove '%s': %s", path, strerror(errno));
    }
    TRY(manifest_find(op, str_z(op->arena, in->dir), &f));
    str text = manifest_text(op, &f.m);
    TRY(fs_replace(op, path, text, 0644));
    if (cli->json) {
        term_put(cli->term, text);
        return OK;
    }
    for (size_t i = 0; i < f.guess.n; i++) term_say(cli->term, TONE_DIM, "  %.*s", STR(f.guess.item[i]));
    term_say(cli->term, TONE_GOOD, TR("Wrote %s", "Записан %s"), path);
    return OK;
}

/* ---- what would go ---- */

struct packed_file {
    str path;
    i64 size_bytes;
};
#define D struct packed_file
static const struct field packed_file_fields[] = {
    { F(path), .doc = "File.", .doc_ru = "Файл." },
    { F(size_bytes), .doc = "Bytes.", .doc_ru = "Байт." },
};
#undef D
static DESC(packed_file);

static err_t list_files(struct cli *cli, const struct tree *t)
{
    static const char *const columns[] = { "size_bytes|SIZE|РАЗМЕР", "path|FILE|ФАЙЛ", NULL };
    LIST(struct packed_file) files = { NEWN(cli->op->arena, struct packed_file, t->n + 1), t->n };
    char size[TERM_BYTES];
    for (size_t i = 0; i < t->n; i++)
        files.item[i] = (struct packed_file){ t->file[i].path, t->file[i].size };
    cli_print_list(cli, &packed_file_desc, &files, columns);
    if (!cli->json)
        term_say(cli->term, TONE_BOLD,
                 TR("%zu files, %.*s; left out: %lld", "файлов: %zu, %.*s; пропущено: %lld"), t->n,
                 STR(term_bytes(t->bytes, size)), (long long)t->left_out);
    return OK;
}

/* ---- publish, pack ---- */

static err_t temp_file(struct op *op, int *out)
{
    const char *dir = spark_path(op, "").p;
    TRY(fs_make_dirs(op, dir, 0700));
    *out = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*out >= 0) return OK;
    str path = spark_path(op, arena_printf(op->arena, ".publish-%.*s", STR(rand_text(op->arena, 12))).p);
    *out = open(path.p, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*out < 0) return fail(op, ERR_INTERNAL, "create '%.*s': %s", STR(path), strerror(errno));
    unlink(path.p);
    return OK;
}

static void say_published(struct cli *cli, const struct published *p)
{
    char size[TERM_BYTES];
    if (cli->json) {
        cli_print_record(cli, &published_desc, p);
        return;
    }
    if (p->already)
        term_say(cli->term, TONE_GOOD,
                 TR("%.*s %.*s is published already, with these very bytes",
                    "%.*s %.*s уже опубликован, байты те же"),
                 STR(p->name), STR(p->version));
    else
        term_say(cli->term, TONE_GOOD,
                 TR("Published %.*s %.*s: %lld files, %.*s", "Опубликован %.*s %.*s: файлов %lld, %.*s"),
                 STR(p->name), STR(p->version), (long long)p->files, STR(term_bytes(p->size_bytes, size)));
    term_say(cli->term, TONE_DIM, "SHA-256 %.*s", STR(p->checksum));
    term_say(cli->term, TONE_DIM, "%s", TR("To install it:", "Установить:"));
    term_put(cli->term, arena_printf(cli->op->arena, "%.*s\n", STR(p->install)));
}

err_t cmd_publish(struct cli *cli, const void *arg)
{
    const struct publish_in *in = arg;
    struct publish_options o = { .dir = in->dir, .force = in->force, .gzip = in->gzip, .key = in->key };
    struct prepared p = { 0 };
    struct published out;
    if (in->sign && !o.key.n) o.key = S("default");
    TRY(publish_prepare(cli, &o, &p));
    if (in->dry_run) return list_files(cli, &p.tree);
    AUTO(registry) struct registry r = { 0 };
    AUTO(fd) int fd = -1;
    TRY(registry_open(cli->op, REGISTRY_SIGN_IN, &r));
    TRY(temp_file(cli->op, &fd));
    TRY(publish_pack(cli, &o, &p, fd, &out));
    TRY(publish_upload(cli, &r, &o, &p, fd, &out));
    say_published(cli, &out);
    return OK;
}

err_t cmd_pack(struct cli *cli, const void *arg)
{
    const struct pack_in *in = arg;
    struct op *op = cli->op;
    struct publish_options o = { .dir = in->dir, .force = in->force, .gzip = in->gzip };
    struct prepared p = { 0 };
    struct published out;
    TRY(publish_prepare(cli, &o, &p));
    const struct manifest *m = &p.found.m;
    str path = in->output.n ? in->output
                            : arena_printf(op->arena, "%.*s-%.*s.tar.%s", STR(m->name), STR(m->version),
                                           in->gzip ? "gz" : "zst");
    AUTO(fd) int fd = open(str_z(op->arena, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return fail(op, ERR_INTERNAL, "create '%.*s': %s", STR(path), strerror(errno));
    TRY(publish_pack(cli, &o, &p, fd, &out));
    if (cli->json) {
        cli_print_record(cli, &published_desc, &out);
        return OK;
    }
    char size[TERM_BYTES];
    term_say(cli->term, TONE_GOOD, "%.*s: %.*s, SHA-256 %.*s", STR(path),
             STR(term_bytes(out.size_bytes, size)), STR(out.checksum));
    return OK;
}

/* ---- keys ---- */

struct key_view {
    str name, public_key;
    time_us created_at;
};
#define D struct key_view
static const struct field key_view_fields[] = {
    { F(name), .doc = "Name.", .doc_ru = "Имя." },
    { F(public_key), .doc = "What others see.", .doc_ru = "Открытый ключ." },
    { F(created_at), .doc = "Made.", .doc_ru = "Создан." },
};
#undef D
static DESC(key_view);

err_t cmd_key_new(struct cli *cli, const void *arg)
{
    const struct key_in *in = arg;
    struct sign_key k;
    TRY(sign_key_new(cli->op, in->name, &k));
    struct key_view v = { k.name, k.public_key, k.created_at };
    cli_print_record(cli, &key_view_desc, &v);
    if (!cli->json)
        term_say(cli->term, TONE_DIM,
                 TR("Sign with it: spark publish --key %.*s", "Подписать им: spark publish --key %.*s"),
                 STR(k.name));
    return OK;
}

err_t cmd_key_list(struct cli *cli, const void *arg)
{
    (void)arg;
    static const char *const columns[] = { "name|NAME|ИМЯ", "public_key|PUBLIC KEY|ОТКРЫТЫЙ КЛЮЧ",
                                           "created_at|MADE|СОЗДАН", NULL };
    struct sign_key_list all;
    TRY(sign_key_list(cli->op, &all));
    LIST(struct key_view) shown = { NEWN(cli->op->arena, struct key_view, all.keys.n + 1), all.keys.n };
    for (size_t i = 0; i < all.keys.n; i++) {
        const struct sign_key *k = &all.keys.item[i];
        shown.item[i] = (struct key_view){ k->name, k->public_key, k->created_at };
    }
    cli_print_list(cli, &key_view_desc, &shown, columns);
    return OK;
}
