/* Questions. Rows come first, then blocks in the order of their nearer ends, until no block that is left can
 * have a line that belongs into the answer. A line that is sealed in between is seen twice and counted once.
 */
#include "base/log.h"
#include "feature/log/log_sql.h"

enum { ROWS = 1000, METAS = 64, METAS_FIRST = 4, BATCH_MOST = 16 };

struct find {
    struct op *op;
    const struct log_query *q;
    struct log_terms terms;
    i64 stream_id;
    struct log_line *best, *merged; /* limit each */
    size_t n, limit;
    struct log_room room;
    u32 *hit; /* lines of a block that have the terms */
};

/* ---- the answer so far ---- */

static int compare(const struct find *f, time_us at, i64 seq, time_us at2, i64 seq2)
{
    int c = at.us != at2.us ? (at.us < at2.us ? -1 : 1) : (seq > seq2) - (seq < seq2);
    return f->q->oldest_first ? c : -c;
}
static int order(const struct find *f, const struct log_line *a, const struct log_line *b)
{
    return compare(f, a->at, a->seq, b->at, b->seq);
}

static void merge(struct find *f, const struct log_line *line, size_t n)
{
    size_t i = 0, k = 0, out = 0;
    while (out < f->limit && (i < f->n || k < n)) {
        int c = i == f->n ? 1 : k == n ? -1 : order(f, &f->best[i], &line[k]);
        if (c == 0) k++;
        f->merged[out++] = c <= 0 ? f->best[i++] : line[k++];
    }
    struct log_line *swap = f->best;
    f->best = f->merged;
    f->merged = swap;
    f->n = out;
}

/* Whether a line of that place can still get into the answer. */
static bool wanted(const struct find *f, time_us at, i64 seq)
{
    if (f->n < f->limit) return true;
    const struct log_line *last = &f->best[f->n - 1];
    return compare(f, at, seq, last->at, last->seq) < 0;
}

/* ---- rows ---- */

static bool text_has(struct arena *a, const struct log_terms *t, str text)
{
    if (!t->n) return true;
    if (!text.n) return false;
    char *folded = arena_alloc_raw(a, text.n);
    log_fold(text.p, text.n, folded);
    return log_has((str){ folded, text.n }, t);
}

bool log_matches(struct arena *a, const struct log_query *q, const struct log_line *l)
{
    struct log_terms t = log_terms_of(a, q->text);
    if (q->kinds && !(q->kinds & 1u << l->kind)) return false;
    return l->level >= q->level && text_has(a, &t, l->text);
}

static err_t find_rows(struct find *f)
{
    struct log_query q = *f->q;
    log_lines page = { 0 };
    q.limit = f->terms.n ? ROWS : (i64)f->limit;
    do {
        TRY(log_sql_rows(f->op, f->stream_id, &q, &page));
        size_t n = 0;
        for (size_t i = 0; i < page.n; i++)
            if (text_has(f->op->arena, &f->terms, page.item[i].text)) page.item[n++] = page.item[i];
        if (page.n) {
            q.after_at = page.item[page.n - 1].at;
            q.after_seq = page.item[page.n - 1].seq;
        }
        merge(f, page.item, n);
    } while ((i64)page.n == q.limit && f->n < f->limit);
    return OK;
}

/* ---- blocks ---- */

static bool passes(const struct find *f, const struct log_rest *r, size_t i)
{
    const struct log_query *q = f->q;
    if (q->from.us && r->at[i].us < q->from.us) return false;
    if (q->to.us && r->at[i].us >= q->to.us) return false;
    if (q->kinds && !(q->kinds & 1u << log_rest_kind(r, i))) return false;
    if (log_rest_level(r, i) < q->level) return false;
    return !q->after_at.us || compare(f, r->at[i], r->seq[i], q->after_at, q->after_seq) > 0;
}

/* `in` is the operation with memory of its own: what is found moves to the question's. */
static err_t take_lines(struct find *f, struct op *in, i64 block_id, str folded, size_t hits)
{
    struct log_body body;
    struct log_rest rest;
    bool found;
    TRY(log_sql_rest(in, block_id, &body, &found));
    if (!found) return OK; /* retention was faster */
    TRY(log_rest_open(in, &f->room, body.rest, folded, &rest));
    size_t n = f->terms.n ? hits : rest.n, got = 0;
    struct log_line *line = NEWN(in->arena, struct log_line, f->limit);
    for (size_t i = 0; i < n && got < f->limit; i++) {
        size_t k = f->q->oldest_first ? i : n - 1 - i;
        size_t at = f->terms.n ? f->hit[k] : k;
        if (!passes(f, &rest, at)) continue;
        if (!wanted(f, rest.at[at], rest.seq[at])) break;
        line[got++] = log_rest_line(f->op->arena, &rest, folded, at);
    }
    merge(f, line, got);
    return OK;
}

