#include "spark/needs.h"
#include "spark/publish.h"
#include "tests/unit/test.h"

TEST(needs_are_parsed_and_compared)
{
    struct need n;
    assert_true(need_parse(S("python >= 3.10"), &n));
    assert_str(n.program, S("python"));
    assert_str(n.least, S("3.10"));
    assert_false(n.optional);
    assert_true(need_parse(S("cmd:ffmpeg?"), &n));
    assert_str(n.program, S("ffmpeg"));
    assert_true(n.optional);
    assert_false(need_parse(S("../x"), &n));
    assert_false(need_parse(S(">=3"), &n));
    assert_str(version_in(S("Python 3.11.2\n")), S("3.11.2"));
    assert_str(version_in(S("v18.20.4")), S("18.20.4"));
    assert_str(version_in(S("ffmpeg version 5.1.6-0+deb12u1")), S("5.1.6"));
    assert_null(version_in(S("nothing 7")).p);
    assert_true(version_order(S("3.9"), S("3.10")) < 0);
    assert_true(version_order(S("3.10.1"), S("3.10")) > 0);
    assert_int_equal(version_order(S("5"), S("5.0")), 0);
}

TEST(publish_takes_its_section_of_the_changelog)
{
    str text = S("# Changes\n\n## 1.10.0\nten\n\n## [1.1.0] - 2026-01-01\n### Added\n- a\n### Fixed\n- "
                 "b\n\n## 1.0.0\nfirst\n");
    assert_str(changelog_section(text, S("1.1.0")), S("### Added\n- a\n### Fixed\n- b"));
    assert_str(changelog_section(text, S("1.0.0")), S("first"));
    assert_str(changelog_section(text, S("1.10.0")), S("ten"));
    assert_null(changelog_section(text, S("2.0.0")).p);
    assert_null(changelog_section(text, S("0.0")).p);
}
