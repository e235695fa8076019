/* The node's own figures as series of its first administrator, so that they have a past, charts and alerts
 * without a Prometheus beside it. */
#pragma once
#include "base/op.h"

/* One sample of each line of the page of figures but those of single routes, jobs and buckets, and the self
 * alerts over them. For a job. */
err_t sample_node(struct op *) MUST_USE;

/* Calls fn for each sample line of a page of figures; labels are those of the line. */
struct prom_label;
struct sample_line {
    str name;
    const struct prom_label *label;
    size_t nlabels;
    double value;
};
err_t sample_lines(struct op *, str page, err_t (*fn)(struct op *, void *, const struct sample_line *),
                   void *ctx) MUST_USE;
