#include "base/fs.h"
#include "base/lang.h"
#include "feature/package/semver.h"
#include "spark/manifest.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the folder's own files say. */
struct clues {
    struct op *op;
    const char *dir;
    str npm;       /* package.json */
    str pyproject; /* pyproject.toml */
    struct {
        str name, version, description, license, homepage, repository, main, start;
        LIST(str) keywords;
    } from;
    str source; /* which file gave name and version */
};

static const char *at(const struct clues *c, str path)
{
    return arena_printf(c->op->arena, "%s/%.*s", c->dir, STR(path)).p;
}

static bool is_file(const struct clues *c, str path)
{
    struct stat st;
    return !stat(at(c, path), &st) && S_ISREG(st.st_mode);
}

static void set_if_absent(str *to, str value)
{
    if (!to->p && value.n) *to = value;
}

/* ---- package.json ---- */

static bool member(struct json *j, const char *name, str *out)
{
    str key;
    if (json_peek(j) != JSON_OBJECT) {
        json_skip(j);
        return false;
    }
    bool found = false;
    if (json_object(j))
        while (json_key(j, &key)) {
            if (str_is(key, name) && json_peek(j) == JSON_STRING) found = json_str(j, out);
            else json_skip(j);
        }
    return found;
}

static void read_words(struct clues *c, struct json *j)
{
    str *word = NEWN(c->op->arena, str, 20);
    size_t n = 0;
    str s;
    if (json_peek(j) != JSON_ARRAY) {
        json_skip(j);
        return;
    }
    if (json_array(j))
        while (json_next(j)) {
            if (json_peek(j) != JSON_STRING) json_skip(j);
            else if (json_str(j, &s) && n < 20 && s.n && s.n < 64) word[n++] = s;
        }
    c->from.keywords.item = word, c->from.keywords.n = n;
}

static void read_npm_member(struct clues *c, struct json *j, str key)
{
    const struct {
        const char *name;
        str *to;
    } texts[] = {
        { "name", &c->from.name },
        { "version", &c->from.version },
        { "description", &c->from.description },
        { "license", &c->from.license },
        { "homepage", &c->from.homepage },
        { "main", &c->from.main },
        { "repository", &c->from.repository },
    };
    if (str_is(key, "keywords")) {
        read_words(c, j);
        return;
    }
    for (size_t i = 0; i < LEN(texts); i++)
        if (str_is(key, texts[i].name) && json_peek(j) == JSON_STRING) {
            json_str(j, texts[i].to);
            return;
        }
    if (str_is(key, "scripts")) member(j, "start", &c->from.start);
    else if (str_is(key, "repository")) member(j, "url", &c->from.repository);
    else json_skip(j);
}

static err_t read_npm(struct clues *c)
{
    struct json j = json_reader(c->op->arena, c->npm);
    str key;
    if (json_peek(&j) != JSON_OBJECT)
        return fail(c->op, ERR_INVALID, "package.json: %s", TR("is not a JSON object", "не объект JSON"));
    if (json_object(&j))
        while (json_key(&j, &key)) read_npm_member(c, &j, key);
    if (!json_end(&j))
        return fail(c->op, ERR_INVALID, "package.json: %s at byte %zu",
                    j.error ? j.error : "text after its end", j.error_at);
    size_t slash;
    if (str_starts(c->from.name, S("@")) && str_find_char(c->from.name, '/', &slash))
        c->from.name = str_skip(c->from.name, slash + 1);
    if (str_starts(c->from.repository, S("git+"))) c->from.repository = str_skip(c->from.repository, 4);
    c->source = S("package.json");
    return OK;
}

err_t manifest_of_package_json(struct op *op, str json, str *out)
{
    struct json j = json_reader(op->arena, json);
    str key, found = { 0 };
    if (json_peek(&j) == JSON_OBJECT && json_object(&j))
        while (json_key(&j, &key)) {
            if (str_is(key, "spark")) json_raw_value(&j, &found);
            else json_skip(&j);
        }
    if (!json_end(&j))
        return fail(op, ERR_INVALID, "%s at byte %zu", j.error ? j.error : "is not a JSON object",
                    j.error_at);
    if (!found.p) return fail(op, ERR_NOT_FOUND, "package.json has no member 'spark'");
    *out = found;
    return OK;
}

/* ---- pyproject.toml: only `key = "text"` of [project] and [tool.poetry] ---- */

static bool toml_text(str line, const char *key, str *out)
{
    str name, value;
    if (!str_cut(line, '=', &name, &value) || !str_is(str_trim(name), key)) return false;
    value = str_trim(value);
    if (value.n < 2 || (value.p[0] != '"' && value.p[0] != '\'')) return false;
    const char *end = memchr(value.p + 1, value.p[0], value.n - 1);
    if (!end) return false;
    *out = str_sub(value.p + 1, end);
    return true;
}