/* In place of lines that cannot be read. */
static void tell_damage(struct find *f, const struct log_meta *m, struct op *in)
{
    LOG_ERROR("a block of log lines cannot be read", KV("block", m->id), KV("message", in->err.msg));
    op_clear(in);
    struct log_line line = { m->last_seq, m->last_at, LOG_ERROR, 4, { 0 }, { { 0 } } };
    line.text = arena_printf(f->op->arena, "%lld lines up to here cannot be read: block %lld is damaged",
                             (long long)m->lines, (long long)m->id);
    bool behind = f->q->after_at.us && compare(f, line.at, line.seq, f->q->after_at, f->q->after_seq) <= 0;
    bool outside =
        (f->q->from.us && line.at.us < f->q->from.us) || (f->q->to.us && line.at.us >= f->q->to.us);
    if (!behind && !outside) merge(f, &line, 1);
}

static err_t search_block(struct find *f, struct op *in, const struct log_meta *m, str packed)
{
    str folded;
    size_t hits = 0;
    f->room.damaged = false;
    err_t e = log_text_open(in, &f->room, packed, &folded);
    if (!e && f->terms.n) hits = log_search(folded, &f->terms, f->hit, LOG_BLOCK_LINES);
    if (!e && (hits || !f->terms.n)) e = take_lines(f, in, m->id, folded, hits);
    if (!f->room.damaged) return e;
    tell_damage(f, m, in);
    return OK;
}

/* Whether blocks from here on can matter. */
static bool near(const struct find *f, const struct log_meta *m)
{
    if (f->n < f->limit) return true;
    i64 last = f->best[f->n - 1].at.us;
    return f->q->oldest_first ? m->first_at.us <= last : m->last_at.us >= last;
}

/* Opens n blocks at once, in memory that goes afterwards. */
static err_t open_batch(struct find *f, const struct log_meta *const *meta, size_t n)
{
    AUTO(arena) struct arena a = { 0 };
    struct op in = *f->op;
    log_bodies body = { 0 };
    i64 id[BATCH_MOST] = { 0 };
    in.arena = &a;
    for (size_t i = 0; i < n; i++) id[i] = meta[i]->id;
    err_t e = log_sql_texts(&in, id, n, &body);
    for (size_t i = 0; i < n && !e; i++)
        for (size_t k = 0; k < body.n && !e && near(f, meta[i]); k++)
            if (body.item[k].block_id == id[i]) e = search_block(f, &in, meta[i], body.item[k].text);
    if (e) return op_fail(f->op, e, in.err.at, (str){ 0 }, "%.*s", STR(in.err.msg));
    return OK;
}

/* One page; *more = false: nothing behind it can matter. */
static err_t find_in(struct find *f, const log_metas *page, size_t *batch, bool *more)
{
    const struct log_meta *open[BATCH_MOST];
    size_t n = 0;
    for (size_t i = 0; i < page->n && *more; i++) {
        const struct log_meta *m = &page->item[i];
        *more = near(f, m);
        if (*more && log_filter_may(m->filter, &f->terms)) open[n++] = m;
        if (op_late(f->op)) return fail(f->op, ERR_TIMEOUT, "the search took too long");
        if (n < *batch) continue;
        TRY(open_batch(f, open, n));
        *batch = MIN(*batch * 2, (size_t)BATCH_MOST);
        n = 0;
    }
    return n ? open_batch(f, open, n) : OK;
}

static err_t find_blocks(struct find *f)
{
    size_t batch = 1;
    struct log_meta after;
    bool more = true;
    for (i64 most = METAS_FIRST, i = 0; more; most = METAS, i++) {
        AUTO(arena) struct arena a = { 0 };
        struct op in = *f->op;
        log_metas page = { 0 };
        in.arena = &a;
        err_t e = log_sql_blocks(&in, f->stream_id, f->q, i ? &after : NULL, most, &page);
        if (e) return op_fail(f->op, e, in.err.at, (str){ 0 }, "%.*s", STR(in.err.msg));
        TRY(find_in(f, &page, &batch, &more));
        more = more && (i64)page.n == most;
        if (page.n) after = page.item[page.n - 1];
    }
    return OK;
}

err_t log_find(struct op *op, const struct log_query *q, log_lines *out)
{
    struct find f = { .op = op, .q = q, .limit = (size_t)MAX(q->limit, (i64)0) };
    f.terms = log_terms_of(op->arena, q->text);
    f.best = NEWN(op->arena, struct log_line, f.limit + 1);
    f.merged = NEWN(op->arena, struct log_line, f.limit + 1);
    f.hit = NEWN(op->arena, u32, LOG_BLOCK_LINES);
    TRY(log_sql_stream(op, q->stream, &f.stream_id)); /* also: op has used the database, copies share that */
    err_t e = f.stream_id && f.limit ? find_rows(&f) : OK;
    if (!e && f.stream_id && f.limit) e = find_blocks(&f);
    log_room_done(&f.room);
    if (e) return e;
    out->item = f.best;
    out->n = f.n;
    return OK;
}
