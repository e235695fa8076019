/* The merge: points of the tail go into blocks, series by series, in time order.
 *
 * Everything is read and computed outside of transactions; short ones then replace the blocks of some series
 * at a time, and the last ones delete the rows of the tail. Nothing is lost or doubled when the process dies
 * in between, because merging the same points once more changes nothing: of equal times the last written
 * wins, and rows of the tail are merged and deleted oldest first. series_state.generation makes sure that
 * nobody else has replaced blocks meanwhile.
 *
 * New points at a series' end join the blocks before them that are not full, as long as those are not much
 * larger than what they are joined with: so a block is written anew a few times, not with every merge. Late
 * points go into the block that covers their time. So it is before a series' begin, where history is
 * imported. */
#include "base/log.h"
#include "feature/series/series_impl.h"

enum {
    CHUNK = 1 << 18,         /* points of one series at a time */
    FLUSH_BYTES = 512 << 10, /* of blocks in one transaction */
    FLUSH_BLOCKS = 256,
    BEFORE = 16,
    AFTER = 64,
    TAIL_ROWS = 256, /* deleted in one transaction */
    LEASE_US = 15 * 1000000,
};

struct points {
    i64 *t;
    u64 *bits; /* or str */
    str *s;
    size_t n;
};

struct merge {
    struct op *op;
    i64 generation, lease, page; /* page: bytes of one of the file; 0: not SQLite */
    struct arena pending;        /* what the next transaction writes */
    struct block_row *fresh;
    i64 *old;
    size_t nfresh, nold, bytes;
    struct block_points *room;
    struct buf out;
};

/* Blocks around the points at hand, in time order: of these, `low` and later may still be joined. */
struct around {
    struct block_row *b;
    size_t n, low;
    bool all; /* nothing lies behind them */
};

static struct points points_new(struct arena *a, int kind, size_t n)
{
    struct points p = { .t = arena_alloc_raw(a, n * sizeof *p.t) };
    if (kind == SERIES_TEXT) p.s = arena_alloc_raw(a, n * sizeof *p.s);
    else p.bits = arena_alloc_raw(a, n * sizeof *p.bits);
    return p;
}

/* n points of arrays like ours. */
static void add_some(struct points *p, const i64 *t, const void *values, size_t n)
{
    if (!n) return;
    memcpy(p->t + p->n, t, n * sizeof *t);
    if (p->s) memcpy(p->s + p->n, values, n * sizeof *p->s);
    else memcpy(p->bits + p->n, values, n * sizeof *p->bits);
    p->n += n;
}
static const void *values_at(const struct points *p, size_t i)
{
    return p->s ? (const void *)(p->s + i) : p->bits + i;
}

static void add_new(struct points *p, const struct point *x, size_t n)
{
    size_t at = p->n;
    for (size_t i = 0; i < n; i++) p->t[at + i] = x[i].t;
    if (p->s)
        for (size_t i = 0; i < n; i++) p->s[at + i] = *(const str *)(uintptr_t)x[i].bits;
    else
        for (size_t i = 0; i < n; i++) p->bits[at + i] = x[i].bits;
    p->n += n;
}

/* Old points and new ones, run by run; of equal times the new one. */
static void blend(struct points *to, const struct points *old, const struct point *x, size_t n)
{
    size_t i = 0, k = 0;
    while (k < n) {
        size_t end = i, next = k;
        while (end < old->n && old->t[end] < x[k].t) end++;
        add_some(to, old->t + i, values_at(old, i), end - i);
        i = end;
        do i += i < old->n && old->t[i] == x[next].t;
        while (++next < n && (i == old->n || x[next].t <= old->t[i]));
        add_new(to, x + k, next - k);
        k = next;
    }
    add_some(to, old->t + i, values_at(old, i), old->n - i);
}

static void write_block(struct merge *m, i64 series, int kind, const struct points *p, size_t from, size_t n)
{
    struct series_run run = { series, (u32)n, kind, p->t + from, { NULL } };
    if (p->s) run.s = p->s + from;
    else run.i = (const i64 *)p->bits + from;
    if (m->nfresh % FLUSH_BLOCKS == 0) {
        struct block_row *more = NEWN(&m->pending, struct block_row, m->nfresh + FLUSH_BLOCKS);
        if (m->nfresh) memcpy(more, m->fresh, m->nfresh * sizeof *more);
        m->fresh = more;
    }
    struct block_row *row = &m->fresh[m->nfresh++];
    row->series_id = series;
    m->out.n = 0;
    block_write(&m->out, &run, BLOCK_SMALL);
    block_stats(&run, &row->s);
    row->data = str_copy(&m->pending, buf_str(&m->out));
    m->bytes += row->data.n;
}

/* Where points lie among all of their series. */
enum lie { BETWEEN, AT_END, AT_BEGIN };