static void read_pyproject(struct clues *c)
{
    const struct {
        const char *key;
        str *to;
    } texts[] = { { "name", &c->from.name },
                  { "version", &c->from.version },
                  { "description", &c->from.description } };
    bool inside = false;
    for (str rest = c->pyproject, line; str_next(&rest, '\n', &line);) {
        line = str_trim(line);
        if (str_starts(line, S("["))) inside = str_is(line, "[project]") || str_is(line, "[tool.poetry]");
        for (size_t i = 0; inside && i < LEN(texts); i++) toml_text(line, texts[i].key, texts[i].to);
    }
    if (!c->source.p) c->source = S("pyproject.toml");
}

/* ---- how to run it ---- */

struct run {
    str command;
    str arg[16];
    size_t n;
    str because;
};

static bool plain_words(str s)
{
    static const char special[] = "|&;<>()$`\\\"'*?[]#~=%!{}\n\t";
    for (size_t i = 0; i < s.n; i++)
        if (strchr(special, s.p[i])) return false;
    return true;
}

static bool run_npm_start(struct clues *c, struct run *r)
{
    str start = str_trim(c->from.start);
    if (!c->npm.p || !start.n) return false;
    r->because = S("scripts.start of package.json");
    size_t n = 0;
    for (str rest = start, word; plain_words(start) && str_next(&rest, ' ', &word);) {
        if (!word.n) continue;
        if (n > LEN(r->arg)) break;
        if (!n++) r->command = word;
        else r->arg[r->n++] = word;
    }
    if (!n || n > LEN(r->arg)) *r = (struct run){ S("sh"), { S("-c"), start }, 2, r->because };
    str local = arena_printf(c->op->arena, "node_modules/.bin/%.*s", STR(r->command));
    if (is_file(c, local)) r->command = local;
    return true;
}

static bool run_node(struct clues *c, struct run *r)
{
    static const str usual[] = { S("index.js"), S("server.js"), S("main.js"), S("app.js"), S("index.mjs") };
    if (!c->npm.p) return false;
    str main = c->from.main;
    if (str_starts(main, S("./"))) main = str_skip(main, 2);
    r->because = S("main of package.json");
    if (!main.n || !is_file(c, main)) {
        main = (str){ 0 };
        for (size_t i = 0; i < LEN(usual) && !main.p; i++)
            if (is_file(c, usual[i])) main = usual[i];
        r->because = S("package.json and that file");
    }
    if (!main.p) return false;
    *r = (struct run){ S("node"), { main }, 1, r->because };
    return true;
}

static bool run_python(struct clues *c, struct run *r)
{
    static const str usual[] = { S("main.py"), S("app.py"), S("__main__.py"), S("run.py"), S("server.py") };
    for (size_t i = 0; i < LEN(usual); i++)
        if (is_file(c, usual[i])) {
            *r = (struct run){ S("python3"), { S("-u"), usual[i] }, 2, S("that file") };
            return true;
        }
    str module = str_copy(c->op->arena, c->from.name);
    for (size_t i = 0; i < module.n; i++)
        if (module.p[i] == '-') *(char *)(uintptr_t)&module.p[i] = '_';
    if (!c->pyproject.p || !module.n ||
        !is_file(c, arena_printf(c->op->arena, "%.*s/__main__.py", STR(module))))
        return false;
    *r = (struct run){ S("python3"), { S("-u"), S("-m"), module }, 3, S("its module of that name") };
    return true;
}

static bool is_program(const struct clues *c, str path)
{
    size_t so;
    AUTO(fd) int fd = open(at(c, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char head[4] = { 0 };
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0111)) return false;
    if (read(fd, head, sizeof head) < 2 || str_find(path, S(".so"), &so)) return false;
    return !memcmp(head, "\177ELF", 4) || !memcmp(head, "#!", 2);
}

/* Programs of one folder; *n counts them, *out is the one named like the package, else the last. */
static void find_programs(const struct clues *c, str folder, str name, str *out, size_t *n)
{
    DIR *d = opendir(at(c, folder.n ? folder : S(".")));
    for (struct dirent *x; d && (x = readdir(d));) {
        str path = arena_printf(c->op->arena, "%.*s%s", STR(folder), x->d_name);
        if (x->d_name[0] == '.' || !is_program(c, path)) continue;
        bool ours = str_is(name, x->d_name), had = out->p && str_eq(fs_base_name(*out), name);
        if (!had) *out = path;
        if (ours) *n = 1;
        else if (!had) ++*n;
    }
    if (d) closedir(d);
}

static bool run_program(struct clues *c, struct run *r, str name)
{
    static const str folders[] = { S(""), S("bin/"), S("build/") };
    for (size_t i = 0; i < LEN(folders); i++) {
        str found = { 0 };
        size_t n = 0;
        find_programs(c, folders[i], name, &found, &n);
        bool named = found.p && str_eq(fs_base_name(found), name);
        if (!n || (n > 1 && !named)) continue;
        if (!folders[i].n) found = arena_printf(c->op->arena, "./%.*s", STR(found));
        *r = (struct run){ found, { { 0 } }, 0, S("the executable there") };
        return true;
    }
    return false;
}

