/* Queries from strangers: any bytes end in a tree whose types fit, or in an error that names the query. */
#include "base/log.h"
#include "feature/promql/promql_ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pq_node *n, int depth)
{
    if (depth > 4 * PQ_DEPTH + PQ_OPERATORS) bug("a tree deeper than allowed");
    if (n->type == PQ_NONE) bug("a node without a type");
    if (n->nargs > PQ_ARGS) bug("too many arguments");
    if (n->type == PQ_MATRIX && n->range_us <= 0) bug("a range without a length");
    if (n->kind == PQ_SELECTOR && !n->nmatch) bug("a selector of everything");
    for (size_t i = 0; i < n->nargs; i++) check(n->arg[i], depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    struct pq_node *tree;
    err_t e = pq_parse(&op, (str){ (const char *)data, size }, &tree);
    if (!e != !op.err.code) bug("the error slot and the answer differ");
    if (e && (!op.err.msg.n || !str_is(op.err.field, "query"))) bug("an error that does not tell");
    if (!e) check(tree, 0);
    arena_free(&a);
    return 0;
}
