/* A query as a tree: what promql_parse.c makes of its text and promql_eval.c works on. Private to promql. */
#pragma once
#include "feature/series/series.h"

enum pq_type { PQ_NONE, PQ_SCALAR, PQ_VECTOR, PQ_MATRIX, PQ_STRING };
extern const char *const pq_type_names[]; /* as the API calls them */

enum pq_kind { PQ_NUMBER, PQ_TEXT, PQ_SELECTOR, PQ_SUBQUERY, PQ_CALL, PQ_AGGREGATE, PQ_BINARY, PQ_NEGATE };
/* PQ_OPERATORS: of a query; a + b + c leans to the left, so that each operator is one level of the tree. */
enum { PQ_ARGS = 7, PQ_DEPTH = 64, PQ_OPERATORS = 256, PQ_TEXT_MAX = 16384 };

enum pq_operator {
    OP_OR,
    OP_AND,
    OP_UNLESS,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_MOD,
    OP_ATAN2,
    OP_POW,
    OP__COUNT
};
enum pq_aggregate {
    AGG_SUM,
    AGG_AVG,
    AGG_MIN,
    AGG_MAX,
    AGG_COUNT,
    AGG_GROUP,
    AGG_STDDEV,
    AGG_STDVAR,
    AGG_TOPK,
    AGG_BOTTOMK,
    AGG_QUANTILE,
    AGG_COUNT_VALUES,
    AGG__COUNT
};
enum pq_group { GROUP_NONE, GROUP_LEFT, GROUP_RIGHT };

typedef LIST(str) pq_names;
struct pq_func;
struct pq_node {
    enum pq_kind kind;
    enum pq_type type;
    size_t at; /* byte in the query, for messages */
    double number;
    str text;
    /* selectors and subqueries; times in microseconds */
    struct series_match *match;
    size_t nmatch;
    i64 range_us, offset_us, step_us, at_us;
    enum { AT_NONE, AT_TIME, AT_START, AT_END } at_kind;
    /* calls, aggregates; the operand of a subquery and a negation is arg[0] */
    const struct pq_func *func;
    enum pq_aggregate aggregate;
    struct pq_node *arg[PQ_ARGS];
    size_t nargs;
    /* grouping: by/without of aggregates, on/ignoring of operators */
    bool grouped, listed; /* listed: by or on; else without or ignoring */
    pq_names names;
    /* operators: arg[0] op arg[1] */
    enum pq_operator oper;
    bool as_bool;
    enum pq_group group;
    pq_names include;
};

/* Errors tell what and at which byte of the query. */
err_t pq_parse(struct op *, str query, struct pq_node **out) MUST_USE;
/* A series selector alone, `up{job="x"}`, for the match[] parameters. */
err_t pq_parse_selector(struct op *, str text, struct pq_node **out) MUST_USE;
/* "1h30m", "5m", "15s", "100ms", "1d", "1w", "1y"; also plain seconds. False: not a duration. */
bool pq_duration(str text, i64 *us);
