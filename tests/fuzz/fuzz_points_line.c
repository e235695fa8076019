/* Line protocol. What is read alone, line by line, is what is read together: the expectation of the next
 * series changes nothing. */
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct points lines(struct arena *a, str body)
{
    struct points b = { .arena = a, .now_us = 1 };
    points_read_line(&b, body, POINTS_NS);
    points_sound(&b);
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    str body = { (const char *)data, size };
    struct points all = lines(&a, body);
    bool apart = !memchr(body.p ? body.p : "", '"', size) && !all.rejected;
    u32 total = 0;
    for (str rest = body, line; apart && str_next(&rest, '\n', &line);) total += lines(&a, line).total;
    if (apart && total != all.total) bug("%u points together, %u apart", all.total, total);
    arena_free(&a);
    return 0;
}
