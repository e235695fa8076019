#include "net/protobuf.h"

static bool bad(struct pb *m)
{
    m->bad = true;
    m->p = m->end;
    return false;
}

bool pb_varint(struct pb *m, u64 *out)
{
    u64 v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (m->p == m->end) return bad(m);
        u8 byte = (u8)*m->p++;
        if (shift == 63 && byte > 1) return bad(m);
        v |= (u64)(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        *out = v;
        return true;
    }
    return bad(m);
}

static bool fixed(struct pb *m, size_t n, u64 *out)
{
    if ((size_t)(m->end - m->p) < n) return bad(m);
    *out = 0;
    memcpy(out, m->p, n); /* both are little-endian */
    m->p += n;
    return true;
}

bool pb_fixed64(struct pb *m, u64 *out) { return fixed(m, 8, out); }

static bool take(struct pb *m, str *out)
{
    u64 n;
    if (!pb_varint(m, &n)) return false;
    if (n > (u64)(m->end - m->p)) return bad(m);
    *out = (str){ m->p, (size_t)n };
    m->p += n;
    return true;
}

bool pb_next(struct pb *m, struct pb_field *f)
{
    u64 key;
    if (m->p == m->end || !pb_varint(m, &key)) return false;
    if (key >> 3 == 0 || key >> 3 > 536870911) return bad(m);
    *f = (struct pb_field){ .number = (u32)(key >> 3), .wire = (enum pb_wire)(key & 7) };
    switch (f->wire) {
    case PB_VARINT: return pb_varint(m, &f->v);
    case PB_FIXED64: return fixed(m, 8, &f->v);
    case PB_BYTES: return take(m, &f->bytes);
    case PB_FIXED32: return fixed(m, 4, &f->v);
    }
    return bad(m); /* groups, and what there is not */
}

static void put(struct buf *b, u64 v)
{
    for (; v > 0x7f; v >>= 7) buf_char(b, (char)(v | 0x80));
    buf_char(b, (char)v);
}

void pb_put_varint(struct buf *b, u32 number, u64 v)
{
    put(b, (u64)number << 3 | PB_VARINT);
    put(b, v);
}

void pb_put_bytes(struct buf *b, u32 number, str bytes)
{
    put(b, (u64)number << 3 | PB_BYTES);
    put(b, bytes.n);
    buf_put(b, bytes);
}
