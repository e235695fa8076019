#include "spark/tree.h"
#include "base/fs.h"
#include "base/lang.h"
#include "spark/archive_util.h"
#include "spark/ignore.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Never useful to the one who installs; '!' in .sparkignore brings one back. */
static const char usual_rules[] =
    ".DS_Store\n*.swp\n*~\n__pycache__/\n*.py[co]\n.venv/\n.pytest_cache/\n.mypy_cache/\n";

/* Names of files that hold keys and passwords. Packages of other people carry test certificates, hence the
 * last two lines. */
static const char risky_rules[] =
    ".env\n.env.*\n!.env.example\n!.env.sample\n!.env.template\n*.pem\n*.key\n*.p12\n*.pfx\n*.jks\n*.kdbx\n*."
    "ppk\n"
    "id_rsa\nid_dsa\nid_ecdsa\nid_ed25519\n.netrc\n.npmrc\n.pypirc\n.git-credentials\n.htpasswd\n"
    "credentials.json\n*.tfstate\n"
    "!**/node_modules/**\n!**/site-packages/**\n";

static const str usual_files[] = { S("spark.json"), S("package.json"), S("README*"), S("LICENSE*"),
                                   S("CHANGELOG*") };

struct walk {
    struct op *op;
    const struct tree_rules *rules;
    struct ignore ignore, exclude, risky;
    struct tree tree;
};

static err_t walk_folder(struct walk *, int dir, str path, int depth);

static void add(struct walk *w, struct tree_file f)
{
    struct tree *t = &w->tree;
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        struct tree_file *more = NEWN(w->op->arena, struct tree_file, t->cap);
        if (t->n) memcpy(more, t->file, t->n * sizeof *more);
        t->file = more;
    }
    t->file[t->n++] = f;
    t->bytes += f.size;
}

static bool covered(const str *glob, size_t n, str path)
{
    for (size_t i = 0; i < n; i++)
        if (glob_covers(glob[i], path)) return true;
    return false;
}

static bool dropped(const struct walk *w, str path, bool is_dir)
{
    return ignore_decide(&w->exclude, path, is_dir) == IGNORE_DROP ||
           ignore_decide(&w->ignore, path, is_dir) == IGNORE_DROP;
}

static bool wanted(const struct walk *w, str path)
{
    return !w->rules->ninclude || covered(w->rules->include, w->rules->ninclude, path) ||
           covered(usual_files, LEN(usual_files), path);
}

/* The folder's own .gitignore, then its .sparkignore, whose rules therefore win. */
static err_t read_rules(struct walk *w, int dir, str base)
{
    static const char *const names[] = { ".gitignore", ".sparkignore" };
    for (size_t i = w->rules->ninclude ? 1 : 0; i < LEN(names); i++) {
        AUTO(fd) int fd = openat(dir, names[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) continue;
        if (st.st_size > MIB(1))
            return fail(w->op, ERR_LIMIT, TR("'%.*s%s' is too large", "'%.*s%s' слишком велик"), STR(base),
                        names[i]);
        char *text = arena_alloc_raw(w->op->arena, (size_t)st.st_size + 1);
        ssize_t n = read(fd, text, (size_t)st.st_size);
        if (n < 0)
            return fail(w->op, ERR_INTERNAL, TR("read '%.*s%s': %s", "чтение '%.*s%s': %s"), STR(base),
                        names[i], strerror(errno));
        ignore_add_text(&w->ignore, base, (str){ text, (size_t)n });
    }
    return OK;
}

static err_t take_link(struct walk *w, int dir, const char *name, str path)
{
    char target[TREE_PATH + 1];
    ssize_t n = readlinkat(dir, name, target, sizeof target);
    if (n < 0)
        return fail(w->op, ERR_INTERNAL, TR("read link '%.*s': %s", "чтение ссылки '%.*s': %s"), STR(path),
                    strerror(errno));
    str to = { target, (size_t)n };
    const char *fault = archive_link_fault(path, to, TREE_PATH);
    if (fault)
        return fail(w->op, ERR_INVALID,
                    TR("'%.*s' -> '%.*s' %s; replace it or name it in .sparkignore",
                       "'%.*s' -> '%.*s' %s; замените её или впишите в .sparkignore"),
                    STR(path), STR(to), fault);
    add(w, (struct tree_file){ .path = path, .kind = TREE_LINK, .target = str_copy(w->op->arena, to) });
    return OK;
}

static err_t take_folder(struct walk *w, int dir, const char *name, str path, int depth)
{
    if (depth >= TREE_DEPTH)
        return fail(w->op, ERR_LIMIT, TR("'%.*s' is nested too deep", "'%.*s' вложен слишком глубоко"),
                    STR(path));
    int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub < 0)
        return fail(w->op, ERR_INTERNAL, TR("open '%.*s': %s", "открыть '%.*s': %s"), STR(path),
                    strerror(errno));
    return walk_folder(w, sub, path, depth + 1);
}