static err_t infer_entry(struct clues *c, struct manifest_found *f)
{
    struct run r = { 0 };
    if (!run_npm_start(c, &r) && !run_node(c, &r) && !run_program(c, &r, f->m.name) && !run_python(c, &r)) {
        const char *built = is_file(c, S("Makefile")) ? TR("there is a Makefile: build it first, or say",
                                                           "есть Makefile: сначала соберите, или скажите")
                                                      : TR("say", "скажите");
        return fail(c->op, ERR_INVALID,
                    TR("cannot tell how to run this package: no start script, main file or executable was "
                       "found; %s so "
                       "in spark.json: \"entry\": {\"command\": \"...\", \"args\": [\"...\"]}",
                       "неясно, как запускать этот пакет: нет ни сценария start, ни главного файла, ни "
                       "программы; %s это "
                       "в spark.json: \"entry\": {\"command\": \"...\", \"args\": [\"...\"]}"),
                    built);
    }
    f->m.entry.command = r.command;
    f->m.entry.args.item = NEWN(c->op->arena, str, r.n + 1);
    memcpy(f->m.entry.args.item, r.arg, r.n * sizeof(str));
    f->m.entry.args.n = r.n;
    manifest_guess(c->op, f, "command: %.*s %.*s (%.*s)", STR(r.command),
                   STR(str_join(c->op->arena, r.arg, r.n, S(" "))), STR(r.because));
    return OK;
}

/* ---- who it is ---- */

static str name_from(struct clues *c, str text)
{
    char *p = str_z(c->op->arena, str_lower(c->op->arena, text));
    size_t n = 0;
    for (const char *from = p; *from; from++) {
        bool word = (*from >= 'a' && *from <= 'z') || (*from >= '0' && *from <= '9');
        if (word || (n && strchr("._-", *from))) p[n++] = *from;
        else if (n && p[n - 1] != '-') p[n++] = '-';
    }
    while (n && strchr("._-", p[n - 1])) n--;
    n = MIN(n, (size_t)MANIFEST_NAME_MAX);
    return n ? (str){ p, n } : S("package");
}

static err_t infer_identity(struct clues *c, struct manifest_found *f)
{
    struct manifest *m = &f->m;
    if (!m->name.p) {
        char real[PATH_MAX];
        bool by_folder = !c->from.name.n && realpath(c->dir, real);
        m->name = name_from(c, by_folder ? fs_base_name(str_of(real)) : c->from.name);
        manifest_guess(c->op, f, "name: %.*s (%.*s)", STR(m->name),
                       STR(c->from.name.n ? c->source : S("the folder")));
    }
    if (m->version.p) return OK;
    struct semver v;
    m->version = S("0.1.0");
    if (c->from.version.n && !semver_parse(c->from.version, &v))
        return fail(c->op, ERR_INVALID, "%.*s: version '%.*s' is not a semantic version", STR(c->source),
                    STR(str_head(c->from.version, 80)));
    if (c->from.version.n) m->version = c->from.version;
    manifest_guess(c->op, f, "version: %.*s (%.*s)", STR(m->version),
                   STR(c->from.version.n ? c->source : S("the first one")));
    return OK;
}

static void infer_rest(struct clues *c, struct manifest_found *f)
{
    struct manifest *m = &f->m;
    static const str readmes[] = { S("README.md"), S("README"), S("README.txt"), S("README.rst") };
    for (size_t i = 0; i < LEN(readmes); i++)
        if (is_file(c, readmes[i])) set_if_absent(&m->readme, readmes[i]);
    if (is_file(c, S("CHANGELOG.md"))) set_if_absent(&m->changelog, S("CHANGELOG.md"));
    set_if_absent(&m->description, str_head(c->from.description, 4000));
    set_if_absent(&m->license, str_head(c->from.license, 200));
    set_if_absent(&m->homepage, str_head(c->from.homepage, 2000));
    set_if_absent(&m->repository, str_head(c->from.repository, 2000));
    if (!m->tags.n) m->tags.item = c->from.keywords.item, m->tags.n = c->from.keywords.n;
}

static err_t read_clue(struct clues *c, str file, str *out)
{
    err_t e = fs_read(c->op, at(c, file), MANIFEST_MAX, out);
    if (e == ERR_NOT_FOUND) {
        op_clear(c->op);
        return OK;
    }
    return e;
}

err_t manifest_infer(struct op *op, const char *dir, struct manifest_found *f)
{
    struct clues c = { .op = op, .dir = dir };
    TRY(read_clue(&c, S("package.json"), &c.npm));
    TRY(read_clue(&c, S("pyproject.toml"), &c.pyproject));
    if (c.npm.p) TRY(read_npm(&c));
    else if (c.pyproject.p) read_pyproject(&c);
    TRY(infer_identity(&c, f));
    infer_rest(&c, f);
    return f->m.entry.command.p ? OK : infer_entry(&c, f);
}
