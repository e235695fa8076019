#include "base/cli.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const levels[] = { "", "debug", "info", NULL };
struct run_in {
    struct present given;
    str package, name;
    i64 lines;
    int level;
    bool follow, restart;
    time_us since;
    LIST(str) env, args;
};
#define D struct run_in
static const struct field run_in_fields[] = {
    { F(given) },
    { F(package), .flags = ARG | REQUIRED, .min = 1, .max = 20, .doc = "Its name.", .doc_ru = "Его имя." },
    { F(name), .max = 20, .alt = 'N', .doc = "Name of the unit.", .doc_ru = "Имя юнита." },
    { F(lines), .alt = 'n', .min = 1, .max = 1000, .def = "100", .doc = "Lines shown.",
      .doc_ru = "Сколько строк." },
    { F_ENUM(level, levels), .doc = "Least level.", .doc_ru = "Наименьший уровень." },
    { F(follow), .alt = 'f', .doc = "Follow.", .doc_ru = "Следить." },
    { F(restart), .def = "true", .doc = "Don't restart; a \\ and -dash.", .doc_ru = "Не перезапускать." },
    { F(since), .doc = "From when.", .doc_ru = "С какого времени." },
    { F_LIST_OF(env, &field_str_elem), .max = 3, .doc = "NAME=VALUE" },
    { F_LIST_OF(args, &field_str_elem), .max = 5, .flags = REST, .doc = ".Arguments of the program." },
};
#undef D
static DESC(run_in);

struct token_in {
    str name;
};
#define D struct token_in
static const struct field token_in_fields[] = { { F(name), .flags = REQUIRED, .min = 1, .max = 5 } };
#undef D
static DESC(token_in);

static struct run_in seen;
static char seen_text[1000];

static err_t run_run(struct cli *cli, const void *in)
{
    seen = *(const struct run_in *)in;
    struct buf b = BUF(cli->op->arena);
    desc_write(&b, &run_in_desc, in);
    for (size_t i = 0; i < seen.args.n; i++) buf_printf(&b, " %.*s", STR(seen.args.item[i]));
    snprintf(seen_text, sizeof seen_text, "%.*s", STR(buf_str(&b)));
    if (str_is(seen.package, "gone"))
        return op_fail(cli->op, ERR_NOT_FOUND, HERE, (str){ 0 }, "package '%.*s' not found",
                       STR(seen.package));
    if (str_is(seen.package, "full")) return fail_field(cli->op, "name", "is taken");
    if (str_is(seen.package, "login"))
        return op_fail(cli->op, ERR_UNAUTHENTICATED, HERE, (str){ 0 }, "sign in first");
    term_put(cli->term, S("ran\n"));
    return OK;
}

struct unit {
    str name;
    int level;
    i64 pid;
    LIST(str) tags;
};
#define D struct unit
static const struct field unit_fields[] = { { F(name) },
                                            { F_ENUM(level, levels) },
                                            { F(pid), .flags = NULLABLE },
                                            { F_LIST_OF(tags, &field_str_elem) } };
#undef D
static DESC(unit);

static err_t list_run(struct cli *cli, const void *in)
{
    (void)in;
    LIST(struct unit)
    l = { (struct unit[]){ { S("датчик"), 1, 12, { (str[]){ S("a"), S("b") }, 2 } },
                           { S("x"), 0, 0, { 0 } } },
          2 };
    cli_print_list(cli, &unit_desc, &l, (const char *const[]){ "name|UNIT|ЮНИТ", "pid", "level", NULL });
    cli_print_record(cli, &unit_desc, &l.item[0]);
    return OK;
}

static err_t token_run(struct cli *cli, const void *in)
{
    (void)in;
    term_put(cli->term, S("token\n"));
    return OK;
}

static const struct command first[] = {
    { "spark", "run", &run_in_desc, run_run, "Run a package.", "Запустить пакет.", "More about -it.", NULL, "spark run sipd" },
    { "spark", "list", NULL, list_run, "List units.", "Список юнитов." },
    { "netbit", "serve", NULL, list_run, "Serve.", "Служить." },
}, second[] = {
    { "spark", "token create", &token_in_desc, token_run, "Make a token.", "Создать токен." },
    { "spark", "token list", NULL, list_run, "List tokens.", "Список токенов." },
    { "spark", "login", NULL, list_run, "Sign in.", "Войти." },
    { "spark", "secret", NULL, list_run, "Not shown.", "Не видно.", .hidden = true },
};
static const struct command *const tables[] = { first, second };
static const size_t counts[] = { LEN(first), LEN(second) };

