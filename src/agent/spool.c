#include "agent/spool.h"
#include "base/fs.h"
#include "base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { MAGIC = 0x31707362, BODY_MAX = 16 << 20 };
struct head {
    u32 magic, crc; /* of all that follows, in head and body */
    i64 seq;
    uuid unit;
    u64 told[SHIM_LOGS];
    u32 count, status_bytes, body_bytes, pad;
};
static_assert(sizeof(struct head) == 72, "stored");

struct segment {
    i64 first, last; /* numbers of its entries */
    i64 bytes;
    bool reduced; /* has lost its telemetry */
};
struct about {
    uuid unit;
    u64 told[SHIM_LOGS];
    u64 lost;
};
struct spool {
    char dir[512];
    uuid epoch;
    i64 base; /* number in files minus number on the wire: entries are never rewritten for a new epoch */
    time_us since;
    i64 limit, bytes;
    i64 acked, synced, last; /* as in files */
    struct segment *segment;
    size_t n, cap;
    int fd; /* of the last segment */
    struct about *about;
    size_t nabout, about_cap;
    size_t read_segment; /* where the entry behind read_seq stands */
    i64 read_at, read_seq;
};

/* ---- its own file ---- */

struct spool_file {
    uuid epoch;
    i64 base, acked;
    time_us since;
    LIST(struct told) told;
};
struct told {
    uuid unit_id;
    i64 out, metrics, events, lost;
};
#define D struct told
static const struct field told_fields[] = {
    { F(unit_id), .flags = REQUIRED, .doc = "Unit." },
    { F(out), .doc = "Bytes of its output that are told." },
    { F(metrics), .doc = "Bytes of its metrics that are told." },
    { F(events), .doc = "Bytes of its events that are told." },
    { F(lost), .doc = "Records dropped and not yet told." },
};
#undef D
static DESC(told);
#define D struct spool_file
static const struct field spool_file_fields[] = {
    { F(epoch), .flags = REQUIRED, .doc = "Life of the numbers." },
    { F(base), .doc = "Difference of numbers in files and on the wire." },
    { F(acked), .doc = "Number up to which the server has all." },
    { F(since), .doc = "When the spool was made." },
    { F_LIST(told, &told_desc), .max = 100000, .doc = "How far logs are told." },
};
#undef D
static DESC(spool_file);

static str path_of(struct op *op, const struct spool *s, const char *name)
{
    return arena_printf(op->arena, "%s/%s", s->dir, name);
}

static str segment_path(struct op *op, const struct spool *s, i64 first)
{
    return arena_printf(op->arena, "%s/%019lld.seg", s->dir, (long long)first);
}

static err_t write_file(struct spool *s, struct op *op)
{
    struct buf b = BUF(op->arena);
    struct spool_file f = { .epoch = s->epoch, .base = s->base, .acked = s->acked, .since = s->since };
    f.told.item = NEWN(op->arena, struct told, s->nabout + 1);
    f.told.n = s->nabout;
    for (size_t i = 0; i < s->nabout; i++) {
        const struct about *a = &s->about[i];
        f.told.item[i] = (struct told){ a->unit, (i64)a->told[SHIM_LOG_OUT], (i64)a->told[SHIM_LOG_METRICS],
                                        (i64)a->told[SHIM_LOG_EVENTS], (i64)a->lost };
    }
    desc_write(&b, &spool_file_desc, &f);
    return fs_replace(op, path_of(op, s, "spool.json").p, buf_str(&b), 0600);
}

/* ---- what is known of units ---- */

static struct about *about(struct spool *s, uuid unit, bool make)
{
    for (size_t i = 0; i < s->nabout; i++)
        if (uuid_eq(s->about[i].unit, unit)) return &s->about[i];
    if (!make) return NULL;
    if (s->nabout == s->about_cap)
        s->about = mem_resize(s->about, (s->about_cap = s->about_cap * 2 + 8) * sizeof *s->about);
    s->about[s->nabout] = (struct about){ .unit = unit };
    return &s->about[s->nabout++];
}

bool spool_told(const struct spool *s, uuid unit, u64 out[static SHIM_LOGS])
{
    for (size_t i = 0; i < s->nabout; i++)
        if (uuid_eq(s->about[i].unit, unit)) {
            memcpy(out, s->about[i].told, sizeof s->about[i].told);
            return true;
        }
    return false;
}

