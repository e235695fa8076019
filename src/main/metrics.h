/* The page of /metrics: the process, the HTTP server, the database, jobs, and what each feature tells. */
#pragma once
#include "net/prom_text.h"

struct http;
struct jobs;
struct op;
/* What a feature fails to tell is left out and logged: half a page is better than none. */
void metrics_page(struct op *, const struct http *, struct jobs *, struct prom_text *);
