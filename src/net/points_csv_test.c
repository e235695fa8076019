#include "net/points_test.h"
#include "tests/unit/test.h"

TEST(points_csv_reads)
{
    static const struct {
        const char *csv, *told;
    } row[] = {
        { "time,name,value\n1,a,2.5\n2,a,3\n1,b,-1e3", "a{}@1=2.5@2=3 b{}@1=-1000" },
        { "Name,Value\r\na,1\r\n\r\na,2\r\n", "a{}@77=1@77=2" },
        { "time,name,value,dev,unit,room\n1970-01-01T00:00:01Z,t,1,d1,C,\n,t,2,d1,C,r1\n",
          "t[C]{dev=d1}@1000000=1 t[C]{dev=d1,room=r1}@77=2" },
        { "name,value\n\"a \"\"b\"\",\nc\",\"1\"\n", "a \"b\",\nc{}@77=1" },
        { "name,value\na,\nb,true\nc,on\nb,false\n", "a{}@77=nan b{}@77=1@77=0 c{}@77='on'" },
        { "\xef\xbb\xbfname,value\na,1", "a{}@77=1" },
        { "name,value\n", "" },
        { "value,b,name,a\n1,2,n,1\n", "n{a=1,b=2}@77=1" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct points b = { .arena = op->arena, .now_us = 77 };
        assert_ok(op, points_read_csv(op, &b, str_of(row[i].csv)));
        assert_str(told(op, &b), str_of(row[i].told));
    }
}

TEST(points_csv_refuses)
{
    static const struct {
        const char *csv, *field;
    } row[] = {
        { "", "line 1" },
        { "name,time\na,1", "line 1" },
        { "name,value,name\na,1,b", "line 1, name" },
        { "name,value\na", "line 2" },
        { "name,value\na,1,2", "line 2" },
        { "name,value\na,1\n,2", "line 3, name" },
        { "name,value\n\"a,1", "line 2" },
        { "name,value\n\"a\"b,1", "line 2" },
        { "name,value\na\"b,1", "line 2" },
        { "name,value,time\na,1,noon", "line 2, time" },
        { "name,value\na,\xff", "line 2, value" },
        { "name,value,x,x\na,1,1,2", "line 2, labels" },
        { "name,value\n\"a\nb\",1\nc", "line 4" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct points b = { .arena = op->arena };
        err_t e = points_read_csv(op, &b, str_of(row[i].csv));
        if (e != ERR_INVALID) test_fail(__FILE__, __LINE__, "'%s'", row[i].csv);
        assert_str(op->err.field, str_of(row[i].field));
        op_clear(op);
    }
    struct points b = { .arena = op->arena, .max = 1 };
    assert_err(op, ERR_LIMIT, points_read_csv(op, &b, S("name,value\na,1\na,2")));
}
