/* Queries into trees: recursive descent, operators by precedence. Types are checked here, so that evaluation
 * meets none that do not fit. */
#include "feature/promql/promql_func.h"
#include "feature/promql/promql_lex.h"
#include <math.h>

const char *const pq_type_names[] = { "none", "scalar", "vector", "matrix", "string", NULL };

static const struct {
    const char *sign;
    int level; /* higher binds stronger */
} operators[OP__COUNT] = {
    [OP_OR] = { "or", 1 }, [OP_AND] = { "and", 2 }, [OP_UNLESS] = { "unless", 2 }, [OP_EQ] = { "==", 3 },
    [OP_NE] = { "!=", 3 }, [OP_LT] = { "<", 3 },    [OP_LE] = { "<=", 3 },         [OP_GT] = { ">", 3 },
    [OP_GE] = { ">=", 3 }, [OP_ADD] = { "+", 4 },   [OP_SUB] = { "-", 4 },         [OP_MUL] = { "*", 5 },
    [OP_DIV] = { "/", 5 }, [OP_MOD] = { "%", 5 },   [OP_ATAN2] = { "atan2", 5 },   [OP_POW] = { "^", 7 },
};
enum { LEVEL_UNARY = 6 };
static const char *const aggregates[] = { "sum",    "avg",    "min",  "max",     "count",    "group",
                                          "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values" };
static_assert(LEN(aggregates) == AGG__COUNT, "a name for each");

struct parser {
    struct pq_lexer lex;
    struct op *op;
    int depth, operators;
};

static err_t wrong(struct parser *p, const char *what)
{
    struct pq_lexer *l = &p->lex;
    if (l->token == T_END) return fail_field(p->op, "query", "%s at its end", what);
    return fail_field(p->op, "query", "%s at byte %zu, near '%.*s'", what, l->at,
                      STR(str_head(str_skip(l->text, l->at), 20)));
}

static bool is_sign(const struct parser *p, const char *sign)
{
    return p->lex.token == T_SIGN && str_is(p->lex.word, sign);
}
static bool is_word(const struct parser *p, const char *word)
{
    return p->lex.token == T_NAME && str_eq_fold(p->lex.word, str_of(word));
}
static bool take_sign(struct parser *p, const char *sign)
{
    bool yes = is_sign(p, sign);
    if (yes) pq_next(&p->lex);
    return yes;
}
static bool take_word(struct parser *p, const char *word)
{
    bool yes = is_word(p, word);
    if (yes) pq_next(&p->lex);
    return yes;
}
static err_t expect(struct parser *p, const char *sign, const char *what)
{
    return take_sign(p, sign) ? OK : wrong(p, what);
}

static struct pq_node *node(struct parser *p, enum pq_kind kind, enum pq_type type)
{
    struct pq_node *n = NEW(p->op->arena, struct pq_node);
    n->kind = kind;
    n->type = type;
    n->at = p->lex.at;
    return n;
}

static err_t parse_expr(struct parser *, int level, struct pq_node **);

static void add_name(struct parser *p, pq_names *list, str name)
{
    str *more = NEWN(p->op->arena, str, list->n + 1);
    if (list->n) memcpy(more, list->item, list->n * sizeof *more);
    more[list->n++] = str_copy(p->op->arena, name);
    list->item = more;
}

/* "(a, b)" */
static err_t parse_names(struct parser *p, pq_names *out)
{
    TRY(expect(p, "(", "'(' is missing"));
    while (!is_sign(p, ")")) {
        if (p->lex.token != T_NAME && p->lex.token != T_STRING) return wrong(p, "a label's name is missing");
        add_name(p, out, p->lex.word);
        pq_next(&p->lex);
        if (!take_sign(p, ",")) break;
    }
    return expect(p, ")", "')' is missing");
}

/* Selectors. */

static void add_match(struct parser *p, struct pq_node *n, struct series_match m)
{
    struct series_match *more = NEWN(p->op->arena, struct series_match, n->nmatch + 1);
    if (n->nmatch) memcpy(more, n->match, n->nmatch * sizeof *more);
    more[n->nmatch++] = m;
    n->match = more;
}

