/* The node itself as a feature: health, readiness, version, the API's own description, leases of repeated
 * jobs. */
#pragma once
#include "feature/feature.h"

extern const struct feature node_feature;

struct http;
struct jobs;
void node_serves(const struct http *, struct jobs *); /* once: from now on the node is ready */
/* The page of figures; false: the node does not serve. */
struct prom_text;
bool node_page(struct op *, struct prom_text *);
/* No more answers of /metrics from now on: jobs and http go. */
void node_leaves(void);
