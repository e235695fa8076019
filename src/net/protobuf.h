/* Protocol Buffers, the wire format (protobuf.dev/programming-guides/encoding): a reader that walks the
 * fields of a message without a schema, and the few writers that answers need. Bounded by the text it is
 * given: every length is checked, groups are refused. Pure; a message within a message is read by a reader of
 * its own.
 *
 *     struct pb m = pb_reader(bytes); struct pb_field f;
 *     while (pb_next(&m, &f)) ... f.number ...
 *     if (m.bad) ...
 */
#pragma once
#include "base/buf.h"

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };
struct pb {
    const char *p, *end;
    bool bad; /* cut off or malformed; sticks */
};
struct pb_field {
    u32 number;
    enum pb_wire wire;
    u64 v;     /* VARINT, FIXED64, FIXED32 */
    str bytes; /* BYTES: text, bytes, a message, packed numbers */
};
static inline struct pb pb_reader(str s)
{
    const char *p = s.p ? s.p : "";
    return (struct pb){ .p = p, .end = p + s.n };
}
bool pb_next(struct pb *, struct pb_field *); /* false at the end, or bad */
bool pb_varint(struct pb *, u64 *);           /* also: the next one of packed varints */
bool pb_fixed64(struct pb *, u64 *);          /* the next one of packed fixed64 or doubles */
static inline bool pb_more(const struct pb *m) { return m->p < m->end && !m->bad; }
static inline double pb_f64(u64 bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

void pb_put_varint(struct buf *, u32 number, u64 v);
void pb_put_bytes(struct buf *, u32 number, str bytes);
