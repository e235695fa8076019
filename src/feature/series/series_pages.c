/* How SQLite lays rows into its pages, so that blocks waste little of them. A row that does not fit into a
 * page keeps some of its bytes there and fills pages of its own with the rest, which are all full; how many
 * it keeps follows from its length. Rows that are added one behind the other share a page as long as the next
 * one fits. */
#include "feature/series/series_impl.h"

enum {
    COLUMNS = 95, /* bytes of a row of series_blocks beside its data */
    CELL = 11,    /* a row's length and id, where it goes on, and its place in the page */
    PAGE_HEAD = 8,
};

/* Bytes that the table's own page keeps of a row: at least, and of one with so much data. */
static size_t least_kept(size_t page) { return (page - 12) * 32 / 255 - 23; }
static size_t kept(size_t page, size_t data)
{
    size_t all = data + COLUMNS, most = page - 35, least = least_kept(page);
    if (all <= most) return all;
    size_t some = least + (all - least) % (page - 4);
    return some <= most ? some : least;
}

size_t pages_fitting(size_t page, size_t n, size_t data)
{
    if (!page || data + COLUMNS < least_kept(page) + page) return n;
    size_t above = (data + COLUMNS - least_kept(page)) % (page - 4), small = page / 16;
    size_t less = above > small ? (above - small / 2) * n / data : 0;
    return n - less >= SERIES_ENOUGH ? n - less : n;
}

struct cell {
    const struct block_row *row;
    size_t bytes, page;
};

/* Full blocks first: they stay, while small ones are soon written anew, and when they go whole pages of the
 * file become free. Of each kind the largest cell first. */
static int by_size(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    bool full = x->row->s.count >= SERIES_ENOUGH, other = y->row->s.count >= SERIES_ENOUGH;
    if (full != other) return full ? -1 : 1;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}
static int by_page(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x->page != y->page) return x->page < y->page ? -1 : 1;
    return by_size(a, b);
}

/* First fit, largest first; small blocks do not join pages of full ones. */
static void choose_pages(struct arena *a, struct cell *cell, size_t n, size_t page)
{
    size_t *room = NEWN(a, size_t, n), used = 0, first = 0;
    for (size_t i = 0; i < n; i++) {
        if (i && cell[i].row->s.count < SERIES_ENOUGH && cell[i - 1].row->s.count >= SERIES_ENOUGH)
            first = used;
        size_t at = first;
        while (at < used && room[at] < cell[i].bytes) at++;
        if (at == used) room[used++] = page - PAGE_HEAD;
        room[at] -= cell[i].bytes;
        cell[i].page = at;
    }
}

struct block_row *pages_order(struct arena *a, size_t page, const struct block_row *row, size_t n)
{
    struct cell *cell = NEWN(a, struct cell, n);
    struct block_row *out = NEWN(a, struct block_row, n);
    for (size_t i = 0; i < n; i++)
        cell[i] = (struct cell){ row + i, page ? kept(page, row[i].data.n) + CELL : 0, 0 };
    qsort(cell, n, sizeof *cell, by_size);
    if (page) choose_pages(a, cell, n, page);
    qsort(cell, n, sizeof *cell, by_page);
    for (size_t i = 0; i < n; i++) out[i] = *cell[i].row;
    return out;
}
