/* The slow ways: through json_number(), which has the last word on every number. */
#include "base/number.h"
#include "base/json.h"

static bool digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static const char *by_json(const char *p, const char *end, double *out)
{
    struct json j = json_reader(NULL, str_sub(p, end));
    if (p == end || (*p != '-' && !digit(p, end))) return NULL;
    return json_number(&j, out) ? j.p : NULL;
}

/* The same number as JSON writes it: no leading zeros, digits on both sides of the point. */
static const char *loose(const char *p, const char *end, double *out)
{
    char text[JSON_NUMBER_MAX + 8];
    size_t n = 0;
    if (p < end && (*p == '-' || *p == '+')) {
        if (*p == '-') text[n++] = '-';
        p++;
    }
    const char *from = p;
    while (digit(p, end) && *p == '0') p++;
    const char *whole = p;
    if (end - p > JSON_NUMBER_MAX) end = p + JSON_NUMBER_MAX;
    if (!digit(p, end)) text[n++] = '0';
    for (; digit(p, end); p++) text[n++] = *p;
    bool any = p > whole || whole > from;
    if (p < end && *p == '.') {
        text[n++] = *p++;
        any |= digit(p, end);
        if (!digit(p, end)) text[n++] = '0';
        for (; digit(p, end); p++) text[n++] = *p;
    }
    if (!any) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        text[n++] = *p++;
        if (p < end && (*p == '-' || *p == '+')) text[n++] = *p++;
        if (!digit(p, end)) return NULL;
        for (; digit(p, end); p++) text[n++] = *p;
    }
    const char *done = by_json(text, text + n, out);
    return done == text + n ? p : NULL;
}

const char *number_slow(const char *p, const char *end, enum number_form form, double *out)
{
    return form == NUMBER_JSON ? by_json(p, end, out) : loose(p, end, out);
}

const char *number_i64_slow(const char *p, const char *end, i64 *out)
{
    const char *from = p, *first;
    bool minus = p < end && *p == '-';
    u64 v = 0;
    for (first = p += minus; digit(p, end); p++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (u64)(*p - '0'), &v)) return NULL;
    if (p == first || v > (u64)INT64_MAX + minus) return NULL;
    *out = (i64)(minus ? 0 - v : v);
    return p > from ? p : NULL;
}
