#include "agent/log_reader.h"
#include "base/fs.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANY = 4096 };

static int open_part(const struct log_reader *r, u32 segment, const char *suffix)
{
    char file[SEGMENT_NAME];
    segment_name(file, r->name, segment, suffix);
    return openat(r->dir, file, O_RDONLY | O_CLOEXEC);
}

/* Opens file number `segment`, 0 for the current one. Both parts may be renamed meanwhile: then their heads
 * disagree with what is wanted, and the caller looks again. */
static bool open_segment(struct log_reader *r, u32 segment)
{
    struct log_mark head;
    reader_close(r);
    r->log = open_part(r, segment, "log");
    r->idx = open_part(r, segment, "idx");
    if (r->log < 0 || r->idx < 0 || pread(r->idx, &head, sizeof head, 0) != sizeof head ||
        !(head.flags & MARK_HEAD))
        return false;
    r->current = !segment;
    r->segment = head.segment;
    r->base = head.offset;
    r->mark = head;
    r->at = r->n = r->ahead_at = r->ahead_n = 0;
    r->marks = 1;
    return true;
}

void reader_close(struct log_reader *r)
{
    if (r->log >= 0) close(r->log);
    if (r->idx >= 0) close(r->idx);
    r->log = r->idx = -1;
}

/* ---- marks ---- */

static const struct log_mark *next_mark(struct log_reader *r)
{
    if (r->ahead_at == r->ahead_n) {
        ssize_t n = pread(r->idx, r->ahead, sizeof r->ahead, (off_t)(r->marks * sizeof(struct log_mark)));
        r->ahead_at = 0;
        r->ahead_n = n > 0 ? (size_t)n / sizeof(struct log_mark) : 0;
        if (!r->ahead_n) return NULL;
    }
    return &r->ahead[r->ahead_at];
}

static void marks_upto(struct log_reader *r, u64 offset)
{
    for (const struct log_mark *m; (m = next_mark(r)) && m->offset <= offset; r->ahead_at++, r->marks++)
        r->mark = *m;
}

/* ---- positions ---- */

static u64 lines_between(const struct log_reader *r, u64 from, u64 to)
{
    char part[16384];
    u64 lines = 0;
    while (from < to) {
        ssize_t n = pread(r->log, part, MIN(sizeof part, to - from), (off_t)(from - r->base));
        if (n <= 0) break;
        lines += count_lines(part, (size_t)n);
        from += (u64)n;
    }
    return lines;
}

static void place(struct log_reader *r, u64 offset)
{
    r->offset = MAX(offset, r->base);
    marks_upto(r, r->offset);
    r->line = r->mark.line + lines_between(r, r->mark.offset, r->offset);
}

static struct log_reader reader_of(int dir, const char *name, char *buf)
{
    return (struct log_reader){ .dir = dir, .name = name, .log = -1, .idx = -1, .buf = buf };
}

bool reader_open(struct log_reader *r, int dir, const char *name, char buf[static READER_BYTES], u64 offset)
{
    u32 have[MANY];
    struct log_mark head;
    *r = reader_of(dir, name, buf);
    if (segment_head(dir, name, 0, &head) && head.offset <= offset) {
        if (open_segment(r, 0) && r->base <= offset) {
            place(r, offset);
            return true;
        }
    }
    size_t n = segment_list(dir, name, have, MANY), at = 0;
    for (size_t i = 0; i < n; i++)
        if (segment_head(dir, name, have[i], &head) && head.offset <= offset) at = i;
    if (!(n ? open_segment(r, have[at]) || open_segment(r, 0) : open_segment(r, 0))) return false;
    place(r, offset);
    return true;
}

/* Where the n-th line from the end of the open file begins; *n is what is still wanted of older files. */
static u64 back_from_end(struct log_reader *r, i64 *n)
{
    struct stat st;
    char part[16384];
    if (fstat(r->log, &st)) return r->base;
    if (!*n) return r->base + (u64)st.st_size;
    i64 end = st.st_size;
    bool last = true; /* the newline at the very end closes a line, it does not begin one */
    for (i64 at = end; at > 0;) {
        size_t k = (size_t)MIN(at, (i64)sizeof part);
        if (pread(r->log, part, k, at - (i64)k) != (ssize_t)k) break;
        for (size_t i = k; i-- > 0;) {
            if (part[i] != '\n') {
                if (last) --*n; /* an unfinished last line counts */
                last = false;
                continue;
            }
            if (!last && *n <= 0) return r->base + (u64)(at - (i64)k) + i + 1;
            if (last || *n > 0) --*n;
            last = false;
        }
        at -= (i64)k;
    }
    return r->base;
}

