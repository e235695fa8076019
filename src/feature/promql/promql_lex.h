/* Tokens of a query. Private to promql. */
#pragma once
#include "base/op.h"
#include "base/str.h"

enum pq_token { T_END, T_NAME, T_NUMBER, T_DURATION, T_STRING, T_SIGN, T_BAD };
struct pq_lexer {
    struct op *op;
    str text;
    size_t pos; /* behind the token */
    /* the token in hand */
    enum pq_token token;
    size_t at;
    str word;      /* name, sign, or a string's value */
    double number; /* of T_NUMBER */
    i64 us;        /* of T_DURATION */
};
void pq_next(struct pq_lexer *);
