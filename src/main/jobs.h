/* The repeated jobs of all features, on a few threads; a job never runs twice at a time here. A job runs on
 * one node at a time: a row of job_lease, taken by compare-and-set with the database's own row lock, says
 * which, and when the next run is due. It is renewed while the job runs. What a node held that died goes to
 * others within 15 s, or, where the database is one process's alone, to its next one at once. */
#pragma once
#include "feature/feature.h"
#include "port/ports.h"

struct jobs;
struct jobs_options {
    const struct feature *const *features;
    size_t nfeatures;
    i64 lease_us; /* 0: 15 s */
};
err_t jobs_start(struct op *, const struct jobs_options *, struct jobs **out) MUST_USE;
void jobs_stop(struct jobs *); /* waits for those that run */
struct prom_text;
void jobs_metrics(struct jobs *, struct prom_text *);
