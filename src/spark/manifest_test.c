#include "base/fs.h"
#include "spark/manifest.h"
#include "tests/unit/test.h"
#include <sys/stat.h>
#include <unistd.h>

static const char *put(struct op *op, const char *root, const char *path, const char *text, unsigned mode)
{
    const char *full = arena_printf(op->arena, "%s/%s", root, path).p;
    assert_ok(op, fs_make_dirs(op, str_z(op->arena, fs_dir_name(str_of(full))), 0755));
    assert_ok(op, fs_replace(op, full, str_of(text), 0644));
    assert_int_equal(chmod(full, mode), 0);
    return root;
}

static const char *folder(struct op *op, const char *name)
{
    const char *dir = arena_printf(op->arena, "%s/%s", test_dir(), name).p;
    assert_ok(op, fs_make_dirs(op, dir, 0755));
    return dir;
}

TEST(manifest_names_the_fault)
{
    static const struct {
        const char *json, *field;
    } rows[] = {
        { "{\"version\":\"1.0.0\"}", "name" },
        { "{\"name\":\"a\"}", "version" },
        { "{\"name\":\"A\",\"version\":\"1.0.0\"}", "name" },
        { "{\"name\":\"-a\",\"version\":\"1.0.0\"}", "name" },
        { "{\"name\":\"a/b\",\"version\":\"1.0.0\"}", "name" },
        { "{\"name\":\"a\",\"version\":\"1\"}", "version" },
        { "{\"name\":\"a\",\"version\":\"1.0.0+b\"}", "version" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"nmae\":1}", "nmae" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"tags\":\"x\"}", "tags" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"tags\":[\"x\",1]}", "tags[1]" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"readme\":\"../x\"}", "readme" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"format\":2}", "format" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"files\":{\"include\":1}}", "files.include" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"entry\":{\"command\":\"x\",\"restart\":{\"policy\":"
          "\"maybe\"}}}",
          "entry.restart.policy" },
        { "{\"name\":\"a\",\"version\":\"1.0.0\",\"entry\":{\"command\":\"x\",\"env\":[1]}}", "entry.env" },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct manifest m;
        err_t e = manifest_parse(op, str_of(rows[i].json), &m);
        if (e != ERR_INVALID || !str_is(op->err.field, rows[i].field))
            test_fail(__FILE__, __LINE__, "%s: %s '%.*s' %.*s", rows[i].json, err_name(e), STR(op->err.field),
                      STR(op->err.msg));
        op_clear(op);
    }
}

TEST(manifest_text_reads_back)
{
    struct manifest a, b;
    str json = S(
        "{\"name\":\"sipd\",\"version\":\"1.4.0\",\"tags\":[\"dsp\"],\"public\":false,\"files\":{\"exclude\":"
        "[\"*.o\"]},\"entry\":{\"command\":\"bin/sipd\",\"args\":[\"--x\"],\"env\":{\"A\":\"1\"},"
        "\"restart\":{\"policy\":\"always\",\"min\":\"200ms\"}}}");
    assert_ok(op, manifest_parse(op, json, &a));
    assert_false(a.public);
    assert_true(a.stable);
    str text = manifest_text(op, &a);
    assert_ok(op, manifest_parse(op, text, &b));
    assert_str(manifest_text(op, &b), text);
    assert_str(b.entry.command, S("bin/sipd"));
    size_t at;
    assert_false(str_find(text, S("homepage"), &at));
    assert_false(str_find(text, S("sandbox"), &at));
}

static str args_of(struct op *op, const struct manifest_found *f)
{
    return str_join(op->arena, f->m.entry.args.item, f->m.entry.args.n, S(" "));
}