void spool_forget(struct spool *s, uuid unit)
{
    struct about *a = about(s, unit, false);
    if (a) *a = s->about[--s->nabout];
}

u64 spool_take_lost(struct spool *s, uuid unit)
{
    struct about *a = about(s, unit, false);
    u64 n = a ? a->lost : 0;
    if (a) a->lost = 0;
    return n;
}

uuid spool_epoch(const struct spool *s) { return s->epoch; }
i64 spool_acked_seq(const struct spool *s) { return s->acked - s->base; }
i64 spool_last_seq(const struct spool *s) { return s->last - s->base; }
i64 spool_bytes(const struct spool *s) { return s->bytes; }
time_us spool_since(const struct spool *s) { return s->since; }

/* ---- entries in files ---- */

static u32 sum_of(const struct head *h, const char *body)
{
    const u8 *from = (const u8 *)h + offsetof(struct head, seq);
    uLong c = crc32(0, from, sizeof *h - offsetof(struct head, seq));
    return (u32)crc32(c, (const u8 *)body, h->body_bytes);
}

/* The entry at `at`; false at the file's end and at what a crash left half written. */
static bool read_entry(struct arena *arena, int fd, i64 at, struct head *h, char **body)
{
    if (pread(fd, h, sizeof *h, at) != sizeof *h || h->magic != MAGIC || h->body_bytes > BODY_MAX ||
        h->status_bytes > h->body_bytes)
        return false;
    *body = arena_alloc_raw(arena, h->body_bytes + 1);
    return pread(fd, *body, h->body_bytes, at + (i64)sizeof *h) == (ssize_t)h->body_bytes &&
           sum_of(h, *body) == h->crc;
}

static i64 entry_bytes(const struct head *h) { return (i64)sizeof *h + h->body_bytes; }

static bool write_entry(int fd, struct head *h, const char *body)
{
    h->magic = MAGIC;
    h->crc = sum_of(h, body);
    return fs_write_all(fd, (str){ (const char *)h, sizeof *h }) &&
           fs_write_all(fd, (str){ body, h->body_bytes });
}

static struct segment *add_segment(struct spool *s, i64 first)
{
    if (s->n == s->cap) s->segment = mem_resize(s->segment, (s->cap = s->cap * 2 + 8) * sizeof *s->segment);
    s->segment[s->n] = (struct segment){ .first = first, .last = first - 1 };
    return &s->segment[s->n++];
}

static void learn(struct spool *s, const struct head *h)
{
    struct about *a = about(s, h->unit, true);
    memcpy(a->told, h->told, sizeof a->told);
}

/* ---- opening ---- */

static void scan_segment(struct spool *s, struct op *op, i64 first)
{
    const char *path = segment_path(op, s, first).p;
    AUTO(fd) int fd = open(path, O_RDWR | O_CLOEXEC);
    struct segment *g = add_segment(s, first);
    struct head h;
    for (;;) {
        struct arena scratch = { 0 };
        char *body;
        bool ok = fd >= 0 && read_entry(&scratch, fd, g->bytes, &h, &body) && h.seq == g->last + 1;
        arena_free(&scratch);
        if (!ok) break;
        g->last = h.seq;
        g->bytes += entry_bytes(&h);
        if (h.seq > s->acked) learn(s, &h);
    }
    struct stat st;
    if (fd >= 0 && !fstat(fd, &st) && st.st_size > g->bytes && ftruncate(fd, g->bytes))
        LOG_WARN("spool keeps a torn end", KV("file", path));
    /* A killed agent may not have come to it, and what is read here counts as safe. */
    if (fd >= 0 && g->last > s->acked && fdatasync(fd)) LOG_WARN("spool is not synced", KV("file", path));
    s->bytes += g->bytes;
    s->last = MAX(s->last, g->last);
}

static int by_number(const void *a, const void *b)
{
    i64 x = *(const i64 *)a, y = *(const i64 *)b;
    return x < y ? -1 : x > y;
}

static void scan(struct spool *s, struct op *op)
{
    enum { MANY = 4096 };
    i64 *first = NEWN(op->arena, i64, MANY);
    size_t n = 0;
    DIR *d = opendir(s->dir);
    for (struct dirent *x; d && n < MANY && (x = readdir(d));) {
        str name = str_of(x->d_name);
        if (str_ends(name, S(".seg")) && str_to_i64(str_head(name, name.n - 4), &first[n])) n++;
    }
    if (d) closedir(d);
    qsort(first, n, sizeof *first, by_number);
    for (size_t i = 0; i < n; i++) scan_segment(s, op, first[i]);
}

