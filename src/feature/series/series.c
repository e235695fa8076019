/* Single series and sets of them: found, read at their end, deleted. */
#include "feature/account/account.h"
#include "feature/series/series_api.h"
#include <regex.h>

err_t series_get(struct op *op, i64 id, struct series_info *out)
{
    bool found;
    TRY(series_sql_get(op, id, out, &found));
    return found ? OK : fail(op, ERR_NOT_FOUND, "no series %lld", (long long)id);
}

/* A series of a project belongs to the project, whoever made it. */
static struct entity entity_of(const struct series_info *s)
{
    return (struct entity){ VISIBLE_PRIVATE, s->project_id ? 0 : s->owner_id, s->project_id };
}

err_t series_for(struct op *op, i64 id, enum series_need need, struct series_info *out)
{
    static const enum project_role needed[] = { [SERIES_SEE] = ROLE_VIEWER, [SERIES_CHANGE] = ROLE_EDITOR };
    enum project_role role = ROLE_NONE;
    TRY(series_get(op, id, out));
    struct entity e = entity_of(out);
    TRY(account_access(op, &e, &role));
    if (role == ROLE_NONE) return fail(op, ERR_NOT_FOUND, "no series %lld", (long long)id);
    if (role < needed[need])
        return fail(op, ERR_FORBIDDEN, "series %lld is not yours to change", (long long)id);
    return OK;
}

enum { REGEX_MAX = 8192 }; /* bytes: an alternation of some hundred ids */
static void regex_free(void *re) { regfree(re); }

/* A matcher made ready. */
struct test {
    const struct series_match *m;
    regex_t *re;
};

/* Anchored at both ends, as Prometheus has it. */
static err_t test_new(struct op *op, const struct series_match *m, struct test *out)
{
    *out = (struct test){ m, NULL };
    if (m->op != MATCH_REGEX && m->op != MATCH_NOT_REGEX) return OK;
    if (m->value.n > REGEX_MAX || memchr(m->value.p, 0, m->value.n))
        return fail_field(op, "match", "has a regular expression that is too long");
    str text = arena_printf(op->arena, "^(%.*s)$", STR(m->value));
    out->re = NEW(op->arena, regex_t);
    if (regcomp(out->re, text.p, REG_EXTENDED | REG_NOSUB))
        return fail_field(op, "match", "has a regular expression that is not one: '%.*s'", STR(m->value));
    arena_defer(op->arena, regex_free, out->re);
    return OK;
}

static bool passes(struct arena *a, const struct test *t, str value)
{
    bool same = t->re ? !regexec(t->re, str_z(a, value), 0, NULL, 0) : str_eq(value, t->m->value);
    return same == (t->m->op == MATCH_EQUAL || t->m->op == MATCH_REGEX);
}

/* An absent label is the empty text. */
static str label_of(struct arena *a, const struct series_info *s, str name)
{
    struct json j = json_reader(a, s->labels.s);
    str key, value = S("");
    if (!name.n) return s->name;
    for (json_object(&j); json_key(&j, &key);) {
        if (!json_str(&j, &value)) break;
        if (str_eq(key, name)) return value;
    }
    return S("");
}

/* What the database can tell by itself. */
static void narrow(struct op *op, const struct series_query *q, struct series_filter *f)
{
    for (size_t i = 0; i < q->nmatch; i++) {
        const struct series_match *m = &q->match[i];
        if (m->op != MATCH_EQUAL) continue;
        if (!m->label.n) {
            f->name = m->value.p ? m->value : S("");
        } else if (m->value.n && f->npairs < LEN(f->pair)) {
            struct buf b = BUF(op->arena);
            json_put_str(&b, m->label);
            buf_char(&b, ':');
            json_put_str(&b, m->value);
            f->pair[f->npairs++] = buf_str(&b);
        }
    }
}

static bool all_pass(struct arena *a, const struct test *test, size_t n, const struct series_info *s)
{
    for (size_t i = 0; i < n; i++)
        if (!passes(a, &test[i], label_of(a, s, test[i].m->label))) return false;
    return true;
}

/* A page of the database goes with its arena. */
static struct series_info kept(struct arena *a, const struct series_info *from)
{
    struct series_info s = *from;
    s.name = str_copy(a, s.name);
    s.unit = str_copy(a, s.unit);
    s.help = str_copy(a, s.help);
    s.labels.s = str_copy(a, s.labels.s);
    return s;
}

err_t series_find(struct op *op, const struct series_query *q, series_list *out)
{
    enum { PAGE = 1000 };
    const struct principal *who = op->who;
    struct series_filter f = { .after = q->after,
                               .limit = PAGE,
                               .project_id = who->project_id ? who->project_id : q->project_id,
                               .user_id = who->user_id,
                               .all = who->kind == WHO_SYSTEM || who->rights & RIGHT_ADMIN };
    struct test *test = NEWN(op->arena, struct test, q->nmatch);
    *out = (series_list){ .item = NEWN(op->arena, struct series_info, q->limit) };
    if (who->project_id && q->project_id && q->project_id != who->project_id) return OK;
    for (size_t i = 0; i < q->nmatch; i++) TRY(test_new(op, &q->match[i], &test[i]));
    narrow(op, q, &f);
    db_join(op);
    for (size_t n = PAGE; n == PAGE && out->n < (size_t)q->limit;) {
        AUTO(arena) struct arena scratch = { 0 };
        struct op sub = *op;
        series_list page;
        sub.arena = &scratch;
        err_t e = series_sql_find(&sub, &f, &page);
        if (e) return fail(op, e, "%.*s", STR(sub.err.msg));
        for (size_t i = 0; i < page.n && out->n < (size_t)q->limit; i++)
            if (all_pass(&scratch, test, q->nmatch, &page.item[i]))
                out->item[out->n++] = kept(op->arena, &page.item[i]);
        n = page.n;
        if (n) f.after = page.item[n - 1].id;
    }
    return OK;
}

