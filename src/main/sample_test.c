#include "main/sample.h"
#include "net/prom_text.h"
#include "tests/unit/test.h"
#include <math.h>

struct seen {
    size_t n;
    struct sample_line line[4];
};
static err_t keep(struct op *op, void *ctx, const struct sample_line *l)
{
    struct seen *s = ctx;
    struct prom_label *labels = NEWN(op->arena, struct prom_label, l->nlabels + 1);
    memcpy(labels, l->label, l->nlabels * sizeof *labels);
    s->line[s->n] = *l;
    s->line[s->n++].label = labels;
    return OK;
}

TEST(sample_reads_what_the_page_says)
{
    struct prom_text p = { BUF(op->arena), NULL };
    prom_gauge(&p, "a", "A.", -2.5);
    prom_family(&p, "b_total", "counter", "B.");
    prom_sample(&p, PROM_LABELS({ "x", S("a\"b\\c\nd,e}") }, { "y", S("") }), 1e18);
    prom_sample(&p, PROM_PLAIN, (double)INFINITY);
    struct seen s = { 0 };
    assert_ok(op, sample_lines(op, buf_str(&p.b), keep, &s));
    assert_int_equal(s.n, 3);
    assert_str(s.line[0].name, S("a"));
    assert_true(s.line[0].value == -2.5 && s.line[0].nlabels == 0);
    assert_str(s.line[1].name, S("b_total"));
    assert_int_equal(s.line[1].nlabels, 2);
    assert_str(s.line[1].label[0].value, S("a\"b\\c\nd,e}"));
    assert_str(str_of(s.line[1].label[1].name), S("y"));
    assert_true(s.line[1].value == 1e18);
    assert_true(isinf(s.line[2].value));
    assert_err(op, ERR_INTERNAL, sample_lines(op, S("a{x=1} 2\n"), keep, &s));
    assert_err(op, ERR_INTERNAL, sample_lines(op, S("a two\n"), keep, &s));
}