/* Blocks of about one size, none larger than a full one, but at a series' end or begin full blocks, and what
 * is left over makes a small one where more will come. */
static void write_points(struct merge *m, i64 series, int kind, const struct points *p, enum lie lie)
{
    size_t full = SERIES_FULL;
    for (size_t left = p->n, n; left; left -= n) {
        size_t blocks = (left + SERIES_FULL - 1) / SERIES_FULL;
        n = lie == BETWEEN ? (left + blocks - 1) / blocks : MIN(left, full);
        write_block(m, series, kind, p, lie == AT_BEGIN ? left - n : p->n - left, n);
        size_t data = m->fresh[m->nfresh - 1].data.n, fit = pages_fitting(m->page, n, data);
        if (lie == BETWEEN || n < SERIES_ENOUGH || fit == n) continue;
        n = full = fit; /* its neighbours are much like it */
        m->nfresh--;
        m->bytes -= data;
        write_block(m, series, kind, p, lie == AT_BEGIN ? left - n : p->n - left, n);
    }
}

static void forget_block(struct merge *m, i64 id)
{
    if (m->nold % FLUSH_BLOCKS == 0) {
        i64 *more = NEWN(&m->pending, i64, m->nold + FLUSH_BLOCKS);
        if (m->nold) memcpy(more, m->old, m->nold * sizeof *more);
        m->old = more;
    }
    m->old[m->nold++] = id;
}

/* Adds the points of blocks [from, to) of the surroundings to *out. False: one is damaged; it stays. */
static err_t load(struct op *op, struct merge *m, const struct around *w, size_t from, size_t to,
                  struct points *out, bool *good)
{
    *good = true;
    for (size_t i = from; i < to; i++) {
        struct series_run run;
        str data;
        bool found;
        TRY(block_sql_data(op, w->b[i].id, &data, &found));
        if (!found) return fail(op, ERR_CONFLICT, "a block has been replaced meanwhile");
        enum block_fault fault = block_read(data, op->arena, m->room, &run);
        if (fault) {
            const struct block_stats *s = &w->b[i].s;
            struct series_damage d = { 0 };
            TRY(series_damaged(
                op, &d, &(struct block_at){ w->b[i].series_id, s->t_first, s->t_last, s->count, fault }));
            LOG_ERROR("a block cannot be merged with later points", KV("what", d.first));
            *good = false;
            return OK;
        }
        add_some(out, run.t, out->s ? (const void *)run.s : run.i, run.n);
    }
    return OK;
}

/* The first block that n new points behind block `last` are to be joined with; last + 1: none. */
static size_t joined_from(const struct around *w, size_t last, size_t n)
{
    size_t from = last + 1;
    while (from > w->low) {
        i64 count = w->b[from - 1].s.count;
        if (count >= SERIES_ENOUGH || (size_t)count > 2 * n) break;
        n += (size_t)count;
        from--;
    }
    return from;
}

/* The same for n points before block `at`, with no others behind them: the block behind the last one. */
static size_t joined_to(const struct around *w, size_t at, size_t n, enum lie lie)
{
    size_t to = at;
    for (; to < w->n; to++) {
        size_t count = (size_t)w->b[to].s.count;
        if (count >= SERIES_ENOUGH || count > 2 * n || (lie == BETWEEN && n + count > SERIES_FULL)) break;
        n += count;
    }
    return to;
}

struct group {
    i64 series;
    int kind;
    const struct point *p; /* that belong behind or into block `at` - 1 */
    size_t n, at;
    bool last; /* of the points at hand */
};

/* Writes one group of points together with the blocks that they are joined with. */
static err_t place_group(struct op *op, struct merge *m, struct around *w, const struct group *g)
{
    size_t from = g->at, to = g->at, old = 0;
    bool good = true;
    enum lie lie = w->all && g->at == w->n ? AT_END : BETWEEN;
    const struct block_row *b = g->at > w->low ? &w->b[g->at - 1] : NULL;
    if (b && g->p[0].t <= b->s.t_last) from = g->at - 1;
    else if (b && lie == AT_END) from = joined_from(w, g->at - 1, g->n);
    else if (b && (size_t)b->s.count + g->n <= SERIES_FULL) from = g->at - 1;
    if (lie == BETWEEN && !from) lie = AT_BEGIN;
    for (size_t i = from; i < g->at; i++) old += (size_t)w->b[i].s.count;
    if (lie != AT_END && g->last) to = joined_to(w, g->at, old + g->n, lie);
    for (size_t i = g->at; i < to; i++) old += (size_t)w->b[i].s.count;
    struct points kept = points_new(op->arena, g->kind, old),
                  all = points_new(op->arena, g->kind, old + g->n);
    TRY(load(op, m, w, from, to, &kept, &good));
    if (good)
        for (size_t i = from; i < to; i++) forget_block(m, w->b[i].id);
    else kept.n = 0;
    blend(&all, &kept, g->p, g->n);
    write_points(m, g->series, g->kind, &all, lie);
    w->low = to;
    return OK;
}

