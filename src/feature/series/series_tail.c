/* The index of the tail: for each series the pieces of batches that hold its points, in the order in which
 * they were written. It mirrors the table: a row comes in when it is durable and goes when its merge is. On
 * PostgreSQL other nodes write to the table too, so whoever reads refreshes first. One lock guards all; it is
 * never held over the database. */
#include "base/log.h"
#include "feature/series/series_impl.h"
#include <pthread.h>

/* The pieces of one series. */
struct shelf {
    i64 id; /* 0: a free slot */
    u32 n, cap;
    u64 purged; /* the purge that has been here */
    struct spot *spot;
};
static struct {
    pthread_mutex_t m;
    struct shelf *shelf; /* open addressing by id */
    size_t cap, used, live;
    struct tail_row **row; /* by id */
    size_t nrows, rows_cap;
    size_t bytes;
    i64 points;
    u64 clock;
} tail = { .m = PTHREAD_MUTEX_INITIALIZER };
static pthread_mutex_t refreshing = PTHREAD_MUTEX_INITIALIZER;

static void lock_done(pthread_mutex_t **m) { pthread_mutex_unlock(*m); }
#define LOCKED(mutex) \
    AUTO(lock) pthread_mutex_t *locked = &(mutex); \
    pthread_mutex_lock(locked)

static size_t size_of(const struct tail_row *row) { return row->data.n + row->n * sizeof row->piece[0]; }

static struct shelf *shelf_of(struct shelf *shelf, size_t cap, i64 id)
{
    u64 h = (u64)id * 0x9e3779b97f4a7c15u;
    for (size_t i = (h >> 32) & (cap - 1);; i = (i + 1) & (cap - 1))
        if (!shelf[i].id || shelf[i].id == id) return &shelf[i];
}

/* Empty shelves go when room is made. */
static void shelves_grow(void)
{
    size_t cap = 256;
    while (cap < tail.live * 4) cap *= 2;
    struct shelf *shelf = mem_alloc(cap * sizeof *shelf);
    tail.used = 0;
    for (size_t i = 0; i < tail.cap; i++) {
        struct shelf *s = &tail.shelf[i];
        if (!s->n) {
            mem_free(s->spot);
            continue;
        }
        *shelf_of(shelf, cap, s->id) = *s;
        tail.used++;
    }
    mem_free(tail.shelf);
    tail.shelf = shelf;
    tail.cap = cap;
}

static struct shelf *shelf_for(i64 id)
{
    if (tail.used * 2 >= tail.cap) shelves_grow();
    struct shelf *s = shelf_of(tail.shelf, tail.cap, id);
    if (!s->id) tail.used++;
    s->id = id;
    return s;
}

/* Rows mostly come in the order of their ids. */
static void shelve(struct tail_row *row, const struct piece *piece)
{
    struct shelf *s = shelf_for(piece->series);
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        s->spot = mem_resize(s->spot, s->cap * sizeof *s->spot);
    }
    tail.live += !s->n;
    u32 at = s->n++;
    for (; at && s->spot[at - 1].row->id > row->id; at--) s->spot[at] = s->spot[at - 1];
    s->spot[at] = (struct spot){ row, piece };
}

static size_t place_of(i64 id)
{
    size_t low = 0, high = tail.nrows;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (tail.row[mid]->id < id) low = mid + 1;
        else high = mid;
    }
    return low;
}

static bool knows(i64 id)
{
    size_t at = place_of(id);
    return at < tail.nrows && tail.row[at]->id == id;
}

void tail_add(struct tail_row *row)
{
    LOCKED(tail.m);
    if (knows(row->id)) {
        tail_row_drop(row);
        return;
    }
    if (tail.nrows == tail.rows_cap) {
        tail.rows_cap = tail.rows_cap ? tail.rows_cap * 2 : 64;
        tail.row = mem_resize(tail.row, tail.rows_cap * sizeof(struct tail_row *));
    }
    size_t at = place_of(row->id);
    memmove(tail.row + at + 1, tail.row + at, (tail.nrows - at) * sizeof(struct tail_row *));
    tail.row[at] = row;
    tail.nrows++;
    tail.bytes += size_of(row);
    tail.points += row->points;
    row->seen = ++tail.clock;
    for (u32 i = 0; i < row->n; i++) shelve(row, &row->piece[i]);
}

