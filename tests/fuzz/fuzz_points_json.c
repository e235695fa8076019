/* The telemetry's JSON. What is accepted is JSON, and its numbers have the bits that the strict reader gives.
 */
#include "base/json.h"
#include "points_sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(struct json *j, u64 *n)
{
    str key;
    switch (json_peek(j)) {
    case JSON_OBJECT:
        for (json_object(j); json_key(j, &key);) {
            *n += str_is(key, "v");
            if (str_is(key, "labels")) json_skip(j);
            else count(j, n);
        }
        break;
    case JSON_ARRAY:
        for (json_array(j); json_next(j);) {
            bool point = json_peek(j) == JSON_ARRAY;
            *n += point;
            if (point) json_skip(j);
            else count(j, n);
        }
        break;
    default: json_skip(j);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody, .id = S("fuzz") };
    struct points b = { .arena = &a, .now_us = 1 };
    str body = { (const char *)data, size };
    err_t e = points_read_json(&op, &b, body);
    if ((e != OK) != (op.err.code != OK)) bug("an error without words");
    if (!e) {
        struct json j = json_reader(&a, body);
        u64 n = 0;
        points_sound(&b);
        if (!json_valid(body)) bug("accepted what is not JSON");
        count(&j, &n);
        if (n != b.total) bug("%u points of %llu", b.total, (unsigned long long)n);
    }
    arena_free(&a);
    return 0;
}
