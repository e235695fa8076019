/* The golden frames, which the page's reader shares: read as described, and written byte for byte. */
#include "base/desc.h"
#include "base/fs.h"
#include "net/frame.h"
#include "tests/unit/test.h"
#include <dirent.h>
#include <math.h>

struct column {
    int type;
    json_raw values;
};
#define D struct column
static const struct field column_fields[] = { { F_ENUM(type, frame_types) }, { F(values), .max = 10000 } };
#undef D
static DESC(column);
struct shown {
    int kind;
    LIST(str) flags;
    i64 chan, seq, rows, t0;
    double dt;
    LIST(struct column) columns;
};
#define D struct shown
static const struct field shown_fields[] = {
    { F_ENUM(kind, frame_kinds) },
    { F_LIST_OF(flags, &field_str_elem), .max = 3 },
    { F(chan) },
    { F(seq) },
    { F(rows) },
    { F(t0) },
    { F(dt) },
    { F_LIST(columns, &column_desc), .max = FRAME_COLUMNS },
};
#undef D
static DESC(shown);
struct golden {
    str doc, hex;
    bool bad;
    LIST(struct shown) frames;
};
#define D struct golden
static const struct field golden_fields[] = {
    { F(doc), .max = 200 },
    { F(hex), .max = 1000 },
    { F(bad) },
    { F_LIST(frames, &shown_desc), .max = 10 },
};
#undef D
static DESC(golden);

static unsigned flags_of(const struct shown *s)
{
    static const char *const names[] = { "regular", "backfill", "last" };
    unsigned out = 0;
    for (size_t i = 0; i < s->flags.n; i++)
        for (size_t k = 0; k < LEN(names); k++)
            if (str_is(s->flags.item[i], names[k])) out |= 1u << k;
    return out;
}

static double *numbers(struct op *op, json_raw list, u32 n)
{
    double *out = NEWN(op->arena, double, n + 1);
    struct json j = json_reader(op->arena, list.s);
    u32 i = 0;
    assert_true(json_array(&j));
    for (; json_next(&j); i++) {
        if (json_peek(&j) == JSON_NULL) assert_true(json_null(&j));
        else assert_true(json_number(&j, &out[i]));
    }
    assert_int_equal(i, n);
    return out;
}

static bool is_null(struct op *op, json_raw list, u32 at)
{
    struct json j = json_reader(op->arena, list.s);
    json_array(&j);
    for (u32 i = 0; json_next(&j); i++) {
        bool null = json_peek(&j) == JSON_NULL;
        if (i == at) return null;
        json_skip(&j);
    }
    return false;
}

static void check(struct op *op, const char *name, const struct shown *want, const struct frame *got)
{
    bool same = got->kind == want->kind && got->flags == flags_of(want) && got->chan == want->chan &&
                got->seq == want->seq && got->rows == want->rows && got->t0 == want->t0 &&
                got->dt == want->dt && got->ncol == (int)want->columns.n;
    if (!same) test_fail(__FILE__, __LINE__, "%s: the head is another", name);
    for (int c = 0; c < got->ncol; c++) {
        const struct column *column = &want->columns.item[c];
        double *values = numbers(op, column->values, got->rows);
        assert_int_equal(got->type[c], column->type);
        for (u32 r = 0; r < got->rows; r++) {
            double v = frame_value(got, c, r);
            if (is_null(op, column->values, r) ? !isnan(v) : v != values[r])
                test_fail(__FILE__, __LINE__, "%s: column %d row %u is %g", name, c, r, v);
        }
    }
}

static void try_golden(struct op *op, str json, str bytes, const char *name)
{
    struct golden g;
    struct buf again = BUF(op->arena);
    struct frame f;
    size_t used, n = 0;
    assert_ok(op, desc_read(op, &golden_desc, json, &g));
    str rest = bytes;
    for (; rest.n && frame_read(rest, &f, &used); rest = str_skip(rest, used), n++) {
        if (n < g.frames.n) check(op, name, &g.frames.item[n], &f);
        assert_int_equal(frame_size(&f), used);
        frame_write(&again, &f);
    }
    if (g.bad ? !rest.n : rest.n || n != g.frames.n)
        test_fail(__FILE__, __LINE__, "%s: %zu frames, %zu bytes left", name, n, rest.n);
    if (!g.bad) assert_str(buf_str(&again), bytes);
}

TEST(frame_golden)
{
    size_t n = 0;
    DIR *dir = opendir(SOURCE_ROOT "/tests/golden/live");
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        str file = str_of(e->d_name), json, bytes;
        if (!str_ends(file, S(".json"))) continue;
        str stem = str_head(file, file.n - 5);
        str path = arena_printf(op->arena, SOURCE_ROOT "/tests/golden/live/%s", e->d_name);
        assert_ok(op, fs_read(op, path.p, 65536, &json));
        path = arena_printf(op->arena, SOURCE_ROOT "/tests/golden/live/%.*s.bin", STR(stem));
        assert_ok(op, fs_read(op, path.p, 65536, &bytes));
        try_golden(op, json, bytes, e->d_name);
        n++;
    }
    closedir(dir);
    assert_true(n >= 20);
}

/* Every cut of every kind of frame is refused, and nothing behind the cut is looked at (ASan). */
TEST(frame_cut_anywhere)
{
    double t[5] = { 0, 1, 2, 3, 4 };
    float v[5] = { 1, 2, 3, 4, 5 };
    u8 b[5] = { 9, 8, 7, 6, 5 };
    struct frame f = { .kind = FRAME_APPEND,
                       .chan = 1,
                       .rows = 5,
                       .ncol = 3,
                       .type = { FRAME_F64, FRAME_F32, FRAME_U8 },
                       .col = { t, v, b } },
                 got;
    struct buf out = BUF(op->arena);
    size_t used;
    frame_write(&out, &f);
    assert_int_equal(out.n, 40 + 40 + 24 + 8);
    assert_true(frame_read(buf_str(&out), &got, &used));
    assert_int_equal(used, out.n);
    for (size_t n = 0; n < out.n; n++) {
        char *cut = mem_alloc(n + 1);
        memcpy(cut, out.p, n);
        assert_false(frame_read((str){ cut, n }, &got, &used));
        mem_free(cut);
    }
}
