/* Columns of texts: their lengths as integers, then all of them one behind the other, by zstd where that
 * gains. */
#include "base/log.h"
#include "feature/series/series_block_impl.h"

enum { AS_IS, ZSTD };

static size_t total_of(const str *s, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) total += s[i].n;
    return total;
}

size_t texts_room(const str *s, size_t n)
{
    return INTS_TRIALS * COLUMN_BYTES(n) + VARINT_BYTES + 1 + zstd_room(total_of(s, n));
}

u8 *texts_put(u8 *to, const str *s, size_t n, enum block_effort effort)
{
    SCRATCH i64 length[BLOCK_POINTS_MAX];
    AUTO(arena) struct arena a = { 0 };
    size_t total = total_of(s, n), at = 0;
    length[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i].n > SERIES_MAX_TEXT) bug("a text of %zu bytes", s[i].n);
        length[i] = (i64)s[i].n;
    }
    to = ints_put(to, 0, length, n, effort);
    u8 *all = effort == BLOCK_SMALL ? arena_alloc_raw(&a, total) : to + 1;
    for (size_t i = 0; i < n; at += s[i++].n)
        if (s[i].n) memcpy(all + at, s[i].p, s[i].n);
    if (effort == BLOCK_SMALL && total) {
        u8 *frame = to + 1 + VARINT_BYTES;
        size_t size = zstd_make(frame, zstd_room(total), all, total);
        if (size + VARINT_BYTES < total) {
            to = put_varint(put_u8(to, ZSTD), size);
            memmove(to, frame, size);
            return to + size;
        }
        memcpy(to + 1, all, total);
    }
    put_u8(to, AS_IS);
    return to + 1 + total;
}

str texts_get(struct in *in, str *s, size_t n, struct arena *a)
{
    SCRATCH i64 length[BLOCK_POINTS_MAX];
    size_t total = 0, at = 0;
    unsigned first = get_u8(in);
    if (first > 7) in->bad = true;
    ints_get(in, first, length, n, (struct span){ 0, n }, a);
    for (size_t i = 0; i < n && !in->bad; i++) {
        if (length[i] < 0 || length[i] > SERIES_MAX_TEXT) in->bad = true;
        else total += (size_t)length[i];
    }
    unsigned how = get_u8(in);
    if (in->bad || how > ZSTD) {
        in->bad = true;
        return (str){ 0 };
    }
    const char *all;
    if (how == ZSTD) all = zstd_open(in, get_varint(in), total, a);
    else if ((all = (const char *)get_bytes(in, total)))
        all = memcpy(arena_alloc_raw(a, total + 1), all, total);
    if (!all) return (str){ 0 };
    for (size_t i = 0; i < n; at += (size_t)length[i++]) s[i] = (str){ all + at, (size_t)length[i] };
    return (str){ all, total };
}
