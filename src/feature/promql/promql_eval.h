/* Evaluation: a tree over a grid of times gives rows, one a label set, each with a value a step. Private to
 * promql. A step without a sample holds PQ_ABSENT, the bit pattern of Prometheus' stale marker; every other
 * NaN is a value. Rows and values live in the operation's arena. */
#pragma once
#include "feature/promql/promql_ast.h"

enum {
    PQ_ROWS_MAX = 20000,       /* series in one result */
    PQ_CELLS_MAX = 8 << 20,    /* rows times steps of one value */
    PQ_STEPS_MAX = 11000,      /* as Prometheus */
    PQ_SAMPLES_MAX = 200 << 20 /* read by one query */
};

struct pq_grid {
    i64 start, step; /* microseconds */
    size_t n;
};
static inline i64 pq_time(struct pq_grid g, size_t i) { return g.start + (i64)i * g.step; }

struct pq_label {
    str name, value;
};
struct pq_row {
    struct pq_label *label; /* sorted by name; the metric's name is __name__ */
    size_t nlabels;
    double *v; /* one a step */
};
struct pq_value {
    enum pq_type type;
    struct pq_row *row; /* of a scalar: one, without labels */
    size_t n;
    str text;
};

double pq_absent(void);
bool pq_is_absent(double);

struct pq_eval {
    struct op *op;
    i64 project_id;        /* 0: all that one may see */
    struct pq_grid outer;  /* of the whole query, for @ start() and end() */
    size_t samples, cells; /* read and made so far */
    i64 *t;                /* points of the series in hand; mem, reused */
    double *v;
    size_t npoints, cap;
};
void pq_done(struct pq_eval *);

err_t pq_run(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *) MUST_USE;

/* For the files of evaluation. */
err_t pq_value_new(struct pq_eval *, enum pq_type, size_t rows, struct pq_grid, struct pq_value *) MUST_USE;
err_t pq_binary(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *) MUST_USE;
err_t pq_aggregate(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *) MUST_USE;
/* Each sample's time instead of its value. */
err_t pq_timestamps(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *) MUST_USE;
err_t pq_over(struct pq_eval *, const struct pq_node *, struct pq_grid, struct pq_value *) MUST_USE;

/* Labels. */
/* Those of a series of the catalogue, with __name__. */
err_t pq_row_labels(struct op *, const struct series_info *, struct pq_row *) MUST_USE;
str pq_label_get(const struct pq_row *, str name);                    /* "" when it has none */
void pq_label_set(struct op *, struct pq_row *, str name, str value); /* an empty value removes it */
void pq_label_drop(struct op *, struct pq_row *, str name);
/* The labels that grouping keeps: those listed, or all but those (and the metric's name). */
void pq_label_keep(struct op *, const struct pq_row *, bool listed, const pq_names *, struct pq_row *out);
str pq_signature(struct op *, const struct pq_row *); /* equal for equal label sets */
