/* Points: frames, thinning, gaps, the past. */
#include "feature/channel/channel_test_util.h"
#include "feature/series/series.h"
#include "net/frame.h"
#include <unistd.h>

static struct frame hear_frame(struct ear *e)
{
    struct frame f;
    size_t used;
    str m = hear(e);
    if (!frame_read(m, &f, &used)) test_fail(__FILE__, __LINE__, "no frame: '%.*s'", STR(m));
    return f;
}

static i64 time_of(const struct frame *f, u32 row)
{
    if (f->flags & FRAME_REGULAR) return f->t0 + (i64)(row * f->dt);
    return f->t0 + (i64)frame_value(f, 0, row);
}

WORLD(channel_points)
{
    know();
    struct ear *e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/points\",\"window\":60}");
    str ok = hear_op(e, "sub.ok");
    assert_str(part(e, ok, "schema.delivery"), S("points"));
    assert_str(part(e, ok, "schema.unit"), S("Cel"));
    assert_str(part(e, ok, "schema.labels.room"), S("1"));
    i64 chan = number(e, ok, "chan");
    struct frame f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_SNAPSHOT);
    assert_int_equal(f.flags, FRAME_LAST | FRAME_REGULAR);
    assert_int_equal(f.rows, 4);
    assert_int_equal(f.chan, chan);
    assert_int_equal(time_of(&f, 3), 4000);
    assert_true(frame_value(&f, f.ncol - 1, 3) == 3.5);

    const i64 t[] = { 5000, 7000, 6000 }, old[] = { 4500 };
    const double v[] = { 1, 0.1, 3 };
    channel_points(S("t/a/points"), t, v, 3);
    f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_APPEND);
    assert_int_equal(f.seq, 3);
    assert_int_equal(f.rows, 3);
    assert_int_equal(f.type[f.ncol - 1], FRAME_F64); /* 0.1 is no f32 */
    assert_int_equal(time_of(&f, 1), 6000);
    assert_true(frame_value(&f, f.ncol - 1, 2) == 0.1);
    channel_points(S("t/a/points"), old, v, 1);
    f = hear_frame(e);
    assert_int_equal(f.flags & FRAME_BACKFILL, FRAME_BACKFILL);

    tell(e, "{\"op\":\"sub\",\"id\":2,\"topic\":\"t/a/points\",\"window\":60,\"px\":2}");
    hear_op(e, "sub.ok");
    str both = hear(e);
    size_t used;
    assert_true(frame_read(both, &f, &used)); /* clears, then the buckets */
    assert_int_equal(f.kind, FRAME_SNAPSHOT);
    assert_int_equal(f.rows, 0);
    assert_true(frame_read(str_skip(both, used), &f, &used));
    assert_int_equal(f.kind, FRAME_BUCKETS);
    assert_int_equal(f.ncol, 4);
    assert_true(frame_value(&f, 1, 1) == 2.5);
    tell(e, "{\"op\":\"sub\",\"id\":3,\"topic\":\"t/a/points\"}"); /* no window: no past */
    hear_op(e, "sub.ok");
    f = hear_frame(e);
    assert_int_equal(f.rows, 0);
    assert_int_equal(f.flags, FRAME_LAST);
    hang_up(e);
}

/* Ten frames a second are asked for: a thousand batches come in a few. */
WORLD(channel_points_coalesce)
{
    enum { BATCHES = 500 };
    know();
    struct ear *e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/points\",\"maxHz\":10}");
    hear_op(e, "sub.ok");
    hear_frame(e);
    i64 began = time_mono_us(), rows = 0, frames = 0;
    for (i64 i = 0; i < BATCHES; i++) {
        const double v[] = { (double)i };
        channel_points(S("t/a/points"), &i, v, 1);
        if (i % 50 == 0) usleep(10000);
    }
    while (rows < BATCHES) {
        struct frame f = hear_frame(e);
        assert_true(frame_value(&f, f.ncol - 1, 0) == (double)rows);
        rows += f.rows;
        assert_int_equal(f.seq, rows);
        frames++;
    }
    assert_true(frames <= (time_mono_us() - began) / 100000 + 2);
    hang_up(e);
}