/* A spool without a readable file of its own is a new life: nobody can say what its numbers meant. */
static err_t begin_anew(struct spool *s, struct op *op)
{
    TRY(fs_remove_tree(op, s->dir));
    TRY(fs_make_dirs(op, s->dir, 0700));
    s->epoch = uuid_new();
    s->since = time_now();
    return write_file(s, op);
}

static err_t load(struct spool *s, struct op *op)
{
    str text;
    struct spool_file f;
    err_t e = fs_read(op, path_of(op, s, "spool.json").p, 64 << 20, &text);
    if (!e) e = desc_read(op, &spool_file_desc, text, &f);
    if (e) {
        op_clear(op);
        return begin_anew(s, op);
    }
    s->epoch = f.epoch;
    s->base = f.base;
    s->acked = s->last = f.acked;
    s->since = f.since;
    for (size_t i = 0; i < f.told.n; i++) {
        const struct told *t = &f.told.item[i];
        struct about *a = about(s, t->unit_id, true);
        a->told[SHIM_LOG_OUT] = (u64)t->out;
        a->told[SHIM_LOG_METRICS] = (u64)t->metrics;
        a->told[SHIM_LOG_EVENTS] = (u64)t->events;
        a->lost = (u64)t->lost;
    }
    scan(s, op);
    return OK;
}

err_t spool_open(struct op *op, const char *dir, i64 limit_bytes, struct spool **out)
{
    struct spool *s = MEM_NEW(struct spool);
    snprintf(s->dir, sizeof s->dir, "%s", dir);
    s->limit = limit_bytes ? limit_bytes : SPOOL_LIMIT_BYTES;
    s->fd = -1;
    err_t e = fs_make_dirs(op, dir, 0700);
    if (!e) e = load(s, op);
    s->synced = s->last;
    s->read_seq = -1;
    if (e) spool_close(s);
    else *out = s;
    return e;
}

void spool_close(struct spool *s)
{
    if (!s) return;
    if (s->fd >= 0) close(s->fd);
    mem_free(s->segment);
    mem_free(s->about);
    mem_free(s);
}

/* ---- adding ---- */

/* Takes the telemetry out of the oldest file that still has it. */
static err_t reduce(struct spool *s, struct op *op)
{
    size_t i = 0;
    while (i < s->n && s->segment[i].reduced) i++;
    if (i + 1 >= s->n) return OK; /* never the one that is written to */
    struct segment *g = &s->segment[i];
    const char *path = segment_path(op, s, g->first).p, *temp = path_of(op, s, "reduced.tmp").p;
    AUTO(fd) int from = open(path, O_RDONLY | O_CLOEXEC);
    AUTO(fd) int to = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    i64 at = 0, bytes = 0;
    struct head h;
    for (bool ok = from >= 0 && to >= 0; ok && at < g->bytes;) {
        struct arena scratch = { 0 };
        char *body;
        ok = read_entry(&scratch, from, at, &h, &body);
        if (ok) {
            at += entry_bytes(&h);
            about(s, h.unit, true)->lost += h.count;
            h.count = 0;
            h.body_bytes = h.status_bytes;
            bytes += entry_bytes(&h);
            ok = write_entry(to, &h, body);
        }
        arena_free(&scratch);
    }
    if (at != g->bytes || fdatasync(to) || rename(temp, path))
        return fail(op, ERR_UNAVAILABLE, "make room in the spool: %s", strerror(errno));
    s->bytes += bytes - g->bytes;
    g->bytes = bytes;
    g->reduced = true;
    s->read_seq = -1;
    return OK;
}

