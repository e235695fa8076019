#include "base/fs.h"
#include "base/lang.h"
#include "base/term.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <unistd.h>

/* A terminal whose output lands in a file. */
static struct term to_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return (struct term){ .out = fd, .err = fd, .width = 80 };
}

static str written(struct op *op, struct term *t, const char *path)
{
    str text;
    assert_ok(op, fs_read(op, path, (size_t)MIB(1), &text));
    assert_int_equal(ftruncate(t->out, 0), 0);
    assert_int_equal(lseek(t->out, 0, SEEK_SET), 0);
    return text;
}

TEST(term_widths)
{
    static const struct {
        const char *text;
        size_t width;
    } row[] = { { "", 0 },     { "abc", 3 },      { "Привет", 6 },   { "世界", 4 }, { "e\u0301", 1 },
                { "😀", 2 },    { "👍🏽", 2 }, { "\xff", 1 },     { "ё", 1 },    { "й", 1 },
                { "ＡＢ", 4 }, { "한국어", 6 },   { "a\u200db", 2 }, { "…", 1 } };
    for (size_t i = 0; i < LEN(row); i++)
        if (term_width_of(str_of(row[i].text)) != row[i].width)
            test_fail(__FILE__, __LINE__, "%s", row[i].text);
}

TEST(term_keeps_strangers_from_steering)
{
    assert_str(term_safe(op->arena, S("Привет\n\tworld")), S("Привет  world"));
    assert_str(term_safe(op->arena, S("a\033[31mb\x9b"
                                      "c\xc2\x9b\u202ed\r")),
               S("a?[31mb?c??d?"));
    assert_str(term_safe(op->arena, S("line\r\nnext")), S("line next"));
}

TEST(term_tables)
{
    str path = arena_printf(op->arena, "%s/out", test_dir());
    struct term t = to_file(path.p);
    const str head[] = { S("NAME"), S("STATUS"), S("NOTE") };
    const struct term_cell cells[] = { { S("датчик"), TONE_PLAIN }, { S("running"), TONE_GOOD },
                                       { S(""), TONE_PLAIN },       { S("世界"), TONE_PLAIN },
                                       { S("off"), TONE_BAD },      { S("x"), TONE_PLAIN } };
    term_table(&t, head, cells, 2, 3);
    assert_str(written(op, &t, path.p), S("NAME    STATUS   NOTE\nдатчик  running\n世界    off      x\n"));
    t.out_tty = t.colour = true;
    t.width = 22;
    const struct term_cell wide[] = { { S("package"), TONE_PLAIN },
                                      { S("описание длиннее экрана"), TONE_BAD } };
    term_table(&t, NULL, wide, 1, 2);
    assert_str(written(op, &t, path.p), S("package  \033[31mописание дли…\033[0m\n"));
    close(t.out);
}

TEST(term_progress_in_a_pipe_is_one_line)
{
    str path = arena_printf(op->arena, "%s/out", test_dir());
    struct term t = to_file(path.p);
    struct progress p;
    progress_begin(&p, &t, S("sipd 1.0.0"), 2048);
    for (i64 i = 0; i <= 2048; i += 64) progress_set(&p, i);
    progress_end(&p, true);
    str text = written(op, &t, path.p);
    assert_true(str_starts(text, S("sipd 1.0.0  2.0 KiB  ")) && str_ends(text, S("0:00\n")));
    t.err_tty = true;
    progress_begin(&p, &t, S("sipd"), 1000);
    p.drawn_us -= SEC(1);
    progress_set(&p, 500);
    text = written(op, &t, path.p);
    assert_true(str_starts(text, S("\rsipd  [############------------]  50%  500 B / 1000 B")));
    p.drawn_us += SEC(60); /* however slow this machine is */
    progress_set(&p, 600);
    assert_str(written(op, &t, path.p), S("")); /* sooner than a tenth of a second */
    t.quiet = true;
    progress_end(&p, true);
    assert_str(written(op, &t, path.p), S(""));
    close(t.out);
}

TEST(term_bytes_in_two_languages)
{
    char out[TERM_BYTES];
    assert_str(term_bytes(1023, out), S("1023 B"));
    assert_str(term_bytes(1024, out), S("1.0 KiB"));
    assert_str(term_bytes(GIB(2) - 1, out), S("2.0 GiB"));
    lang_now = LANG_RU;
    assert_str(term_bytes(1536, out), S("1,5 КиБ"));
    lang_now = LANG_EN;
}

TEST(lang_plurals)
{
    static const struct {
        i64 n;
        const char *form;
    } row[] = { { 0, "m" },  { 1, "1" },  { 2, "2" },   { 4, "2" },    { 5, "m" },  { 11, "m" }, { 12, "m" },
                { 21, "1" }, { 22, "2" }, { 111, "m" }, { 1001, "1" }, { -1, "1" }, { -12, "m" } };
    for (size_t i = 0; i < LEN(row); i++)
        assert_string_equal(ru_plural(row[i].n, "1", "2", "m"), row[i].form);
    assert_true(lang_set("ru_RU.UTF-8") && lang_now == LANG_RU && lang_set("en") && lang_now == LANG_EN);
    assert_false(lang_set("C"));
}
