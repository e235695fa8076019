/* The public conformance cases, tests/json: y_ accepted, n_ refused, i_ as this table states. */
#include "base/fs.h"
#include "base/json.h"
#include "tests/unit/test.h"
#include <dirent.h>

/* Left to the implementation. These we accept; every other i_ case we refuse: numbers that a double cannot
 * hold, malformed UTF-8 and other encodings, byte order marks, halves of surrogate pairs, nesting past
 * JSON_DEPTH. */
static const char *const accepted[] = {
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
};

static bool wanted(const char *name)
{
    for (size_t i = 0; i < LEN(accepted); i++)
        if (!strcmp(name, accepted[i])) return true;
    return name[0] == 'y';
}

TEST(json_suite)
{
    DIR *dir = opendir(SOURCE_ROOT "/tests/json");
    assert_non_null(dir);
    size_t n[3] = { 0 };
    for (struct dirent *e; (e = readdir(dir));) {
        str text, unused;
        const char *kind = strchr("yni", e->d_name[0]);
        if (e->d_name[0] == '.' || !kind || e->d_name[1] != '_') continue;
        n[kind - "yni"]++;
        str path = arena_printf(op->arena, SOURCE_ROOT "/tests/json/%s", e->d_name);
        assert_ok(op, fs_read(op, path.p, (size_t)MIB(1), &text));
        /* A copy of exact size, so that a sanitizer sees one byte too many. */
        char *copy = mem_alloc(text.n);
        if (text.n) memcpy(copy, text.p, text.n);
        text.p = copy;
        if (json_valid(text) != wanted(e->d_name)) test_fail(__FILE__, __LINE__, "%s", e->d_name);
        bool once_each = json_canonical(op->arena, text, &unused);
        if (!once_each && wanted(e->d_name) && !strstr(e->d_name, "duplicated_key"))
            test_fail(__FILE__, __LINE__, "%s has no canonical form", e->d_name);
        mem_free(copy);
    }
    closedir(dir);
    assert_int_equal(n[0], 95);
    assert_int_equal(n[1], 186);
    assert_int_equal(n[2], 35);
}

TEST(json_suite_large_cases)
{
    struct buf arrays = BUF(op->arena), objects = BUF(op->arena);
    for (int i = 0; i < 100000; i++) buf_char(&arrays, '[');
    for (int i = 0; i < 50000; i++) buf_put(&objects, S("[{\"\":"));
    assert_false(json_valid(buf_str(&arrays)) || json_valid(buf_str(&objects)));
}
