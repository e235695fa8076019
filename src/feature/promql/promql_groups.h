/* Rows put together by the labels that a grouping keeps: a hash table from signature to number. Private to
 * promql. */
#pragma once
#include "feature/promql/promql_eval.h"

struct groups {
    struct op *op;
    size_t n; /* groups so far, numbered from 0 */
    size_t slots;
    struct group_slot {
        str signature;
        size_t number; /* + 1; 0: free */
    } * slot;
    struct pq_row *row; /* the labels of each group */
};
void groups_begin(struct op *, struct groups *, size_t most); /* room for `most` rows in all */
/* The group of each row of v. listed: only `names` count; else all labels but those and the metric's name. */
const size_t *groups_add(struct groups *, const struct pq_value *v, bool listed, const pq_names *names);
