#include "net/prom_text.h"
#include "tests/unit/test.h"
#include <math.h>

TEST(prom_text_page)
{
    struct prom_text p = { BUF(op->arena), NULL };
    prom_gauge(&p, "a", "A thing.", 1.5);
    prom_family(&p, "b_total", "counter", "Counted.");
    prom_sample(&p, PROM_LABELS({ "x", S("quote \" back \\ line\n") }, { "y", S("й") }), 3);
    prom_sample(&p, PROM_PLAIN, NAN);
    assert_str(buf_str(&p.b), S("# HELP a A thing.\n# TYPE a gauge\na 1.5\n"
                                "# HELP b_total Counted.\n# TYPE b_total counter\n"
                                "b_total{x=\"quote \\\" back \\\\ line\\n\",y=\"й\"} 3\nb_total NaN\n"));
}

TEST(prom_text_histogram)
{
    struct meter m = { 0 };
    meter_add(&m, 250);
    meter_add(&m, 251);
    meter_add(&m, 60000000);
    assert_int_equal(meter_count(&m), 3);
    struct prom_text p = { BUF(op->arena), NULL };
    prom_family(&p, "t", "histogram", "T.");
    prom_meter(&p, PROM_LABELS({ "r", S("x") }), &m);
    str s = buf_str(&p.b);
    size_t at;
    assert_true(str_find(s, S("t_bucket{r=\"x\",le=\"0.00025\"} 1\n"), &at));
    assert_true(str_find(s, S("t_bucket{r=\"x\",le=\"0.0005\"} 2\n"), &at));
    assert_true(str_find(s, S("t_bucket{r=\"x\",le=\"10\"} 2\n"), &at));
    assert_true(str_find(s, S("t_bucket{r=\"x\",le=\"+Inf\"} 3\n"), &at));
    assert_true(str_find(s, S("t_sum{r=\"x\"} 60.000501\nt_count{r=\"x\"} 3\n"), &at));
}
