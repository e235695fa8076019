/* Remote write: the first byte says which version the rest is. */
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody, .id = S("fuzz") };
    struct points b = { .arena = &a };
    if (!size) return 0;
    err_t e = points_read_prom(&op, &b, (str){ (const char *)data + 1, size - 1 }, 1 + data[0] % 2);
    if ((e != OK) != (op.err.code != OK)) bug("an error without words");
    if (!e) points_sound(&b);
    arena_free(&a);
    return 0;
}
