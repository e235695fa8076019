/* The node itself as a feature: health, readiness, version, the API's own description, leases of repeated
 * jobs. */
#pragma once
#include "feature/feature.h"

extern const struct feature node_feature;

struct http;
void node_serves(const struct http *); /* once: from now on the node is ready */
