/* A row of the tail: version, length of the directory, directory, its CRC-32C, then one block after the other
 * (docs/series-format.md). The directory's numbers are small because they are differences. */
#include "feature/series/series_block_impl.h"
#include "feature/series/series_impl.h"

enum { VERSION = 1, HEAD = 5, PIECE_BYTES = 5 * VARINT_BYTES, PIECE_LEAST = 5 };

struct batch {
    struct buf dir, blocks;
    i64 series, t; /* of the piece before */
    size_t n;
};

static void add_piece(struct batch *b, const struct series_run *run)
{
    size_t from = b->blocks.n;
    block_write(&b->blocks, run, BLOCK_FAST);
    u8 *begin = (u8 *)buf_room(&b->dir, PIECE_BYTES), *to = begin;
    to = put_varint(to, zigzag((i64)((u64)run->id - (u64)b->series)));
    to = put_varint(to, zigzag((i64)((u64)run->t[0] - (u64)b->t)));
    to = put_varint(to, (u64)run->t[run->n - 1] - (u64)run->t[0]);
    to = put_varint(to, run->n);
    to = put_varint(to, b->blocks.n - from);
    buf_grew(&b->dir, (size_t)(to - begin));
    b->series = run->id;
    b->t = run->t[0];
    b->n++;
}

static struct series_run part_of(const struct series_run *r, u32 from, u32 n)
{
    struct series_run part = *r;
    part.t += from;
    part.n = n;
    if (r->kind == SERIES_TEXT) part.s += from;
    else part.i += from;
    return part;
}

str tail_write(struct arena *a, const struct series_run *run, size_t n)
{
    struct batch b = { .dir = BUF(a), .blocks = BUF(a) };
    for (size_t i = 0; i < n; i++)
        for (u32 at = 0; at < run[i].n; at += BLOCK_POINTS) {
            struct series_run part = part_of(&run[i], at, MIN(run[i].n - at, (u32)BLOCK_POINTS));
            add_piece(&b, &part);
        }
    size_t head = HEAD + b.dir.n;
    u8 *p = arena_alloc_raw(a, head + 4 + b.blocks.n);
    put_u8(p, VERSION);
    put_u32(p + 1, (u32)b.dir.n);
    if (b.dir.n) memcpy(p + HEAD, b.dir.p, b.dir.n);
    put_u32(p + head, block_crc(p, head));
    if (b.blocks.n) memcpy(p + head + 4, b.blocks.p, b.blocks.n);
    return (str){ (char *)p, head + 4 + b.blocks.n };
}

/* The directory and where blocks begin; false: damaged. */
static bool open_row(str data, struct in *dir, size_t *blocks)
{
    const u8 *p = (const u8 *)data.p;
    if (data.n < HEAD + 4 || p[0] != VERSION) return false;
    size_t n = load_u32(p + 1);
    if (n > data.n - HEAD - 4 || load_u32(p + HEAD + n) != block_crc(p, HEAD + n)) return false;
    *dir = (struct in){ p + HEAD, p + HEAD + n, false };
    *blocks = HEAD + n + 4;
    return true;
}

static bool read_pieces(struct in *dir, struct tail_row *row, size_t at)
{
    i64 series = 0, t = 0;
    while (in_left(dir)) {
        if (in_left(dir) < PIECE_LEAST) return false; /* there is no room for it, either */
        struct piece *p = &row->piece[row->n++];
        p->series = series = (i64)((u64)series + (u64)unzigzag(get_varint(dir)));
        p->t_first = t = (i64)((u64)t + (u64)unzigzag(get_varint(dir)));
        p->t_last = (i64)((u64)t + get_varint(dir));
        u64 count = get_varint(dir), n = get_varint(dir);
        if (dir->bad || p->series <= 0 || p->t_last < t || t < SERIES_T_MIN || p->t_last > SERIES_T_MAX ||
            count > BLOCK_POINTS_MAX || n > row->data.n - at)
            return false;
        p->at = (u32)at;
        p->n = (u32)n;
        p->count = (u32)count;
        row->points += (i64)count;
        at += n;
    }
    return at == row->data.n;
}

struct tail_row *tail_row_read(i64 id, str data)
{
    struct in dir;
    size_t blocks;
    if (data.n > SERIES_TAIL_BYTES || !open_row(data, &dir, &blocks)) return NULL;
    size_t most = in_left(&dir) / PIECE_LEAST;
    struct tail_row *row = mem_alloc(sizeof *row + most * sizeof row->piece[0]);
    row->id = id;
    row->refs = 1;
    row->at_us = time_mono_us();
    row->data = mem_str(data);
    if (read_pieces(&dir, row, blocks)) return mem_resize(row, sizeof *row + row->n * sizeof row->piece[0]);
    tail_row_drop(row);
    return NULL;
}

void tail_row_drop(struct tail_row *row)
{
    if (--row->refs) return;
    mem_free((void *)(uintptr_t)row->data.p);
    mem_free(row);
}
