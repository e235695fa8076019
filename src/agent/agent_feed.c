/* From a unit's files to the spool. Reading goes at its own pace: a unit that writes faster than its rate is
 * measured by the times of its lines, not by ours, so what it wrote at a bearable rate while we were away is
 * told in full, and of a flood a second's worth each second; the rest is skipped by the index, counted to the
 * line, and told as an event. */
#include "agent/agent_impl.h"
#include "agent/log_reader.h"
#include "agent/spool.h"
#include "agent/unit_text.h"
#include "base/fs.h"
#include "base/log.h"
#include <fcntl.h>
#include <unistd.h>

enum {
    ENTRY_RECORDS = 1000,
    ENTRY_BYTES = 256 << 10,
    SKIP_US = 100000, /* of a flood, at a time */
    RETRY_US = 1000000,
    FLOOD_US = 200000, /* between entries of a unit that floods */
};
static char reading[READER_BYTES];

void feed_begin(struct spool *s, struct unit *u)
{
    struct feed *f = &u->feed;
    if (f->known) return;
    /* What was written before there was anybody to tell is history. */
    if (!spool_told(s, u->id, f->told) && u->created_at.us < spool_since(s).us)
        memcpy(f->told, u->state.log_end, sizeof f->told);
    struct op op = { .arena = &(struct arena){ 0 }, .who = &principal_system };
    struct unit_file file;
    bool read = !unit_file_read(&op, u->dir, &file);
    f->rate = read ? file.spec.entry.logs.rate : 1000;
    f->memory_max = read ? file.spec.entry.resources.memory_max : 0;
    arena_free(op.arena);
    f->tokens = (double)f->rate;
    f->known = f->due = true;
}

static void put_record(struct buf *b, const struct telemetry *t)
{
    if (b->n) buf_char(b, ',');
    buf_put(b, S("{\"telemetry\":"));
    desc_write(b, &telemetry_desc, t);
    buf_char(b, '}');
}

struct batch {
    struct unit *unit;
    struct op *op;
    struct buf text;
    u32 n;
    i64 newest_us;
};

static void put_event(struct batch *b, int level, const char *event, const char *what, u64 n)
{
    struct arena *a = b->op->arena;
    struct telemetry t = {
        .unit_id = b->unit->id,
        .telemetry_type = TELEMETRY_EVENT,
        .level = level,
        .timestamp = time_now(),
        .message = arena_printf(a, "%llu %s", (unsigned long long)n, what),
        .data = { arena_printf(a, "{\"event\":\"%s\",\"lines\":%llu}", event, (unsigned long long)n) },
    };
    put_record(&b->text, &t);
    b->n++;
}

/* One line of any of the logs. */
static void put_line(struct batch *b, int log, const struct log_line *line)
{
    struct telemetry t = { 0 };
    if (log == SHIM_LOG_OUT) unit_log_line(b->op->arena, line, &t);
    else if (log == SHIM_LOG_METRICS) {
        if (unit_metric_line(b->op, line->text, line->time, &t)) {
            t = (struct telemetry){ .telemetry_type = TELEMETRY_ERROR,
                                    .level = LEVEL_WARN,
                                    .timestamp = line->time };
            t.message = arena_printf(b->op->arena, "metric not understood: %.*s: %.*s", STR(b->op->err.msg),
                                     STR(str_head(line->text, 200)));
            op_clear(b->op);
        }
    } else if (desc_read_answer(b->op, &telemetry_desc, line->text, &t)) {
        op_clear(b->op); /* an event that a full disk cut short */
        return;
    }
    t.unit_id = b->unit->id;
    put_record(&b->text, &t);
    b->n++;
}

static bool take_token(struct feed *f, i64 at_us)
{
    if (at_us > f->bucket_us) {
        f->tokens += (double)(at_us - f->bucket_us) * (double)f->rate / 1e6;
        f->tokens = MIN(f->tokens, (double)f->rate);
        f->bucket_us = at_us;
    }
    if (f->tokens < 1) return false;
    f->tokens -= 1;
    return true;
}

static bool full(const struct batch *b) { return b->n >= ENTRY_RECORDS || b->text.n >= ENTRY_BYTES; }

static void read_log(struct batch *b, int dir, int log)
{
    struct feed *f = &b->unit->feed;
    struct log_reader r;
    struct log_line line;
    if (!reader_open(&r, dir, shim_logs[log], reading, f->told[log])) return;
    u64 from = r.offset;
    while (!full(b) && reader_next(&r, false, &line)) {
        bool free = log != SHIM_LOG_OUT || f->rate <= 0 || take_token(f, line.time.us);
        if (free) {
            if (f->dropped)
                put_event(b, LEVEL_WARN, "log_dropped", "lines were dropped: over the rate", f->dropped);
            f->dropped = 0;
            put_line(b, log, &line);
        } else {
            u64 at = line.number - 1;
            reader_skip(&r, line.time.us + SKIP_US);
            f->dropped += r.line - at;
        }
    }
    if (r.offset < from) r.offset = from;
    f->told[log] = r.offset;
    reader_close(&r);
}