/* Of n points in time order, those that the surroundings tell the place of; *done of them. */
static err_t place_some(struct op *op, struct merge *m, struct group *g, bool *gone, size_t *done)
{
    block_rows before, after;
    struct series_range later = { .id = g->series, .from = g->p[0].t, .to = INT64_MAX };
    TRY(block_sql_before(op, g->series, g->p[0].t, BEFORE, &before));
    TRY(block_sql_begin_in(op, later, AFTER, &after));
    struct around w = { .b = NEWN(op->arena, struct block_row, before.n + after.n),
                        .n = before.n + after.n,
                        .all = after.n < AFTER };
    for (size_t i = 0; i < before.n; i++) w.b[i] = before.item[before.n - 1 - i];
    for (size_t i = 0; i < after.n; i++) w.b[before.n + i] = after.item[i];
    if (!w.n) {
        struct series_info info;
        bool found;
        TRY(series_sql_get(op, g->series, &info, &found));
        *gone = !found;
        if (!found) return OK;
    }
    size_t at = before.n;
    for (*done = 0; *done < g->n && (w.all || at < w.n); at++) {
        struct group part = { g->series, g->kind, g->p + *done, 0, at, false };
        i64 end = at < w.n ? w.b[at].s.t_first : INT64_MAX;
        while (*done < g->n && g->p[*done].t < end) (*done)++, part.n++;
        part.last = *done == g->n;
        if (part.n) TRY(place_group(op, m, &w, &part));
    }
    return OK;
}

static void tail_gone(void *arg)
{
    const row_ids *ids = arg;
    tail_remove((const i64 *)ids->item, ids->n);
    mem_free(arg);
}

static err_t write_pending(struct op *op, struct merge *m, struct tail_row *const *row, size_t nrows)
{
    bool moved;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(state_sql_move(op, m->generation, &moved));
    if (!moved) return fail(op, ERR_CONFLICT, "blocks have been replaced meanwhile");
    TRY(block_sql_delete(op, m->old, m->nold));
    TRY(block_sql_insert(op, pages_order(op->arena, (size_t)m->page, m->fresh, m->nfresh), m->nfresh));
    if (nrows) {
        row_ids *ids = mem_alloc(sizeof *ids + nrows * sizeof(struct row_id));
        *ids = (row_ids){ .item = (struct row_id *)(ids + 1), .n = nrows };
        for (size_t i = 0; i < nrows; i++) ids->item[i].id = row[i]->id;
        db_after_commit_or(op, tail_gone, mem_free, ids);
        TRY(tail_sql_delete(op, (const i64 *)ids->item, nrows));
    }
    return db_commit(&tx);
}

/* The error of an operation whose arena goes. */
static err_t keep_error(struct op *op, const struct op *from, err_t e)
{
    op->err = from->err;
    op->err.msg = str_copy(op->arena, from->err.msg);
    op->err.field = str_copy(op->arena, from->err.field);
    return e;
}

/* What is pending, and rows of the tail, in one transaction that is on disk when this returns. */
static err_t commit(struct merge *m, struct tail_row *const *row, size_t nrows)
{
    struct op sub = *m->op;
    sub.arena = &m->pending;
    err_t e = write_pending(&sub, m, row, nrows);
    if (!e) e = db_flush(&sub);
    if (e) return keep_error(m->op, &sub, e);
    m->generation++;
    m->nold = m->nfresh = m->bytes = 0;
    arena_reset(&m->pending);
    return OK;
}

/* In an arena of its own. What is pending of this series must be on disk before the next call for it. */
static err_t place(struct op *op, struct merge *m, struct group *g, bool *gone)
{
    while (g->n && !*gone) {
        size_t done = 0;
        TRY(place_some(op, m, g, gone, &done));
        g->p += done;
        g->n -= done;
        if (m->nfresh >= FLUSH_BLOCKS || m->bytes >= FLUSH_BYTES || g->n) TRY(commit(m, NULL, 0));
    }
    return OK;
}