static err_t take(struct walk *w, int dir, const char *name, str path, int depth)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return fail(w->op, ERR_INTERNAL, TR("read '%.*s': %s", "чтение '%.*s': %s"), STR(path),
                    strerror(errno));
    bool is_dir = S_ISDIR(st.st_mode);
    if (dropped(w, path, is_dir) || (!is_dir && !wanted(w, path))) {
        w->tree.left_out++;
        return OK;
    }
    const char *fault = archive_path_fault(path, TREE_PATH, TREE_DEPTH);
    if (fault) return fail(w->op, ERR_INVALID, "'%.*s' %s", STR(path), fault);
    if (w->tree.n >= TREE_FILES)
        return fail(w->op, ERR_LIMIT, TR("more than %d files", "больше %d файлов"), TREE_FILES);
    if (is_dir) return take_folder(w, dir, name, path, depth);
    if (S_ISLNK(st.st_mode)) return take_link(w, dir, name, path);
    if (!S_ISREG(st.st_mode))
        return fail(w->op, ERR_INVALID,
                    TR("'%.*s' is a device, pipe or socket; name it in .sparkignore",
                       "'%.*s' — устройство, канал или сокет; впишите его в .sparkignore"),
                    STR(path));
    bool x = st.st_mode & 0111 || covered(w->rules->executable, w->rules->nexecutable, path);
    add(w, (struct tree_file){ .path = path, .kind = TREE_FILE, .executable = x, .size = st.st_size });
    return OK;
}

static bool never(const char *name)
{
    static const char *const names[] = { ".", "..", ".git", ".hg", ".svn", ".netbit" };
    for (size_t i = 0; i < LEN(names); i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

/* Takes over `dir`. */
static err_t walk_folder(struct walk *w, int dir, str path, int depth)
{
    str base = path.n ? arena_printf(w->op->arena, "%.*s/", STR(path)) : S("");
    err_t e = read_rules(w, dir, base);
    DIR *d = fdopendir(dir);
    if (!d) {
        close(dir);
        return fail(w->op, ERR_INTERNAL, TR("read '%.*s': %s", "чтение '%.*s': %s"), STR(path),
                    strerror(errno));
    }
    bool empty = true;
    for (struct dirent *x; !e && (x = readdir(d));) {
        if (strcmp(x->d_name, ".") && strcmp(x->d_name, "..")) empty = false;
        if (never(x->d_name)) continue;
        e = take(w, dir, x->d_name, arena_printf(w->op->arena, "%.*s%s", STR(base), x->d_name), depth);
    }
    closedir(d);
    if (!e && empty && path.n && wanted(w, path))
        add(w, (struct tree_file){ .path = path, .kind = TREE_FOLDER });
    return e;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

static void find_risky(struct walk *w)
{
    struct tree *t = &w->tree;
    t->risky = NEWN(w->op->arena, struct tree_file, t->n + 1);
    for (size_t i = 0; i < t->n; i++)
        if (t->file[i].kind == TREE_FILE && ignore_decide(&w->risky, t->file[i].path, false) == IGNORE_DROP)
            t->risky[t->nrisky++] = t->file[i];
}

err_t tree_collect(struct op *op, const char *root, const struct tree_rules *rules, struct tree *out)
{
    struct walk w = { .op = op, .rules = rules };
    w.ignore.arena = w.exclude.arena = w.risky.arena = op->arena;
    ignore_add_text(&w.ignore, S(""), str_of(usual_rules));
    ignore_add_text(&w.risky, S(""), str_of(risky_rules));
    for (size_t i = 0; i < rules->nexclude; i++) ignore_add_line(&w.exclude, S(""), rules->exclude[i]);
    int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fail(op, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID, "'%s': %s", root, strerror(errno));
    TRY(walk_folder(&w, dir, S(""), 0));
    if (w.tree.n) qsort(w.tree.file, w.tree.n, sizeof *w.tree.file, by_path);
    find_risky(&w);
    *out = w.tree;
    return OK;
}

const struct tree_file *tree_find(const struct tree *t, str path)
{
    struct tree_file key = { .path = path };
    return t->n ? bsearch(&key, t->file, t->n, sizeof *t->file, by_path) : NULL;
}

void tree_put(struct op *op, struct tree *t, str path, str data)
{
    struct tree_file made = { .path = path, .kind = TREE_FILE, .size = (i64)data.n, .data = data };
    struct tree_file *more = NEWN(op->arena, struct tree_file, t->n + 1);
    size_t n = 0;
    bool placed = false;
    for (size_t i = 0; i < t->n; i++) {
        int order = str_cmp(t->file[i].path, path);
        if (order >= 0 && !placed) more[n++] = made, placed = true;
        if (order) more[n++] = t->file[i];
        else t->bytes -= t->file[i].size;
    }
    if (!placed) more[n++] = made;
    t->file = more, t->n = t->cap = n;
    t->bytes += made.size;
}
