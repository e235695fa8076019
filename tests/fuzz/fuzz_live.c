/* The live channel's outside bytes: 'f' and frames of points, which must come back byte for byte when written
 * again; otherwise a control message, read as the socket reads it, and its topic against the patterns. */
#include "base/log.h"
#include "feature/channel/channel_in.h"
#include "net/frame.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void frames(struct arena *a, str bytes)
{
    struct frame f;
    size_t used;
    double sum = 0;
    while (frame_read(bytes, &f, &used)) {
        struct buf again = BUF(a);
        if (used > bytes.n || used != frame_size(&f)) bug("a frame of another size");
        for (int c = 0; c < f.ncol; c++)
            for (u32 r = 0; r < f.rows; r++) sum += frame_value(&f, c, r);
        frame_write(&again, &f);
        if (again.n != used || memcmp(again.p, bytes.p, FRAME_HEAD - FRAME_COLUMNS + f.ncol) != 0)
            bug("a frame changed");
        bytes = str_skip(bytes, used);
    }
    (void)sum;
}

static void control(struct op *op, str text)
{
    static const struct desc *const descs[] = { &live_sub_desc, &live_chan_desc, &live_ack_desc };
    struct live_start start = { 0 };
    if (!live_look(op->arena, text, &start)) return;
    for (size_t i = 0; i < LEN(descs); i++) {
        void *m = arena_alloc(op->arena, descs[i]->size);
        err_t e = desc_read(op, descs[i], text, m);
        op_clear(op);
        if (e || descs[i] != &live_sub_desc) continue;
        const struct live_sub *s = m;
        const struct topic *kind = channel_kind(s->topic);
        void *in;
        if (!kind) continue;
        e = channel_bind(op, kind, s->topic, &in);
        op_clear(op);
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static const struct feature *const all[] = { &channel_feature };
    if (!size || size > 65536) return 0;
    channel_know_features(all, 1);
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    str bytes = { (const char *)data, size };
    if (data[0] == 'f') frames(&a, str_skip(bytes, 1));
    else control(&op, bytes);
    arena_free(&a);
    return 0;
}