struct outcome {
    int code;
    str out, err;
};

/* A command line in a process of its own, as a person would run it. */
static struct outcome spark(struct op *op, const char *const *argv)
{
    int argc = 0;
    str base = str_of(test_dir()), out = arena_printf(op->arena, "%.*s/out", STR(base)),
        err = arena_printf(op->arena, "%.*s/err", STR(base)),
        kept = arena_printf(op->arena, "%.*s/seen", STR(base));
    while (argv[argc]) argc++;
    char **copy = NEWN(op->arena, char *, argc + 2);
    copy[0] = str_z(op->arena, S("spark"));
    for (int i = 0; i < argc; i++) copy[i + 1] = str_z(op->arena, str_of(argv[i]));
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        dup2(open(out.p, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1);
        dup2(open(err.p, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 2);
        seen_text[0] = 0;
        int code = cli_main(argc + 1, copy, "spark", tables, counts, 2, NULL);
        bool saved = !fs_replace(op, kept.p, str_of(seen_text), 0600);
        _exit(saved ? code : 99);
    }
    int status;
    struct outcome o;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    o.code = WEXITSTATUS(status);
    str text;
    assert_ok(op, fs_read(op, out.p, (size_t)MIB(1), &o.out));
    assert_ok(op, fs_read(op, err.p, (size_t)MIB(1), &o.err));
    assert_ok(op, fs_read(op, kept.p, (size_t)MIB(1), &text));
    snprintf(seen_text, sizeof seen_text, "%.*s", STR(text));
    return o;
}
#define SPARK(...) spark(op, (const char *const[]){ __VA_ARGS__, NULL })
#define WORDS(...) \
    { \
        __VA_ARGS__, NULL \
    }

static void english(void)
{
    unsetenv("NETBIT_LANG");
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    unsetenv("LANG");
}

/* The desc has `given`, so only what was given is written. */
TEST(cli_reads_options_and_arguments)
{
    english();
    static const struct {
        const char *argv[12], *seen;
    } row[] = {
        { WORDS("run", "sipd"), "{\"package\":\"sipd\"}" },
        { WORDS("run", "sipd", "--name", "a", "-n", "5"),
          "{\"package\":\"sipd\",\"name\":\"a\",\"lines\":5}" },
        { WORDS("run", "--name=a", "-n5", "sipd", "--level", "info"),
          "{\"package\":\"sipd\",\"name\":\"a\",\"lines\":5,\"level\":\"info\"}" },
        { WORDS("run", "-fn=7", "--no-restart", "sipd"),
          "{\"package\":\"sipd\",\"lines\":7,\"follow\":true,\"restart\":false}" },
        { WORDS("run", "sipd", "--follow=false"), "{\"package\":\"sipd\",\"follow\":false}" },
        { WORDS("run", "sipd", "--env", "A=1,2", "--env=B"),
          "{\"package\":\"sipd\",\"env\":[\"A=1,2\",\"B\"]}" },
        { WORDS("run", "sipd", "--", "-x", "--name", "--"),
          "{\"package\":\"sipd\",\"args\":[\"-x\",\"--name\",\"--\"]} -x --name --" },
        { WORDS("run", "sipd", "more", "-f"),
          "{\"package\":\"sipd\",\"follow\":true,\"args\":[\"more\"]} more" },
        { WORDS("--json", "--lang=ru", "run", "-", "-q"), "{\"package\":\"-\"}" },
        { WORDS("run", "sipd", "--name="), "{\"package\":\"sipd\",\"name\":\"\"}" },
        { WORDS("run", "sipd", "--name", "a", "--name", "b"), "{\"package\":\"sipd\",\"name\":\"b\"}" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct outcome o = spark(op, row[i].argv);
        if (o.code || strcmp(seen_text, row[i].seen) != 0)
            test_fail(__FILE__, __LINE__, "row %zu: %d %s %.*s", i, o.code, seen_text, STR(o.err));
        assert_str(o.out, S("ran\n"));
    }
    assert_int_equal(SPARK("run", "sipd", "--since", "1h").code, 0);
    str from, to;
    time_us t;
    assert_true(str_cut(str_of(seen_text + 27), '"', &from, &to) && time_parse(from, &t));
    assert_true(t.us > time_now().us - SEC(3700) && t.us < time_now().us - SEC(3500));
}

TEST(cli_says_what_is_wrong)
{
    english();
    static const struct {
        const char *argv[8];
        int code;
        const char *err;
    } row[] = {
        { WORDS("instal"), 2, "error: unknown command 'instal'\nsee `spark help`\n" },
        { WORDS("rnu"), 2, "error: unknown command 'rnu'\ndid you mean 'run'?\n" },
        { WORDS("token", "creat"), 2,
          "error: unknown command 'token creat'\ndid you mean 'token create'?\n" },
        { WORDS("token", "create"), 2, "error: --name is missing\nusage: spark token create [options]\n" },
        { WORDS("run"), 2, "error: PACKAGE is missing\nusage: spark run PACKAGE [options] [-- ARGS...]\n" },
        { WORDS("run", "a", "--nmae", "x"), 2, "error: unknown option '--nmae'\ndid you mean '--name'?\n" },
        { WORDS("run", "a", "--jsn"), 2, "error: unknown option '--jsn'\ndid you mean '--json'?\n" },
        { WORDS("run", "a", "-Z"), 2, "error: unknown option '-Z'\nsee `spark run --help`\n" },
        { WORDS("run", "a", "--name"), 2, "error: --name needs a value\nsee `spark run --help`\n" },
        { WORDS("run", "a", "--name", "--json"), 2, "error: --name needs a value\nsee `spark run --help`\n" },
        { WORDS("run", "a", "-n", "0"), 2,
          "error: --lines: must be from 1 to 1000\nsee `spark run --help`\n" },
        { WORDS("run", "a", "-n", "x"), 2, "error: --lines: must be an integer\nsee `spark run --help`\n" },
        { WORDS("run", "a", "--no-name"), 2, "error: unknown option '--no-name'\ndid you mean '--name'?\n" },
        { WORDS("run", "a", "--level", "loud"), 2,
          "error: --level: must be one of 'debug', 'info'\nsee `spark run --help`\n" },
        { WORDS("list", "x"), 2, "error: unexpected argument 'x'\nsee `spark list --help`\n" },
        { WORDS("run", "gone"), 3, "error: package 'gone' not found\n" },
        { WORDS("run", "full"), 2, "error: --name: is taken\nsee `spark run --help`\n" },
        { WORDS("run", "login"), 4, "error: sign in first\nsign in with `spark login`\n" },
        { WORDS("run", "gone", "--json"), 3,
          "{\"code\":\"not_found\",\"detail\":\"package 'gone' not found\"}\n" },
        { WORDS("--json", "rnu"), 2,
          "{\"code\":\"invalid\",\"detail\":\"unknown command 'rnu'\",\"hint\":\"did you mean 'run'?\"}\n" },
        { WORDS("serve"), 2, "error: unknown command 'serve'\nsee `spark help`\n" },
        { WORDS("--lang", "ru", "rnu"), 2, "ошибка: неизвестная команда 'rnu'\nможет быть, 'run'?\n" },
        { WORDS("--lang", "de", "run"), 2, "error: --lang: must be one of 'en', 'ru'\nsee `spark help`\n" },
        { WORDS("help", "rnu"), 2, "error: unknown command 'rnu'\nsee `spark help`\n" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct outcome o = spark(op, row[i].argv);
        if (o.code != row[i].code || !str_is(o.err, row[i].err) || o.out.n)
            test_fail(__FILE__, __LINE__, "row %zu: %d %.*s%.*s", i, o.code, STR(o.out), STR(o.err));
    }
}

static bool has(str s, const char *part)
{
    size_t at;
    return str_find(s, str_of(part), &at);
}

TEST(cli_help_pages)
{
    english();
    struct outcome o = SPARK("run", "--help");
    assert_int_equal(o.code, 0);
    static const char *const want[] = { "usage: spark run PACKAGE [options] [-- ARGS...]\n",
                                        "More about -it.",
                                        "  -n, --lines N",
                                        "Lines shown. [default: 100]\n",
                                        "      --no-restart",
                                        "--level debug|info",
                                        "[may be repeated]",
                                        "  -q, --quiet",
                                        "Example:\n  spark run sipd\n" };
    for (size_t i = 0; i < LEN(want); i++)
        if (!has(o.out, want[i])) test_fail(__FILE__, __LINE__, "no '%s' in %.*s", want[i], STR(o.out));
    assert_str(SPARK("help", "run").out, o.out);
    o = SPARK("--help");
    assert_true(has(o.out, "  token create  Make a token.\n") && !has(o.out, "secret") &&
                !has(o.out, "serve"));
    o = SPARK("token");
    assert_true(o.code == 2 && has(o.out, "token list") && !has(o.out, "  run"));
    assert_int_equal(SPARK("token", "--help").code, 0);
    o = SPARK("--lang", "ru", "run", "-h");
    assert_true(has(o.out, "Запустить пакет.") && has(o.out, "вызов: spark run") &&
                has(o.out, "[по умолчанию: 100]"));
    assert_str(SPARK("--version").out, S("spark " NETBIT_VERSION "\n"));
    assert_int_equal(spark(op, (const char *const[]){ NULL }).code, 2);
}

TEST(cli_prints_for_people_and_programs)
{
    english();
    assert_str(SPARK("list").out,
               S("UNIT    PID  LEVEL\nдатчик  12   debug\nx\nNAME   датчик\nLEVEL  debug\nPID    12\n"
                 "TAGS   a, b\n"));
    struct outcome o = SPARK("list", "--json");
    assert_str(o.out, S("[{\"name\":\"датчик\",\"level\":\"debug\",\"pid\":12,\"tags\":[\"a\",\"b\"]},\n"
                        " {\"name\":\"x\",\"level\":null,\"pid\":null,\"tags\":[]}]\n"
                        "{\"name\":\"датчик\",\"level\":\"debug\",\"pid\":12,\"tags\":[\"a\",\"b\"]}\n"));
    assert_true(str_starts(SPARK("list", "--lang=ru").out, S("ЮНИТ")));
}

static int shell(struct op *op, const char *fmt, str text)
{
    str path = arena_printf(op->arena, "%s/script", test_dir());
    assert_ok(op, fs_replace(op, path.p, text, 0600));
    return system(arena_printf(op->arena, "exec 2>&1; f='%s'; %s", path.p, fmt).p);
}

TEST(cli_completion_works_in_bash)
{
    struct buf b = BUF(op->arena);
    assert_ok(op, cli_completion(op, &b, S("bash"), "spark", tables, counts, 2));
    static const struct {
        const char *words, *want;
    } row[] = {
        { "spark r", "run" },
        { "spark to", "token" },
        { "spark token c", "create" },
        { "spark run x --le", "--level" },
        { "spark run --level d", "debug" },
        { "spark run x --js", "--json" },
        { "spark token create --n", "--name --no-color" },
        { "spark sec", "" },
        { "spark help tok", "token" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        str test =
            arena_printf(op->arena,
                         "bash -c '. \"$f\"; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _spark; "
                         "[[ \"${COMPREPLY[*]}\" == \"%s\" ]] || { echo \"${COMPREPLY[*]}\"; exit 1; }'",
                         row[i].words, row[i].want);
        if (shell(op, "bash --norc -c \"$0\" 2>/dev/null; ", buf_str(&b)) == -1)
            test_fail(__FILE__, __LINE__, "no shell");
        if (shell(op, str_z(op->arena, str_join(op->arena, (str[]){ S("export f; "), test }, 2, S(""))),
                  buf_str(&b)))
            test_fail(__FILE__, __LINE__, "%s", row[i].words);
    }
    assert_err(op, ERR_INVALID, cli_completion(op, &b, S("csh"), "spark", tables, counts, 2));
}

/* Where these programs are not installed, nothing can be said about them: the run says so. */
TEST(cli_scripts_parse)
{
    static const struct {
        const char *shell, *check;
    } row[] = { { "zsh", "command -v zsh >/dev/null || { echo 'zsh: not here'; exit 0; }; zsh -n \"$f\"" },
                { "fish",
                  "command -v fish >/dev/null || { echo 'fish: not here'; exit 0; }; fish -n \"$f\"" } };
    for (size_t i = 0; i < LEN(row); i++) {
        struct buf b = BUF(op->arena);
        assert_ok(op, cli_completion(op, &b, str_of(row[i].shell), "spark", tables, counts, 2));
        assert_int_equal(shell(op, row[i].check, buf_str(&b)), 0);
    }
    for (int i = 0; i < 2; i++) {
        struct buf b = BUF(op->arena);
        lang_now = i ? LANG_RU : LANG_EN;
        cli_man(&b, "spark", tables, counts, 2);
        lang_now = LANG_EN;
        assert_int_equal(
            shell(op,
                  "command -v mandoc >/dev/null || { echo 'mandoc: not here'; exit 0; }; "
                  "mandoc -Kutf-8 -Tlint -Wwarning <\"$f\"", /* it reads a section out of the path */
                  buf_str(&b)),
            0);
    }
}