static err_t merge_series(struct op *op, struct merge *m, const struct spots *spots)
{
    struct overlay over;
    struct series_damage damage = { 0 };
    struct group g = { .series = spots->item[0].piece->series };
    size_t n = 1, have = 0, most = 0;
    bool gone = false;
    for (size_t i = 0; i < spots->n; i++) most += spots->item[i].piece->count;
    struct point *all = arena_alloc_raw(op->arena, MIN(most, (size_t)CHUNK + BLOCK_POINTS_MAX) * sizeof *all);
    overlay_init(&over, op, spots, &damage);
    while (n && !gone) {
        const struct point *p;
        TRY(overlay_next(&over, INT64_MAX, &p, &n));
        for (size_t at = 0, part; at < n && !gone; at += part) {
            part = MIN(n - at, (size_t)CHUNK - have);
            memcpy(all + have, p + at, part * sizeof *all);
            have += part;
            if (have < CHUNK) continue;
            g = (struct group){ g.series, over.kind, all, have, 0, false };
            TRY(place(op, m, &g, &gone));
            TRY(commit(m, NULL, 0));
            have = 0;
        }
    }
    if (damage.blocks) LOG_ERROR("points of the tail are lost", KV("what", damage.first));
    g = (struct group){ g.series, over.kind, all, have, 0, false };
    return place(op, m, &g, &gone);
}

static err_t merge_plan(struct op *op, struct merge *m, const struct tail_plan *p)
{
    struct arena scratch = { 0 };
    err_t e = OK;
    db_join(op);
    for (size_t i = 0; !e && i < p->n; i++) {
        struct op sub = *op;
        sub.arena = &scratch;
        e = merge_series(&sub, m, &p->of[i]);
        if (e && !op->err.code) keep_error(op, &sub, e);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    for (size_t at = 0; !e && (at < p->nrows || m->nfresh); at += TAIL_ROWS)
        e = commit(m, p->row + at, at < p->nrows ? MIN(p->nrows - at, (size_t)TAIL_ROWS) : 0);
    return e;
}

static bool worth_it(const struct tail_state *s)
{
    return s->bytes >= SERIES_MERGE_BYTES || s->rows >= SERIES_MERGE_ROWS ||
           s->points >= (i64)s->series * SERIES_FULL || time_mono_us() - s->oldest_us >= SERIES_MERGE_AGE_US;
}

/* Points that are being sent come first: a merge takes half of the time of the core that takes them in, and
 * what it costs is the same a little later. */
static bool gives_way(const struct tail_state *s)
{
    i64 now = time_mono_us();
    return s->bytes < SERIES_HELD_BYTES && s->rows < SERIES_HELD_ROWS &&
           now - s->oldest_us < SERIES_HELD_US && now - series_came_us() < SERIES_CALM_US;
}

/* The oldest rows. */
static err_t merge_piece(struct op *op)
{
    struct tail_plan plan;
    struct merge m = { .op = op, .lease = time_now().us + LEASE_US };
    bool mine = true;
    if (db_engine(op->ports->db) != DB_SQLITE) TRY(state_sql_lease(op, time_now().us, m.lease, &mine));
    if (!mine) return OK;
    TRY(db_flush(op));
    TRY(state_sql_get(op, &m.generation));
    if (db_engine(op->ports->db) == DB_SQLITE) TRY(sqlite_page_size(op, &m.page));
    m.room = arena_alloc_raw(op->arena, sizeof *m.room);
    m.out = BUF(op->arena);
    tail_plan(op->arena, SERIES_PIECE_BYTES, &plan);
    err_t e = merge_plan(op, &m, &plan);
    arena_free(&m.pending);
    if (e == ERR_CONFLICT) {
        LOG_DEBUG("a merge of series begins anew", KV("why", op->err.msg));
        op_clear(op);
        e = OK;
    }
    if (!e && db_engine(op->ports->db) != DB_SQLITE) e = state_sql_lease_end(op, m.lease);
    return e;
}

/* Piece by piece: when points come as fast as they are put in order, room is made for them steadily. What
 * comes meanwhile is for the next merge. */
err_t series_merge(struct op *op, bool now)
{
    err_t e = tail_refresh(op);
    size_t pieces = tail_state().bytes / SERIES_PIECE_BYTES + 1;
    db_join(op);
    for (size_t i = 0; !e && i < pieces; i++) {
        AUTO(arena) struct arena scratch = { 0 };
        struct op sub = *op;
        sub.arena = &scratch;
        struct tail_state s = tail_state();
        if (!s.rows || (!now && (!worth_it(&s) || gives_way(&s)))) break;
        e = merge_piece(&sub);
        if (e) keep_error(op, &sub, e);
    }
    return e;
}

/* Gives back to the system, a little at a time, what deleted rows have left in the file; only in quiet times,
 * because the tail will need the room again. */
static err_t shrink(struct op *op)
{
    enum { FREE_PAGES = 16 };
    static _Atomic i64 points_before;
    struct tail_state s = tail_state();
    i64 pages, before = points_before;
    points_before = s.points;
    if (db_engine(op->ports->db) != DB_SQLITE || s.points != before || s.bytes >= SERIES_MERGE_BYTES / 4)
        return OK;
    TRY(sqlite_free_pages(op, &pages));
    return pages > FREE_PAGES ? sqlite_vacuum(op) : OK;
}

err_t series_merge_job(struct op *op)
{
    TRY(series_merge(op, false));
    return shrink(op);
}