static bool add(struct spool *s, struct op *op, struct unit *u, str status, str telemetry, u32 count)
{
    struct spool_entry e = { .unit = u->id, .status = status, .telemetry = telemetry, .count = count };
    memcpy(e.told, u->feed.told, sizeof e.told);
    if (!spool_add(s, op, &e)) return true;
    LOG_WARN("spool", KV("why", op->err.msg));
    op_clear(op);
    return false;
}

bool feed_step(struct spool *s, struct op *op, struct unit *u, i64 now)
{
    struct feed *f = &u->feed;
    u64 was[SHIM_LOGS], dropped = f->dropped;
    if (!f->known || !f->due || now < f->next_us) return false;
    struct batch b = { .unit = u, .op = op, .text = BUF(op->arena) };
    const char *path = arena_printf(op->arena, "%s/logs", u->dir).p;
    AUTO(fd) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memcpy(was, f->told, sizeof was);
    u64 lost = spool_take_lost(s, u->id);
    if (lost) put_event(&b, LEVEL_WARN, "telemetry_lost", "records were dropped: the spool was full", lost);
    for (int i = SHIM_LOGS; dir >= 0 && i-- > 0;) read_log(&b, dir, i);
    bool more = full(&b);
    /* In the entry that passes over them, so that a crash can neither forget nor repeat the count. */
    if (f->dropped) {
        put_event(&b, LEVEL_WARN, "log_dropped", "lines were dropped: over the rate", f->dropped);
        f->dropped = 0;
        f->next_us = now + FLOOD_US;
    }
    if (!b.n && !memcmp(was, f->told, sizeof was)) {
        f->due = false;
        return false;
    }
    if (!add(s, op, u, (str){ 0 }, buf_str(&b.text), b.n)) {
        /* The files keep what the spool could not take. */
        memcpy(f->told, was, sizeof was);
        f->dropped = dropped;
        f->next_us = now + RETRY_US;
        return false;
    }
    f->due = more;
    return true;
}

void feed_wire_unit(const struct unit *u, struct arena *arena, struct wire_unit *out)
{
    struct local_unit l;
    api_describe(u, arena, &l);
    *out = (struct wire_unit){
        .unit_id = l.unit_id,
        .name = l.name,
        .package_name = l.package_name,
        .version = l.version,
        .status = l.status,
        .pid = l.pid,
        .port = l.port,
        .restarts = l.restarts,
        .exit_code = l.exit_code,
        .started_at = l.started_at,
        .stopped_at = l.stopped_at,
        .cpu_percent = l.cpu_percent,
        .rss_bytes = l.rss_bytes,
        .vsz_bytes = l.vsz_bytes,
        .threads = l.threads,
        .open_files = l.open_files,
        .read_bytes = l.read_bytes,
        .written_bytes = l.written_bytes,
        .memory_limit_bytes = u->feed.memory_max,
        .reason = l.reason,
        .at = time_now(),
    };
}

void feed_status(struct spool *s, struct op *op, struct unit *u)
{
    struct wire_unit w;
    struct buf b = BUF(op->arena);
    feed_wire_unit(u, op->arena, &w);
    buf_put(&b, S("{\"unit\":"));
    desc_write(&b, &wire_unit_desc, &w);
    buf_char(&b, '}');
    add(s, op, u, buf_str(&b), (str){ 0 }, 0);
}

void feed_figures(struct spool *s, struct op *op, struct unit *u)
{
    const struct figures *f = &u->now;
    struct buf b = BUF(op->arena), data = BUF(op->arena);
    buf_printf(&data, "{\"cpu_percent\":%.2f,\"rss_bytes\":%lld,\"vsz_bytes\":%lld,\"threads\":%lld",
               f->cpu_percent, (long long)f->rss_bytes, (long long)f->vsz_bytes, (long long)f->threads);
    buf_printf(&data, ",\"open_files\":%lld,\"read_bytes\":%lld,\"written_bytes\":%lld",
               (long long)f->open_files, (long long)f->read_bytes, (long long)f->written_bytes);
    if (f->gpu)
        buf_printf(&data, ",\"gpu_percent\":%.1f,\"gpu_memory_bytes\":%lld", f->gpu_percent,
                   (long long)f->gpu_memory_bytes);
    buf_char(&data, '}');
    struct telemetry t = { .unit_id = u->id,
                           .telemetry_type = TELEMETRY_METRIC,
                           .message = S("process"),
                           .timestamp = time_now(),
                           .data = { buf_str(&data) } };
    put_record(&b, &t);
    add(s, op, u, (str){ 0 }, buf_str(&b), 1);
}
