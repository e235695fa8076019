/* The repeated jobs of all features, on one thread. A job runs on one node at a time: a row of job_lease,
 * taken by compare-and-set with the database's own row lock, says which, and when the next run is due. A node
 * that dies lets its lease run out. */
#pragma once
#include "port/ports.h"

struct jobs;
struct jobs *jobs_start(const struct ports *);
void jobs_stop(struct jobs *); /* waits for the one that runs */