static void purge_shelf(struct shelf *s, u64 now)
{
    if (!s->n || s->purged == now) return;
    u32 kept = 0;
    for (u32 i = 0; i < s->n; i++)
        if (!s->spot[i].row->gone) s->spot[kept++] = s->spot[i];
    s->n = kept;
    s->purged = now;
    if (kept) return;
    tail.live--;
    mem_free(s->spot);
    s->spot = NULL;
    s->cap = 0;
}

/* Takes rows that are marked gone off their shelves: by looking at each shelf, or at those that the rows
 * name, whichever are fewer. */
static void purge(size_t pieces)
{
    u64 now = ++tail.clock;
    size_t kept = 0;
    if (pieces >= tail.cap)
        for (size_t i = 0; i < tail.cap; i++) purge_shelf(&tail.shelf[i], now);
    for (size_t i = 0; i < tail.nrows; i++) {
        struct tail_row *row = tail.row[i];
        for (u32 k = 0; row->gone && pieces < tail.cap && k < row->n; k++)
            purge_shelf(shelf_of(tail.shelf, tail.cap, row->piece[k].series), now);
    }
    for (size_t i = 0; i < tail.nrows; i++) {
        struct tail_row *row = tail.row[i];
        if (!row->gone) {
            tail.row[kept++] = row;
            continue;
        }
        tail.bytes -= size_of(row);
        tail.points -= row->points;
        tail_row_drop(row);
    }
    tail.nrows = kept;
}

void tail_remove(const i64 *ids, size_t n)
{
    LOCKED(tail.m);
    size_t pieces = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = place_of(ids[i]);
        if (at == tail.nrows || tail.row[at]->id != ids[i]) continue;
        tail.row[at]->gone = true;
        pieces += MAX(tail.row[at]->n, 1u);
    }
    if (pieces) purge(pieces);
}

void tail_forget(void)
{
    LOCKED(tail.m);
    for (size_t i = 0; i < tail.nrows; i++) tail_row_drop(tail.row[i]);
    for (size_t i = 0; i < tail.cap; i++) mem_free(tail.shelf[i].spot);
    mem_free(tail.row);
    mem_free(tail.shelf);
    tail.row = NULL;
    tail.shelf = NULL;
    tail.cap = tail.used = tail.live = tail.nrows = tail.rows_cap = tail.bytes = 0;
    tail.points = 0;
}

/* A damaged row stays in the table for whoever may repair it; it is told of once. */
static void take(const struct tail_data *d)
{
    static _Atomic i64 told;
    struct tail_row *row = tail_row_read(d->id, d->data);
    if (row) tail_add(row);
    else if (told != d->id)
        LOG_ERROR("a row of series_tail is damaged: its points cannot be read", KV("id", d->id));
    if (!row) told = d->id;
}

err_t tail_load(struct op *op)
{
    enum { PAGE = 64 };
    struct arena *outer = op->arena;
    i64 after = INT64_MIN;
    db_join(op);
    for (size_t n = PAGE; n == PAGE;) {
        struct arena page = { 0 };
        tail_datas rows;
        op->arena = &page;
        err_t e = tail_sql_after(op, after, PAGE, &rows);
        op->arena = outer;
        for (size_t i = 0; !e && i < rows.n; i++) take(&rows.item[i]);
        n = e ? 0 : rows.n;
        if (n) after = rows.item[n - 1].id;
        if (e) op->err.msg = str_copy(outer, op->err.msg);
        arena_free(&page);
        TRY(e);
    }
    return OK;
}

/* Marks what another node has merged: rows that were here before the list was asked for and are not in it. */
static size_t mark_gone(const row_ids *list, u64 asked)
{
    size_t pieces = 0, k = 0;
    for (size_t i = 0; i < tail.nrows; i++) {
        struct tail_row *row = tail.row[i];
        while (k < list->n && list->item[k].id < row->id) k++;
        if ((k < list->n && list->item[k].id == row->id) || row->seen > asked) continue;
        row->gone = true;
        pieces += MAX(row->n, 1u);
    }
    return pieces;
}

/* Ids do not commit in their order, so the whole list is asked for; it is short, because a merge keeps it so.
 */
err_t tail_refresh(struct op *op)
{
    if (db_engine(op->ports->db) == DB_SQLITE) return OK;
    LOCKED(refreshing);
    row_ids list;
    pthread_mutex_lock(&tail.m);
    u64 asked = tail.clock;
    pthread_mutex_unlock(&tail.m);
    TRY(tail_sql_ids(op, &list));
    pthread_mutex_lock(&tail.m);
    size_t pieces = mark_gone(&list, asked), unknown = 0;
    if (pieces) purge(pieces);
    for (size_t i = 0; i < list.n; i++)
        if (!knows(list.item[i].id)) list.item[unknown++] = list.item[i];
    pthread_mutex_unlock(&tail.m);
    for (size_t i = 0; i < unknown; i++) {
        struct tail_data d = { 0 };
        bool found;
        TRY(tail_sql_one(op, list.item[i].id, &d, &found));
        if (found) take(&d);
    }
    return OK;
}

