#include "spark/ignore.h"
#include "tests/unit/test.h"

TEST(ignore_glob)
{
    static const struct {
        const char *pattern, *text;
        bool want;
    } rows[] = {
        { "*.o", "a.o", true },
        { "*.o", "a/b.o", false },
        { "*.o", "a.oo", false },
        { "a?c", "abc", true },
        { "a?c", "a/c", false },
        { "a?c", "aжc", true },
        { "**/x", "x", true },
        { "**/x", "a/b/x", true },
        { "**/x", "a/bx", false },
        { "a/**", "a/b/c", true },
        { "a/**", "a", false },
        { "a/**/b", "a/b", true },
        { "a/**/b", "a/x/y/b", true },
        { "a/**/b", "a/x/yb", false },
        { "a/**/b/*.c", "a/b/b/b/x.c", true },
        { "a**b", "axxb", true },
        { "a**b", "a/b", false },
        { "[abc]x", "bx", true },
        { "[!abc]x", "bx", false },
        { "[^abc]x", "dx", true },
        { "[a-f0-9]", "e", true },
        { "[a-f0-9]", "g", false },
        { "[]]", "]", true },
        { "[]-]", "-", true },
        { "[", "[", true },
        { "[ab", "[ab", true },
        { "[!a]", "/", false },
        { "\\*", "*", true },
        { "\\*", "x", false },
        { "\\#x", "#x", true },
        { "*a*b", "xaxb", true },
        { "*a*/b", "aa/b", true },
        { "*/b", "a/c/b", false },
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "**", "", false },
        { "**", "a/b", true },
    };
    for (size_t i = 0; i < LEN(rows); i++)
        if (glob_match(str_of(rows[i].pattern), str_of(rows[i].text)) != rows[i].want)
            test_fail(__FILE__, __LINE__, "glob '%s' on '%s'", rows[i].pattern, rows[i].text);
}

TEST(ignore_glob_is_not_exponential)
{
    char pattern[256], text[4096];
    for (size_t i = 0; i + 1 < sizeof pattern; i += 2) memcpy(pattern + i, "*a", 2);
    memset(text, 'a', sizeof text);
    i64 began = time_mono_us();
    assert_false(glob_match((str){ pattern, 254 }, (str){ text, sizeof text - 1 }) &&
                 glob_match(S("**/a/**/a/**/a/**/a/**/b"), (str){ text, sizeof text }));
    assert_true(time_mono_us() - began < SEC(20));
}

TEST(ignore_rules_in_order)
{
    struct ignore set = { .arena = op->arena };
    ignore_add_text(&set, S(""),
                    S("# comment\n\n*.log\n!keep.log\n/build\nnode_modules/\ndocs/*.txt\r\n"
                      "tmp/**/cache\n\\!bang\ntrail \nquoted\\ \n"));
    ignore_add_text(&set, S("sub/"), S("/only\nany\n"));
    static const struct {
        const char *path;
        bool dir;
        enum ignore_verdict want;
    } rows[] = {
        { "a.log", false, IGNORE_DROP },         { "x/y/a.log", false, IGNORE_DROP },
        { "x/keep.log", false, IGNORE_KEEP },    { "build", true, IGNORE_DROP },
        { "x/build", true, IGNORE_NOTHING },     { "node_modules", true, IGNORE_DROP },
        { "a/node_modules", true, IGNORE_DROP }, { "node_modules", false, IGNORE_NOTHING },
        { "docs/a.txt", false, IGNORE_DROP },    { "docs/b/a.txt", false, IGNORE_NOTHING },
        { "tmp/cache", true, IGNORE_DROP },      { "tmp/a/b/cache", true, IGNORE_DROP },
        { "!bang", false, IGNORE_DROP },         { "trail", false, IGNORE_DROP },
        { "quoted ", false, IGNORE_DROP },       { "# comment", false, IGNORE_NOTHING },
        { "sub/only", false, IGNORE_DROP },      { "only", false, IGNORE_NOTHING },
        { "sub/x/only", false, IGNORE_NOTHING }, { "sub/x/any", false, IGNORE_DROP },
        { "any", false, IGNORE_NOTHING },
    };
    for (size_t i = 0; i < LEN(rows); i++)
        if (ignore_decide(&set, str_of(rows[i].path), rows[i].dir) != rows[i].want)
            test_fail(__FILE__, __LINE__, "'%s'", rows[i].path);
}

TEST(ignore_covers_folders)
{
    assert_true(glob_covers(S("web"), S("web/a/b.js")));
    assert_true(glob_covers(S("web/"), S("web/a/b.js")));
    assert_true(glob_covers(S("web/**"), S("web/a/b.js")));
    assert_true(glob_covers(S("./web"), S("web/a/b.js")));
    assert_true(glob_covers(S("**/*.md"), S("README.md")));
    assert_false(glob_covers(S("web/*.js"), S("web/a/b.js")));
    assert_false(glob_covers(S("we"), S("web/a")));
}
