/* The compact binary batch. */
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody, .id = S("fuzz") };
    struct points b = { .arena = &a };
    str body = str_copy(&a, (str){ (const char *)data, size });
    err_t e = points_read_binary(&op, &b, body);
    if ((e != OK) != (op.err.code != OK)) bug("an error without words");
    if (!e) points_sound(&b);
    i64 sum = 0;
    for (u32 i = 0; !e && i < b.n; i++) /* reads all that is said to be there */
        for (u32 k = 0; k < b.series[i].n; k++)
            sum ^= b.series[i].t[k] ^
                   (b.series[i].kind == POINTS_TEXT ? (i64)b.series[i].s[k].n : b.series[i].i[k]);
    arena_free(&a);
    return sum == 1 ? 0 : 0;
}
