#include "feature/log/log_block.h"
#include "feature/unit/unit.h"
#include "tests/unit/world.h"

static struct log_line line(i64 at, int kind, int level, str text)
{
    return (struct log_line){ .at = { at }, .kind = kind, .level = level, .text = text };
}
static i64 count(struct op *op, const char *table)
{
    i64 n = -1;
    if (str_is(str_of(table), "log_lines")) assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM log_lines"));
    else if (str_is(str_of(table), "log_bodies"))
        assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM log_bodies"));
    else assert_ok(op, db_i64(op, &n, "SELECT count(*) FROM log_blocks"));
    return n;
}

/* n lines, some late, some without text, a metric now and then; texts tell their number. */
static void fill(struct op *op, str stream, size_t n, i64 base)
{
    static const char *const words[] = { "connected to", "Ошибка ЧТЕНИЯ", "GET /index.html", "timeout of" };
    struct log_line *l = NEWN(op->arena, struct log_line, n);
    for (size_t i = 0; i < n; i++) {
        i64 at = base + (i64)i * 1000 - (i % 97 == 5 ? 3000000 : 0);
        l[i] = line(at, LOG_LINE, (int)(i % 6),
                    arena_printf(op->arena, "%s №%zu Host%zu", words[i % 4], i, i % 50));
        if (i % 11 == 3) l[i].text = (str){ 0 };
        if (i % 7 == 2) {
            l[i].kind = LOG_METRIC;
            l[i].data.s = arena_printf(op->arena, "{\"v\": %zu}", i);
        }
    }
    assert_ok(op, log_append(op, stream, l, n, NULL));
}

/* The whole answer, a page of `limit` at a time. */
static log_lines all(struct op *op, struct log_query q, i64 limit)
{
    log_lines sum = { NEWN(op->arena, struct log_line, 40000), 0 }, page;
    q.limit = limit;
    for (;;) {
        assert_ok(op, log_find(op, &q, &page));
        for (size_t i = 0; i < page.n; i++) sum.item[sum.n++] = page.item[i];
        if ((i64)page.n < limit) return sum;
        q.after_at = page.item[page.n - 1].at;
        q.after_seq = page.item[page.n - 1].seq;
    }
}
static void same(log_lines a, log_lines b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++) {
        assert_int_equal(a.item[i].seq, b.item[i].seq);
        assert_int_equal(a.item[i].at.us, b.item[i].at.us);
        assert_int_equal(a.item[i].kind, b.item[i].kind);
        assert_int_equal(a.item[i].level, b.item[i].level);
        assert_true(!a.item[i].text.p == !b.item[i].text.p);
        assert_str(a.item[i].text, b.item[i].text);
        assert_str(a.item[i].data.s, b.item[i].data.s);
    }
}

/* Every question gets the same answer from rows, from blocks, and from both. */
WORLD(log_answers_do_not_change_by_sealing)
{
    static const i64 base = 1800000000000000;
    static const struct {
        const char *text;
        int level;
        unsigned kinds;
        i64 from, to;
    } cases[] = {
        { "", 0, 0, 0, 0 },
        { "ошибка чтения", 0, 0, 0, 0 },
        { "\"чтения №1\"", 0, 0, 0, 0 },
        { "№777", 0, 0, 0, 0 },
        { "HOST7 get", 3, 0, 0, 0 },
        { "", 4, 1 << LOG_METRIC, 0, 0 },
        { "timeout", 0, 1 << LOG_LINE, base + 2000000, base + 4000000 },
        { "nowhere", 0, 0, 0, 0 },
        { "", 0, 1 << LOG_EVENT, 0, 0 },
    };
    log_lines before[LEN(cases)][2];
    fill(op, S("unit/x"), 10000, base);
    fill(op, S("unit/other"), 100, base);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < LEN(cases); i++)
            for (int way = 0; way < 2; way++) {
                struct log_query q = { .stream = S("unit/x"),
                                       .text = str_of(cases[i].text),
                                       .level = cases[i].level,
                                       .kinds = cases[i].kinds,
                                       .from = { cases[i].from },
                                       .to = { cases[i].to },
                                       .oldest_first = way };
                log_lines got = all(op, q, round ? 77 + (i64)i : 20000);
                if (!round) before[i][way] = got;
                else same(before[i][way], got);
            }
        if (round) break;
        assert_ok(op, db_flush(op));
        assert_ok(op, log_seal(op, SEC(60)));
        assert_int_equal(count(op, "log_blocks"), 2);
        assert_int_equal(count(op, "log_lines"), 10100 - 2 * LOG_BLOCK_LINES);
    }
    assert_int_equal(before[0][0].n, 10000);
    assert_int_equal(before[3][0].n, 11);
    assert_int_equal(before[7][0].n, 0);
    for (size_t i = 0; i < before[1][0].n; i++)
        assert_true(str_starts(before[1][0].item[i].text, S("Ошибка ЧТЕНИЯ №")));
}

