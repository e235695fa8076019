#include "spark/local_find.h"
#include "tests/unit/test.h"

TEST(spark_local_pick_by_name_id_and_beginning)
{
    static struct local_unit units[4];
    static const char *const ids[] = { "01890000-0000-7000-8000-00000000000a",
                                       "01890000-1111-7000-8000-00000000000b",
                                       "01891111-0000-7000-8000-00000000000c",
                                       "02000000-0000-7000-8000-00000000000d" };
    static const char *const names[] = { "web", "probe", "twin", "twin" };
    for (size_t i = 0; i < LEN(units); i++) {
        assert_true(uuid_parse(str_of(ids[i]), &units[i].unit_id));
        units[i].name = str_of(names[i]);
    }
    struct local_answer all = { .units = { units, LEN(units) } };
    static const struct {
        const char *text;
        err_t want;
        int which;
    } rows[] = {
        { "web", OK, 0 },
        { "01890000-1111-7000-8000-00000000000b", OK, 1 },
        { "01891", OK, 2 },
        { "02", OK, 3 },
        { "0189", ERR_CONFLICT, 0 },
        { "twin", ERR_CONFLICT, 0 },
        { "we", ERR_NOT_FOUND, 0 },
        { "", ERR_NOT_FOUND, 0 },
        { "03", ERR_NOT_FOUND, 0 },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct local_unit *u = NULL;
        err_t e = local_pick(op, &all, str_of(rows[i].text), &u);
        if (e != rows[i].want || (!e && u != &units[rows[i].which]))
            test_fail(__FILE__, __LINE__, "'%s'", rows[i].text);
        op_clear(op);
    }
    const struct local_unit *u;
    size_t at;
    assert_int_equal(local_pick(op, &all, S("0189"), &u), ERR_CONFLICT);
    assert_true(str_find(op->err.msg, S("(web)"), &at) && str_find(op->err.msg, S("(twin)"), &at));
    op_clear(op);
}
