#include "feature/log/log_block.h"
#include "base/log.h"
#include <zstd.h>

enum { VERSION = 1, LEVEL = 3, ABSENT = 1 << 5 };

/* ---- writing ---- */

static void put_u64(struct buf *b, u64 v)
{
    for (; v >= 0x80; v >>= 7) buf_char(b, (char)(v | 0x80));
    buf_char(b, (char)v);
}
/* Wraps round for times at the two ends of time, and so does reading. */
static i64 distance(i64 to, i64 from) { return (i64)((u64)to - (u64)from); }

static void put_i64(struct buf *b, i64 v) { put_u64(b, (u64)v << 1 ^ (u64)(v >> 63)); }

static err_t compress(struct op *op, str raw, str *out)
{
    size_t room = ZSTD_compressBound(raw.n);
    char *p = arena_alloc_raw(op->arena, room + 1);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    if (!c) bug("no memory for a compressor");
    ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(c, p + 1, room, raw.p, raw.n);
    ZSTD_freeCCtx(c);
    if (ZSTD_isError(n)) return fail_detail(op, ERR_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    p[0] = VERSION;
    *out = (str){ p, n + 1 };
    return OK;
}

/* The texts one after the other, folded. */
static str fold_all(struct arena *a, str raw)
{
    char *p = arena_alloc_raw(a, raw.n + 1);
    log_fold(raw.p, raw.n, p);
    return (str){ p, raw.n };
}

/* A Cyrillic capital may keep its first byte and differ in the second. */
static bool capital_at(str raw, str folded, size_t i)
{
    if (raw.p[i] != folded.p[i]) return true;
    return (u8)raw.p[i] == 0xd0 && i + 1 < raw.n && (u8)raw.p[i + 1] >= 0x80 &&
           raw.p[i + 1] != folded.p[i + 1];
}

static void put_capitals(struct buf *b, str raw, str folded)
{
    size_t n = 0, last = 0;
    struct buf places = BUF(b->arena);
    for (size_t i = 0; i < raw.n; i++) {
        if (!capital_at(raw, folded, i)) continue;
        put_u64(&places, i - last);
        last = i;
        n++;
        if ((u8)raw.p[i] == 0xd0) i++;
    }
    put_u64(b, n);
    buf_put(b, buf_str(&places));
}

static str columns(struct op *op, const struct log_line *line, size_t n, str raw, str folded)
{
    struct buf b = BUF(op->arena);
    put_u64(&b, n);
    for (size_t i = 0; i < n; i++) put_i64(&b, distance(line[i].at.us, i ? line[i - 1].at.us : 0));
    for (size_t i = 0; i < n; i++) put_i64(&b, distance(line[i].seq, i ? line[i - 1].seq : 0));
    for (size_t i = 0; i < n; i++)
        buf_char(&b, (char)(line[i].level | line[i].kind << 3 | (line[i].text.p ? 0 : ABSENT)));
    put_capitals(&b, raw, folded);
    for (size_t i = 0; i < n; i++) put_u64(&b, line[i].data.s.p ? line[i].data.s.n + 1 : 0);
    for (size_t i = 0; i < n; i++) buf_put(&b, line[i].data.s);
    return buf_str(&b);
}

err_t log_pack(struct op *op, const struct log_line *line, size_t n, struct log_packed *out)
{
    struct log_packed p = { 0 };
    struct buf raw = BUF(op->arena);
    for (size_t i = 0; i < n; i++) {
        if (line[i].kind < 0 || line[i].kind > LOG_ERROR || line[i].level < 0 || line[i].level > 7)
            bug("a line of kind %d, level %d", line[i].kind, line[i].level);
        if (line[i].text.n && memchr(line[i].text.p, 0, line[i].text.n))
            return fail_field(op, "text", "has U+0000");
        buf_put(&raw, line[i].text);
        buf_char(&raw, 0);
        p.kinds |= 1u << line[i].kind;
        p.level = MAX(p.level, line[i].level);
    }
    str folded = fold_all(op->arena, buf_str(&raw)), rest = columns(op, line, n, buf_str(&raw), folded);
    if (!n || n > LOG_BLOCK_LINES || folded.n > LOG_PART_MAX || rest.n > LOG_PART_MAX)
        return fail(op, ERR_LIMIT, "too much for a block");
    TRY(compress(op, folded, &p.text));
    TRY(compress(op, rest, &p.rest));
    p.filter = log_filter_make(op->arena, folded);
    *out = p;
    return OK;
}

/* ---- reading ---- */

static err_t damaged(struct op *op, struct log_room *r, const char *what)
{
    r->damaged = true;
    return fail_detail(op, ERR_INTERNAL, "a block of log lines is damaged: %s", what);
}

static err_t frame_size(struct op *op, struct log_room *room, str packed, size_t *n)
{
    if (!packed.n || packed.p[0] != VERSION) return damaged(op, room, "unknown version");
    unsigned long long size = ZSTD_getFrameContentSize(packed.p + 1, packed.n - 1);
    if (size == ZSTD_CONTENTSIZE_ERROR || size > LOG_PART_MAX) return damaged(op, room, "size");
    *n = (size_t)size;
    return OK;
}

void log_room_done(struct log_room *r)
{
    ZSTD_freeDCtx(r->context);
    mem_free(r->text);
}

static err_t expand(struct op *op, struct log_room *room, str packed, char *to, size_t n)
{
    if (!room->context && !(room->context = ZSTD_createDCtx())) bug("no memory for a decompressor");
    size_t got = ZSTD_decompressDCtx(room->context, to, n, packed.p + 1, packed.n - 1);
    if (ZSTD_isError(got)) return damaged(op, room, ZSTD_getErrorName(got));
    return got == n ? OK : damaged(op, room, "length");
}

err_t log_text_open(struct op *op, struct log_room *room, str packed, str *folded)
{
    size_t n = 0;
    TRY(frame_size(op, room, packed, &n));
    if (!room->text) room->text = mem_alloc(LOG_PART_MAX);
    TRY(expand(op, room, packed, room->text, n));
    if (!n || room->text[n - 1]) return damaged(op, room, "the last line does not end");
    *folded = (str){ room->text, n };
    return OK;
}

struct reader {
    const u8 *p, *end;
    bool bad;
    struct log_room *room;
};
static u64 get_u64(struct reader *r)
{
    u64 v = 0;
    for (unsigned shift = 0; r->p < r->end && shift < 64; shift += 7) {
        u8 c = *r->p++;
        v |= (u64)(c & 0x7f) << shift;
        if (c < 0x80) return v;
    }
    r->bad = true;
    return 0;
}
static i64 get_i64(struct reader *r)
{
    u64 v = get_u64(r);
    return (i64)(v >> 1 ^ (0 - (v & 1)));
}

static err_t read_lines(struct op *op, struct reader *r, str folded, struct log_rest *out)
{
    size_t n = out->n;
    u64 at = 0, seq = 0;
    for (size_t i = 0; i < n; i++) out->at[i].us = (i64)(at += (u64)get_i64(r));
    for (size_t i = 0; i < n; i++) out->seq[i] = (i64)(seq += (u64)get_i64(r));
    if (r->bad || (size_t)(r->end - r->p) < n) return damaged(op, r->room, "columns");
    memcpy(out->word, r->p, n);
    r->p += n;
    const char *p = folded.p, *end = folded.p + folded.n;
    for (size_t i = 0; i < n; i++) {
        out->begin[i] = (u32)(p - folded.p);
        const char *stop = p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;
        if (!stop) return damaged(op, r->room, "fewer texts than lines");
        p = stop + 1;
    }
    out->begin[n] = (u32)folded.n;
    return p == end ? OK : damaged(op, r->room, "more texts than lines");
}

static err_t read_capitals(struct op *op, struct reader *r, str folded, struct log_rest *out)
{
    u64 n = get_u64(r), place = 0;
    if (r->bad || n > folded.n) return damaged(op, r->room, "capitals");
    out->ncapitals = (size_t)n;
    out->capital = NEWN(op->arena, u32, n + 1);
    for (size_t i = 0; i < n; i++) {
        place += get_u64(r);
        if (r->bad || place >= folded.n) return damaged(op, r->room, "capitals");
        out->capital[i] = (u32)place;
    }
    return OK;
}

static err_t read_data(struct op *op, struct reader *r, struct log_rest *out)
{
    size_t n = out->n;
    u64 *length = NEWN(op->arena, u64, n);
    for (size_t i = 0; i < n; i++) length[i] = get_u64(r);
    for (size_t i = 0; i < n; i++) {
        if (!length[i]) continue;
        if (r->bad || length[i] - 1 > (u64)(r->end - r->p)) return damaged(op, r->room, "data");
        out->data[i] = (const char *)r->p;
        out->data_n[i] = (u32)(length[i] - 1);
        r->p += length[i] - 1;
    }
    return !r->bad && r->p == r->end ? OK : damaged(op, r->room, "data");
}

err_t log_rest_open(struct op *op, struct log_room *room, str packed, str folded, struct log_rest *out)
{
    size_t size = 0;
    struct log_rest rest = { 0 };
    TRY(frame_size(op, room, packed, &size));
    char *raw = arena_alloc_raw(op->arena, size + 1);
    TRY(expand(op, room, packed, raw, size));
    struct reader r = { (const u8 *)raw, (const u8 *)raw + size, false, room };
    u64 n = get_u64(&r);
    if (r.bad || !n || n > LOG_BLOCK_LINES) return damaged(op, room, "count of lines");
    rest.n = (size_t)n;
    rest.at = NEWN(op->arena, time_us, n);
    rest.seq = NEWN(op->arena, i64, n);
    rest.word = NEWN(op->arena, u8, n);
    rest.begin = NEWN(op->arena, u32, n + 1);
    rest.data = NEWN(op->arena, const char *, n);
    rest.data_n = NEWN(op->arena, u32, n);
    TRY(read_lines(op, &r, folded, &rest));
    TRY(read_capitals(op, &r, folded, &rest));
    TRY(read_data(op, &r, &rest));
    *out = rest;
    return OK;
}

static size_t first_capital(const struct log_rest *r, u32 from)
{
    size_t low = 0, high = r->ncapitals;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->capital[mid] < from) low = mid + 1;
        else high = mid;
    }
    return low;
}

struct log_line log_rest_line(struct arena *a, const struct log_rest *r, str folded, size_t i)
{
    u32 from = r->begin[i], to = r->begin[i + 1] - 1;
    struct log_line line = {
        .seq = r->seq[i], .at = r->at[i], .kind = log_rest_kind(r, i), .level = log_rest_level(r, i)
    };
    if (!(r->word[i] & ABSENT)) {
        char *text = arena_alloc_raw(a, to - from + 1);
        memcpy(text, folded.p + from, to - from);
        text[to - from] = 0;
        for (size_t k = first_capital(r, from); k < r->ncapitals && r->capital[k] < to; k++)
            log_unfold(text + (r->capital[k] - from), to - r->capital[k]);
        line.text = (str){ text, to - from };
    }
    if (r->data[i]) line.data.s = str_copy(a, (str){ r->data[i], r->data_n[i] });
    return line;
}
