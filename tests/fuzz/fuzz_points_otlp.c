/* OTLP metrics, protobuf or JSON: what begins like JSON is taken for it. */
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody, .id = S("fuzz") };
    struct points b = { .arena = &a };
    bool json = size && data[0] == '{';
    err_t e =
        points_read_otlp(&op, &b, (str){ (const char *)data, size }, json ? POINTS_JSON : POINTS_PROTOBUF);
    if ((e != OK) != (op.err.code != OK)) bug("an error without words");
    if (!e) points_sound(&b);
    arena_free(&a);
    return 0;
}
