/* The tail's points of one series in time order. Pieces are opened in the order of their first points and
 * only when the walk has come to them; what of them lies later than the next piece's begin waits in the
 * buffer. In the usual case, where pieces follow each other, nothing is ever sorted. */
#include "feature/series/series_impl.h"

static int by_begin(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    return (x->piece->t_first > y->piece->t_first) - (x->piece->t_first < y->piece->t_first);
}

/* Which of equal times wins: the row's place in time, then the piece's in the row. Spots come in that order.
 */
struct ranked {
    struct spot spot;
    u32 rank;
};
static int by_begin_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int c = by_begin(&x->spot, &y->spot);
    return c ? c : (x->rank > y->rank) - (x->rank < y->rank);
}

void overlay_init(struct overlay *o, struct op *op, const struct spots *spots, struct series_damage *damage)
{
    *o = (struct overlay){ .op = op, .sorted = true, .damage = damage };
    if (!spots->n) return;
    struct ranked *r = NEWN(op->arena, struct ranked, spots->n);
    for (size_t i = 0; i < spots->n; i++) r[i] = (struct ranked){ spots->item[i], (u32)i };
    bool ordered = true;
    for (size_t i = 1; i < spots->n && ordered; i++)
        ordered = spots->item[i].piece->t_first >= spots->item[i - 1].piece->t_first;
    if (!ordered) qsort(r, spots->n, sizeof *r, by_begin_ranked);
    o->spots.n = spots->n;
    o->spots.item = NEWN(op->arena, struct spot, spots->n);
    o->rank = NEWN(op->arena, u32, spots->n);
    for (size_t i = 0; i < spots->n; i++) {
        o->spots.item[i] = r[i].spot;
        o->rank[i] = r[i].rank;
    }
    o->room = arena_alloc_raw(op->arena, sizeof *o->room);
}

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void make_room(struct overlay *o, size_t n)
{
    if (o->head) {
        memmove(o->buf, o->buf + o->head, (o->n - o->head) * sizeof *o->buf);
        o->n -= o->head;
        o->head = 0;
    }
    if (o->n + n <= o->cap) return;
    o->cap = MAX(o->cap * 2, o->n + n);
    struct point *buf = arena_alloc_raw(o->op->arena, o->cap * sizeof *buf);
    if (o->n) memcpy(buf, o->buf, o->n * sizeof *buf);
    o->buf = buf;
}

static u64 bits_at(struct arena *a, const struct series_run *r, u32 i)
{
    u64 bits;
    if (r->kind != SERIES_TEXT) return memcpy(&bits, &r->i[i], sizeof bits), bits;
    str *s = NEW(a, str);
    *s = r->s[i];
    return (u64)(uintptr_t)s;
}

/* Opens the next piece. */
static err_t open_piece(struct overlay *o)
{
    struct series_run run;
    const struct spot *s = &o->spots.item[o->next];
    const struct piece *p = s->piece;
    u32 rank = o->rank[o->next++];
    enum block_fault fault = block_read((str){ s->row->data.p + p->at, p->n }, o->op->arena, o->room, &run);
    if (!fault && run.kind != o->kind && o->known) fault = BLOCK_BAD;
    if (fault)
        return series_damaged(o->op, o->damage,
                              &(struct block_at){ p->series, p->t_first, p->t_last, p->count, fault });
    o->kind = run.kind;
    o->known = true;
    make_room(o, run.n);
    if (o->n > o->head && run.t[0] <= o->buf[o->n - 1].t) o->sorted = false;
    for (u32 i = 0; i < run.n; i++)
        o->buf[o->n++] = (struct point){ run.t[i], bits_at(o->op->arena, &run, i), rank };
    return OK;
}

static size_t drop_doubles(struct point *p, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || p[i + 1].t != p[i].t) p[kept++] = p[i];
    return kept;
}

err_t overlay_next(struct overlay *o, i64 until, const struct point **out, size_t *n)
{
    enum { ENOUGH = 4096 };
    *n = 0;
    for (;;) {
        i64 safe = o->next < o->spots.n ? o->spots.item[o->next].piece->t_first : INT64_MAX;
        i64 end = MIN(safe, until);
        size_t at = o->head;
        if (o->n - o->head >= ENOUGH || safe >= until) {
            if (!o->sorted) {
                qsort(o->buf + o->head, o->n - o->head, sizeof *o->buf, by_time);
                o->n = o->head + drop_doubles(o->buf + o->head, o->n - o->head);
                o->sorted = true;
            }
            while (at < o->n && o->buf[at].t < end) at++;
        }
        if (at > o->head) {
            *out = o->buf + o->head;
            *n = at - o->head;
            o->head = at;
            return OK;
        }
        if (safe >= until) return OK;
        TRY(open_piece(o));
    }
}
