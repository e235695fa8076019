#include "base/fs.h"
#include "spark/pack.h"
#include "spark/unpack.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *at(struct op *op, const char *root, const char *path)
{
    return arena_printf(op->arena, "%s/%s", root, path).p;
}

static void put(struct op *op, const char *root, const char *path, const char *text, unsigned mode)
{
    const char *full = at(op, root, path);
    assert_ok(op, fs_make_dirs(op, str_z(op->arena, fs_dir_name(str_of(full))), 0755));
    assert_ok(op, fs_replace(op, full, str_of(text), 0644));
    assert_int_equal(chmod(full, mode), 0);
}

static str names(struct op *op, const struct tree *t)
{
    struct buf b = BUF(op->arena);
    for (size_t i = 0; i < t->n; i++) buf_printf(&b, "%s%.*s", i ? " " : "", STR(t->file[i].path));
    return buf_str(&b);
}

static struct tree collect(struct op *op, const char *root, struct tree_rules rules)
{
    struct tree t = { 0 };
    assert_ok(op, tree_collect(op, root, &rules, &t));
    return t;
}

static struct packed pack_to(struct op *op, const char *root, const char *file, bool gzip)
{
    struct tree t = collect(op, root, (struct tree_rules){ 0 });
    AUTO(fd) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct packed p;
    assert_ok(op, pack(op, &t, &(struct pack_options){ .root = root, .gzip = gzip }, fd, &p));
    return p;
}

static void sample(struct op *op, const char *root, bool backwards)
{
    static const struct {
        const char *path, *text;
        unsigned mode;
    } files[] = {
        { "main.js", "console.log(1)\n", 0644 },
        { "bin/tool", "#!/bin/sh\n", 0775 },
        { "a b/имя.txt", "имя", 0600 },
        { "a-b", "", 0644 },
        { "a/b", "x", 0640 },
        { "very/long/"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaa/n",
          "y", 0644 },
    };
    for (size_t i = 0; i < LEN(files); i++) {
        size_t k = backwards ? LEN(files) - 1 - i : i;
        put(op, root, files[k].path, files[k].text, files[k].mode);
    }
    assert_int_equal(symlink("../main.js", at(op, root, "bin/link")), 0);
    assert_int_equal(mkdir(at(op, root, "empty"), 0700), 0);
}