struct held { /* rows that an arena keeps */
    size_t n;
    struct tail_row *row[];
};

static void let_go(void *arg)
{
    struct held *h = arg;
    for (size_t i = 0; i < h->n; i++) tail_row_drop(h->row[i]);
}

static void hold(struct arena *a, const struct spots *s)
{
    struct held *h = arena_alloc_raw(a, sizeof *h + s->n * sizeof h->row[0]);
    h->n = 0;
    for (size_t i = 0; i < s->n; i++) {
        s->item[i].row->refs++;
        h->row[h->n++] = s->item[i].row;
    }
    arena_defer(a, let_go, h);
}

void tail_of(struct arena *a, struct series_range r, struct spots *out)
{
    *out = (struct spots){ 0 };
    LOCKED(tail.m);
    if (!tail.cap) return;
    const struct shelf *s = shelf_of(tail.shelf, tail.cap, r.id);
    if (!s->n) return;
    out->item = NEWN(a, struct spot, s->n);
    for (u32 i = 0; i < s->n; i++)
        if (s->spot[i].piece->t_last >= r.from && s->spot[i].piece->t_first <= r.to)
            out->item[out->n++] = s->spot[i];
    hold(a, out);
}

/* Of the pieces that reach furthest: the last that was written. */
static struct spot newest_on(const struct shelf *s)
{
    struct spot best = { 0 };
    for (u32 i = 0; i < s->n; i++)
        if (!best.row || s->spot[i].piece->t_last >= best.piece->t_last) best = s->spot[i];
    return best;
}

void tail_newest(struct arena *a, const i64 *ids, size_t n, struct spot *out)
{
    struct spots found = { .item = NEWN(a, struct spot, n) };
    memset(out, 0, n * sizeof *out);
    LOCKED(tail.m);
    if (!tail.cap) return;
    for (size_t i = 0; i < n; i++) {
        out[i] = newest_on(shelf_of(tail.shelf, tail.cap, ids[i]));
        if (out[i].row) found.item[found.n++] = out[i];
    }
    hold(a, &found);
}

static int by_series(const void *a, const void *b)
{
    i64 x = (*(struct shelf *const *)a)->id, y = (*(struct shelf *const *)b)->id;
    return (x > y) - (x < y);
}

/* Holding the lock. Rows are oldest first, so those of a plan are the first on each shelf. */
static void plan_series(struct arena *a, i64 last_id, struct tail_plan *p)
{
    struct shelf **list = NEWN(a, struct shelf *, tail.live);
    size_t n = 0;
    for (size_t i = 0; i < tail.cap; i++)
        if (tail.shelf[i].n && tail.shelf[i].spot[0].row->id <= last_id) list[n++] = &tail.shelf[i];
    qsort(list, n, sizeof(struct shelf *), by_series);
    p->of = NEWN(a, struct spots, n);
    for (size_t i = 0; i < n; i++) {
        struct spots *s = &p->of[p->n++];
        s->item = arena_alloc_raw(a, list[i]->n * sizeof *s->item);
        for (; s->n < list[i]->n && list[i]->spot[s->n].row->id <= last_id; s->n++)
            s->item[s->n] = list[i]->spot[s->n];
    }
}

void tail_plan(struct arena *a, size_t most_bytes, struct tail_plan *p)
{
    *p = (struct tail_plan){ 0 };
    LOCKED(tail.m);
    size_t bytes = 0;
    struct held *h = arena_alloc_raw(a, sizeof *h + tail.nrows * sizeof h->row[0]);
    h->n = 0;
    for (; h->n < tail.nrows && bytes < most_bytes; h->n++) {
        struct tail_row *row = tail.row[h->n];
        bytes += size_of(row);
        row->refs++;
        h->row[h->n] = row;
    }
    arena_defer(a, let_go, h);
    p->row = h->row;
    p->nrows = h->n;
    if (h->n) plan_series(a, h->row[h->n - 1]->id, p);
}

struct tail_state tail_state(void)
{
    LOCKED(tail.m);
    struct tail_state s = { tail.nrows, tail.live, tail.bytes, tail.points, 0 };
    if (tail.nrows) s.oldest_us = tail.row[0]->at_us;
    return s;
}