static err_t parse_match(struct parser *p, struct pq_node *n)
{
    static const struct {
        const char *sign;
        enum series_match_op op;
    } ops[] = {
        { "=", MATCH_EQUAL }, { "!=", MATCH_NOT_EQUAL }, { "=~", MATCH_REGEX }, { "!~", MATCH_NOT_REGEX }
    };
    if (p->lex.token != T_NAME && p->lex.token != T_STRING) return wrong(p, "a label's name is missing");
    bool quoted = p->lex.token == T_STRING;
    str label = str_copy(p->op->arena, p->lex.word);
    pq_next(&p->lex);
    size_t k = 0;
    while (k < LEN(ops) && !is_sign(p, ops[k].sign)) k++;
    if (k == LEN(ops)) {
        if (!quoted) return wrong(p, "one of = != =~ !~ is missing");
        add_match(p, n, (struct series_match){ MATCH_EQUAL, S(""), label }); /* {"a.metric", ...} */
        return OK;
    }
    pq_next(&p->lex);
    if (p->lex.token != T_STRING) return wrong(p, "a label's value in quotes is missing");
    if (str_is(label, "__name__")) label = S("");
    add_match(p, n, (struct series_match){ (int)ops[k].op, label, str_copy(p->op->arena, p->lex.word) });
    pq_next(&p->lex);
    return OK;
}

static err_t parse_matches(struct parser *p, struct pq_node *n)
{
    while (!is_sign(p, "}")) {
        TRY(parse_match(p, n));
        if (!take_sign(p, ",")) break;
    }
    return expect(p, "}", "'}' is missing");
}

static err_t parse_selector(struct parser *p, struct pq_node **out)
{
    struct pq_node *n = node(p, PQ_SELECTOR, PQ_VECTOR);
    if (p->lex.token == T_NAME) {
        add_match(p, n, (struct series_match){ MATCH_EQUAL, S(""), str_copy(p->op->arena, p->lex.word) });
        pq_next(&p->lex);
    }
    if (take_sign(p, "{")) TRY(parse_matches(p, n));
    bool narrow = false;
    for (size_t i = 0; i < n->nmatch; i++)
        narrow |= (n->match[i].op == MATCH_EQUAL || n->match[i].op == MATCH_REGEX) && n->match[i].value.n &&
                  !str_is(n->match[i].value, ".*");
    *out = n;
    return narrow ? OK : wrong(p, "a selector must name something: a metric or a label with a value");
}

/* What may follow an operand: [range], [range:step], offset, @. */

static err_t duration(struct parser *p, i64 *us)
{
    bool minus = take_sign(p, "-");
    if (p->lex.token == T_NUMBER && p->lex.number > 0 && p->lex.number < 1e10)
        p->lex.us = (i64)(p->lex.number * 1e6);
    else if (p->lex.token != T_DURATION) return wrong(p, "a duration such as 5m is missing");
    *us = minus ? -p->lex.us : p->lex.us;
    pq_next(&p->lex);
    return OK;
}

static err_t parse_range(struct parser *p, struct pq_node **n)
{
    i64 range;
    TRY(duration(p, &range));
    if (range <= 0) return wrong(p, "a range must be longer than nothing");
    if (take_sign(p, ":")) {
        struct pq_node *sub = node(p, PQ_SUBQUERY, PQ_MATRIX);
        if ((*n)->type != PQ_VECTOR) return wrong(p, "only a vector can be a subquery");
        sub->arg[sub->nargs++] = *n;
        if (!is_sign(p, "]")) TRY(duration(p, &sub->step_us));
        if (sub->step_us < 0) return wrong(p, "a step must be longer than nothing");
        sub->range_us = range;
        *n = sub;
    } else {
        if ((*n)->kind != PQ_SELECTOR || (*n)->range_us) return wrong(p, "only a selector can have a range");
        (*n)->range_us = range;
        (*n)->type = PQ_MATRIX;
    }
    return expect(p, "]", "']' is missing");
}

static err_t parse_at(struct parser *p, struct pq_node *n)
{
    if (n->at_kind != AT_NONE) return wrong(p, "@ is given twice");
    if (is_word(p, "start") || is_word(p, "end")) {
        n->at_kind = is_word(p, "start") ? AT_START : AT_END;
        pq_next(&p->lex);
        TRY(expect(p, "(", "'(' is missing"));
        return expect(p, ")", "')' is missing");
    }
    bool minus = take_sign(p, "-");
    if (p->lex.token != T_NUMBER || p->lex.number > 9e12) return wrong(p, "@ needs a time in seconds");
    n->at_us = (i64)(p->lex.number * 1e6) * (minus ? -1 : 1);
    n->at_kind = AT_TIME;
    pq_next(&p->lex);
    return OK;
}

static err_t parse_suffixes(struct parser *p, struct pq_node **n)
{
    for (;;) {
        bool timed = (*n)->kind == PQ_SELECTOR || (*n)->kind == PQ_SUBQUERY;
        if (take_sign(p, "[")) TRY(parse_range(p, n));
        else if (is_word(p, "offset") && timed) {
            pq_next(&p->lex);
            if ((*n)->offset_us) return wrong(p, "offset is given twice");
            TRY(duration(p, &(*n)->offset_us));
        } else if (is_sign(p, "@") && timed) {
            pq_next(&p->lex);
            TRY(parse_at(p, *n));
        } else return OK;
    }
}

/* Calls. */

