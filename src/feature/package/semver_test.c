#include "feature/package/semver.h"
#include "tests/unit/test.h"

TEST(semver_refuses)
{
    static const char *const bad[] = { "",
                                       "1",
                                       "1.2",
                                       "1.2.3.4",
                                       "01.2.3",
                                       "1.02.3",
                                       "1.2.03",
                                       "v1.2.3",
                                       "1.2.3-",
                                       "1.2.3-01",
                                       "1.2.3-a..b",
                                       "1.2.3+build",
                                       "1.2.3-a+b",
                                       "-1.2.3",
                                       "1.2.-3",
                                       " 1.2.3",
                                       "1.2.3 ",
                                       "1.2.x",
                                       "a.b.c",
                                       "1.2.3-\xd0\xb9",
                                       "1..3",
                                       "1.2.3-a_b",
                                       "9223372036854775808.0.0" };
    struct semver v;
    for (size_t i = 0; i < LEN(bad); i++)
        if (semver_parse(str_of(bad[i]), &v)) test_fail(__FILE__, __LINE__, "accepted '%s'", bad[i]);
}

TEST(semver_precedence)
{
    /* the specification's own examples, in order */
    static const char *const order[] = { "0.0.0-0",
                                         "0.0.0",
                                         "0.0.4",
                                         "1.0.0-1",
                                         "1.0.0-alpha",
                                         "1.0.0-alpha.1",
                                         "1.0.0-alpha.beta",
                                         "1.0.0-beta",
                                         "1.0.0-beta.2",
                                         "1.0.0-beta.11",
                                         "1.0.0-rc.1",
                                         "1.0.0",
                                         "1.0.1",
                                         "1.2.0",
                                         "1.10.0",
                                         "2.0.0-x.99999999999999999999",
                                         "2.0.0-x.100000000000000000000",
                                         "2.0.0-x-y",
                                         "2.0.0",
                                         "2.1.0",
                                         "2.1.1",
                                         "10.0.0" };
    for (size_t i = 0; i < LEN(order); i++)
        for (size_t k = 0; k < LEN(order); k++) {
            struct semver a, b;
            assert_true(semver_parse(str_of(order[i]), &a) && semver_parse(str_of(order[k]), &b));
            int want = (i > k) - (i < k);
            if (semver_cmp(&a, &b) != want) test_fail(__FILE__, __LINE__, "%s and %s", order[i], order[k]);
        }
}

TEST(semver_ranges)
{
    static const struct {
        const char *range, *in, *out;
    } cases[] = {
        { "*", "0.0.1 1.2.3 99.0.0", "1.0.0-a" },
        { "x", "1.2.3", "1.0.0-a" },
        { "1", "1.0.0 1.9.9", "0.9.9 2.0.0 2.0.0-a 1.0.0-a" },
        { "1.x", "1.0.0 1.9.9", "0.9.9 2.0.0" },
        { "1.2", "1.2.0 1.2.9", "1.3.0 1.1.9" },
        { "1.2.x", "1.2.0 1.2.9", "1.3.0 1.1.9" },
        { "1.2.*", "1.2.0 1.2.9", "1.3.0" },
        { "1.2.3", "1.2.3", "1.2.4 1.2.3-a" },
        { "=1.2.3", "1.2.3", "1.2.4" },
        { "1.2.3-rc.1", "1.2.3-rc.1", "1.2.3 1.2.3-rc.2" },
        { "^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0 2.0.0-rc.1" },
        { "^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 1.3.0-a" },
        { "^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2" },
        { "^0.0.3", "0.0.3", "0.0.4 0.0.2" },
        { "^0.0", "0.0.0 0.0.9", "0.1.0" },
        { "^0", "0.0.0 0.9.0", "1.0.0" },
        { "^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-rc 1.2.3 1.8.0", "1.2.3-beta.1 1.2.4-beta.3 2.0.0" },
        { "~1.2", "1.2.0 1.2.9", "1.3.0 1.1.0" },
        { "~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0" },
        { "~1", "1.0.0 1.9.9", "2.0.0" },
        { ">=1 <2", "1.0.0 1.9.9", "0.9.0 2.0.0 2.0.0-a" },
        { ">= 1.0 < 2", "1.0.0", "2.0.0" },
        { ">1", "2.0.0", "1.9.9 1.0.0" },
        { ">1.2.3", "1.2.4", "1.2.3" },
        { "<=1.2", "1.2.9 1.0.0", "1.3.0" },
        { "<1.2", "1.1.9", "1.2.0" },
        { "1.2 - 1.4", "1.2.0 1.4.9", "1.5.0 1.1.9" },
        { "1.2.3 - 2.0.0", "1.2.3 2.0.0", "1.2.2 2.0.1" },
        { "^1.2 || ^3", "1.3.0 3.9.0", "2.0.0 4.0.0" },
        { " 1.2.3 || 2 ", "1.2.3 2.7.0", "1.2.4" },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct semver_range r;
        struct semver v;
        if (!semver_range_parse(str_of(cases[i].range), &r))
            test_fail(__FILE__, __LINE__, "refused '%s'", cases[i].range);
        for (int want = 0; want < 2; want++)
            for (str rest = str_of(want ? cases[i].in : cases[i].out), w; str_next(&rest, ' ', &w);) {
                assert_true(semver_parse(w, &v));
                if (semver_in(&v, &r) != (want == 1))
                    test_fail(__FILE__, __LINE__, "'%s' and %.*s", cases[i].range, STR(w));
            }
    }
}

TEST(semver_ranges_refuses)
{
    static const char *const bad[] = { "",        " ",      "latest", "^",    ">",    "<*",      ">x",
                                       "1.2.3.4", "1.x.3",  "||",     "1 ||", "|| 1", "^^1",     "1.2 -",
                                       "- 1.2",   "1 - ^2", "^01",    "=>1",  "1,2",  "^1.2.3+a" };
    struct semver_range r;
    for (size_t i = 0; i < LEN(bad); i++)
        if (semver_range_parse(str_of(bad[i]), &r)) test_fail(__FILE__, __LINE__, "accepted '%s'", bad[i]);
    char many[SEMVER_RANGE_MAX + 8];
    memset(many, '1', sizeof many);
    assert_false(semver_range_parse((str){ many, sizeof many }, &r));
    assert_false(semver_range_parse(S("1||1||1||1||1||1||1||1||1||1||1||1||1||1||1||1||1"), &r));
}
