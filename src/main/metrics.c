#include "main/metrics.h"
#include "base/fs.h"
#include "base/log.h"
#include "main/features.h"
#include "main/jobs.h"
#include "net/http.h"
#include "net/trace.h"
#include "port/db/db.h"
#include "port/ports.h"
#include <dirent.h>
#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static double open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    double n = -3; /* ".", ".." and the folder's own */
    if (!d) return NAN;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* Resident bytes; field 2 of statm, in pages. */
static double resident(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long size, pages;
    if (!f) return NAN;
    int got = fscanf(f, "%ld %ld", &size, &pages);
    fclose(f);
    return got == 2 ? (double)pages * (double)sysconf(_SC_PAGESIZE) : NAN;
}

static void process(struct prom_text *p)
{
    struct rusage u;
    struct rlimit files = { 0 };
    getrusage(RUSAGE_SELF, &u);
    getrlimit(RLIMIT_NOFILE, &files);
    prom_family(p, "netbit_build_info", "gauge", "1; the version is a label.");
    prom_sample(p, PROM_LABELS({ "version", S(NETBIT_VERSION) }), 1);
    prom_counter(p, "process_cpu_seconds_total", "Processor time used.",
                 seconds(u.ru_utime) + seconds(u.ru_stime));
    prom_gauge(p, "process_resident_memory_bytes", "Resident memory.", resident());
    prom_gauge(p, "process_open_fds", "Open file descriptors.", open_files());
    prom_gauge(p, "process_max_fds", "File descriptors allowed.", (double)files.rlim_cur);
}

static void database(struct op *op, struct prom_text *p)
{
    const struct db *db = op->ports->db;
    prom_family(p, "netbit_db_commit_seconds", "histogram",
                "Commits to disk; on SQLite one holds the work of many operations.");
    prom_meter(p, PROM_LABELS({ "engine", str_of(db_engines[db_engine(db)]) }), db_commits(db));
    i64 one;
    err_t e = db_i64(op, &one, "SELECT 1");
    if (e) op_clear(op);
    prom_gauge(p, "netbit_db_up", "1: the database answers.", e ? 0 : 1);
}

static void one_feature(struct op *op, const struct feature *f, struct prom_text *p)
{
    size_t before = p->b.n;
    if (!f->metrics || !f->metrics(op, p)) return;
    LOG_WARN("metrics", KV("feature", f->name), KV("error", op->err.msg));
    op_clear(op);
    p->b.n = before;
}

void metrics_page(struct op *op, const struct http *http, struct jobs *jobs, struct prom_text *p)
{
    process(p);
    database(op, p);
    http_metrics(http, p);
    jobs_metrics(jobs, p);
    trace_metrics(p);
    for (size_t i = 0; i < nfeatures; i++) one_feature(op, features[i], p);
}