static err_t parse_args(struct parser *p, struct pq_node *n)
{
    TRY(expect(p, "(", "'(' is missing"));
    while (!is_sign(p, ")")) {
        if (n->nargs == PQ_ARGS) return wrong(p, "too many arguments");
        TRY(parse_expr(p, 0, &n->arg[n->nargs++]));
        if (!take_sign(p, ",")) break;
    }
    return expect(p, ")", "')' is missing");
}

static err_t parse_grouping(struct parser *p, struct pq_node *n)
{
    if (n->grouped || (!is_word(p, "by") && !is_word(p, "without"))) return OK;
    n->grouped = true;
    n->listed = is_word(p, "by");
    pq_next(&p->lex);
    return parse_names(p, &n->names);
}

static err_t parse_aggregate(struct parser *p, enum pq_aggregate which, struct pq_node **out)
{
    struct pq_node *n = node(p, PQ_AGGREGATE, PQ_VECTOR);
    bool with_parameter = which >= AGG_TOPK;
    n->aggregate = which;
    n->text = str_of(aggregates[which]);
    TRY(parse_grouping(p, n));
    TRY(parse_args(p, n));
    TRY(parse_grouping(p, n));
    *out = n;
    if (n->nargs != (with_parameter ? 2 : 1))
        return fail_field(p->op, "query", "%s takes %s", aggregates[which],
                          with_parameter ? "a parameter and a vector" : "one vector");
    enum pq_type parameter = which == AGG_COUNT_VALUES ? PQ_STRING : PQ_SCALAR;
    if (n->arg[n->nargs - 1]->type != PQ_VECTOR || (with_parameter && n->arg[0]->type != parameter))
        return fail_field(p->op, "query", "an argument of %s has the wrong type", aggregates[which]);
    return OK;
}

static err_t check_call(struct parser *p, const struct pq_node *n)
{
    const struct pq_func *f = n->func;
    if (n->nargs < f->least || n->nargs > f->most)
        return fail_field(p->op, "query", "%s takes %zu to %zu arguments", f->name, f->least, f->most);
    for (size_t i = 0; i < n->nargs; i++) {
        enum pq_type want = f->arg[MIN(i, LEN(f->arg) - 1)];
        if (n->arg[i]->type != want)
            return fail_field(p->op, "query", "argument %zu of %s must be a %s, not a %s", i + 1, f->name,
                              pq_type_names[want], pq_type_names[n->arg[i]->type]);
    }
    return OK;
}

static err_t parse_call(struct parser *p, str name, struct pq_node **out)
{
    struct pq_node *n = node(p, PQ_CALL, PQ_VECTOR);
    n->func = pq_func_find(name);
    if (!n->func) return fail_field(p->op, "query", "there is no function '%.*s'", STR(str_head(name, 50)));
    n->type = n->func->gives;
    TRY(parse_args(p, n));
    *out = n;
    return check_call(p, n);
}

/* A name is a call, an aggregate or a metric by what follows it. */
static err_t parse_name(struct parser *p, struct pq_node **out)
{
    struct pq_lexer before = p->lex;
    str name = p->lex.word;
    if (str_eq_fold(name, S("inf")) || str_eq_fold(name, S("nan"))) {
        *out = node(p, PQ_NUMBER, PQ_SCALAR);
        (*out)->number = str_eq_fold(name, S("inf")) ? (double)INFINITY : (double)NAN;
        pq_next(&p->lex);
        return OK;
    }
    pq_next(&p->lex);
    bool opens = is_sign(p, "("), groups = is_word(p, "by") || is_word(p, "without");
    for (size_t i = 0; i < AGG__COUNT && (opens || groups); i++)
        if (str_eq_fold(name, str_of(aggregates[i]))) return parse_aggregate(p, (enum pq_aggregate)i, out);
    if (opens) return parse_call(p, name, out);
    p->lex = before;
    return parse_selector(p, out);
}

static err_t parse_operand(struct parser *p, struct pq_node **out)
{
    switch (p->lex.token) {
    case T_NUMBER:
    case T_DURATION:
        *out = node(p, PQ_NUMBER, PQ_SCALAR);
        (*out)->number = p->lex.token == T_NUMBER ? p->lex.number : (double)p->lex.us / 1e6;
        pq_next(&p->lex);
        return OK;
    case T_STRING:
        *out = node(p, PQ_TEXT, PQ_STRING);
        (*out)->text = str_copy(p->op->arena, p->lex.word);
        pq_next(&p->lex);
        return OK;
    case T_NAME: return parse_name(p, out);
    default: break;
    }
    if (is_sign(p, "{")) return parse_selector(p, out);
    if (!take_sign(p, "(")) return wrong(p, "an expression is missing");
    TRY(parse_expr(p, 0, out));
    return expect(p, ")", "')' is missing");
}

