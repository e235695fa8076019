/* CSV. */
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody, .id = S("fuzz") };
    struct points b = { .arena = &a, .now_us = 1 };
    err_t e = points_read_csv(&op, &b, (str){ (const char *)data, size });
    if ((e != OK) != (op.err.code != OK)) bug("an error without words");
    if (!e) points_sound(&b);
    arena_free(&a);
    return 0;
}
