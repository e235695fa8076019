#include "spark/line_level.h"
#include "tests/unit/test.h"

TEST(line_level_of_what_programs_write)
{
    static const struct {
        const char *line;
        enum telemetry_level want;
    } rows[] = {
        { "{\"level\":\"warn\",\"msg\":\"x\"}", LEVEL_WARN },
        { "{\"severity\":\"ERROR\"}", LEVEL_ERROR },
        { "{\"level\":50,\"msg\":\"error\"}", LEVEL_ERROR },
        { "{\"level\":1000}", LEVEL_NONE },
        { "{\"msg\":\"fatal\"}", LEVEL_NONE },
        { "{\"level\":\"warn\"", LEVEL_NONE },
        { "2026-11-20 16:00:00 ERROR cannot open", LEVEL_ERROR },
        { "[warn] low", LEVEL_WARN },
        { "time=1 level=debug msg=x", LEVEL_DEBUG },
        { "error: no such file", LEVEL_ERROR },
        { "WARNING:root:low", LEVEL_WARN },
        { "no error was found", LEVEL_NONE },
        { "information", LEVEL_NONE },
        { "", LEVEL_NONE },
    };
    for (size_t i = 0; i < LEN(rows); i++)
        if (line_level(op->arena, str_of(rows[i].line)) != rows[i].want)
            test_fail(__FILE__, __LINE__, "'%s'", rows[i].line);
}