bool reader_open_last(struct log_reader *r, int dir, const char *name, char buf[static READER_BYTES],
                      i64 lines)
{
    u32 have[MANY];
    *r = reader_of(dir, name, buf);
    size_t n = segment_list(dir, name, have, MANY);
    bool any = false;
    u64 from = 0;
    for (i64 left = lines; left >= 0;) {
        if (open_segment(r, any ? have[n - 1] : 0)) from = back_from_end(r, &left);
        if (any) n--;
        any = true;
        if (left <= 0 || !n) break;
    }
    reader_close(r);
    return reader_open(r, dir, name, buf, lines < 0 ? 0 : from);
}

/* ---- lines ---- */

static bool fill(struct log_reader *r)
{
    if (r->at) memmove(r->buf, r->buf + r->at, r->n -= r->at);
    r->at = 0;
    u64 behind = r->offset - r->base + r->n;
    ssize_t n = pread(r->log, r->buf + r->n, READER_BYTES - r->n, (off_t)behind);
    if (n > 0) r->n += (size_t)n;
    return n > 0;
}

/* At the end of a full file, on to the next. What is left without a newline was given out before. */
static bool advance(struct log_reader *r)
{
    struct log_mark head;
    if (r->current && (!segment_head(r->dir, r->name, 0, &head) || head.segment == r->segment)) return false;
    if (fill(r)) return true; /* written between our last read and the rotation */
    u32 want = r->segment + 1;
    u64 line = r->line;
    if (!open_segment(r, want) && (!open_segment(r, 0) || r->segment != want)) {
        /* Removed before we came to it: on with the oldest there is. */
        u32 have[MANY];
        size_t n = segment_list(r->dir, r->name, have, MANY), i = 0;
        while (i < n && have[i] < want) i++;
        if (!open_segment(r, i < n ? have[i] : 0)) return false;
    }
    r->offset = r->base;
    r->line = MAX(r->mark.line, line);
    return true;
}

static bool give(struct log_reader *r, size_t length, size_t taken, struct log_line *out)
{
    marks_upto(r, r->offset);
    str text = { r->buf + r->at, length };
    if (text.n && text.p[text.n - 1] == '\r') text.n--;
    *out = (struct log_line){
        .number = r->line + 1, .time = { r->mark.time_us }, .stream = r->mark.stream, .text = text
    };
    r->line += taken > length;
    r->at += taken;
    r->offset += taken;
    return true;
}

bool reader_next(struct log_reader *r, bool rest, struct log_line *out)
{
    for (;;) {
        const char *from = r->buf + r->at, *end = memchr(from, '\n', r->n - r->at);
        if (end) return give(r, (size_t)(end - from), (size_t)(end - from) + 1, out);
        if (r->n - r->at == READER_BYTES)
            return give(r, READER_BYTES, READER_BYTES, out); /* a piece of a huge line */
        if (r->log < 0) return false;
        if (fill(r)) continue;
        if (r->n > r->at && (rest || !r->current)) return give(r, r->n - r->at, r->n - r->at, out);
        if (!advance(r)) return false;
    }
}

/* Behind the last newline: a batch that is just being written may show up to any byte of it. */
static u64 end_of_lines(const struct log_reader *r)
{
    char part[16384];
    struct stat st;
    if (fstat(r->log, &st)) return r->offset;
    for (u64 end = r->base + (u64)st.st_size; end > r->offset;) {
        size_t n = (size_t)MIN(end - r->offset, (u64)sizeof part);
        if (pread(r->log, part, n, (off_t)(end - n - r->base)) != (ssize_t)n) break;
        const char *last = memrchr(part, '\n', n);
        if (last) return end - n + (u64)(last - part) + 1;
        end -= n;
    }
    return r->offset;
}

void reader_skip(struct log_reader *r, i64 from_us)
{
    for (;;) {
        const struct log_mark *m;
        marks_upto(r, r->offset);
        while ((m = next_mark(r)) && (m->time_us < from_us || m->offset < r->offset)) {
            r->mark = *m;
            r->ahead_at++;
            r->marks++;
        }
        u64 end = m ? m->offset : end_of_lines(r);
        r->line = MAX(r->line, r->mark.line + lines_between(r, r->mark.offset, end));
        r->offset = end;
        r->at = r->n = 0;
        if (m || !advance(r)) return;
    }
}
