/* The repeated jobs of all features, on a few threads; a job never runs twice at a time here. A job runs on
 * one node at a time: a row of job_lease, taken by compare-and-set with the database's own row lock, says
 * which, and when the next run is due. A node that dies lets its lease run out. */
#pragma once
#include "port/ports.h"

struct jobs;
struct jobs *jobs_start(const struct ports *);
void jobs_stop(struct jobs *); /* waits for those that run */
struct prom_text;
void jobs_metrics(struct jobs *, struct prom_text *);