static err_t parse_unary(struct parser *p, struct pq_node **out)
{
    if (take_sign(p, "+")) return parse_expr(p, LEVEL_UNARY, out);
    if (!is_sign(p, "-")) {
        TRY(parse_operand(p, out));
        return parse_suffixes(p, out);
    }
    struct pq_node *n = node(p, PQ_NEGATE, PQ_NONE);
    pq_next(&p->lex);
    TRY(parse_expr(p, LEVEL_UNARY, &n->arg[0]));
    n->nargs = 1;
    n->type = n->arg[0]->type;
    *out = n;
    return n->type == PQ_SCALAR || n->type == PQ_VECTOR ? OK : wrong(p, "this cannot be negated");
}

/* Operators. */

static bool operator_here(const struct parser *p, enum pq_operator *out)
{
    for (size_t i = 0; i < OP__COUNT; i++)
        if (is_sign(p, operators[i].sign) || is_word(p, operators[i].sign)) {
            *out = (enum pq_operator)i;
            return true;
        }
    return false;
}

/* bool, on(...), ignoring(...), group_left(...), group_right(...) */
static err_t parse_modifiers(struct parser *p, struct pq_node *n)
{
    bool compares = n->oper >= OP_EQ && n->oper <= OP_GE;
    if (is_word(p, "bool") && !compares) return wrong(p, "bool is for comparisons");
    n->as_bool = take_word(p, "bool");
    if (!is_word(p, "on") && !is_word(p, "ignoring")) return OK;
    n->grouped = true;
    n->listed = is_word(p, "on");
    pq_next(&p->lex);
    TRY(parse_names(p, &n->names));
    bool left = is_word(p, "group_left");
    if (!left && !is_word(p, "group_right")) return OK;
    if (n->oper <= OP_UNLESS) return wrong(p, "no grouping is allowed for set operators");
    n->group = left ? GROUP_LEFT : GROUP_RIGHT;
    pq_next(&p->lex);
    return is_sign(p, "(") ? parse_names(p, &n->include) : OK;
}

static err_t check_binary(struct parser *p, struct pq_node *n)
{
    enum pq_type a = n->arg[0]->type, b = n->arg[1]->type;
    bool fine = (a == PQ_SCALAR || a == PQ_VECTOR) && (b == PQ_SCALAR || b == PQ_VECTOR);
    if (!fine)
        return fail_field(p->op, "query", "'%s' works on scalars and vectors", operators[n->oper].sign);
    bool scalars = a == PQ_SCALAR && b == PQ_SCALAR;
    if (n->oper <= OP_UNLESS && (a == PQ_SCALAR || b == PQ_SCALAR))
        return fail_field(p->op, "query", "'%s' works on vectors", operators[n->oper].sign);
    if (scalars && n->oper >= OP_EQ && n->oper <= OP_GE && !n->as_bool)
        return fail_field(p->op, "query", "comparisons of scalars need bool");
    n->type = scalars ? PQ_SCALAR : PQ_VECTOR;
    return OK;
}

static err_t parse_expr(struct parser *p, int level, struct pq_node **out)
{
    if (++p->depth > PQ_DEPTH) return fail_field(p->op, "query", "is nested too deep");
    TRY(parse_unary(p, out));
    enum pq_operator o;
    while (operator_here(p, &o) && operators[o].level >= level) {
        struct pq_node *n = node(p, PQ_BINARY, PQ_VECTOR);
        if (++p->operators > PQ_OPERATORS)
            return fail_field(p->op, "query", "has more than %d operators", PQ_OPERATORS);
        n->oper = o;
        n->arg[0] = *out;
        n->nargs = 2;
        pq_next(&p->lex);
        TRY(parse_modifiers(p, n));
        TRY(parse_expr(p, operators[o].level + (o != OP_POW), &n->arg[1]));
        TRY(check_binary(p, n));
        *out = n;
    }
    p->depth--;
    return OK;
}

static err_t begin(struct parser *p, struct op *op, str text)
{
    *p = (struct parser){ .lex = { .op = op, .text = text }, .op = op };
    if (text.n > PQ_TEXT_MAX) return fail_field(op, "query", "is longer than %d bytes", PQ_TEXT_MAX);
    pq_next(&p->lex);
    return OK;
}

err_t pq_parse(struct op *op, str query, struct pq_node **out)
{
    struct parser p;
    TRY(begin(&p, op, query));
    TRY(parse_expr(&p, 0, out));
    return p.lex.token == T_END ? OK : wrong(&p, "something unexpected");
}

err_t pq_parse_selector(struct op *op, str text, struct pq_node **out)
{
    struct parser p;
    TRY(begin(&p, op, text));
    TRY(parse_selector(&p, out));
    return p.lex.token == T_END ? OK : wrong(&p, "something unexpected");
}