static err_t room(struct spool *s, struct op *op)
{
    struct segment *g = s->n ? &s->segment[s->n - 1] : NULL;
    if (s->fd >= 0 && g && g->bytes < SPOOL_SEGMENT_BYTES) return OK;
    TRY(spool_sync(s, op));
    if (s->fd >= 0) close(s->fd);
    s->fd =
        open(segment_path(op, s, s->last + 1).p, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (s->fd < 0) return fail(op, ERR_UNAVAILABLE, "spool: %s", strerror(errno));
    add_segment(s, s->last + 1);
    TRY(fs_sync_dir(op, s->dir));
    return s->bytes > s->limit ? reduce(s, op) : OK;
}

err_t spool_add(struct spool *s, struct op *op, struct spool_entry *e)
{
    TRY(room(s, op));
    struct segment *g = &s->segment[s->n - 1];
    struct buf body = BUF(op->arena);
    buf_put(&body, e->status);
    buf_put(&body, e->telemetry);
    struct head h = { .seq = s->last + 1,
                      .unit = e->unit,
                      .count = e->count,
                      .status_bytes = (u32)e->status.n,
                      .body_bytes = (u32)body.n };
    memcpy(h.told, e->told, sizeof h.told);
    if (!write_entry(s->fd, &h, body.n ? body.p : "")) {
        int why = errno;
        if (ftruncate(s->fd, g->bytes)) {
            close(s->fd);
            s->fd = -1; /* the next entry begins a new file; the torn end is cut when this one is read */
        }
        return fail(op, ERR_UNAVAILABLE, "spool: %s", strerror(why));
    }
    g->last = ++s->last;
    g->bytes += entry_bytes(&h);
    s->bytes += entry_bytes(&h);
    learn(s, &h);
    e->seq = s->last - s->base;
    return OK;
}

err_t spool_sync(struct spool *s, struct op *op)
{
    if (s->synced == s->last) return OK;
    if (s->fd >= 0 && fdatasync(s->fd))
        return fail(op, ERR_UNAVAILABLE, "sync the spool: %s", strerror(errno));
    s->synced = s->last;
    return OK;
}

/* ---- giving out ---- */

static bool locate(struct spool *s, i64 seq)
{
    if (s->read_seq == seq) return true;
    for (size_t i = 0; i < s->n; i++) {
        if (seq < s->segment[i].first || seq > s->segment[i].last) continue;
        s->read_segment = i;
        s->read_at = 0;
        s->read_seq = s->segment[i].first;
        return true;
    }
    return false;
}

/* From one file to the next as the numbers run. */
static bool at_next_segment(struct spool *s)
{
    while (s->read_segment < s->n && s->read_at >= s->segment[s->read_segment].bytes) {
        s->read_segment++;
        s->read_at = 0;
    }
    return s->read_segment < s->n;
}

bool spool_next(struct spool *s, struct arena *arena, i64 after, struct spool_entry *out)
{
    i64 seq = MAX(after + s->base, s->acked) + 1;
    if (seq > s->synced || !locate(s, seq)) return false;
    struct op op = { .arena = arena, .who = &principal_system };
    for (;;) {
        struct head h;
        char *body;
        if (!at_next_segment(s)) break;
        AUTO(fd)
        int fd = open(segment_path(&op, s, s->segment[s->read_segment].first).p, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || !read_entry(arena, fd, s->read_at, &h, &body)) break;
        s->read_at += entry_bytes(&h);
        s->read_seq = h.seq + 1;
        if (h.seq < seq) continue;
        *out = (struct spool_entry){ .seq = h.seq - s->base,
                                     .unit = h.unit,
                                     .count = h.count,
                                     .status = { body, h.status_bytes },
                                     .telemetry = { body + h.status_bytes, h.body_bytes - h.status_bytes } };
        memcpy(out->told, h.told, sizeof out->told);
        return true;
    }
    s->read_seq = -1;
    return false;
}

err_t spool_acked(struct spool *s, struct op *op, i64 seq)
{
    i64 upto = MIN(seq + s->base, s->last);
    if (upto <= s->acked) return OK;
    s->acked = upto;
    size_t gone = 0;
    while (gone < s->n && s->segment[gone].last <= upto && (gone + 1 < s->n || upto == s->last)) gone++;
    if (!gone) return OK;
    /* What the files said of the logs must be safe elsewhere before they go. */
    TRY(write_file(s, op));
    for (size_t i = 0; i < gone; i++) {
        if (unlink(segment_path(op, s, s->segment[i].first).p) && errno != ENOENT)
            return fail(op, ERR_UNAVAILABLE, "empty the spool: %s", strerror(errno));
        s->bytes -= s->segment[i].bytes;
    }
    if (gone == s->n && s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
    memmove(s->segment, s->segment + gone, (s->n -= gone) * sizeof *s->segment);
    s->read_seq = -1;
    return OK;
}

err_t spool_renumber(struct spool *s, struct op *op)
{
    s->epoch = uuid_new();
    s->base = s->acked;
    return write_file(s, op);
}