WORLD(channel_points_gap_and_resume)
{
    enum { MANY = 20000 };
    know();
    struct ear *e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/points\",\"maxHz\":60}");
    str ok = hear_op(e, "sub.ok");
    i64 chan = number(e, ok, "chan"), epoch = number(e, ok, "epoch");
    hear_frame(e);
    i64 *t = NEWN(op->arena, i64, MANY);
    double *v = NEWN(op->arena, double, MANY);
    for (i64 i = 0; i < MANY; i++) t[i] = i;
    channel_points(S("t/a/points"), t, v, MANY); /* more than is kept */
    struct frame f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_GAP);
    assert_int_equal(f.rows, MANY - POINTS_MOST);
    for (u32 rows = 0; rows < POINTS_MOST; rows += f.rows) f = hear_frame(e);
    assert_int_equal(f.seq, MANY);

    tell(e, "{\"op\":\"pause\",\"chan\":%lld}", (long long)chan);
    tell(e, "{\"op\":\"ack\",\"chan\":%lld,\"seq\":%d}", (long long)chan, MANY);
    tell(e, "{\"op\":\"x\"}");
    hear_op(e, "err");
    channel_points(S("t/a/points"), t, v, MANY);
    quiet(e);
    tell(e, "{\"op\":\"resume\",\"chan\":%lld}", (long long)chan); /* the store has them */
    f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_SNAPSHOT);
    assert_int_equal(f.seq, 2 * MANY);
    quiet(e);
    hang_up(e);

    channel_points(S("t/a/points"), t, v, 10);
    e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/points\",\"from\":{\"epoch\":%lld,\"seq\":%d}}",
         (long long)epoch, 2 * MANY);
    hear_op(e, "sub.ok");
    f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_APPEND);
    assert_int_equal(f.rows, 10);
    hang_up(e);
}

/* A real series, from the store: its past, and points as they become durable. */
static void append(struct op *op, i64 id, i64 from, u32 n)
{
    OTHER_OP(o, op);
    i64 *t = NEWN(o->arena, i64, n);
    double *v = NEWN(o->arena, double, n);
    for (u32 i = 0; i < n; i++) {
        t[i] = from + i * 1000;
        v[i] = i % 100;
    }
    assert_ok(o, series_append(o, &(struct series_run){ id, n, SERIES_F64, t, { .f = v } }, 1));
    assert_ok(o, db_flush(o));
}

WORLD(channel_series)
{
    static const struct feature *const all[] = { &channel_feature };
    channel_know_features(all, 1);
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    str hers = world_token(w, ann.id, 0, "user series:read"), his = world_token(w, bob.id, 0, "series:read");
    struct series_spec spec = { .owner_id = ann.id, .name = S("cpu"), .unit = S("%"), .kind = SERIES_F64 };
    i64 id, base = time_now().us - SEC(30);
    {
        OTHER_OP(o, op);
        assert_ok(o, series_resolve(o, &spec, 1, &id));
        assert_ok(o, db_flush(o));
    }
    append(op, id, base, 1000);
    struct ear *e = dial(w, hers), *other = dial(w, his);
    tell(other, "{\"op\":\"sub\",\"id\":1,\"topic\":\"series/%lld\"}", (long long)id);
    assert_str(part(other, hear_op(other, "err"), "code"), S("not_found"));
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"series/%lld\",\"window\":60,\"px\":500}", (long long)id);
    str ok = hear_op(e, "sub.ok");
    assert_str(part(e, ok, "schema.name"), S("cpu"));
    struct frame f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_SNAPSHOT);
    assert_int_equal(f.rows, 1000);
    assert_int_equal(time_of(&f, 999), base + 999000);
    append(op, id, base + SEC(10), 3);
    f = hear_frame(e);
    assert_int_equal(f.kind, FRAME_APPEND);
    assert_int_equal(f.rows, 3);
    assert_int_equal(time_of(&f, 0), base + SEC(10));
    /* A narrow screen: exact least and greatest of each column. */
    tell(e, "{\"op\":\"sub\",\"id\":2,\"topic\":\"series/%lld\",\"from\":{\"t\":%lld},\"px\":10}",
         (long long)id, (long long)base);
    hear_op(e, "sub.ok");
    str both = hear(e);
    size_t used;
    assert_true(frame_read(both, &f, &used) && frame_read(str_skip(both, used), &f, &used));
    assert_int_equal(f.kind, FRAME_BUCKETS);
    assert_int_equal(f.rows, 10);
    assert_true(frame_value(&f, 0, 0) == 0 && frame_value(&f, 1, 0) == 99);
    assert_true(f.t0 == base);
    hang_up(e);
    hang_up(other);
}
