#include "spark/remote_logs.h"
#include "base/log.h"
#include "feature/unit/unit.h"

enum { PAGE = 1000 };

struct remote_units {
    LIST(struct unit) units;
    str next_cursor;
};
#define D struct remote_units
static const struct field remote_units_fields[] = {
    { F_LIST(units, &unit_desc), .max = PAGE },
    { F(next_cursor), .max = 40 },
};
#undef D
static DESC(remote_units);

struct remote_rows {
    LIST(struct telemetry_row) logs;
    str next_cursor;
};
#define D struct remote_rows
static const struct field remote_rows_fields[] = {
    { F_LIST(logs, &telemetry_row_desc), .max = PAGE },
    { F(next_cursor), .max = 60 },
};
#undef D
static DESC(remote_rows);

/* One line of the stream: a record, or what the server says of the stream itself. */
struct remote_said {
    str event;
    i64 dropped;
    json_raw data;
};
#define D struct remote_said
static const struct field remote_said_fields[] = {
    { F(event), .max = 20 },
    { F(dropped) },
    { F(data), .max = 1 << 20 },
};
#undef D
static DESC(remote_said);

struct remote {
    struct op *op;
    struct registry *registry;
    const struct remote_log *ask;
    bool (*show)(void *ctx, const struct remote_line *);
    void *ctx;
    str path; /* of its logs */
    bool enough;
};

/* ---- which unit ---- */

struct found {
    size_t named, begun;
    uuid by_name, by_id;
    struct buf all; /* the candidates, for people */
};

static void consider(struct found *f, const struct unit *u, str text)
{
    char id[UUID_TEXT];
    bool named = str_eq(u->name, text), begun = str_starts(uuid_text(u->unit_id, id), text);
    if (named) f->by_name = u->unit_id, f->named++;
    if (begun) f->by_id = u->unit_id, f->begun++;
    if (named || begun)
        buf_printf(&f->all, "%s%.*s (%.*s)", f->all.n ? ", " : "", STR(uuid_text(u->unit_id, id)),
                   STR(u->name));
}

static err_t find_unit(struct remote *r, uuid *out)
{
    struct op *op = r->op;
    struct found f = { .all = BUF(op->arena) };
    str text = r->ask->unit, cursor = { 0 };
    do {
        struct remote_units page = { 0 };
        str path = arena_printf(op->arena, "/api/spark/units?limit=%d%s%.*s", PAGE,
                                cursor.n ? "&cursor=" : "", STR(cursor));
        TRY(client_call(r->registry->http, op, GET, path, NULL, NULL, &remote_units_desc, &page));
        for (size_t i = 0; i < page.units.n; i++) consider(&f, &page.units.item[i], text);
        cursor = page.next_cursor;
    } while (cursor.n);
    if (f.named > 1 || (!f.named && f.begun > 1))
        return fail(op, ERR_CONFLICT,
                    TR("'%.*s' fits several units: %.*s", "'%.*s' подходит нескольким юнитам: %.*s"),
                    STR(text), STR(buf_str(&f.all)));
    if (!f.named && !f.begun)
        return fail(op, ERR_NOT_FOUND,
                    TR("there is no unit '%.*s', neither on this machine nor on the server",
                       "юнита '%.*s' нет ни на этой машине, ни на сервере"),
                    STR(text));
    *out = f.named ? f.by_name : f.by_id;
    return OK;
}

/* ---- its lines ---- */

static bool show_row(struct remote *r, const struct telemetry_row *row)
{
    struct remote_line l = { row->id, row->timestamp, row->level, row->message };
    if (!r->enough) r->enough = !r->show(r->ctx, &l);
    return !r->enough;
}

static str level_part(const struct remote *r)
{
    return r->ask->level ? arena_printf(r->op->arena, "&level=%s", telemetry_levels[r->ask->level]) : S("");
}

static err_t get_page(struct remote *r, const char *order, i64 limit, str cursor, struct remote_rows *page)
{
    str path = arena_printf(r->op->arena, "%.*s?order=%s&limit=%lld%.*s%s%.*s", STR(r->path), order,
                            (long long)limit, STR(level_part(r)), cursor.n ? "&cursor=" : "", STR(cursor));
    *page = (struct remote_rows){ 0 };
    return client_call(r->registry->http, r->op, GET, path, NULL, NULL, &remote_rows_desc, page);
}

static err_t show_all(struct remote *r)
{
    struct remote_rows page = { 0 };
    do {
        TRY(get_page(r, "asc", PAGE, page.next_cursor, &page));
        for (size_t i = 0; i < page.logs.n && show_row(r, &page.logs.item[i]); i++) continue;
    } while (page.next_cursor.n && !r->enough);
    return OK;
}

/* Newest first from the server, oldest first for people. */
static err_t show_last(struct remote *r)
{
    struct telemetry_row *rows = NEWN(r->op->arena, struct telemetry_row, MIN(r->ask->lines, 1000000));
    struct remote_rows page = { 0 };
    i64 n = 0, most = MIN(r->ask->lines, 1000000);
    while (n < most) {
        TRY(get_page(r, "desc", MIN(most - n, PAGE), page.next_cursor, &page));
        for (size_t i = 0; i < page.logs.n && n < most; i++) rows[n++] = page.logs.item[i];
        if (!page.next_cursor.n) break;
    }
    while (n-- > 0 && show_row(r, &rows[n])) continue;
    return OK;
}

static bool on_line(void *ctx, str text)
{
    struct remote *r = ctx;
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .who = r->op->who };
    struct remote_said said = { 0 };
    struct telemetry_row row = { 0 };
    if (desc_read_answer(&op, &remote_said_desc, text, &said)) return true;
    if (said.dropped || str_is(said.event, "gap"))
        LOG_WARN("lines were left out: too many at once", KV("lines", said.dropped));
    if (said.event.n || !said.data.s.n) return !str_is(said.event, "err");
    if (desc_read_answer(&op, &telemetry_row_desc, said.data.s, &row)) return true;
    return show_row(r, &row);
}

static err_t follow(struct remote *r)
{
    char now[TIME_TEXT];
    i64 limit = r->ask->lines < 0 ? PAGE : MAX(MIN(r->ask->lines, PAGE), 1);
    str from =
        r->ask->lines ? S("") : arena_printf(r->op->arena, "&from=%.*s", STR(time_text(time_now(), now)));
    str path = arena_printf(r->op->arena, "%.*s?follow=1&limit=%lld%.*s%.*s", STR(r->path), (long long)limit,
                            STR(level_part(r)), STR(from));
    return client_lines(r->registry->http, r->op, path, on_line, r);
}

err_t remote_logs(struct op *op, struct registry *registry, const struct remote_log *ask,
                  bool (*show)(void *ctx, const struct remote_line *), void *ctx)
{
    struct remote r = { .op = op, .registry = registry, .ask = ask, .show = show, .ctx = ctx };
    uuid unit;
    char id[UUID_TEXT];
    TRY(find_unit(&r, &unit));
    r.path = arena_printf(op->arena, "/api/spark/units/%.*s/logs", STR(uuid_text(unit, id)));
    if (ask->follow) return follow(&r);
    return ask->lines < 0 ? show_all(&r) : show_last(&r);
}