TEST(pack_same_input_gives_same_bytes)
{
    for (int gzip = 0; gzip < 2; gzip++) {
        const char *one = str_z(op->arena, str_of(test_dir())), *two = str_z(op->arena, str_of(test_dir()));
        const char *to = str_z(op->arena, str_of(test_dir()));
        sample(op, one, false);
        sample(op, two, true);
        struct timespec then[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
        assert_int_equal(utimensat(AT_FDCWD, at(op, two, "main.js"), then, 0), 0);
        struct packed a = pack_to(op, one, at(op, to, "a"), gzip),
                      b = pack_to(op, two, at(op, to, "b"), gzip);
        assert_memory_equal(a.digest.b, b.digest.b, 32);
        assert_int_equal(a.size, b.size);
        str bytes;
        assert_ok(op, fs_read(op, at(op, to, "a"), MIB(1), &bytes));
        assert_int_equal(bytes.n, a.size);
        sha256 real = sha256_of(bytes);
        assert_memory_equal(real.b, a.digest.b, 32);
        chmod(at(op, two, "main.js"), 0755);
        b = pack_to(op, two, at(op, to, "b"), gzip);
        assert_memory_not_equal(a.digest.b, b.digest.b, 32);
    }
}

TEST(pack_then_unpack_is_the_same_tree)
{
    for (int gzip = 0; gzip < 2; gzip++) {
        const char *from = str_z(op->arena, str_of(test_dir())), *into = str_z(op->arena, str_of(test_dir()));
        sample(op, from, false);
        const char *file = at(op, str_z(op->arena, str_of(test_dir())), "x");
        pack_to(op, from, file, gzip);
        AUTO(fd) int fd = open(file, O_RDONLY | O_CLOEXEC);
        struct unpacked u;
        assert_ok(op, unpack(op, fd, into, &(struct unpack_options){ 0 }, &u));
        struct tree a = collect(op, from, (struct tree_rules){ 0 }),
                    b = collect(op, into, (struct tree_rules){ 0 });
        assert_str(names(op, &b), names(op, &a));
        assert_int_equal(b.bytes, a.bytes);
        for (size_t i = 0; i < a.n; i++) assert_int_equal(a.file[i].executable, b.file[i].executable);
        str text;
        assert_ok(op, fs_read(op, at(op, into, "a b/имя.txt"), 100, &text));
        assert_str(text, S("имя"));
        struct stat st;
        assert_int_equal(lstat(at(op, into, "bin/link"), &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_int_equal(stat(at(op, into, "bin/tool"), &st), 0);
        assert_int_equal(st.st_mode & 07777 & ~022, 0755);
    }
}

TEST(pack_honours_ignore_files)
{
    const char *root = str_z(op->arena, str_of(test_dir()));
    put(op, root, ".gitignore", "*.log\nnode_modules/\n/build\n", 0644);
    put(op, root, ".sparkignore", "!node_modules/\ntests/\n", 0644);
    put(op, root, "sub/.gitignore", "/gone\n", 0644);
    static const char *const files[] = { "a.log",    "main.js",     "node_modules/x/i.js",
                                         "build/o",  "tests/t.js",  "sub/gone",
                                         "sub/kept", ".git/config", "__pycache__/a.pyc" };
    for (size_t i = 0; i < LEN(files); i++) put(op, root, files[i], "x", 0644);
    struct tree t = collect(op, root, (struct tree_rules){ 0 });
    assert_str(names(op, &t),
               S(".gitignore .sparkignore main.js node_modules/x/i.js sub/.gitignore sub/kept"));

    str include[] = { S("build"), S("*.js") }, exclude[] = { S("o2") }, x[] = { S("build/*") };
    put(op, root, "build/o2", "x", 0644);
    put(op, root, "README.md", "x", 0644);
    t = collect(op, root,
                (struct tree_rules){ .include = include,
                                     .ninclude = 2,
                                     .exclude = exclude,
                                     .nexclude = 1,
                                     .executable = x,
                                     .nexecutable = 1 });
    assert_str(names(op, &t), S("README.md build/o main.js"));
    assert_true(tree_find(&t, S("build/o"))->executable);
    assert_false(tree_find(&t, S("main.js"))->executable);
    assert_null(tree_find(&t, S("nothing")));
}

TEST(pack_finds_what_looks_secret)
{
    const char *root = str_z(op->arena, str_of(test_dir()));
    static const char *const files[] = {
        ".env",       ".env.example", "deep/server.pem",           "id_rsa",
        "id_rsa.pub", "main.js",      "node_modules/tls/test.pem", ".env.production"
    };
    for (size_t i = 0; i < LEN(files); i++) put(op, root, files[i], "x", 0644);
    struct tree t = collect(op, root, (struct tree_rules){ 0 });
    struct tree risky = { .file = t.risky, .n = t.nrisky };
    assert_str(names(op, &risky), S(".env .env.production deep/server.pem id_rsa"));
}

TEST(pack_refuses_what_a_package_cannot_carry)
{
    static const char *const targets[] = { "/etc/passwd", "../x", "a/../../x", "" };
    for (size_t i = 0; i + 1 < LEN(targets); i++) {
        const char *root = str_z(op->arena, str_of(test_dir()));
        put(op, root, "main.js", "x", 0644);
        assert_int_equal(symlink(targets[i], at(op, root, "link")), 0);
        struct tree t;
        assert_err(op, ERR_INVALID, tree_collect(op, root, &(struct tree_rules){ 0 }, &t));
    }
    const char *root = str_z(op->arena, str_of(test_dir()));
    assert_int_equal(mkfifo(at(op, root, "pipe"), 0600), 0);
    struct tree t;
    assert_err(op, ERR_INVALID, tree_collect(op, root, &(struct tree_rules){ 0 }, &t));
    assert_err(op, ERR_NOT_FOUND, tree_collect(op, at(op, root, "absent"), &(struct tree_rules){ 0 }, &t));
}

TEST(pack_notices_a_file_that_changes)
{
    const char *root = str_z(op->arena, str_of(test_dir()));
    put(op, root, "main.js", "12345", 0644);
    struct tree t = collect(op, root, (struct tree_rules){ 0 });
    AUTO(fd) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct packed p;
    static const char *const texts[] = { "1234", "123456" };
    for (size_t i = 0; i < LEN(texts); i++) {
        put(op, root, "main.js", texts[i], 0644);
        assert_err(op, ERR_CONFLICT, pack(op, &t, &(struct pack_options){ .root = root }, fd, &p));
    }
}

TEST(pack_generated_file_takes_its_place)
{
    const char *root = str_z(op->arena, str_of(test_dir()));
    put(op, root, "a", "1", 0644);
    put(op, root, "z", "1", 0644);
    struct tree t = collect(op, root, (struct tree_rules){ 0 });
    tree_put(op, &t, S("spark.json"), S("{}"));
    tree_put(op, &t, S("a"), S("four"));
    tree_put(op, &t, S("zz"), S("!"));
    assert_str(names(op, &t), S("a spark.json z zz"));
    assert_int_equal(t.bytes, 4 + 2 + 1 + 1);
}