WORLD(log_gives_numbers_when_asked)
{
    struct log_line l[3] = { line(5, 0, 0, S("a")), line(6, 0, 0, S("b")), line(7, 0, 0, S("c")) };
    i64 seq[3];
    log_lines got;
    assert_ok(op, log_append(op, S("job/n"), l, 3, seq));
    assert_true(seq[0] < seq[1] && seq[1] < seq[2]);
    assert_ok(op, log_find(op, &(struct log_query){ .stream = S("job/n"), .limit = 2 }, &got));
    assert_int_equal(got.n, 2);
    assert_int_equal(got.item[0].seq, seq[2]);
    assert_ok(op, log_find(op, &(struct log_query){ .stream = S("job/none"), .limit = 2 }, &got));
    assert_int_equal(got.n, 0);
}

WORLD(log_drops_streams_and_old_lines)
{
    bool more = true;
    log_lines got;
    struct log_line old = line(1000, 0, 0, S("old"));
    fill(op, S("unit/a"), 5000, 1800000000000000);
    fill(op, S("unit/b"), 5000, 1700000000000000);
    assert_ok(op, log_append(op, S("unit/a"), &old, 1, NULL));
    assert_ok(op, db_flush(op));
    assert_ok(op, log_seal(op, SEC(60)));
    assert_int_equal(count(op, "log_blocks"), 2);
    while (more) assert_ok(op, log_drop_before(op, (time_us){ 1750000000000000 }, &more));
    assert_int_equal(count(op, "log_blocks"), 1);
    assert_int_equal(count(op, "log_bodies"), 1);
    for (more = true; more;) assert_ok(op, log_drop(op, S("unit/a"), &more));
    assert_int_equal(count(op, "log_blocks"), 0);
    assert_int_equal(count(op, "log_bodies"), 0);
    assert_int_equal(count(op, "log_lines"), 0);
    assert_ok(op, log_append(op, S("unit/a"), &old, 1, NULL)); /* a stream may begin again */
    assert_ok(op, log_find(op, &(struct log_query){ .stream = S("unit/a"), .limit = 9 }, &got));
    assert_int_equal(got.n, 1);
}

WORLD(log_says_which_lines_are_damaged)
{
    log_lines got;
    fill(op, S("unit/a"), 2 * LOG_BLOCK_LINES + 10, 1800000000000000);
    assert_ok(op, db_flush(op));
    assert_ok(op, log_seal(op, SEC(60)));
    assert_ok(
        op,
        db_exec(op, "UPDATE log_bodies SET text = ? WHERE block_id = (SELECT min(block_id) FROM log_bodies)",
                A_BYTES(S("\1nonsense"))));
    got = all(op, (struct log_query){ .stream = S("unit/a") }, 1000);
    assert_int_equal(got.n, LOG_BLOCK_LINES + 10 + 1);
    struct log_line last = got.item[got.n - 1];
    assert_int_equal(last.kind, LOG_ERROR);
    assert_true(str_starts(last.text, S("4096 lines up to here cannot be read")));
}

TEST(log_block_round_trip)
{
    struct log_line l[] = { line(10, LOG_LINE, 3, S("Ёж и HTTP/1.1 \xd0")), line(10, LOG_METRIC, 0, S("")),
                            line(-5, LOG_EVENT, 5, (str){ 0 }),
                            line(INT64_MAX, LOG_ERROR, 4, S("ПРИВЕТ, Мир\n\xd0\x41")) };
    struct log_packed p;
    struct log_rest r;
    str folded;
    for (size_t i = 0; i < LEN(l); i++) l[i].seq = 7 - (i64)i * 100;
    l[1].data.s = S("{\"A\": [1, 2]}");
    l[3].data.s = S("\"\"");
    AUTO(log_room) struct log_room room = { 0 };
    assert_ok(op, log_pack(op, l, LEN(l), &p));
    assert_int_equal(p.kinds, 15);
    assert_int_equal(p.level, 5);
    assert_ok(op, log_text_open(op, &room, p.text, &folded));
    assert_ok(op, log_rest_open(op, &room, p.rest, folded, &r));
    log_lines a = { l, LEN(l) }, b = { NEWN(op->arena, struct log_line, LEN(l)), LEN(l) };
    for (size_t i = 0; i < LEN(l); i++) b.item[i] = log_rest_line(op->arena, &r, folded, i);
    same(a, b);
    struct log_line bad = line(1, 0, 0, S("a\0b"));
    assert_err(op, ERR_INVALID, log_pack(op, &bad, 1, &p));
}