static void forget_names(void *none UNUSED) { series_names_forget(); }

err_t series_delete(struct op *op, const i64 *ids, size_t n)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(state_sql_bump(op));
    for (size_t i = 0; i < n; i++) TRY(series_sql_delete(op, ids[i]));
    db_after_commit(op, forget_names, NULL);
    return db_commit(&tx);
}

struct series_point series_point_of(const struct series_run *r, u32 i)
{
    struct series_point p = { .t = r->t[i] };
    switch (r->kind) {
    case SERIES_F64: p.f = r->f[i]; break;
    case SERIES_I64: p.i = r->i[i]; break;
    default: p.s = r->s[i];
    }
    return p;
}

/* The newest points of some series, read in an arena that goes. */
struct ends {
    struct op *op;
    struct arena *keep; /* for texts */
    struct block_points *room;
    struct series_point *out;
};

static err_t last_of(struct ends *e, size_t i, str bytes, const struct block_at *at)
{
    struct series_run run;
    struct block_at told = *at;
    if (!e->room) e->room = arena_alloc_raw(e->op->arena, sizeof *e->room);
    told.fault = block_read(bytes, e->op->arena, e->room, &run);
    if (told.fault) return series_damaged(e->op, NULL, &told);
    e->out[i] = series_point_of(&run, run.n - 1);
    e->out[i].s = str_copy(e->keep, e->out[i].s);
    return OK;
}

static err_t last_of_tail(struct ends *e, const i64 *ids, size_t n)
{
    struct spot *spot = NEWN(e->op->arena, struct spot, n);
    tail_newest(e->op->arena, ids, n, spot);
    for (size_t i = 0; i < n; i++) {
        const struct piece *p = spot[i].piece;
        if (!spot[i].row) continue;
        TRY(last_of(e, i, (str){ spot[i].row->data.p + p->at, p->n },
                    &(struct block_at){ p->series, p->t_first, p->t_last, p->count, 0 }));
    }
    return OK;
}

/* The row of a series' last block tells its last number, unless its last point is none or no double. */
static err_t last_of_block(struct ends *e, const struct block_end *b)
{
    struct block_row row = { 0 };
    bool found;
    struct series_point *out = &e->out[b->at];
    if (out->t && b->t_last <= out->t) return OK;
    if (b->kind == SERIES_F64 && b->count == b->numbers) {
        *out = (struct series_point){ .t = b->t_last, .f = b->last };
        return OK;
    }
    TRY(block_sql_last(e->op, b->series_id, &row, &found));
    if (!found) return OK;
    return last_of(e, (size_t)b->at, row.data,
                   &(struct block_at){ b->series_id, row.s.t_first, row.s.t_last, row.s.count, 0 });
}

static err_t last_of_some(struct ends *e, const i64 *ids, size_t n)
{
    block_ends ends;
    memset(e->out, 0, n * sizeof *e->out);
    TRY(last_of_tail(e, ids, n));
    TRY(block_sql_ends(e->op, ids, n, &ends));
    for (size_t i = 0; i < ends.n; i++) TRY(last_of_block(e, &ends.item[i]));
    return OK;
}

err_t series_last(struct op *op, const i64 *ids, size_t n, struct series_point *out)
{
    enum { SOME = 1000 };
    TRY(tail_refresh(op));
    db_join(op);
    for (size_t at = 0; at < n; at += SOME) {
        AUTO(arena) struct arena scratch = { 0 };
        struct op sub = *op;
        sub.arena = &scratch;
        struct ends e = { .op = &sub, .keep = op->arena, .out = out + at };
        err_t failed = last_of_some(&e, ids + at, MIN(n - at, (size_t)SOME));
        if (failed) return fail(op, failed, "%.*s", STR(sub.err.msg));
    }
    return OK;
}

/* Who leaves takes their own series along; a project's stay with it. */
err_t series_forget_user(struct op *op, i64 user_id)
{
    row_ids own;
    TRY(series_sql_of_owner(op, user_id, &own));
    i64 *ids = NEWN(op->arena, i64, own.n);
    for (size_t i = 0; i < own.n; i++) ids[i] = own.item[i].id;
    return own.n ? series_delete(op, ids, own.n) : OK;
}

/* The catalogue of what is theirs; the points are read through the API. */
err_t series_export_user(struct op *op, i64 user_id, struct buf *b)
{
    row_ids own;
    TRY(series_sql_of_owner(op, user_id, &own));
    buf_char(b, '[');
    for (size_t i = 0; i < own.n; i++) {
        struct series_info s;
        if (i) buf_char(b, ',');
        TRY(series_get(op, own.item[i].id, &s));
        desc_write(b, &series_info_desc, &s);
    }
    buf_char(b, ']');
    return OK;
}
