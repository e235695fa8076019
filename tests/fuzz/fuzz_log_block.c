/* Blocks of log lines: any bytes as a block ('r'), or as what stands in its two frames ('f': the texts, then
 * FF, then the columns), so that what lies behind the checksums is reached too. What opens must pack and open
 * to the same again. */
#include "base/log.h"
#include "feature/log/log_block.h"
#include <zstd.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static str frame(struct op *op, str raw)
{
    size_t room = ZSTD_compressBound(raw.n);
    char *p = arena_alloc(op->arena, room + 1);
    p[0] = 1;
    return (str){ p, 1 + ZSTD_compress(p + 1, room, raw.p, raw.n, 1) };
}

static void open_block(struct op *op, str text, str rest)
{
    AUTO(log_room) struct log_room room = { 0 };
    str folded;
    struct log_rest r, again;
    struct log_packed packed;
    if (log_text_open(op, &room, text, &folded)) return;
    if (log_rest_open(op, &room, rest, folded, &r)) return;
    struct log_line *line = NEWN(op->arena, struct log_line, r.n);
    for (size_t i = 0; i < r.n; i++) line[i] = log_rest_line(op->arena, &r, folded, i);
    if (log_pack(op, line, r.n, &packed)) return; /* too large a whole */
    if (log_text_open(op, &room, packed.text, &folded)) bug("our own texts do not open");
    if (log_rest_open(op, &room, packed.rest, folded, &again)) bug("our own columns do not open");
    for (size_t i = 0; i < r.n; i++) {
        struct log_line l = log_rest_line(op->arena, &again, folded, i);
        if (l.at.us != line[i].at.us || l.seq != line[i].seq || l.kind != line[i].kind ||
            l.level != line[i].level || !str_eq(l.text, line[i].text) || !str_eq(l.data.s, line[i].data.s))
            bug("line %zu changed", i);
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (!size || size > 65536) return 0;
    log_setup(LOG_LEVEL_OFF, false);
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    str first, second, all = { (const char *)data + 1, size - 1 };
    if (!str_cut(all, '\xff', &first, &second)) second = S("");
    if (data[0] == 'r') open_block(&op, first, second);
    else open_block(&op, frame(&op, first), frame(&op, second));
    arena_free(&a);
    return 0;
}
