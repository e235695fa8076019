#include "feature/log/log.h"
#include "base/log.h"
#include "feature/feature.h"
#include "feature/log/log_sql.h"
#include <pthread.h>

enum { DROP_LINES = 5000, DROP_BLOCKS = 100, PAGE = 256 };

/* ---- ids of streams ----
 * A bounded memory: sets of four, the oldest goes. What is in it was durable when it was put there; a stream
 * that another node dropped since is found out by its foreign key. */

enum { SETS = 1024, WAYS = 4 };
static struct known {
    char name[LOG_STREAM_MAX];
    size_t n;
    i64 id;
} memory[SETS][WAYS];
static unsigned turn[SETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct known *find(size_t set, str name)
{
    for (size_t i = 0; i < WAYS; i++) {
        struct known *k = &memory[set][i];
        if (k->n == name.n && k->n && !memcmp(k->name, name.p, name.n)) return k;
    }
    return NULL;
}
static i64 recall(str name)
{
    size_t set = str_hash(name) % SETS;
    pthread_mutex_lock(&lock);
    const struct known *k = find(set, name);
    i64 id = k ? k->id : 0;
    pthread_mutex_unlock(&lock);
    return id;
}
static void forget(str name)
{
    size_t set = str_hash(name) % SETS;
    pthread_mutex_lock(&lock);
    struct known *k = find(set, name);
    if (k) k->n = 0;
    pthread_mutex_unlock(&lock);
}

static void keep(void *arg)
{
    struct known *made = arg;
    str name = { made->name, made->n };
    size_t set = str_hash(name) % SETS;
    pthread_mutex_lock(&lock);
    struct known *k = find(set, name);
    if (!k) k = &memory[set][turn[set]++ % WAYS];
    *k = *made;
    pthread_mutex_unlock(&lock);
    mem_free(made);
}

static err_t start(struct op *op UNUSED)
{
    pthread_mutex_lock(&lock);
    memset(memory, 0, sizeof memory); /* another database's */
    pthread_mutex_unlock(&lock);
    return OK;
}

static err_t stream_id(struct op *op, str name, i64 *id)
{
    *id = recall(name);
    if (*id) return OK;
    if (!name.n || name.n > LOG_STREAM_MAX) bug("a stream's name of %zu bytes", name.n);
    TRY(log_sql_stream_make(op, name, id));
    struct known *k = MEM_NEW(struct known);
    k->n = name.n;
    k->id = *id;
    memcpy(k->name, name.p, name.n);
    db_after_commit(op, keep, k);
    return OK;
}

/* ---- writing ---- */

static err_t insert(struct op *op, i64 id, const struct log_line *line, size_t n, i64 *seq)
{
    if (!seq) return log_sql_insert(op, id, line, n);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    for (size_t i = 0; i < n; i++) TRY(log_sql_insert_one(op, id, &line[i], &seq[i]));
    return db_commit(&tx);
}

err_t log_append(struct op *op, str stream, const struct log_line *line, size_t n, i64 *seq)
{
    i64 id;
    if (!n) return OK;
    TRY(stream_id(op, stream, &id));
    err_t e = insert(op, id, line, n, seq);
    if (e == ERR_CONFLICT) forget(stream);
    return e;
}

err_t log_drop(struct op *op, str stream, bool *more)
{
    i64 id, n;
    *more = false;
    TRY(log_sql_stream(op, stream, &id));
    if (!id) return OK;
    *more = true;
    TRY(log_sql_drop_rows(op, id, DROP_LINES, &n));
    if (n) return OK;
    TRY(log_sql_drop_blocks(op, id, DROP_BLOCKS, &n));
    if (n) return OK;
    forget(stream);
    TRY(log_sql_stream_drop(op, id));
    *more = false;
    return OK;
}

err_t log_drop_before(struct op *op, time_us before, bool *more)
{
    i64 rows, blocks;
    TRY(log_sql_drop_rows_before(op, before, DROP_LINES, &rows));
    TRY(log_sql_drop_blocks_before(op, before, DROP_BLOCKS, &blocks));
    *more = rows == DROP_LINES || blocks == DROP_BLOCKS;
    return OK;
}

/* ---- sealing ---- */

/* The stream's oldest lines that make a block: *n of them. */
static err_t gather(struct op *op, i64 id, struct log_line *line, size_t *n)
{
    size_t bytes = 0;
    *n = 0;
    while (*n < LOG_BLOCK_LINES) {
        log_lines page = { 0 };
        TRY(log_sql_oldest(op, id, *n ? &line[*n - 1] : NULL, PAGE, &page));
        for (size_t i = 0; i < page.n && *n < LOG_BLOCK_LINES; i++) {
            bytes += page.item[i].text.n + page.item[i].data.s.n;
            if (*n && bytes > LOG_BLOCK_BYTES) return OK;
            line[(*n)++] = page.item[i];
        }
        if (page.n < PAGE) return OK;
    }
    return OK;
}

/* One block of the stream, in an operation of its own: reading and packing hold nobody up, and only the
 * exchange of rows for the block is a transaction. */
static err_t seal_one(struct op *op, i64 id, size_t *sealed)
{
    AUTO(arena) struct arena a = { 0 };
    struct op own = { .arena = &a, .ports = op->ports, .who = op->who, .id = op->id };
    struct log_line *line = NEWN(&a, struct log_line, LOG_BLOCK_LINES);
    struct log_packed packed;
    size_t n;
    bool done = false;
    *sealed = 0;
    err_t e = gather(&own, id, line, &n);
    if (!e && n) e = log_pack(&own, line, n, &packed);
    if (!e && n) e = log_sql_seal(&own, id, &line[0], &line[n - 1], (i64)n, &packed, &done);
    if (!e) e = db_flush(&own);
    if (e) return fail_detail(op, e, "sealing log lines: %.*s", STR(own.err.msg));
    *sealed = done ? n : 0;
    return OK;
}

err_t log_seal(struct op *op, i64 most_us)
{
    i64 until = time_mono_us() + most_us;
    log_ripes ripe = { 0 };
    TRY(log_sql_ripe(op, LOG_BLOCK_LINES, &ripe));
    for (size_t i = 0; i < ripe.n; i++)
        for (i64 left = ripe.item[i].lines; left >= LOG_BLOCK_LINES;) {
            size_t n;
            if (time_mono_us() > until) return OK;
            TRY(seal_one(op, ripe.item[i].stream_id, &n));
            if (!n) break; /* a late line came between: next time */
            left -= (i64)n;
        }
    return OK;
}

/* Looking for ripe streams reads the index of all rows: it takes a fiftieth of the time at most. */
static err_t seal_job(struct op *op)
{
    static _Atomic i64 next;
    i64 now = time_mono_us();
    if (now < next) return OK;
    TRY(log_seal(op, SEC(20)));
    next = now + MIN(50 * (time_mono_us() - now), SEC(300));
    return OK;
}

static const struct job jobs[] = {
    { "log.seal", SEC(3), seal_job, "Seal log lines into compressed blocks." },
};
extern const struct migration migrations_log[];
extern const size_t nmigrations_log;
const struct feature log_feature = {
    .name = "log",
    .doc = "Logs and events: lines of streams, their search.",
    .jobs = jobs,
    .njobs = LEN(jobs),
    .migrations = migrations_log,
    .nmigrations = &nmigrations_log,
    .start = start,
};
