/* The page of figures that Prometheus reads (text exposition format 0.0.4). A family is announced once, then
 * its samples follow:
 *
 *     prom_family(&page, "netbit_jobs_total", "counter", "Runs of background jobs.");
 *     prom_sample(&page, PROM_LABELS({ "job", name }, { "result", "ok" }), 12);
 */
#pragma once
#include "base/buf.h"
#include "base/meter.h"

struct prom_label {
    const char *name;
    str value;
};
struct prom_text {
    struct buf b;
    const char *family;
};
void prom_family(struct prom_text *, const char *name, const char *type, const char *help);
#define PROM_LABELS(...) \
    ((const struct prom_label[]){ __VA_ARGS__ }), \
        sizeof((const struct prom_label[]){ __VA_ARGS__ }) / sizeof(struct prom_label)
#define PROM_PLAIN NULL, 0
void prom_sample(struct prom_text *, const struct prom_label *, size_t n, double v);
/* A family without labels. */
void prom_gauge(struct prom_text *, const char *name, const char *help, double v);
void prom_counter(struct prom_text *, const char *name, const char *help, double v);
/* The samples of one histogram, in seconds; its family is of type "histogram". */
void prom_meter(struct prom_text *, const struct prom_label *, size_t n, const struct meter *);
