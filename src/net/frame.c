#include "net/frame.h"
#include <math.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are written as they lie in memory");

const char *const frame_kinds[] = { "", "append", "snapshot", "buckets", "spark", "lines", "gap", NULL };
const char *const frame_types[] = { "", "f32", "f64", "i16", "i32", "u8", "u32", NULL };

static const u8 widths[] = {
    [FRAME_F32] = 4, [FRAME_F64] = 8, [FRAME_I16] = 2, [FRAME_I32] = 4, [FRAME_U8] = 1, [FRAME_U32] = 4
};

struct head {
    u8 version, kind;
    u16 flags;
    u32 chan, seq, rows;
    i64 t0;
    double dt;
    u8 ncol, type[FRAME_COLUMNS];
};
static_assert(sizeof(struct head) == FRAME_HEAD, "the head has no holes");

static size_t padded(u64 n) { return (n + 7) & ~(u64)7; }

size_t frame_size(const struct frame *f)
{
    size_t n = FRAME_HEAD;
    for (int i = 0; i < f->ncol; i++) n += padded((u64)f->rows * widths[f->type[i]]);
    return n;
}

void frame_write(struct buf *b, const struct frame *f)
{
    struct head h = { FRAME_VERSION, (u8)f->kind, (u16)f->flags, f->chan,    f->seq,
                      f->rows,       f->t0,       f->dt,         (u8)f->ncol };
    memcpy(h.type, f->type, (size_t)f->ncol);
    buf_put(b, (str){ (const char *)&h, sizeof h });
    for (int i = 0; i < f->ncol; i++) {
        static const char zeros[8];
        size_t n = (size_t)f->rows * widths[f->type[i]];
        if (n) buf_put(b, (str){ f->col[i], n });
        buf_put(b, (str){ zeros, padded(n) - n });
    }
}

static bool all_f32(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]) && (fabs(v[i]) > 3e38 || (double)(float)v[i] != v[i])) return false;
    return true;
}

static bool all_i32(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(v[i]) < 2147483648.0) || (double)(i32)v[i] != v[i] || (v[i] == 0 && signbit(v[i])))
            return false;
    return true;
}

void frame_add_values(struct arena *a, struct frame *f, const double *v)
{
    u8 *type = &f->type[f->ncol];
    const void **col = &f->col[f->ncol++];
    if (all_f32(v, f->rows)) {
        float *to = NEWN(a, float, f->rows + 1);
        for (u32 i = 0; i < f->rows; i++) to[i] = (float)v[i];
        *type = FRAME_F32;
        *col = to;
    } else if (all_i32(v, f->rows)) {
        i32 *to = NEWN(a, i32, f->rows + 1);
        for (u32 i = 0; i < f->rows; i++) to[i] = (i32)v[i];
        *type = FRAME_I32;
        *col = to;
    } else {
        *type = FRAME_F64;
        *col = v;
    }
}

void frame_add_times(struct arena *a, struct frame *f, const i64 *t)
{
    f->t0 = f->rows ? t[0] : 0;
    i64 step = f->rows > 1 ? t[1] - t[0] : 0;
    bool regular = step > 0;
    for (u32 i = 2; i < f->rows && regular; i++) regular = t[i] - t[i - 1] == step;
    if (regular) {
        f->flags |= FRAME_REGULAR;
        f->dt = (double)step;
        return;
    }
    if (!f->rows) return;
    double *x = NEWN(a, double, f->rows);
    for (u32 i = 0; i < f->rows; i++) x[i] = (double)(t[i] - t[0]);
    f->type[f->ncol] = FRAME_F64;
    f->col[f->ncol++] = x;
}

static bool times_ok(const struct frame *f)
{
    if (f->flags & FRAME_REGULAR) return isfinite(f->dt) && f->dt >= 0;
    bool timed = f->rows && f->kind != FRAME_LINES && f->kind != FRAME_GAP;
    return !timed || (f->ncol && f->type[0] == FRAME_F64);
}

bool frame_read(str bytes, struct frame *out, size_t *used)
{
    struct head h;
    if (bytes.n < sizeof h) return false;
    memcpy(&h, bytes.p, sizeof h);
    if (h.version != FRAME_VERSION || h.kind < FRAME_APPEND || h.kind > FRAME_GAP) return false;
    if (h.flags & FRAME_DEFLATE || h.ncol > FRAME_COLUMNS) return false;
    *out = (struct frame){ h.kind, h.flags, h.chan, h.seq, h.rows, h.t0, h.dt, h.ncol, { 0 }, { 0 } };
    memcpy(out->type, h.type, sizeof h.type);
    size_t at = sizeof h;
    for (int i = 0; i < h.ncol; i++) {
        if (!h.type[i] || h.type[i] >= LEN(widths)) return false;
        size_t n = padded((u64)h.rows * widths[h.type[i]]);
        if (n > bytes.n - at) return false;
        out->col[i] = bytes.p + at;
        at += n;
    }
    *used = at;
    return times_ok(out);
}

double frame_value(const struct frame *f, int col, u32 row)
{
    const char *p = (const char *)f->col[col] + (size_t)row * widths[f->type[col]];
    union {
        float f32;
        double f64;
        i16 i16;
        i32 i32;
        u8 u8;
        u32 u32;
    } v;
    memcpy(&v, p, widths[f->type[col]]);
    switch (f->type[col]) {
    case FRAME_F32: return v.f32;
    case FRAME_F64: return v.f64;
    case FRAME_I16: return v.i16;
    case FRAME_I32: return v.i32;
    case FRAME_U8: return v.u8;
    default: return v.u32;
    }
}