TEST(manifest_infers_how_to_run)
{
    static const struct {
        const char *folder, *file, *text;
        unsigned mode;
        const char *name, *version, *command, *args;
    } rows[] = {
        { "x", "package.json",
          "{\"name\":\"@me/Web_App\",\"version\":\"2.1.0\",\"scripts\":{\"start\":\"node src/i.js --port "
          "1\"}}",
          0644, "web_app", "2.1.0", "node", "src/i.js --port 1" },
        { "x", "package.json", "{\"name\":\"a\",\"scripts\":{\"start\":\"A=1 node x && b\"}}", 0644, "a",
          "0.1.0", "sh", "-c A=1 node x && b" },
        { "My Probe!", "main.py", "print(1)\n", 0644, "my-probe", "0.1.0", "python3", "-u main.py" },
        { "tool", "bin/tool", "\177ELF....", 0755, "tool", "0.1.0", "bin/tool", "" },
        { "tool", "run.sh", "#!/bin/sh\n", 0755, "tool", "0.1.0", "./run.sh", "" },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *dir = put(op, folder(op, rows[i].folder), rows[i].file, rows[i].text, rows[i].mode);
        struct manifest_found f;
        assert_ok(op, manifest_find(op, dir, &f));
        assert_str(f.m.name, str_of(rows[i].name));
        assert_str(f.m.version, str_of(rows[i].version));
        assert_str(f.m.entry.command, str_of(rows[i].command));
        assert_str(args_of(op, &f), str_of(rows[i].args));
        assert_int_equal(f.guess.n, 3);
        assert_null(f.file.p);
        struct manifest again;
        assert_ok(op, manifest_parse(op, manifest_text(op, &f.m), &again));
    }
}

TEST(manifest_infers_main_and_pyproject)
{
    struct manifest_found f;
    const char *dir = put(op, folder(op, "n"), "package.json",
                          "{\"name\":\"n\",\"version\":\"1.0.0\",\"main\":\"./m.js\"}", 0644);
    assert_err(op, ERR_INVALID, manifest_find(op, dir, &f));
    put(op, dir, "m.js", "1", 0644);
    assert_ok(op, manifest_find(op, dir, &f));
    assert_str(args_of(op, &f), S("m.js"));

    dir = put(op, folder(op, "p"), "pyproject.toml",
              "[build-system]\nname = \"wrong\"\n[project]\nname = \"my-probe\" # x\nversion = '3.0.1'\n",
              0644);
    put(op, dir, "my_probe/__main__.py", "", 0644);
    assert_ok(op, manifest_find(op, dir, &f));
    assert_str(f.m.name, S("my-probe"));
    assert_str(f.m.version, S("3.0.1"));
    assert_str(args_of(op, &f), S("-u -m my_probe"));
}

TEST(manifest_file_wins_and_is_completed)
{
    struct manifest_found f;
    const char *dir = put(op, folder(op, "d"), "package.json",
                          "{\"name\":\"npm-name\",\"version\":\"9.0.0\",\"description\":\"d\",\"scripts\":{"
                          "\"start\":\"node a\"},"
                          "\"spark\":{\"name\":\"mine\",\"version\":\"1.0.0\"}}",
                          0644);
    assert_ok(op, manifest_find(op, dir, &f));
    assert_str(f.file, S("package.json"));
    assert_str(f.m.name, S("mine"));
    assert_str(f.m.description, S("d"));
    assert_str(f.m.entry.command, S("node"));
    put(op, dir, "spark.json", "{\"name\":\"other\",\"version\":\"2.0.0\",\"entry\":{\"command\":\"true\"}}",
        0644);
    assert_ok(op, manifest_find(op, dir, &f));
    assert_str(f.file, S("spark.json"));
    assert_str(f.m.name, S("other"));
    assert_int_equal(f.guess.n, 0);
    put(op, dir, "spark.json", "{\"name\":\"other\",\"version\":\"2.0.0\",\"entry\":{}}", 0644);
    assert_int_equal(manifest_find(op, dir, &f), ERR_INVALID);
    assert_str(op->err.field, S("entry.command"));
    assert_true(str_starts(op->err.msg, S("spark.json: 'entry.command' ")));
    op_clear(op);
}

TEST(manifest_says_what_is_missing)
{
    struct manifest_found f;
    assert_err(op, ERR_INVALID, manifest_find(op, folder(op, "empty"), &f));
    const char *dir = put(op, folder(op, "c"), "Makefile", "all:\n", 0644);
    size_t at;
    assert_int_equal(manifest_find(op, dir, &f), ERR_INVALID);
    assert_true(str_find(op->err.msg, S("Makefile"), &at));
    op_clear(op);
    dir = put(op, folder(op, "bad"), "package.json", "{\"name\":", 0644);
    assert_err(op, ERR_INVALID, manifest_find(op, dir, &f));
}
